//! Keys whose values come token by token.

use super::{Current, Driver, Outcome, State};
use crate::error::{COMMAND_AMONG_KEYS, Error, ErrorKind, Stage};
use crate::event::{Event, Part, Role};
use crate::pieces::replay::has_template;
use crate::pieces::unpack::Span;
use crate::pieces::{Visitor, Want};
use crate::record::Attribute;
use crate::text::Str;
use crate::wire::ValueType;

impl<V: Visitor + ?Sized> Driver<'_, V> {
    /// A token inside of a key.
    pub(super) fn inside(&mut self, event: &Event<'_>, bytes: &[u8], span: Span) -> Outcome<V> {
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

    pub(super) fn whole_pieces(&mut self, raw: &[u8]) -> Outcome<V> {
        self.give_pieces(raw, true)?;
        self.to
            .end(self.current.value_at - self.current.at + raw.len() as u64)
    }

    /// The key is over.
    pub(super) fn leave(&mut self) {
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
    pub(super) fn outside(&mut self, event: &Event<'_>, bytes: &[u8], span: Span) -> Outcome<V> {
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
            Part::Update(_) => return Err(error(COMMAND_AMONG_KEYS).into()),
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
