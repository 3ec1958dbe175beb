//! Mentions and links within a text, which the text alone does not tell from what was typed (SPEC F06).

use super::size::json_size;
use crate::text::{clean_line, clean_link, clean_name};
use serde::{Deserialize, Serialize};

/// Largest number of entities of a message: Telegram's own limit.
pub const ENTITIES_MAX: usize = 100;
/// Size up to which entities of a message are kept, in bytes of JSON, beside the longest text and all
/// parts (see [`PARTS_MAX_BYTES`](super::content::PARTS_MAX_BYTES)).
pub const ENTITIES_MAX_BYTES: usize = 32 * 1024;
/// Longest id, in characters. A member's id in Teams has about a hundred.
const ID_MAX_CHARS: usize = 256;

/// A mention or link in the text of a message.
///
/// Places are counted in Unicode scalar values of the text: what Python and Rust call characters, and
/// JavaScript gets from `[...text]`. Telegram counts in UTF-16, Slack and Teams mark places within the
/// text; all three can be turned into this, and a cut never falls into a character.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// Place of the first character.
    pub offset: usize,
    /// Number of characters.
    pub length: usize,
    /// The meaning of that stretch.
    #[serde(flatten)]
    pub what: Mark,
}

/// The meaning of an [`Entity`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Mark {
    /// A person or bot is mentioned.
    User {
        /// The platform's id, if it names one.
        id: Option<String>,
        /// Name of the person.
        name: Option<String>,
    },
    /// A group of people is mentioned: Slack's user groups, Teams' tags.
    Group {
        /// The platform's id.
        id: Option<String>,
        /// Name of the group.
        name: Option<String>,
    },
    /// A channel or team is mentioned.
    Channel {
        /// The platform's id.
        id: Option<String>,
        /// Name of the channel.
        name: Option<String>,
    },
    /// Everybody here is mentioned: Slack's `@channel`, `@here` and `@everyone`.
    Everybody,
    /// A link.
    Link {
        /// The address.
        url: String,
        /// The words that stand for the address, if it does not stand there itself.
        label: Option<String>,
    },
}

impl Mark {
    /// Cleans and bounds every field that came from outside; `None` for a link without an address.
    fn cleaned(self) -> Option<Self> {
        let id = |raw: Option<String>| raw.and_then(|raw| clean_line(&raw, ID_MAX_CHARS));
        let name = |raw: Option<String>| raw.as_deref().and_then(clean_name);
        Some(match self {
            Self::User { id: who, name: n } => Self::User {
                id: id(who),
                name: name(n),
            },
            Self::Group { id: which, name: n } => Self::Group {
                id: id(which),
                name: name(n),
            },
            Self::Channel { id: which, name: n } => Self::Channel {
                id: id(which),
                name: name(n),
            },
            Self::Everybody => Self::Everybody,
            Self::Link { url, label } => Self::Link {
                url: clean_link(&url)?,
                label: name(label),
            },
        })
    }
}

/// The entities of a message: clean, bounded, and within its text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Entities(Vec<Entity>);

impl Entities {
    /// Cleans entities of this text, and keeps the first of them, up to [`ENTITIES_MAX`] and
    /// [`ENTITIES_MAX_BYTES`]. Those that are empty or not within the text are left out.
    #[must_use]
    pub fn of(text: &str, raw: impl IntoIterator<Item = Entity>) -> Self {
        let end = text.chars().count();
        let is_within = |entity: &Entity| {
            let behind = entity.offset.checked_add(entity.length);
            entity.length > 0 && behind.is_some_and(|behind| behind <= end)
        };
        let mut room = ENTITIES_MAX_BYTES;
        let kept = raw
            .into_iter()
            .filter(is_within)
            .filter_map(|entity| {
                Some(Entity {
                    what: entity.what.cleaned()?,
                    ..entity
                })
            })
            .take(ENTITIES_MAX)
            .map_while(|entity| {
                room = room.checked_sub(json_size(&entity))?;
                Some(entity)
            });
        Self(kept.collect())
    }

    /// The entities.
    #[must_use]
    pub fn as_slice(&self) -> &[Entity] {
        &self.0
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(offset: usize, length: usize, what: Mark) -> Entity {
        Entity {
            offset,
            length,
            what,
        }
    }

    fn link(url: &str) -> Mark {
        Mark::Link {
            url: url.to_owned(),
            label: None,
        }
    }

    #[test]
    fn an_entity_lies_within_the_text_counted_in_characters() {
        let text = "👩é@Ann";
        let kept =
            |offset, length| !Entities::of(text, [at(offset, length, Mark::Everybody)]).is_empty();
        assert!(kept(2, 4) && kept(0, 6) && kept(5, 1));
        assert!(!kept(2, 5) && !kept(6, 1) && !kept(3, 0) && !kept(usize::MAX, 2));
    }

    #[test]
    fn names_and_ids_are_cleaned_and_a_link_leads_to_a_page_a_mailbox_or_a_phone() {
        let raw = Mark::User {
            id: Some("U1\u{0}".into()),
            name: Some("\u{202E}Ann".into()),
        };
        let clean = Mark::User {
            id: Some("U1".into()),
            name: Some("Ann".into()),
        };
        let entities = Entities::of("@Ann", [at(0, 4, raw)]);
        assert_eq!(entities.as_slice(), [at(0, 4, clean)]);
        for (url, is_kept) in [
            ("https://example.com", true),
            ("http://example.com/?a=é", true),
            ("mailto:ada@example.com", true),
            ("tel:+431234", true),
            ("javascript:alert(1)", false),
            ("data:text/html,x", false),
            ("example.com", false),
            ("", false),
        ] {
            let entities = Entities::of("here", [at(0, 4, link(url))]);
            assert_eq!(!entities.is_empty(), is_kept, "{url}");
        }
    }

    #[test]
    fn there_are_no_more_entities_than_a_job_holds() {
        let text = "x".repeat(2000);
        let many = (0..1000).map(|offset| at(offset, 1, Mark::Everybody));
        assert_eq!(Entities::of(&text, many).as_slice().len(), ENTITIES_MAX);
        let url = format!("https://example.com/{}", "x".repeat(2000));
        let long = (0..100).map(|offset| at(offset, 1, link(&url)));
        let kept = Entities::of(&text, long);
        assert!((10..17).contains(&kept.as_slice().len()));
        assert!(json_size(&kept) <= ENTITIES_MAX_BYTES + 2);
    }

    #[test]
    fn an_entity_says_where_it_stands_and_what_it_is() {
        let what = Mark::Channel {
            id: Some("C1".into()),
            name: None,
        };
        let entities = Entities::of("#help", [at(0, 5, what)]);
        let json = serde_json::to_value(&entities).unwrap();
        let expected =
            json!([{"offset": 0, "length": 5, "kind": "channel", "id": "C1", "name": null}]);
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_value::<Entities>(json).unwrap(), entities);
    }
}
