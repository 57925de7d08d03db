//! Writing an edited log: under a name of its own first, under its real name
//! when it is whole and somebody has looked at it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::edit::Output;
use crate::fs::copy::Copied;
use crate::fs::error::parent_of;
use crate::fs::folder::name_bytes;
use crate::fs::{ApplyError, Folder, Log, Seen, rename};

mod files;
mod replace;
mod temporary;

use files::Files;
use replace::{others, replace_file, replace_folder, unchanged, unheld};
use temporary::Temporary;

/// Where a new log goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// To a name at which there is nothing yet: a folder for a log with a
    /// manifest, else a file.
    New(PathBuf),
    /// Into the place of the old one, which is kept under its name with this
    /// suffix, and a number if that is taken. Refused where the old log is seen
    /// to be open for writing.
    InPlace {
        /// Such as `.bak-20261121T140300Z`.
        suffix: String,
    },
}

impl Target {
    /// Where the new log will be, or why it cannot be written there, as far as
    /// that can be told beforehand.
    ///
    /// # Errors
    ///
    /// [`ApplyError`].
    pub fn check(&self, log: &Log, seen: &Seen) -> Result<PathBuf, ApplyError> {
        match self {
            Target::New(path) => free(path),
            Target::InPlace { .. } => {
                unheld(log, seen)?;
                place_of(log)
            }
        }
    }
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The new log: a folder or a file.
    pub path: PathBuf,
    /// The old one, if the new one stands in its place.
    pub backup: Option<PathBuf>,
    /// Files, the manifest among them.
    pub files: usize,
    /// Bytes of all files, and how they came there.
    pub copied: Copied,
    /// Whether all files belong to whom the old ones belonged to; only a
    /// privileged user can see to that.
    pub owner_kept: bool,
    /// Things that were in the old folder and are no part of the new log: they
    /// are in the backup only.
    pub others: Vec<Vec<u8>>,
}

/// A new log, whole and on disk, that does not have its name yet. It is removed
/// if it is dropped before [`finish`](Draft::finish).
///
/// It lies beside its target and is called `.NAME.rdbkit-PROCESS-NUMBER`. If
/// the program is killed it stays; nothing depends on it, and it may be deleted
/// unless it is the backup of a folder that was replaced in that very moment.
#[derive(Debug)]
pub struct Draft {
    temporary: Temporary,
    log: Log,
    goal: Goal,
    written: Written,
}

/// What becomes of a draft.
#[derive(Debug)]
enum Goal {
    New,
    Replace {
        old: Log,
        seen: Seen,
        suffix: String,
    },
}

impl Draft {
    /// Writes the files of `output` and syncs them. What stays of `log` is copied
    /// by the cheapest means there are; it is opened for reading only and never
    /// linked to, for servers append to files in place.
    ///
    /// `seen` is from before the log was read for the plan.
    ///
    /// # Errors
    ///
    /// [`ApplyError`]; nothing stays behind then.
    pub fn write(
        output: &Output,
        log: &Log,
        seen: &Seen,
        target: Target,
    ) -> Result<Draft, ApplyError> {
        let path = target.check(log, seen)?;
        let goal = match target {
            Target::New(_) => Goal::New,
            Target::InPlace { suffix } => Goal::Replace {
                old: log.clone(),
                seen: seen.clone(),
                suffix,
            },
        };
        let temporary = Temporary::beside(&path, output.manifest.is_some())?;
        let mut writer = Files {
            output,
            old: log.folder(),
            seen,
            new: Folder::new(match output.manifest {
                Some(_) => temporary.path(),
                None => parent_of(temporary.path()),
            }),
            single: temporary
                .path()
                .file_name()
                .map(name_bytes)
                .unwrap_or_default(),
            written: Written {
                path,
                owner_kept: true,
                ..Written::default()
            },
        };
        writer.write(temporary.path())?;
        let log = match &output.manifest {
            Some((name, _)) => Log::new(writer.new, name.clone(), true),
            None => Log::new(writer.new, writer.single, false),
        };
        Ok(Draft {
            temporary,
            log,
            goal,
            written: writer.written,
        })
    }

    /// The draft as a log, to be looked at before it gets its name.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Gives the draft its name, in one step: before it there is the old log or
    /// nothing, behind it the new one.
    ///
    /// # Errors
    ///
    /// [`ApplyError`]. The draft is removed then, and the old log is in its place.
    pub fn finish(mut self) -> Result<Written, ApplyError> {
        let path = self.written.path.clone();
        match self.goal {
            Goal::New => {
                rename::no_replace(self.temporary.path(), &path).map_err(|error| {
                    match error.kind() {
                        io::ErrorKind::AlreadyExists => ApplyError::Exists(path.clone()),
                        _ => ApplyError::io("give its name to", &path)(error),
                    }
                })?;
                self.temporary.keep();
                sync_parent(&path)?;
            }
            Goal::Replace { old, seen, suffix } => {
                unheld(&old, &seen)?;
                unchanged(&old, &seen)?;
                if old.has_manifest() {
                    self.written.others = others(&old, &self.log)?;
                }
                let replace = match old.has_manifest() {
                    true => replace_folder,
                    false => replace_file,
                };
                self.written.backup = Some(replace(&mut self.temporary, &path, &suffix)?);
                sync_parent(&path)?;
            }
        }
        Ok(self.written)
    }
}

/// `path`, if something can be made there.
fn free(path: &Path) -> Result<PathBuf, ApplyError> {
    let named = || path.to_owned();
    if path.file_name().is_none() {
        return Err(ApplyError::NoName(named()));
    }
    if fs::symlink_metadata(path).is_ok() {
        return Err(ApplyError::Exists(named()));
    }
    match fs::metadata(parent_of(path)) {
        Ok(about) if about.is_dir() => Ok(named()),
        Ok(_) => Err(ApplyError::NoParent(named())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(ApplyError::NoParent(named())),
        Err(error) => Err(ApplyError::io("look into", parent_of(path))(error)),
    }
}

/// The folder or file that a log is, by its own name and not that of a link to it.
fn place_of(log: &Log) -> Result<PathBuf, ApplyError> {
    let path = if log.has_manifest() {
        log.folder().path().to_owned()
    } else {
        file(log.folder(), log.name())?
    };
    fs::canonicalize(&path).map_err(ApplyError::io("find", &path))
}

fn file(folder: &Folder, name: &[u8]) -> Result<PathBuf, ApplyError> {
    folder
        .file(name)
        .map_err(ApplyError::io("make a file in", folder.path()))
}

fn sync_parent(path: &Path) -> Result<(), ApplyError> {
    rename::sync_parent(path).map_err(ApplyError::io("sync", parent_of(path)))
}

fn same(seen: &Seen, name: &[u8], path: &Path, open: &File, still: bool) -> Result<(), ApplyError> {
    match seen.change(name, open, still) {
        Ok(None) => Ok(()),
        Ok(Some(what)) => Err(ApplyError::Changed {
            path: path.to_owned(),
            what,
        }),
        Err(error) => Err(ApplyError::io("look at", path)(error)),
    }
}

#[cfg(test)]
mod tests;
