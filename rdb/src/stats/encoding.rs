//! How a server keeps a value.

use std::fmt;

/// What `OBJECT ENCODING` answers once a server with default settings has
/// loaded a value: files keep values as they were, servers as they like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Encoding {
    Int,
    Embstr,
    Raw,
    Ziplist,
    Listpack,
    /// A listpack of fields with expiries.
    ListpackEx,
    Intset,
    Quicklist,
    Hashtable,
    Skiplist,
    Stream,
}

impl Encoding {
    /// Every encoding, in the order of their discriminants.
    pub const ALL: [Encoding; 11] = [
        Encoding::Int,
        Encoding::Embstr,
        Encoding::Raw,
        Encoding::Ziplist,
        Encoding::Listpack,
        Encoding::ListpackEx,
        Encoding::Intset,
        Encoding::Quicklist,
        Encoding::Hashtable,
        Encoding::Skiplist,
        Encoding::Stream,
    ];

    /// The server's name for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Encoding::Int => "int",
            Encoding::Embstr => "embstr",
            Encoding::Raw => "raw",
            Encoding::Ziplist => "ziplist",
            Encoding::Listpack => "listpack",
            Encoding::ListpackEx => "listpackex",
            Encoding::Intset => "intset",
            Encoding::Quicklist => "quicklist",
            Encoding::Hashtable => "hashtable",
            Encoding::Skiplist => "skiplist",
            Encoding::Stream => "stream",
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
