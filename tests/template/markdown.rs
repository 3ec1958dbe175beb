//! The documents of the repository: the README is short, no link or path is dead, and tables of what the code
//! declares are complete.

use crate::document::template;
use std::{
    collections::BTreeSet,
    fs,
    path::{Component, Path, PathBuf},
};
use vestibule_domain::account::permission::Permission;
use vestibule_testkit::template::{entries, root};

/// Largest README, in bytes: short enough to read in one go.
const README_MAX_BYTES: usize = 11_000;
/// Largest picture there, in bytes, so that the page is shown at once.
const PICTURE_MAX_BYTES: u64 = 60_000;
/// A history, so it may name paths that no longer exist.
const HISTORY: &str = "infra/decisions.md";

/// A Markdown file.
struct Document {
    /// Relative to the repository's root.
    path: PathBuf,
    text: String,
}

impl Document {
    fn read(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let text = fs::read_to_string(root().join(&path)).unwrap();
        Self { path, text }
    }

    /// The lines outside code blocks.
    fn prose(&self) -> impl Iterator<Item = &str> {
        let mut in_code = false;
        self.text.lines().filter(move |line| {
            let is_fence = line.trim_start().starts_with("```");
            in_code ^= is_fence;
            !in_code && !is_fence
        })
    }

    /// The texts in backticks.
    fn code_spans(&self) -> impl Iterator<Item = &str> {
        self.prose()
            .flat_map(|line| line.split('`').skip(1).step_by(2))
    }

    /// The targets of links within this repository.
    fn links(&self) -> Vec<String> {
        let mut targets = Vec::new();
        for line in self.prose() {
            let text: String = line.split('`').step_by(2).collect();
            let ends = text.split("](").skip(1);
            let found = ends.map(|rest| rest.split(')').next().unwrap().to_owned());
            targets.extend(found.filter(|target| !target.contains("://")));
        }
        targets
    }

    /// The anchors of the headings.
    fn anchors(&self) -> BTreeSet<String> {
        let mut anchors = BTreeSet::new();
        for heading in self.prose().filter(|line| line.starts_with('#')) {
            let anchor = anchor(heading.trim_start_matches('#').trim());
            let numbered = (1..).map(|number| format!("{anchor}-{number}"));
            let is_new = |name: &String| !anchors.contains(name);
            let name = std::iter::once(anchor.clone()).chain(numbered).find(is_new);
            anchors.extend(name);
        }
        anchors
    }

    /// The target file of a link, relative to the root, and the anchor in it.
    fn target_of(&self, link: &str) -> (PathBuf, Option<String>) {
        let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| {
            (path, Some(anchor.to_owned()))
        });
        let file = if path.is_empty() {
            self.path.clone()
        } else {
            normal(&self.path.parent().unwrap().join(path))
        };
        (file, anchor)
    }
}

/// The anchor that GitHub derives from a heading.
fn anchor(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => assert!(normal.pop(), "{} leaves the root", path.display()),
            Component::CurDir => {}
            other => normal.push(other),
        }
    }
    normal
}

/// Every Markdown file, except for built, installed and generated ones.
fn documents() -> Vec<Document> {
    let mut documents = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let path = folder.join(&name);
            let is_folder = entry.file_type().unwrap().is_dir();
            if is_folder && !name.starts_with('.') && !matches!(&*name, "target" | "node_modules") {
                folders.push(path);
            } else if !is_folder && path.extension().is_some_and(|extension| extension == "md") {
                documents.push(Document::read(path));
            }
        }
    }
    documents
}

#[test]
fn the_readme_is_short() {
    let length = Document::read("README.md").text.len();
    assert!(length <= README_MAX_BYTES, "README.md has {length} bytes");
}

#[test]
fn the_pictures_of_the_readme_exist_and_are_small() {
    let readme = Document::read("README.md");
    let quoted = readme.text.split('"');
    let pictures: Vec<&str> = quoted
        .filter(|part| part.starts_with("infra/pictures/"))
        .collect();
    assert_eq!(pictures.len(), 4, "{pictures:?}");
    for picture in pictures {
        let length = fs::metadata(root().join(picture)).unwrap().len();
        assert!(length <= PICTURE_MAX_BYTES, "{picture} has {length} bytes");
    }
}

#[test]
fn every_link_leads_to_a_file_and_a_heading_that_exist() {
    let mut checked = 0;
    for document in documents() {
        for link in document.links() {
            let place = format!("{}: {link}", document.path.display());
            let (file, anchor) = document.target_of(&link);
            assert!(root().join(&file).exists(), "{place}");
            if let Some(anchor) = anchor {
                let anchors = Document::read(file).anchors();
                assert!(anchors.contains(&anchor), "{place} is none of {anchors:?}");
            }
            checked += 1;
        }
    }
    assert!(checked > 20, "only {checked} links were found");
}

#[test]
fn every_document_of_infra_is_reached_from_the_readme_and_begins_with_its_purpose() {
    let mut reached = BTreeSet::new();
    let mut waiting = vec![PathBuf::from("README.md")];
    while let Some(path) = waiting.pop() {
        let is_document = path.extension().is_some_and(|extension| extension == "md");
        if is_document && reached.insert(path.clone()) {
            let document = Document::read(path);
            let links = document.links();
            waiting.extend(links.iter().map(|link| document.target_of(link).0));
        }
    }
    for document in documents() {
        let name = document.path.display();
        if document.path.starts_with("infra") {
            assert!(reached.contains(&document.path), "no link leads to {name}");
            let mut lines = document.text.lines();
            assert!(lines.next().unwrap().starts_with("# "), "{name}");
            assert_eq!(lines.next(), Some(""), "{name}");
            let purpose = lines.next().unwrap();
            assert!(purpose.starts_with(char::is_uppercase), "{name}: {purpose}");
        }
    }
}

#[test]
fn every_path_that_the_readme_and_the_documents_of_infra_name_exists() {
    const FOLDERS: [&str; 5] = ["events/", "functions/", "infra/", "shared/", "tests/"];
    let mut checked = 0;
    for document in documents() {
        let names_our_paths =
            document.path == Path::new("README.md") || document.path.starts_with("infra");
        if !names_our_paths || document.path == Path::new(HISTORY) {
            continue;
        }
        for span in document.code_spans() {
            let is_path = FOLDERS.iter().any(|folder| span.starts_with(folder))
                && !span.contains(['<', '*', ' ', '…', '{']);
            if is_path {
                let place = format!("{}: {span}", document.path.display());
                // The name of a test follows its file's.
                let file = span.split("::").next().unwrap();
                assert!(root().join(file).exists(), "{place}");
                checked += 1;
            }
        }
    }
    assert!(checked > 20, "only {checked} paths were found");
}

#[test]
fn every_parameter_of_the_template_is_described_for_who_operates_it() {
    let operations = Document::read("infra/operations.md");
    let described: BTreeSet<_> = operations.code_spans().collect();
    let template = template();
    for (parameter, _) in entries(template.at("/Parameters")) {
        assert!(described.contains(parameter), "{parameter}");
    }
}

#[test]
fn the_table_of_permissions_lists_each_one_in_order_and_no_other() {
    let document = Document::read("infra/admin-api.md");
    let listed: Vec<&str> = document
        .prose()
        .skip_while(|line| !line.starts_with("| permission |"))
        .skip(2)
        .map_while(|row| row.strip_prefix("| `")?.split('`').next())
        .collect();
    assert_eq!(listed, Permission::ALL.map(Permission::key));
}

#[test]
fn a_heading_has_the_anchor_that_github_gives_it() {
    for (heading, expected) in [
        ("Glossary", "glossary"),
        ("What `make run` does", "what-make-run-does"),
        ("Rotating a secret, at once", "rotating-a-secret-at-once"),
        ("24-hour window: why?", "24-hour-window-why"),
    ] {
        assert_eq!(anchor(heading), expected);
    }
    let twice = Document {
        path: "README.md".into(),
        text: "# Same\n## Same\n```\n# Code\n```\n".to_owned(),
    };
    assert_eq!(
        twice.anchors(),
        ["same", "same-1"].map(str::to_owned).into()
    );
}
