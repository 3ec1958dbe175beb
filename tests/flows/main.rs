//! Flows from the webhook to the agent's answer, in one process and within a second or two.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod accounts;
mod admin;
mod agent_api;
mod agent_endpoint;
mod at_most_once;
mod attachments;
mod authorisation;
mod batches;
mod breaker;
mod captured;
mod conflicts;
mod connector_rotation;
mod connector_setup;
mod consent;
mod content;
mod conversation_records;
mod conversations;
mod costs;
mod delivery;
mod direct_approval;
mod edits;
mod erasure;
mod erasure_given_up;
mod erasure_notes;
mod erasure_older;
mod erasure_records;
mod faults;
mod first_message;
mod given_up;
mod given_up_texts;
mod handoff;
mod handoff_records;
mod identities;
mod judge;
mod key_limits;
mod languages;
mod late_failures;
mod latency;
mod lifecycle;
mod limits;
mod names;
mod opened_way;
mod outbox;
mod outgoing;
mod outgoing_faults;
mod pace;
mod parked_changes;
mod parked_records;
mod parked_turns;
mod platforms;
mod redrives;
mod renewal;
mod replay;
mod retention;
mod rooms;
mod storms;
mod threads;
mod time_budget;
mod typing;
mod webhook;
mod whatsapp;
mod whatsapp_content;
mod withdrawals;
mod world;
