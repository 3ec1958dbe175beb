//! What Vestibule is about: its types, its rules and the ports through which it reaches the world.
//!
//! Nothing here knows AWS, HTTP or a chat provider's format.
//!
//! | module | what it holds |
//! |---|---|
//! | [`access`] | the decision for one message: may this sender talk to the agent? |
//! | [`access_request`] | the request of a stranger and how it moves |
//! | [`account`] | account, client, project, environment, API key, caller |
//! | [`approval`] | what follows an approval |
//! | [`chat_user`] | a person on a chat platform, and their standing at one connector |
//! | [`closing`] | pending requests that go with their connector's policy, or with the connector |
//! | [`connector`] | one provider, one environment, one policy |
//! | [`conversation`] | where a message was written |
//! | [`delivery`] | what the agent gets and answers |
//! | [`egress`] | which addresses that people supply may be called |
//! | [`job`] | what functions ask of each other |
//! | [`message`] | one person's message, whatever the provider |
//! | [`ports`] | what the rules need from outside |
//!
//! # Adding a port
//!
//! 1. Name the role (`JobQueue`), give it the fewest methods one caller needs, and document what an
//!    implementation must guarantee under duplicates and races.
//! 2. Not found is `Ok(None)`; [`PortError`] says only what a caller can do about a failure.
//! 3. Take the scope as [`ProjectScope`] or [`AccountScope`], never as a bare id: those are made
//!    from an authenticated caller or a verified webhook only.

pub mod access;
pub mod access_request;
pub mod account;
pub mod approval;
pub mod chat_user;
pub mod clock;
pub mod closing;
pub mod connector;
pub mod conversation;
pub mod delivery;
pub mod egress;
pub mod error;
pub mod ids;
pub mod job;
pub mod message;
pub mod page;
pub mod ports;
pub mod profile;
pub mod recognition;
pub mod scope;
pub mod secret;
pub mod text;
pub mod vars;

pub use clock::{Clock, SystemClock, Timestamp};
pub use error::PortError;
pub use scope::{AccountScope, ProjectScope};
