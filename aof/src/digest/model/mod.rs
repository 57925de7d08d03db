//! What a key holds, in a form that commands can be applied to.

mod entries;
mod fields;
mod list;
mod members;
mod raw;
mod sorted;
mod text;

pub(super) use entries::Entries;
pub(super) use fields::Fields;
pub(super) use list::List;
pub(super) use members::Members;
pub(super) use raw::Raw;
pub(super) use sorted::Sorted;
pub(super) use text::Text;

use super::halt::Halt;
use rdbkit_rdb::digest::{Building, Dataset, Kind, Outcome, Rules};
use rdbkit_rdb::{Error, Record, Value};

/// What an element of a collection is taken to cost besides its bytes: its
/// places in tables and with the allocator.
pub(super) const ELEMENT: usize = 64;

/// When something expires.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Expiry {
    #[default]
    None,
    /// In Unix milliseconds.
    At(i64),
    /// So long after the log was loaded, as servers before 7.0 wrote it.
    Later,
}

impl Expiry {
    /// In Unix milliseconds; what is later never comes.
    pub fn ms(self) -> Option<i64> {
        match self {
            Expiry::None => None,
            Expiry::At(ms) => Some(ms),
            Expiry::Later => Some(i64::MAX),
        }
    }
}

impl From<Option<i64>> for Expiry {
    fn from(ms: Option<i64>) -> Expiry {
        ms.map_or(Expiry::None, Expiry::At)
    }
}

/// One key.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub content: Content,
    pub expiry: Expiry,
}

/// A value. The large ones are boxed: there may be many keys of the small ones.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// As it came out of a file, for as long as nothing looks inside.
    Raw(Raw),
    Text(Text),
    List(Box<List>),
    Set(Box<Members>),
    Zset(Box<Sorted>),
    Hash(Box<Fields>),
    Stream(Box<Entries>),
}

/// A type of values that commands look into.
pub(super) trait Typed: Sized + Into<Content> {
    const KIND: Kind;

    /// An empty one, such as commands begin with.
    fn new(rules: &Rules) -> Self;

    /// What a record holds.
    ///
    /// # Errors
    ///
    /// [`Halt::Beyond`] for a record that is damaged. Whoever holds one has
    /// walked it before.
    fn read(record: &Record<'_>, value: Value<'_>, rules: &Rules) -> Result<Self, Halt>;

    fn of(content: &mut Content) -> Option<&mut Self>;

    /// Bytes of memory, about.
    fn memory(&self) -> usize;

    /// Whether servers remove a key with it.
    fn is_empty(&self) -> bool;

    fn build(&self, key: &mut Building<'_>);
}

macro_rules! typed {
    ($($variant:ident $type:ty)*) => {
        $(impl From<$type> for Content {
            fn from(value: $type) -> Content {
                Content::$variant(value.into())
            }
        })*

        impl Held {
            /// Bytes of memory, about.
            pub fn memory(&self) -> usize {
                match &self.content {
                    Content::Raw(raw) => raw.memory(),
                    $(Content::$variant(value) => value.memory(),)*
                }
            }

            /// Whether it is a collection without elements.
            pub fn is_empty(&self) -> bool {
                match &self.content {
                    Content::Raw(_) => false,
                    $(Content::$variant(value) => value.is_empty(),)*
                }
            }

            /// Digests it under a name.
            ///
            /// # Errors
            ///
            /// Whatever is wrong with a record of a file.
            pub fn digest(&self, dataset: &mut Dataset, db: u64, key: &[u8]) -> Result<Outcome, Error> {
                let expire_ms = self.expiry.ms();
                match &self.content {
                    Content::Raw(raw) => raw.record(|record| {
                        let mut record = record;
                        record.db = db;
                        record.key = rdbkit_rdb::Str::Raw(key);
                        record.meta.expire_ms = expire_ms;
                        dataset.add(&record)
                    }),
                    $(Content::$variant(value) => {
                        let mut building = dataset.build(db, key, <$type as Typed>::KIND, expire_ms);
                        value.build(&mut building);
                        Ok(building.finish())
                    })*
                }
            }

            /// The type, where it is one that has a digest.
            pub fn kind(&self) -> Option<Kind> {
                match &self.content {
                    Content::Raw(raw) => raw.kind(),
                    $(Content::$variant(_) => Some(<$type as Typed>::KIND),)*
                }
            }
        }
    };
}

typed! {
    Text Text
    List List
    Set Members
    Zset Sorted
    Hash Fields
    Stream Entries
}

impl Held {
    /// Something new, that does not expire.
    pub fn new(content: impl Into<Content>) -> Held {
        Held {
            content: content.into(),
            expiry: Expiry::None,
        }
    }

    /// What it holds, if that is of this type.
    ///
    /// # Errors
    ///
    /// As [`Typed::read`].
    pub fn typed<T: Typed>(&mut self, rules: &Rules) -> Result<Option<&mut T>, Halt> {
        if self.kind() != Some(T::KIND) {
            return Ok(None);
        }
        if let Content::Raw(raw) = &self.content {
            let read = raw.record(|record| Ok(T::read(&record, record.value()?, rules)))?;
            self.content = read?.into();
        }
        Ok(T::of(&mut self.content))
    }
}
