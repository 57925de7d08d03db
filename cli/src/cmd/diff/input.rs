//! The files that are compared: RDB files, or what of a log is one.

use std::fs;
use std::path::{Path, PathBuf};

use rdbkit_aof::fs::{Log, shown};
use rdbkit_aof::{FileKind, Layout, sniff};
use rdbkit_rdb::diff::ReadAt;

use crate::input::{HEAD, Input, packed_otherwise};
use crate::positioned::{Positioned, unpacked};

/// One of the two files.
#[derive(Debug)]
pub struct Compared {
    /// What was typed.
    pub named: PathBuf,
    /// The file that is read.
    pub path: PathBuf,
    /// Its bytes.
    pub file: Positioned,
    /// What of it is not compared.
    pub notes: Vec<String>,
}

const REPLAY: &str = "its data is what its commands make, and rdbkit replays none";

impl Compared {
    /// Opens what was named. What is compressed is unpacked to a file without a name
    /// in `temp`: it is read once more where the files differ.
    ///
    /// # Errors
    ///
    /// In words, why it cannot be compared.
    pub fn open(named: &Path, temp: Option<&Path>) -> Result<Compared, String> {
        let name = shown(named);
        if named == Path::new("-") {
            return Err(again("standard input"));
        }
        let cannot = |e| format!("cannot open {name}: {e}");
        let metadata = fs::metadata(named).map_err(cannot)?;
        if metadata.is_dir() {
            return base(named);
        }
        if !metadata.is_file() {
            return Err(again(&name.to_string()));
        }
        let input = Input::open(named).map_err(|e| e.to_string())?;
        let (file, note) = match input.into_file() {
            Ok(file) => (file, None),
            Err(input) => {
                let cannot = |e| format!("cannot unpack {name}: {e}");
                let (file, note) = unpacked(*input, temp).map_err(cannot)?;
                (file, note.map(|note| format!("{name}: {note}")))
            }
        };
        let file = Positioned(file);
        match kind(named, &file)? {
            Layout::Manifest => base(named),
            Layout::Commands => Err(format!("{name} is an append-only file: {REPLAY}")),
            _ => Ok(Compared {
                named: named.to_owned(),
                path: named.to_owned(),
                file,
                notes: note.into_iter().collect(),
            }),
        }
    }

    /// Its bytes, the part that is not compared among them.
    #[must_use]
    pub fn len(&self) -> Option<u64> {
        Some(self.file.0.metadata().ok()?.len())
    }

    /// Notes what comes behind the RDB part, which ends at `end`.
    pub fn note_rest(&mut self, end: u64) {
        let mut next = [0];
        let read = self.file.read_at(&mut next, end).unwrap_or(0);
        if read == 1 && matches!(next[0], b'*' | b'#') {
            let path = shown(&self.path);
            self.notes.push(format!(
                "{path}: commands follow from byte {end} on; they are not replayed: only the RDB \
                 part before them is compared"
            ));
        }
    }
}

fn again(what: &str) -> String {
    format!(
        "{what} is no regular file: diff reads once more where files differ; write it to a file \
         first"
    )
}

/// What a file begins as.
fn kind(path: &Path, file: &Positioned) -> Result<Layout, String> {
    let name = shown(path);
    let mut head = [0; HEAD];
    let read = file.read_at(&mut head, 0);
    let read = read.map_err(|e| format!("cannot read {name}: {e}"))?;
    let head = &head[..read];
    // It is no pipe that can be read twice.
    if let Some(what) = packed_otherwise(head, "check") {
        let what = what.split("; ").next().unwrap_or(&what);
        return Err(format!("{name} is {what}; unpack it first"));
    }
    match sniff(head) {
        Layout::Empty => Err(format!("{name} is empty")),
        layout => Ok(layout),
    }
}

/// The base of a log.
fn base(named: &Path) -> Result<Compared, String> {
    let name = shown(named);
    let log = Log::find(named).map_err(|e| e.to_string())?;
    let set = log.set().map_err(|e| format!("{name}: {e}"))?;
    let base = set.files().iter().find(|file| file.kind == FileKind::Base);
    let Some(base) = base else {
        return Err(format!("{name}: the log has no base: {REPLAY}"));
    };
    let cannot = |e| format!("{name}: cannot open its base: {e}");
    let path = log.folder().file(&base.name).map_err(cannot)?;
    let file = Positioned(log.folder().open_file(&base.name).map_err(cannot)?);
    if kind(&path, &file)? == Layout::Commands {
        let base = shown(&path);
        return Err(format!("{name}: its base {base} is of commands: {REPLAY}"));
    }
    let increments = set
        .files()
        .iter()
        .filter(|file| file.kind == FileKind::Increment);
    let notes = match increments.count() {
        0 => Vec::new(),
        n => vec![format!(
            "{name}: only the base {} is compared; {n} increments behind it are not replayed",
            shown(&path)
        )],
    };
    Ok(Compared {
        named: named.to_owned(),
        path,
        file,
        notes,
    })
}
