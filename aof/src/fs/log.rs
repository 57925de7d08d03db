//! Finding a log by the path somebody typed.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rdbkit_rdb::redact::plain;

use crate::fs::folder::{Folder, name_bytes};
use crate::fs::shown::shown;
use crate::set::{Set, SetError};
use crate::sniff::{Layout, sniff};
use crate::source::Source;

/// Where a log lies: the folder of its files, and the file to begin with.
///
/// # Examples
///
/// ```no_run
/// use rdbkit_aof::{fs::Log, walk};
/// # struct Nothing;
/// # impl walk::Visitor for Nothing { fn unit(&mut self, _: &walk::Unit<'_>) {} }
///
/// let log = Log::find("/var/lib/redis/appendonlydir")?;
/// let ends = walk::walk(&log.set()?, log.folder(), &mut Nothing);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    folder: Folder,
    name: Vec<u8>,
    manifest: bool,
}

/// Why no log was found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FindError {
    /// The operating system refused.
    #[error("cannot open {}: {source}", shown(path))]
    Io {
        /// What was named.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A folder without a manifest.
    #[error("{}: no manifest in this folder{}", shown(path), hint(.inside.as_deref()))]
    NoManifest {
        /// The folder.
        path: PathBuf,
        /// A folder in it that has one.
        inside: Option<PathBuf>,
    },
    /// A folder with several manifests.
    #[error("{}: several manifests in this folder ({}); name one of them", shown(path), names.join(", "))]
    SeveralManifests {
        /// The folder.
        path: PathBuf,
        /// Their names, in order.
        names: Vec<String>,
    },
    /// The path ends in no name.
    #[error("{} is no file", shown(.0))]
    NoName(PathBuf),
}

fn hint(inside: Option<&Path>) -> String {
    inside.map_or_else(String::new, |path| {
        format!("; did you mean {}?", shown(path))
    })
}

impl Log {
    /// A log whose layout is known.
    pub(super) fn new(folder: Folder, name: Vec<u8>, manifest: bool) -> Log {
        Log {
            folder,
            name,
            manifest,
        }
    }

    /// Looks at `path`: a folder with a manifest, a manifest, or a single file.
    /// What the files hold is not judged here.
    ///
    /// # Errors
    ///
    /// [`FindError`].
    pub fn find(path: impl AsRef<Path>) -> Result<Log, FindError> {
        let path = path.as_ref();
        let failed = |source| FindError::Io {
            path: path.to_owned(),
            source,
        };
        if fs::metadata(path).map_err(failed)?.is_dir() {
            return in_folder(path);
        }
        let name = path
            .file_name()
            .ok_or_else(|| FindError::NoName(path.to_owned()))?;
        let folder = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let manifest = path
            .extension()
            .is_some_and(|extension| extension == "manifest")
            || is_manifest(path).map_err(failed)?;
        let name = name_bytes(name);
        let folder = match manifest {
            true => Folder::new(folder),
            false => Folder::with_named(folder, name.clone()),
        };
        Ok(Log {
            folder,
            name,
            manifest,
        })
    }

    /// The files, to be opened by name.
    #[must_use]
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// The name of the manifest, or of the single file.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// Whether the log has a manifest.
    #[must_use]
    pub fn has_manifest(&self) -> bool {
        self.manifest
    }

    /// The files that are loaded.
    ///
    /// # Errors
    ///
    /// As [`Set::open`].
    pub fn set(&self) -> Result<Set, SetError> {
        if self.manifest {
            Set::open(&self.folder, &self.name)
        } else {
            Ok(Set::single(self.name.clone()))
        }
    }

    /// Of a single file: the manifest beside it that lists it as a part of a log
    /// servers load. A manifest that cannot be read lists nothing here.
    #[must_use]
    pub fn listed_in(&self) -> Option<PathBuf> {
        if self.manifest {
            return None;
        }
        let lists = |manifest: &Vec<u8>| {
            let set = Set::open(&self.folder, manifest);
            set.is_ok_and(|set| set.files().iter().any(|file| file.name == self.name))
        };
        let manifest = manifests(&self.folder).ok()?.into_iter().find(lists)?;
        self.folder.file(&manifest).ok()
    }
}

/// Whether the file begins as a manifest does. Nothing is read of what is no
/// regular file: a pipe would lose those bytes, and its writer the reader.
fn is_manifest(path: &Path) -> io::Result<bool> {
    if !fs::metadata(path)?.is_file() {
        return Ok(false);
    }
    let mut head = Vec::new();
    File::open(path)?.take(16).read_to_end(&mut head)?;
    Ok(sniff(&head) == Layout::Manifest)
}

fn in_folder(path: &Path) -> Result<Log, FindError> {
    let folder = Folder::new(path);
    let mut names = manifests(&folder).map_err(|source| FindError::Io {
        path: path.to_owned(),
        source,
    })?;
    match names.len() {
        0 => Err(FindError::NoManifest {
            path: path.to_owned(),
            inside: inside(path),
        }),
        1 => Ok(Log {
            folder,
            name: names.swap_remove(0),
            manifest: true,
        }),
        _ => Err(FindError::SeveralManifests {
            path: path.to_owned(),
            names: names.iter().map(|n| plain(n).to_string()).collect(),
        }),
    }
}

/// The names of the manifests in a folder; one that was being written does not count.
fn manifests(folder: &Folder) -> io::Result<Vec<Vec<u8>>> {
    let listed = folder.list()?.unwrap_or_default();
    let mut names: Vec<Vec<u8>> = listed
        .into_iter()
        .filter(|file| {
            file.is_file && file.name.ends_with(b".manifest") && !file.name.starts_with(b"temp-")
        })
        .map(|file| file.name)
        .collect();
    names.sort();
    Ok(names)
}

/// A folder in this one that holds a manifest: somebody named the data folder.
fn inside(path: &Path) -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir(path)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|inner| {
            inner.is_dir() && manifests(&Folder::new(inner)).is_ok_and(|m| !m.is_empty())
        })
        .collect();
    folders.sort();
    folders.into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, bytes: &[u8]) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    #[test]
    fn logs_are_found_by_what_people_type() {
        let data = tempfile::tempdir().unwrap();
        let dir = data.path().join("appendonlydir");
        let manifest = dir.join("a.aof.manifest");
        write(&manifest, b"file a.aof.1.incr.aof seq 1 type i\n");
        write(&dir.join("temp-a.aof.manifest"), b"");
        write(&dir.join("a.aof.1.incr.aof"), b"*1\r\n$4\r\nPING\r\n");
        for path in [&dir, &manifest] {
            let log = Log::find(path).unwrap();
            assert_eq!(
                (log.name(), log.has_manifest()),
                (&b"a.aof.manifest"[..], true)
            );
            assert_eq!(log.set().unwrap().files().len(), 1);
        }
        let single = Log::find(dir.join("a.aof.1.incr.aof")).unwrap();
        assert!(!single.has_manifest());
        assert_eq!(single.set().unwrap(), Set::single(b"a.aof.1.incr.aof"));
        // The name does not matter where the content tells.
        write(&dir.join("copy"), b"file x seq 1 type i\n");
        assert!(Log::find(dir.join("copy")).unwrap().has_manifest());
    }

    #[test]
    fn what_is_no_log_is_said() {
        let data = tempfile::tempdir().unwrap();
        let fails = |path: &Path| Log::find(path).unwrap_err().to_string();
        assert!(fails(&data.path().join("no")).starts_with("cannot open "));
        assert!(fails(data.path()).ends_with("no manifest in this folder"));
        let dir = data.path().join("appendonlydir");
        write(&dir.join("a.manifest"), b"");
        let said = fails(data.path());
        assert!(
            said.contains("did you mean") && said.contains("appendonlydir?"),
            "{said}"
        );
        write(&dir.join("b.manifest"), b"");
        assert!(fails(&dir).contains("(a.manifest, b.manifest)"));
    }

    #[test]
    fn names_stay_in_the_folder() {
        let folder = Folder::new("/nowhere");
        for name in [&b""[..], b".", b"..", b"a/b", b"a\\b", b"a\0b"] {
            assert!(folder.file(name).is_err());
        }
        assert_eq!(folder.file(b"a").unwrap(), Path::new("/nowhere/a"));
    }
}
