//! What files were like when they were read, to tell later whether they still are.

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io;
use std::time::SystemTime;

use crate::fs::{ApplyError, Log};
use crate::set::Set;

/// What the files of a log were like. A plan is made from what was read; before
/// it is carried out, each file must be the same one still. One that has grown
/// since is: servers append, and the bytes that were read stay what they are.
#[derive(Clone, Debug, Default)]
pub struct Seen(BTreeMap<Vec<u8>, Stamp>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    /// Device and inode; zeros where the platform does not tell.
    identity: (u64, u64),
    len: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    fn of(about: &Metadata) -> Stamp {
        Stamp {
            identity: identity(about),
            len: about.len(),
            modified: about.modified().ok(),
        }
    }
}

/// Device and inode of a file.
pub(super) fn identity(about: &Metadata) -> (u64, u64) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        (about.dev(), about.ino())
    }
    #[cfg(not(unix))]
    {
        let _ = about;
        (0, 0)
    }
}

impl Seen {
    /// Looks at the files of `log`; to be called before the log is read. A file
    /// that is not there is passed over.
    ///
    /// # Errors
    ///
    /// Of the operating system; [`ApplyError::Changed`] for what is no regular
    /// file and can therefore not be read twice, such as a pipe.
    pub fn of(log: &Log, set: &Set) -> Result<Seen, ApplyError> {
        let names = set.files().iter().map(|file| file.name.as_slice());
        let mut seen = Seen::default();
        for name in names.chain([log.name()]) {
            let path = match log.folder().file(name) {
                Ok(path) => path,
                Err(_) => continue,
            };
            match std::fs::metadata(&path) {
                Ok(about) if about.is_file() => {
                    seen.0.insert(name.to_vec(), Stamp::of(&about));
                }
                Ok(_) => {
                    let source = io::Error::new(
                        io::ErrorKind::InvalidInput,
                        "it is no regular file, and an edit reads its input twice; save it to a file first",
                    );
                    return Err(ApplyError::io("edit", &path)(source));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(ApplyError::io("look at", &path)(error)),
            }
        }
        Ok(seen)
    }

    /// The names of the files.
    pub fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.0.keys().map(Vec::as_slice)
    }

    /// What has happened to an open file that should be the one called `name`,
    /// if it matters. With `still`, growing matters, too.
    pub(super) fn change(
        &self,
        name: &[u8],
        file: &File,
        still: bool,
    ) -> io::Result<Option<&'static str>> {
        let now = Stamp::of(&file.metadata()?);
        let Some(then) = self.0.get(name) else {
            return Ok(Some("has appeared"));
        };
        Ok(if now.identity != then.identity {
            Some("was replaced")
        } else if now.len < then.len {
            Some("has become shorter")
        } else if now.len == then.len && now.modified != then.modified {
            Some("was written to")
        } else if now.len > then.len && still {
            Some("has grown")
        } else {
            None
        })
    }
}
