//! Turning reports into what people and machines read.

#[allow(dead_code)] // The log commands bring the first user.
pub mod command;
pub mod digest;
pub mod json;
pub mod keys;
pub mod text;
pub mod value;
