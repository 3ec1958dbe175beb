//! The web console: serves the files of its single-page app, and nothing else (CONSOLE U001). All data comes from
//! the API, which the browser calls itself.
//!
//! | module | content |
//! |---|---|
//! | `headers` | what every answer says to the browser about security |

mod headers;
#[cfg(test)]
mod tests;

use data_encoding::BASE64;
use lambda_http::{
    Body, Error, Request, Response,
    http::{HeaderValue, StatusCode, header},
};
use ring::rand::{SecureRandom, SystemRandom};

/// Address of the console. Its files are in `assets` below it; every other address below it is one of the app.
const CONSOLE: &str = "/console";
/// Stands in the page for the nonce of the answer.
const NONCE: &str = "__NONCE__";
const TEXT: &str = "text/plain; charset=utf-8";
const NO_STORE: &str = "no-store";
/// A file with a hash in its name never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// The files of the console.
#[derive(Debug, Clone, Copy)]
pub struct Site {
    /// The page of the app.
    page: &'static str,
    /// The other files, in the order of their names.
    assets: &'static [Asset],
}

/// A file with a hash in its name.
#[derive(Debug, Clone, Copy)]
struct Asset {
    name: &'static str,
    content_type: &'static str,
    plain: &'static [u8],
    /// The same, compressed when it was built, unless that made it larger.
    brotli: Option<&'static [u8]>,
}

/// The files that were embedded when this crate was built.
pub static SITE: Site = include!(concat!(env!("OUT_DIR"), "/site.rs"));

impl Site {
    /// Answers a request for an address of the console.
    pub fn answer(&self, request: &Request) -> Result<Response<Body>, Error> {
        let path = request.uri().path();
        if path == "/" {
            return Ok(to_the_console());
        }
        let below = path.strip_prefix(CONSOLE).unwrap_or(path);
        match below.strip_prefix("/assets/") {
            Some(name) => Ok(self.asset(name, accepts_brotli(request))),
            None => self.page(),
        }
    }

    /// The page of the app, whatever the address: its router reads it.
    fn page(&self) -> Result<Response<Body>, Error> {
        let nonce = nonce()?;
        let page = self.page.replace(NONCE, &nonce);
        let mut page = protected(Body::Text(page), "text/html; charset=utf-8", NO_STORE);
        let policy = headers::policy(&nonce)?;
        page.headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, policy);
        Ok(page)
    }

    fn asset(&self, name: &str, accepts_brotli: bool) -> Response<Body> {
        let place = self.assets.binary_search_by(|asset| asset.name.cmp(name));
        let Some(asset) = place.ok().and_then(|place| self.assets.get(place)) else {
            return no_such_file();
        };
        let brotli = asset.brotli.filter(|_| accepts_brotli);
        let bytes = brotli.unwrap_or(asset.plain).to_owned();
        let mut answer = protected(Body::Binary(bytes), asset.content_type, FOR_EVER);
        let headers = answer.headers_mut();
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if brotli.is_some() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
        }
        answer
    }
}

/// An answer with what every one says about security.
fn protected(
    body: Body,
    content_type: &'static str,
    cache_control: &'static str,
) -> Response<Body> {
    let mut answer = Response::new(body);
    let headers = answer.headers_mut();
    headers::protect(headers);
    for (name, value) in [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, cache_control),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// Leads from the origin's own address to the console.
fn to_the_console() -> Response<Body> {
    let mut answer = protected(Body::Empty, TEXT, NO_STORE);
    *answer.status_mut() = StatusCode::FOUND;
    answer
        .headers_mut()
        .insert(header::LOCATION, HeaderValue::from_static(CONSOLE));
    answer
}

/// Answers for a file of a version that is no longer deployed, or that never was.
fn no_such_file() -> Response<Body> {
    let body = Body::Text("There is no such file.".to_owned());
    let mut answer = protected(body, TEXT, NO_STORE);
    *answer.status_mut() = StatusCode::NOT_FOUND;
    answer
}

/// Whether the browser takes brotli: named, and not with a weight of zero.
fn accepts_brotli(request: &Request) -> bool {
    let values = request.headers().get_all(header::ACCEPT_ENCODING);
    values
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            let is_brotli = parts
                .next()
                .is_some_and(|name| name.eq_ignore_ascii_case("br"));
            let is_refused = parts
                .filter_map(|part| part.strip_prefix("q="))
                .any(|weight| weight.parse::<f32>().is_ok_and(|weight| weight <= 0.0));
            is_brotli && !is_refused
        })
}

/// A value that nobody can foresee, for the style elements of one answer.
fn nonce() -> Result<String, Error> {
    let mut bytes = [0; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| "the system gives no random bytes")?;
    Ok(BASE64.encode(&bytes))
}
