//! The files of a log, counted while they are read.

use std::io::{self, Read};
use std::path::Path;

use rdbkit_aof::{Listed, Set, Source};

use super::{Counted, Job};

/// Files of which what is read counts.
#[derive(Clone, Copy)]
pub struct Files<'s>(pub &'s dyn Source);

impl Source for Files<'_> {
    fn open(&self, name: &[u8]) -> io::Result<Box<dyn Read + Send + '_>> {
        Ok(Box::new(Counted(self.0.open(name)?)))
    }

    fn open_at(&self, name: &[u8], offset: u64) -> io::Result<Box<dyn Read + Send + '_>> {
        Ok(Box::new(Counted(self.0.open_at(name, offset)?)))
    }

    fn list(&self) -> io::Result<Option<Vec<Listed>>> {
        self.0.list()
    }

    fn size(&self, name: &[u8]) -> Option<u64> {
        self.0.size(name)
    }

    fn modified_ms(&self, name: &[u8]) -> Option<i64> {
        self.0.modified_ms(name)
    }
}

/// Bytes of all files of a log, where that can be told.
pub fn bytes(set: &Set, source: &dyn Source) -> Option<u64> {
    let files = set.files().iter();
    files.map(|file| source.size(&file.name)).sum()
}

/// The job of reading all files of a log.
pub fn read_log(path: &Path, set: &Set, source: &dyn Source) -> Job {
    Job::begin(path, || bytes(set, source))
}
