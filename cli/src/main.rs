//! The `rdbkit` binary.
fn main() {}
