//! The decoder over the bytes of one value.

use crate::decoder::{Checkpoint, Decoder, Sink, Step};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::event::{Event, Part, Role, Token};
use crate::limits::Limits;
use crate::packed::Element;
use crate::record::Record;
use crate::text::{Scratch, Str, StrToken};

/// Drives the decoder over a value whose bytes lie in memory.
#[derive(Clone, Debug)]
pub(crate) struct Walk<'a> {
    decoder: Decoder,
    raw: &'a [u8],
    at: usize,
    token_offset: u64,
    ended: bool,
}

/// A piece of a list, set, sorted set or hash.
pub(crate) enum Piece<'a> {
    Item(Role, Str<'a>),
    Score(f64),
    Expiry(Option<i64>),
    /// Counts, containers, smallest expiries, template ids and formats.
    Number(Number),
}

/// The numbers a hash has to know.
#[derive(Clone, Copy)]
pub(crate) enum Number {
    Count(u64),
    TemplateRef(u64),
    Other,
}

enum PieceSink {
    End,
    Item(Role, StrToken),
    Score(f64),
    Expiry(Option<i64>),
    Number(Number),
}

impl Sink for PieceSink {
    #[inline(always)]
    fn token(&mut self, _: &[u8], _: u64, _: usize, token: Token) {
        *self = match token {
            Part::Item { role, text } => PieceSink::Item(role, text),
            Part::Score(score) => PieceSink::Score(score),
            Part::FieldExpiry(expire_ms) => PieceSink::Expiry(expire_ms),
            Part::KeyEnd => PieceSink::End,
            Part::Count(n) => PieceSink::Number(Number::Count(n)),
            Part::TemplateRef(id) => PieceSink::Number(Number::TemplateRef(id)),
            _ => PieceSink::Number(Number::Other),
        };
    }
}

/// Strings of a value in memory are borrowed, so they never come in chunks.
pub(super) fn limits(max_decompressed: u64) -> Limits {
    Limits {
        max_decompressed,
        ..Limits::in_memory()
    }
}

impl<'a> Walk<'a> {
    pub fn new(record: &Record<'a>) -> Result<Walk<'a>> {
        let at = Checkpoint {
            dialect: record.dialect,
            version: record.version,
            offset: record.value_offset,
        };
        let limits = limits(record.max_decompressed);
        Ok(Walk {
            decoder: Decoder::for_value(record.kind, at, limits)?,
            raw: record.raw,
            at: 0,
            token_offset: record.value_offset,
            ended: false,
        })
    }

    /// The next item, score or expiry, or `None` at the end of the value.
    ///
    /// What [`next`](Walk::next) does, without moving every kind of event about:
    /// the sink is told the kind at compile time.
    #[inline(always)]
    pub fn piece(&mut self) -> Result<Option<Piece<'a>>> {
        if self.ended {
            return Ok(None);
        }
        let window: &'a [u8] = self.raw.get(self.at..).unwrap_or_default();
        let mut sink = PieceSink::End;
        self.token_offset = self.decoder.offset();
        self.decoder.step_into(window, &mut sink)?;
        self.at += (self.decoder.offset() - self.token_offset) as usize;
        Ok(Some(match sink {
            PieceSink::Item(role, text) => Piece::Item(role, text.resolve(window)),
            PieceSink::Score(score) => Piece::Score(score),
            PieceSink::Expiry(expire_ms) => Piece::Expiry(expire_ms),
            PieceSink::Number(token) => Piece::Number(token),
            PieceSink::End => {
                self.ended = true;
                return Ok(None);
            }
        }))
    }

    /// The next event, or `None` at the end of the value.
    #[inline]
    pub fn next(&mut self) -> Result<Option<Event<'a>>> {
        if self.ended {
            return Ok(None);
        }
        let window: &'a [u8] = self.raw.get(self.at..).unwrap_or_default();
        self.token_offset = self.decoder.offset();
        match self.decoder.step(window, true)? {
            Step::Token {
                token: Part::KeyEnd,
                ..
            } => self.ended = true,
            Step::Token { used, token } => {
                self.at += used;
                return Ok(Some(token.resolve(window)));
            }
            Step::Done | Step::NeedMore { .. } => self.ended = true,
        }
        Ok(None)
    }

    /// From here on there is nothing more.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// What has not been walked yet.
    pub fn rest(&self) -> &'a [u8] {
        self.raw.get(self.at..).unwrap_or_default()
    }

    /// Tells the decoder how many fields a template has.
    pub fn know_template(&mut self, id: u64, fields: u64) {
        self.decoder.know_template(id, fields);
    }

    /// Offset of the byte behind the last event.
    pub fn offset(&self) -> u64 {
        self.decoder.offset()
    }

    /// Offset of the last event.
    pub fn token_offset(&self) -> u64 {
        self.token_offset
    }

    /// An error in the last event.
    #[cold]
    pub fn error(&self, kind: ErrorKind) -> Error {
        error(kind, self.token_offset)
    }

    pub fn bad(&self, why: &'static str) -> Error {
        self.error(ErrorKind::BadRecord(why))
    }
}

#[cold]
pub(super) fn error(kind: ErrorKind, offset: u64) -> Error {
    Error::new(kind, offset, offset, Stage::Value)
}

/// A string of a value as an element; compressed ones go into `scratch`.
#[inline]
pub(super) fn element<'s>(
    text: Str<'s>,
    scratch: &'s mut Scratch,
    offset: u64,
) -> Result<Element<'s>> {
    match text {
        Str::Raw(bytes) => Ok(Element::Bytes(bytes)),
        Str::Int(n) => Ok(Element::Int(n.into())),
        Str::Lzf { .. } => match text.bytes(scratch) {
            Ok(bytes) => Ok(Element::Bytes(bytes)),
            Err(kind) => Err(error(kind, offset)),
        },
    }
}
