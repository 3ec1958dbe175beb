//! Slack's workspace: conversations, message ids and the escaping of texts.

use std::collections::BTreeMap;

use super::account::App;
use crate::simulator::ids::short_hash;
use crate::simulator::world::World;

/// Slack's own state besides messages.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    /// The direct conversations opened so far.
    direct: BTreeMap<String, Conversation>,
    pub(super) allowed_broadcasts: Vec<String>,
    last_ts_micros: i64,
}

/// A conversation.
#[derive(Clone, Debug)]
pub(super) struct Conversation {
    /// The app in it.
    pub(super) connector_id: String,
    /// The other party of a direct conversation; `None` for the channel.
    pub(super) with: Option<String>,
    /// Whether the app is a member and may write.
    pub(super) app_is_member: bool,
}

/// The apps in the workspace.
pub(super) fn apps(world: &World) -> impl Iterator<Item = App> {
    world.connectors.iter().filter_map(App::of)
}

/// The app with this token.
pub(super) fn app_by_token(world: &World, token: &str) -> Option<App> {
    apps(world).find(|app| app.account.bot_token == token)
}

/// An existing conversation.
pub(super) fn conversation(world: &World, id: &str) -> Option<Conversation> {
    let direct = world
        .own::<Workspace>()
        .and_then(|workspace| workspace.direct.get(id).cloned());
    direct.or_else(|| {
        apps(world)
            .find(|app| general_channel(&app.connector_id) == id)
            .map(|app| Conversation {
                connector_id: app.connector_id,
                with: None,
                app_is_member: !app.left_general,
            })
    })
}

/// The direct conversation between an app and a person; opens it if necessary.
pub(super) fn direct_channel(world: &mut World, connector_id: &str, user_id: &str) -> String {
    let id = format!("D0{}", short_hash(&[connector_id, user_id]));
    world.change_own(|workspace: &mut Workspace| {
        workspace
            .direct
            .entry(id.clone())
            .or_insert_with(|| Conversation {
                connector_id: connector_id.to_owned(),
                with: Some(user_id.to_owned()),
                app_is_member: true,
            });
    });
    id
}

/// The channel that an app shares with everybody.
pub(super) fn general_channel(connector_id: &str) -> String {
    format!("C0{}", short_hash(&[connector_id, "general"]))
}

/// A new message id. Slack's ids are times that never repeat.
pub(super) fn new_ts(world: &mut World, now_ms: i64) -> String {
    world.change_own(|workspace: &mut Workspace| {
        let micros = (now_ms * 1000).max(workspace.last_ts_micros + 100);
        workspace.last_ts_micros = micros;
        format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
    })
}

/// Converts a typed text to Slack's form: special characters escaped, `@Name` of the app a mention.
pub(super) fn typed(text: &str, app: &App) -> String {
    let escaped = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let mention = format!("<@{}>", app.install.bot_user_id);
    escaped.replace(&format!("@{}", app.name), &mention)
}

/// Converts Slack's form back to readable text.
pub(super) fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}
