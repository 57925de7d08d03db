//! One file a subcommand.

pub mod aof;
pub mod check;
pub mod digest;
