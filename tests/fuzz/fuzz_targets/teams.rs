//! What Teams sends us and answers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vestibule_fuzz::{exercise, platforms::Teams};

fuzz_target!(|data: &[u8]| exercise(&Teams, data));
