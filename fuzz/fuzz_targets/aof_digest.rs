//! See `bodies::digested`.
#![no_main]

#[allow(dead_code)] // the other targets' bodies
#[path = "../bodies/aof.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::digested(data));
