//! Inputs for the benchmarks: RDB files and a log, generated and described.
//!
//! Everything is made from a fixed seed, so that two runs, and two machines,
//! measure the same bytes. The RDB files are what a modern Redis writes (REDIS0012)
//! and load into one; `compare.sh` checks that before it measures.
#![forbid(unsafe_code)]

pub mod log;
pub mod pair;
mod random;
mod shapes;
mod writer;

pub use random::Random;
pub use shapes::{SHAPES, Shape};
pub use writer::Writer;
