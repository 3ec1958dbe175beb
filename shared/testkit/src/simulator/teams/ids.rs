//! The ids and addresses of Teams.

use super::account::TeamsAccount;
use crate::simulator::ids::opaque;
use crate::simulator::people::Person;
use crate::simulator::world::World;

/// The base URL to which a bot sends its activities.
pub(super) fn service_url(base_url: &str) -> String {
    format!("{base_url}/teams/")
}

/// The bot's own id for a person.
pub(super) fn user_id(account: &TeamsAccount, person: &Person) -> String {
    format!("29:1{}", opaque(&["user", &account.app_id, &person.id]))
}

/// Whether the id is one of the person's two: the bot's own for them, or the directory's.
pub(super) fn is_called(account: &TeamsAccount, person: &Person, id: &str) -> bool {
    user_id(account, person) == id || person.aad_object_id == id
}

/// The direct conversation between a bot and a person.
pub(super) fn personal_id(account: &TeamsAccount, person: &Person) -> String {
    format!("a:1{}", opaque(&["personal", &account.app_id, &person.id]))
}

/// The channel of everybody, without the id of a thread's first message.
pub(super) fn channel_id(account: &TeamsAccount) -> String {
    let id = opaque(&["channel", &account.app_id, &account.tenant_id]);
    format!("19:{}@thread.tacv2", id.replace(['-', '_'], "0"))
}

/// A new activity id: a time in milliseconds that is never repeated.
pub(super) fn new_activity_id(world: &mut World, now_ms: i64) -> String {
    let number = i64::try_from(world.next_number()).unwrap_or_default();
    (now_ms + number).to_string()
}
