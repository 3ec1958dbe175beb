//! Fuzzes requests and answers of Teams.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use vestibule_fuzz::{exercise, platform::Fixture, platforms::Teams};

static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| Fixture::of(&Teams));

fuzz_target!(|data: &[u8]| exercise(&FIXTURE, data));
