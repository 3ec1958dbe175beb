//! Telegram: webhook updates in, Bot API out (PROVIDERS §3).
//!
//! | file | contents |
//! |---|---|
//! | `webhook` | the secret token |
//! | `parse` | updates, and which of them are messages of a person |
//! | `content` | what a message says, field by field |
//! | `api` | calls, parsing of answers, meaning of errors |
//! | `send` | `sendMessage` |
//! | `mentions` | texts that mention nobody |
//! | `profile` | the avatar: `getUserProfilePhotos`, `getFile`, the file |
//! | `download` | files of messages: `getFile`, the file |
//! | `setup` | `getMe`, `setWebhook`, `getWebhookInfo` |
//! | `kind` | the fields that an admin fills in |
//!
//! An update does not name its bot, so nothing in it can be compared with the connector. Only the
//! secret token ties a request to its connector, which is why we generate it.

mod api;
mod content;
mod download;
#[cfg(test)]
mod fixtures;
mod kind;
mod mentions;
mod parse;
mod profile;
mod send;
mod setup;
mod typing;
mod webhook;

use crate::outgoing::Api;
use vestibule_domain::connector::Provider;

/// Telegram's Bot API.
pub const API: Api = Api {
    key: "telegram",
    default_url: "https://api.telegram.org",
};

/// Secret field: the token for our calls.
pub const BOT_TOKEN: &str = "bot_token";
/// Secret field: the secret that Telegram repeats with every update, to prove where it comes from.
pub const SECRET_TOKEN: &str = "secret_token";
/// Secret field: the secret token before the last rotation.
pub const PREVIOUS_SECRET_TOKEN: &str = "previous_secret_token";

/// The scope of every [`Identity`](vestibule_domain::chat::message::Identity) on Telegram: all bots
/// see the same user id (SPEC A27).
pub const PLATFORM_SCOPE: &str = "telegram";

/// Telegram.
#[derive(Debug, Clone, Copy, Default)]
pub struct Telegram;

fn key() -> Provider {
    Provider::new("telegram")
}
