//! The sans-IO core: a window of bytes in, at most one token out.
//!
//! ```text
//! file    := magic version record* EOF [crc64]
//! record  := opcode payload  |  attribute* type STR(key) value
//! ```
//!
//! The decoder owns no bytes and does no IO. [`Decoder::step`] looks at the
//! front of a window and either hands out one whole token, or asks for more
//! bytes and changes nothing. [`SliceReader`](crate::SliceReader) and
//! [`StreamReader`](crate::StreamReader) are thin loops around it.
//!
//! Advice to the next person: a new piece of the format is a `State`, never a
//! loop inside a parser. `Incomplete` restarts the parser of the current state
//! from its beginning, so a state that reads a collection at once would go
//! quadratic on a stream, and would have to hold the collection in the window.

mod collection;
mod drive;
mod fault;
mod item;
mod module;
mod rare;
pub(crate) mod record;
mod runs;
mod state;
mod stream;
mod whole;

use std::collections::HashMap;

use nom::Err as NomErr;

use crate::error::Result;
use crate::event::{Part, Role, Token};
use crate::grammar::{self, Bad, P, Rules, What, bytes, fail, string};
use crate::limits::Limits;
use crate::wire::{Dialect, Opcode, ValueType};

pub(crate) use collection::Collection;
use drive::Captured;
pub(crate) use drive::{KeySink, Progress, RunSink, Sink};
use rare::Rare;
pub(crate) use runs::{PlainFront, Run, Runs};
pub(crate) use state::{Resume, State};
pub(crate) use whole::{PlainString, Whole};

/// What [`Decoder::step`] did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// One token, from the first `used` bytes of the window.
    Token {
        /// Bytes consumed; 0 for tokens that only mark an end.
        used: usize,
        /// What was there.
        token: Token,
    },
    /// The window holds less than a token; nothing was consumed.
    NeedMore {
        /// A window this long may do; never less than one byte more.
        at_least: usize,
    },
    /// The file is complete, or an error was returned before.
    Done,
}

/// A record boundary from which decoding can go on, see [`Decoder::resume`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// From the file's magic.
    pub dialect: Dialect,
    /// From the file's header.
    pub version: u32,
    /// Offset of the opcode or type byte to go on with.
    pub offset: u64,
}

/// Decodes an RDB file from windows of its bytes.
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::{Decoder, Limits, Part, Step};
///
/// let mut decoder = Decoder::new(Limits::default());
/// // Too little for a header: nothing is consumed, nothing is lost.
/// assert_eq!(decoder.step(b"REDIS", false)?, Step::NeedMore { at_least: 9 });
/// let step = decoder.step(b"REDIS0012\xfe\x03", false)?;
/// assert!(matches!(step, Step::Token { used: 9, token: Part::Header { version: 12, .. } }));
/// # Ok::<(), rdbkit_rdb::Error>(())
/// ```
///
/// # Limits
///
/// Memory is constant but for hash templates, of which the decoder keeps the
/// field counts (at most 2^20 of them).
#[derive(Clone, Debug)]
pub struct Decoder {
    state: State,
    offset: u64,
    dialect: Dialect,
    version: u32,
    db: u64,
    limits: Limits,
    /// Field counts of the hash templates seen, by id.
    templates: HashMap<u64, u64>,
    /// Where a special encoding stood for a length since this was last asked.
    lax_length: Option<u64>,
}

/// No server has more than a few thousand; a file cannot make us keep more.
const MAX_TEMPLATES: usize = 1 << 20;

impl Decoder {
    /// A decoder at the start of a file.
    #[must_use]
    pub fn new(limits: Limits) -> Decoder {
        // Chunks of no bytes would never end, and one that may not be held is no
        // chunk. With this, what is short enough for a chunk needs no other check.
        let most = usize::try_from(limits.max_piece).unwrap_or(usize::MAX);
        let chunk = limits.chunk.min(most).max(1);
        Decoder {
            state: State::Header,
            offset: 0,
            dialect: Dialect::Redis,
            version: 0,
            db: 0,
            limits: Limits { chunk, ..limits },
            templates: HashMap::new(),
            lax_length: None,
        }
    }

    /// A decoder at a record boundary in the middle of a file.
    ///
    /// Hash templates that were defined before it are not known to it.
    #[must_use]
    pub fn resume(at: Checkpoint, limits: Limits) -> Decoder {
        Decoder {
            state: State::Opcode,
            offset: at.offset,
            dialect: at.dialect,
            version: at.version,
            ..Decoder::new(limits)
        }
    }

    /// Goes on at another record boundary, with what is known of templates.
    pub(crate) fn rejoin(&mut self, offset: u64) {
        self.state = State::Opcode;
        self.offset = offset;
        self.lax_length = None;
    }

    /// Passes over the bytes of the long string it stands in, unless they end
    /// behind `end`. `false` if it stands in none.
    pub(crate) fn pass_over_chunks(&mut self, end: u64) -> bool {
        let State::Chunks { left, then } = self.state else {
            return false;
        };
        let after = self.offset.checked_add(left).filter(|after| *after <= end);
        if let Some(after) = after {
            self.offset = after;
            self.state = then.into();
        }
        after.is_some()
    }

    /// A decoder at the first byte of a value, after its key.
    pub(crate) fn for_value(kind: ValueType, at: Checkpoint, limits: Limits) -> Result<Decoder> {
        let mut decoder = Decoder::resume(at, limits);
        decoder.state = match record::value_state(kind, at.dialect) {
            Ok(state) => state,
            Err(what) => {
                let bad = Bad { what, left: 0 };
                return Err(decoder.error(&[], bad));
            }
        };
        Ok(decoder)
    }

    /// A decoder at the first of the `fields` names of a hash template.
    pub(crate) fn for_template(fields: u64, limits: Limits) -> Decoder {
        let mut decoder = Decoder::new(limits);
        if fields > 0 {
            decoder.state = State::Rare(Rare::TemplateField { left: fields });
        }
        decoder
    }

    /// Tells a decoder for one value how many fields a template has.
    pub(crate) fn know_template(&mut self, id: u64, fields: u64) {
        self.templates.insert(id, fields);
    }

    /// Takes back what it remembers of a template; for one who goes to and fro,
    /// and does not take all that was decoded.
    pub(crate) fn forget_template(&mut self, id: u64) {
        self.templates.remove(&id);
    }

    /// Offset of the next byte to decode, from the start of the file.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The dialect; before the header, `Redis`.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The version digits; 0 before the header.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The database of the keys that come next; 0 before the file names one.
    #[must_use]
    pub fn db(&self) -> u64 {
        self.db
    }

    /// Goes on at a record boundary elsewhere in the file, with the templates
    /// that were seen so far.
    pub(crate) fn go_to(&mut self, offset: u64, db: u64) {
        self.rejoin(offset);
        self.db = db;
    }

    /// Passes over `len` bytes of whole records.
    pub(crate) fn pass(&mut self, len: usize) {
        self.rejoin(self.offset + len as u64);
    }

    /// Passes over `len` bytes of whole records for another decoder, and gives
    /// where that begins.
    pub(crate) fn cut_off(&mut self, len: usize) -> Checkpoint {
        let from = Checkpoint {
            dialect: self.dialect,
            version: self.version,
            offset: self.offset,
        };
        self.pass(len);
        from
    }

    /// Bounds what one owned record may have.
    pub(crate) fn set_max_record(&mut self, bytes: u64) {
        self.limits.max_record = bytes;
    }

    /// The bounds it was made with.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether the decoder stands between two records.
    #[must_use]
    pub fn at_record_boundary(&self) -> bool {
        matches!(self.state, State::Opcode)
    }

    /// Where a string's special encoding last stood in a length's place.
    ///
    /// Servers take its six low bits for the length, so decoding goes on; the
    /// caller is told once. No server writes this.
    #[inline]
    pub fn take_lax_length(&mut self) -> Option<u64> {
        self.lax_length.take()
    }

    /// Decodes at most one token from the front of `window`.
    ///
    /// `eof` says that no byte follows the window.
    ///
    /// # Errors
    ///
    /// Whatever the file does wrong, with the offset of the primitive and of
    /// the token. After an error every further call returns [`Step::Done`].
    #[inline]
    pub fn step(&mut self, window: &[u8], eof: bool) -> Result<Step> {
        let mut one = Captured(None);
        let done = if eof {
            self.advance::<true, _>(window, false, &mut one)
        } else {
            self.advance::<false, _>(window, false, &mut one)
        };
        match (done, one.0) {
            (Ok(()), Some((used, token))) => Ok(Step::Token { used, token }),
            (Ok(()), None) => Ok(Step::Done),
            (Err(e), _) => match self.refuse(window, eof, e, &mut one)? {
                Some(at_least) => Ok(Step::NeedMore { at_least }),
                None => Ok(match one.0 {
                    Some((used, token)) => Step::Token { used, token },
                    None => Step::Done,
                }),
            },
        }
    }

    /// Whether the file's end has been read, or an error returned.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.state, State::Done | State::Failed)
    }

    /// Takes the token at the front of `w` into `sink`, or changes nothing.
    ///
    /// States that come once or more a key are inlined here; the others share
    /// one function behind a call.
    #[inline(always)]
    fn advance<const EOF: bool, S: Sink>(
        &mut self,
        w: &[u8],
        lenient: bool,
        sink: &mut S,
    ) -> std::result::Result<(), NomErr<Bad>> {
        let rules = Rules {
            base: w.len(),
            max_piece: self.limits.max_piece,
            lenient,
        };
        match self.state {
            State::Opcode => {
                if let Some((op, rest)) = w.split_first() {
                    let kind = ValueType(*op);
                    if *op < record::FIRST_OPCODE {
                        let (rest, key) = match string::<EOF>(rest, rules) {
                            Ok(found) => found,
                            Err(e) => return Err(self.without_key(w, kind, e)),
                        };
                        return match record::value_state(kind, self.dialect) {
                            Ok(next) => {
                                self.emit(w, rest, Part::Key { kind, key }, next, sink);
                                Ok(())
                            }
                            Err(what) => fail(w, what).map(|(_, ())| ()),
                        };
                    }
                    if Opcode(*op) == Opcode::EXPIRETIME_MS {
                        let (rest, t) = grammar::i64le::<EOF>(rest)?;
                        self.emit(w, rest, Part::ExpireMs(t), State::Opcode, sink);
                        return Ok(());
                    }
                }
            }
            State::One(role) => return self.item::<EOF, S>(w, rules, role, Resume::KeyEnd, sink),
            State::KeyEnd => {
                self.emit(w, w, Part::KeyEnd, State::Opcode, sink);
                return Ok(());
            }
            State::Element { of, phase, left } => {
                let next = match left {
                    1 => Resume::KeyEnd,
                    _ => Resume::Element {
                        of,
                        phase: 0,
                        left: left - 1,
                    },
                };
                let second = Resume::Element { of, phase: 1, left };
                let (role, then) = match (of, phase) {
                    (Collection::List, _) => (Role::Element, next),
                    (Collection::Set, _) => (Role::Member, next),
                    (Collection::Hash, 0) => (Role::Field, second),
                    (Collection::Hash, _) => (Role::FieldValue, next),
                    (Collection::ZsetBinary, 0) => (Role::Member, second),
                    (Collection::ZsetBinary, _) => {
                        let (rest, score) = grammar::f64le::<EOF>(w)?;
                        self.emit(w, rest, Part::Score(score), next.into(), sink);
                        return Ok(());
                    }
                    _ => return self.other_element::<EOF, S>(w, rules, sink),
                };
                return self.item::<EOF, S>(w, rules, role, then, sink);
            }
            State::Count(of) => {
                let (rest, n) = grammar::plain_len::<EOF>(w, rules)?;
                let next = match n {
                    0 => State::KeyEnd,
                    left => State::Element { of, phase: 0, left },
                };
                self.emit(w, rest, Part::Count(n), next, sink);
                return Ok(());
            }
            State::Done | State::Failed => return Ok(()),
            _ => {}
        }
        let (rest, (token, next)) = self.parse_rare::<EOF>(w, rules)?;
        self.accept(token);
        self.emit(w, rest, token, next, sink);
        Ok(())
    }

    #[inline(always)]
    fn emit<S: Sink>(&mut self, w: &[u8], rest: &[u8], token: Token, next: State, sink: &mut S) {
        let used = w.len() - rest.len();
        let at = self.offset;
        self.offset += used as u64;
        self.state = next;
        sink.token(w, at, used, token);
    }

    /// Why there is no key: behind a byte that is no type there need not be one,
    /// and whatever stands there says nothing.
    #[cold]
    fn without_key(&self, w: &[u8], kind: ValueType, e: NomErr<Bad>) -> NomErr<Bad> {
        match record::value_state(kind, self.dialect) {
            Ok(_) => e,
            Err(what) => NomErr::Failure(Bad {
                what,
                left: w.len(),
            }),
        }
    }

    /// What the decoder itself remembers of a token.
    fn accept(&mut self, token: Token) {
        match token {
            Part::Header {
                dialect, version, ..
            } => {
                self.dialect = dialect;
                self.version = version;
            }
            Part::SelectDb(db) => self.db = db,
            Part::Template { id, fields } if self.templates.len() < MAX_TEMPLATES => {
                self.templates.insert(id, fields);
            }
            _ => {}
        }
    }

    #[inline(never)]
    fn parse_rare<'a, const EOF: bool>(&self, w: &'a [u8], rules: Rules) -> P<'a, (Token, State)> {
        match self.state {
            State::Opcode => record::opcode::<EOF>(w, rules, self.dialect, self.version),
            State::Chunks { left, then } => self.chunk::<EOF>(w, rules, left, then),
            State::MinExpiry { packed } => collection::min_expiry::<EOF>(w, packed),
            State::Stream(state) => stream::parse::<EOF>(w, rules, state),
            State::ModuleId => module::id::<EOF>(w, rules),
            State::Items(items) => self.module_item::<EOF>(w, rules, items),
            State::Rare(state) => self.rare::<EOF>(w, rules, state),
            State::Header => record::header::<EOF>(w),
            // The rest is handled where it is hot.
            _ => fail(w, What::Short),
        }
    }

    /// A part of an element of the collections that are rare.
    #[inline(never)]
    fn other_element<const EOF: bool, S: Sink>(
        &mut self,
        w: &[u8],
        rules: Rules,
        sink: &mut S,
    ) -> std::result::Result<(), NomErr<Bad>> {
        let (rest, (token, next)) = self.element::<EOF>(w, rules)?;
        self.emit(w, rest, token, next, sink);
        Ok(())
    }
}

/// A LEN that must be read with the flag for special encodings looked at.
fn strict_len<'a, const EOF: bool>(w: &'a [u8], why: &'static str) -> P<'a, u64> {
    match grammar::len::<EOF>(w)? {
        (rest, grammar::Len::Plain(n)) => Ok((rest, n)),
        _ => fail(w, What::Record(why)),
    }
}

/// The 16 raw bytes of a stream ID.
fn raw_id<const EOF: bool>(w: &[u8]) -> P<'_, crate::event::StreamId> {
    let (rest, b) = bytes::<EOF, 16>(w)?;
    Ok((rest, crate::event::StreamId::from_bytes(b)))
}

/// An ID as two lengths.
fn len_id<const EOF: bool>(w: &[u8], rules: Rules) -> P<'_, crate::event::StreamId> {
    let (rest, ms) = grammar::plain_len::<EOF>(w, rules)?;
    let (rest, seq) = grammar::plain_len::<EOF>(rest, rules)?;
    Ok((rest, crate::event::StreamId { ms, seq }))
}

#[cfg(test)]
mod tests;
