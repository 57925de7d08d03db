//! What becomes of each token.

mod outside;

use std::collections::HashMap;
use std::io::Write;

use super::{ExtractError, Keep, KeyName, Summary};
use crate::decoder::{KeySink, PlainString, Sink, Whole};
use crate::error::{Error, ErrorKind, Stage};
use crate::event::{Part, Role, Token};
use crate::filter::{Candidate, Filter};
use crate::record::Attributes;
use crate::text::Str;
use crate::verify::Server;
use crate::wire::{Opcode, ValueType};
use crate::write::{Format, Inexpressible, SizesAt, WriteError, Writer};

/// Bytes of a key that an error shows.
const SHOWN: usize = 128;

/// AUX fields that are wrong of a part of the data. With a replication position
/// a replica would take the file for all of its master's data.
const OF_THE_WHOLE: [&[u8]; 4] = [b"repl-stream-db", b"repl-id", b"repl-offset", b"slot-info"];

/// Copies the tokens of keys that a filter takes.
pub(super) struct Copier<'e> {
    filter: &'e mut Filter,
    out: &'e mut Writer<dyn Write + 'e>,
    keep: Keep,
    source: Format,
    /// Whether the output is of another format than the source. If it is of the
    /// same, what the source says can be said, whatever its header claims.
    converts: bool,
    /// Bytes that may be held of what belongs to one key.
    limit: u64,
    db: u64,
    /// Whether databases or keys have begun.
    among_keys: bool,
    attributes: Attributes,
    /// What stands before the next key.
    before: Vec<u8>,
    /// AUX fields among the keys; they belong to the next one (`KeyDB`).
    aux: Vec<u8>,
    /// Of `before`, what not every version knows.
    uses: Vec<Opcode>,
    /// Whether the key in hand has an expiry.
    expires: bool,
    state: State,
    /// The key in hand, while its size decides.
    held: Vec<u8>,
    sizes: HashMap<u64, SizesAt>,
    /// Of the database the output is in.
    sizes_here: Option<SizesAt>,
    summary: Summary,
    stored: Option<u64>,
    error: Option<ExtractError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Between keys.
    Outside,
    /// Inside a key that is not taken.
    Passing,
    /// Inside a key that is.
    Copying,
    /// Inside a key that is taken if its size is right.
    Holding { kind: ValueType, at: u64 },
    /// Inside data of a module, up to its end.
    Module { copied: bool },
    /// Among the names of a hash template.
    Template { copied: bool },
}

type Outcome<T = ()> = Result<T, ExtractError>;

impl<'e> Copier<'e> {
    pub fn new(
        source: Format,
        limit: u64,
        filter: &'e mut Filter,
        out: &'e mut Writer<dyn Write + 'e>,
        keep: Keep,
    ) -> Copier<'e> {
        Copier {
            converts: source != out.format(),
            filter,
            out,
            keep,
            source,
            limit,
            db: 0,
            among_keys: false,
            attributes: Attributes::default(),
            before: Vec::new(),
            aux: Vec::new(),
            uses: Vec::new(),
            expires: false,
            state: State::Outside,
            held: Vec::new(),
            sizes: HashMap::new(),
            sizes_here: None,
            summary: Summary::default(),
            stored: None,
            error: None,
        }
    }

    pub fn take_error(&mut self) -> Option<ExtractError> {
        self.error.take()
    }

    /// What was done, and the checksum the source states.
    pub fn finish(mut self) -> Outcome<(Summary, Option<u64>)> {
        let aux = std::mem::take(&mut self.aux);
        self.copy(&aux, 0)?;
        Ok((self.summary, self.stored))
    }

    /// A key that is in the window whole.
    #[inline(always)]
    fn whole_key(&mut self, kind: ValueType, key: Str<'_>, raw: &[u8], at: u64) {
        if self.error.is_some() {
            return;
        }
        let done = self.asks_for(kind, key, at).and_then(|asks| {
            if asks && self.filter.takes_size(raw.len() as u64) {
                self.begin(kind, raw, at)?;
                self.copy(raw, at)?;
            }
            Ok(())
        });
        self.forget();
        self.error = done.err();
    }

    /// Whether the filter takes the key, as far as it can tell before the value.
    #[inline(always)]
    fn asks_for(&mut self, kind: ValueType, key: Str<'_>, at: u64) -> Outcome<bool> {
        self.summary.seen += 1;
        self.among_keys = true;
        let meta = self.attributes.take();
        self.expires = meta.expire_ms.is_some();
        let candidate = Candidate {
            db: self.db,
            object: kind.object(self.source.dialect()),
            key,
            expire_ms: meta.expire_ms,
        };
        let takes = self.filter.takes_key(&candidate);
        takes.map_err(|kind| Error::new(kind, at, at, Stage::Key).into())
    }

    /// Writes what stands before a key that is taken. `raw` begins with it.
    #[inline(always)]
    fn begin(&mut self, kind: ValueType, raw: &[u8], at: u64) -> Outcome {
        if self.converts {
            let uses = self.uses.iter().copied();
            if let Err(error) = self.out.takes_key(kind, uses, self.source.dialect()) {
                return Err(self.refused(error, raw, at));
            }
        }
        if let Some(server) = self.keep.server {
            self.loads(server, kind)
                .map_err(|why| self.refused(why.into(), raw, at))?;
        }
        if self.out.db() != Some(self.db) {
            self.change_db(at)?;
        }
        if let Some(sizes) = self.sizes_here {
            self.out.count(sizes, self.expires);
        }
        self.summary.keys += 1;
        self.summary.expires += u64::from(self.expires);
        if !self.aux.is_empty() || !self.before.is_empty() {
            let (aux, before) = (&self.aux, &self.before);
            let written = self.out.raw(aux).and_then(|()| self.out.raw(before));
            written.map_err(|e| of_write(e, at))?;
        }
        self.forget();
        Ok(())
    }

    #[cold]
    fn change_db(&mut self, at: u64) -> Outcome {
        self.out.select_db(self.db).map_err(|e| of_write(e, at))?;
        self.summary.databases += 1;
        if !self.keep.sizes || !self.out.format().has_sizes() {
            return Ok(());
        }
        self.sizes_here = self.sizes.get(&self.db).copied();
        if self.sizes_here.is_none() {
            self.sizes_here = self.out.sizes_later().map_err(|e| of_write(e, at))?;
            self.sizes
                .extend(self.sizes_here.map(|sizes| (self.db, sizes)));
        }
        Ok(())
    }

    /// What stood before a key is not for the next one.
    #[inline(always)]
    fn forget(&mut self) {
        self.before.clear();
        self.aux.clear();
        self.uses.clear();
    }

    #[cold]
    fn refused(&self, error: WriteError, raw: &[u8], at: u64) -> ExtractError {
        let key = crate::decoder::record::key_name(raw, SHOWN);
        let key = key.map(|key| KeyName { db: self.db, key });
        ExtractError::of_write(error, key, at)
    }

    #[inline]
    fn copy(&mut self, bytes: &[u8], at: u64) -> Outcome {
        self.out.raw(bytes).map_err(|e| of_write(e, at))
    }

    #[inline(always)]
    fn take(&mut self, window: &[u8], at: u64, used: usize, token: Token) -> Outcome {
        let bytes = window.get(..used).unwrap_or_default();
        match self.state {
            State::Passing => {}
            State::Copying => {
                self.minds_length(&token, at)?;
                self.copy(bytes, at)?;
            }
            State::Holding { kind, at: begin } => {
                self.minds_length(&token, at)?;
                hold(&mut self.held, bytes, self.limit, at)?;
                self.decide(kind, begin, matches!(token, Part::KeyEnd))?;
            }
            State::Module { copied } => {
                if copied {
                    self.copy(bytes, at)?;
                }
                if matches!(token, Part::ModuleEnd) {
                    self.state = State::Outside;
                }
                return Ok(());
            }
            State::Template { copied } => {
                if let Part::Item {
                    role: Role::TemplateField,
                    ..
                } = token
                {
                    return if copied { self.copy(bytes, at) } else { Ok(()) };
                }
                self.state = State::Outside;
                return self.outside(window, bytes, at, token);
            }
            State::Outside => return self.outside(window, bytes, at, token),
        }
        if matches!(token, Part::KeyEnd) {
            self.state = State::Outside;
        }
        Ok(())
    }

    /// Whether records of this kind can be in the output.
    fn takes(&self, opcode: Opcode) -> Result<(), Inexpressible> {
        let format = self.out.format();
        if self.converts {
            format.takes_opcode(opcode, self.source.dialect())?;
        }
        match self.keep.server {
            Some(server) if !server.knows_record(opcode, format.dialect()) => Err(
                Inexpressible::record_unknown_to(server, opcode, format.dialect()),
            ),
            _ => Ok(()),
        }
    }

    /// Whether the server that the output is for knows a key of this kind, and what
    /// stands before it.
    fn loads(&self, server: Server, kind: ValueType) -> Result<(), Inexpressible> {
        let dialect = self.out.format().dialect();
        if !server.knows(kind, dialect) {
            return Err(Inexpressible::type_unknown_to(server, kind, dialect));
        }
        self.uses.iter().try_for_each(|opcode| self.takes(*opcode))
    }

    /// Versions before 8 have no lengths of more than 32 bits.
    fn minds_length(&self, token: &Token, at: u64) -> Outcome {
        let long = match *token {
            Part::Count(n) => n,
            Part::ItemBegin { stored, full, .. } => stored.max(full.unwrap_or(0)),
            _ => return Ok(()),
        };
        if long <= u64::from(u32::MAX) {
            return Ok(());
        }
        let takes = match self.converts {
            true => self.out.format().takes_long_lengths(),
            false => Ok(()),
        };
        takes.map_err(|why| of_write(why.into(), at))
    }

    /// Decides on the key that is held, if its size so far or its end allows it.
    fn decide(&mut self, kind: ValueType, at: u64, ends: bool) -> Outcome {
        let size = self.held.len() as u64;
        if !ends && size < self.filter.decisive_size() {
            return Ok(());
        }
        let held = std::mem::take(&mut self.held);
        self.state = match self.filter.takes_size(size) {
            true => {
                self.begin(kind, &held, at)?;
                self.copy(&held, at)?;
                State::Copying
            }
            false => State::Passing,
        };
        self.forget();
        self.held = held;
        self.held.clear();
        Ok(())
    }
}

fn of_write(error: WriteError, at: u64) -> ExtractError {
    ExtractError::of_write(error, None, at)
}

fn hold(held: &mut Vec<u8>, bytes: &[u8], limit: u64, at: u64) -> Outcome {
    let asked = held.len() as u64 + bytes.len() as u64;
    if asked > limit {
        let what = "key that a condition on size has to hold";
        let kind = ErrorKind::Limit { what, asked, limit };
        return Err(Error::new(kind, at, at, Stage::Value).into());
    }
    held.extend_from_slice(bytes);
    Ok(())
}

impl Sink for Copier<'_> {
    #[inline(always)]
    fn token(&mut self, window: &[u8], at: u64, used: usize, token: Token) {
        if self.error.is_none() {
            self.error = self.take(window, at, used, token).err();
        }
    }
}

impl KeySink for Copier<'_> {
    #[inline(always)]
    fn plain_string(&mut self, plain: PlainString<'_>) {
        self.whole_key(ValueType::STRING, Str::Raw(plain.key), plain.raw, plain.at);
    }

    #[inline(always)]
    fn whole(&mut self, key: Whole<'_>) {
        self.whole_key(key.kind, key.key, key.raw, key.at);
    }
}
