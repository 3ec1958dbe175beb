//! Arbitrary bytes into what strangers can reach.
//!
//! One input is either a request or what a platform answered (see [`input`]). Every target does the
//! same with it for its platform:
//!
//! | module | what must hold |
//! |---|---|
//! | [`inbound`] | nothing unsigned is taken, everything signed is, and what it says keeps its bounds |
//! | [`outgoing`] | calls come to an end, go where they should, and no word of them shows a secret |
//! | [`event`] | the Lambda event around a request never panics and is never taken unsigned |
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

/// One input at one platform.
pub fn exercise(fixture: &Fixture, data: &[u8]) {
    match Input::read(data) {
        Input::Request(request) => inbound::exercise(fixture, &request),
        Input::Answers(answers) => outgoing::exercise(fixture, &answers),
    }
}
