//! A new file: whole and on disk under its name, or not there at all.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rdbkit_aof::fs::shown;
use tempfile::{Builder, NamedTempFile};

/// A file that gets its name when it is complete. Dropped before, it is removed.
#[derive(Debug)]
pub struct NewFile {
    temporary: NamedTempFile,
    path: PathBuf,
    force: bool,
}

impl NewFile {
    /// Begins a file beside where it is to be.
    ///
    /// # Errors
    ///
    /// In words: it is there already and `force` was not given, it is the
    /// `source`, or it cannot be made.
    pub fn create(path: &Path, force: bool, source: &Path) -> Result<NewFile, String> {
        let place = shown(path);
        if path.is_dir() {
            return Err(format!("{place} is a folder"));
        }
        if is_source(path, source) {
            return Err(format!("{place} is the source; write to another file"));
        }
        // What is written beside it would take the place of a pipe or a device.
        if fs::metadata(path).is_ok_and(|about| !about.is_file()) {
            return Err(format!(
                "{place} is no regular file; to write into it: -o - > {place}"
            ));
        }
        if !force && fs::symlink_metadata(path).is_ok() {
            return Err(format!("{place} is there already; --force replaces it"));
        }
        let name = path
            .file_name()
            .ok_or_else(|| format!("{place} is no name of a file"))?;
        let mut prefix = std::ffi::OsString::from(".");
        prefix.push(name);
        let mut builder = Builder::new();
        builder.prefix(&prefix).suffix(".rdbkit");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // Those of any new file: less what the umask takes away.
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let temporary = builder
            .tempfile_in(folder(path))
            .map_err(|e| match e.kind() {
                io::ErrorKind::NotFound => {
                    format!(
                        "cannot write {place}: there is no folder {}",
                        shown(folder(path))
                    )
                }
                _ => format!("cannot make a file beside {place}: {e}"),
            })?;
        Ok(NewFile {
            temporary,
            path: path.to_owned(),
            force,
        })
    }

    /// What to write to.
    pub fn file(&mut self) -> &mut File {
        self.temporary.as_file_mut()
    }

    /// Makes sure that all is on disk, then gives it its name.
    ///
    /// # Errors
    ///
    /// Of the operating system; also where the name was taken meanwhile.
    pub fn keep(self) -> io::Result<()> {
        self.temporary.as_file().sync_all()?;
        let named = match self.force {
            true => self.temporary.persist(&self.path),
            false => self.temporary.persist_noclobber(&self.path),
        };
        named.map_err(|e| e.error)?;
        // The name too has to be on disk; not every system can say so.
        #[cfg(unix)]
        File::open(folder(&self.path))?.sync_all()?;
        Ok(())
    }
}

/// Whether it is the file that is read, by whatever name.
fn is_source(path: &Path, source: &Path) -> bool {
    if source == Path::new("-") {
        return is_stdin(path);
    }
    matches!((fs::canonicalize(path), fs::canonicalize(source)), (Ok(new), Ok(old)) if new == old)
}

/// Whether standard input comes from this file.
fn is_stdin(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        use std::os::unix::fs::MetadataExt;
        let stdin = io::stdin().as_fd().try_clone_to_owned().map(File::from);
        let (Ok(new), Ok(old)) = (fs::metadata(path), stdin.and_then(|file| file.metadata()))
        else {
            return false;
        };
        (new.dev(), new.ino()) == (old.dev(), old.ino())
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// The folder of a file, which may be the one at hand.
pub(crate) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}
