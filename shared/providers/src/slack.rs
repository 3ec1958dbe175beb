//! Slack: Events API in, Web API out (PROVIDERS §1).
//!
//! | file | contents |
//! |---|---|
//! | `webhook` | signatures |
//! | `parse` | events, and which of them are messages of a person |
//! | `api` | parsing of answers, meaning of errors |
//! | `send` | `chat.postMessage` |
//! | `profile` | `users.info` |
//! | `setup` | `auth.test` |
//! | `content` | what a message says |
//! | `mrkdwn` | mentions, links and dates within a text |
//! | `blocks` | blocks of a message without text |
//! | `shared` | shared messages, previews, what an app added |
//! | `files` | files of a message |
//! | `download` | where their content is |
//! | `text` | escapes, splitting of long texts |
//! | `time` | times of messages |
//! | `kind` | the fields that an admin fills in |

mod api;
mod blocks;
mod changes;
mod content;
mod download;
mod files;
#[cfg(test)]
mod fixtures;
mod kind;
mod look;
mod mrkdwn;
mod parse;
mod profile;
mod send;
mod setup;
mod shared;
mod text;
mod time;
mod webhook;

use crate::outgoing::Api;
use vestibule_domain::connector::Provider;

/// Slack's Web API.
pub const API: Api = Api {
    key: "slack",
    default_url: "https://slack.com/api",
};

/// The host of Slack's files. `GovSlack`'s is not supported.
pub const FILES_API: Api = Api {
    key: "slack-files",
    default_url: "https://files.slack.com",
};

/// Public field: the app's id.
pub const API_APP_ID: &str = "api_app_id";
/// Public field: the workspace's id, or the organisation's for an org-wide installation.
pub const TEAM_ID: &str = "team_id";
/// Secret field: the key of Slack's signatures.
pub const SIGNING_SECRET: &str = "signing_secret";
/// Secret field: the signing secret before the last rotation.
pub const PREVIOUS_SIGNING_SECRET: &str = "previous_signing_secret";
/// Secret field: the token for our calls.
pub const BOT_TOKEN: &str = "bot_token";

/// Slack.
#[derive(Debug, Clone, Copy, Default)]
pub struct Slack;

fn key() -> Provider {
    Provider::new("slack")
}
