//! Turning reports into what people and machines read.

pub mod json;
pub mod text;
