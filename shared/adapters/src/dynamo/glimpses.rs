//! Glimpses of conversations, which lists show.

use super::{
    beside::shared,
    items::{ChatUserItem, MessageItem, ProjectItem},
    keys::{self, Key},
    table::{Table, take},
};
use std::collections::HashSet;
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    account::Project,
    chat::history::{HistoryDays, StoredMessage},
    chat::user::ChatUser,
    ports::{ConversationView, Glimpse},
};

/// See [`vestibule_domain::ports::ConversationReader::glimpses`].
pub(super) async fn glimpses(
    table: &Table,
    scope: ProjectScope,
    views: &[ConversationView],
    now: Timestamp,
) -> Result<Vec<Glimpse>, PortError> {
    if views.is_empty() {
        return Ok(Vec::new());
    }
    let project = keys::project(scope.account(), scope.project_id());
    // One person may have written last in several conversations, and a batch names each row once.
    let mut wanted = HashSet::from([project.clone()]);
    for view in views {
        wanted.extend(person_of(scope, view));
        wanted.extend(last_message_of(scope, view));
    }
    let wanted: Vec<Key> = wanted.into_iter().collect();
    let mut rows = table.get_batch(&wanted).await?;
    let project: Option<ProjectItem> = take(&mut rows, &project, "project")?;
    let since = project.and_then(|project| kept_since(Project::from(project).history_days, now));
    let mut found = Vec::with_capacity(views.len());
    for view in views {
        let person: Option<ChatUserItem> = match person_of(scope, view) {
            Some(key) => shared(&rows, &key, "chat user")?,
            None => None,
        };
        let row = last_message_of(scope, view).and_then(|key| rows.remove(&key));
        let message = row.and_then(|row| MessageItem::read(row).ok());
        found.push(Glimpse {
            person: person.map(ChatUser::from),
            last_message: message
                .map(StoredMessage::from)
                .filter(|message| since.is_some_and(|since| message.at >= since)),
        });
    }
    Ok(found)
}

/// The row of the person who wrote last.
fn person_of(scope: ProjectScope, view: &ConversationView) -> Option<Key> {
    let id = view.conversation.chat_user_id?;
    Some(keys::chat_user(scope, id))
}

/// The row of the last message. Numbers have no gaps.
fn last_message_of(scope: ProjectScope, view: &ConversationView) -> Option<Key> {
    let number = view.conversation.message_total;
    (number > 0).then(|| keys::message(scope, view.id, number))
}

/// The time of the oldest message that is kept; `None` if none is.
fn kept_since(days: HistoryDays, now: Timestamp) -> Option<Timestamp> {
    (!days.keeps_nothing()).then(|| days.oldest_kept(now))
}
