//! Slack's workspace: conversations, message ids, and how a text is written.

use std::collections::BTreeMap;

use super::account::App;
use crate::simulator::ids::short_hash;
use crate::simulator::world::World;

/// What Slack remembers besides messages.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    /// The direct conversations that were opened.
    direct: BTreeMap<String, Conversation>,
    pub(super) allowed_broadcasts: Vec<String>,
    last_ts_micros: i64,
}

/// Where messages go.
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

/// The app that a token belongs to.
pub(super) fn app_by_token(world: &World, token: &str) -> Option<App> {
    apps(world).find(|app| app.account.bot_token == token)
}

/// A conversation that there is.
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

/// The direct conversation of an app and a person, opened if there is none yet.
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

/// The one channel that an app shares with everybody.
pub(super) fn general_channel(connector_id: &str) -> String {
    format!("C0{}", short_hash(&[connector_id, "general"]))
}

/// Slack's message ids are times that never repeat.
pub(super) fn new_ts(world: &mut World, now_ms: i64) -> String {
    world.change_own(|workspace: &mut Workspace| {
        let micros = (now_ms * 1000).max(workspace.last_ts_micros + 100);
        workspace.last_ts_micros = micros;
        format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
    })
}

/// What Slack makes of what a person types: special characters escaped, `@Name` of the app a mention.
pub(super) fn typed(text: &str, app: &App) -> String {
    let escaped = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let mention = format!("<@{}>", app.install.bot_user_id);
    escaped.replace(&format!("@{}", app.name), &mention)
}

/// The way back, for people to read.
pub(super) fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}
