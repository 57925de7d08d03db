//! Append-only files of Redis and Valkey.
//!
//! The crate is at its beginning: it tells the layouts of persistence files
//! apart by their first bytes. Reading, verifying and editing are to come.
#![forbid(unsafe_code)]

pub mod manifest;
mod sniff;
mod words;

pub use manifest::{Manifest, ManifestError};
pub use sniff::{Layout, sniff};
