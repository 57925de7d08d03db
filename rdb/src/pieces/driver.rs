//! What becomes of each token of a file.

mod key;
mod to;
mod tokens;
mod whole;

use super::replay::{pieces, replay};
use super::unpack::{Span, Unpack};
use super::{Expired, Key, Piece, Summary, Visitor, Want};
use crate::decoder::{Decoder, KeySink, PlainString, Sink, Whole};
use crate::error::{Error, Stage};
use crate::event::{Event, Part, Role, Token};
use crate::filter::{Candidate, Filter};
use crate::record::{Attributes, Collector, KeyMeta};
use crate::text::{Scratch, Str};
use crate::wire::ValueType;
use key::{Current, File};
use to::To;

type Outcome<V, T = ()> = Result<T, <V as Visitor>::Error>;

/// Hands the keys that a filter takes to a visitor.
pub(super) struct Driver<'d, V: Visitor + ?Sized> {
    filter: &'d mut Filter,
    to: To<'d, V>,
    file: File,
    attributes: Attributes,
    collector: Collector,
    state: State,
    /// The key in hand, and before it what has come of the next one.
    current: Current,
    /// What is held of its value.
    held: Vec<u8>,
    unpack: Unpack,
    scratch: Scratch,
    stored: Option<u64>,
    error: Option<V::Error>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Between keys.
    Outside,
    /// Inside a key that nobody wants.
    Passing,
    /// Inside a key whose pieces are given.
    Giving,
    /// Inside a key that is taken if its size is right.
    Sizing,
    /// Inside a key that is wanted whole, or can only be read whole.
    Holding { for_pieces: bool, at_most: u64 },
    /// Inside data of a module that belongs to no key.
    Module,
}

impl<'d, V: Visitor + ?Sized> Driver<'d, V> {
    pub fn new(
        decoder: &Decoder,
        filter: &'d mut Filter,
        expired: Expired,
        visitor: &'d mut V,
    ) -> Driver<'d, V> {
        let limits = *decoder.limits();
        Driver {
            filter,
            to: To {
                visitor,
                expired,
                summary: Summary::default(),
                skipped: 0,
                has_fields: false,
            },
            file: File {
                dialect: decoder.dialect(),
                version: decoder.version(),
                db: decoder.db(),
                limits,
            },
            attributes: Attributes::default(),
            collector: Collector::default(),
            state: State::Outside,
            current: Current {
                name: Vec::new(),
                kind: ValueType::STRING,
                meta: KeyMeta::default(),
                key_meta: Vec::new(),
                at: 0,
                value_at: 0,
            },
            held: Vec::new(),
            unpack: Unpack::new(limits.max_piece, limits.max_decompressed),
            scratch: Scratch::with_limit(limits.max_decompressed),
            stored: None,
            error: None,
        }
    }

    pub fn take_error(&mut self) -> Option<V::Error> {
        self.error.take()
    }

    /// What came by, and the checksum the file states.
    pub fn finish(self) -> (Summary, Option<u64>) {
        (self.to.summary, self.stored)
    }

    /// Whether the filter takes a key, as far as can be told before its value.
    #[inline(always)]
    fn takes(&mut self, kind: ValueType, key: Str<'_>, meta: KeyMeta, at: u64) -> Outcome<V, bool> {
        let candidate = Candidate {
            db: self.file.db,
            object: kind.object(self.file.dialect),
            key,
            expire_ms: meta.expire_ms,
        };
        let takes = self.filter.takes_key(&candidate);
        takes.map_err(|kind| Error::new(kind, at, at, Stage::Key).into())
    }

    /// Tells the visitor of a key that the filter took.
    #[inline(always)]
    fn begin(&mut self, kind: ValueType, name: &[u8], meta: KeyMeta, at: u64) -> Outcome<V, Want> {
        let Some(object) = kind.object(self.file.dialect) else {
            // The decoder lets no such key pass.
            return Ok(Want::Nothing);
        };
        self.to.key(&Key {
            db: self.file.db,
            name,
            kind,
            dialect: self.file.dialect,
            object,
            meta,
            has_key_meta: !self.current.key_meta.is_empty(),
            offset: at,
        })
    }

    fn begin_pieces(&mut self) {
        let kind = self.current.kind;
        if let Some(object) = kind.object(self.file.dialect) {
            self.unpack.begin(kind, self.file.dialect, object);
        }
    }

    #[inline(always)]
    fn give(&mut self, event: &Event<'_>, span: Span) -> Outcome<V> {
        let (unpack, to) = (&mut self.unpack, &mut self.to);
        unpack.token(event, span, &mut |piece| to.piece(piece))
    }

    /// A value that is wanted whole, and is.
    fn give_record(&mut self, raw: &[u8]) -> Outcome<V> {
        let templates = self.collector.templates();
        let record = self.current.record(self.file, raw, templates);
        self.to.visitor.record(&record)
    }

    /// The pieces of a value, or of as much of one as has come.
    fn give_pieces(&mut self, raw: &[u8], ends: bool) -> Outcome<V> {
        let templates = self.collector.templates();
        let record = self.current.record(self.file, raw, templates);
        let (unpack, to) = (&mut self.unpack, &mut self.to);
        let mut give = |piece: Piece<'_>| to.piece(piece);
        match ends {
            true => pieces(&record, unpack, &mut give),
            false => replay(&record, self.file.limits, false, unpack, &mut give),
        }
    }

    /// What comes for each element of a value whose pieces are given is told
    /// apart where it was parsed; the others are rare, or come once a key.
    #[inline(always)]
    fn take(&mut self, window: &[u8], at: u64, used: usize, token: Token) -> Outcome<V> {
        match (self.state, token) {
            (State::Giving, Part::Item { role, text }) => {
                self.item(role, text.resolve(window), at, used)
            }
            (State::Giving, Part::Score(score)) => self.score(score),
            (State::Outside, Part::ExpireMs(_)) => {
                self.attributes.token(&token);
                Ok(())
            }
            _ => self.take_rare(window, at, used, token),
        }
    }

    #[inline(never)]
    fn item(&mut self, role: Role, text: Str<'_>, at: u64, used: usize) -> Outcome<V> {
        let end = at + used as u64;
        let (unpack, to) = (&mut self.unpack, &mut self.to);
        unpack.item(role, text, Span { at, end }, &mut |piece| to.piece(piece))
    }

    #[inline(never)]
    fn score(&mut self, score: f64) -> Outcome<V> {
        let (unpack, to) = (&mut self.unpack, &mut self.to);
        unpack.score(score, &mut |piece| to.piece(piece))
    }

    #[inline(never)]
    fn take_rare(&mut self, window: &[u8], at: u64, used: usize, token: Token) -> Outcome<V> {
        let span = Span {
            at,
            end: at + used as u64,
        };
        let bytes = || window.get(..used).unwrap_or_default();
        match self.state {
            State::Outside => self.outside(&token.resolve(window), bytes(), span),
            State::Passing => {
                if matches!(token, Part::KeyEnd) {
                    self.leave();
                }
                Ok(())
            }
            State::Module => {
                if matches!(token, Part::ModuleEnd) {
                    self.state = State::Outside;
                }
                Ok(())
            }
            _ => self.inside(&token.resolve(window), bytes(), span),
        }
    }
}

impl<V: Visitor + ?Sized> Sink for Driver<'_, V> {
    #[inline(always)]
    fn token(&mut self, window: &[u8], at: u64, used: usize, token: Token) {
        if self.error.is_none() {
            self.error = self.take(window, at, used, token).err();
        }
    }
}

impl<V: Visitor + ?Sized> KeySink for Driver<'_, V> {
    #[inline(always)]
    fn plain_string(&mut self, plain: PlainString<'_>) {
        let whole = Whole {
            at: plain.at,
            kind: ValueType::STRING,
            key: Str::Raw(plain.key),
            text_at: plain.at + plain.value_at as u64,
            role: Role::Value,
            text: Str::Raw(plain.value),
            end: plain.at + plain.raw.len() as u64,
            raw: plain.raw,
        };
        self.whole(whole);
    }

    #[inline(always)]
    fn whole(&mut self, key: Whole<'_>) {
        if self.error.is_none() {
            self.error = self.whole_key(&key).err();
        }
    }
}
