//! What there is in a folder: told by content, and by names where that does not tell.

use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use rdbkit_aof::{Layout, sniff};

use crate::cmd::check::log;
use crate::input::Input;

/// Something to be judged.
#[derive(Debug)]
pub struct Candidate {
    pub path: PathBuf,
    /// On disk; of a folder those of its files.
    pub bytes: u64,
    /// When it was last written to, in Unix seconds.
    pub modified: i64,
}

/// Something that is not judged, and why.
#[derive(Debug)]
pub struct Skipped {
    pub path: PathBuf,
    pub why: Why,
}

/// Why something is not judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Neither an RDB file nor a log.
    Other,
    /// A file servers write and then rename: by that name none loads it.
    Temporary,
    /// A folder that is no log; it is not looked into.
    Folder,
    /// No regular file.
    Special,
}

/// All there is.
#[derive(Debug, Default)]
pub struct Contents {
    pub candidates: Vec<Candidate>,
    pub skipped: Vec<Skipped>,
}

impl Contents {
    /// Looks at each file's first bytes, and into no folder but those that are logs.
    ///
    /// # Errors
    ///
    /// If the folder cannot be listed.
    pub fn of(folder: &Path) -> io::Result<Contents> {
        let mut contents = Contents::default();
        let entries = fs::read_dir(folder)?;
        let mut paths = entries
            .map(|entry| Ok(entry?.path()))
            .collect::<io::Result<Vec<_>>>()?;
        paths.sort();
        for path in paths {
            let about = fs::metadata(&path).ok();
            match about.as_ref().map(|about| kind(&path, about)) {
                // What cannot be looked at is told when it is judged.
                None if is_named(&path) => contents.take(path, None),
                None => contents.skip(path, Why::Other),
                Some(Ok(())) => contents.take(path, about.as_ref()),
                Some(Err(why)) => contents.skip(path, why),
            }
        }
        Ok(contents)
    }

    fn skip(&mut self, path: PathBuf, why: Why) {
        self.skipped.push(Skipped { path, why });
    }

    fn take(&mut self, path: PathBuf, about: Option<&Metadata>) {
        let (mut bytes, mut modified) = about.map_or((0, 0), |about| (about.len(), seconds(about)));
        if about.is_some_and(Metadata::is_dir) {
            // A log is as old as the file that was written to last.
            let inside = fs::read_dir(&path).into_iter().flatten().flatten();
            let files: Vec<Metadata> = inside.filter_map(|entry| entry.metadata().ok()).collect();
            bytes = files.iter().map(Metadata::len).sum();
            modified = files.iter().map(seconds).max().unwrap_or(modified);
        }
        self.candidates.push(Candidate {
            path,
            bytes,
            modified,
        });
    }
}

fn seconds(about: &Metadata) -> i64 {
    let since = |time: SystemTime| time.duration_since(UNIX_EPOCH).ok();
    let since = about.modified().ok().and_then(since);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0))
}

/// Whether a file or folder is to be judged.
fn kind(path: &Path, about: &Metadata) -> Result<(), Why> {
    if about.is_dir() {
        // Every file system of the ext family has one, which nobody but root can list.
        let is_of_system = path.file_name() == Some(OsStr::new("lost+found"));
        return match !is_of_system && log::is_log_folder(path) {
            true => Ok(()),
            false => Err(Why::Folder),
        };
    }
    if !about.is_file() {
        return Err(Why::Special);
    }
    if is_temporary(path) {
        return Err(Why::Temporary);
    }
    // A file named as a backup is one, whatever is in it: that may be what is wrong.
    match is_named(path) || is_ours(path) {
        true => Ok(()),
        false => Err(Why::Other),
    }
}

/// Whether it begins as an RDB file or a log, or is compressed and cannot be unpacked, so
/// that nobody knows.
fn is_ours(path: &Path) -> bool {
    let Ok(mut input) = Input::open(path) else {
        return true;
    };
    let mut head = Vec::with_capacity(16);
    match (&mut input).take(16).read_to_end(&mut head) {
        Ok(_) => matches!(sniff(&head), Layout::Rdb | Layout::Commands),
        Err(_) => true,
    }
}

/// `dump.rdb`, `a.aof.gz` and the like.
fn is_named(path: &Path) -> bool {
    let ends = |path: &Path, names: &[&str]| {
        let end = path.extension().and_then(OsStr::to_str);
        end.is_some_and(|end| names.iter().any(|name| end.eq_ignore_ascii_case(name)))
    };
    let packed = ["gz", "zst", "lz4", "xz", "bz2"];
    let inner = path.file_stem().map(Path::new);
    ends(path, &["rdb", "aof"])
        || ends(path, &packed) && inner.is_some_and(|inner| ends(inner, &["rdb", "aof"]))
}

/// `temp-123.rdb`, `temp-rewriteaof-bg-123.aof`.
fn is_temporary(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    name.starts_with(b"temp-") && (name.ends_with(b".rdb") || name.ends_with(b".aof"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_should_be_a_backup() {
        for name in ["a.rdb", "a.RDB", "b.aof.gz", "c.rdb.zst", "d.rdb.xz"] {
            assert!(is_named(Path::new(name)), "{name}");
        }
        for name in ["rdb", "a.gz", "a.rdb.txt", "a.tar.gz"] {
            assert!(!is_named(Path::new(name)), "{name}");
        }
        assert!(is_temporary(Path::new("x/temp-12.rdb")));
        assert!(!is_temporary(Path::new("x/temperature.rdb")));
    }
}
