//! What servers know about the commands of a log: names, arities, keys.
//!
//! The table is what Redis 6.0, 7.0.15 and 8.0.6 and Valkey 8.0, 8.1 and 9.1.2
//! answer to `COMMAND`, and was made by `testdata/command_table.py`. A server
//! stops at a command of a log that it does not know.

mod later;
mod spec;
mod table;

use rdbkit_rdb::verify::{Product, Server};

use crate::command::Command;
use later::LATER;
use table::TABLE;

pub use spec::{Arity, Keys, Spec};

/// The servers that were asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(usize)]
#[allow(missing_docs)]
pub enum Release {
    Redis60,
    Redis70,
    Redis80,
    Valkey80,
    Valkey81,
    Valkey91,
}

impl Release {
    /// All of them.
    pub const ALL: [Release; 6] = [
        Release::Redis60,
        Release::Redis70,
        Release::Redis80,
        Release::Valkey80,
        Release::Valkey81,
        Release::Valkey91,
    ];

    /// Its release line.
    #[must_use]
    pub const fn server(self) -> Server {
        match self {
            Release::Redis60 => Server::new(Product::Redis, 6, 0),
            Release::Redis70 => Server::new(Product::Redis, 7, 0),
            Release::Redis80 => Server::new(Product::Redis, 8, 0),
            Release::Valkey80 => Server::new(Product::Valkey, 8, 0),
            Release::Valkey81 => Server::new(Product::Valkey, 8, 1),
            Release::Valkey91 => Server::new(Product::Valkey, 9, 1),
        }
    }

    /// The newest of them that is not above `server`, or the oldest of its
    /// product. What came between two of them [`Spec::known_to`] knows.
    #[must_use]
    pub const fn nearest(server: Server) -> Release {
        match (server.product, server.major, server.minor) {
            (Product::Redis, ..7, _) => Release::Redis60,
            (Product::Redis, 7, _) => Release::Redis70,
            (Product::Redis, ..) => Release::Redis80,
            (Product::Valkey, ..8, _) | (Product::Valkey, 8, 0) => Release::Valkey80,
            (Product::Valkey, 8, _) => Release::Valkey81,
            (Product::Valkey, ..) => Release::Valkey91,
        }
    }

    /// The next one of the same product.
    const fn next(self) -> Option<Release> {
        match self {
            Release::Redis60 => Some(Release::Redis70),
            Release::Redis70 => Some(Release::Redis80),
            Release::Valkey80 => Some(Release::Valkey81),
            Release::Valkey81 => Some(Release::Valkey91),
            Release::Redis80 | Release::Valkey91 => None,
        }
    }
}

/// The newest release of a product whose commands are known here, if not their
/// arities. What a later one knows beyond them cannot be told.
pub(crate) const fn newest(product: Product) -> Server {
    match product {
        Product::Redis => Server::new(Product::Redis, 8, 8),
        Product::Valkey => Release::Valkey91.server(),
    }
}

/// A place for each command: the table's index and one, or 0. Twice as many
/// places as commands and more, so that a search ends soon.
static PLACES: [u16; SIZE] = places();

const SIZE: usize = 1024;

/// The longest name there is, of a subcommand too.
const LONGEST: usize = 32;

const fn entry(index: usize) -> &'static Spec {
    if index < TABLE.len() {
        &TABLE[index]
    } else {
        &LATER[index - TABLE.len()]
    }
}

const fn places() -> [u16; SIZE] {
    let mut places = [0u16; SIZE];
    let mut index = 0;
    while index < TABLE.len() + LATER.len() {
        let name = entry(index).name;
        assert!(name.len() <= LONGEST);
        let mut at = place(name);
        while places[at] != 0 {
            at = (at + 1) % SIZE;
        }
        places[at] = index as u16 + 1;
        index += 1;
    }
    places
}

/// Where the search for a name begins: from its first and last bytes in either
/// case, eight where there are so many.
#[inline]
const fn place(name: &[u8]) -> usize {
    let (first, last) = match (name.first_chunk::<8>(), name.last_chunk::<8>()) {
        (Some(a), Some(b)) => (u64::from_le_bytes(*a), u64::from_le_bytes(*b)),
        _ => match (name.first_chunk::<4>(), name.last_chunk::<4>()) {
            (Some(a), Some(b)) => (u32::from_le_bytes(*a) as u64, u32::from_le_bytes(*b) as u64),
            _ => match name {
                [a, .., b] => (*a as u64, *b as u64),
                [a] => (*a as u64, 0),
                [] => (0, 0),
            },
        },
    };
    const LOWER: u64 = 0x2020_2020_2020_2020;
    let mixed = (first | LOWER).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ (last | LOWER)
            .wrapping_mul(0xc2b2_ae3d_27d4_eb4f)
            .rotate_left(29)
        ^ (name.len() as u64) << 57;
    (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54) as usize
}

/// The entry of a name in whatever case; subcommands as `xgroup|create`.
///
/// # Examples
///
/// ```
/// use rdbkit_aof::commands;
///
/// assert!(commands::lookup(b"FlushAll").is_some_and(|spec| spec.is_write()));
/// assert!(commands::lookup(b"nosuch").is_none());
/// ```
#[inline]
#[must_use]
pub fn lookup(name: &[u8]) -> Option<&'static Spec> {
    let mut at = place(name);
    loop {
        // Places are in range, and some of them are empty.
        let index = PLACES.get(at)?.checked_sub(1)?;
        let spec = entry(usize::from(index));
        if spec.name.eq_ignore_ascii_case(name) {
            return Some(spec);
        }
        at = (at + 1) % SIZE;
    }
}

/// The entry of a command: of its subcommand where it has one that is known.
///
/// # Examples
///
/// ```
/// use rdbkit_aof::{Command, commands};
///
/// let raw = b"*4\r\n$5\r\nBITOP\r\n$3\r\nAND\r\n$1\r\na\r\n$1\r\nb\r\n";
/// let command = Command::parse(raw)?;
/// let spec = commands::spec(&command).expect("known");
/// assert!(spec.keys(&command).eq([2, 3]));
/// # Ok::<(), rdbkit_aof::Error>(())
/// ```
#[inline]
#[must_use]
pub fn spec(command: &Command<'_>) -> Option<&'static Spec> {
    let spec = lookup(command.name())?;
    if spec.container {
        return Some(subcommand(spec, command).unwrap_or(spec));
    }
    Some(spec)
}

fn subcommand(spec: &'static Spec, command: &Command<'_>) -> Option<&'static Spec> {
    let word = command.arg(1)?;
    let mut name = [0; LONGEST];
    let (head, rest) = name.split_at_mut_checked(spec.name.len())?;
    head.copy_from_slice(spec.name);
    let (bar, rest) = rest.split_first_mut()?;
    *bar = b'|';
    rest.get_mut(..word.len())?.copy_from_slice(word);
    lookup(name.get(..spec.name.len() + 1 + word.len())?)
}

#[cfg(test)]
mod tests;
