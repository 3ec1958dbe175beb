//! Flows through a running stack, as its users go through them: the chat simulator stands for the platforms, the admin API decides,
//! the demo agent answers, and in between are the real functions under their real roles.
//!
//! `make run` (or `DETACH=1 make run`) starts a stack; then `cargo test -p vestibule-tests --test e2e -- --ignored`.
//! `VESTIBULE_STACK` names the file that describes it, `.local/stack.json` unless it is set. Every test makes people of its
//! own, so tests run side by side, and again and again on one stack.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod aws;
mod blocking;
mod entrance;
mod onboarding;
mod open_door;
mod platforms;
mod roles;
mod stack;
mod sweeper;
mod traces;
mod waiting;
