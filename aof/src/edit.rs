//! Editing a log in two steps: a plan, which is pure, and its [`Output`], which
//! says byte for byte what the new files are. Writing them is not done here.

mod output;

pub use output::{Output, OutputFile, Piece};
