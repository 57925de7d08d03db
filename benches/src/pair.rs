//! Two files of small keys, of which some differ: what a diff is measured on.

use std::io::{self, Write};

use crate::random::Random;
use crate::writer::Writer;

/// What is in them.
pub const ABOUT: &str = "string keys of about 100 bytes, of which in the second file one in 200 has \
                         another value, one in 400 is gone and one in 400 is new";

/// A prime above any number of keys: steps of it visit every place once.
const STEP: u64 = 11_400_714_785_074_694_791;

/// In which order the second file has the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// In that of the first.
    Same,
    /// In another one.
    Shuffled,
}

/// Writes the first file, of so many keys.
///
/// # Errors
///
/// Of the writer.
pub fn write_old(out: &mut dyn Write, keys: u64) -> io::Result<u64> {
    let mut writer = Writer::new(out);
    for n in 0..keys {
        key(&mut writer, n, n)?;
    }
    writer.finish()
}

/// Writes the second file.
///
/// # Errors
///
/// Of the writer.
pub fn write_new(out: &mut dyn Write, keys: u64, order: Order) -> io::Result<u64> {
    let mut writer = Writer::new(out);
    let mut at = 0;
    for n in 0..keys {
        let n = match order {
            Order::Same => n,
            Order::Shuffled => {
                at = (at + STEP % keys) % keys;
                at
            }
        };
        match n % 400 {
            // Gone, and one that was not there instead.
            0 => key(&mut writer, keys + n, n)?,
            1 | 2 => key(&mut writer, n, !n)?,
            _ => key(&mut writer, n, n)?,
        }
    }
    writer.finish()
}

fn key(to: &mut Writer<&mut dyn Write>, n: u64, value: u64) -> io::Result<()> {
    if n.is_multiple_of(8) {
        to.expire_ms(4_000_000_000_000 + n as i64);
    }
    let name = format!("u:{:08}:{n}", n.wrapping_mul(0x9e37_79b9) % 100_000_000);
    to.key(0, name.as_bytes())?;
    // The first numbers of a small seed look like it.
    let mut random = Random::new(value.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut text = [0; 101];
    let len = 60 + random.below(41) as usize;
    random.fill(&mut text);
    text.iter_mut().for_each(|b| *b = b'a' + *b % 26);
    to.string(&text[..len]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use rdbkit_rdb::diff::Diff;

    use super::*;

    #[test]
    fn they_differ_as_they_say() {
        let mut old = Vec::new();
        write_old(&mut old, 10_000).unwrap();
        for order in [Order::Same, Order::Shuffled] {
            let mut new = Vec::new();
            write_new(&mut new, 10_000, order).unwrap();
            let summary = Diff::new(&old, &new).run(|_| Ok(())).unwrap();
            let counts = (summary.added, summary.removed, summary.changed);
            assert_eq!(counts, (25, 25, 50), "{order:?}");
            assert_eq!((summary.same, summary.duplicates), (10_000 - 75, 0));
        }
    }
}
