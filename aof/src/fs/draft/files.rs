//! Writing the files of a draft.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::edit::{Output, OutputFile, Piece};
use crate::fs::copy;
use crate::fs::draft::temporary::carry;
use crate::fs::draft::{Written, file, same};
use crate::fs::{ApplyError, Folder, Seen, rename};

/// The files of a draft, as they come into being.
pub(super) struct Files<'o> {
    pub(super) output: &'o Output,
    pub(super) old: &'o Folder,
    pub(super) seen: &'o Seen,
    pub(super) new: Folder,
    /// What the file of a log without a manifest is called until it is finished.
    pub(super) single: Vec<u8>,
    pub(super) written: Written,
}

impl Files<'_> {
    /// Writes and syncs all of them, the manifest last, and the folder `draft`.
    pub(super) fn write(&mut self, draft: &Path) -> Result<(), ApplyError> {
        // Bytes that files share take no space: share first, then see whether the rest fits.
        let mut heads = Vec::with_capacity(self.output.files.len());
        for file in &self.output.files {
            heads.push(self.begin(file)?);
        }
        self.room()?;
        for (file, head) in self.output.files.iter().zip(heads) {
            self.fill(file, head)?;
        }
        if let Some((name, manifest)) = &self.output.manifest {
            let path = file(&self.new, name)?;
            let mut text = Vec::new();
            manifest.write(&mut text);
            let wrote = create(&path).and_then(|mut to| {
                to.write_all(&text)?;
                self.carry(&self.model(name), &to, &path)?;
                to.sync_all()
            });
            wrote.map_err(ApplyError::io("write", &path))?;
            self.written.copied.written += text.len() as u64;
            self.written.files += 1;
            let failed = |doing| ApplyError::io(doing, draft);
            let about = fs::metadata(self.old.path())
                .map_err(ApplyError::io("look at", self.old.path()))?;
            let folder = File::open(draft).map_err(failed("open"))?;
            self.carry(&Some(about), &folder, draft)
                .map_err(failed("set the permissions of"))?;
            rename::sync_folder(draft).map_err(failed("sync"))?;
        }
        Ok(())
    }

    /// Where a file of the new log is written.
    fn path(&self, new: &OutputFile) -> Result<PathBuf, ApplyError> {
        let name = if self.output.manifest.is_some() {
            &new.name
        } else {
            &self.single
        };
        file(&self.new, name)
    }

    /// Makes a file, which is empty or has its first piece already; how many
    /// bytes that are.
    fn begin(&mut self, new: &OutputFile) -> Result<u64, ApplyError> {
        let path = self.path(new)?;
        let to = if self.output.manifest.is_some() {
            create(&path)
        } else {
            OpenOptions::new().write(true).open(&path)
        };
        let to = to.map_err(ApplyError::io("make", &path))?;
        let Some(Piece::Copy { from, range }) = new.pieces.first() else {
            return Ok(0);
        };
        if range.start > 0 {
            return Ok(0);
        }
        let (from, _) = self.open(from)?;
        let cloned =
            copy::clone_head(&from, range.end, &to).map_err(ApplyError::io("write", &path))?;
        Ok(if cloned { range.end } else { 0 })
    }

    /// Appends what is not in the file yet, and syncs it.
    fn fill(&mut self, new: &OutputFile, head: u64) -> Result<(), ApplyError> {
        let path = self.path(new)?;
        let failed = |doing| ApplyError::io(doing, &path);
        // Read, too: the owner of a clone may have to be told from its descriptor.
        let mut to = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .map_err(failed("open"))?;
        self.written.copied.cloned += head;
        for (index, piece) in new.pieces.iter().enumerate() {
            match piece {
                Piece::Copy { .. } if index == 0 && head > 0 => {}
                Piece::Copy { from: name, range } => {
                    let (mut from, old) = self.open(name)?;
                    let copied = copy::append(&mut from, range, &mut to, &mut self.written.copied);
                    same(self.seen, name, &old, &from, false)?;
                    copied.map_err(failed("write"))?;
                }
                Piece::Bytes(bytes) => {
                    to.seek(SeekFrom::End(0))
                        .and_then(|_| to.write_all(bytes))
                        .map_err(failed("write"))?;
                    self.written.copied.written += bytes.len() as u64;
                }
            }
        }
        self.carry(&self.model(&new.name), &to, &path)
            .map_err(failed("set the permissions of"))?;
        to.sync_all().map_err(failed("sync"))?;
        self.written.files += 1;
        Ok(())
    }

    /// A file of the old log, if it is the one that was planned with.
    fn open(&self, name: &[u8]) -> Result<(File, PathBuf), ApplyError> {
        let path = file(self.old, name)?;
        let open = File::open(&path).map_err(ApplyError::io("open", &path))?;
        same(self.seen, name, &path, &open, false)?;
        Ok((open, path))
    }

    /// The old file of that name.
    fn model(&self, name: &[u8]) -> Option<Metadata> {
        fs::metadata(self.old.file(name).ok()?).ok()
    }

    fn carry(&mut self, model: &Option<Metadata>, to: &File, path: &Path) -> io::Result<()> {
        if let Some(model) = model {
            self.written.owner_kept &= carry(model, to, path)?;
        }
        Ok(())
    }

    /// Whether what is left to write fits the disk, as far as it tells.
    fn room(&self) -> Result<(), ApplyError> {
        #[cfg(unix)]
        {
            let bytes: u64 = self.output.files.iter().map(OutputFile::len).sum();
            let needed = bytes.saturating_sub(self.cloned()?);
            let path = crate::fs::error::parent_of(&self.written.path);
            if let Ok(disk) = rustix::fs::statvfs(path) {
                let free = disk.f_bavail.saturating_mul(disk.f_frsize);
                if disk.f_blocks > 0 && free < needed {
                    return Err(ApplyError::Room {
                        path: self.written.path.clone(),
                        needed,
                        free,
                    });
                }
            }
        }
        Ok(())
    }

    /// Bytes that are in the files of the draft already.
    #[cfg(unix)]
    fn cloned(&self) -> Result<u64, ApplyError> {
        let mut bytes = 0;
        for new in &self.output.files {
            let path = self.path(new)?;
            bytes += fs::metadata(&path)
                .map_err(ApplyError::io("look at", &path))?
                .len();
        }
        Ok(bytes)
    }
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}
