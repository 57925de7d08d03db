//! From what goes of each file to the new files and their manifest.

use std::io;
use std::ops::Range;

use crate::edit::note::Note;
use crate::edit::output::{Output, OutputFile, Piece};
use crate::edit::plan::{Fate, FileChange};
use crate::manifest::{Entry, FileKind, Manifest};
use crate::set::Set;
use crate::source::Source;

/// Bytes that go, and what is put in their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    pub range: Range<u64>,
    pub insert: Vec<u8>,
}

/// What becomes of one file.
#[derive(Clone, Debug, Default)]
pub(super) struct Edit {
    /// Its length.
    pub length: u64,
    /// What goes, in order; they may touch, and do not overlap.
    pub gaps: Vec<Gap>,
    /// It leaves the log: why.
    pub left: Option<Fate>,
}

/// The new log, what becomes of each file, and whether the manifest says
/// anything new.
pub(super) type Assembled = (Output, Vec<FileChange>, bool);

/// Puts the new log together.
pub(super) fn assemble(set: &Set, edits: &[Edit], notes: &mut Vec<Note>) -> Assembled {
    let mut output = Output::default();
    let mut changes = Vec::with_capacity(edits.len());
    let mut manifest = Manifest::default();
    let mut manifest_changed = false;
    for (entry, edit) in set.files().iter().zip(edits) {
        let removed: u64 = edit
            .gaps
            .iter()
            .map(|gap| gap.range.end - gap.range.start)
            .sum();
        let inserted: u64 = edit.gaps.iter().map(|gap| gap.insert.len() as u64).sum();
        let mut change = FileChange {
            name: entry.name.clone(),
            fate: Fate::Same,
            kept: edit.length - removed,
            removed,
            inserted,
        };
        if let Some(fate) = edit.left {
            (change.fate, change.kept, change.removed, change.inserted) = (fate, 0, edit.length, 0);
            manifest_changed = true;
            changes.push(change);
            continue;
        }
        let mut entry = entry.clone();
        if !edit.gaps.is_empty() {
            change.fate = Fate::Changed;
            changed_entry(&mut entry, notes);
            if change.kept + inserted == 0 {
                let file = entry.name.clone();
                notes.push(Note::EmptyFile { file });
            }
        }
        output.files.push(OutputFile {
            name: entry.name.clone(),
            pieces: pieces(&entry.name, edit),
        });
        manifest.entries.push(entry);
        changes.push(change);
    }
    if let (Some(name), Some(old)) = (set.manifest_name(), set.manifest()) {
        let history = old.history().count();
        if history > 0 {
            notes.push(Note::HistoryDropped { files: history });
        }
        output.manifest = Some((name.to_vec(), manifest));
    }
    (output, changes, manifest_changed)
}

/// The end of a changed increment is no longer at its old replication offset.
fn changed_entry(entry: &mut Entry, notes: &mut Vec<Note>) {
    if entry.kind == FileKind::Increment && entry.end_offset.take().is_some() {
        let file = entry.name.clone();
        notes.push(Note::EndOffsetDropped { file });
    }
}

fn pieces(name: &[u8], edit: &Edit) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut at = 0;
    let end = Gap {
        range: edit.length..edit.length,
        insert: Vec::new(),
    };
    for gap in edit.gaps.iter().chain([&end]) {
        if at < gap.range.start {
            pieces.push(Piece::Copy {
                from: name.to_vec(),
                range: at..gap.range.start,
            });
        }
        if !gap.insert.is_empty() {
            pieces.push(Piece::Bytes(gap.insert.clone()));
        }
        at = gap.range.end;
    }
    pieces
}

/// `SELECT db` as servers write it.
pub(super) fn select(db: u64) -> Vec<u8> {
    let db = db.to_string();
    format!("*2\r\n$6\r\nSELECT\r\n${}\r\n{db}\r\n", db.len()).into_bytes()
}

/// The length of a file that could not be read to its end; 0 if it is not there.
pub(super) fn length(source: &dyn Source, name: &[u8]) -> io::Result<u64> {
    if let Some(listed) = source.list()?
        && let Some(file) = listed.iter().find(|file| file.name == name && file.is_file)
    {
        return Ok(file.bytes);
    }
    match source.open(name) {
        Ok(mut file) => io::copy(&mut file, &mut io::sink()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Memory;

    #[test]
    fn gaps_become_pieces() {
        let set = Set::single(b"a");
        let gap = |range, insert: &[u8]| Gap {
            range,
            insert: insert.to_vec(),
        };
        let edit = Edit {
            length: 10,
            gaps: vec![
                gap(0..2, b""),
                gap(4..5, b"xy"),
                gap(5..6, b"z"),
                gap(9..10, b""),
            ],
            left: None,
        };
        let mut notes = Vec::new();
        let (output, files, manifest) = assemble(&set, &[edit], &mut notes);
        let mut old = Memory::default();
        old.insert(b"a", b"0123456789");
        let new = output.build(&old).unwrap();
        assert_eq!(new.get(b"a"), Some(&b"23xyz678"[..]));
        let wanted = FileChange {
            name: b"a".to_vec(),
            fate: Fate::Changed,
            kept: 5,
            removed: 5,
            inserted: 3,
        };
        assert_eq!((files, manifest, notes), (vec![wanted], false, vec![]));
    }
}
