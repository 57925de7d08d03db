//! What is asked of a key, and what is told of it.

use rdbkit_rdb::ObjectKind;

/// The key somebody asks about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// Its name.
    pub key: Vec<u8>,
    /// The database it is in; `None` for all of them. When databases are
    /// swapped, the key is looked for in both from there on.
    pub db: Option<u64>,
    /// Whether to go on with the new name after a `RENAME`, and in the new
    /// database after a `MOVE`.
    pub follow: bool,
}

/// How a command touched a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch<'a> {
    /// The key is among its keys.
    Key,
    /// The value went to this name, and replaced what was there.
    RenamedTo(&'a [u8]),
    /// The value of this name replaced that of the key.
    RenamedFrom(&'a [u8]),
    /// The value was copied to this name, in that database.
    CopiedTo(&'a [u8], u64),
    /// The value of this name was copied here, from that database.
    CopiedFrom(&'a [u8], u64),
    /// It went to another database.
    MovedTo(u64),
    /// It came from another database.
    MovedFrom(u64),
    /// Its database was emptied; the key may or may not have been there.
    Flushed,
    /// Its database changed places with this one.
    Swapped(u64),
    /// A command that is not known has the key's name among its arguments.
    Perhaps,
}

impl Touch<'_> {
    /// A stable name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Touch::Key => "key",
            Touch::RenamedTo(_) => "renamed-to",
            Touch::RenamedFrom(_) => "renamed-from",
            Touch::CopiedTo(..) => "copied-to",
            Touch::CopiedFrom(..) => "copied-from",
            Touch::MovedTo(_) => "moved-to",
            Touch::MovedFrom(_) => "moved-from",
            Touch::Flushed => "flushed",
            Touch::Swapped(_) => "swapped",
            Touch::Perhaps => "perhaps",
        }
    }
}

/// A command that touched the key.
#[derive(Clone, Copy, Debug)]
pub struct Found<'f> {
    /// How.
    pub touch: Touch<'f>,
    /// Under which name: the one asked about, or one that is followed.
    pub name: &'f [u8],
    /// In which database.
    pub db: u64,
    /// Whether it is a name or a database the key was followed to.
    pub followed: bool,
}

/// The key in the RDB file at the front of a base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BaseKey {
    /// Which of [`Set::files`](crate::Set::files) holds it.
    pub file: usize,
    /// Its database.
    pub db: u64,
    /// What it is; `None` for a type this crate does not know.
    pub kind: Option<ObjectKind>,
    /// Its expiry in Unix milliseconds.
    pub expires_ms: Option<i64>,
}
