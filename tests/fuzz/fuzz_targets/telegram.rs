//! What Telegram sends us and answers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vestibule_fuzz::{exercise, platforms::Telegram};

fuzz_target!(|data: &[u8]| exercise(&Telegram, data));
