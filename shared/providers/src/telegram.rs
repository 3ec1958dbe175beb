//! Telegram: webhook updates in, Bot API out (PROVIDERS §3).
//!
//! | file | what it holds |
//! |---|---|
//! | `webhook` | the secret token |
//! | `parse` | updates, and which of them are a person's message |
//! | `api` | what all calls and answers have in common, and what errors mean |
//! | `send` | `sendMessage` |
//! | `profile` | the avatar: `getUserProfilePhotos`, `getFile`, the file |
//! | `setup` | `getMe`, `setWebhook`, `getWebhookInfo` |
//! | `kind` | what an admin fills in |
//!
//! An update does not name the bot it is for, so nothing in it can be compared with the connector: the
//! secret token alone binds a request to its connector. That is why we draw it.

mod api;
#[cfg(test)]
mod fixtures;
mod kind;
mod parse;
mod profile;
mod send;
mod setup;
mod webhook;

use vestibule_domain::connector::Provider;

/// Secret field: the token of our calls.
pub const BOT_TOKEN: &str = "bot_token";
/// Secret field: what Telegram says with every update, so that we know it is Telegram.
pub const SECRET_TOKEN: &str = "secret_token";
/// Secret field: the secret token before the last rotation.
pub const PREVIOUS_SECRET_TOKEN: &str = "previous_secret_token";

/// The scope of every [`Identity`](vestibule_domain::chat::message::Identity): a user's id is the same for
/// all bots (SPEC A27).
pub const PLATFORM_SCOPE: &str = "telegram";

/// Telegram.
#[derive(Debug, Clone, Copy, Default)]
pub struct Telegram;

fn key() -> Provider {
    Provider::new("telegram")
}
