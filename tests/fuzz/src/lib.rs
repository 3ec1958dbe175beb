//! Feeds arbitrary bytes to everything that strangers can reach.
//!
//! An input is either a request or the answers of a platform (see [`input`]). Every target checks the same
//! rules for its platform:
//!
//! | module | rules |
//! |---|---|
//! | [`inbound`] | unsigned requests are refused, signed ones are accepted, and their contents stay within bounds |
//! | [`outgoing`] | calls end, go only to the platform, and reveal no secret |
//! | [`event`] | a Lambda event never panics, and is never accepted unsigned |
//!
//! A broken rule is a panic, which the fuzzer reports with the input.

pub mod event;
pub mod inbound;
pub mod input;
pub mod outgoing;
pub mod platform;
pub mod platforms;

use input::Input;
use platform::Fixture;

/// Runs one input on one platform.
pub fn exercise(fixture: &Fixture, data: &[u8]) {
    match Input::read(data) {
        Input::Request(request) => inbound::exercise(fixture, &request),
        Input::Answers(answers) => outgoing::exercise(fixture, &answers),
    }
}
