//! The line on a terminal that tells how far a long job is.
//!
//! Whatever reads a file that may be large adds to one counter, a window at a time, and
//! says now and then what is read. Looking at that is the part of a thread of its own,
//! which runs only where there is a terminal to draw on; see [`Screen`]. A crate for that
//! (`indicatif`) would add 157 KiB to the program.

mod line;
mod screen;
mod source;

use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rdbkit_aof::fs::shown;

pub use screen::{Screen, Shared};
pub use source::{Files, bytes, read_log};

/// Bytes read by the program.
static READ: AtomicU64 = AtomicU64::new(0);

/// Whether anybody looks.
static WATCHED: AtomicBool = AtomicBool::new(false);

static WORK: Mutex<Option<Work>> = Mutex::new(None);

/// What is read at the moment.
#[derive(Clone, Debug)]
struct Work {
    name: String,
    /// Bytes that there are; `None` of a pipe.
    total: Option<u64>,
    /// What [`READ`] was when it began.
    from: u64,
    began: Instant,
    /// Whether it consists of several files, which are not named one by one.
    is_whole: bool,
}

/// Notes that bytes of an input were read.
pub fn count(bytes: usize) {
    READ.fetch_add(bytes as u64, Ordering::Relaxed);
}

/// Notes that what is read from now on is this file, unless it is part of a [`Job`].
pub fn begin(path: &Path, total: Option<u64>) {
    if WATCHED.load(Ordering::Relaxed) {
        let mut work = work();
        if !work.as_ref().is_some_and(|work| work.is_whole) {
            *work = Some(Work::new(name(path), total, false));
        }
    }
}

/// Several files that are told as one, until it is dropped.
#[derive(Debug)]
#[must_use]
pub struct Job {
    is_outer: bool,
}

impl Job {
    /// Begins one, unless it is part of another. How many bytes it has is asked only
    /// where somebody looks.
    pub fn begin(path: &Path, total: impl FnOnce() -> Option<u64>) -> Job {
        Job::named(|| name(path), total)
    }

    /// Begins one that is more than one path.
    pub fn named(name: impl FnOnce() -> String, total: impl FnOnce() -> Option<u64>) -> Job {
        if !WATCHED.load(Ordering::Relaxed) {
            return Job { is_outer: false };
        }
        let new = Work::new(name(), total(), true);
        let mut work = work();
        let is_outer = !work.as_ref().is_some_and(|work| work.is_whole);
        if is_outer {
            *work = Some(new);
        }
        Job { is_outer }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if self.is_outer {
            *work() = None;
        }
    }
}

impl Work {
    fn new(name: String, total: Option<u64>, is_whole: bool) -> Work {
        Work {
            name,
            total,
            from: READ.load(Ordering::Relaxed),
            began: Instant::now(),
            is_whole,
        }
    }
}

/// Nobody panics while it is held, and if so, no line is worth a second panic.
fn work() -> MutexGuard<'static, Option<Work>> {
    WORK.lock().unwrap_or_else(PoisonError::into_inner)
}

fn name(path: &Path) -> String {
    match path == Path::new("-") {
        true => "standard input".to_owned(),
        false => shown(path).to_string(),
    }
}

/// A reader whose bytes count.
#[derive(Debug)]
pub struct Counted<R>(pub R);

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(buf)?;
        count(read);
        Ok(read)
    }
}
