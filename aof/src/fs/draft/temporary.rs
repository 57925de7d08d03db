//! The name a draft has until it is finished, and whose it is.

use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use crate::fs::ApplyError;

/// A new file or folder that is removed when this is dropped.
#[derive(Debug)]
pub(super) struct Temporary {
    path: PathBuf,
    keep: bool,
}

impl Temporary {
    /// Makes one beside `path`, open to nobody else. What a program that was
    /// killed has left behind is not in the way, and is not touched.
    pub(super) fn beside(path: &Path, folder: bool) -> Result<Temporary, ApplyError> {
        let Some(name) = path.file_name() else {
            return Err(ApplyError::NoName(path.to_owned()));
        };
        let mut number = 0;
        loop {
            let mut hidden = OsString::from(".");
            hidden.push(name);
            hidden.push(format!(".rdbkit-{}-{number}", std::process::id()));
            let path = path.with_file_name(hidden);
            match make(&path, folder) {
                Ok(()) => return Ok(Temporary { path, keep: false }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 1000 => {
                    number += 1;
                }
                Err(error) => return Err(ApplyError::io("make", &path)(error)),
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// From now on it is not removed.
    pub(super) fn keep(&mut self) {
        self.keep = true;
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if self.keep {
            return;
        }
        // Nobody is left to be told of a failure, and an error is on its way already.
        _ = match fs::symlink_metadata(&self.path) {
            Ok(about) if about.is_dir() => fs::remove_dir_all(&self.path),
            _ => fs::remove_file(&self.path),
        };
    }
}

fn make(path: &Path, folder: bool) -> io::Result<()> {
    #[cfg_attr(not(unix), allow(unused_mut))] // without a mode nothing is set
    let mut builder = fs::DirBuilder::new();
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        builder.mode(0o700);
        options.mode(0o600);
    }
    if folder {
        builder.create(path)
    } else {
        options.open(path).map(drop)
    }
}

/// Gives `to` the owner and the permissions of `model`, and its owner the right
/// to write: a server needs it, and a backup may lack it. Whether it has the owner.
pub(super) fn carry(model: &Metadata, to: &File, path: &Path) -> io::Result<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
        let now = to.metadata()?;
        let same = (now.uid(), now.gid()) == (model.uid(), model.gid());
        let owned = same || fchown(to, Some(model.uid()), Some(model.gid())).is_ok();
        let least = if model.is_dir() { 0o700 } else { 0o600 };
        let mode = model.mode() & 0o777 | least;
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
        Ok(owned)
    }
    #[cfg(not(unix))]
    {
        let _ = (model, to, path);
        Ok(true)
    }
}
