//! See `bodies::salvage`.
#![no_main]

#[allow(dead_code)] // the other targets' bodies
#[path = "../bodies/rdb.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::salvage(data));
