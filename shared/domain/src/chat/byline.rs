//! The author of a text that goes out, and the name that it stands under (SPEC E36).

use crate::ids::{ChatUserId, MemberId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;

/// The author of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    content = "id",
    rename_all = "snake_case",
    try_from = "StoredAuthor"
)]
pub enum Author {
    /// A person on a chat platform.
    ChatUser(ChatUserId),
    /// The environment's agent.
    Agent,
    /// A member of the account.
    Member(MemberId),
    /// Vestibule itself.
    System,
    /// An author of another kind, of which a later release wrote.
    Unknown,
}

/// An author as stored. One of a kind that is not known may have an id of any form.
#[derive(Deserialize)]
struct StoredAuthor {
    kind: String,
    #[serde(default)]
    id: Option<Value>,
}

impl TryFrom<StoredAuthor> for Author {
    type Error = serde_json::Error;

    fn try_from(stored: StoredAuthor) -> Result<Self, serde_json::Error> {
        Ok(match stored.kind.as_str() {
            "chat_user" => Self::ChatUser(serde_json::from_value(stored.id.unwrap_or_default())?),
            "agent" => Self::Agent,
            "member" => Self::Member(serde_json::from_value(stored.id.unwrap_or_default())?),
            "system" => Self::System,
            _ => Self::Unknown,
        })
    }
}

/// The name of a member who wrote a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Name of the member at the time.
    pub name: String,
    /// Whether the text goes out under it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_shown: bool,
}

/// The author of a text that goes out. Texts that name none are the agent's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Byline {
    /// The author.
    pub author: Author,
    /// The author's name, if a member wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
}

impl Default for Byline {
    fn default() -> Self {
        Self {
            author: Author::Agent,
            signature: None,
        }
    }
}

impl Byline {
    /// A text of Vestibule itself.
    #[must_use]
    pub const fn system() -> Self {
        Self {
            author: Author::System,
            signature: None,
        }
    }

    /// A text of a member of this name. The people of the conversation see the name if it `is_shown`.
    #[must_use]
    pub const fn member(id: MemberId, name: String, is_shown: bool) -> Self {
        Self {
            author: Author::Member(id),
            signature: Some(Signature { name, is_shown }),
        }
    }

    /// Whether the text is the agent's.
    #[must_use]
    pub fn is_agent(&self) -> bool {
        self.author == Author::Agent
    }

    /// The text as it goes out: behind the author's name, if that is shown.
    #[must_use]
    pub fn above<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match &self.signature {
            Some(Signature {
                name,
                is_shown: true,
            }) => Cow::Owned(format!("{name}: {text}")),
            _ => Cow::Borrowed(text),
        }
    }

    /// The byline of a rest of the text, whose beginning went out already.
    #[must_use]
    pub fn of_rest(&self) -> Self {
        let mut byline = self.clone();
        if let Some(signature) = &mut byline.signature {
            signature.is_shown = false;
        }
        byline
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_text_goes_out_behind_its_authors_name_only_if_that_is_shown() {
        let id = MemberId::derive(&["m"]);
        let shown = Byline::member(id, "Ana".to_owned(), true);
        for (byline, said) in [
            (Byline::default(), "Hello"),
            (Byline::system(), "Hello"),
            (Byline::member(id, "Ana".to_owned(), false), "Hello"),
            (shown.of_rest(), "Hello"),
            (shown.clone(), "Ana: Hello"),
        ] {
            assert_eq!(byline.above("Hello"), said);
        }
        let rest = shown.of_rest();
        assert_eq!((rest.author, rest.is_agent()), (Author::Member(id), false));
        assert!(Byline::default().is_agent());
    }

    /// Rows and jobs hold these.
    #[test]
    fn a_byline_reads_back_and_names_a_member() {
        let id = MemberId::derive(&["m"]);
        let member = Byline::member(id, "Ana".to_owned(), true);
        let stored = json!({"author": {"kind": "member", "id": id}, "signature": {"name": "Ana", "is_shown": true}});
        assert_eq!(serde_json::to_value(&member).unwrap(), stored);
        for byline in [member, Byline::default(), Byline::system()] {
            let stored = serde_json::to_value(&byline).unwrap();
            assert_eq!(serde_json::from_value::<Byline>(stored).unwrap(), byline);
        }
    }
}
