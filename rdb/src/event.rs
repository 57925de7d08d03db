//! What a decoder sees: one vocabulary for positions and for borrowed bytes.

mod role;
mod stream;

use crate::text::{Str, StrToken};
use crate::wire::{Dialect, MetaClass, ModuleId, ValueType};

pub use role::{Packing, Role};
pub use stream::{StreamId, StreamMeta};

/// One piece of an RDB file. `S` is how strings are held.
///
/// * [`Token`]: strings are positions in the decoder's window; no lifetime.
/// * [`Event`]: strings are borrowed from the window; `Token::resolve` makes it.
///
/// A key is `Key`, then the pieces of its value, then `KeyEnd`. The attributes
/// `Expire*`, `Idle`, `Freq` and `KeyMeta` come before the key they belong to.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Part<S> {
    /// Magic and version.
    Header {
        /// Chosen by the magic.
        dialect: Dialect,
        /// The version digits.
        version: u32,
        /// Magic and digits as they stand: servers take blanks, signs and
        /// letters among the digits as C's `atoi` does, and not all alike.
        raw: [u8; 9],
    },
    /// A named text about the file.
    Aux {
        /// Such as `redis-ver` or `ctime`.
        name: S,
        /// Always text, often of a number.
        value: S,
    },
    /// The keys that follow belong to this database.
    SelectDb(u64),
    /// How many keys the database has, as a hint for sizing tables.
    ResizeDb {
        /// All keys.
        keys: u64,
        /// Keys with an expiry.
        expires: u64,
    },
    /// A hint about the cluster slot whose keys follow.
    SlotInfo {
        /// Slot number.
        slot: u64,
        /// Keys in it.
        keys: u64,
        /// Keys in it with an expiry.
        expires: u64,
    },
    /// Expiry of the next key, in Unix seconds (RDB 1 and 2).
    ExpireSeconds(i32),
    /// Expiry of the next key, in Unix milliseconds.
    ExpireMs(i64),
    /// Seconds since the next key was used (LRU policies).
    Idle(u64),
    /// Use counter of the next key (LFU policies).
    Freq(u8),
    /// Source of a function library.
    Function(S),
    /// A function library as release candidates of 7.0 wrote it.
    FunctionPreGa {
        /// Name of the library.
        name: S,
        /// Its code, without the metadata line of later versions.
        code: S,
    },
    /// Data of a module that belongs to no key; items follow, then `ModuleEnd`.
    ModuleAux {
        /// The module.
        module: ModuleId,
        /// 1 before the keys, 2 after.
        when: u64,
    },
    /// Metadata of the next key: so many classes follow.
    KeyMeta(u64),
    /// One class of metadata; items follow, then `ModuleEnd`.
    MetaClass(MetaClass),
    /// An integer of a module.
    ModuleSigned(i64),
    /// An unsigned integer of a module.
    ModuleUnsigned(u64),
    /// A single-precision number of a module.
    ModuleFloat(f32),
    /// A double of a module.
    ModuleDouble(f64),
    /// A string of a module.
    ModuleString(S),
    /// No more items.
    ModuleEnd,
    /// A slot migration that was under way; so many ranges follow.
    SlotImport {
        /// Name of the job, 40 bytes.
        job: S,
        /// Number of `SlotRange`s.
        ranges: u64,
    },
    /// Slots of an import, both ends included.
    SlotRange {
        /// First slot.
        start: u64,
        /// Last slot.
        end: u64,
    },
    /// A list of field names that hashes refer to by `id`; the names follow.
    Template {
        /// What hashes refer to.
        id: u64,
        /// Number of `Item`s with [`Role::TemplateField`].
        fields: u64,
    },
    /// A replicated command in a full-sync stream; so many arguments follow.
    Update(u64),
    /// A key, and the type byte before it.
    Key {
        /// Type and encoding of the value.
        kind: ValueType,
        /// The key.
        key: S,
    },
    /// How many elements, pairs, nodes or paths follow.
    Count(u64),
    /// A string of a value.
    Item {
        /// What it is to the value.
        role: Role,
        /// The string.
        text: S,
    },
    /// A long plain string begins; its bytes follow as `Chunk`s.
    ItemBegin {
        /// What it is to the value.
        role: Role,
        /// Bytes in the file: the sum of the chunks.
        stored: u64,
        /// For LZF data, the bytes it decompresses to.
        full: Option<u64>,
    },
    /// Bytes of a long string, raw or compressed as `ItemBegin` said.
    Chunk {
        /// The bytes.
        bytes: S,
        /// Whether these are the last ones.
        last: bool,
    },
    /// Score of the member before it.
    Score(f64),
    /// Expiry of a hash field in Unix milliseconds, or none. Redis's types
    /// have it before the field, Valkey's after the field's value.
    FieldExpiry(Option<i64>),
    /// The smallest field expiry of the hash that follows.
    MinExpiry(i64),
    /// Kind of the quicklist node that follows: 1 plain, 2 packed.
    Container(u64),
    /// A stream's own numbers, after its nodes.
    StreamMeta(StreamMeta),
    /// So many consumer groups follow.
    Groups(u64),
    /// A consumer group; its pending entries follow.
    Group {
        /// Name.
        name: S,
        /// Last delivered ID.
        last: StreamId,
        /// Entries read, or `None` for unknown and for old files.
        entries_read: Option<u64>,
        /// Number of `Pending`s.
        pending: u64,
    },
    /// An entry delivered and not acknowledged.
    Pending {
        /// Entry.
        id: StreamId,
        /// When, in Unix milliseconds.
        delivered_ms: i64,
        /// How often.
        deliveries: u64,
    },
    /// So many consumers follow.
    Consumers(u64),
    /// A consumer; the IDs it owns follow.
    Consumer {
        /// Name.
        name: S,
        /// Last attempt, in Unix milliseconds.
        seen_ms: i64,
        /// Last success, in Unix milliseconds, -1 for never; `None` in old files.
        active_ms: Option<i64>,
        /// Number of `Owned`s.
        owned: u64,
    },
    /// A pending entry this consumer owns.
    Owned(StreamId),
    /// So many entries that were given back follow.
    Nacks(u64),
    /// A pending entry that no consumer owns.
    Nack(StreamId),
    /// Settings of idempotent producers; the producers follow.
    Idempotence {
        /// Seconds an id is remembered.
        duration: u64,
        /// Ids remembered per producer.
        max_entries: u64,
        /// Number of `Producer`s.
        producers: u64,
    },
    /// An idempotent producer; its ids follow.
    Producer {
        /// Name.
        name: S,
        /// Number of `ProducerEntry`s.
        entries: u64,
    },
    /// An id a producer used, and the entry it made.
    ProducerEntry {
        /// The producer's id.
        id: S,
        /// The entry.
        entry: StreamId,
    },
    /// Counters of idempotent producers.
    IdempotenceTotals {
        /// Ids added.
        added: u64,
        /// Ids seen again.
        duplicates: u64,
    },
    /// An array; its elements follow.
    Array {
        /// Number of elements.
        count: u64,
        /// Where the next insertion goes.
        insert_at: Option<u64>,
    },
    /// Index of the array element that follows.
    ArrayIndex(u64),
    /// An integer element.
    ArrayInt(i64),
    /// A float element.
    ArrayFloat(f64),
    /// Id of the template whose fields the values that follow belong to.
    TemplateRef(u64),
    /// How a template hash that carries its field names writes them: 0 packed, 1 plain.
    NamesFormat(u64),
    /// A rate limiter's theoretical arrival time.
    Gcra(u64),
    /// A module's value; items follow, then `ModuleEnd`.
    Module(ModuleId),
    /// The key's value is complete.
    KeyEnd,
    /// End of the file.
    Eof {
        /// The trailer, absent before version 5; 0 where checksums were off.
        checksum: Option<u64>,
    },
}

/// A piece with strings as positions in the decoder's window.
pub type Token = Part<StrToken>;

/// A piece with strings borrowed from the input or the reader's window.
pub type Event<'a> = Part<Str<'a>>;

impl Part<StrToken> {
    /// Turns positions into borrows of the window they were found in.
    #[inline]
    #[must_use]
    pub fn resolve(self, w: &[u8]) -> Event<'_> {
        match self {
            // Strings
            Part::Aux { name, value } => Part::Aux {
                name: name.resolve(w),
                value: value.resolve(w),
            },
            Part::Function(s) => Part::Function(s.resolve(w)),
            Part::FunctionPreGa { name, code } => Part::FunctionPreGa {
                name: name.resolve(w),
                code: code.resolve(w),
            },
            Part::ModuleString(s) => Part::ModuleString(s.resolve(w)),
            Part::SlotImport { job, ranges } => Part::SlotImport {
                job: job.resolve(w),
                ranges,
            },
            Part::Key { kind, key } => Part::Key {
                kind,
                key: key.resolve(w),
            },
            Part::Item { role, text } => Part::Item {
                role,
                text: text.resolve(w),
            },
            Part::Chunk { bytes, last } => Part::Chunk {
                bytes: bytes.resolve(w),
                last,
            },
            Part::Group {
                name,
                last,
                entries_read,
                pending,
            } => Part::Group {
                name: name.resolve(w),
                last,
                entries_read,
                pending,
            },
            Part::Consumer {
                name,
                seen_ms,
                active_ms,
                owned,
            } => Part::Consumer {
                name: name.resolve(w),
                seen_ms,
                active_ms,
                owned,
            },
            Part::Producer { name, entries } => Part::Producer {
                name: name.resolve(w),
                entries,
            },
            Part::ProducerEntry { id, entry } => Part::ProducerEntry {
                id: id.resolve(w),
                entry,
            },
            // No strings
            Part::Header {
                dialect,
                version,
                raw,
            } => Part::Header {
                dialect,
                version,
                raw,
            },
            Part::SelectDb(n) => Part::SelectDb(n),
            Part::ResizeDb { keys, expires } => Part::ResizeDb { keys, expires },
            Part::SlotInfo {
                slot,
                keys,
                expires,
            } => Part::SlotInfo {
                slot,
                keys,
                expires,
            },
            Part::ExpireSeconds(t) => Part::ExpireSeconds(t),
            Part::ExpireMs(t) => Part::ExpireMs(t),
            Part::Idle(n) => Part::Idle(n),
            Part::Freq(n) => Part::Freq(n),
            Part::ModuleAux { module, when } => Part::ModuleAux { module, when },
            Part::KeyMeta(n) => Part::KeyMeta(n),
            Part::MetaClass(c) => Part::MetaClass(c),
            Part::ModuleSigned(n) => Part::ModuleSigned(n),
            Part::ModuleUnsigned(n) => Part::ModuleUnsigned(n),
            Part::ModuleFloat(x) => Part::ModuleFloat(x),
            Part::ModuleDouble(x) => Part::ModuleDouble(x),
            Part::ModuleEnd => Part::ModuleEnd,
            Part::SlotRange { start, end } => Part::SlotRange { start, end },
            Part::Template { id, fields } => Part::Template { id, fields },
            Part::Update(n) => Part::Update(n),
            Part::Count(n) => Part::Count(n),
            Part::ItemBegin { role, stored, full } => Part::ItemBegin { role, stored, full },
            Part::Score(x) => Part::Score(x),
            Part::FieldExpiry(t) => Part::FieldExpiry(t),
            Part::MinExpiry(t) => Part::MinExpiry(t),
            Part::Container(n) => Part::Container(n),
            Part::StreamMeta(m) => Part::StreamMeta(m),
            Part::Groups(n) => Part::Groups(n),
            Part::Pending {
                id,
                delivered_ms,
                deliveries,
            } => Part::Pending {
                id,
                delivered_ms,
                deliveries,
            },
            Part::Consumers(n) => Part::Consumers(n),
            Part::Owned(id) => Part::Owned(id),
            Part::Nacks(n) => Part::Nacks(n),
            Part::Nack(id) => Part::Nack(id),
            Part::Idempotence {
                duration,
                max_entries,
                producers,
            } => Part::Idempotence {
                duration,
                max_entries,
                producers,
            },
            Part::IdempotenceTotals { added, duplicates } => {
                Part::IdempotenceTotals { added, duplicates }
            }
            Part::Array { count, insert_at } => Part::Array { count, insert_at },
            Part::ArrayIndex(n) => Part::ArrayIndex(n),
            Part::ArrayInt(n) => Part::ArrayInt(n),
            Part::ArrayFloat(x) => Part::ArrayFloat(x),
            Part::TemplateRef(n) => Part::TemplateRef(n),
            Part::NamesFormat(n) => Part::NamesFormat(n),
            Part::Gcra(n) => Part::Gcra(n),
            Part::Module(id) => Part::Module(id),
            Part::KeyEnd => Part::KeyEnd,
            Part::Eof { checksum } => Part::Eof { checksum },
        }
    }
}
