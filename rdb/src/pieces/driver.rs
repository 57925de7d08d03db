//! What becomes of each token of a file.

use super::replay::{has_template, pieces, replay};
use super::unpack::{Span, Unpack};
use super::{End, Expired, Key, Piece, Summary, Visitor, Want};
use crate::decoder::{Decoder, KeySink, PlainString, Sink, Whole};
use crate::error::{Error, ErrorKind, Stage};
use crate::event::{Event, Part, Role, Token};
use crate::filter::{Candidate, Filter};
use crate::limits::Limits;
use crate::record::{Attribute, Attributes, Collector, KeyMeta, Record, Templates};
use crate::text::{Scratch, Str};
use crate::wire::{Dialect, ValueType};

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

/// What goes for all keys that come next.
#[derive(Clone, Copy, Debug)]
struct File {
    dialect: Dialect,
    version: u32,
    db: u64,
    limits: Limits,
}

/// What is known of a key before its value.
#[derive(Clone, Debug)]
struct Current {
    name: Vec<u8>,
    kind: ValueType,
    meta: KeyMeta,
    /// The KEY_META record before it.
    key_meta: Vec<u8>,
    at: u64,
    value_at: u64,
}

impl Current {
    fn set(&mut self, kind: ValueType, name: &[u8], meta: KeyMeta, at: u64, value_at: u64) {
        self.name.clear();
        self.name.extend_from_slice(name);
        (self.kind, self.meta) = (kind, meta);
        (self.at, self.value_at) = (at, value_at);
    }

    /// The key with its value.
    fn record<'r>(&'r self, file: File, raw: &'r [u8], templates: Option<Templates>) -> Record<'r> {
        Record {
            db: file.db,
            meta: self.meta,
            key_meta: &self.key_meta,
            kind: self.kind,
            dialect: file.dialect,
            version: file.version,
            key: Str::Raw(&self.name),
            raw,
            offset: self.at,
            value_offset: self.value_at,
            max_decompressed: file.limits.max_decompressed,
            templates,
        }
    }
}

/// The visitor, and what is counted on the way to it.
struct To<'d, V: ?Sized> {
    visitor: &'d mut V,
    expired: Expired,
    summary: Summary,
    /// Fields of the key in hand that were left out.
    skipped: u64,
}

impl<V: Visitor + ?Sized> To<'_, V> {
    #[inline(always)]
    fn key(&mut self, key: &Key<'_>) -> Outcome<V, Want> {
        if key.meta.expire_ms.is_some_and(|t| t <= self.expired.now_ms) {
            self.summary.expired += 1;
            if self.expired.skip {
                return Ok(Want::Nothing);
            }
        }
        self.summary.keys += 1;
        self.visitor.key(key)
    }

    #[inline(always)]
    fn piece(&mut self, piece: Piece<'_>) -> Outcome<V> {
        if let Piece::Field(field) = &piece
            && field.expire_ms.is_some_and(|t| t <= self.expired.now_ms)
        {
            self.summary.expired_fields += 1;
            if self.expired.skip {
                self.skipped += 1;
                return Ok(());
            }
        }
        self.visitor.piece(piece)
    }

    #[inline(always)]
    fn end(&mut self, size: u64) -> Outcome<V> {
        let expired_fields = std::mem::take(&mut self.skipped);
        self.visitor.end(End {
            size,
            expired_fields,
        })
    }
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

    /// A key that is in the window whole.
    #[inline(always)]
    fn whole_key(&mut self, key: &Whole<'_>) -> Outcome<V> {
        let meta = self.attributes.take();
        let size = key.raw.len() as u64;
        let taken = self.takes(key.kind, key.key, meta, key.at)? && self.filter.takes_size(size);
        let done = match (taken, key.key) {
            (false, _) => Ok(()),
            (true, Str::Raw(name)) => self.whole_taken(key, name, meta),
            (true, packed) => {
                let mut scratch = std::mem::take(&mut self.scratch);
                let error = |kind| Error::new(kind, key.at, key.at, Stage::Key).into();
                let name = packed.bytes(&mut scratch).map_err(error);
                let done = name.and_then(|name| self.whole_taken(key, name, meta));
                self.scratch = scratch;
                done
            }
        };
        self.current.key_meta.clear();
        done
    }

    #[inline(always)]
    fn whole_taken(&mut self, key: &Whole<'_>, name: &[u8], meta: KeyMeta) -> Outcome<V> {
        let want = self.begin(key.kind, name, meta, key.at)?;
        match (want, key.role, key.text) {
            (Want::Nothing, ..) => Ok(()),
            (Want::Pieces, Role::Value, Str::Raw(text)) => {
                self.to.piece(Piece::String(text))?;
                self.to.end(key.raw.len() as u64)
            }
            _ => self.whole_other(key, name, meta, want),
        }
    }

    fn whole_other(
        &mut self,
        key: &Whole<'_>,
        name: &[u8],
        meta: KeyMeta,
        want: Want,
    ) -> Outcome<V> {
        // A list's only node has its number and its kind before it.
        let value_at = match key.kind {
            ValueType::LIST_QUICKLIST_2 => key.text_at - 2,
            _ => key.text_at,
        };
        self.current.set(key.kind, name, meta, key.at, value_at);
        let value = key.raw.get((value_at - key.at) as usize..);
        let value = value.unwrap_or_default();
        match want {
            Want::Record { at_most } if value.len() as u64 <= at_most => self.give_record(value),
            _ if has_template(key.kind, self.file.dialect) => self.whole_pieces(value),
            _ => {
                self.begin_pieces();
                let (role, text) = (key.role, key.text);
                let (at, end) = (key.text_at, key.end);
                self.give(&Part::Item { role, text }, Span { at, end })?;
                self.to.end(key.raw.len() as u64)
            }
        }
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

    /// A token inside of a key.
    fn inside(&mut self, event: &Event<'_>, bytes: &[u8], span: Span) -> Outcome<V> {
        let ends = matches!(event, Part::KeyEnd);
        match self.state {
            State::Giving if !ends => return self.give(event, span),
            State::Giving => {
                let size = span.end - self.current.at;
                self.to.end(size)?;
            }
            State::Sizing => {
                self.hold(bytes, self.file.limits.max_record, span)?;
                let size = span.end - self.current.at;
                if ends || size >= self.filter.decisive_size() {
                    let taken = self.filter.takes_size(size);
                    let want = match taken {
                        true => self.begin_current()?,
                        false => Want::Nothing,
                    };
                    self.proceed(want, ends)?;
                }
            }
            State::Holding {
                for_pieces,
                at_most,
            } => {
                let fits = (self.held.len() + bytes.len()) as u64 <= at_most;
                if for_pieces || fits {
                    self.hold(bytes, at_most, span)?;
                    if ends {
                        self.complete(for_pieces)?;
                    }
                } else {
                    self.hold(bytes, self.file.limits.max_record, span)?;
                    self.proceed(Want::Pieces, ends)?;
                }
            }
            _ => {}
        }
        if ends {
            self.leave();
        }
        Ok(())
    }

    /// Goes on with a key of which it is known now how it is wanted, and part of
    /// whose value may be held already.
    fn proceed(&mut self, want: Want, ends: bool) -> Outcome<V> {
        let template = has_template(self.current.kind, self.file.dialect);
        self.state = match want {
            Want::Nothing => State::Passing,
            Want::Record { at_most } if self.held.len() as u64 <= at_most => State::Holding {
                for_pieces: false,
                at_most,
            },
            _ if template => State::Holding {
                for_pieces: true,
                at_most: self.file.limits.max_record,
            },
            _ => {
                self.begin_pieces();
                State::Giving
            }
        };
        let held = std::mem::take(&mut self.held);
        let done = match self.state {
            State::Giving if ends => self.whole_pieces(&held),
            State::Giving => self.give_pieces(&held, false),
            State::Holding { for_pieces, .. } => {
                self.held = held;
                return match ends {
                    true => self.complete(for_pieces),
                    false => Ok(()),
                };
            }
            _ => Ok(()),
        };
        self.held = held;
        self.held.clear();
        done
    }

    /// The value that was held is all here.
    fn complete(&mut self, for_pieces: bool) -> Outcome<V> {
        let held = std::mem::take(&mut self.held);
        let done = match for_pieces {
            true => self.whole_pieces(&held),
            false => self.give_record(&held),
        };
        self.held = held;
        done
    }

    fn whole_pieces(&mut self, raw: &[u8]) -> Outcome<V> {
        self.give_pieces(raw, true)?;
        self.to
            .end(self.current.value_at - self.current.at + raw.len() as u64)
    }

    /// The key is over.
    fn leave(&mut self) {
        self.state = State::Outside;
        self.held.clear();
        self.current.key_meta.clear();
    }

    fn hold(&mut self, bytes: &[u8], limit: u64, span: Span) -> Outcome<V> {
        hold(&mut self.held, bytes, limit, span.at)?;
        Ok(())
    }

    /// Tells the visitor of the key in hand.
    fn begin_current(&mut self) -> Outcome<V, Want> {
        let name = std::mem::take(&mut self.current.name);
        let Current { kind, meta, at, .. } = self.current;
        let want = self.begin(kind, &name, meta, at);
        self.current.name = name;
        want
    }

    /// A key whose value comes in tokens.
    fn key(&mut self, kind: ValueType, key: Str<'_>, span: Span) -> Outcome<V> {
        let meta = self.attributes.take();
        self.state = State::Passing;
        if !self.takes(kind, key, meta, span.at)? {
            return Ok(());
        }
        let error = |kind| Error::new(kind, span.at, span.at, Stage::Key);
        let name = key.bytes(&mut self.scratch).map_err(error)?;
        self.current.set(kind, name, meta, span.at, span.end);
        self.held.clear();
        if self.filter.has_size() {
            self.state = State::Sizing;
            return Ok(());
        }
        // Counts it; without a condition on size every size will do.
        self.filter.takes_size(0);
        let want = self.begin_current()?;
        self.proceed(want, false)
    }

    /// A token that is not inside of anything.
    fn outside(&mut self, event: &Event<'_>, bytes: &[u8], span: Span) -> Outcome<V> {
        match self.attributes.token(event) {
            Attribute::None => {}
            Attribute::Whole => return Ok(()),
            attribute => {
                if attribute == Attribute::MetaFirst {
                    self.current.key_meta.clear();
                }
                let limit = self.file.limits.max_record;
                hold(&mut self.current.key_meta, bytes, limit, span.at)?;
                return Ok(());
            }
        }
        let error = |kind| Error::new(kind, span.at, span.at, Stage::Value);
        match *event {
            Part::Key { kind, key } => return self.key(kind, key, span),
            Part::SelectDb(db) => self.file.db = db,
            Part::Template { .. }
            | Part::Item {
                role: Role::TemplateField,
                ..
            } => {
                let limit = self.file.limits.max_record;
                self.collector.token(event, bytes, limit).map_err(error)?;
            }
            Part::Update(_) => {
                let why = "a replicated command among the keys, which it may change";
                return Err(error(ErrorKind::Unsupported(why)).into());
            }
            Part::ModuleAux { .. } => {
                self.state = State::Module;
                return self.to.visitor.event(event);
            }
            Part::Aux { .. }
            | Part::Function(_)
            | Part::FunctionPreGa { .. }
            | Part::SlotImport { .. } => return self.to.visitor.event(event),
            Part::Eof { checksum } => self.stored = checksum,
            // Sizes.
            _ => {}
        }
        Ok(())
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

fn hold(held: &mut Vec<u8>, bytes: &[u8], limit: u64, at: u64) -> Result<(), Error> {
    let asked = held.len() as u64 + bytes.len() as u64;
    if asked > limit {
        let what = "value that has to be held whole";
        let kind = ErrorKind::Limit { what, asked, limit };
        return Err(Error::new(kind, at, at, Stage::Value));
    }
    held.extend_from_slice(bytes);
    Ok(())
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
