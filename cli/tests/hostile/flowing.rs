//! One compressed string of many MiB in every place that has one: `check` judges it
//! while it goes by.

use std::fs::File;
use std::io::Write;

use crate::{END, HEADER, MEMORY, Place, compressed, length};
use Part::{Bytes, Many};

/// Bytes of what is large: more than may be held.
const SIZE: usize = 80 << 20;

/// A piece of a string.
enum Part {
    Bytes(Vec<u8>),
    /// Bytes, again and again.
    Many(Vec<u8>, usize),
}

/// A string that is compressed as far as it repeats itself.
fn bomb(parts: &[Part]) -> Vec<u8> {
    let mut data = Vec::new();
    let literals = |data: &mut Vec<u8>, bytes: &[u8]| {
        for run in bytes.chunks(32) {
            data.push(run.len() as u8 - 1);
            data.extend(run);
        }
    };
    for part in parts {
        let (piece, times) = match part {
            Bytes(bytes) => (bytes, 1),
            Many(bytes, times) => (bytes, *times),
        };
        literals(&mut data, piece);
        let (all, mut done) = (piece.len() * times, piece.len());
        let [high, low] = (piece.len() as u16).wrapping_sub(1).to_be_bytes();
        while all - done >= 264 {
            data.extend([0xe0 | high, 255, low]);
            done += 264;
        }
        let rest = piece.iter().cycle().skip(done % piece.len().max(1));
        literals(
            &mut data,
            &rest.take(all - done).copied().collect::<Vec<_>>(),
        );
    }
    compressed(&data, size(parts) as u64)
}

fn size(parts: &[Part]) -> usize {
    let sizes = parts.iter().map(|part| match part {
        Bytes(bytes) => bytes.len(),
        Many(bytes, times) => bytes.len() * times,
    });
    sizes.sum()
}

fn bytes(bytes: &[u8]) -> Part {
    Bytes(bytes.to_vec())
}

/// So many times the letter `a`.
fn letters(n: usize) -> Part {
    Many(b"a".to_vec(), n)
}

fn listpack(count: u16, parts: Vec<Part>) -> Vec<u8> {
    let total = (size(&parts) + 7) as u32;
    let header = [&total.to_le_bytes()[..], &count.to_le_bytes()].concat();
    bomb(&join([vec![Bytes(header)], parts, vec![bytes(b"\xff")]]))
}

fn ziplist(count: u16, last: usize, parts: Vec<Part>) -> Vec<u8> {
    let (total, tail) = ((size(&parts) + 11) as u32, (last + 10) as u32);
    let sizes = [total.to_le_bytes(), tail.to_le_bytes()].concat();
    let header = [&sizes[..], &count.to_le_bytes()].concat();
    bomb(&join([vec![Bytes(header)], parts, vec![bytes(b"\xff")]]))
}

fn join<const N: usize>(parts: [Vec<Part>; N]) -> Vec<Part> {
    parts.into_iter().flatten().collect()
}

/// A listpack entry of [`SIZE`] letters.
fn large_entry() -> Vec<Part> {
    let size = (SIZE + 5) as u32;
    let group = |n: u32| (size >> (7 * n)) as u8 & 0x7f;
    let backlen = vec![group(3), group(2) | 0x80, group(1) | 0x80, group(0) | 0x80];
    let head = [&b"\xf0"[..], &(SIZE as u32).to_le_bytes()].concat();
    vec![Bytes(head), letters(SIZE), Bytes(backlen)]
}

/// A ziplist entry of as many, behind an entry of `before` bytes.
fn large_ziplist_entry(before: u8) -> Vec<Part> {
    let head = [&[before, 0x80][..], &(SIZE as u32).to_be_bytes()].concat();
    vec![Bytes(head), letters(SIZE)]
}

/// A stream of one node with so many entries.
fn stream(node: &[u8], entries: u64) -> Vec<u8> {
    let id = [&1u64.to_be_bytes()[..], &1u64.to_be_bytes()].concat();
    let n = length(entries);
    [
        &b"\x01\x10"[..],
        &id,
        node,
        &n,
        b"\x01\x01\x01\x01\0\0",
        &n,
        b"\0",
    ]
    .concat()
}

/// Takes what is to be judged, one by one, as the test is to hold little: a name, the
/// records, and the code of what is found; none if they load.
type Tell<'t> = dyn FnMut(&'static str, Vec<u8>, &'static str) + 't;

/// A key `k` of so many bytes.
fn key(kind: u8, value: &[&[u8]]) -> Vec<u8> {
    [&[kind][..], b"\x01k", &value.concat()].concat()
}

fn plain_values(tell: &mut Tell<'_>) {
    let plain = &bomb(&[letters(SIZE)])[..];
    let module = 0xb5eb_2d9a_876e_9401u64.to_be_bytes();
    let counts = [0; 9];
    let group = [&counts[..], b"\x02", plain, &[0; 5], b"\x01g", &[0; 5]].concat();
    let source = b"#!lua name=l\nredis.register_function('f', function() end) --";
    let library = bomb(&[bytes(source), letters(SIZE)]);
    let tables = bomb(&[
        bytes(b"#!lua name=m\nlocal x = {"),
        Many(b"{},".to_vec(), 5 << 20),
        bytes(b"}"),
    ]);
    tell("string", key(0, &[plain]), "");
    tell("list", key(1, &[b"\x01", plain]), "");
    tell("set", key(2, &[b"\x01", plain]), "");
    tell(
        "same member",
        key(2, &[b"\x02", plain, plain]),
        "duplicate-element",
    );
    tell("sorted set", key(5, &[b"\x01", plain, &[0; 8]]), "");
    tell("hash", key(4, &[b"\x01", plain, plain]), "");
    tell("list element", key(18, &[b"\x01\x01", plain]), "");
    tell(
        "module",
        key(7, &[b"\x81", &module, b"\x05", plain, b"\0"]),
        "",
    );
    tell("group", key(19, &[&group]), "");
    tell("key", [b"\0", plain, b"\x01v"].concat(), "");
    tell(
        "same key",
        [b"\0", plain, b"\x01v\0", plain, b"\x01v"].concat(),
        "duplicate-key",
    );
    tell("AUX field", [b"\xfa\x01a", plain].concat(), "");
    tell("AUX name", [b"\xfa", plain, b"\x01a"].concat(), "");
    tell(
        "library",
        [b"\xf5", &library[..]].concat(),
        "function-undecided",
    );
    tell(
        "tables",
        [b"\xf5", &tables[..]].concat(),
        "function-undecided",
    );
    tell("no library", [b"\xf5", plain].concat(), "function-refused");
}

fn listpacks(tell: &mut Tell<'_>) {
    let of = |kind, count, parts| key(kind, &[&listpack(count, parts)]);
    let node = |count, parts| key(18, &[b"\x01\x02", &listpack(count, parts)]);
    let (field, one) = (|| vec![bytes(b"\x81f\x02")], || vec![bytes(b"\x01\x01")]);
    let large = large_entry;
    let small = || vec![Many(b"\x01\x01".to_vec(), SIZE / 2)];
    let future = &9_000_000_000_000i64.to_le_bytes()[..];
    let expiry = || vec![Bytes([b"\xf4", future, b"\x09"].concat())];
    let expires = listpack(3, join([field(), large(), expiry()]));
    let twice = join([large(), one(), large(), one()]);
    tell("hash, value", of(16, 2, join([field(), large()])), "");
    tell("hash, field", of(16, 2, join([large(), field()])), "");
    tell(
        "hash, no value",
        of(16, 3, join([large(), field(), field()])),
        "bad-packed",
    );
    tell("hash, same field", of(16, 4, twice), "duplicate-element");
    tell("sorted set", of(17, 2, join([large(), one()])), "");
    tell("set", of(20, 2, join([field(), large()])), "");
    tell(
        "set, small members",
        of(20, u16::MAX, small()),
        "duplicate-element",
    );
    tell("hash with expiries", key(25, &[future, &expires]), "");
    tell("list", node(u16::MAX, small()), "");
    tell("list, wrong count", node(7, small()), "bad-packed");
    tell(
        "list, wrong size",
        node(2, join([one(), large(), vec![bytes(b"\xff")]])),
        "bad-packed",
    );
}

fn older_blobs(tell: &mut Tell<'_>) {
    let letters_in_zipmap = |end: &[u8]| {
        let size = (SIZE as u32).to_le_bytes();
        let head = [&b"\x01\x01f\xfe"[..], &size, b"\0"].concat();
        bomb(&[Bytes(head), letters(SIZE), bytes(end)])
    };
    let small = SIZE / 2;
    let list = join([
        vec![bytes(b"\0\xf1")],
        vec![Many(b"\x02\xf1".to_vec(), small)],
    ]);
    let list = ziplist(u16::MAX, 2 * small, list);
    let score = [&b"\xfe"[..], &(SIZE as u32 + 6).to_le_bytes(), b"\xf1"].concat();
    let scored = join([large_ziplist_entry(0), vec![Bytes(score)]]);
    let hash = |before| join([vec![bytes(b"\0\x01f")], large_ziplist_entry(before)]);
    let width_and_count = [8u32.to_le_bytes(), (SIZE as u32 / 8).to_le_bytes()].concat();
    let intset = bomb(&[Bytes(width_and_count), Many(vec![1; 8], SIZE / 8)]);
    tell("zipmap", key(9, &[&letters_in_zipmap(b"\xff")]), "");
    tell(
        "zipmap, no end",
        key(9, &[&letters_in_zipmap(b"a")]),
        "bad-packed",
    );
    tell("list, ziplist", key(10, &[&list]), "");
    tell("list, ziplists", key(14, &[b"\x02", &list, &list]), "");
    tell("intset", key(11, &[&intset]), "bad-packed");
    tell(
        "sorted set, ziplist",
        key(12, &[&ziplist(2, SIZE + 6, scored)]),
        "",
    );
    tell("hash, ziplist", key(13, &[&ziplist(2, 3, hash(3))]), "");
    tell(
        "hash, wrong ziplist",
        key(13, &[&ziplist(2, 3, hash(4))]),
        "bad-packed",
    );
}

fn streams(tell: &mut Tell<'_>) {
    let entry = b"\x02\x01\0\x01\0\x01\x01\x01\x04\x01";
    let entries = SIZE / entry.len();
    let master = |count: &[u8]| bytes(&[count, b"\0\x01\x01\x01\x81f\x02\0\x01"].concat());
    let count = [&b"\xf3"[..], &(entries as i32).to_le_bytes(), b"\x05"].concat();
    let many = listpack(
        u16::MAX,
        vec![master(&count), Many(entry.to_vec(), entries)],
    );
    let large = |length: &[u8]| {
        let front = vec![master(b"\x01\x01"), bytes(b"\x02\x01\0\x01\0\x01")];
        listpack(10, join([front, large_entry(), vec![bytes(length)]]))
    };
    tell(
        "stream, entries",
        key(19, &[&stream(&many, entries as u64)]),
        "",
    );
    tell(
        "stream, value",
        key(19, &[&stream(&large(b"\x04\x01"), 1)]),
        "",
    );
    tell(
        "stream, damaged",
        key(19, &[&stream(&large(b"\x05\x01"), 1)]),
        "bad-packed",
    );
}

fn each(tell: &mut Tell<'_>) {
    plain_values(tell);
    listpacks(tell);
    older_blobs(tell);
    streams(tell);
}

#[test]
fn no_string_is_held() {
    let place = Place::new();
    each(&mut |what, records, code| {
        place.put("bomb.rdb", &[HEADER, &records, END].concat());
        drop(records);
        let said = place.on("bomb.rdb", &["check", "--threads", "1", "F"]);
        assert_eq!(said.code, i32::from(!code.is_empty()), "{what}: {said:?}");
        assert!(said.out.contains(code), "{what}: {said:?}");
    });
}

/// On several threads each may have one in hand, and what comes through a pipe is read
/// once.
#[test]
fn nor_on_several_threads_or_from_a_pipe() {
    let place = Place::new();
    let mut file = File::create(place.at("bombs.rdb")).unwrap();
    // So much is read by one thread alone.
    let value = vec![b'v'; 5 << 20];
    let alone = [HEADER, b"\0\x05alone", &length(5 << 20), &value].concat();
    file.write_all(&alone).unwrap();
    drop((value, alone));
    let mut codes = Vec::new();
    each(&mut |what, records, code| {
        file.write_all(&records).unwrap();
        codes.push((what, code));
    });
    file.write_all(END).unwrap();
    for threads in ["1", "4"] {
        let line = ["check", "--json", "--threads", threads];
        let said = place.on("bombs.rdb", &[&line[..], &["F"]].concat());
        let piped = [&line[..], &["-"]].concat();
        let through_pipe = place.shell("cat bombs.rdb | \"$@\"", &piped);
        assert!(through_pipe.peak < MEMORY, "{} MiB", through_pipe.peak);
        for said in [said, through_pipe] {
            assert_eq!(said.code, 1, "{said:?}");
            for (what, code) in &codes {
                assert!(said.out.contains(code), "{what}: {code}");
            }
        }
    }
}
