//! Naive encoders, for tests: the shortest form of everything, as the servers
//! write it, built without any code of the cursors.

use super::Element;

/// One listpack entry with its backlen (in the width of Redis).
pub fn listpack_entry(element: Element<'_>) -> Vec<u8> {
    let mut entry = match element {
        Element::Int(n @ 0..=127) => vec![n as u8],
        Element::Int(n @ -4096..=4095) => vec![0xC0 | ((n >> 8) & 0x1F) as u8, n as u8],
        Element::Int(n @ -0x8000..=0x7FFF) => [&[0xF1], &n.to_le_bytes()[..2]].concat(),
        Element::Int(n @ -0x80_0000..=0x7F_FFFF) => [&[0xF2], &n.to_le_bytes()[..3]].concat(),
        Element::Int(n @ -0x8000_0000..=0x7FFF_FFFF) => [&[0xF3], &n.to_le_bytes()[..4]].concat(),
        Element::Int(n) => [&[0xF4], &n.to_le_bytes()[..]].concat(),
        Element::Bytes(s) if s.len() < 64 => [&[0x80 | s.len() as u8], s].concat(),
        Element::Bytes(s) if s.len() < 4096 => {
            [&[0xE0 | (s.len() >> 8) as u8, s.len() as u8], s].concat()
        }
        Element::Bytes(s) => [&[0xF0], &(s.len() as u32).to_le_bytes()[..], s].concat(),
    };
    let size = entry.len();
    let width = match size {
        0..=127 => 1,
        128..=16382 => 2,
        16383..=2097150 => 3,
        _ => 4,
    };
    entry.extend(backlen(size, width));
    entry
}

/// `size` in `width` bytes, high group first, bit 7 on all but the first.
pub fn backlen(size: usize, width: usize) -> Vec<u8> {
    let group = |index: usize| (size >> (7 * index)) as u8 & 0x7F;
    (0..width)
        .rev()
        .map(|index| group(index) | if index + 1 == width { 0 } else { 0x80 })
        .collect()
}

/// A listpack of ready-made entries, with any count in the header.
pub fn listpack_of(entries: &[Vec<u8>], count: u16) -> Vec<u8> {
    let body = entries.concat();
    let total = (6 + body.len() + 1) as u32;
    [
        &total.to_le_bytes()[..],
        &count.to_le_bytes(),
        &body,
        &[0xFF],
    ]
    .concat()
}

/// A good listpack.
pub fn listpack(elements: &[Element<'_>]) -> Vec<u8> {
    let entries: Vec<_> = elements.iter().copied().map(listpack_entry).collect();
    listpack_of(&entries, entries.len().try_into().unwrap_or(u16::MAX))
}

/// A good ziplist.
pub fn ziplist(elements: &[Element<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    let (mut previous, mut tail) = (0usize, 10);
    for element in elements {
        let start = body.len();
        tail = 10 + start as u32;
        match previous {
            0..254 => body.push(previous as u8),
            _ => body.extend([&[0xFE], &(previous as u32).to_le_bytes()[..]].concat()),
        }
        body.extend(match *element {
            Element::Int(n @ 0..=12) => vec![0xF1 + n as u8],
            Element::Int(n @ -128..=127) => vec![0xFE, n as u8],
            Element::Int(n @ -0x8000..=0x7FFF) => [&[0xC0], &n.to_le_bytes()[..2]].concat(),
            Element::Int(n @ -0x80_0000..=0x7F_FFFF) => [&[0xF0], &n.to_le_bytes()[..3]].concat(),
            Element::Int(n @ -0x8000_0000..=0x7FFF_FFFF) => {
                [&[0xD0], &n.to_le_bytes()[..4]].concat()
            }
            Element::Int(n) => [&[0xE0], &n.to_le_bytes()[..]].concat(),
            Element::Bytes(s) if s.len() < 64 => [&[s.len() as u8], s].concat(),
            Element::Bytes(s) if s.len() < 16384 => {
                [&[0x40 | (s.len() >> 8) as u8, s.len() as u8], s].concat()
            }
            Element::Bytes(s) => [&[0x80], &(s.len() as u32).to_be_bytes()[..], s].concat(),
        });
        previous = body.len() - start;
    }
    let total = (10 + body.len() + 1) as u32;
    let count: u16 = elements.len().try_into().unwrap_or(u16::MAX);
    [
        &total.to_le_bytes()[..],
        &tail.to_le_bytes(),
        &count.to_le_bytes(),
        &body,
        &[0xFF],
    ]
    .concat()
}

/// An element that owns its bytes, as proptest generates it.
#[derive(Clone, Debug)]
pub enum Owned {
    Bytes(Vec<u8>),
    Int(i64),
}

impl Owned {
    pub fn borrow(&self) -> Element<'_> {
        match self {
            Owned::Bytes(bytes) => Element::Bytes(bytes),
            Owned::Int(n) => Element::Int(*n),
        }
    }
}

/// Elements of every encoding.
pub fn any_element() -> impl proptest::strategy::Strategy<Value = Owned> {
    use proptest::prelude::*;
    prop_oneof![
        (any::<i64>(), 0u32..64).prop_map(|(n, shift)| Owned::Int(n >> shift)),
        any::<Vec<u8>>().prop_map(Owned::Bytes),
        prop::sample::select(vec![
            0usize, 63, 64, 125, 126, 252, 253, 4095, 4096, 16377, 16384
        ])
        .prop_map(|len| Owned::Bytes(vec![b'x'; len])),
    ]
}
