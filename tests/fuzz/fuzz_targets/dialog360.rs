//! What Dialog360 sends us and answers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vestibule_fuzz::{exercise, platforms::Dialog360};

fuzz_target!(|data: &[u8]| exercise(&Dialog360, data));
