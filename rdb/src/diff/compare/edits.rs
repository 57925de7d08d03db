//! What turns one sequence into another, in bounded work.
//!
//! What both have in common at the front and at the back is cut off. In the
//! middle the fewest insertions and deletions are looked for (Myers' greedy
//! algorithm); where these are many, or comparing takes long, the middle is one
//! replacement.

/// Elements from `old_at` on are replaced by those from `new_at` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    pub old_at: usize,
    pub old_len: usize,
    pub new_at: usize,
    pub new_len: usize,
}

/// Insertions and deletions that are looked for.
const MOST: isize = 128;

/// Comparisons for each element of the middle.
const PATIENCE: usize = 8;

/// The edits in order; none if both are the same.
pub(super) fn edits(old: usize, new: usize, same: impl Fn(usize, usize) -> bool) -> Vec<Edit> {
    let shorter = old.min(new);
    let front = (0..shorter).take_while(|n| same(*n, *n)).count();
    let back = (1..=shorter - front)
        .take_while(|n| same(old - n, new - n))
        .count();
    let (old_len, new_len) = (old - front - back, new - front - back);
    let middle = Edit {
        old_at: front,
        old_len,
        new_at: front,
        new_len,
    };
    match (old_len, new_len) {
        (0, 0) => Vec::new(),
        (0, _) | (_, 0) => vec![middle],
        _ => fewest(old_len, new_len, |a, b| same(front + a, front + b)).map_or_else(
            || vec![middle],
            |mut found| {
                for edit in &mut found {
                    edit.old_at += front;
                    edit.new_at += front;
                }
                found
            },
        ),
    }
}

/// How far each diagonal reaches: the index in the old sequence.
struct Reach(Vec<isize>);

impl Reach {
    fn at(&self, diagonal: isize) -> isize {
        let at = usize::try_from(diagonal + MOST + 1);
        at.ok().and_then(|at| self.0.get(at)).copied().unwrap_or(-1)
    }

    fn set(&mut self, diagonal: isize, reach: isize) {
        let at = usize::try_from(diagonal + MOST + 1);
        if let Some(to) = at.ok().and_then(|at| self.0.get_mut(at)) {
            *to = reach;
        }
    }

    /// Where diagonal `k` begins with one edit more, and whether it came from
    /// an insertion.
    fn step(&self, k: isize, edits: isize) -> (isize, bool) {
        let inserts = k == -edits || (k != edits && self.at(k - 1) < self.at(k + 1));
        match inserts {
            true => (self.at(k + 1), true),
            false => (self.at(k - 1) + 1, false),
        }
    }
}

fn fewest(old: usize, new: usize, same: impl Fn(usize, usize) -> bool) -> Option<Vec<Edit>> {
    let (n, m) = (old as isize, new as isize);
    let mut patience = (old + new).saturating_mul(PATIENCE);
    let mut reach = Reach(vec![-1; 2 * MOST as usize + 3]);
    reach.set(1, 0);
    let mut trace: Vec<Vec<isize>> = Vec::new();
    for edits in 0..=MOST {
        trace.push(reach.0.clone());
        for k in (-edits..=edits).step_by(2) {
            let (mut x, _) = reach.step(k, edits);
            while x < n && x - k < m && x >= k && same(x as usize, (x - k) as usize) {
                x += 1;
                patience = patience.checked_sub(1)?;
            }
            reach.set(k, x);
            if x >= n && x - k >= m {
                return Some(back(n, m, trace));
            }
        }
    }
    None
}

/// The way back from the end through what was reached with fewer edits.
fn back(mut x: isize, mut y: isize, trace: Vec<Vec<isize>>) -> Vec<Edit> {
    let mut found: Vec<Edit> = Vec::new();
    for (edits, reached) in trace.into_iter().enumerate().rev() {
        if edits == 0 {
            break;
        }
        let reached = Reach(reached);
        let k = x - y;
        let (begin, inserts) = reached.step(k, edits as isize);
        // Before the edit.
        let from = if inserts { begin } else { begin - 1 };
        let from_y = if inserts { begin - k - 1 } else { begin - k };
        let one = Edit {
            old_at: from as usize,
            old_len: usize::from(!inserts),
            new_at: from_y as usize,
            new_len: usize::from(inserts),
        };
        match found.last_mut() {
            // Right before the one that was found last: the same edit.
            Some(next)
                if one.old_at + one.old_len == next.old_at
                    && one.new_at + one.new_len == next.new_at =>
            {
                next.old_at = one.old_at;
                next.new_at = one.new_at;
                next.old_len += one.old_len;
                next.new_len += one.new_len;
            }
            _ => found.push(one),
        }
        (x, y) = (from, from_y);
    }
    found.reverse();
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of<T: PartialEq>(old: &[T], new: &[T]) -> Vec<Edit> {
        edits(old.len(), new.len(), |a, b| old[a] == new[b])
    }

    fn apply<T: Clone>(old: &[T], new: &[T], edits: &[Edit]) -> Vec<T> {
        let (mut out, mut at) = (Vec::new(), 0);
        for edit in edits {
            out.extend_from_slice(&old[at..edit.old_at]);
            assert_eq!(out.len(), edit.new_at);
            out.extend_from_slice(&new[edit.new_at..edit.new_at + edit.new_len]);
            at = edit.old_at + edit.old_len;
        }
        out.extend_from_slice(&old[at..]);
        out
    }

    #[test]
    fn few_edits_are_found() {
        assert_eq!(of(b"abc", b"abc"), []);
        let edit = |old_at, old_len, new_at, new_len| Edit {
            old_at,
            old_len,
            new_at,
            new_len,
        };
        assert_eq!(of(b"abc", b"xabc"), [edit(0, 0, 0, 1)]);
        assert_eq!(of(b"abc", b"ab"), [edit(2, 1, 2, 0)]);
        assert_eq!(
            of(b"abcdef", b"axcdyf"),
            [edit(1, 1, 1, 1), edit(4, 1, 4, 1)]
        );
        assert_eq!(of(b"", b"ab"), [edit(0, 0, 0, 2)]);
    }

    #[test]
    fn many_edits_are_one() {
        let old: Vec<u32> = (0..100_000).collect();
        let new: Vec<u32> = (0..100_000).rev().collect();
        let found = of(&old, &new);
        assert_eq!(found.len(), 1);
        assert_eq!(apply(&old, &new, &found), new);
        // Long repetition does not make it slow.
        let old = vec![1; 200_000];
        let mut new = vec![1; 200_500];
        (new[7], new[100_000]) = (2, 3);
        assert_eq!(apply(&old, &new, &of(&old, &new)), new);
    }

    proptest! {
        #[test]
        fn edits_make_the_new_one(
            old in proptest::collection::vec(0u8..4, 0..60),
            new in proptest::collection::vec(0u8..4, 0..60),
        ) {
            let found = of(&old, &new);
            prop_assert_eq!(apply(&old, &new, &found), &new[..]);
            prop_assert_eq!(found.is_empty(), old == new);
        }
    }
}
