//! Zero-copy streaming decoder and verifier for Redis and Valkey RDB files.
#![forbid(unsafe_code)]

pub mod lzf;
pub mod packed;
