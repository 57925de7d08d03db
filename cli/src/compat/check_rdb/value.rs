//! Values that are read element by element.
//!
//! Which duplicate is reported from which line depends on the encoding the
//! server builds while it reads, so the limits of its small encodings are here.

use rdbkit_rdb::packed::Element;
use rdbkit_rdb::{ModuleId, score};

use super::Persona;
use super::blob::Blob;
use super::lines::Reason;
use super::profile::ZsetSizes;
use super::stop::{OrCorrupt, Result, Stop};
use super::unique::Unique;
use super::walk::Walk;

/// `hash-max-listpack-entries`, `set-max-intset-entries`.
const SMALL_ENTRIES: u64 = 512;
/// `set-max-listpack-entries`.
const SET_LISTPACK_ENTRIES: u64 = 128;
/// `hash-max-listpack-value`, `set-max-listpack-value`.
const SMALL_BYTES: usize = 64;
/// The highest expiry of a hash field: 2^48-1 milliseconds.
pub(super) const MAX_FIELD_EXPIRY: u64 = (1 << 48) - 1;

/// What the tools put in the place of a module's value.
const MODULE_DUMMY: &str = "module-dummy-value";

/// What a set is in memory while it is read.
enum SetEncoding {
    Intset,
    Listpack,
    Table,
}

impl Walk<'_> {
    /// A value of a type the persona knows. Whether it is a hash in which a
    /// field expires.
    pub fn value(&mut self, kind: u8) -> Result<bool> {
        let valkey_hash = kind == 22 && self.report.persona == Persona::Valkey;
        match kind {
            0 => {
                let size = self.input.skip_string()?;
                self.sizes.add(size);
            }
            1 => {
                for _ in 0..self.count()? {
                    let size = self.input.skip_string()?;
                    self.sizes.add(size);
                }
            }
            2 => self.set()?,
            3 | 5 => self.zset(kind == 5)?,
            4 => self.hash()?,
            6 => return Err(Stop::corrupt(Reason::ModulePreRelease)),
            7 => {
                let id = self.input.full_len().or_corrupt(Reason::ModuleId)?;
                self.module_items(&ModuleId(id).name())?;
                self.sizes.add(MODULE_DUMMY.len() as u64);
            }
            14 => self.quicklist(false)?,
            18 => self.quicklist(true)?,
            15 => self.stream(1)?,
            19 => self.stream(2)?,
            21 => self.stream(3)?,
            22 if valkey_hash => self.hash_with_expiries()?,
            22 | 24 => return self.expiring_hash(kind == 24),
            25 => {
                self.input
                    .i64()
                    .or_corrupt(Reason::PackedMinExpiryMissing)?;
                return self.blob(Blob::HashListpackEx);
            }
            kind => return self.blob(Blob::of(kind)),
        }
        Ok(false)
    }

    /// How many elements follow. No server has a key without any, and the tools
    /// say of one that the file ends.
    fn count(&mut self) -> Result<u64> {
        match self.input.len()? {
            0 => Err(Stop::Short),
            n => Ok(n),
        }
    }

    /// Refuses a count for which the server cannot allocate a table.
    ///
    /// Above the second number the size in bytes is not a number any more, and
    /// the tables do not even try.
    fn table(&self, count: u64, reason: fn(u64) -> Reason) -> Result<()> {
        let impossible = match self.report.persona {
            Persona::Redis => (1 << 43) + 1..=1 << 60,
            Persona::Valkey => 7 << 40..=(7 << 57) - 1,
        };
        if impossible.contains(&count) {
            return Err(Stop::corrupt(reason(count)));
        }
        Ok(())
    }

    fn set(&mut self) -> Result<()> {
        let count = self.count()?;
        self.table(count, Reason::SetTable)?;
        let mut encoding = if count > SMALL_ENTRIES {
            SetEncoding::Table
        } else {
            SetEncoding::Intset
        };
        let mut unique = Unique::new();
        let mut longest = 0;
        for seen in 0..count {
            self.input.string(&mut self.text)?;
            let member = self.text.as_slice();
            longest = longest.max(member.len());
            let few = seen < SET_LISTPACK_ENTRIES;
            if matches!(encoding, SetEncoding::Intset) && !is_integer(member) {
                encoding = if few && longest <= SMALL_BYTES {
                    SetEncoding::Listpack
                } else {
                    SetEncoding::Table
                };
            }
            if matches!(encoding, SetEncoding::Listpack) && !(few && member.len() <= SMALL_BYTES) {
                encoding = SetEncoding::Table;
            }
            if !unique.insert(member) {
                return Err(Stop::corrupt(match encoding {
                    SetEncoding::Intset => Reason::SetDuplicateInIntset,
                    SetEncoding::Listpack => Reason::SetDuplicateInListpack,
                    SetEncoding::Table => Reason::SetDuplicateInTable,
                }));
            }
            self.sizes.add(member.len() as u64);
        }
        Ok(())
    }

    fn zset(&mut self, binary: bool) -> Result<()> {
        let mut unique = Unique::new();
        let mut zset = ZsetSizes::new(false);
        let count = self.count()?;
        self.table(count, Reason::ZsetTable)?;
        for _ in 0..count {
            self.input.string(&mut self.text)?;
            let score = if binary {
                f64::from_le_bytes(self.input.array()?)
            } else {
                self.text_score()?
            };
            if score.is_nan() {
                return Err(Stop::corrupt(Reason::ZsetNan));
            }
            if !unique.insert(&self.text) {
                return Err(Stop::corrupt(Reason::ZsetDuplicate));
            }
            if self.text.len() > SMALL_BYTES {
                zset.no_listpack();
            }
            zset.add(&self.text, score, &mut self.sizes);
        }
        zset.finish(&mut self.sizes);
        Ok(())
    }

    fn text_score(&mut self) -> Result<f64> {
        match self.input.byte()? {
            253 => Ok(f64::NAN),
            254 => Ok(f64::INFINITY),
            255 => Ok(f64::NEG_INFINITY),
            n => {
                let text = self.input.bytes(n)?;
                // What is no number is taken for a read that failed.
                score::scan_forward(&text).ok_or(Stop::Short)
            }
        }
    }

    fn hash(&mut self) -> Result<()> {
        let count = self.count()?;
        self.table(count, Reason::HashTable)?;
        let mut unique = Unique::new();
        let mut small = count <= SMALL_ENTRIES;
        for _ in 0..count {
            self.input.string(&mut self.text)?;
            let value = self.input.skip_string()?;
            if !unique.insert(&self.text) {
                return Err(Stop::corrupt(if small {
                    Reason::HashDuplicateInListpack
                } else {
                    Reason::HashDuplicateInTable
                }));
            }
            small &= self.text.len() <= SMALL_BYTES && value <= SMALL_BYTES as u64;
            self.sizes.add(self.text.len() as u64 + value);
        }
        Ok(())
    }

    /// Valkey's type 22: an expiry behind each value, -1 for none.
    fn hash_with_expiries(&mut self) -> Result<()> {
        let mut unique = Unique::new();
        let count = self.count()?;
        self.table(count, Reason::HashTable)?;
        for _ in 0..count {
            self.input.string(&mut self.text)?;
            let value = self.input.skip_string()?;
            if self.input.i64()? < -1 {
                return Err(Stop::Short);
            }
            if !unique.insert(&self.text) {
                return Err(Stop::corrupt(Reason::HashDuplicateInTable));
            }
            self.sizes.add(self.text.len() as u64 + value);
        }
        Ok(())
    }

    /// Redis's types 22 and 24: an expiry before each field, 0 for none, else
    /// absolute (22) or counted from one below the hash's smallest (24).
    fn expiring_hash(&mut self, relative: bool) -> Result<bool> {
        let mut smallest = 0;
        if relative {
            let at = self.input.i64().or_corrupt(Reason::MinExpiryMissing)?;
            smallest = at as u64;
            if smallest > MAX_FIELD_EXPIRY + 1 {
                return Err(Stop::corrupt(Reason::MinExpiryInvalid));
            }
        }
        let count = self.count()?;
        let mut unique = Unique::new();
        let mut small = count <= SMALL_ENTRIES;
        let mut any = false;
        for _ in 0..count {
            let ttl = self.logged("failed reading hash TTL", |input, _| input.full_len())?;
            let expiry = if relative && ttl != 0 {
                ttl.wrapping_add(smallest).wrapping_sub(1)
            } else {
                ttl
            };
            if expiry > MAX_FIELD_EXPIRY {
                return Err(Stop::corrupt(Reason::FieldExpiryInvalid(expiry)));
            }
            any |= expiry != 0;
            self.logged("failed reading hash field", |input, text| {
                input.string(text)
            })?;
            let value = self.logged("failed reading hash value", |input, _| input.skip_string())?;
            if !unique.insert(&self.text) {
                return Err(Stop::corrupt(if small {
                    Reason::ExpiringHashDuplicateInListpack
                } else {
                    Reason::ExpiringHashDuplicateInTable
                }));
            }
            small &= self.text.len() <= SMALL_BYTES && value <= SMALL_BYTES as u64;
        }
        Ok(any)
    }

    /// A read whose failure leaves a line in the log.
    fn logged<T>(
        &mut self,
        line: &str,
        read: impl FnOnce(&mut super::input::Input<'_>, &mut Vec<u8>) -> Result<T>,
    ) -> Result<T> {
        let result = read(&mut self.input, &mut self.text);
        if matches!(result, Err(Stop::Short)) {
            self.input.log(line.to_owned());
        }
        result
    }

    fn quicklist(&mut self, containers: bool) -> Result<()> {
        let mut any = false;
        for _ in 0..self.count()? {
            let mut plain = false;
            if containers {
                plain = match self.input.len()? {
                    1 => true,
                    2 => false,
                    _ => return Err(Stop::corrupt(Reason::QuicklistContainer)),
                };
            }
            if plain {
                let size = self.input.skip_string()?;
                if size == 0 {
                    return Err(Stop::Short);
                }
                self.sizes.add(size);
                any = true;
            } else {
                any |= self.quicklist_node(containers)?;
            }
        }
        if any { Ok(()) } else { Err(Stop::Short) }
    }

    /// The items of a module's data, up to their end mark.
    ///
    /// Tags that do not exist are passed over, and what follows them is taken
    /// for a tag, as the tools do.
    pub fn module_items(&mut self, module: &str) -> Result<()> {
        loop {
            let reason: fn(String) -> Reason = match self.input.full_len()? {
                0 => return Ok(()),
                1 | 2 => Reason::ModuleInteger,
                3 => Reason::ModuleFloat,
                4 => Reason::ModuleDouble,
                5 => Reason::ModuleString,
                _ => continue,
            };
            let read = match reason(String::new()) {
                Reason::ModuleFloat(_) => self.input.array::<4>().map(|_| ()),
                Reason::ModuleDouble(_) => self.input.array::<8>().map(|_| ()),
                Reason::ModuleString(_) => self.input.skip_string().map(|_| ()),
                _ => self.input.full_len().map(|_| ()),
            };
            match read {
                Err(Stop::Short) => return Err(Stop::corrupt(reason(module.to_owned()))),
                other => other?,
            }
        }
    }
}

/// Whether a string is the shortest decimal text of a 64-bit integer.
fn is_integer(text: &[u8]) -> bool {
    Element::Bytes(text).as_integer().is_some()
}
