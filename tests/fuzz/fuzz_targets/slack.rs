//! What Slack sends us and answers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vestibule_fuzz::{exercise, platforms::Slack};

fuzz_target!(|data: &[u8]| exercise(&Slack, data));
