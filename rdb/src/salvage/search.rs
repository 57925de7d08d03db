//! Finding the next record in damage, and records that damage swallowed.
//!
//! A candidate is wherever a record may begin by its first bytes. It is taken
//! if the records from there on, each of which a server would take, say enough
//! for themselves (see `habits`). What that costs is bounded by a multiple of
//! the file's size.

use std::io;

use super::examine::{Effort, attribute_bit, magic};
use super::habits::is_text;
use super::piece::{AuxName, Found, Piece, What};
use super::scan::Scan;
use super::source::Source;
use crate::checksum::Checksum;
use crate::wire::{Opcode, ValueType};

/// Records looked at from one candidate on.
const CHAIN: usize = 24;
/// Bytes of a record that are searched for one that reaches beyond its end.
const LOOK_BACK: u64 = 1 << 20;
/// Bytes that tell whether a record may begin, and of a key that are looked at.
const FRONT: usize = 48;
/// Bytes behind damage within which less proof will do.
const CLOSE: u64 = 32;
/// Bytes a candidate may cost; and when the search has cost too much already.
const TRY: u64 = 64 << 20;
const TRY_CHEAPLY: u64 = 256;

/// Where a search ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resync {
    pub at: u64,
    /// Whether a whole file was passed over.
    pub passed_file: bool,
}

impl<S: Source> Scan<'_, S> {
    /// What searching may cost in all, in bytes read and decoded.
    fn allowance(&self) -> u64 {
        (16 << 20) + self.examiner.window.len().saturating_mul(64)
    }

    /// Whether the search has to be cheap from now on.
    pub fn is_limited(&self) -> bool {
        self.searched > self.allowance()
    }

    fn try_effort(&self) -> Effort {
        let left = self.allowance().saturating_sub(self.searched);
        Effort::Tried(left.clamp(TRY_CHEAPLY, TRY))
    }

    fn examine_candidate(&mut self, at: u64) -> io::Result<Found> {
        let effort = self.try_effort();
        let before = self.examiner.decoded + self.examiner.window.read;
        let found = self.examiner.examine(at, effort);
        self.searched += self.examiner.decoded + self.examiner.window.read - before;
        found
    }

    /// The next place at or behind `from` where records go on, by so much `proof`.
    /// A chain of records that comes to a place in `poison` leads into known damage.
    pub fn forward(&mut self, from: u64, poison: &[u64], proof: u32) -> io::Result<Option<Resync>> {
        let end = self.examiner.window.len();
        let mut best = None;
        let mut at = from;
        let mut passed_file = false;
        while at < best.unwrap_or(end) {
            self.examiner.window.anchor(at);
            let held = self.examiner.window.get(at, FRONT)?;
            let whole = at + held.len() as u64 == end;
            let places = if whole {
                held.len()
            } else {
                held.len() - FRONT
            };
            let rules = self.front_rules;
            let next = (0..places.max(1)).find(|i| {
                let front = held.get(*i..).unwrap_or_default();
                may_begin(front, rules, end - at - *i as u64)
            });
            let Some(ahead) = next else {
                self.searched += places as u64;
                at += places.max(1) as u64;
                continue;
            };
            self.searched += ahead as u64 + 1;
            at += ahead as u64;
            self.examiner.window.anchor(at);
            let front = self.examiner.window.get(at, 9)?;
            if magic(front).is_some()
                && let Some(behind) = self.whole_file(at)?
            {
                passed_file = true;
                at = behind;
                continue;
            }
            // What is close by is likely, and early on there is little to go by.
            let proof = if at - from < CLOSE { proof / 2 } else { proof };
            let found = self.accept(at, proof, poison, at - from)?;
            if found == Some(at) {
                return Ok(Some(Resync { at, passed_file }));
            }
            // What leads there may be no record itself but a part of one that is.
            best = [best, found].into_iter().flatten().min();
            at += 1;
        }
        Ok(best.map(|at| Resync { at, passed_file }))
    }

    /// Whether records go on at `at`: where the first one is that speaks for
    /// itself. `lost` bytes lie before it that were not read.
    pub fn accept(
        &mut self,
        begin: u64,
        proof: u32,
        poison: &[u64],
        lost: u64,
    ) -> io::Result<Option<u64>> {
        let len = self.examiner.window.len();
        let (mut start, mut at, mut sum) = (begin, begin, 0);
        let mut selected = false;
        for _ in 0..CHAIN {
            if at > begin && poison.contains(&at) {
                return Ok(None);
            }
            if at == len {
                return Ok((sum > 0).then_some(start));
            }
            let piece = match self.examine_candidate(at)? {
                Found::Piece(piece) => piece,
                // Nothing of the file is lost with an end mark that is none.
                Found::End { end, .. } => {
                    return Ok((end == len || sum * 2 >= proof).then_some(start));
                }
                Found::Bad(_) => return Ok(None),
            };
            let Some(weight) = self.weigh(&piece, sum == 0, selected, lost) else {
                return Ok(None);
            };
            selected = matches!(piece.what, What::SelectDb(_));
            at = piece.end;
            if sum == 0 && weight == 0 && !selected {
                start = at;
            }
            sum += weight;
            if sum >= proof {
                return Ok(Some(start));
            }
        }
        Ok(None)
    }

    /// How much a record speaks for itself; `None` if it cannot be here.
    fn weigh(&self, piece: &Piece, first: bool, selected: bool, lost: u64) -> Option<u32> {
        let format = self.examiner.format;
        let rest = self.examiner.window.len() - piece.end;
        match piece.what {
            What::Key(key) => {
                let unused = |op| {
                    let bit = attribute_bit(op);
                    key.attributes & bit != 0 && !self.habits.has_attribute(bit)
                };
                // A byte before a key that happens to be an opcode would give
                // it an expiry.
                let odd = key.odd_expiry || unused(Opcode::FREQ) || unused(Opcode::IDLE);
                if selected && format.has_sizes() || first && key.attributes != 0 && odd {
                    return None;
                }
                if key.empty {
                    return Some(0);
                }
                let dialect = format.dialect();
                Some(self.habits.weight(key.look, key.kind, dialect, key.value))
            }
            // As with expiries: it would move all keys that follow.
            What::SelectDb(db) => {
                let ascends = db > self.db || !self.any_key;
                let fits = ascends && db < 1 << 14 && (!first || self.may_end(lost));
                fits.then_some(0)
            }
            What::ResizeDb { keys, expires } => {
                let possible = keys > 0 && expires <= keys && keys <= rest / 3;
                let fits = possible && (selected || !first || self.may_end(lost));
                fits.then_some(if selected { 8 } else { 4 })
            }
            What::Header(dialect, version) => {
                let same = dialect == format.dialect() && version <= 99;
                same.then_some(6)
            }
            What::Aux(AuxName::Other) => Some(2),
            What::Aux(_) => Some(6),
            What::Function | What::ModuleAux => Some(4),
            What::Template { .. } | What::Hint | What::Import => Some(0),
        }
    }

    /// Whether the database in hand may be complete, with what is in `lost` bytes.
    fn may_end(&self, lost: u64) -> bool {
        let Some(stated) = self.stated else {
            return true;
        };
        let mean = self.habits.mean().unwrap_or(16);
        // Some keys are larger or smaller than others.
        let found = self.found_here + 2 + 4 * (lost / mean + 1);
        found >= stated
    }

    /// If the record at `at` is the header of a file that is whole by its
    /// checksum and does not end where the source does, where it ends: it is
    /// what a value held.
    fn whole_file(&mut self, begin: u64) -> io::Result<Option<u64>> {
        let len = self.examiner.window.len();
        let mut at = begin;
        while at < len && !self.is_limited() {
            match self.examine_candidate(at)? {
                Found::Piece(piece) => at = piece.end,
                Found::End { end, checksum, .. } if end < len => {
                    let stored = checksum.filter(|sum| *sum != 0);
                    let computed = self.checksum_of(begin, end.saturating_sub(8))?;
                    return Ok((stored == Some(computed)).then_some(end));
                }
                _ => return Ok(None),
            }
        }
        Ok(None)
    }

    fn checksum_of(&mut self, begin: u64, end: u64) -> io::Result<u64> {
        let mut checksum = Checksum::new();
        let mut at = begin;
        self.examiner.window.anchor(u64::MAX);
        while at < end {
            let held = self.examiner.window.get(at, 1)?;
            let n = (held.len() as u64).min(end - at) as usize;
            checksum.update(held.get(..n).unwrap_or_default());
            at += n.max(1) as u64;
        }
        self.searched += end.saturating_sub(begin);
        Ok(checksum.value())
    }

    /// Which of the records before `fault` swallowed the beginning of another
    /// one: that other reaches beyond the end of the one it begins in, and leads
    /// to `next`, where records are known to go on.
    ///
    /// What begins and ends within a value says nothing: it may be what the
    /// value holds. What begins in it and goes on behind its end contradicts it.
    pub fn swallower(&mut self, fault: u64, next: u64) -> io::Result<Option<usize>> {
        let mut ends = vec![fault];
        // What the records say that would have to be mere accidents.
        let mut behind = 0;
        for i in (0..self.pending.len()).rev() {
            if self.is_limited() {
                return Ok(None);
            }
            let Some(piece) = self.pending.get(i).map(|p| p.piece) else {
                continue;
            };
            ends.push(piece.end);
            let low = (piece.begin + 1).max(piece.end.saturating_sub(LOOK_BACK));
            let size = (piece.end - low) as usize;
            self.examiner.window.anchor(low);
            let held = self.examiner.window.get(low, size + FRONT)?;
            let region = held
                .get(..held.len().min(size + FRONT))
                .unwrap_or_default()
                .to_vec();
            self.searched += region.len() as u64;
            let rest = self.examiner.window.len() - low;
            for ahead in (0..size).rev() {
                let front = region.get(ahead..).unwrap_or_default();
                if !may_begin(front, self.front_rules, rest - ahead as u64) {
                    continue;
                }
                let at = low + ahead as u64;
                let keep = at.saturating_sub(128 << 10).max(low);
                self.examiner.window.anchor(keep);
                self.examiner
                    .window
                    .get(keep, (at - keep) as usize + FRONT)?;
                if self.leads_to(at, piece.end, next, &ends, behind)? {
                    return Ok(Some(i));
                }
            }
            behind += self.weigh(&piece, false, false, 0).unwrap_or(0);
        }
        Ok(None)
    }

    /// Whether the key at `at` reaches beyond `over` and leads to `next`, and
    /// says more for itself than `against`.
    fn leads_to(
        &mut self,
        at: u64,
        over: u64,
        next: u64,
        poison: &[u64],
        against: u32,
    ) -> io::Result<bool> {
        let mut at = at;
        for step in 0..8 {
            let Found::Piece(piece) = self.examine_candidate(at)? else {
                return Ok(false);
            };
            let weight = self.weigh(&piece, step == 0, false, 0);
            let speaks =
                weight.is_some_and(|w| w > against.max(1)) && matches!(piece.what, What::Key(_));
            if step == 0 && (piece.end <= over || !speaks) || poison.contains(&piece.end) {
                return Ok(false);
            }
            at = piece.end;
            if at >= next {
                return Ok(at == next);
            }
        }
        Ok(false)
    }
}

/// What `may_begin` knows of the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct FrontRules {
    /// First bytes that begin something.
    pub first: [bool; 256],
    /// Whether keys are text.
    pub text: bool,
    pub longest: u64,
    /// Bytes of an end mark.
    pub mark: u64,
}

/// Whether a record may begin with these bytes, behind which there are `rest`
/// bytes in all: nine of ten places are sorted out here.
fn may_begin(front: &[u8], rules: FrontRules, rest: u64) -> bool {
    let Some((&first, behind)) = front.split_first() else {
        return false;
    };
    if !rules
        .first
        .get(usize::from(first))
        .copied()
        .unwrap_or(false)
    {
        return false;
    }
    if matches!(first, b'R' | b'V') {
        return magic(front).is_some();
    }
    if first < 242 {
        // A key without name and value, and another one: a hole of zeros.
        let hole = first == 0 && behind.starts_with(&[0, 0, 0, 0]);
        return !hole && may_be_key(behind, rules);
    }
    match (Opcode(first), behind) {
        (Opcode::EOF, _) => rest == rules.mark,
        (Opcode::AUX | Opcode::FUNCTION2, [len, rest @ ..]) => match len {
            1..0x40 => is_front_of_text(rest, usize::from(*len)),
            0x40..=0x80 | 0xc3 => true,
            _ => false,
        },
        // From 2004 to 2248, as `examine` has it.
        (Opcode::EXPIRETIME_MS, [_, _, _, _, _, high @ ..7, 0, 0, rest @ ..]) => {
            *high > 0 && may_follow(rest, rules)
        }
        (Opcode::EXPIRETIME_MS, _) => false,
        (Opcode::FREQ, [_, rest @ ..]) => may_follow(rest, rules),
        (Opcode::SELECTDB | Opcode::RESIZEDB, [len, ..]) => *len <= 0x80,
        _ => true,
    }
}

/// Whether a key may follow an attribute.
fn may_follow(rest: &[u8], rules: FrontRules) -> bool {
    match rest {
        [first @ ..242, behind @ ..] => {
            rules.first.get(usize::from(*first)) == Some(&true) && may_be_key(behind, rules)
        }
        _ => true,
    }
}

/// Whether a name may be here.
fn may_be_key(at: &[u8], rules: FrontRules) -> bool {
    let (len, name) = match *at {
        [len @ ..0x40, ref name @ ..] => (u64::from(len), name),
        [high @ 0x40..0x80, low, ref name @ ..] => {
            (u64::from(high & 0x3f) << 8 | u64::from(low), name)
        }
        [0x80, a, b, c, d, ref name @ ..] => (u32::from_be_bytes([a, b, c, d]).into(), name),
        [0xc0..=0xc3, ..] => return true,
        _ => return false,
    };
    len <= rules.longest
        && (!rules.text || is_front_of_text(name, usize::try_from(len).unwrap_or(usize::MAX)))
}

/// Whether the first bytes of a string of `len` bytes may be text; a character
/// may be cut in two.
fn is_front_of_text(bytes: &[u8], len: usize) -> bool {
    let front = bytes
        .get(..len.min(bytes.len()).min(16))
        .unwrap_or_default();
    match len <= front.len() {
        true => is_text(front),
        false => !front.iter().any(|b| *b < 0x20 || *b == 0x7f),
    }
}

/// The first bytes that begin something in this dialect.
pub(super) fn first_bytes(dialect: crate::wire::Dialect) -> [bool; 256] {
    let mut first = [false; 256];
    for (n, may) in first.iter_mut().enumerate() {
        let byte = n as u8;
        *may = match byte {
            // Its layout cannot be read without the module.
            6 => false,
            ..242 => ValueType(byte).is_known(dialect),
            // Never in a snapshot, or only there for the next record.
            242..=243 => Opcode(byte).name(dialect).is_some() && dialect == crate::Dialect::Redis,
            _ => true,
        };
    }
    // Headers of files put behind others.
    for byte in b"RV" {
        first[usize::from(*byte)] = true;
    }
    first
}
