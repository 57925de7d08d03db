//! Why a step gave no token: more bytes needed, a second look, or an error.

use nom::Err as NomErr;

use crate::decoder::drive::Captured;
use crate::decoder::module::Items;
use crate::decoder::{Decoder, Sink, State};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::event::Token;
use crate::grammar::{Bad, What, needed};
use crate::wire::Opcode;

/// What a second look found.
enum Look {
    /// How long a window may do.
    More(usize),
    /// A token with a special encoding at `at` where a length belongs.
    Lax { used: usize, token: Token, at: u64 },
}

impl Decoder {
    /// Sorts out why there is no token: `Some` is how long a window may do,
    /// `None` says that a second look with lenient lengths found one.
    #[cold]
    pub(super) fn refuse<S: Sink>(
        &mut self,
        window: &[u8],
        eof: bool,
        e: NomErr<Bad>,
        sink: &mut S,
    ) -> Result<Option<usize>> {
        let begin = self.offset;
        match self.second_look(window, eof, e)? {
            Look::More(bytes) => Ok(Some(bytes)),
            Look::Lax { used, token, at } => {
                sink.token(window, begin, used, token);
                sink.lax_length(at);
                Ok(None)
            }
        }
    }

    /// For any sink: the decoder once more for each of them would be large.
    fn second_look(&mut self, window: &[u8], eof: bool, e: NomErr<Bad>) -> Result<Look> {
        let more = |n| Look::More(window.len().saturating_add(needed(n)));
        let bad = match e {
            NomErr::Incomplete(n) => return Ok(more(n)),
            NomErr::Error(bad) | NomErr::Failure(bad) => bad,
        };
        if bad.what != What::SpecialLength {
            return self.fail(window, bad);
        }
        let at = self.offset + (window.len() - bad.left) as u64;
        let mut found = Captured(None);
        let again = if eof {
            self.advance::<true, _>(window, true, &mut found)
        } else {
            self.advance::<false, _>(window, true, &mut found)
        };
        match (again, found) {
            (Ok(()), Captured(Some((used, token)))) => {
                self.lax_length = Some(at);
                Ok(Look::Lax { used, token, at })
            }
            (Ok(()), Captured(None)) => self.fail(window, bad),
            (Err(NomErr::Incomplete(n)), _) => Ok(more(n)),
            (Err(NomErr::Error(bad) | NomErr::Failure(bad)), _) => self.fail(window, bad),
        }
    }

    pub(super) fn fail<T>(&mut self, window: &[u8], bad: Bad) -> Result<T> {
        let error = self.error(window, bad);
        self.state = State::Failed;
        Err(error)
    }

    pub(super) fn error(&self, window: &[u8], bad: Bad) -> Error {
        let head = |n: usize| window.get(..n.min(window.len())).unwrap_or_default().into();
        let kind = match bad.what {
            What::Short => ErrorKind::Truncated,
            What::SpecialLength => ErrorKind::BadLength(0xc0),
            What::Length(b) => ErrorKind::BadLength(b),
            What::Encoding(b) => ErrorKind::BadStringEncoding(b),
            What::Type(t) => ErrorKind::UnknownType(t),
            What::Score => ErrorKind::BadScore,
            What::Container(why) => ErrorKind::BadQuicklistNode(why),
            What::StreamKey(n) => ErrorKind::BadStreamKey(n),
            What::ModuleItem(n) => ErrorKind::BadModuleItem(n),
            What::ModuleAux(n) => ErrorKind::BadModuleAux(n),
            What::Record(why) => ErrorKind::BadRecord(why),
            What::Unsupported(what) => ErrorKind::Unsupported(what),
            What::Magic => ErrorKind::BadMagic(head(9)),
            What::Version => ErrorKind::BadVersion(head(9)),
            What::Piece(asked) => ErrorKind::Limit {
                what: "string",
                asked,
                limit: self.limits.max_piece,
            },
        };
        let at = window.len().saturating_sub(bad.left);
        Error::new(
            kind,
            self.offset + at as u64,
            self.offset,
            self.stage(window, at),
        )
    }

    /// What the C tools would say they were doing.
    pub(super) fn stage(&self, window: &[u8], at: usize) -> Stage {
        match self.state {
            State::Header => Stage::Start,
            State::Opcode if at == 0 => Stage::Type,
            State::Opcode => match window.first().map(|b| Opcode(*b)) {
                Some(Opcode::EXPIRETIME | Opcode::EXPIRETIME_MS) => Stage::Expire,
                Some(Opcode::SELECTDB | Opcode::RESIZEDB) => Stage::Length,
                Some(Opcode::AUX) => Stage::Aux,
                Some(Opcode::MODULE_AUX) => Stage::ModuleAux,
                Some(Opcode::FUNCTION2 | Opcode::FUNCTION_PRE_GA) => Stage::Functions,
                Some(Opcode::EOF) => Stage::Checksum,
                Some(op) if op.0 >= 242 => Stage::Type,
                _ => Stage::Key,
            },
            State::Items(Items::Aux) => Stage::ModuleAux,
            State::Items(Items::Meta { .. }) => Stage::Type,
            State::Rare(rare) => rare.stage(),
            _ => Stage::Value,
        }
    }

    /// An error at the current offset.
    pub(crate) fn error_here(&self, kind: ErrorKind) -> Error {
        Error::new(kind, self.offset, self.offset, self.stage(&[], 0))
    }

    /// An error at the current offset, after which there is nothing more.
    pub(crate) fn abort(&mut self, kind: ErrorKind) -> Error {
        let error = self.error_here(kind);
        self.state = State::Failed;
        error
    }
}
