//! Nodes of a radix tree, counted while its keys pass by.
//!
//! ```text
//! keys AAB1, AAB2, ACD1              nodes
//!   A ── A ── B ─┬─ 1 ── (leaf)      a chain of single bytes is one node,
//!   └─── C ─ D ─ 1                   a fork is one, every end of a key is one
//! ```
//!
//! Keys of 16 bytes that come in order need no tree: a fork is where a key
//! parts from the one before it, and what lies between two forks is a chain.

use super::Allocator;

const LEN: usize = 16;

/// What a tree takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RaxSize {
    /// Keys.
    pub keys: u64,
    /// Nodes.
    pub nodes: u64,
    /// Bytes of the nodes as allocated.
    pub bytes: u64,
}

/// Counts the nodes of a tree of 16-byte keys in ascending order.
///
/// Keys that are not are counted all the same; then it is an estimate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rax {
    size: RaxSize,
    last: [u8; LEN],
    /// Children of the fork at each depth on the path to `last`; 0 for no fork.
    forks: [u16; LEN],
}

impl Rax {
    pub const EMPTY: Rax = Rax {
        size: RaxSize {
            keys: 0,
            nodes: 0,
            bytes: 0,
        },
        last: [0; LEN],
        forks: [0; LEN],
    };

    pub fn add(&mut self, key: [u8; LEN], allocator: Allocator) {
        self.size.keys += 1;
        if self.size.keys > 1 {
            let same = self.last.iter().zip(&key).take_while(|(a, b)| a == b);
            let depth = same.count();
            if depth >= LEN {
                self.size.keys -= 1;
                return;
            }
            self.close(depth, allocator);
            let fork = &mut self.forks[depth];
            *fork = fork.saturating_add(1).max(2);
        }
        self.last = key;
    }

    /// What hangs below `depth` on the last path is complete: a chain and a leaf
    /// under each fork.
    fn close(&mut self, depth: usize, allocator: Allocator) {
        let mut below = LEN;
        self.node(leaf(), allocator);
        for at in (depth + 1..LEN).rev() {
            if self.forks[at] > 0 {
                self.chain(below - at - 1, allocator);
                self.node(fork(self.forks[at]), allocator);
                self.forks[at] = 0;
                below = at;
            }
        }
        self.chain(below - depth - 1, allocator);
    }

    fn chain(&mut self, bytes: usize, allocator: Allocator) {
        match bytes {
            0 => {}
            1 => self.node(fork(1), allocator),
            _ => self.node(padded(bytes as u64) + 8, allocator),
        }
    }

    fn node(&mut self, bytes: u64, allocator: Allocator) {
        self.size.nodes += 1;
        self.size.bytes += allocator.size(bytes);
    }

    /// The whole tree. An empty one is a root without children.
    pub fn finish(mut self, allocator: Allocator) -> RaxSize {
        if self.size.keys == 0 {
            self.node(padded(0), allocator);
            return self.size;
        }
        self.close_root(allocator);
        self.size
    }

    fn close_root(&mut self, allocator: Allocator) {
        let mut below = LEN;
        self.node(leaf(), allocator);
        for at in (0..LEN).rev() {
            if self.forks[at] > 0 {
                self.chain(below - at - 1, allocator);
                self.node(fork(self.forks[at]), allocator);
                below = at;
            }
        }
        self.chain(below, allocator);
    }
}

/// Header and characters, padded so that pointers behind them are aligned.
const fn padded(bytes: u64) -> u64 {
    (4 + bytes).next_multiple_of(8)
}

const fn fork(children: u16) -> u64 {
    padded(children as u64) + 8 * children as u64
}

/// A node that only holds the value of a key.
const fn leaf() -> u64 {
    padded(0) + 8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(keys: &[u128]) -> RaxSize {
        let mut rax = Rax::EMPTY;
        for key in keys {
            rax.add(key.to_be_bytes(), Allocator::System);
        }
        rax.finish(Allocator::System)
    }

    #[test]
    fn nodes_as_servers_told() {
        // Of streams of one node and of two, and of five pending entries: what
        // MEMORY USAGE of two servers adds up to.
        let empty = tree(&[]);
        assert_eq!((empty.nodes, empty.bytes), (1, 8));
        let ms = |ms: u128| ms << 64 | 1;
        let one = tree(&[ms(1_700_000_000_000)]);
        assert_eq!((one.nodes, one.bytes), (2, 48));
        let two = tree(&[ms(1_700_000_000_000), ms(1_700_000_003_700)]);
        assert_eq!((two.nodes, two.bytes), (6, 160));
        let five: Vec<u128> = (0..5).map(|i| ms(1_700_000_000_000 + i * 37)).collect();
        assert_eq!((tree(&five).nodes, tree(&five).bytes), (12, 336));
    }

    #[test]
    fn forks_below_forks() {
        // 00..00, 00..01 and 01..00: a fork of two, under it a chain of 15 for
        // the last one, and for the others a chain of 14 and a fork.
        let three = tree(&[0, 1, 1 << 120]);
        assert_eq!((three.keys, three.nodes), (3, 1 + 2 + 2 + 2));
        // A key again is no second one.
        assert_eq!(tree(&[7, 7]), tree(&[7]));
    }
}
