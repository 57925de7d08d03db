//! One file a subcommand.

pub mod aof;
pub mod check;
pub mod diff;
pub mod digest;
pub mod extract;
pub mod get;
pub mod keys;
