//! Where a decoder can stand between two tokens.

use crate::decoder::collection::Collection;
use crate::decoder::module::Items;
use crate::decoder::rare::Rare;
use crate::decoder::stream::StreamState;
use crate::event::Role;

/// Where in the grammar the decoder stands. `Copy`, so that a step which
/// needs more bytes has nothing to roll back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum State {
    Header,
    /// Before an opcode or a type byte.
    Opcode,
    /// Before the only string of a value.
    One(Role),
    /// Before the smallest expiry of a hash; then a collection or a blob.
    MinExpiry {
        packed: bool,
    },
    /// Before the number of elements.
    Count(Collection),
    /// Inside a collection, before part `phase` of an element.
    Element {
        of: Collection,
        phase: u8,
        left: u64,
    },
    Stream(StreamState),
    /// Before the id of a module value.
    ModuleId,
    /// Inside a module's items.
    Items(Items),
    /// What only the newest servers write.
    Rare(Rare),
    /// Inside a long string.
    Chunks {
        left: u64,
        then: Resume,
    },
    KeyEnd,
    Done,
    Failed,
}

/// Where to go on after a long string: the states one can stand in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Resume {
    KeyEnd,
    Element {
        of: Collection,
        phase: u8,
        left: u64,
    },
    Items(Items),
    Rare(Rare),
}

impl From<Resume> for State {
    #[inline]
    fn from(resume: Resume) -> State {
        match resume {
            Resume::KeyEnd => State::KeyEnd,
            Resume::Element { of, phase, left } => State::Element { of, phase, left },
            Resume::Items(items) => State::Items(items),
            Resume::Rare(rare) => State::Rare(rare),
        }
    }
}
