//! Embeds the files that Vite built. Without them, it embeds a page that says so, so that Cargo needs no Node.

use std::{
    env,
    error::Error,
    ffi::OsStr,
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// The page of the app, below the folder of built files.
const PAGE: &str = "index.html";
/// Files with a hash in their name, below the same folder.
const ASSETS: &str = "assets";
const NOT_BUILT: &str = "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Vestibule</title></head>\n\
    <body><p>The console was not built. Run make console.</p></body>\n</html>\n";

fn main() -> Result<(), Box<dyn Error>> {
    let out = directory("OUT_DIR")?;
    let built = directory("CARGO_MANIFEST_DIR")?.join("web").join("dist");
    tell(&format!("rerun-if-changed={}", built.display()))?;
    let (page, assets) = if built.join(PAGE).is_file() {
        (built.join(PAGE), assets(&built.join(ASSETS))?)
    } else {
        tell(
            "warning=the console was not built, so a page that says so stands in for it; run make console",
        )?;
        let page = out.join(PAGE);
        fs::write(&page, NOT_BUILT)?;
        (page, Vec::new())
    };
    fs::write(out.join("site.rs"), site(&page, &assets)?)?;
    Ok(())
}

/// The folder that Cargo names in this variable.
fn directory(variable: &str) -> Result<PathBuf, String> {
    let path = env::var_os(variable).ok_or_else(|| format!("Cargo sets no {variable}"))?;
    Ok(PathBuf::from(path))
}

/// Gives Cargo an instruction.
fn tell(instruction: &str) -> io::Result<()> {
    writeln!(io::stdout(), "cargo::{instruction}")
}

/// The built files in the order of their names, without those that are another one compressed.
fn assets(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let file = entry?.path();
        if file.extension() != Some(OsStr::new("br")) {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

/// The value of the crate's `SITE`, as Rust.
fn site(page: &Path, assets: &[PathBuf]) -> Result<String, Box<dyn Error>> {
    let page = text(page)?;
    let mut code = format!("Site {{ page: include_str!({page:?}), assets: &[");
    for file in assets {
        let name = file.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let kind = content_type(file)?;
        let compressed = file.with_file_name(format!("{name}.br"));
        let brotli = if compressed.is_file() {
            format!("Some(include_bytes!({:?}))", text(&compressed)?)
        } else {
            "None".to_owned()
        };
        let file = text(file)?;
        write!(
            code,
            "Asset {{ name: {name:?}, content_type: {kind:?}, plain: include_bytes!({file:?}), brotli: {brotli} }},"
        )?;
    }
    code.push_str("] }");
    Ok(code)
}

/// A path as text, which is all that Rust's macros take.
fn text(path: &Path) -> Result<&str, String> {
    path.to_str()
        .ok_or_else(|| format!("{} is not in UTF-8", path.display()))
}

fn content_type(file: &Path) -> Result<&'static str, String> {
    match file.extension().and_then(OsStr::to_str) {
        Some("js") => Ok("text/javascript; charset=utf-8"),
        Some("css") => Ok("text/css; charset=utf-8"),
        Some("svg") => Ok("image/svg+xml"),
        Some("png") => Ok("image/png"),
        _ => Err(format!(
            "{}: build.rs knows no content type for it",
            file.display()
        )),
    }
}
