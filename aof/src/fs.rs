//! The one part of this crate that touches a file system: finding and opening
//! the files of a log.

mod folder;
mod log;

pub use folder::Folder;
pub use log::{FindError, Log};
