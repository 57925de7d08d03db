//! `--stats` of valkey-check-rdb: what the keys of each database and type amount to.

mod histogram;
mod print;
mod zset;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};

use rdbkit_rdb::{Dialect, ObjectKind, ValueType};

use histogram::Histogram;
pub(super) use print::Format;
pub(super) use zset::ZsetSizes;

/// Columns, in the order they are printed.
const KINDS: [ObjectKind; 7] = [
    ObjectKind::String,
    ObjectKind::List,
    ObjectKind::Set,
    ObjectKind::Zset,
    ObjectKind::Hash,
    ObjectKind::Module,
    ObjectKind::Stream,
];

/// Histograms of element counts and of element sizes take values up to these.
const MOST_ELEMENTS: u64 = 204_800;
const LONGEST_ELEMENT: u64 = 1_048_576;

/// The elements of one key, as they are read.
#[derive(Default)]
pub(super) struct Sizes {
    /// Elements, where that is not the number of sizes.
    count: Option<u64>,
    added: u64,
    total: u64,
    longest: u64,
    buckets: BTreeMap<u16, u64>,
    /// Nobody asked for statistics: nothing is kept.
    off: bool,
}

impl Sizes {
    pub fn new(on: bool) -> Sizes {
        Sizes {
            off: !on,
            ..Sizes::default()
        }
    }

    pub fn clear(&mut self) {
        *self = Sizes::new(!self.off);
    }

    /// An element of so many bytes.
    #[inline]
    pub fn add(&mut self, size: u64) {
        if !self.off {
            self.record(size);
        }
    }

    fn record(&mut self, size: u64) {
        self.added += 1;
        self.total += size;
        self.longest = self.longest.max(size);
        if let Some(bucket) = histogram::bucket(size, LONGEST_ELEMENT) {
            *self.buckets.entry(bucket).or_default() += 1;
        }
    }

    /// The key has so many elements, whatever the number of sizes: a stream
    /// has entries, but sizes of fields.
    pub fn set_count(&mut self, count: u64) {
        self.count = Some(count);
    }
}

/// One type in one database.
struct Column {
    keys: u64,
    expires: u64,
    already_expired: u64,
    key_bytes: u64,
    elements: u64,
    element_bytes: u64,
    most_elements: u64,
    longest_element: u64,
    counts: Histogram,
    sizes: Histogram,
}

impl Column {
    fn new() -> Column {
        Column {
            keys: 0,
            expires: 0,
            already_expired: 0,
            key_bytes: 0,
            elements: 0,
            element_bytes: 0,
            most_elements: 0,
            longest_element: 0,
            counts: Histogram::new(MOST_ELEMENTS),
            sizes: Histogram::new(LONGEST_ELEMENT),
        }
    }
}

/// The numbers of all keys.
///
/// # Limits
///
/// One set of histograms for each database and type that has a key.
pub(super) struct Profile {
    database: u64,
    highest: u64,
    columns: BTreeMap<(u64, usize), Column>,
}

impl Profile {
    pub fn new() -> Profile {
        Profile {
            database: 0,
            highest: 0,
            columns: BTreeMap::new(),
        }
    }

    /// The keys that follow are in this database.
    pub fn select(&mut self, database: u64) {
        self.database = database;
        self.highest = self.highest.max(database);
    }

    /// A key was read whole.
    pub fn key(&mut self, kind: u8, key_size: u64, expires: bool, expired: bool, sizes: &Sizes) {
        // To the tool a module's value is the string it puts in its place.
        let kind = match ValueType(kind).object(Dialect::Valkey) {
            Some(ObjectKind::Module) => ObjectKind::String,
            Some(kind) => kind,
            None => return,
        };
        let Some(index) = KINDS.iter().position(|k| *k == kind) else {
            return;
        };
        let column = self.columns.entry((self.database, index));
        let column = column.or_insert_with(Column::new);
        let count = sizes.count.unwrap_or(sizes.added);
        column.keys += 1;
        column.expires += u64::from(expires);
        column.already_expired += u64::from(expired);
        column.key_bytes += key_size;
        column.elements += count;
        column.element_bytes += sizes.total;
        column.most_elements = column.most_elements.max(count);
        column.longest_element = column.longest_element.max(sizes.longest);
        column.counts.record(count);
        for (bucket, times) in &sizes.buckets {
            column.sizes.record_bucket(*bucket, *times);
        }
    }
}

/// The numbers of all keys, and where they go.
pub(super) struct Statistics {
    pub profile: Profile,
    format: Format,
    output: Option<OsString>,
}

impl Statistics {
    pub fn new(format: Format, output: Option<OsString>) -> Statistics {
        Statistics {
            profile: Profile::new(),
            format,
            output,
        }
    }

    /// Writes the rows into the file that was asked for, or else to `out`.
    pub fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        let Some(path) = &self.output else {
            return self.profile.print(self.format, out);
        };
        let mut file = io::BufWriter::new(File::create(path)?);
        self.profile.print(self.format, &mut file)?;
        file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_kept_unless_asked() {
        let mut sizes = Sizes::new(false);
        sizes.add(7);
        sizes.clear();
        sizes.add(7);
        assert_eq!(sizes.added, 0);
        let mut sizes = Sizes::new(true);
        sizes.add(7);
        assert_eq!((sizes.added, sizes.total), (1, 7));
    }
}
