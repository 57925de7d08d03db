//! Which entries a stream has, to tell which pending ones are gone.

use crate::event::StreamId;

/// Bytes of memory, about three an entry.
const MOST: usize = 64 << 20;

/// Ids in ascending order, as differences of seven bits a byte: of the
/// milliseconds, then of the sequence number, or that number itself where the
/// milliseconds are others.
#[derive(Clone, Debug, Default)]
pub(super) struct LiveIds {
    bytes: Vec<u8>,
    last: StreamId,
    full: bool,
}

impl LiveIds {
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.last = StreamId::default();
        self.full = false;
    }

    #[inline]
    pub fn add(&mut self, id: StreamId) {
        if self.bytes.len() >= MOST || id < self.last {
            self.full = true;
            return;
        }
        let ms = id.ms - self.last.ms;
        let seq = match ms {
            0 => id.seq - self.last.seq,
            _ => id.seq,
        };
        put(&mut self.bytes, ms);
        put(&mut self.bytes, seq);
        self.last = id;
    }

    /// Whether there were more than could be remembered.
    pub fn is_unsure(&self) -> bool {
        self.full
    }

    pub fn iter(&self) -> impl Iterator<Item = StreamId> {
        let mut rest = &self.bytes[..];
        let mut last = StreamId::default();
        std::iter::from_fn(move || {
            let (ms, seq) = (take(&mut rest)?, take(&mut rest)?);
            last = StreamId {
                ms: last.ms + ms,
                seq: if ms == 0 { last.seq + seq } else { seq },
            };
            Some(last)
        })
    }
}

fn put(bytes: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        bytes.push(n as u8 | 0x80);
        n >>= 7;
    }
    bytes.push(n as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut n = 0;
    for shift in (0..64).step_by(7) {
        let (b, rest) = bytes.split_first()?;
        *bytes = rest;
        n |= u64::from(b & 0x7f) << shift;
        if *b < 0x80 {
            break;
        }
    }
    Some(n)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_goes_in_comes_out(mut ids: Vec<(u64, u64)>) {
            ids.sort_unstable();
            let ids: Vec<_> = ids.into_iter().map(|(ms, seq)| StreamId { ms, seq }).collect();
            let mut live = LiveIds::default();
            ids.iter().for_each(|id| live.add(*id));
            prop_assert!(!live.is_unsure());
            prop_assert_eq!(live.iter().collect::<Vec<_>>(), ids);
        }
    }
}
