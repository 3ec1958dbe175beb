//! Flows from the webhook to the agent's answer, in one process and within a second or two.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod accounts;
mod admin;
mod authorisation;
mod captured;
mod connector_rotation;
mod connector_setup;
mod costs;
mod delivery;
mod faults;
mod first_message;
mod judge;
mod latency;
mod lifecycle;
mod outbox;
mod pace;
mod platforms;
mod storms;
mod webhook;
mod whatsapp;
mod world;
