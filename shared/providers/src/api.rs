//! Channels of a customer's own system (SPEC E38): messages in through our own API, texts out as signed calls.
//!
//! | file | contents |
//! |---|---|
//! | `kind` | the fields that an admin fills in |
//! | `inbound` | a message as the customer's system brings it |
//! | `send` | the signed call with a text, and the meaning of its answer |
//! | `setup` | a signed test call |
//!
//! There is no webhook: whoever may bring messages proves it with a key of our API. A text goes to the address that the
//! connector names, signed after Standard Webhooks. A conversation is one person's alone, whatever it is called there,
//! so that what is for one person reaches no other (SPEC A38).

mod inbound;
mod kind;
mod send;
mod setup;

pub use inbound::{Brought, message};

use vestibule_domain::connector::Provider;

/// Field: the key of the channel, one that the account added.
pub const CHANNEL: &str = "channel";
/// Field: the address to which texts go.
pub const REPLY_URL: &str = "reply_url";
/// Secret field: the secret that signs the texts.
pub const SIGNING_SECRET: &str = "signing_secret";
/// Secret field: the signing secret before the last rotation, which signs beside the new one.
pub const PREVIOUS_SIGNING_SECRET: &str = "previous_signing_secret";

/// The provider of channels by API.
#[derive(Debug, Clone, Copy, Default)]
pub struct ApiChannel;

fn key() -> Provider {
    Provider::new("api")
}
