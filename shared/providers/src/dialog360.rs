//! `WhatsApp` through 360dialog: Meta's Cloud API payloads in, 360dialog's API out (PROVIDERS §4).
//!
//! | file | contents |
//! |---|---|
//! | `webhook` | the secret header |
//! | `parse` | batches of events, and which of them are messages of a person |
//! | `person` | the person that a part of a payload names |
//! | `content` | texts and files, by type of message, and what is kept back |
//! | `parts` | all else that a message says, by type |
//! | `api` | parsing of answers, meaning of errors |
//! | `send` | `/messages` |
//! | `download` | files of messages: their address, the file |
//! | `setup` | `/v1/configs/webhook` |
//! | `kind` | the fields that an admin fills in |

mod api;
mod content;
mod download;
#[cfg(test)]
mod fixtures;
mod kind;
mod parse;
mod parts;
mod person;
mod send;
mod setup;
mod typing;
mod webhook;

use crate::outgoing::Api;
use vestibule_domain::connector::Provider;

/// 360dialog's messaging API.
pub const API: Api = Api {
    key: "360dialog",
    default_url: "https://waba-v2.360dialog.io",
};

/// Public field: Meta's id of the phone number, which is not the number itself.
pub const PHONE_NUMBER_ID: &str = "phone_number_id";
/// Secret field: the key for our calls, one per phone number.
pub const API_KEY: &str = "api_key";
/// Secret field: the secret that 360dialog repeats with every request, as `Authorization: Bearer
/// <secret>`.
pub const WEBHOOK_SECRET: &str = "webhook_secret";
/// Secret field: the webhook secret before the last rotation.
pub const PREVIOUS_WEBHOOK_SECRET: &str = "previous_webhook_secret";

/// 360dialog.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dialog360;

fn key() -> Provider {
    Provider::new("360dialog")
}
