//! Giving files and folders their names, so that it survives a power failure.

use std::fs;
use std::io;
use std::path::Path;

use crate::fs::error::parent_of;

/// Renames `from` to `to`, which must not be there.
///
/// # Errors
///
/// [`io::ErrorKind::AlreadyExists`], or of the operating system.
pub(super) fn no_replace(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;

        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // Some network file systems know no flags.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            other => return Ok(other?),
        }
    }
    // Between looking and renaming somebody may make an empty folder there,
    // which is then lost; a file, or a folder with something in it, is an error.
    if fs::symlink_metadata(to).is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    if fs::metadata(from)?.is_dir() {
        return fs::rename(from, to);
    }
    fs::hard_link(from, to)?;
    fs::remove_file(from)
}

/// Exchanges two folders in one step.
///
/// # Errors
///
/// Of the operating system; [`io::ErrorKind::Unsupported`] where it cannot be done.
pub(super) fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
    }
    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    {
        let _ = (one, other);
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Makes what happened to the names in a folder last.
///
/// # Errors
///
/// Of the operating system.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        match fs::File::open(folder)?.sync_all() {
            // Some network file systems do not sync folders.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            other => other,
        }
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        Ok(())
    }
}

/// As [`sync_folder`], of the folder that holds `path`.
///
/// # Errors
///
/// Of the operating system.
pub(super) fn sync_parent(path: &Path) -> io::Result<()> {
    sync_folder(parent_of(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("new"), "new").unwrap();
        fs::write(at("old"), "old").unwrap();
        fs::create_dir(at("folder")).unwrap();
        for taken in ["old", "folder"] {
            let error = no_replace(&at("new"), &at(taken)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        }
        no_replace(&at("new"), &at("other")).unwrap();
        assert_eq!(fs::read(at("other")).unwrap(), b"new");
        assert!(!at("new").exists());
        sync_parent(&at("other")).unwrap();
    }
}
