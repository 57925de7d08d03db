//! The check of one file.

use std::ffi::OsString;
use std::io::{self, Cursor, Read};
use std::path::Path;

use super::cut::{self, Failure};
use super::input::Input;
use super::source::{self, Begin, Kind, Source};
use super::walk::{End, Walk};
use super::{Mode, Program, Result, Stop, Streams};
use crate::compat::check_rdb::{self, Outcome};

/// A file of a log.
pub(super) struct Part {
    pub path: OsString,
    /// As most messages call it.
    pub name: Vec<u8>,
    pub role: Role,
    /// Nothing is loaded behind it: it may be cut.
    pub is_last: bool,
}

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It is the whole log.
    Log,
    Base,
    Increment,
}

impl Role {
    /// What comes before "AOF" in messages.
    pub fn title(self) -> &'static [u8] {
        match self {
            Role::Log => b"",
            Role::Base => b"BASE ",
            Role::Increment => b"INCR ",
        }
    }
}

impl Part {
    /// Whether it begins with an RDB file. Servers look for one in every file.
    pub fn has_preamble(&self, source: &Source) -> bool {
        source.begins_with() != Begin::Log
    }

    /// Whether the tools know that.
    fn has_known_preamble(&self, source: &Source) -> bool {
        source.begins_with() == Begin::Redis && self.role != Role::Increment
    }
}

/// What a check of a file came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Valid,
    Empty,
    Fixed,
    TruncatedTo(i64),
    Broken,
}

/// A file that was read.
struct Found<'f> {
    part: &'f Part,
    source: &'f Source,
    size: u64,
    /// Up to where the tools find it in order.
    sane: u64,
    /// Up to where it is: the length it may be cut to.
    whole: u64,
}

impl Program<'_, '_, '_> {
    /// Checks a file, and cuts it if that is asked for.
    pub fn part(&mut self, part: &Part, opened: Option<Source>) -> Result<Verdict> {
        let source = self.source(part, opened)?;
        self.has_pipes |= source.kind == Kind::Pipe;
        if source.head.is_empty() {
            return Ok(Verdict::Empty);
        }
        self.announce(part, &source)?;
        let reader = &mut match source.reader() {
            Ok(reader) => reader,
            Err(e) => return self.unreadable(part, &e),
        };
        let mut preamble = 0;
        let mut rest = Vec::new();
        if part.has_preamble(&source) {
            (preamble, rest) = self.preamble(part, reader)?;
        }
        let rest = Cursor::new(rest).chain(reader);
        let (end, found) = self.walk(part, &source, Input::at(preamble, Box::new(rest)));
        let verdict = match end {
            End::Stopped(text) => {
                if !text.is_empty() {
                    self.say(text)?;
                }
                self.judge(&found)?
            }
            End::Newer(at, time) => self.truncate(&found, at, time)?,
            End::BadTimestamp => return self.fail("Invalid timestamp annotation"),
            End::Failed(e) => return self.unreadable(part, &e),
        };
        Ok(verdict)
    }

    /// Walks over the commands of a file.
    fn walk<'f>(
        &mut self,
        part: &'f Part,
        source: &'f Source,
        input: Input<'_>,
    ) -> (End, Found<'f>) {
        let until = match self.mode {
            Mode::TruncateTo(time) => Some(time),
            Mode::Check | Mode::Fix => None,
        };
        let mut walk = Walk::new(input, source.size, part, until, &mut self.carried);
        let end = walk.run();
        let found = Found {
            part,
            source,
            size: match source.kind {
                Kind::Pipe => walk.input.count(),
                Kind::File | Kind::Folder => source.size,
            },
            sane: walk.sane(),
            whole: walk.whole(),
        };
        (end, found)
    }

    /// Opens the file as it is needed.
    fn source(&mut self, part: &Part, opened: Option<Source>) -> Result<Source> {
        let write = self.mode != Mode::Check;
        let source = match opened {
            Some(source) if !write || source.kind == Kind::Pipe => Ok(source),
            _ => Source::open(Path::new(&part.path), write),
        };
        let error = match source {
            Ok(source) if source.kind == Kind::Folder => io::ErrorKind::IsADirectory.into(),
            Ok(source) => return Ok(source),
            Err(e) => e,
        };
        let reason = format!(": {}, aborting...", source::reason(&error));
        let path = part.path.as_encoded_bytes();
        self.fail([b"Cannot open file ", path, reason.as_bytes()].concat())
    }

    /// Says where the tool would not get as far as this.
    fn announce(&mut self, part: &Part, source: &Source) -> Result<()> {
        let tool = self.name();
        let text = if source.kind == Kind::Pipe {
            format!(" is read to its end; to {tool} it is empty, being no file")
        } else if self.mode == Mode::Check && !source::is_writable(Path::new(&part.path)) {
            format!(" may only be read; {tool} would not open it")
        } else {
            String::new()
        };
        let path = part.path.as_encoded_bytes();
        if !text.is_empty() {
            self.info(&[path, text.as_bytes()].concat())?;
        }
        if part.has_preamble(source) && !part.has_known_preamble(source) {
            let text = format!(" begins with an RDB file, which {tool} does not see");
            self.info(&[path, text.as_bytes()].concat())?;
        }
        Ok(())
    }

    /// Checks the RDB file at the front: its length, and what was read behind it.
    fn preamble(&mut self, part: &Part, reader: &mut dyn Read) -> Result<(u64, Vec<u8>)> {
        let Streams {
            out, err, now_ms, ..
        } = &mut *self.streams;
        let checked = check_rdb::preamble(self.persona, &part.path, reader, *out, *err, *now_ms)?;
        match checked.outcome {
            Outcome::Sane => self.say("RDB preamble is OK, proceeding with AOF tail...")?,
            Outcome::Insane => {
                return self.fail("RDB preamble of AOF file is not sane, aborting.");
            }
            Outcome::Fatal => return Err(Stop::Failed),
        }
        Ok((checked.length, checked.rest))
    }

    fn unreadable<T>(&mut self, part: &Part, error: &io::Error) -> Result<T> {
        self.because(&part.path, error)?;
        self.fail([b"Cannot read file: ", part.path.as_encoded_bytes()].concat())
    }

    /// What to make of a file that was walked to its end or to some damage.
    fn judge(&mut self, found: &Found<'_>) -> Result<Verdict> {
        let (size, sane, name) = (found.size, found.sane, found.part.name.as_slice());
        // A file may have grown while it was read.
        let bad = size.cast_signed() - sane.cast_signed();
        if let (0, Mode::TruncateTo(time)) = (bad, self.mode) {
            let text = format!(" to timestamp {time}");
            self.say([b"Truncate nothing in AOF ", name, text.as_bytes()].concat())?;
            return Ok(Verdict::Valid);
        }
        let line = self.carried.line;
        let text = format!(", size={size}, ok_up_to={sane}, ok_up_to_line={line}, diff={bad}");
        self.say([b"AOF analyzed: filename=", name, text.as_bytes()].concat())?;
        // What is torn at the very end does no harm before the server goes on there.
        let torn = found.whole < sane && found.part.is_last;
        if self.mode == Mode::Fix && (bad > 0 || torn) {
            self.fix(found)
        } else if bad > 0 {
            Ok(Verdict::Broken)
        } else {
            Ok(Verdict::Valid)
        }
    }

    /// Cuts off what is damaged, if the answer is yes.
    fn fix(&mut self, found: &Found<'_>) -> Result<Verdict> {
        let (size, whole, name) = (found.size, found.whole, found.part.name.as_slice());
        if !found.part.is_last {
            let text = b" because it is not the last file";
            return self.fail([b"Failed to truncate AOF ", name, text].concat());
        }
        self.cuttable(found)?;
        self.moved(found, found.sane)?;
        let bad = size.saturating_sub(whole);
        let text = format!(" from {size} bytes, with {bad} bytes, to {whole} bytes");
        self.say([b"This will shrink the AOF ", name, text.as_bytes()].concat())?;
        self.streams.out.write_all(b"Continue? [y/N]: ")?;
        self.streams.out.flush()?;
        let mut answer = Vec::new();
        // An answer that cannot be read is none.
        let _ = self.streams.input.take(1).read_to_end(&mut answer);
        if !answer.eq_ignore_ascii_case(b"y") {
            return self.fail("Aborting...");
        }
        if self.cut(found)? {
            Ok(Verdict::Fixed)
        } else {
            self.fail([b"Failed to truncate AOF ", name].concat())
        }
    }

    /// Cuts off what is later than `time`, from an annotation `at` which says so on.
    fn truncate(&mut self, found: &Found<'_>, at: u64, time: i64) -> Result<Verdict> {
        let path = found.part.path.as_encoded_bytes();
        let nothing = format!(" has nothing before timestamp {time}, aborting...");
        let nothing = [b"AOF ", path, nothing.as_bytes()].concat();
        if at == 0 {
            return self.fail(nothing);
        }
        if !found.part.is_last {
            let text =
                format!(" to timestamp {time} to offset {at} because it is not the last file.");
            self.say([b"Failed to truncate AOF ", path, text.as_bytes()].concat())?;
            let tool = self.name();
            return self.fail(format!(
                "If you insist, please delete all files after this file according to the \
                 manifest file and delete the corresponding records in manifest file manually. \
                 Then re-run {tool}."
            ));
        }
        self.cuttable(found)?;
        self.moved(found, at)?;
        if found.whole == 0 {
            return self.fail(nothing);
        }
        if self.cut(found)? {
            Ok(Verdict::TruncatedTo(time))
        } else {
            let text = format!(" to timestamp {time}");
            let name = found.part.name.as_slice();
            self.fail([b"Failed to truncate AOF ", name, text.as_bytes()].concat())
        }
    }

    /// Ends the program if this is nothing that can be cut.
    fn cuttable(&mut self, found: &Found<'_>) -> Result<()> {
        if found.source.kind == Kind::File {
            return Ok(());
        }
        self.info(b"only a file can be cut")?;
        let name = found.part.name.as_slice();
        self.fail([b"Failed to truncate AOF ", name].concat())
    }

    /// Says if the file is cut elsewhere than the tool would cut it.
    fn moved(&mut self, found: &Found<'_>, theirs: u64) -> Result<()> {
        let (ours, sane) = (found.whole, found.sane);
        let why = if ours < sane {
            "an annotation without line end"
        } else if ours < theirs {
            "an open transaction"
        } else {
            return Ok(());
        };
        let text = format!("at offset {ours} begins {why}: cut there, not at {theirs}");
        Ok(self.info(text.as_bytes())?)
    }

    /// Cuts the file; whether that went well. If not, says why.
    fn cut(&mut self, found: &Found<'_>) -> Result<bool> {
        match cut::cut(&found.source.file, found.size, found.whole) {
            Ok(()) => return Ok(true),
            Err(Failure::Io(e)) => self.because(&found.part.path, &e)?,
            Err(Failure::Changed(now)) => {
                if self.mode == Mode::Fix {
                    // Behind the question.
                    self.say("")?;
                }
                let was = found.size;
                let text =
                    format!("the file has {now} bytes now, not {was}: somebody writes to it");
                self.info(text.as_bytes())?;
            }
        }
        Ok(false)
    }
}
