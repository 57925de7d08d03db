//! Editing logs: what comes out is a log without fault, and what stays is what
//! was there.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods
)]

mod cut;
mod drop;
mod logs;
mod repair;
mod whole;
