//! Microsoft Teams: Bot Framework activities in, Connector API out (PROVIDERS §2).
//!
//! | file | what it holds |
//! |---|---|
//! | `webhook` | who may post to us |
//! | `jwt` | Bot Framework tokens, read strictly |
//! | `keys` | Microsoft's signing keys, and when they are fetched |
//! | `parse` | activities, and which of them are a person's message |
//! | `text` | mentions, escapes, and texts that take several messages |
//! | `token` | our own tokens |
//! | `api` | calls with a token, and what errors mean |
//! | `conversation` | who reads along, and where calls go |
//! | `send` | posting, and private conversations |
//! | `profile` | the roster's names and Graph's pictures |
//! | `setup` | asking for a token, in words for the admin |
//! | `kind` | what an admin fills in |

mod api;
mod conversation;
#[cfg(test)]
mod fixtures;
mod jwt;
mod keys;
mod kind;
mod parse;
mod profile;
mod send;
mod setup;
mod text;
mod token;
mod webhook;

pub use keys::{FETCH_MAX, KeySource, KeySourceError};
pub use webhook::TeamsWebhook;

use vestibule_domain::connector::{Connector, Provider};

/// Public field: the bot's app id, a GUID.
pub const APP_ID: &str = "app_id";
/// Public field: the id of the tenant whose people may write, a GUID.
pub const TENANT_ID: &str = "tenant_id";
/// Public field: [`SINGLE_TENANT`], which it is when absent, or [`MULTI_TENANT`].
pub const APP_TYPE: &str = "app_type";
/// The app is registered in its tenant only.
pub const SINGLE_TENANT: &str = "single_tenant";
/// The app may be used from any tenant. Microsoft lets nobody register such bots any more.
pub const MULTI_TENANT: &str = "multi_tenant";
/// Secret field: the app's client secret.
pub const CLIENT_SECRET: &str = "client_secret";

/// The channel whose activities are taken, and which a key must be endorsed for.
const CHANNEL: &str = "msteams";

/// Microsoft Teams: what goes out to it. What comes in takes keys: see [`TeamsWebhook`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Teams;

fn key() -> Provider {
    Provider::new("teams")
}

fn setting<'a>(connector: &'a Connector, name: &str) -> Option<&'a str> {
    connector.settings.get(name).map(String::as_str)
}

/// The bot as activities name it.
fn bot_id(app_id: &str) -> String {
    format!("28:{app_id}")
}

/// Whether a text is a GUID with hyphens, in letters of either size.
fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, b)| match index {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}
