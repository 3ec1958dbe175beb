//! Messages of people that are not words.

use serde::{Deserialize, Serialize};

/// Something that a person sends, with or without words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Item {
    /// A place.
    Location {
        /// Its name.
        name: String,
        /// In degrees.
        latitude: f64,
        /// In degrees.
        longitude: f64,
    },
    /// A contact card.
    Contact {
        /// The name on it.
        name: String,
        /// The phone number on it.
        phone: String,
    },
    /// A pressed button.
    Choice {
        /// Its title.
        title: String,
        /// Its id, which people do not see.
        id: String,
    },
    /// A file. The only item with words beside it.
    File {
        /// Its name.
        name: String,
        /// Its media type.
        mime_type: String,
    },
}

impl Item {
    /// The kind, as in JSON.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Location { .. } => "location",
            Self::Contact { .. } => "contact",
            Self::Choice { .. } => "choice",
            Self::File { .. } => "file",
        }
    }

    /// The words in which a person sees it.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Location {
                name,
                latitude,
                longitude,
            } => format!("📍 {name} ({latitude}, {longitude})"),
            Self::Contact { name, phone } => format!("👤 {name}, {phone}"),
            Self::Choice { title, .. } => format!("☑ {title}"),
            Self::File { name, .. } => format!("📎 {name}"),
        }
    }

    /// One of each kind with its label, for the page and for tests.
    #[must_use]
    pub fn samples() -> [(&'static str, Self); 4] {
        let location = Self::Location {
            name: "Main office".to_owned(),
            latitude: 48.2082,
            longitude: 16.3738,
        };
        let contact = Self::Contact {
            name: "Grace Hopper".to_owned(),
            phone: "+15550100".to_owned(),
        };
        let choice = Self::Choice {
            title: "Yes".to_owned(),
            id: "yes".to_owned(),
        };
        let file = Self::File {
            name: "report.pdf".to_owned(),
            mime_type: "application/pdf".to_owned(),
        };
        [
            ("Location", location),
            ("Contact card", contact),
            ("Choice of a button", choice),
            ("File", file),
        ]
    }
}
