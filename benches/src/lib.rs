//! Inputs for the benchmarks, generated and described.
#![forbid(unsafe_code)]
