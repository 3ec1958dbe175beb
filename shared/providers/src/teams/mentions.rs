//! People mentioned in an activity: its entities of type `mention` (msteams-docs, "Channel and group chat
//! conversations").

use super::escapes::unescape;
use crate::{addressed::Addressed, fields::string};
use serde_json::Value;
use std::collections::{HashMap, VecDeque};
use vestibule_domain::{chat::entity::Mark, text::is_blank};

/// Largest number of entities of an activity that are read.
const ENTITIES_MAX: usize = 100;
/// Beginning of the ids of channels and group chats.
const CONVERSATION: &str = "19:";
/// End of the ids of group chats, whose mention is one of everybody in them.
const GROUP_CHAT: &str = "@thread.v2";

/// The mentions of an activity that have not been written yet, by the name that stands for them.
#[derive(Debug, Clone, Default)]
pub(super) struct Mentions(HashMap<String, VecDeque<Mentioned>>);

#[derive(Debug, Clone)]
struct Mentioned {
    is_bot: bool,
    mark: Mark,
}

impl Mentions {
    /// The mentions of an activity to this bot.
    pub(super) fn of(activity: &Value, bot: &str) -> Self {
        let mut all = Self::default();
        let entities = activity.get("entities").and_then(Value::as_array);
        for entity in entities.into_iter().flatten().take(ENTITIES_MAX) {
            if let Some((name, mentioned)) = mention(entity, bot) {
                all.0.entry(name).or_default().push_back(mentioned);
            }
        }
        all
    }

    /// Whether this name stands for somebody.
    pub(super) fn know(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Writes a mention by this name. Of several people with one name, each is meant in turn; one who is
    /// listed once may be mentioned again and again.
    pub(super) fn write(&mut self, name: &str, into: &mut Addressed) {
        let shown = format!("@{}", name.trim_start_matches('@'));
        match self.next(name) {
            Some(mentioned) if mentioned.is_bot => into.mark_own(&shown, mentioned.mark),
            Some(mentioned) => into.mark(&shown, mentioned.mark),
            // The markup is Teams' own, whoever is meant.
            None => into.mark(&shown, user(None, name)),
        }
    }

    fn next(&mut self, name: &str) -> Option<Mentioned> {
        let named = self.0.get_mut(name)?;
        if named.len() > 1 {
            named.pop_front()
        } else {
            named.front().cloned()
        }
    }
}

/// The name that stands for a mention, and who it is.
fn mention(entity: &Value, bot: &str) -> Option<(String, Mentioned)> {
    if string(entity, "type") != Some("mention") {
        return None;
    }
    let name = name_in(string(entity, "text")?.strip_suffix("</at>")?)?;
    let mentioned = entity.get("mentioned")?;
    let id = string(mentioned, "id")?;
    let named = Some(name.clone());
    let kind = string(mentioned, "type");
    let is_place = id.starts_with(CONVERSATION) || matches!(kind, Some("channel" | "team"));
    let mark = if kind == Some("tag") {
        Mark::Group {
            id: Some(id.to_owned()),
            name: named,
        }
    } else if id.starts_with(CONVERSATION) && id.ends_with(GROUP_CHAT) {
        Mark::Everybody
    } else if is_place {
        Mark::Channel {
            id: Some(id.to_owned()),
            name: named,
        }
    } else {
        user(Some(id.to_owned()), &name)
    };
    let is_bot = id == bot;
    Some((name, Mentioned { is_bot, mark }))
}

/// The name in the markup of a mention, given without its end.
pub(super) fn name_in(markup: &str) -> Option<String> {
    let (attributes, name) = markup.strip_prefix("<at")?.split_once('>')?;
    let is_tag = attributes.is_empty() || attributes.starts_with(|c: char| c.is_whitespace());
    let name = unescape(name);
    let name = name.trim();
    (is_tag && !is_blank(name)).then(|| name.to_owned())
}

fn user(id: Option<String>, name: &str) -> Mark {
    Mark::User {
        id,
        name: Some(name.trim_start_matches('@').to_owned()),
    }
}
