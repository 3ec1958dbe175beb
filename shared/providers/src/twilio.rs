//! Twilio: SMS and `WhatsApp` through one phone number (PROVIDERS §5).
//!
//! | file | contents |
//! |---|---|
//! | `webhook` | signatures |
//! | `url` | the spellings of our address that Twilio may have signed |
//! | `params` | the parameters of a request, from a form or from JSON |
//! | `address` | phone numbers and `WhatsApp` ids as Twilio writes them |
//! | `parse` | events, and which of them are messages of a person |
//! | `content` | what a message says: texts, files and all else |
//! | `api` | parsing of answers, meaning of errors |
//! | `send` | `Messages.json` |
//! | `download` | files of messages |
//! | `setup` | `Accounts/{sid}.json` |
//! | `kind` | the fields that an admin fills in |

mod address;
mod api;
mod content;
mod download;
#[cfg(test)]
mod fixtures;
mod kind;
mod params;
mod parse;
mod send;
mod setup;
mod url;
mod webhook;

use crate::outgoing::Api;
use vestibule_domain::connector::Provider;

/// Twilio's API.
pub const API: Api = Api {
    key: "twilio",
    default_url: "https://api.twilio.com",
};

/// Where Twilio's API sends whoever may read a file (help.twilio.com, "Protect Media Access with HTTP Basic
/// Authentication").
pub const MEDIA_API: Api = Api {
    key: "twilio-media",
    default_url: "https://mms.twiliocdn.com",
};

/// Public field: the account's SID.
pub const ACCOUNT_SID: &str = "account_sid";
/// Public field: the number that people write to, in E.164 with its `+`.
pub const PHONE_NUMBER: &str = "phone_number";
/// Public field: the webhook address exactly as configured at Twilio, which signs it.
pub const WEBHOOK_URL: &str = "webhook_url";
/// Secret field: the key of Twilio's signatures, and the password for our calls.
pub const AUTH_TOKEN: &str = "auth_token";
/// Secret field: the auth token before the last rotation.
pub const PREVIOUS_AUTH_TOKEN: &str = "previous_auth_token";

/// Twilio.
#[derive(Debug, Clone, Copy, Default)]
pub struct Twilio;

fn key() -> Provider {
    Provider::new("twilio")
}
