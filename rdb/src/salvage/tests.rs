//! Each kind of damage once, and any damage at all.

use proptest::prelude::*;

use super::{Assumed, Database, Kind, Options, Report, bytes};
use crate::checksum::Checksum;
use crate::record::Records;
use crate::slice::SliceReader;
use crate::verify::{self, ChecksumState, Code, Verdict};
use crate::wire::Dialect;
use crate::write::Format;

/// A file with a right checksum, and where each of its keys begins.
struct Made {
    bytes: Vec<u8>,
    starts: Vec<usize>,
}

const HEAD: &[u8] = b"REDIS0011\xfa\x09redis-ver\x057.2.4";

/// Keys `user:N` of five types in two databases.
fn made(keys: usize) -> Made {
    let mut bytes = HEAD.to_vec();
    let mut starts = Vec::new();
    for (db, from, to) in [(0, 0, keys / 2), (3, keys / 2, keys)] {
        let n = u16::try_from(to - from).unwrap();
        bytes.extend([0xfe, db, 0xfb, 0x40 | (n >> 8) as u8, n as u8, 0]);
        for i in from..to {
            starts.push(bytes.len());
            bytes.extend(record(i));
        }
    }
    bytes.push(0xff);
    Made {
        bytes: sealed(bytes),
        starts,
    }
}

fn record(i: usize) -> Vec<u8> {
    let name = format!("user:{i:05}");
    let (kind, value): (u8, Vec<u8>) = match i % 5 {
        0 => (0, b"\x0bhello world".to_vec()),
        1 => (0, [&b"\xc1"[..], &(i as u16).to_le_bytes()].concat()),
        // A listpack of two small integers.
        2 => (20, b"\x0b\x0b\0\0\0\x02\0\x05\x01\x07\x01\xff".to_vec()),
        3 => (2, b"\x02\x05alpha\x04beta".to_vec()),
        _ => (0, b"\xc3\x09\x1e\x01aa\xe0\x11\x00\x01aa".to_vec()),
    };
    let expiry = match i % 7 {
        0 => [&b"\xfc"[..], &1_900_000_000_000i64.to_le_bytes()].concat(),
        _ => Vec::new(),
    };
    [
        &expiry[..],
        &[kind, name.len() as u8],
        name.as_bytes(),
        &value,
    ]
    .concat()
}

/// With the checksum of what is there.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = Checksum::of(&bytes);
    bytes.extend(sum.to_le_bytes());
    bytes
}

/// The same with `change` done to all but the trailer.
fn changed(made: &Made, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = made.bytes[..made.bytes.len() - 8].to_vec();
    change(&mut bytes);
    sealed(bytes)
}

fn salvage(file: &[u8]) -> (Vec<(u64, String)>, Report) {
    salvage_with(file, &Options::default())
}

/// Keys in the new file, which must load.
fn salvage_with(file: &[u8], options: &Options) -> (Vec<(u64, String)>, Report) {
    let (new, report) = bytes(file, options).unwrap();
    let check = verify::Options {
        server: Some(report.server),
        databases: options.databases,
        ..verify::Options::default()
    };
    let proof = verify::slice(&new, &check);
    let undecided = report.functions_undecided > 0 && proof.verdict() == Verdict::Undecided;
    assert!(
        proof.verdict() == Verdict::Loads || undecided,
        "{:?}",
        proof.findings
    );
    assert_eq!(proof.total().keys, report.keys);
    let mut keys = Vec::new();
    let mut records: Records<'_> = SliceReader::new(&new).records();
    while let Some(record) = records.next_record().unwrap() {
        let name = record.key.to_vec().unwrap();
        keys.push((record.db, String::from_utf8_lossy(&name).into_owned()));
    }
    (keys, report)
}

fn name(i: usize) -> String {
    format!("user:{i:05}")
}

/// What is missing of all of `made`.
fn missing(keys: &[(u64, String)], of: usize) -> Vec<usize> {
    (0..of)
        .filter(|i| !keys.contains(&(if *i < of / 2 { 0 } else { 3 }, name(*i))))
        .collect()
}

#[test]
fn a_whole_file_stays_whole() {
    let (keys, report) = salvage(&made(200).bytes);
    assert_eq!(missing(&keys, 200), []);
    assert!(report.is_whole(), "{report:?}");
    assert_eq!(report.databases[&3].stated, Some(100));
    assert_eq!(report.keys_missing(), 0);
}

#[test]
fn damage_inside_a_value_costs_that_key() {
    let made = made(200);
    // The listpack's total of key 102; the stream of the LZF string of key 104.
    for (i, ahead, code) in [(102, 13, Code::BadPacked), (104, 15, Code::BadLzf)] {
        let at = made.starts[i] + ahead;
        let (keys, report) = salvage(&changed(&made, |b| b[at] ^= 0xff));
        assert_eq!(missing(&keys, 200), [i]);
        let gap = &report.gaps[0];
        assert_eq!(
            (report.gap_count, gap.kind, gap.code),
            (1, Kind::Record, code)
        );
        assert_eq!(gap.offset as usize, made.starts[i]);
        assert_eq!((gap.offset + gap.bytes) as usize, made.starts[i + 1]);
        assert_eq!(gap.key.as_deref(), Some(name(i).as_bytes()));
        assert_eq!(gap.before.as_ref().unwrap().key, name(i - 1).as_bytes());
        assert_eq!(gap.after.as_ref().unwrap().key, name(i + 1).as_bytes());
        assert_eq!(report.keys_missing(), 1);
    }
}

#[test]
fn a_length_that_is_too_large_swallows_nothing() {
    let made = made(200);
    for more in [1, 5, 20, 40] {
        // The length of the text of key 150.
        let at = made.starts[150] + 12;
        let (keys, report) = salvage(&changed(&made, |b| b[at] += more));
        assert_eq!(missing(&keys, 200), [150], "{more}");
        assert_eq!(report.gap_count, 1);
        assert_eq!(report.gaps[0].offset as usize, made.starts[150]);
    }
}

#[test]
fn a_length_that_is_too_small_leaves_one_gap() {
    let made = made(200);
    let at = made.starts[150] + 12;
    let (keys, report) = salvage(&changed(&made, |b| b[at] -= 4));
    // The key itself cannot be told from one that is meant to be short.
    assert_eq!(missing(&keys, 200), []);
    assert_eq!((report.gap_count, report.gaps[0].bytes), (1, 4));
    assert!(report.gaps[0].doubts.before_may_be_cut);
}

#[test]
fn every_byte_of_a_record() {
    let made = made(200);
    for at in made.starts[120]..made.starts[126] {
        for flip in [0x01, 0x10, 0x80, 0xff] {
            let (keys, _) = salvage(&changed(&made, |b| b[at] ^= flip));
            let gone = missing(&keys, 200);
            assert!(gone.len() <= 1, "byte {at} ^ {flip:#x}: {gone:?}");
        }
    }
}

#[test]
fn holes_lost_and_swapped_chunks() {
    let made = made(2000);
    let middle = made.starts[1500];
    let hole = changed(&made, |b| b[middle..middle + 512].fill(0));
    let lost = changed(&made, |b| drop(b.drain(middle + 3..middle + 515)));
    let swapped = changed(&made, |b| {
        let (one, two) = (b[4096..8192].to_vec(), b[12288..16384].to_vec());
        b[4096..8192].copy_from_slice(&two);
        b[12288..16384].copy_from_slice(&one);
    });
    for (file, most) in [(hole, 25), (lost, 25), (swapped, 8)] {
        let (keys, report) = salvage(&file);
        let gone = missing(&keys, 2000);
        assert!(!gone.is_empty() && gone.len() <= most, "{gone:?}");
        // The front of one key and the rest of another can make a third.
        assert!(report.gap_count > 0 && report.keys_missing() as usize + 4 >= gone.len());
        // Of bytes that are not there any more only the sizes know.
        let told = report.keys_estimated.max(report.keys_missing()) as usize;
        assert!(told + 4 >= gone.len(), "{report:?}");
    }
}

#[test]
fn what_a_value_holds_is_no_key() {
    let inner = made(60);
    let outer = made(200);
    // A key with a whole file for a value, between others; its type is damaged.
    let at = outer.starts[150];
    let mut value = vec![0, 4];
    value.extend(b"file\x80");
    value.extend((inner.bytes.len() as u32).to_be_bytes());
    value.extend(&inner.bytes);
    let good = changed(&outer, |b| drop(b.splice(at..at, value)));
    let (keys, report) = salvage(&good);
    assert!(report.gap_count == 0 && keys.len() == 201);
    let body = good[..good.len() - 8].to_vec();
    let broken = sealed([&body[..at], &[0x63], &body[at + 1..]].concat());
    let (keys, report) = salvage(&broken);
    assert_eq!((missing(&keys, 200), keys.len()), (vec![], 200));
    assert!(report.gaps[0].doubts.passed_file);
    // Damage behind it does not make it come up either.
    let behind = at + 11 + inner.bytes.len();
    let broken = sealed([&body[..behind], &[0x63], &body[behind + 1..]].concat());
    let (keys, _) = salvage(&broken);
    assert_eq!((missing(&keys, 200), keys.len()), (vec![150], 200));
}

#[test]
fn the_end_is_missing_or_torn() {
    let made = made(200);
    let end = made.bytes.len() - 9;
    let (keys, report) = salvage(&made.bytes[..end]);
    assert_eq!(
        (missing(&keys, 200), report.gaps[0].kind),
        (vec![], Kind::Missing)
    );
    assert_eq!(report.checksum, ChecksumState::NotReached);
    let (keys, report) = salvage(&made.bytes[..end + 4]);
    assert_eq!((missing(&keys, 200), report.gaps[0].bytes), (vec![], 4));
    let (keys, report) = salvage(&made.bytes[..made.starts[199] + 5]);
    assert_eq!(
        (missing(&keys, 200), report.gaps[0].kind),
        (vec![199], Kind::Rest)
    );
    assert_eq!(report.gaps[0].code, Code::Truncated);
    // An end mark in the middle is none.
    let (keys, report) = salvage(&changed(&made, |b| b[made.starts[100]] = 0xff));
    assert!(missing(&keys, 200).len() <= 1, "{report:?}");
}

#[test]
fn a_wrong_checksum_alone_loses_nothing_and_is_told() {
    let mut file = made(200).bytes;
    *file.last_mut().unwrap() ^= 1;
    let (keys, report) = salvage(&file);
    assert_eq!(missing(&keys, 200), []);
    assert!(report.damage_unlocated() && !report.is_whole());
}

#[test]
fn selectors() {
    let made = made(200);
    let at = made.starts[100] - 6;
    // Its opcode: the number is the byte before the sizes.
    let (keys, report) = salvage(&changed(&made, |b| b[at] = 0x55));
    assert_eq!(missing(&keys, 200), []);
    let gap = &report.gaps[0];
    assert!(gap.doubts.database_assumed && (gap.db, gap.db_after) == (0, 3));
    // A number the server does not have: the next one is taken.
    let (keys, report) = salvage(&changed(&made, |b| b[at + 1] = 0x33));
    assert_eq!(keys.iter().filter(|(db, _)| *db == 1).count(), 100);
    assert_eq!(
        (report.gaps[0].kind, report.gaps[0].db_after),
        (Kind::Selector, 1)
    );
    let many = Options {
        databases: 100,
        ..Options::default()
    };
    let (keys, report) = salvage_with(&changed(&made, |b| b[at + 1] = 0x33), &many);
    assert_eq!(keys.iter().filter(|(db, _)| *db == 0x33).count(), 100);
    assert!(report.is_whole());
    // A number that takes in the opcode behind it.
    let (keys, _) = salvage(&changed(&made, |b| b[at + 1] = 0x4b));
    assert_eq!(keys.len(), 200);
}

#[test]
fn of_keys_that_come_twice_the_first_stays() {
    let made = made(200);
    let (from, to) = (made.starts[40], made.starts[50]);
    let file = changed(&made, |b| {
        let again = b[from..to].to_vec();
        b.splice(to..to, again);
    });
    let (keys, report) = salvage(&file);
    assert_eq!((missing(&keys, 200), keys.len()), (vec![], 200));
    assert_eq!((report.gap_count, report.keys_left_out), (10, 10));
    let gap = &report.gaps[0];
    assert_eq!(
        (gap.kind, gap.code, gap.offset as usize),
        (Kind::LeftOut, Code::DuplicateKey, to)
    );
}

#[test]
fn headers() {
    let made = made(200);
    for (at, byte, how) in [
        (0, b'X', Assumed::Writer),
        (8, b'x', Assumed::Writer),
        (7, b'9', Assumed::Writer),
    ] {
        let (keys, report) = salvage(&changed(&made, |b| b[at] = byte));
        assert_eq!((missing(&keys, 200), report.assumed), (vec![], Some(how)));
        assert_eq!(report.format, Format::of_source(Dialect::Redis, 11));
        assert_eq!(report.gaps[0].kind, Kind::Header);
    }
    let told = Options {
        format: Some(Format::of_source(Dialect::Redis, 12)),
        ..Options::default()
    };
    let (_, report) = salvage_with(&changed(&made, |b| b[2] = 0), &told);
    assert_eq!(
        (report.format.version(), report.assumed),
        (12, Some(Assumed::Told))
    );
    // Nothing of a header is left.
    let (keys, _) = salvage(&made.bytes[made.starts[20]..]);
    assert_eq!(keys.len(), 180);
}

#[test]
fn functions_that_do_not_load_are_left_out() {
    let good = b"#!lua name=a\nredis.register_function('f', function() return 1 end)";
    let bad = b"#!lua name=b\nredis.register_function('g', function( return 1 end)";
    let mut file = HEAD.to_vec();
    for source in [&good[..], bad] {
        file.extend([0xf5, 0x40, source.len() as u8]);
        file.extend(source);
    }
    file.extend(b"\x00\x01a\x01x\xff");
    let (keys, report) = salvage(&sealed(file));
    assert_eq!((keys.len(), report.functions), (1, 1));
    assert_eq!(
        (report.gaps[0].kind, report.gaps[0].code),
        (Kind::LeftOut, Code::FunctionRefused)
    );
}

#[test]
fn empty_and_expired_keys_modules_and_what_follows() {
    let mut file = HEAD.to_vec();
    // An empty set; a key that expired in 1970; a module's value; another file behind.
    file.extend(b"\x02\x05empty\x00\xfc\x10\x27\0\0\0\0\0\0\x00\x03old\x01x");
    file.extend(b"\x07\x03mod\x81\x95\x27\x4a\x2d\x02\x01\x00\x00\x02\x07\x00");
    file.push(0xff);
    let mut file = sealed(file);
    let (keys, report) = salvage(&file);
    assert_eq!((keys.len(), report.empty_keys), (2, 1), "{report:?}");
    assert!(report.is_whole());
    file.extend(made(10).bytes);
    let (keys, report) = salvage(&file);
    assert!(keys.len() == 2 && report.file_behind && report.trailing > 0);
}

#[test]
fn a_piece_of_a_file_and_another_file() {
    let made = made(200);
    let torn = &made.bytes[..made.starts[120] + 4];
    let mut other = HEAD.to_vec();
    other.extend(b"\xfe\x00\xfb\x01\x00\x00\x05other\x01x\xff");
    let (keys, report) = salvage(&[torn, &sealed(other)].concat());
    assert_eq!(keys.len(), 121, "{report:?}");
    assert!(keys.contains(&(0, "other".to_owned())));
}

#[test]
fn hashes_of_a_template_that_is_not_kept_go_with_it() {
    let good: &[u8] = b"\xf2\x01\x02\x02id\x04name";
    // Not in order of length.
    let bad: &[u8] = b"\xf2\x07\x02\x04name\x02id";
    // Another one of the first's number, with more names.
    let again: &[u8] = b"\xf2\x01\x03\x01a\x01b\x01c";
    let of = |template: u8, key: u8| [0x20, 1, key, template, 1, b'x', 1, b'y'];
    let plain: &[u8] = b"\x00\x01s\x01v";
    let after = [plain, &of(1, b'b'), plain, plain, b"\xff"].concat();
    let parts = [
        b"REDIS0015\xfe\x00",
        good,
        bad,
        again,
        &of(7, b'a'),
        b"\x00\x01r\x01v",
        &after,
    ];
    let (keys, report) = salvage(&sealed(parts.concat()));
    let keys: Vec<&str> = keys.iter().map(|(_, key)| key.as_str()).collect();
    assert_eq!(keys, ["r", "s", "b"], "{report:?}");
    assert_eq!(report.gaps[0].code, Code::BadTemplate);
}

#[test]
fn the_product_is_not_told_behind_the_keys() {
    // A hash with metadata, which Valkey does not know, and then its field.
    let record = b"\x18\x01h\0\0\0\0\0\0\0\0\x01\x00\x01f\x01v";
    let field = b"\xfa\x0avalkey-ver\x058.1.1";
    let parts: [&[u8]; 4] = [b"REDIS0011\xfe\x00", record, field, b"\x00\x01k\x01v\xff"];
    let file = sealed(parts.concat());
    let (keys, report) = salvage(&file);
    assert_eq!(keys.len(), 2, "{report:?}");
    let gap = &report.gaps[0];
    assert_eq!((gap.kind, gap.code), (Kind::LeftOut, Code::BadRecord));
    assert_eq!((gap.offset, gap.bytes), (28, 18));
    assert_eq!(report.server.product, verify::Product::Redis);
}

#[test]
fn an_aux_field_that_does_not_decompress_is_left_out() {
    // Its first reference goes before its first byte.
    let bad: &[u8] = b"\xc3\x03\x05\xff\xff\xff";
    for field in [[b"\xfa", bad, b"\x01v"], [b"\xfa", b"\x01n", bad]] {
        let parts: [&[u8]; 3] = [HEAD, &field.concat(), b"\xfe\x00\x00\x01k\x01v\xff"];
        let (keys, report) = salvage(&sealed(parts.concat()));
        assert_eq!(keys.len(), 1, "{report:?}");
        assert_eq!(report.gaps[0].code, Code::BadLzf);
        // Among what belongs to a key: it goes with it.
        let expiry: &[u8] = b"\xfc\x00\x10\x9a\x1c\x8f\x01\x00\x00";
        let key: &[u8] = b"\x00\x01k\x01v\x00\x01l\x01v\xff";
        let parts: [&[u8]; 4] = [HEAD, expiry, &field.concat(), key];
        let (_, report) = salvage(&sealed(parts.concat()));
        assert_eq!(report.gaps[0].code, Code::BadLzf, "{report:?}");
    }
}

#[test]
fn nonsense_is_done_with_soon() {
    let mut state = 1u64;
    let noise: Vec<u8> = (0..1 << 17)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56) as u8
        })
        .collect();
    let almost = b"\x00\x05user:\x80\x00\x0f\xff\xff".repeat(10_000);
    let sets = b"\x02\x01".repeat(50_000);
    let selects = b"\xfe\x00".repeat(50_000);
    let magics = b"REDIS0011\xfe\x00".repeat(10_000);
    for body in [
        vec![0; 1 << 17],
        vec![0xff; 1 << 17],
        noise,
        almost,
        sets,
        selects,
        magics,
    ] {
        for file in [[HEAD, &body].concat(), body] {
            let (_, report) = salvage(&file);
            let most = (32 << 20) + 800 * file.len() as u64;
            assert!(
                report.searched <= most,
                "{} for {}",
                report.searched,
                file.len()
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn truncated_anywhere_all_complete_keys_are_kept(cut in 0usize..4000) {
        let made = made(150);
        let cut = cut % made.bytes.len();
        let (keys, _) = salvage(&made.bytes[..cut]);
        let complete = made.starts.iter().skip(1).filter(|at| **at <= cut).count();
        // The last key of each database is followed by something else.
        prop_assert!(keys.len() + 1 >= complete, "{} of {complete}", keys.len());
        prop_assert!(keys.len() <= complete + 2);
    }

    #[test]
    fn whatever_is_changed_the_result_loads(
        changes in prop::collection::vec((0usize..8000, any::<u8>()), 1..20),
        seal in any::<bool>(),
    ) {
        let made = made(150);
        let mut file = made.bytes.clone();
        for (at, byte) in changes {
            let at = at % file.len();
            file[at] = byte;
        }
        if seal {
            file.truncate(file.len() - 8);
            file = sealed(file);
        }
        salvage(&file);
    }

    #[test]
    fn one_change_costs_one_key_or_more_is_told(at in 0usize..8000, flip in 1u8..) {
        let made = made(200);
        let at = made.starts[0] + at % (made.starts[199] - made.starts[0]);
        let selector = made.starts[100] - 6..made.starts[100];
        prop_assume!(!selector.contains(&at));
        let (keys, report) = salvage(&changed(&made, |b| b[at] ^= flip));
        let gone = missing(&keys, 200);
        // A length that grew may take in whole keys or a change of database, and
        // end where a record begins, or might: only what follows, or the stated
        // number of keys, tells.
        let doubted = report.gaps.iter().any(|gap| gap.doubts.before_may_be_cut);
        let differs = |of: &Database| of.stated.is_some_and(|stated| stated != of.keys);
        let told = doubted || report.databases.values().any(differs);
        prop_assert!(gone.len() <= 2 || told, "byte {at} ^ {flip:#x}: {gone:?} {report:?}");
    }
}
