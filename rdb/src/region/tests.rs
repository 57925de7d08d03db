//! However runs are found and taken, the keys are those of the general way.

use proptest::prelude::*;

use super::{decode, decode_by_runs};
use crate::decoder::{Decoder, KeySink, PlainString, Run, RunSink, Runs, Sink, Whole};
use crate::event::{Part, Token};
use crate::limits::Limits;
use crate::text::Str;
use crate::{Checkpoint, Dialect};

/// What is known of keys in either way, and how many came in runs.
#[derive(Debug, Default)]
struct Seen {
    lines: Vec<String>,
    in_runs: usize,
    expiry: Option<i64>,
}

impl Seen {
    fn key(&mut self, at: u64, name: &[u8], expiry: Option<i64>) {
        let expiry = expiry.or_else(|| self.expiry.take());
        self.lines.push(format!("{at} {name:?} {expiry:?}"));
    }
}

impl Sink for Seen {
    fn token(&mut self, window: &[u8], at: u64, _: usize, token: Token) {
        match token.resolve(window) {
            Part::ExpireMs(t) => self.expiry = Some(t),
            Part::Key {
                key: Str::Raw(name),
                ..
            } => self.key(at, name, None),
            Part::Key { key, .. } => self.key(at, format!("{key:?}").as_bytes(), None),
            Part::SelectDb(db) => self.lines.push(format!("{at} database {db}")),
            _ => {}
        }
    }
}

impl KeySink for Seen {
    fn plain_string(&mut self, plain: PlainString<'_>) {
        self.key(plain.at, plain.key, None);
    }

    fn whole(&mut self, key: Whole<'_>) {
        match key.key {
            Str::Raw(name) => self.key(key.at, name, None),
            other => self.key(key.at, format!("{other:?}").as_bytes(), None),
        }
    }
}

impl RunSink for Seen {
    fn run(&mut self, window: &[u8], at: u64, run: &Run<'_>) {
        self.in_runs += run.keys.len();
        for key in run.keys {
            let key = key.front(window);
            let expiry = key.expires.then(|| key.expiry(window).unwrap());
            self.key(at + key.at as u64, key.name, expiry);
        }
    }
}

/// One that stands between two keys.
pub(super) fn decoder() -> Decoder {
    let from = Checkpoint {
        dialect: Dialect::Redis,
        version: 12,
        offset: 100,
    };
    Decoder::resume(from, Limits::default())
}

/// The keys of `window`: in the general way, and how far that came; and with runs.
fn both(window: &[u8]) -> (Seen, Seen) {
    let (mut plain, mut by_runs) = (Seen::default(), Seen::default());
    let used = decode(&mut decoder(), window, &Runs::default(), &mut plain).map_err(drop);
    let (mut with_runs, runs) = (decoder(), &mut Runs::default());
    let progress = decode_by_runs(
        &mut with_runs,
        window,
        false,
        usize::MAX,
        runs,
        &mut by_runs,
    );
    assert_eq!(used, progress.map(|progress| progress.used).map_err(drop));
    (plain, by_runs)
}

/// A raw string.
fn text(bytes: &[u8]) -> Vec<u8> {
    let (high, low) = ((bytes.len() >> 8) as u8, bytes.len() as u8);
    let head: &[u8] = match bytes.len() {
        ..0x40 => &[low],
        _ => &[0x40 | high, low],
    };
    [head, bytes].concat()
}

/// Keys of some kinds as a server writes them, without the file around them.
fn keys(kinds: &[(u8, Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (kind, name, value) in kinds {
        if kind & 1 == 1 {
            bytes.push(0xfc);
            bytes.extend([kind.wrapping_mul(77); 8]);
        }
        match kind >> 1 {
            // A key with a packed set, one of another type, and a database.
            0 => bytes.extend(b"\x14\x01s\x09\x09\0\0\0\x01\0\x07\x01\xff"),
            1 => bytes.extend(b"\x02\x01t\x01\x01x"),
            2 if kind & 1 == 0 => bytes.extend(b"\xfe\x03"),
            // Integers for a name, and for a value.
            3 => bytes.extend([0, 0xc0, *kind, 1, b'v']),
            4 => bytes.extend([&[0, 1, b'i', 0xc1], &[*kind; 2][..]].concat()),
            _ => bytes.extend([&[0], &text(name)[..], &text(value)].concat()),
        }
    }
    bytes
}

#[test]
fn most_keys_of_a_file_of_strings_come_in_runs() {
    let names = (0..3_000usize).map(|n| format!("key:{n}:{}", "x".repeat(n % 90)));
    let kinds: Vec<_> = names
        .enumerate()
        .map(|(n, name)| (200 + n as u8 % 2, name.into_bytes(), vec![b'v'; n % 200]))
        .collect();
    let (plain, by_runs) = both(&keys(&kinds));
    assert_eq!(plain.lines.len(), 3_000);
    assert_eq!(plain.lines, by_runs.lines);
    assert!(by_runs.in_runs > 2_900, "{} in runs", by_runs.in_runs);
    assert_eq!(plain.in_runs, 0);
}

#[test]
fn a_run_behind_a_key_of_several_tokens_is_taken() {
    let strings = |n: u32| {
        let one = |i: u32| (200, i.to_le_bytes().to_vec(), vec![b'v'; 90]);
        keys(&(0..n).map(one).collect::<Vec<_>>())
    };
    // The second of four lanes is begun in the set, and so at the string behind it.
    let set = b"\x02\x01t\x02\x01x\x01y";
    let bytes = [&strings(250)[..], set, &strings(750)].concat();
    let lane = bytes.len() / 4;
    let first = bytes.len() - 750 * 98;
    assert!((first - set.len()..first).contains(&lane), "{lane} {first}");
    let (plain, by_runs) = both(&bytes);
    assert_eq!(plain.lines, by_runs.lines);
    assert_eq!(plain.lines.len(), 1_001);
    assert!(by_runs.in_runs > 990, "{} in runs", by_runs.in_runs);
}

#[test]
fn keys_in_values_are_none() {
    // What looks like keys is in values as long as that can be.
    let inner = b"\xfc\0\0\0\0\0\0\0\0\0\x01a\x01x\0\x01b\x01y".repeat(30);
    let kinds: Vec<_> = (0..300u32)
        .map(|n| (200, n.to_le_bytes().to_vec(), inner.clone()))
        .collect();
    let (plain, by_runs) = both(&keys(&kinds));
    assert_eq!(plain.lines.len(), 300);
    assert_eq!(plain.lines, by_runs.lines);
    assert!(by_runs.in_runs > 20, "{} in runs", by_runs.in_runs);
}

proptest! {
    #[test]
    fn runs_change_nothing(
        kinds in prop::collection::vec(
            (
                prop_oneof![1 => 0u8..10, 6 => 10u8..20],
                prop::collection::vec(any::<u8>(), 0..80),
                prop::collection::vec(0u8..3, 0..90),
            ),
            0..200,
        ),
        damage in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = keys(&kinds);
        if let Some((at, byte)) = damage.filter(|_| !bytes.is_empty()) {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        for end in [bytes.len(), cut.index(bytes.len() + 1)] {
            let (plain, by_runs) = both(&bytes[..end]);
            prop_assert_eq!(plain.lines, by_runs.lines);
        }
    }
}
