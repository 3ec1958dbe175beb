//! What Twilio sends us and answers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vestibule_fuzz::{exercise, platforms::Twilio};

fuzz_target!(|data: &[u8]| exercise(&Twilio, data));
