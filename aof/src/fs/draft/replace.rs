//! Taking the place of an old log, which stays as a backup.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::fs::copy::{self, Copied};
use crate::fs::draft::temporary::{Temporary, carry};
use crate::fs::draft::{file, same, sync_parent};
use crate::fs::{ApplyError, Log, Seen, rename, writers};
use crate::source::Source;

/// Nobody is seen to write to the log.
pub(super) fn unheld(log: &Log, seen: &Seen) -> Result<(), ApplyError> {
    let names: Vec<&[u8]> = seen.names().collect();
    match writers(log.folder(), &names).into_iter().next() {
        Some(writer) => Err(ApplyError::Held(writer)),
        None => Ok(()),
    }
}

/// Nothing has been written to the old log since it was read.
pub(super) fn unchanged(log: &Log, seen: &Seen) -> Result<(), ApplyError> {
    for name in seen.names() {
        let path = file(log.folder(), name)?;
        let open = File::open(&path).map_err(ApplyError::io("open", &path))?;
        same(seen, name, &path, &open, true)?;
    }
    Ok(())
}

/// What lies in the old folder and has no successor of its name in the new one.
pub(super) fn others(old: &Log, new: &Log) -> Result<Vec<Vec<u8>>, ApplyError> {
    let names = |log: &Log| {
        let listed = log.folder().list().map(Option::unwrap_or_default);
        let names = listed.map(|l| l.into_iter().map(|file| file.name).collect());
        names.map_err(ApplyError::io("list", log.folder().path()))
    };
    let (before, after): (BTreeSet<Vec<u8>>, BTreeSet<Vec<u8>>) = (names(old)?, names(new)?);
    Ok(before.difference(&after).cloned().collect())
}

/// Exchanges the draft with the folder it replaces, which then gets its backup name.
pub(super) fn replace_folder(
    draft: &mut Temporary,
    path: &Path,
    suffix: &str,
) -> Result<PathBuf, ApplyError> {
    // The draft's name must be on disk before it can become that of the old folder.
    sync_parent(path)?;
    rename::exchange(draft.path(), path).map_err(|source| ApplyError::NoExchange {
        path: path.to_owned(),
        source,
    })?;
    // What has this name now must never be removed.
    draft.keep();
    sync_parent(path)?;
    first_free(path, suffix, |backup| {
        rename::no_replace(draft.path(), backup)
    })
    .map_err(ApplyError::io(
        "give its backup name to the old folder, which is now",
        draft.path(),
    ))
}

/// Gives the old file a second name, which it keeps when the draft takes its first.
pub(super) fn replace_file(
    draft: &mut Temporary,
    path: &Path,
    suffix: &str,
) -> Result<PathBuf, ApplyError> {
    let backup = first_free(path, suffix, |backup| match fs::hard_link(path, backup) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => copy_whole(path, backup),
        other => other,
    })
    .map_err(ApplyError::io("keep a backup of", path))?;
    let replaced = sync_parent(path)
        .and_then(|()| fs::rename(draft.path(), path).map_err(ApplyError::io("replace", path)));
    match replaced {
        Ok(()) => draft.keep(),
        // The old file is in its place; a second name for it is of no use.
        Err(_) => _ = fs::remove_file(&backup),
    }
    replaced.map(|()| backup)
}

/// For file systems without links.
fn copy_whole(path: &Path, backup: &Path) -> io::Result<()> {
    let mut from = File::open(path)?;
    let about = from.metadata()?;
    let mut to = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(backup)?;
    let copied = copy::append(
        &mut from,
        &(0..about.len()),
        &mut to,
        &mut Copied::default(),
    )
    .and_then(|()| {
        carry(&about, &to, backup)?;
        to.sync_all()
    });
    if copied.is_err() {
        _ = fs::remove_file(backup);
    }
    copied
}

/// `path` with `suffix`, and `-1`, `-2` and so on behind it, until `make` does
/// not find it taken.
fn first_free(
    path: &Path,
    suffix: &str,
    mut make: impl FnMut(&Path) -> io::Result<()>,
) -> io::Result<PathBuf> {
    let mut number = 0;
    loop {
        let mut name = OsString::from(path.file_name().unwrap_or(OsStr::new("log")));
        name.push(suffix);
        if number > 0 {
            name.push(format!("-{number}"));
        }
        let backup = path.with_file_name(name);
        match make(&backup) {
            Ok(()) => return Ok(backup),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 1000 => {
                number += 1
            }
            Err(error) => return Err(error),
        }
    }
}
