//! Whole files as NDJSON, JSON and CSV, written as the keys come by.
//!
//! Nothing here is held in trees or formatted through traits: bytes go into one
//! buffer, and from there out.

pub mod beside;
pub mod csv;
pub mod escape;
pub mod json;
pub mod loss;
