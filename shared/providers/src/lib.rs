//! What each chat platform sends, signs and expects.
//!
//! Everything that knows a platform's format is here, and nothing else is: no sockets, no AWS, no
//! async runtime. A webhook comes in as bytes and leaves as [`webhook::Event`]s; a text to send
//! comes in as [`OutgoingText`](vestibule_domain::ports::OutgoingText) and leaves as
//! [`outgoing::OutgoingCall`]s, which somebody else makes.
//!
//! | module | what it holds |
//! |---|---|
//! | [`webhook`] | the inbound side: verify, then parse |
//! | [`outgoing`] | the outbound side: calls as data, answers classified |
//! | [`catalogue`] | what an admin sets up, and which providers there are |
//! | [`transport`] | the port through which the calls are made |
//! | [`fields`] | reading payloads leniently |
//! | [`setup`] | connecting a connector, and testing it |
//! | [`text`] | texts that are too long for one message |
//! | [`slack`] | Slack: Events API in, Web API out |
//! | [`telegram`] | Telegram: webhook updates in, Bot API out |
//! | [`twilio`] | Twilio: SMS and `WhatsApp` |
//! | [`dialog360`] | `WhatsApp` through 360dialog: Cloud API payloads in, 360dialog's API out |
//! | [`whatsapp`] | who somebody on `WhatsApp` is |
//! | [`teams`] | Microsoft Teams: Bot Framework activities in, Connector API out |
//!
//! # Adding a provider
//!
//! 1. Add a module `src/<key>.rs` (or a folder, once it grows) with one unit struct. The key is that
//!    of its [`Provider`](vestibule_domain::connector::Provider); addresses, records and logs spell
//!    it like this.
//! 2. Implement [`webhook::WebhookProvider`] for it. `verify` works on the raw bytes and fails closed:
//!    a missing or blank secret is a refusal. `parse` compares the account that the payload names
//!    with the connector's settings, because few signatures bind the address. What is authentic but
//!    no person's message is [`Ignored`](webhook::Event::Ignored), with its kind for the log; what is
//!    authentic but not understood is [`Unreadable`](webhook::Event::Unreadable). It never panics.
//! 3. Implement [`outgoing::ChatProvider`]. Write the platform's errors as one table of data. An
//!    answer that could not be understood, and no answer at all, are `Retry`: they are ambiguous.
//! 4. Implement [`catalogue::ConnectorKind`]: the fields an admin fills in, each with where to find
//!    it and its rule.
//! 5. Implement [`setup::ConnectorSetup`]: a test that changes nothing, and connecting, if the platform
//!    has an API for it. A refusal names the field that is wrong and what to do, and no secret.
//! 6. List it in [`catalogue`], in the lists of kinds, of setups and of chat providers.
//! 7. Give its API an [`outgoing::Api`] with a variable, and the variable a parameter in `template.yaml`:
//!    both workers and `admin-access` read it.
//! 8. Add `functions/webhook-<key>/`, a few lines over `vestibule-coldstart`, and its blocks in
//!    `template.yaml`: function with route, role, log group, alarms, output. The role is that of the
//!    other webhooks.
//! 9. Put captured requests into `events/<key>/`, and test with the platform's published signature
//!    vector, a row for every ignored kind and every error, and properties over arbitrary bytes. Add the
//!    platform to the simulator (`shared/testkit`), to `tests/fuzz` and `tests/bench`, and to the demo
//!    (`infra/local/accounts.py`).

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
