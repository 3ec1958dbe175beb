//! Fuzzes Twilio's requests and answers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use vestibule_fuzz::{exercise, platform::Fixture, platforms::Twilio};

static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| Fixture::of(&Twilio));

fuzz_target!(|data: &[u8]| exercise(&FIXTURE, data));
