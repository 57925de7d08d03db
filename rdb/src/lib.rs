//! Zero-copy streaming decoder and verifier for Redis and Valkey RDB files.
#![forbid(unsafe_code)]

pub mod packed;
pub mod verify;
