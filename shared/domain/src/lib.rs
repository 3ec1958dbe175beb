//! The core of Vestibule: its types, its rules and the ports through which it reaches the world.
//!
//! This crate does not know AWS, HTTP or the format of a chat platform.
//!
//! | module | contents |
//! |---|---|
//! | [`access`] | access to the agent: decision, access request, standing, approval |
//! | [`account`] | account, client, project, environment, API key, caller |
//! | [`chat`] | chat users, their messages and conversations, deliveries |
//! | [`connector`] | one provider, one environment, one policy |
//! | [`directory`] | end users: the people whom a project knows, and their phone numbers |
//! | [`event`] | events and their audit entries |
//! | [`team`] | logins, members, roles, invitations, sign-in and mails of those who run an account |
//! | [`erasure`] | orders to remove what is kept about a person, or no longer kept |
//! | [`egress`] | rules for calling addresses that people supply |
//! | [`language`] | languages of people, and texts with variants by language |
//! | [`job`] | jobs, by which functions order work from each other |
//! | [`routing`] | desks, members' seats, cases, and the rule that assigns conversations to members |
//! | [`ports`] | interfaces of the rules to the outside |
//! | [`search`] | what of a record is searched, and the jobs that keep the index |
//! | [`retry`] | waits of writers that met each other |
//!
//! # Adding a port
//!
//! 1. Name the role (`JobQueue`), give it the fewest methods one caller needs, and document what an
//!    implementation must guarantee under duplicates and races.
//! 2. Not found is `Ok(None)`; [`PortError`] distinguishes failures only by the caller's next step.
//! 3. Take the scope as [`ProjectScope`] or [`AccountScope`], never as a bare id: those are made
//!    from an authenticated caller or a verified webhook only.

pub mod access;
pub mod account;
pub mod chat;
pub mod clock;
pub mod connector;
mod digest;
pub mod directory;
pub mod egress;
pub mod erasure;
pub mod error;
pub mod event;
pub mod figures;
pub mod ids;
pub mod job;
pub mod language;
pub mod page;
pub mod ports;
pub mod record;
pub mod retry;
pub mod routing;
#[cfg(test)]
mod samples;
pub mod scope;
pub mod search;
pub mod secret;
pub mod team;
pub mod text;
pub mod vars;

pub use clock::{Clock, Timestamp};
pub use error::PortError;
pub use scope::{AccountScope, ProjectScope};
