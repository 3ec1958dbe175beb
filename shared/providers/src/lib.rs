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
//! | [`reason`] | reasons of failures, in a platform's words |
//! | [`catalogue`] | the providers, their fields and set-up steps |
//! | [`files`] | where the files of messages are |
//! | [`transport`] | the port that makes the calls |
//! | [`fields`] | lenient reading of payloads |
//! | [`json`] | reading of JSON from outside |
//! | [`marked`] | texts with their mentions and links |
//! | [`addressed`] | the mention of a bot to which a message is addressed |
//! | [`withheld`] | messages whose content a platform does not hand over |
//! | [`setup`] | connecting a connector, and testing it |
//! | [`text`] | splitting of long texts |
//! | [`standard_webhooks`] | the signatures of our own calls |
//! | [`whatsapp`] | identities and forms on `WhatsApp` |
//! | every other module | one provider each, which the [`catalogue`] lists |
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
//!    [`Unreadable`](webhook::Event::Unreadable). JSON is read with [`json::read`]. `parse` never
//!    panics.
//! 3. Implement [`outgoing::ChatProvider`]. Write the platform's errors as one table of data; an
//!    error that is not in it shows the platform's own words. No answer at all is `Retry`, because
//!    it is ambiguous. A success is a success even if its body cannot be read: a text that went out
//!    is never repeated. A limit of one conversation says so
//!    ([`RetryScope`](vestibule_domain::ports::RetryScope)), so that it holds up no other. The platform's
//!    address is an [`outgoing::Api`] beside the struct; no
//!    parameter and no variable belongs to it.
//! 4. Implement [`catalogue::ConnectorKind`]: the fields that an admin fills in, each with its rule
//!    and where to find it.
//! 5. Implement [`setup::ConnectorSetup`]: a test that changes nothing and, if the platform has an
//!    API for it, connecting. A refusal names the wrong field and what to do, and repeats no
//!    secret.
//! 6. Implement [`files::FileProvider`]: where a file of a message is. Credentials go to the platform's
//!    own addresses only, and an address that a message names is taken apart, never called as it is.
//! 7. Add it to the list in [`catalogue`]. The fields are part of the admin API's document, so write
//!    that anew: `UPDATE_OPENAPI=1 cargo test -p vestibule-tests --test openapi`.
//! 8. Add `functions/webhook-<key>/`, a few lines over `vestibule-coldstart`. In `template.yaml`,
//!    copy the block of another webhook (function with route, role, log group, alarms), its line in
//!    the contents, its entry under `RouteSettings` and its output. `tests/aws_calls.txt` must list
//!    its calls.
//! 9. Put sample requests into `events/<key>/`, with a README that says where each comes from. The
//!    beginning of a name says what must become of the request: `message_` files are messages of a
//!    person, `placeholder_` files those whose content the platform does not pass on, `changed_`
//!    files are edits and deletions of a message, `ignored_` files are acknowledged and write
//!    nothing, `unreadable_` files are kept for the operator, and `hostile_` files do no harm.
//! 10. Test with the platform's published signature vector, a row for every ignored kind and every
//!     error, and properties over arbitrary bytes.
//! 11. Add the platform to the simulator (`shared/testkit`), which serves its API below the API's
//!     key, then to `tests/fuzz` and `tests/bench`, and to the demo (`infra/local/accounts.py`).
//!
//! [`api`] is no platform: it has steps 3 to 7 only, because its messages come through our own API.

pub mod addressed;
pub mod api;
pub mod catalogue;
mod changes;
pub mod dialog360;
pub mod fields;
pub mod files;
pub mod json;
pub mod marked;
pub mod outgoing;
pub mod reason;
pub mod setup;
pub mod slack;
pub mod standard_webhooks;
pub mod teams;
pub mod telegram;
#[cfg(test)]
mod testing;
pub mod text;
pub mod transport;
pub mod twilio;
pub mod webhook;
pub mod whatsapp;
pub mod withheld;
