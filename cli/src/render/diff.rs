//! Differences: for people and for machines.

pub mod json;
mod parts;
pub mod text;
