//! Editing logs: what comes out is a log without fault, and what stays is what
//! was there.

#![allow(missing_docs)]

mod cut;
mod drop;
mod logs;
mod repair;
mod whole;
