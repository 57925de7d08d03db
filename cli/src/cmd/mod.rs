//! One file a subcommand.

pub mod aof;
pub mod check;
pub mod diff;
pub mod digest;
pub mod explain;
pub mod export;
pub mod extract;
pub mod get;
pub mod inspect;
pub mod keys;
pub mod salvage;
pub mod setup;
pub mod stats;
