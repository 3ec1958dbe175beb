//! The records of the people who run an account, straight from their stores: what is written is read back, two at
//! once, callers who lost their right, and answers that were lost.

mod credentials;
mod fixtures;
mod joining;
mod log_and_set_up;
mod mails;

pub use fixtures::{
    TeamStores, accepting, at, email, entry, first_page, invitation, key_proof, login, member,
    proof, scope, session, way_in,
};
