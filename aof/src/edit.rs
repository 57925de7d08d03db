//! Editing a log in two steps: a plan, which is pure, and its [`Output`], which
//! says byte for byte what the new files are. Writing them is not done here.
//!
//! | to | use | with |
//! |---|---|---|
//! | go back to before a command, an offset, or to a time | [`cut()`] | [`Cut`] |
//! | take out commands and keep what came after | [`drop()`] | [`Removal`] |
//! | make a damaged log loadable | [`repair()`] | [`Repair`] |
//! | read a manifest that servers refuse | [`mend_manifest()`] | |
//!
//! All three give a [`Plan`]: the new files, what goes with how many commands and keys, what stood around
//! it, and [`Note`]s on what an operator should know before using the result.
//! Whatever a plan does, its result holds these rules:
//!
//! * files end behind whole commands: none is torn, no transaction is open, no annotation lacks its LF;
//! * every command that stays works on the database it worked on before;
//! * bytes that stay are copied as they are;
//! * the manifest names the files of the output and no others, and servers accept it.

mod assemble;
mod build;
mod clock;
mod cut;
mod drop;
mod error;
mod excerpt;
mod find;
mod frequent;
mod kept;
mod mend_manifest;
mod note;
mod options;
mod output;
mod plan;
mod recent;
mod repair;
mod routine;
mod sample;
mod shorten;
mod survey;
mod tally;
mod target;

pub use cut::cut;
pub use drop::drop;
pub use error::Error;
pub use excerpt::Excerpt;
pub use mend_manifest::{ManifestHarm, mend_manifest};
pub use note::Note;
pub use options::Options;
pub use output::{Output, OutputFile, Piece};
pub use plan::{Action, Around, Damage, Fate, FileChange, Harm, Kept, Needs, Plan, Spot, Tally};
pub use repair::repair;
pub use target::{At, Cut, Matching, Pick, Removal, Repair, What, Which};
