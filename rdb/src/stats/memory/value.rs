//! Values: which encoding a server gives them when it loads, and their size.

use super::generation::{DICT_ENTRY, Generation};
use super::rax::RaxSize;
use super::table;
use super::{Memory, Model};
use crate::stats::Encoding;
use crate::wire::ObjectKind;

/// Default settings of servers: what may be packed.
const HASH_ENTRIES: u64 = 512;
const SET_ENTRIES: u64 = 128;
const INTSET_ENTRIES: u64 = 512;
const ZSET_ENTRIES: u64 = 128;
const PACKED_ELEMENT: u64 = 64;
const LIST_NODE_BYTES: u64 = 8192;

/// Longest string that is one piece with its object.
const EMBEDDED: u64 = 44;

/// An object's header.
const OBJECT: u64 = 16;

/// Structures of sorted sets: the pair, the list, its first node of 32 levels.
const ZSET: u64 = 16 + 32;
const ZSET_HEAD: u64 = 24 + 32 * 16;

/// A stream's own numbers; a delivered entry.
const STREAM: u64 = 80;
const NACK: u64 = 24;

/// What `MEMORY USAGE` of older servers takes for a node of a radix tree.
const RAX_NODE_GUESS: u64 = 4 + 30 * 8;
/// A radix tree's own structure.
const RAX: u64 = 32;

/// What was seen of a value, as far as its size goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pieces {
    pub object: Option<ObjectKind>,
    /// Bytes of a string, and whether it is a canonical integer.
    pub text: u64,
    pub integer: bool,
    /// Elements, where known.
    pub elements: Option<u64>,
    /// Blobs and plain nodes: how many, their bytes, the same as allocated.
    pub blobs: u64,
    pub blob_bytes: u64,
    pub blobs_allocated: u64,
    /// Whether one of the blobs is an intset.
    pub intset: bool,
    /// Elements that stand one by one: bytes of the structures they would have
    /// in a table, of the entries of a listpack, of the longest of them.
    pub loose: u64,
    pub packed: u64,
    pub longest: u64,
    pub all_integers: bool,
    /// Bytes of the widest integer among them.
    pub widest: u64,
    /// Fields with an expiry.
    pub expiring: u64,
    /// Bytes in the file, for what no model is of.
    pub stored: u64,
    pub stream: StreamPieces,
}

/// What was seen of a stream beside its nodes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StreamPieces {
    pub nodes: super::Rax,
    pub groups: u64,
    pub consumers: u64,
    pub names: u64,
    pub pending: u64,
    /// Trees of pending entries, those of consumers included.
    pub trees: u64,
    pub tree_sizes: RaxSize,
}

impl Pieces {
    pub const NONE: Pieces = Pieces {
        object: None,
        text: 0,
        integer: false,
        elements: None,
        blobs: 0,
        blob_bytes: 0,
        blobs_allocated: 0,
        intset: false,
        loose: 0,
        packed: 0,
        longest: 0,
        all_integers: true,
        widest: 2,
        expiring: 0,
        stored: 0,
        stream: StreamPieces {
            nodes: super::Rax::EMPTY,
            groups: 0,
            consumers: 0,
            names: 0,
            pending: 0,
            trees: 0,
            tree_sizes: RaxSize {
                keys: 0,
                nodes: 0,
                bytes: 0,
            },
        },
    };
}

/// Bytes of a string with its header and the zero behind it.
#[inline]
const fn sds(len: u64) -> u64 {
    let head = match len {
        0..32 => 1,
        32..256 => 3,
        256..65_536 => 5,
        65_536..0x1_0000_0000 => 9,
        _ => 17,
    };
    len.saturating_add(head + 1)
}

impl Model {
    /// A string key, which most keys are.
    #[inline]
    pub(crate) fn string(
        &self,
        key: u64,
        text: u64,
        integer: bool,
        expires: bool,
    ) -> (Encoding, Memory) {
        let size = |n: u64| self.allocator.size(n);
        let generation = self.generation;
        if integer {
            return (Encoding::Int, self.key(key, expires));
        }
        let inside = 8 * u64::from(expires) + 1 + sds(key);
        let embedded = match generation {
            Generation::Valkey81 => {
                Some(OBJECT + inside + text.saturating_add(4)).filter(|n| *n <= 64)
            }
            // Room for a pointer is kept, in case the value grows.
            Generation::Valkey9 => {
                Some(8 + inside + text.saturating_add(4).max(8)).filter(|n| *n <= 128)
            }
            _ if text <= EMBEDDED => {
                let object = OBJECT + text + 4;
                let mut memory = self.key(key, expires) + Memory::both(size(object) - OBJECT);
                if generation == Generation::Redis6 {
                    memory.usage -= size(object) - (OBJECT + text + 2);
                }
                return (Encoding::Embstr, memory);
            }
            _ => None,
        };
        match embedded {
            Some(bytes) => (Encoding::Embstr, Memory::both(size(bytes))),
            None => {
                let text = size(sds(text));
                (Encoding::Raw, self.key(key, expires) + Memory::both(text))
            }
        }
    }

    /// An object without its value, its name, and its entry in the table.
    #[inline]
    fn key(&self, len: u64, expires: bool) -> Memory {
        let size = |n: u64| self.allocator.size(n);
        let inside = OBJECT + 8 * u64::from(expires) + 1 + sds(len);
        match self.generation {
            Generation::Redis6 | Generation::Redis7 | Generation::Redis72 => Memory {
                usage: OBJECT + DICT_ENTRY + size(sds(len)),
                allocated: OBJECT + size(DICT_ENTRY) + size(sds(len)),
            },
            Generation::Valkey80 => Memory::both(OBJECT + size(OBJECT + 1 + sds(len))),
            Generation::Valkey81 => Memory {
                usage: OBJECT,
                allocated: size(inside),
            },
            Generation::Valkey9 => Memory::both(size(inside)),
        }
    }

    /// A key and its value. No encoding is given for what no model is of.
    pub(crate) fn value(&self, key: u64, expires: bool, v: &Pieces) -> (Option<Encoding>, Memory) {
        let (encoding, memory) = match v.object {
            Some(ObjectKind::String) => {
                let (encoding, memory) = self.string(key, v.text, v.integer, expires);
                return (Some(encoding), memory);
            }
            Some(ObjectKind::List) => self.list(v),
            Some(ObjectKind::Set) => self.set(v),
            Some(ObjectKind::Zset) => self.zset(v),
            Some(ObjectKind::Hash) => self.hash(v),
            Some(ObjectKind::Stream) => (Encoding::Stream, self.stream(v)),
            _ => return (None, self.key(key, expires) + Memory::both(v.stored)),
        };
        (Some(encoding), self.key(key, expires) + memory)
    }

    /// One blob.
    fn blob(&self, bytes: u64) -> Memory {
        let allocated = self.allocator.size(bytes);
        match self.generation {
            Generation::Redis6 => Memory {
                usage: bytes,
                allocated,
            },
            _ => Memory::both(allocated),
        }
    }

    /// The name of the packed encoding.
    fn packed_name(&self) -> Encoding {
        match self.generation {
            Generation::Redis6 => Encoding::Ziplist,
            _ => Encoding::Listpack,
        }
    }

    /// Bytes of a blob of what came packed or one by one.
    fn packed(&self, v: &Pieces) -> Memory {
        match v.blobs {
            0 => self.blob(v.packed + 7),
            _ => self.blob(v.blob_bytes),
        }
    }

    /// A structure of so many bytes.
    fn structure(&self, bytes: u64) -> Memory {
        Memory {
            usage: bytes,
            allocated: self.allocator.size(bytes),
        }
    }

    fn entries(&self, n: u64) -> Memory {
        Memory {
            usage: n.saturating_mul(DICT_ENTRY),
            allocated: n.saturating_mul(self.allocator.size(DICT_ENTRY)),
        }
    }

    fn list(&self, v: &Pieces) -> (Encoding, Memory) {
        let (mut nodes, mut bytes, mut allocated) = (v.blobs, v.blob_bytes, v.blobs_allocated);
        if nodes == 0 {
            // One by one: pushed into nodes that are full at 8 KiB.
            nodes = (v.packed / (LIST_NODE_BYTES - 16)).max(1);
            bytes = v.packed + 7 * nodes;
            allocated = self.allocator.size(bytes / nodes).saturating_mul(nodes);
        }
        if self.generation.packs_all() && nodes == 1 && bytes <= LIST_NODE_BYTES {
            return (Encoding::Listpack, Memory::both(self.allocator.size(bytes)));
        }
        let node = self.structure(self.generation.list_node());
        let memory = self.structure(40)
            + Memory {
                usage: node.usage.saturating_mul(nodes),
                allocated: node.allocated.saturating_mul(nodes),
            }
            + Memory {
                usage: match self.generation {
                    Generation::Redis6 => bytes,
                    _ => allocated,
                },
                allocated,
            };
        (Encoding::Quicklist, memory)
    }

    /// A table of `n` elements whose own bytes are `loose`.
    fn table(&self, n: u64, loose: u64, is_hash: bool) -> Memory {
        if self.generation.has_buckets() {
            let own = match (self.generation, is_hash) {
                (Generation::Valkey9, true) => 88,
                (Generation::Valkey9, false) => 80,
                _ => 72,
            };
            return self.structure(own)
                + Memory::both(table::buckets(n, self.allocator))
                + Memory::both(loose);
        }
        let slots = table::slots(n);
        self.structure(self.generation.dict()) + self.structure(8 * slots) + Memory::both(loose)
    }

    /// Bytes of loose elements that came in a blob, from their average.
    fn unpacked(&self, v: &Pieces, n: u64, parts: u64, one: impl Fn(u64) -> u64) -> u64 {
        match v.blobs {
            0 => v.loose,
            _ => {
                let average = (v.blob_bytes / (n * parts).max(1)).saturating_sub(2);
                n.saturating_mul(one(average))
            }
        }
    }

    fn set(&self, v: &Pieces) -> (Encoding, Memory) {
        let n = v.elements.unwrap_or(0);
        let small = v.longest <= PACKED_ELEMENT;
        if v.all_integers && (v.blobs == 0 || v.intset) && n <= INTSET_ENTRIES {
            let bytes = match v.blobs {
                0 => 8 + n * v.widest,
                _ => v.blob_bytes,
            };
            return (Encoding::Intset, self.blob(bytes));
        }
        if self.generation.packs_all() && !v.intset && small && n <= SET_ENTRIES {
            return (Encoding::Listpack, self.packed(v));
        }
        let loose = self.unpacked(v, n, 1, |len| self.member(len));
        let entries = match self.generation {
            generation if generation.has_buckets() => Memory::default(),
            Generation::Redis6 | Generation::Redis7 => self.entries(n),
            generation => {
                // Only members that share a slot have an entry of their own.
                let chained = table::chained(n, table::slots(n)).saturating_mul(16);
                let usage = match generation {
                    Generation::Redis72 => n.saturating_mul(DICT_ENTRY),
                    _ => chained,
                };
                Memory {
                    usage,
                    allocated: chained,
                }
            }
        };
        (Encoding::Hashtable, self.table(n, loose, false) + entries)
    }

    fn zset(&self, v: &Pieces) -> (Encoding, Memory) {
        let n = v.elements.unwrap_or(0);
        if n <= ZSET_ENTRIES && v.longest <= PACKED_ELEMENT {
            return (self.packed_name(), self.packed(v));
        }
        let loose = self.unpacked(v, n, 2, |len| self.scored(len));
        let entries = match self.generation.has_buckets() {
            true => Memory::default(),
            false => self.entries(n),
        };
        let head = Memory::both(self.allocator.size(ZSET_HEAD));
        let table = self.table(n, loose, false);
        (
            Encoding::Skiplist,
            self.structure(ZSET) + head + table + entries,
        )
    }

    fn hash(&self, v: &Pieces) -> (Encoding, Memory) {
        let n = v.elements.unwrap_or(0);
        let valkey_expiring = v.expiring > 0 && self.generation.has_buckets();
        if n <= HASH_ENTRIES && v.longest <= PACKED_ELEMENT && !valkey_expiring {
            let packed = self.packed(v);
            return match v.expiring {
                0 => (self.packed_name(), packed),
                _ => (Encoding::ListpackEx, self.structure(32) + packed),
            };
        }
        let loose = self.unpacked(v, n, 2, |len| self.field(len, len, false));
        let entries = match self.generation.has_buckets() {
            // The index of fields by the time they expire.
            true => Memory::both(v.expiring.saturating_mul(26)),
            false => self.entries(n),
        };
        let table = self.table(n, loose, true);
        (Encoding::Hashtable, table + entries)
    }

    fn tree(&self, trees: u64, size: RaxSize) -> Memory {
        let allocated = trees * RAX + size.bytes;
        let usage = match self.generation.has_buckets() {
            true => allocated,
            false => size.keys.saturating_mul(16) + size.nodes.saturating_mul(RAX_NODE_GUESS),
        };
        Memory { usage, allocated }
    }

    fn stream(&self, v: &Pieces) -> Memory {
        let s = &v.stream;
        let (generation, size) = (self.generation, |n: u64| self.allocator.size(n));
        let own = match generation {
            Generation::Redis6 => 0,
            _ => STREAM,
        };
        let blobs = match generation {
            Generation::Redis6 => v.blob_bytes,
            _ => v.blobs_allocated,
        };
        let nodes = self.tree(1, s.nodes.finish(self.allocator));
        let parts = Memory {
            usage: own + blobs,
            allocated: size(STREAM) + v.blobs_allocated,
        };
        // Names are in trees of their own, which no server counts.
        let names = (s.groups + s.consumers).saturating_mul(RAX + 32) + s.names;
        let groups = Memory {
            usage: s.groups * generation.group()
                + s.consumers * generation.consumer()
                + s.names
                + s.pending.saturating_mul(NACK),
            allocated: s.groups * size(generation.group())
                + s.consumers * size(generation.consumer())
                + names
                + s.pending.saturating_mul(size(NACK)),
        };
        nodes + parts + groups + self.tree(s.trees, s.tree_sizes)
    }

    /// A member of a set, in a table.
    #[inline]
    pub(crate) fn member(&self, len: u64) -> u64 {
        self.allocator.size(sds(len))
    }

    /// A member of a sorted set, with its node: averaged over the levels a
    /// node may have, of which each has a quarter of those of the one below.
    #[inline]
    pub(crate) fn scored(&self, len: u64) -> u64 {
        let size = |n: u64| self.allocator.size(n);
        let (base, own) = match self.generation {
            Generation::Valkey9 => (16 + 1 + sds(len), 0),
            _ => (24, size(sds(len))),
        };
        let mut node = 0.0;
        let mut chance = 0.75;
        for level in 1..=6u64 {
            node += chance * size(base.saturating_add(16 * level)) as f64;
            chance /= 4.0;
        }
        // What is above the sixth level is a thousandth of all.
        own.saturating_add((node * 4096.0 / 4095.0).round() as u64)
    }

    /// Bytes of a score in a listpack that is no integer.
    pub(crate) fn score_digits(&self, score: f64) -> u64 {
        let text = match self.generation {
            Generation::Redis6 | Generation::Redis7 => crate::score::seventeen(score),
            _ => crate::score::shortest(score),
        };
        text.as_bytes().len() as u64
    }

    /// A field of a hash and its value, in a table.
    #[inline]
    pub(crate) fn field(&self, field: u64, value: u64, expires: bool) -> u64 {
        let size = |n: u64| self.allocator.size(n);
        if !self.generation.has_buckets() {
            // Redis keeps the expiry and a place in an index with the name.
            return size(sds(field) + 16 * u64::from(expires)).saturating_add(size(sds(value)));
        }
        let head = 8 * u64::from(expires) + sds(field);
        let embedded = head.saturating_add(value.saturating_add(4));
        match embedded {
            ..=128 => size(embedded),
            _ => size(head + 8).saturating_add(size(sds(value))),
        }
    }
}
