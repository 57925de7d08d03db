//! Which keys: the one filter behind every command that takes some of a file.
//!
//! A key passes when it satisfies every kind of condition that was given: of
//! several databases, types or key patterns one is enough, of rules on expiry
//! all must hold, and of what is excluded none may fit.
//!
//! A filter counts while it works. What it was told to look for and never met
//! is most often a slip of the pen, and [`Filter::unmet`] names it.

mod expiry;
mod pattern;
#[cfg(test)]
mod tests;

pub use expiry::Expiry;
pub use pattern::{BadPattern, Pattern};

use std::fmt::{self, Display};

use crate::error::ErrorKind;
use crate::record::Record;
use crate::text::{Scratch, Str};
use crate::wire::ObjectKind;

/// What a filter looks at of a key, all of which stands before its value.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// Database.
    pub db: u64,
    /// What the value is to a client; `None` for a type nobody knows.
    pub object: Option<ObjectKind>,
    /// The key.
    pub key: Str<'a>,
    /// When it expires, in Unix milliseconds.
    pub expire_ms: Option<i64>,
}

/// Conditions on keys, and how they fared. Without any, every key passes.
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::SliceReader;
/// use rdbkit_rdb::filter::{Filter, Pattern};
///
/// let file = b"REDIS0004\x00\x06user:1\xc0\x07\x00\x04temp\xc0\x07\xff";
/// let mut filter = Filter::new()
///     .key(Pattern::glob("user:*"))
///     .without_key(Pattern::regex("^user:[0-9]{9}$")?);
/// let mut kept = 0;
/// for record in SliceReader::new(file).records() {
///     kept += u32::from(filter.takes(&record?)?);
/// }
/// assert_eq!((kept, filter.seen(), filter.taken()), (1, 2, 1));
/// // Nothing was excluded: perhaps that is not what was meant.
/// assert_eq!(filter.unmet().count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Filter {
    dbs: Any<u64>,
    objects: Any<ObjectKind>,
    keys: Any<Pattern>,
    /// With "was asked" and "was met once".
    expiry: Vec<(Expiry, bool, bool)>,
    size: Size,
    scratch: Scratch,
    seen: u64,
    taken: u64,
}

/// One condition of a kind of which several may be given.
#[derive(Clone, Debug)]
struct Wish<T> {
    what: T,
    met: bool,
}

/// Wishes of one kind.
#[derive(Clone, Debug)]
struct Any<T> {
    wanted: Vec<Wish<T>>,
    unwanted: Vec<Wish<T>>,
    asked: bool,
}

impl<T> Default for Any<T> {
    fn default() -> Any<T> {
        Any {
            wanted: Vec::new(),
            unwanted: Vec::new(),
            asked: false,
        }
    }
}

impl<T> Any<T> {
    fn join(&mut self, apart: &Any<T>) {
        let wishes = self.wanted.iter_mut().zip(&apart.wanted);
        for (wish, other) in wishes.chain(self.unwanted.iter_mut().zip(&apart.unwanted)) {
            wish.met |= other.met;
        }
        self.asked |= apart.asked;
    }

    fn is_empty(&self) -> bool {
        self.wanted.is_empty() && self.unwanted.is_empty()
    }

    #[inline]
    fn takes(&mut self, fits: impl Fn(&T) -> bool) -> bool {
        if self.is_empty() {
            return true;
        }
        self.asked = true;
        let wanted = self.wanted.is_empty() || meet(&mut self.wanted, &fits);
        wanted && !meet(&mut self.unwanted, &fits)
    }
}

/// Whether one of `wishes` fits. Those that never did are tried behind it too,
/// so that in the end it is known of each whether it ever did.
#[inline]
fn meet<T>(wishes: &mut [Wish<T>], fits: impl Fn(&T) -> bool) -> bool {
    let mut found = false;
    for wish in wishes {
        if !(found && wish.met) && fits(&wish.what) {
            wish.met = true;
            found = true;
        }
    }
    found
}

#[derive(Clone, Debug, Default)]
struct Size {
    min: Option<u64>,
    max: Option<u64>,
    asked: bool,
    met: bool,
}

impl Filter {
    /// A filter that takes every key.
    #[must_use]
    pub fn new() -> Filter {
        Filter::default()
    }

    /// Takes only keys of this database, or of others named likewise.
    #[must_use]
    pub fn db(mut self, db: u64) -> Filter {
        self.dbs.wanted.push(wish(db));
        self
    }

    /// Takes no key of this database.
    #[must_use]
    pub fn without_db(mut self, db: u64) -> Filter {
        self.dbs.unwanted.push(wish(db));
        self
    }

    /// Takes only keys of this type, or of others named likewise.
    #[must_use]
    pub fn object(mut self, kind: ObjectKind) -> Filter {
        self.objects.wanted.push(wish(kind));
        self
    }

    /// Takes no key of this type.
    #[must_use]
    pub fn without_object(mut self, kind: ObjectKind) -> Filter {
        self.objects.unwanted.push(wish(kind));
        self
    }

    /// Takes only keys that match this pattern, or others given likewise.
    #[must_use]
    pub fn key(mut self, pattern: Pattern) -> Filter {
        self.keys.wanted.push(wish(pattern));
        self
    }

    /// Takes no key that matches this pattern.
    #[must_use]
    pub fn without_key(mut self, pattern: Pattern) -> Filter {
        self.keys.unwanted.push(wish(pattern));
        self
    }

    /// Takes only keys of which this holds, too.
    #[must_use]
    pub fn expiry(mut self, rule: Expiry) -> Filter {
        self.expiry.push((rule, false, false));
        self
    }

    /// Takes only keys with at least so many bytes in the file, counted as
    /// [`Record::size`] does.
    #[must_use]
    pub fn min_size(mut self, bytes: u64) -> Filter {
        self.size.min = Some(bytes);
        self
    }

    /// Takes only keys with at most so many bytes in the file.
    #[must_use]
    pub fn max_size(mut self, bytes: u64) -> Filter {
        self.size.max = Some(bytes);
        self
    }

    /// Whether there is no condition.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.dbs.is_empty()
            && self.objects.is_empty()
            && self.keys.is_empty()
            && self.expiry.is_empty()
            && !self.has_size()
    }

    /// Whether it asks for nothing but database and name, so that a key passes
    /// or not whatever becomes of its value.
    #[must_use]
    pub fn is_of_names(&self) -> bool {
        self.objects.is_empty() && self.expiry.is_empty() && !self.has_size()
    }

    /// Whether there is a condition on size, so that a key's value has to be
    /// seen before it can be judged.
    #[must_use]
    pub fn has_size(&self) -> bool {
        self.size.min.is_some() || self.size.max.is_some()
    }

    /// The number of bytes above which [`takes_size`](Filter::takes_size) says
    /// the same of every size.
    #[must_use]
    pub fn decisive_size(&self) -> u64 {
        match self.size.max {
            Some(max) => max.saturating_add(1),
            None => self.size.min.unwrap_or(0),
        }
    }

    /// Whether this key passes.
    ///
    /// # Errors
    ///
    /// Where the key is compressed and damaged, or too long to decompress.
    pub fn takes(&mut self, record: &Record<'_>) -> Result<bool, ErrorKind> {
        let candidate = Candidate {
            db: record.db,
            object: record.object(),
            key: record.key,
            expire_ms: record.meta.expire_ms,
        };
        Ok(self.takes_key(&candidate)? && self.takes_size(record.size()))
    }

    /// Whether this key passes as far as can be told before its value. If so,
    /// [`takes_size`](Filter::takes_size) has to be asked as well.
    ///
    /// # Errors
    ///
    /// As [`takes`](Filter::takes).
    #[inline]
    pub fn takes_key(&mut self, key: &Candidate<'_>) -> Result<bool, ErrorKind> {
        self.seen += 1;
        // The cheap ones first.
        if !self.dbs.takes(|db| *db == key.db)
            || !self.objects.takes(|kind| Some(*kind) == key.object)
            || !self.takes_expiry(key.expire_ms)
        {
            return Ok(false);
        }
        if self.keys.is_empty() {
            return Ok(true);
        }
        let name = key.key.bytes(&mut self.scratch)?;
        Ok(self.keys.takes(|pattern| pattern.matches(name)))
    }

    fn takes_expiry(&mut self, expire_ms: Option<i64>) -> bool {
        self.expiry.iter_mut().all(|(rule, asked, met)| {
            let holds = rule.holds(expire_ms);
            *asked = true;
            *met |= holds;
            holds
        })
    }

    /// Whether a key that passes so far also does with so many bytes, and
    /// counts it if so.
    #[inline]
    pub fn takes_size(&mut self, bytes: u64) -> bool {
        if self.has_size() {
            self.size.asked = true;
            let enough = self.size.min.is_none_or(|min| bytes >= min);
            if !enough || self.size.max.is_some_and(|max| bytes > max) {
                return false;
            }
            self.size.met = true;
        }
        self.taken += 1;
        true
    }

    /// Keys that were looked at.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Keys that passed.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// The same conditions, for another thread; see [`join`](Filter::join).
    pub(crate) fn apart(&self) -> Filter {
        Filter {
            seen: 0,
            taken: 0,
            ..self.clone()
        }
    }

    /// Adds what another thread counted with one that was taken [`apart`](Filter::apart).
    pub(crate) fn join(&mut self, apart: &Filter) {
        self.dbs.join(&apart.dbs);
        self.objects.join(&apart.objects);
        self.keys.join(&apart.keys);
        for (rule, other) in self.expiry.iter_mut().zip(&apart.expiry) {
            rule.1 |= other.1;
            rule.2 |= other.2;
        }
        self.size.asked |= apart.size.asked;
        self.size.met |= apart.size.met;
        self.seen += apart.seen;
        self.taken += apart.taken;
    }

    /// The conditions that came to be asked and were never met, in words such
    /// as `key "user:*"` or `not type hash`. What is excluded is looked for
    /// among the keys that are wanted.
    pub fn unmet(&self) -> impl Iterator<Item = String> {
        let mut unmet = Vec::new();
        self.dbs.unmet("database", &mut unmet);
        self.objects.unmet("type", &mut unmet);
        for (rule, asked, met) in &self.expiry {
            if *asked && !met {
                unmet.push(rule.to_string());
            }
        }
        self.keys.unmet("key", &mut unmet);
        if self.size.asked && !self.size.met {
            unmet.push(self.size.to_string());
        }
        unmet.into_iter()
    }

    /// Why no key can ever pass, if that can be told from the conditions alone.
    #[must_use]
    pub fn contradiction(&self) -> Option<String> {
        if let (Some(min), Some(max)) = (self.size.min, self.size.max)
            && min > max
        {
            return Some(format!("no key has {}", self.size));
        }
        let rules: Vec<Expiry> = self.expiry.iter().map(|(rule, ..)| *rule).collect();
        expiry::contradiction(&rules)
            .or_else(|| self.dbs.contradiction("database", |a, b| a == b))
            .or_else(|| self.objects.contradiction("type", |a, b| a == b))
            .or_else(|| self.keys.contradiction("key", Pattern::covers))
    }
}

fn wish<T>(what: T) -> Wish<T> {
    Wish { what, met: false }
}

impl<T: Display> Any<T> {
    fn unmet(&self, name: &str, unmet: &mut Vec<String>) {
        if !self.asked {
            return;
        }
        let never = |wishes: &[Wish<T>], not: &str, unmet: &mut Vec<String>| {
            for wish in wishes.iter().filter(|wish| !wish.met) {
                unmet.push(format!("{not}{name} {}", wish.what));
            }
        };
        never(&self.wanted, "", unmet);
        // Where nothing is wanted successfully, nothing can be excluded.
        if self.wanted.is_empty() || self.wanted.iter().any(|wish| wish.met) {
            never(&self.unwanted, "not ", unmet);
        }
    }

    fn contradiction(&self, name: &str, covers: impl Fn(&T, &T) -> bool) -> Option<String> {
        let excluded = |wish: &Wish<T>| {
            self.unwanted
                .iter()
                .any(|not| covers(&not.what, &wish.what))
        };
        let all = !self.wanted.is_empty() && self.wanted.iter().all(excluded);
        let first = self.wanted.first().filter(|_| all)?;
        Some(format!("{name} {} is both wanted and excluded", first.what))
    }
}

impl Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.min, self.max) {
            (Some(min), Some(max)) => write!(f, "between {min} and {max} bytes"),
            (Some(min), None) => write!(f, "at least {min} bytes"),
            (None, Some(max)) => write!(f, "at most {max} bytes"),
            (None, None) => f.write_str("any size"),
        }
    }
}
