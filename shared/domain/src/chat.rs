//! People on chat platforms, their messages and their conversations.

mod answer;
mod attachment;
pub mod byline;
pub mod change;
pub mod content;
pub mod conversation;
pub mod delivery;
pub mod entity;
pub mod given_up;
pub mod handoff;
pub mod history;
pub mod kept_block;
pub mod message;
pub mod offering;
pub mod profile;
pub mod recognition;
pub mod renaming;
pub mod repeats;
pub mod send_status;
mod size;
pub mod test_delivery;
pub mod trace;
pub mod typing;
pub mod user;
