//! User journeys through a running stack: the simulator stands for the platforms, and the real functions run
//! under their real roles.
//!
//! `make run` (or `DETACH=1 make run`) starts a stack; then run
//! `cargo test -p vestibule-tests --test e2e -- --ignored`. `VESTIBULE_STACK` names the file that describes it
//! (default `.local/stack.json`). Every test creates its own people, so tests can run in parallel and
//! repeatedly on one stack.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod aws;
mod blocking;
mod browser;
mod console;
mod entrance;
mod first_admin;
mod invited;
mod items;
mod joining;
mod onboarding;
mod open_door;
mod platforms;
mod recovery;
mod resources;
mod roles;
mod stack;
mod sweeper;
mod team;
mod traces;
mod waiting;
