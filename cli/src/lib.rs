//! The command line of rdbkit.
#![deny(unsafe_code)]

pub mod compat;
