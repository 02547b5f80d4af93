//! Runs [`hestia_core::fuzz_targets::directives`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hestia_core::fuzz_targets::directives(bytes));
