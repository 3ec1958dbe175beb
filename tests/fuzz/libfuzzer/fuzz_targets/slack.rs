//! Fuzzes Slack's requests and answers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use vestibule_fuzz::{exercise, platform::Fixture, platforms::Slack};

static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| Fixture::of(&Slack));

fuzz_target!(|data: &[u8]| exercise(&FIXTURE, data));
