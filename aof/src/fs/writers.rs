//! Who has files of a log open for writing.

use std::fmt;
use std::path::PathBuf;

use crate::fs::Folder;

/// A program that has a file open for writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writer {
    /// Its process.
    pub pid: u32,
    /// What it is called, such as `redis-server`.
    pub name: String,
    /// The file.
    pub path: PathBuf,
}

/// `redis-server (process 4711)`.
impl fmt::Display for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (process {})", self.name, self.pid)
    }
}

/// The programs that have one of the files of `folder` open for writing, each
/// with one of them, as far as can be told: on Linux, of the processes of this
/// machine and container that the caller may look into. A server that runs
/// keeps its last increment open all the time.
#[must_use]
pub fn writers(folder: &Folder, names: &[&[u8]]) -> Vec<Writer> {
    #[cfg(target_os = "linux")]
    return linux::writers(folder, names);
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (folder, names);
        Vec::new()
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::ffi::OsStr;
    use std::fs;
    use std::path::{Path, PathBuf};

    use crate::fs::seen::identity;
    use crate::fs::{Folder, Writer};

    /// `O_WRONLY | O_RDWR`.
    const WRITES: u32 = 0o3;

    pub(super) fn writers(folder: &Folder, names: &[&[u8]]) -> Vec<Writer> {
        let wanted: Vec<((u64, u64), PathBuf)> = names
            .iter()
            .filter_map(|name| {
                let path = folder.file(name).ok()?;
                Some((identity(&fs::metadata(&path).ok()?), path))
            })
            .collect();
        let mut found = Vec::new();
        for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let Some(pid) = process.file_name().to_str().and_then(|n| n.parse().ok()) else {
                continue;
            };
            let process = process.path();
            if let Some(path) = held(&process, &wanted) {
                let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
                let name = name.trim_end().to_owned();
                found.push(Writer { pid, name, path });
            }
        }
        found.sort_by_key(|writer| writer.pid);
        found
    }

    /// Which of the files a process writes. What may not be looked at does not count.
    fn held(process: &Path, wanted: &[((u64, u64), PathBuf)]) -> Option<PathBuf> {
        let open = fs::read_dir(process.join("fd")).ok()?;
        open.flatten().find_map(|fd| {
            // Follows to the open file itself, whatever its name is by now.
            let about = fs::metadata(fd.path()).ok()?;
            let (_, path) = wanted.iter().find(|(id, _)| *id == identity(&about))?;
            writes(process, &fd.file_name()).then(|| path.clone())
        })
    }

    fn writes(process: &Path, fd: &OsStr) -> bool {
        let about = fs::read_to_string(process.join("fdinfo").join(fd)).unwrap_or_default();
        let flags = about.lines().find_map(|line| line.strip_prefix("flags:"));
        flags
            .and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok())
            .is_some_and(|flags| flags & WRITES != 0)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs::{File, OpenOptions};

    use super::*;

    #[test]
    fn whoever_writes_is_found_and_who_reads_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.1.incr.aof");
        File::create(&path).unwrap();
        let folder = Folder::new(dir.path());
        let names: [&[u8]; 2] = [b"none", b"a.1.incr.aof"];
        let reader = File::open(&path).unwrap();
        assert_eq!(writers(&folder, &names), []);
        drop(reader);
        let writer = OpenOptions::new().append(true).open(&path).unwrap();
        let found = writers(&folder, &names);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].pid, &found[0].path), (std::process::id(), &path));
        assert!(!found[0].name.is_empty());
        drop(writer);
        assert_eq!(writers(&folder, &names), []);
    }
}
