//! Turning reports into what people and machines read.

pub mod digest;
#[allow(dead_code)] // The log commands bring the first user.
pub mod command;
pub mod json;
pub mod text;
