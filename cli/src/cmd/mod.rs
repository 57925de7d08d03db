//! One file a subcommand.

pub mod aof;
pub mod check;
pub mod diff;
pub mod digest;
pub mod export;
pub mod extract;
pub mod get;
pub mod keys;
pub mod salvage;
pub mod stats;
