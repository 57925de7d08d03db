//! What the servers' loaders say about a damaged value, and from which line of
//! their source they say it: the check tools print both.

use std::borrow::Cow;

use super::Persona;

/// Damage in a value, as the loader of redis 8.0.6 or valkey 9.1.2 reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// The two top bits of a length's first byte.
    LengthEncoding(u8),
    /// Number of a string encoding.
    StringEncoding(u64),
    Lzf,
    ModuleInteger(String),
    ModuleString(String),
    ModuleFloat(String),
    ModuleDouble(String),
    /// How many members were said to come.
    SetTable(u64),
    SetDuplicateInIntset,
    SetDuplicateInListpack,
    SetDuplicateInTable,
    /// How many members were said to come.
    ZsetTable(u64),
    ZsetNan,
    ZsetDuplicate,
    /// How many fields were said to come.
    HashTable(u64),
    HashDuplicateInListpack,
    HashDuplicateInTable,
    MinExpiryMissing,
    MinExpiryInvalid,
    FieldExpiryInvalid(u64),
    ExpiringHashDuplicateInListpack,
    ExpiringHashDuplicateInTable,
    QuicklistContainer,
    QuicklistListpack,
    QuicklistZiplist,
    PackedMinExpiryMissing,
    Zipmap,
    /// Bytes of the field at which it was found.
    ZipmapDuplicate(u64),
    ListZiplist,
    Intset,
    SetListpack,
    ZsetZiplist,
    ZsetZiplistNan,
    ZsetListpack,
    ZsetListpackNan,
    HashZiplist,
    HashListpack,
    StreamNodes,
    StreamNodeKey,
    StreamNodeKeySize,
    StreamNode,
    StreamNodeDamaged,
    StreamNodeTwice,
    StreamMeta,
    StreamLengthWithoutNodes,
    StreamLengthMismatch,
    StreamGroups,
    GroupName,
    GroupId,
    GroupOffset,
    GroupDuplicate(Vec<u8>),
    PendingCount,
    PendingId,
    Pending,
    PendingDuplicate,
    Consumers,
    ConsumerName,
    ConsumerDuplicate,
    ConsumerSeen,
    ConsumerActive,
    OwnedCount,
    OwnedId,
    OwnedUnknown,
    OwnedTaken,
    OwnedDuplicate,
    PendingWithoutConsumer,
    ModulePreRelease,
    ModuleId,
}

impl Reason {
    /// The words after the arrow, as bytes: names are not always text.
    pub fn text(&self, persona: Persona) -> Cow<'static, [u8]> {
        let text: String = match self {
            Reason::LengthEncoding(n) => format!("Unknown length encoding {n} in rdbLoadLen()"),
            Reason::StringEncoding(n) => format!("Unknown RDB string encoding type {n}"),
            Reason::ModuleInteger(name) => {
                format!("Error reading integer from module {name} value")
            }
            Reason::ModuleString(name) => format!("Error reading string from module {name} value"),
            Reason::ModuleFloat(name) => format!("Error reading float from module {name} value"),
            Reason::ModuleDouble(name) => format!("Error reading double from module {name} value"),
            Reason::FieldExpiryInvalid(at) => format!("invalid expireAt time: {at}"),
            Reason::ZipmapDuplicate(n) => {
                format!("Hash zipmap with dup elements, or big length ({n})")
            }
            Reason::GroupDuplicate(name) => {
                let what = b"Duplicated consumer group name".as_slice();
                return match persona {
                    Persona::Redis => [what, b" ", name].concat().into(),
                    Persona::Valkey => what.into(),
                };
            }
            Reason::SetTable(n) | Reason::ZsetTable(n) | Reason::HashTable(n) => {
                let function = match persona {
                    Persona::Redis => "dictTryExpand",
                    Persona::Valkey => "hashtableTryExpand",
                };
                format!("OOM in {function} {n}")
            }
            Reason::StreamNodeKey => {
                let what = match persona {
                    Persona::Redis => "master",
                    Persona::Valkey => "primary",
                };
                format!("Stream {what} ID loading failed: invalid encoding or I/O error.")
            }
            Reason::OwnedTaken if persona == Persona::Valkey => {
                return b"NACK already assigned to a different consumer, shared NACKs across \
                         consumers are not valid"[..]
                    .into();
            }
            fixed => return fixed.fixed().0.as_bytes().into(),
        };
        text.into_bytes().into()
    }

    /// The line of `rdb.c`; 0 where that server has no such check.
    pub fn line(&self, persona: Persona) -> u32 {
        let (redis, valkey) = match self {
            Reason::LengthEncoding(_) => (229, 299),
            Reason::StringEncoding(_) => (540, 586),
            Reason::ModuleInteger(_) => (1713, 1742),
            Reason::ModuleString(_) => (1719, 1747),
            Reason::ModuleFloat(_) => (1726, 1753),
            Reason::ModuleDouble(_) => (1732, 1758),
            Reason::FieldExpiryInvalid(_) => (2336, 0),
            Reason::SetTable(_) => (1986, 1968),
            Reason::ZsetTable(_) => (2085, 2062),
            Reason::HashTable(_) => (2233, 2205),
            Reason::ZipmapDuplicate(_) => (2576, 2398),
            Reason::GroupDuplicate(_) => (2947, 2772),
            Reason::StreamNodeKey => (2805, 2619),
            fixed => fixed.fixed().1,
        };
        match persona {
            Persona::Redis => redis,
            Persona::Valkey => valkey,
        }
    }

    /// Words and lines of the reasons that carry nothing.
    #[rustfmt::skip]
    fn fixed(&self) -> (&'static str, (u32, u32)) {
        match self {
            Reason::Lzf => ("Invalid LZF compressed string", (419, 474)),
            Reason::SetDuplicateInIntset => ("Duplicate set members detected", (2014, 1996)),
            Reason::SetDuplicateInListpack => ("Duplicate set members detected", (2044, 2022)),
            Reason::SetDuplicateInTable => ("Duplicate set members detected", (2063, 2040)),
            Reason::ZsetNan => ("Zset with NAN score detected", (2116, 2093)),
            Reason::ZsetDuplicate => ("Duplicate zset fields detected", (2128, 2106)),
            Reason::HashDuplicateInListpack => ("Hash with dup elements", (2186, 2160)),
            Reason::HashDuplicateInTable => ("Duplicate hash fields detected", (2259, 2261)),
            Reason::MinExpiryMissing => ("Hash failed loading minExpire", (2284, 0)),
            Reason::MinExpiryInvalid => ("Hash read invalid minExpire value", (2288, 0)),
            Reason::ExpiringHashDuplicateInListpack => ("Hash with dup elements", (2372, 0)),
            Reason::ExpiringHashDuplicateInTable => ("Duplicate hash fields detected", (2424, 0)),
            Reason::QuicklistContainer => ("Quicklist integrity check failed.", (2452, 2298)),
            Reason::QuicklistListpack => ("Listpack integrity check failed.", (2475, 2320)),
            Reason::QuicklistZiplist => ("Ziplist integrity check failed.", (2485, 2328)),
            Reason::PackedMinExpiryMissing => ("Short read of listpackex min expiration time.", (2530, 0)),
            Reason::Zipmap => ("Zipmap integrity check failed.", (2552, 2374)),
            Reason::ListZiplist => ("List ziplist integrity check failed.", (2611, 2427)),
            Reason::Intset => ("Intset integrity check failed.", (2636, 2452)),
            Reason::SetListpack => ("Set listpack integrity check failed.", (2650, 2465)),
            Reason::ZsetZiplist => ("Zset ziplist integrity check failed.", (2672, 2485)),
            Reason::ZsetZiplistNan => ("Zset ziplist with NAN score detected", (0, 2497)),
            Reason::ZsetListpack => ("Zset listpack integrity check failed.", (2698, 2523)),
            Reason::ZsetListpackNan => ("Zset listpack with NAN score detected", (0, 2534)),
            Reason::HashZiplist => ("Hash ziplist integrity check failed.", (2718, 2552)),
            Reason::HashListpack => ("Hash listpack integrity check failed.", (2764, 2578)),
            Reason::StreamNodes => ("Stream listpacks len loading failed.", (2794, 2604)),
            Reason::StreamNodeKeySize => ("Stream node key entry is not the size of a stream ID", (2810, 2624)),
            Reason::StreamNode => ("Stream listpacks loading failed.", (2822, 2635)),
            Reason::StreamNodeDamaged => ("Stream listpack integrity check failed.", (2829, 2642)),
            Reason::StreamNodeTwice => ("Listpack re-added with existing key", (2853, 2665)),
            Reason::StreamMeta => ("Stream object metadata loading failed.", (2891, 2703)),
            Reason::StreamLengthWithoutNodes => ("Stream length inconsistent with rax entries", (2897, 2709)),
            Reason::StreamLengthMismatch => ("Stream length inconsistent with the number of valid entries", (0, 2722)),
            Reason::StreamGroups => ("Stream cgroup count loading failed.", (2905, 2730)),
            Reason::GroupName => ("Error reading the consumer group name from Stream", (2916, 2741)),
            Reason::GroupId => ("Stream cgroup ID loading failed.", (2925, 2749)),
            Reason::GroupOffset => ("Stream cgroup offset loading failed.", (2936, 2760)),
            Reason::PendingCount => ("Stream PEL size loading failed.", (2962, 2789)),
            Reason::PendingId => ("Stream PEL ID loading failed.", (2969, 2796)),
            Reason::Pending => ("Stream PEL NACK loading failed.", (2977, 2804)),
            Reason::PendingDuplicate => ("Duplicated global PEL entry loading stream consumer group", (2983, 2810)),
            Reason::Consumers => ("Stream consumers num loading failed.", (2995, 2822)),
            Reason::ConsumerName => ("Error reading the consumer name from Stream group.", (3002, 2829)),
            Reason::ConsumerDuplicate => ("Duplicate stream consumer detected.", (3011, 2836)),
            Reason::ConsumerSeen => ("Stream short read reading seen time.", (3018, 2843)),
            Reason::ConsumerActive => ("Stream short read reading active time.", (3026, 2851)),
            Reason::OwnedCount => ("Stream consumer PEL num loading failed.", (3039, 2864)),
            Reason::OwnedId => ("Stream short read reading PEL streamID.", (3047, 2871)),
            Reason::OwnedUnknown => ("Consumer entry not found in group global PEL", (3054, 2877)),
            Reason::OwnedTaken => ("Stream consumer PEL entry already has a consumer assigned", (3065, 2888)),
            // Two blanks: so it is printed.
            Reason::OwnedDuplicate => ("Duplicated consumer PEL entry  loading a stream consumer group", (0, 2895)),
            Reason::PendingWithoutConsumer => ("Stream CG PEL entry without consumer", (3092, 2912)),
            Reason::ModulePreRelease => ("Pre-release module format not supported", (3101, 2920)),
            Reason::ModuleId => ("Short read module id", (3106, 2925)),
            _ => ("", (0, 0)),
        }
    }
}
