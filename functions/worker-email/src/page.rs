//! The content of a mail, and the two templates that show it. Every text in it is data: the HTML template
//! escapes what it shows, and subject and lines have no line breaks (RELIABILITY §3).

use askama::Template;
use vestibule_domain::text::clean_line;

/// Longest line, in characters.
const LINE_MAX_CHARS: usize = 500;

/// The content of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) subject: String,
    /// The line that mailboxes show beside the subject.
    pub(crate) preview: String,
    pub(crate) heading: String,
    pub(crate) paragraphs: Vec<String>,
    pub(crate) facts: Vec<Fact>,
    pub(crate) entries: Vec<Entry>,
    /// The link to follow, if there is one.
    pub(crate) links: Vec<Link>,
    pub(crate) notes: Vec<String>,
    pub(crate) foot: String,
}

/// A line of a list of facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    pub(crate) label: &'static str,
    pub(crate) value: String,
}

/// An item of a list: a title and the lines below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) title: String,
    pub(crate) lines: Vec<String>,
}

/// A link shown as a button, and as an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) label: &'static str,
    pub(crate) url: String,
}

impl Fact {
    pub(crate) fn new(label: &'static str, value: &str) -> Self {
        Self {
            label,
            value: line(value),
        }
    }
}

impl Page {
    /// Whether there are facts. The template asks.
    fn has_facts(&self) -> bool {
        !self.facts.is_empty()
    }

    /// Whether there are entries. The template asks.
    fn has_entries(&self) -> bool {
        !self.entries.is_empty()
    }

    /// The body for those who see HTML.
    pub(crate) fn html(&self) -> Result<String, askama::Error> {
        Html { page: self }.render()
    }

    /// The body for those who do not.
    pub(crate) fn text(&self) -> Result<String, askama::Error> {
        Text { page: self }.render()
    }
}

/// Makes one line of a text.
pub(crate) fn line(text: &str) -> String {
    clean_line(text, LINE_MAX_CHARS).unwrap_or_default()
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Html<'a> {
    page: &'a Page,
}

#[derive(Template)]
#[template(path = "mail.txt")]
struct Text<'a> {
    page: &'a Page,
}
