//! The directory: the people whom a project knows, by their phone numbers and the chat users that they are (SPEC C).
//!
//! - An [`EndUser`](end_user::EndUser) is one record for all environments of the project.
//! - A phone number belongs to at most one end user of a project, in every form in which it may be written
//!   ([`PhoneNumber::key`](phone::PhoneNumber::key)). A row under that key names the holder and repeats the
//!   holder's environments, so that a webhook learns both in its one read.
//! - A chat user is linked to at most one end user, an end user to at most
//!   [`LINKS_MAX`](end_user::LINKS_MAX) chat users. Both sides name each other.
//! - **The grants of a linked chat user are the environments of the end user.** Every write that changes the one
//!   changes the other in the same transaction, so that the decision about a message needs the chat user alone.

pub mod changes;
pub mod end_user;
pub mod import;
pub mod linking;
pub mod phone;
pub mod registration;
