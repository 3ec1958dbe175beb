//! Fuzzes the events that API Gateway passes to a webhook function.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| vestibule_fuzz::event::exercise(data));
