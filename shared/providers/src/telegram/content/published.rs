//! Stories, games, invoices and giveaways of others within a message (Bot API 10.3, `Message`).

use super::{digits, files, names::name_of};
use crate::fields::{given, string};
use serde_json::Value;
use vestibule_domain::chat::{
    content::{Part, Relation, Shared},
    message::AttachmentKind,
};

/// A post of somebody else that the person passes on: only its own publisher can write such a thing.
pub(super) fn of(message: &Value) -> Vec<Part> {
    let field = |name: &'static str| given(message, name);
    let publisher = field("via_bot").and_then(name_of);
    let of_bot = |label: &str, what: &Value| Shared {
        from: publisher.clone(),
        text: Some(titled(label, what, &["title", "description"])),
        files: given(what, "photo")
            .and_then(|photo| files::file(photo, AttachmentKind::Image))
            .into_iter()
            .collect(),
        ..Shared::new(Relation::Forwarded)
    };
    let of_chat = |label: &str, what: &Value| {
        let chat = what.pointer("/chats/0").or_else(|| what.get("chat"));
        Shared {
            from: chat.and_then(name_of),
            from_id: chat.and_then(|chat| digits(chat, "id")),
            text: Some(titled(label, what, &["prize_description"])),
            ..Shared::new(Relation::Forwarded)
        }
    };
    [
        field("story").map(|what| story(what, Relation::Forwarded)),
        field("game").map(|what| of_bot("Game", what)),
        field("invoice").map(|what| of_bot("Invoice", what)),
        field("giveaway").map(|what| of_chat("Giveaway", what)),
        field("giveaway_winners").map(|what| of_chat("Winners of a giveaway", what)),
    ]
    .into_iter()
    .flatten()
    .map(Part::Shared)
    .collect()
}

/// A story, of which the platform tells no more than whose it is.
pub(super) fn story(story: &Value, relation: Relation) -> Shared {
    let chat = given(story, "chat");
    Shared {
        from: chat.and_then(name_of),
        from_id: chat.and_then(|chat| digits(chat, "id")),
        message_id: digits(story, "id"),
        text: Some("Story".to_owned()),
        ..Shared::new(relation)
    }
}

/// `label: one, other`
fn titled(label: &str, what: &Value, names: &[&str]) -> String {
    let said: Vec<&str> = names.iter().filter_map(|name| string(what, name)).collect();
    if said.is_empty() {
        label.to_owned()
    } else {
        format!("{label}: {}", said.join(", "))
    }
}
