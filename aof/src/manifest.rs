//! The manifest: which files a multi-part append-only log consists of.
//!
//! ```text
//! manifest := line*                  at least one line, else it is "empty"
//! line     := "#" anything LF        a comment
//!           | word (blank word)* LF  an even number of words, six at least
//! word     := plain | "double \x0a quoted" | 'single quoted'
//!
//! file appendonly.aof.1.base.rdb seq 1 type b
//! file appendonly.aof.1.incr.aof seq 1 type i startoffset 0
//! ```
//!
//! [`Manifest::parse`] accepts what servers accept, and refuses what they
//! refuse with their words: a line is what C's `fgets` reads into 1025 bytes,
//! numbers are what `atoll` makes of them, and strings end at a zero byte.

use std::fmt::{self, Write as _};

use rdbkit_rdb::redact::plain;

use crate::words::{self, quoted_as_is};

/// Bytes of a line that servers read at once, with its LF.
pub const MAX_LINE: usize = 1024;

/// What one file of a log is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// `b`: the state at the last rewrite, as an RDB file or as commands.
    Base,
    /// `h`: replaced by a rewrite and about to be deleted; never loaded.
    History,
    /// `i`: the commands since.
    Increment,
}

impl FileKind {
    /// The letter in the manifest.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            FileKind::Base => 'b',
            FileKind::History => 'h',
            FileKind::Increment => 'i',
        }
    }
}

/// One file named by a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The file's name: no path. Any bytes but `/`, `\` and zero.
    pub name: Vec<u8>,
    /// The number the server counts up with each rewrite; never 0.
    pub seq: i64,
    /// What the file is for.
    pub kind: FileKind,
    /// Replication offset at its first byte (Redis 8.0 and later).
    pub start_offset: Option<i64>,
    /// Replication offset at its end, written on an orderly stop.
    pub end_offset: Option<i64>,
    /// Pairs that this release does not know, as they came.
    pub unknown: Vec<(Vec<u8>, Vec<u8>)>,
    /// A word of the line went on behind a closing quote: Valkey 9 reads it,
    /// Redis and older Valkeys refuse the manifest.
    pub glued_quotes: bool,
    /// The line it stood on, from 1; 0 for entries that were not read.
    pub line: u64,
}

impl Entry {
    /// An entry without offsets.
    #[must_use]
    pub fn new(name: &[u8], seq: i64, kind: FileKind) -> Entry {
        Entry {
            name: name.to_vec(),
            seq,
            kind,
            start_offset: None,
            end_offset: None,
            unknown: Vec::new(),
            glued_quotes: false,
            line: 0,
        }
    }
}

/// One line, with its LF, as servers write it.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seq, letter) = (self.seq, self.kind.letter());
        write!(
            f,
            "file {} seq {seq} type {letter}",
            quoted_as_is(&self.name)
        )?;
        if let Some(at) = self.start_offset {
            write!(f, " startoffset {at}")?;
        }
        if let Some(at) = self.end_offset {
            write!(f, " endoffset {at}")?;
        }
        for (key, value) in &self.unknown {
            write!(f, " {} {}", quoted_as_is(key), quoted_as_is(value))?;
        }
        f.write_char('\n')
    }
}

/// The files of a log, in the order of the manifest's lines.
///
/// # Examples
///
/// ```
/// use rdbkit_aof::Manifest;
///
/// let text = b"file a.1.base.rdb seq 1 type b\nfile a.1.incr.aof seq 1 type i\n";
/// let manifest = Manifest::parse(text)?;
/// assert_eq!(manifest.base().map(|base| base.seq), Some(1));
/// assert_eq!(manifest.increments().count(), 1);
/// assert_eq!(manifest.to_string().as_bytes(), text);
/// # Ok::<(), rdbkit_aof::ManifestError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// One entry a line; comments are not kept.
    pub entries: Vec<Entry>,
}

impl Manifest {
    /// Reads a manifest as a server does when it starts.
    ///
    /// # Errors
    ///
    /// What every server would exit for, at the line where it would. What only
    /// Valkey 9 takes is accepted and marked, see [`Entry::glued_quotes`].
    ///
    /// # Limits
    ///
    /// Holds no more than a small multiple of `text`.
    pub fn parse(text: &[u8]) -> Result<Manifest, ManifestError> {
        Manifest::read(text, true)
    }

    /// As [`parse`](Self::parse), refusing what only Valkey 9 takes.
    ///
    /// # Errors
    ///
    /// What Redis would exit for.
    pub fn parse_as_redis(text: &[u8]) -> Result<Manifest, ManifestError> {
        Manifest::read(text, false)
    }

    fn read(text: &[u8], glued_quotes: bool) -> Result<Manifest, ManifestError> {
        if text.is_empty() {
            return Err(ManifestError::new(Reason::Empty, 0, b""));
        }
        let mut manifest = Manifest::default();
        let mut newest = 0;
        let mut number = 0;
        let mut rest = text;
        while !rest.is_empty() {
            number += 1;
            let held = rest.get(..MAX_LINE).unwrap_or(rest);
            let end = held.iter().position(|&b| b == b'\n');
            let (line, after) = rest.split_at(end.map_or(held.len(), |lf| lf + 1));
            rest = after;
            if line.first() == Some(&b'#') {
                continue;
            }
            let refuse = |reason| ManifestError::new(reason, number, line);
            // A zero byte ends a C string: the LF behind it is not found.
            if end.is_none() || line.contains(&0) {
                return Err(refuse(Reason::LongLine));
            }
            let entry = entry(line, number).map_err(refuse)?;
            if entry.glued_quotes && !glued_quotes {
                return Err(refuse(Reason::Format));
            }
            match entry.kind {
                FileKind::Base if manifest.base().is_some() => {
                    return Err(refuse(Reason::SecondBase));
                }
                FileKind::Increment if entry.seq <= newest => {
                    return Err(refuse(Reason::SequenceOrder));
                }
                FileKind::Increment => newest = entry.seq,
                FileKind::Base | FileKind::History => {}
            }
            manifest.entries.push(entry);
        }
        Ok(manifest)
    }

    /// The base, if there is one.
    #[must_use]
    pub fn base(&self) -> Option<&Entry> {
        self.of(FileKind::Base).next()
    }

    /// The increments, in the order they are loaded: after the base.
    pub fn increments(&self) -> impl Iterator<Item = &Entry> {
        self.of(FileKind::Increment)
    }

    /// Files that a rewrite replaced; they may be gone.
    pub fn history(&self) -> impl Iterator<Item = &Entry> {
        self.of(FileKind::History)
    }

    /// What a server loads, in its order: the base, then the increments.
    pub fn loaded(&self) -> impl Iterator<Item = &Entry> {
        self.base().into_iter().chain(self.increments())
    }

    fn of(&self, kind: FileKind) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.kind == kind)
    }

    /// Appends the lines in the order servers write them: base, history,
    /// increments. [`Display`](fmt::Display) gives the same text.
    ///
    /// # Limits
    ///
    /// Names are quoted where they must be; a line of more than [`MAX_LINE`]
    /// bytes can come of it, which no server reads.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.to_string().as_bytes());
    }
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for kind in [FileKind::Base, FileKind::History, FileKind::Increment] {
            for entry in self.of(kind) {
                entry.fmt(f)?;
            }
        }
        Ok(())
    }
}

/// The entry of one line, which ends in LF and holds no zero byte.
fn entry(line: &[u8], number: u64) -> Result<Entry, Reason> {
    let words::Words { words, glued } = words::split(line).ok_or(Reason::Format)?;
    if words.len() < 6 || words.len() % 2 != 0 {
        return Err(Reason::Format);
    }
    let (mut name, mut seq, mut letter) = (None, 0, 0);
    let (mut start_offset, mut end_offset) = (None, None);
    let mut unknown = Vec::new();
    for pair in words.chunks_exact(2) {
        let [key, value] = pair else { break };
        // Servers go on with C strings, although words may hold `\x00`.
        let c_value = words::c_string(value);
        match words::c_string(key).to_ascii_lowercase().as_slice() {
            b"file" => {
                if c_value.iter().any(|b| matches!(b, b'/' | b'\\')) {
                    return Err(Reason::Path);
                }
                name = Some(c_value.to_vec());
            }
            b"seq" => seq = words::atoll(c_value),
            b"type" => letter = c_value.first().copied().unwrap_or(0),
            b"startoffset" => start_offset = Some(words::atoll(c_value)),
            b"endoffset" => end_offset = Some(words::atoll(c_value)),
            _ => unknown.push((key.clone(), value.clone())),
        }
    }
    let name = name.ok_or(Reason::Format)?;
    if seq == 0 || letter == 0 {
        return Err(Reason::Format);
    }
    let kind = match letter {
        b'b' => FileKind::Base,
        b'h' => FileKind::History,
        b'i' => FileKind::Increment,
        _ => return Err(Reason::Type),
    };
    Ok(Entry {
        name,
        seq,
        kind,
        start_offset,
        end_offset,
        unknown,
        glued_quotes: glued,
        line: number,
    })
}

/// Why a server would exit when it reads the manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// No byte at all.
    Empty,
    /// No LF within [`MAX_LINE`] bytes, or none at the end of the file.
    LongLine,
    /// Not pairs of words, quotes that do not close, or `file`, `seq` or `type` missing.
    Format,
    /// A name with `/` or `\` in it.
    Path,
    /// A second base.
    SecondBase,
    /// An increment whose number is not above the one before.
    SequenceOrder,
    /// A type that is not `b`, `h` or `i`.
    Type,
}

impl Reason {
    /// The words servers print.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Reason::Empty => "Found an empty AOF manifest",
            Reason::LongLine => "The AOF manifest file contains too long line",
            Reason::Format => "Invalid AOF manifest file format",
            Reason::Path => "File can't be a path, just a filename",
            Reason::SecondBase => "Found duplicate base file information",
            Reason::SequenceOrder => "Found a non-monotonic sequence number",
            Reason::Type => "Unknown AOF file type",
        }
    }
}

/// A manifest that no server starts with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestError {
    reason: Reason,
    line: u64,
    text: Box<[u8]>,
}

impl ManifestError {
    fn new(reason: Reason, line: u64, text: &[u8]) -> ManifestError {
        let text = words::trim(text).into();
        ManifestError { reason, line, text }
    }

    /// What is wrong.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The line where reading stopped, from 1; 0 if there is none.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// That line without the blanks around it.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason.text())?;
        if self.line > 0 {
            let text = plain(&self.text);
            write!(f, ", at line {}: '{text}'", self.line)?;
        }
        Ok(())
    }
}

impl std::error::Error for ManifestError {}

#[cfg(test)]
mod tests;
