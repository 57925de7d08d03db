//! Judging what a server does with the contents of a file, beyond its structure.

pub mod function;
pub mod lua;
