//! What the keys of this file look like, and how much a record speaks for itself.
//!
//! In the middle of damage nearly any bytes decode as something: `00 01 61 00` is
//! a key. How much a record says is a matter of what it would take to get it by
//! chance: a packed value has its length in it, its own end and dozens of
//! lengths that have to meet; a short string has nothing but a small number.

use crate::text::Str;
use crate::wire::{Dialect, ValueType};

/// Keys after which the file has habits.
const FIRM: u64 = 32;

/// What a record needs to have behind it, in all, to be taken for one when it
/// was searched for.
pub(super) const PROOF: u32 = 12;
/// The same within a record that goes on behind the end of a file that was cut off.
pub(super) const PROOF_IN_CUT: u32 = 48;
/// The same where its place is known, because the record before it states its
/// own length.
pub(super) const PROOF_OF_END: u32 = 4;

/// How a key looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    pub len: u64,
    /// Made of what can be printed, UTF-8 included.
    pub text: bool,
}

impl Look {
    pub fn of(key: Str<'_>) -> Look {
        let len = key.len();
        let text = match key {
            Str::Raw(bytes) => is_text(bytes),
            Str::Int(_) => true,
            // Long keys that repeat themselves.
            Str::Lzf { .. } => true,
        };
        Look { len, text }
    }
}

/// Whether there is neither a control character nor what is no UTF-8.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    !bytes.iter().any(|b| *b < 0x20 || *b == 0x7f) && std::str::from_utf8(bytes).is_ok()
}

/// What is known of the file's keys.
#[derive(Clone, Debug, Default)]
pub(super) struct Habits {
    keys: u64,
    text: u64,
    longest: u64,
    empty: bool,
    /// Bytes of the last keys, and how many: what a key takes hereabouts.
    recent_bytes: u64,
    recent: u64,
    /// Opcodes that stood before keys, a bit each.
    attributes: u16,
    /// Databases began with SELECTDB and RESIZEDB.
    pub sizes: bool,
}

impl Habits {
    /// Takes note of a key of `bytes` bytes.
    pub fn learn(&mut self, look: Look, bytes: u64, attributes: u16) {
        self.keys += 1;
        self.text += u64::from(look.text);
        self.longest = self.longest.max(look.len);
        self.empty |= look.len == 0;
        self.attributes |= attributes;
        self.recent += 1;
        self.recent_bytes += bytes;
        if self.recent >= 1024 {
            self.recent /= 2;
            self.recent_bytes /= 2;
        }
    }

    /// Bytes a key takes in the neighbourhood, if there are any.
    pub fn mean(&self) -> Option<u64> {
        self.recent_bytes.checked_div(self.recent).map(|n| n.max(1))
    }

    fn firm(&self) -> bool {
        self.keys >= FIRM
    }

    /// Whether all but a few keys are text.
    pub fn only_text(&self) -> bool {
        self.firm() && self.text * 100 >= self.keys * 98
    }

    /// The longest key that would not surprise.
    pub fn longest(&self) -> u64 {
        match self.firm() {
            true => self.longest * 4 + 64,
            false => (self.longest * 4).max(1 << 10),
        }
    }

    /// Whether keys had this in front of them. Early on nobody knows.
    pub fn has_attribute(&self, bit: u16) -> bool {
        !self.firm() || self.attributes & bit != 0
    }

    /// What a key speaks for itself: 0 for nothing.
    pub fn weight(&self, look: Look, kind: ValueType, dialect: Dialect, value: u32) -> u32 {
        let fits = look.len <= self.longest()
            && (look.text || !self.only_text())
            && (look.len > 0 || self.empty);
        let strong = value >= 4 && kind.object(dialect).is_some();
        // Where most keys are text, others are there, but prove nothing; and of
        // one or two bytes there are as many as one likes in any value.
        let plain = look.text && look.len > 2 || self.text * 2 < self.keys;
        match (fits, self.firm()) {
            (true, true) if plain => value * 2 + 2,
            (true, true) => value / 2,
            (true, false) if look.text => value * 2,
            (true, false) => value,
            // A packed value is no accident, whatever its name.
            (false, _) if strong => value / 2,
            (false, _) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn garbage_says_nothing_in_a_file_of_text() {
        let mut habits = Habits::default();
        let string = ValueType::STRING;
        let binary = Look::of(Str::Raw(b"\x01\x02"));
        let weigh = |h: &Habits, look| h.weight(look, string, Dialect::Redis, 1);
        assert!(weigh(&habits, binary) > 0, "nothing is known yet");
        for i in 0..40 {
            habits.learn(Look::of(Str::Raw(format!("user:{i}").as_bytes())), 30, 0);
        }
        assert_eq!(weigh(&habits, binary), 0);
        assert_eq!(weigh(&habits, Look::of(Str::Raw(b""))), 0);
        assert!(weigh(&habits, Look::of(Str::Raw(b"user:99"))) > 1);
        assert_eq!(
            weigh(
                &habits,
                Look {
                    len: 5000,
                    text: true
                }
            ),
            0
        );
        let packed = habits.weight(binary, ValueType::HASH_LISTPACK, Dialect::Redis, 4);
        assert!(packed > 0 && packed < PROOF_OF_END);
        assert_eq!(habits.mean(), Some(30));
    }
}
