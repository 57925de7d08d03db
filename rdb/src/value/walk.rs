//! The decoder over the bytes of one value.

use crate::decoder::{Checkpoint, Decoder, Step};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::event::{Event, Part};
use crate::limits::Limits;
use crate::packed::Element;
use crate::record::Record;
use crate::text::{Scratch, Str};

/// Drives the decoder over a value whose bytes lie in memory.
#[derive(Clone, Debug)]
pub(super) struct Walk<'a> {
    decoder: Decoder,
    raw: &'a [u8],
    at: usize,
    token_offset: u64,
    ended: bool,
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
