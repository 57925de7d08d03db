//! Turning reports into what people and machines read.

pub mod digest;
pub mod json;
pub mod text;
