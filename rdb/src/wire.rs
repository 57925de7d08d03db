//! Names for the numbers of the format: dialects, opcodes, value types.
//!
//! Numbers are newtypes, not enums: a number nobody knows yet survives parsing
//! and shows up in the error that refuses it.

use std::fmt;

/// Which project's meaning a file's numbers have, chosen by its magic.
///
/// Types from 22 and opcodes below 245 mean different things in the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Magic `REDIS`: all of Redis, and Valkey up to 8.1.
    Redis,
    /// Magic `VALKEY`: Valkey from 9.0.
    Valkey,
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Dialect::Redis => "REDIS",
            Dialect::Valkey => "VALKEY",
        })
    }
}

/// The byte that opens a record which is not a key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Opcode(pub u8);

#[allow(missing_docs)] // the names are the documentation; layouts stand in decoder/
impl Opcode {
    pub const EOF: Opcode = Opcode(255);
    pub const SELECTDB: Opcode = Opcode(254);
    pub const EXPIRETIME: Opcode = Opcode(253);
    pub const EXPIRETIME_MS: Opcode = Opcode(252);
    pub const RESIZEDB: Opcode = Opcode(251);
    pub const AUX: Opcode = Opcode(250);
    pub const FREQ: Opcode = Opcode(249);
    pub const IDLE: Opcode = Opcode(248);
    pub const MODULE_AUX: Opcode = Opcode(247);
    pub const FUNCTION_PRE_GA: Opcode = Opcode(246);
    pub const FUNCTION2: Opcode = Opcode(245);
    pub const SLOT_INFO: Opcode = Opcode(244);
    /// Redis: metadata of the key that follows.
    pub const KEY_META: Opcode = Opcode(243);
    /// Valkey: an unfinished slot migration.
    pub const SLOT_IMPORT: Opcode = Opcode(243);
    /// Redis: a list of field names that later hashes share.
    pub const HASH_TEMPLATE: Opcode = Opcode(242);
    /// Valkey: a command inside a replication stream.
    pub const UPDATE: Opcode = Opcode(242);

    /// The opcode's name in `dialect`, or `None` for a number without one.
    #[must_use]
    pub const fn name(self, dialect: Dialect) -> Option<&'static str> {
        Some(match (self.0, dialect) {
            (255, _) => "EOF",
            (254, _) => "SELECTDB",
            (253, _) => "EXPIRETIME",
            (252, _) => "EXPIRETIME_MS",
            (251, _) => "RESIZEDB",
            (250, _) => "AUX",
            (249, _) => "FREQ",
            (248, _) => "IDLE",
            (247, _) => "MODULE_AUX",
            (246, _) => "FUNCTION_PRE_GA",
            (245, _) => "FUNCTION2",
            (244, _) => "SLOT_INFO",
            (243, Dialect::Redis) => "KEY_META",
            (243, Dialect::Valkey) => "SLOT_IMPORT",
            (242, Dialect::Redis) => "HASH_TEMPLATE",
            (242, Dialect::Valkey) => "UPDATE",
            _ => return None,
        })
    }

    /// The lowest RDB version whose servers read records with this opcode.
    #[must_use]
    pub const fn since(self, dialect: Dialect) -> u32 {
        match (self.0, dialect) {
            (253..=255, _) => 1,
            (252, _) => 3,
            (250 | 251, _) => 7,
            (247..=249, _) => 9,
            (245 | 246, _) => 10,
            (244, Dialect::Redis) => 12,
            (243, Dialect::Redis) => 13,
            (242, Dialect::Redis) => 15,
            (243 | 244, Dialect::Valkey) => 80,
            (242, Dialect::Valkey) => 81,
            _ => u32::MAX,
        }
    }
}

impl fmt::Debug for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opcode({})", self.0)
    }
}

/// What kind of object a value is to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum ObjectKind {
    String,
    List,
    Set,
    Zset,
    Hash,
    Stream,
    Module,
    Array,
    /// A rate limiter of unreleased Redis.
    Gcra,
}

impl ObjectKind {
    /// Every kind, in the order of their discriminants and of reports.
    pub const ALL: [ObjectKind; 9] = [
        ObjectKind::String,
        ObjectKind::List,
        ObjectKind::Set,
        ObjectKind::Zset,
        ObjectKind::Hash,
        ObjectKind::Stream,
        ObjectKind::Module,
        ObjectKind::Array,
        ObjectKind::Gcra,
    ];

    /// The name the `TYPE` command gives (`module` for module types).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            ObjectKind::String => "string",
            ObjectKind::List => "list",
            ObjectKind::Set => "set",
            ObjectKind::Zset => "zset",
            ObjectKind::Hash => "hash",
            ObjectKind::Stream => "stream",
            ObjectKind::Module => "module",
            ObjectKind::Array => "array",
            ObjectKind::Gcra => "gcra",
        }
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The byte before a key: type and encoding of its value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueType(pub u8);

#[allow(missing_docs)] // names of the format; layouts stand in decoder/
impl ValueType {
    pub const STRING: ValueType = ValueType(0);
    pub const LIST: ValueType = ValueType(1);
    pub const SET: ValueType = ValueType(2);
    /// Scores as text.
    pub const ZSET: ValueType = ValueType(3);
    pub const HASH: ValueType = ValueType(4);
    /// Scores as binary doubles.
    pub const ZSET_2: ValueType = ValueType(5);
    /// Only in 4.0 release candidates; cannot be skipped without the module.
    pub const MODULE_PRE_GA: ValueType = ValueType(6);
    pub const MODULE_2: ValueType = ValueType(7);
    pub const HASH_ZIPMAP: ValueType = ValueType(9);
    pub const LIST_ZIPLIST: ValueType = ValueType(10);
    pub const SET_INTSET: ValueType = ValueType(11);
    pub const ZSET_ZIPLIST: ValueType = ValueType(12);
    pub const HASH_ZIPLIST: ValueType = ValueType(13);
    /// Nodes are ziplists.
    pub const LIST_QUICKLIST: ValueType = ValueType(14);
    pub const STREAM_LISTPACKS: ValueType = ValueType(15);
    pub const HASH_LISTPACK: ValueType = ValueType(16);
    pub const ZSET_LISTPACK: ValueType = ValueType(17);
    /// Nodes are listpacks or single elements.
    pub const LIST_QUICKLIST_2: ValueType = ValueType(18);
    pub const STREAM_LISTPACKS_2: ValueType = ValueType(19);
    pub const SET_LISTPACK: ValueType = ValueType(20);
    pub const STREAM_LISTPACKS_3: ValueType = ValueType(21);
    /// Redis 7.4 release candidates.
    pub const HASH_METADATA_PRE_GA: ValueType = ValueType(22);
    /// Valkey 9: a hash with field expiries.
    pub const HASH_2: ValueType = ValueType(22);
    /// Redis 7.4 release candidates.
    pub const HASH_LISTPACK_EX_PRE_GA: ValueType = ValueType(23);
    /// Valkey trunk.
    pub const PATH_HASH: ValueType = ValueType(23);
    pub const HASH_METADATA: ValueType = ValueType(24);
    pub const HASH_LISTPACK_EX: ValueType = ValueType(25);
    pub const STREAM_LISTPACKS_4: ValueType = ValueType(26);
    pub const STREAM_LISTPACKS_5: ValueType = ValueType(27);
    pub const ARRAY: ValueType = ValueType(28);
    pub const HASH_TMPL_LP: ValueType = ValueType(29);
    pub const HASH_TMPL_LP_REF: ValueType = ValueType(30);
    pub const HASH_TMPL_ARRAY: ValueType = ValueType(31);
    pub const HASH_TMPL_ARRAY_REF: ValueType = ValueType(32);
    /// Unreleased rate limiter.
    pub const GCRA: ValueType = ValueType(33);

    /// Whether `dialect` gives this number a meaning.
    #[must_use]
    pub const fn is_known(self, dialect: Dialect) -> bool {
        match dialect {
            Dialect::Redis => self.0 <= 33 && self.0 != 8,
            Dialect::Valkey => self.0 <= 23 && self.0 != 8,
        }
    }

    /// The object a value of this type is, or `None` for an unknown number.
    #[must_use]
    pub const fn object(self, dialect: Dialect) -> Option<ObjectKind> {
        if !self.is_known(dialect) {
            return None;
        }
        Some(match self.0 {
            0 => ObjectKind::String,
            1 | 10 | 14 | 18 => ObjectKind::List,
            2 | 11 | 20 => ObjectKind::Set,
            3 | 5 | 12 | 17 => ObjectKind::Zset,
            4 | 9 | 13 | 16 | 22..=25 | 29..=32 => ObjectKind::Hash,
            15 | 19 | 21 | 26 | 27 => ObjectKind::Stream,
            6 | 7 => ObjectKind::Module,
            28 => ObjectKind::Array,
            _ => ObjectKind::Gcra,
        })
    }

    /// The name the check tools print for this type.
    #[must_use]
    pub const fn name(self, dialect: Dialect) -> Option<&'static str> {
        if !self.is_known(dialect) {
            return None;
        }
        Some(match (self.0, dialect) {
            (0, _) => "string",
            (1, _) => "list-linked",
            (2, _) => "set-hashtable",
            (3, _) => "zset-v1",
            (4, _) => "hash-hashtable",
            (5, _) => "zset-v2",
            (6, _) => "module-pre-release",
            (7, _) => "module-value",
            (9, _) => "hash-zipmap",
            (10, _) => "list-ziplist",
            (11, _) => "set-intset",
            (12, _) => "zset-ziplist",
            (13, _) => "hash-ziplist",
            (14, _) => "quicklist",
            (15, _) => "stream",
            (16, _) => "hash-listpack",
            (17, _) => "zset-listpack",
            (18, _) => "quicklist-v2",
            (19, _) => "stream-v2",
            (20, _) => "set-listpack",
            (21, _) => "stream-v3",
            (22, Dialect::Redis) => "hash-hashtable-md-pre-release",
            (23, Dialect::Redis) => "hash-listpack-md-pre-release",
            (24, _) => "hash-hashtable-md",
            (25, _) => "hash-listpack-md",
            (26, _) => "stream-v4",
            (27, _) => "stream-v5",
            (28, _) => "array",
            (29, _) => "hash-template-listpack",
            (30, _) => "hash-template-listpack-ref",
            (31, _) => "hash-template-array",
            (32, _) => "hash-template-array-ref",
            (33, _) => "gcra",
            (22, Dialect::Valkey) => "hash-volatile-items",
            _ => "hash-path",
        })
    }

    /// The lowest RDB version whose servers read this type.
    ///
    /// A file may hold older types than its version, never newer ones.
    #[must_use]
    pub const fn since(self, dialect: Dialect) -> u32 {
        match (self.0, dialect) {
            (22, Dialect::Valkey) => 80,
            (23, Dialect::Valkey) => 81,
            (0..=4, _) => 1,
            (9..=12, _) => 2,
            (13, _) => 4,
            (14, _) => 7,
            (5..=7, _) => 8,
            (15, _) => 9,
            (16..=19, _) => 10,
            (20 | 21, _) => 11,
            (22..=25, _) => 12,
            (26, _) => 13,
            (27 | 28, _) => 14,
            _ => 15,
        }
    }
}

impl fmt::Debug for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ValueType({})", self.0)
    }
}

/// A module's identity: nine characters and an encoding version in 64 bits.
///
/// ```text
/// bits 63..10  nine characters of 6 bits, the first on top
/// bits  9..0   encoding version
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModuleId(pub u64);

impl ModuleId {
    /// The nine-character type name, such as `vectorset` or `ReJSON-RL`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use rdbkit_rdb::ModuleId;
    /// assert_eq!(ModuleId(0xbde7_2da2_bb1e_b400).name(), "vectorset");
    /// ```
    #[must_use]
    pub fn name(self) -> String {
        const SET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        (0..9)
            .map(|i| {
                let six = (self.0 >> (58 - 6 * i)) & 63;
                char::from(SET[six as usize])
            })
            .collect()
    }

    /// The version of the module's own encoding, 0 to 1023.
    #[must_use]
    pub const fn encoding_version(self) -> u16 {
        (self.0 & 1023) as u16
    }
}

/// Identity of a key-metadata class: four characters, a version, flags.
///
/// ```text
/// bits 31..8  four characters of 6 bits, the first on top
/// bits  7..3  version
/// bits  2..0  flags; bit 0: may be ignored where the class is unknown
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MetaClass(pub u32);

impl MetaClass {
    /// The four-character name. Its alphabet ends in `_-`, module names' in `-_`.
    #[must_use]
    pub fn name(self) -> String {
        const SET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
        (0..4)
            .map(|i| char::from(SET[((self.0 >> (26 - 6 * i)) & 63) as usize]))
            .collect()
    }

    /// Whether a server that does not know the class may drop the metadata.
    #[must_use]
    pub const fn is_optional(self) -> bool {
        self.0 & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collisions_are_told_apart_by_dialect() {
        assert_eq!(Opcode(243).name(Dialect::Redis), Some("KEY_META"));
        assert_eq!(Opcode(243).name(Dialect::Valkey), Some("SLOT_IMPORT"));
        assert_eq!(
            ValueType(22).name(Dialect::Valkey),
            Some("hash-volatile-items")
        );
        assert_eq!(
            ValueType(23).object(Dialect::Valkey),
            Some(ObjectKind::Hash)
        );
        assert_eq!(ValueType(24).object(Dialect::Valkey), None);
        assert_eq!(ValueType(8).object(Dialect::Redis), None);
    }

    #[test]
    fn every_known_type_has_a_name_and_an_object() {
        for dialect in [Dialect::Redis, Dialect::Valkey] {
            for n in 0..=255 {
                let t = ValueType(n);
                assert_eq!(t.is_known(dialect), t.name(dialect).is_some(), "{t:?}");
                assert_eq!(t.is_known(dialect), t.object(dialect).is_some(), "{t:?}");
            }
        }
    }

    #[test]
    fn kinds_are_listed_in_order() {
        for (i, kind) in ObjectKind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, i);
        }
    }

    #[test]
    fn names_of_modules_and_classes() {
        let id = ModuleId(0xbde7_2da2_bb1e_b400);
        assert_eq!(
            (id.name().as_str(), id.encoding_version()),
            ("vectorset", 0)
        );
        // A=0, B=1, _=62, -=63; version 3, flag 1
        let class = MetaClass((1 << 20 | 62 << 14 | 63 << 8) & 0x00ff_ffff | 3 << 3 | 1);
        assert_eq!((class.name().as_str(), class.is_optional()), ("AB_-", true));
    }
}
