//! Microsoft Teams: Bot Framework activities in, Connector API out (PROVIDERS §2).
//!
//! | file | contents |
//! |---|---|
//! | `webhook` | authentication of requests |
//! | `jwt` | strict parsing of Bot Framework tokens |
//! | `keys` | Microsoft's signing keys, and when to fetch them |
//! | `parse` | activities, and which of them are messages of a person |
//! | `content` | what a message says |
//! | `attachments` | files and pictures of a message |
//! | `cards` | cards, and what Teams does not hand over |
//! | `content_types` | which attachments are no files |
//! | `quotes` | messages that a message answers or forwards |
//! | `mentions` | who is mentioned |
//! | `body` | the words, pictures and quotations of a message's HTML |
//! | `page` | text from HTML |
//! | `html` | tags and texts of HTML |
//! | `text` | plain texts, splitting of long texts |
//! | `escapes` | escapes of texts and HTML |
//! | `token` | our own tokens |
//! | `api` | calls with a token, meaning of errors |
//! | `conversation` | kinds of conversation, and the address for calls |
//! | `service` | the addresses that calls may go to |
//! | `send` | posting, and private conversations |
//! | `profile` | names from the roster, pictures from Graph |
//! | `download` | where the content of files is |
//! | `setup` | the test: a token |
//! | `kind` | the fields that an admin fills in |

mod api;
mod attachments;
mod body;
mod cards;
mod content;
mod content_types;
mod conversation;
mod download;
mod escapes;
#[cfg(test)]
mod fixtures;
mod html;
mod jwt;
mod keys;
mod kind;
mod mentions;
mod page;
mod parse;
mod profile;
mod quotes;
mod send;
mod service;
mod setup;
mod text;
mod token;
mod typing;
mod webhook;

pub use keys::{FETCH_MAX, KeySource, KeySourceError};
pub use service::is_service_url;
pub use webhook::TeamsWebhook;

use crate::outgoing::Api;
use vestibule_domain::connector::{Connector, Provider};

/// Microsoft's login, where bots get their tokens. National clouds are not supported.
pub const LOGIN_API: Api = Api {
    key: "microsoft-login",
    default_url: "https://login.microsoftonline.com",
};
/// Microsoft Graph, for pictures of people. National clouds are not supported.
pub const GRAPH_API: Api = Api {
    key: "graph",
    default_url: "https://graph.microsoft.com/v1.0",
};

/// Public field: the bot's app id, a GUID.
pub const APP_ID: &str = "app_id";
/// Public field: the id of the tenant whose people may write, a GUID.
pub const TENANT_ID: &str = "tenant_id";
/// Public field: [`SINGLE_TENANT`], the default, or [`MULTI_TENANT`].
pub const APP_TYPE: &str = "app_type";
/// The app is registered in its tenant only.
pub const SINGLE_TENANT: &str = "single_tenant";
/// The app may be used from any tenant. Microsoft no longer lets anybody register such bots.
pub const MULTI_TENANT: &str = "multi_tenant";
/// Secret field: the app's client secret.
pub const CLIENT_SECRET: &str = "client_secret";

/// The channel whose activities are accepted, and for which a key must be endorsed.
const CHANNEL: &str = "msteams";

/// The outbound side of Microsoft Teams. The inbound side needs keys: see [`TeamsWebhook`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Teams;

fn key() -> Provider {
    Provider::new("teams")
}

fn setting<'a>(connector: &'a Connector, name: &str) -> Option<&'a str> {
    connector.settings.get(name).map(String::as_str)
}

/// The bot's id in activities.
fn bot_id(app_id: &str) -> String {
    format!("28:{app_id}")
}

/// Whether a text is a GUID with hyphens, in upper or lower case.
fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, b)| match index {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}
