//! The one part of this crate that touches a file system: finding and opening
//! the files of a log, and writing an edited one.
//!
//! ```no_run
//! use rdbkit_aof::{edit, fs};
//!
//! let log = fs::Log::find("appendonlydir")?;
//! let set = log.set()?;
//! let seen = fs::Seen::of(&log, &set)?;
//! let cut = edit::Cut::At(edit::At { file: None, offset: 4711 });
//! let plan = edit::cut(&set, log.folder(), &cut, &edit::Options::at(0))?;
//! let draft = fs::Draft::write(&plan.output, &log, &seen, fs::Target::New("restored".into()))?;
//! // Look at draft.log() here: whether it is what was wanted, whether servers load it.
//! let written = draft.finish()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod copy;
mod draft;
mod error;
mod folder;
mod log;
mod rename;
mod seen;
mod shown;
mod writers;

pub use copy::Copied;
pub use draft::{Draft, Target, Written};
pub use error::ApplyError;
pub use folder::Folder;
pub use log::{FindError, Log};
pub use seen::Seen;
pub use shown::{Shown, shown, shown_name};
pub use writers::{Writer, writers};
