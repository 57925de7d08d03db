//! Memory for very many keys.

#[cfg(target_os = "linux")]
use memmap2::{Advice, MmapMut};

use super::Key;

/// Zeros, which the system gives out where they are written to.
///
/// Many of them are asked for as huge pages, where the system has such: 8 million keys
/// are 23,000 pages otherwise, each a fault of 1 to 2 microseconds, and more than a
/// processor knows the addresses of (measured: a fifth of the time of verifying them).
#[derive(Debug)]
pub(super) enum Room {
    Small(Vec<u8>),
    #[cfg(target_os = "linux")]
    Mapped(MmapMut),
}

impl Default for Room {
    fn default() -> Room {
        Room::Small(Vec::new())
    }
}

impl Room {
    /// Bytes of a huge page, on most machines; where it is another number, nothing is
    /// gained and nothing lost.
    pub const PAGE: usize = 2 << 20;

    pub fn small(bytes: usize) -> Room {
        Room::Small(vec![0; bytes])
    }

    pub fn pages(pages: usize) -> Room {
        let bytes = pages * Room::PAGE;
        #[cfg(target_os = "linux")]
        if let Ok(map) = MmapMut::map_anon(bytes) {
            // Without them it is slower, that is all.
            let _ = map.advise(Advice::HugePage);
            return Room::Mapped(map);
        }
        Room::small(bytes)
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Room::Small(bytes) => bytes,
            #[cfg(target_os = "linux")]
            Room::Mapped(map) => map,
        }
    }

    pub fn len(&self) -> usize {
        self.bytes().len()
    }

    pub fn keys(&self) -> &[Key] {
        self.bytes().as_chunks().0
    }

    #[inline(always)]
    pub fn key_mut(&mut self, at: usize) -> Option<&mut Key> {
        let bytes: &mut [u8] = match self {
            Room::Small(bytes) => bytes,
            #[cfg(target_os = "linux")]
            Room::Mapped(map) => map,
        };
        bytes.get_mut(at * size_of::<Key>()..)?.first_chunk_mut()
    }
}
