//! The formats, signatures and APIs of the chat platforms.
//!
//! All knowledge of the platforms' formats is here, and nothing else: no sockets, no AWS, no async
//! runtime. A webhook request comes in as bytes and becomes [`webhook::Event`]s. A text to send
//! comes in as [`OutgoingText`](vestibule_domain::ports::OutgoingText) and becomes
//! [`outgoing::OutgoingCall`]s, which the caller makes.
//!
//! | module | contents |
//! |---|---|
//! | [`webhook`] | the inbound side: verify, then parse |
//! | [`outgoing`] | the outbound side: calls as data, classified answers |
//! | [`catalogue`] | the providers, their fields and set-up steps |
//! | [`transport`] | the port that makes the calls |
//! | [`fields`] | lenient reading of payloads |
//! | [`setup`] | connecting a connector, and testing it |
//! | [`text`] | splitting of long texts |
//! | [`slack`] | Slack: Events API in, Web API out |
//! | [`telegram`] | Telegram: webhook updates in, Bot API out |
//! | [`twilio`] | Twilio: SMS and `WhatsApp` |
//! | [`dialog360`] | `WhatsApp` through 360dialog: Cloud API payloads in, 360dialog's API out |
//! | [`whatsapp`] | identities on `WhatsApp` |
//! | [`teams`] | Microsoft Teams: Bot Framework activities in, Connector API out |
//!
//! # Adding a provider
//!
//! 1. Add a module `src/<key>.rs` (or a folder, once it grows) with one unit struct. The key is
//!    that of its [`Provider`](vestibule_domain::connector::Provider); addresses, records and logs
//!    use this spelling.
//! 2. Implement [`webhook::WebhookProvider`] for it. `verify` works on the raw bytes and fails
//!    closed: it refuses if a secret is missing or blank. `parse` compares the account that the
//!    payload names with the connector's settings, because few signatures cover the address. An
//!    authentic event that is not a person's message is [`Ignored`](webhook::Event::Ignored), with
//!    its kind for the log; one that cannot be parsed is
//!    [`Unreadable`](webhook::Event::Unreadable). `parse` never panics.
//! 3. Implement [`outgoing::ChatProvider`]. Write the platform's errors as one table of data. An
//!    unintelligible answer and no answer at all are `Retry`, because they are ambiguous.
//! 4. Implement [`catalogue::ConnectorKind`]: the fields that an admin fills in, each with its rule
//!    and where to find it.
//! 5. Implement [`setup::ConnectorSetup`]: a test that changes nothing and, if the platform has an
//!    API for it, connecting. A refusal names the wrong field and what to do, and repeats no
//!    secret.
//! 6. Add it to the lists in [`catalogue`].
//! 7. Give its API an [`outgoing::Api`] with an environment variable, and the variable a parameter
//!    in `template.yaml`: both workers and `admin-access` read it.
//! 8. Add `functions/webhook-<key>/`, a few lines over `vestibule-coldstart`, and its block in
//!    `template.yaml`: function with route, role, log group, alarms, output. Copy the role of
//!    another webhook.
//! 9. Put sample requests into `events/<key>/`. Test with the platform's published signature
//!    vector, a row for every ignored kind and every error, and properties over arbitrary bytes.
//!    Add the platform to the simulator (`shared/testkit`), to `tests/fuzz` and `tests/bench`, and
//!    to the demo (`infra/local/accounts.py`).

pub mod catalogue;
pub mod dialog360;
pub mod fields;
pub mod outgoing;
pub mod setup;
pub mod slack;
pub mod teams;
pub mod telegram;
#[cfg(test)]
mod testing;
pub mod text;
pub mod transport;
pub mod twilio;
pub mod webhook;
pub mod whatsapp;
