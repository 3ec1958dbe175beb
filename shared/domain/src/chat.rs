//! People on chat platforms, their messages, and the conversations that they are in.

pub mod conversation;
pub mod delivery;
pub mod message;
pub mod profile;
pub mod recognition;
pub mod send_status;
pub mod user;
