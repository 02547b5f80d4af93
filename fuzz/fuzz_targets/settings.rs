//! Runs [`hestia::fuzz_targets::settings`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hestia::fuzz_targets::settings(bytes));
