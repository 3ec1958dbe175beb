//! What happens to messages, from the webhook to the agent's answer, in this process and in a second or two.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod admin;
mod costs;
mod delivery;
mod faults;
mod first_message;
mod lifecycle;
mod storms;
mod webhook;
mod world;
