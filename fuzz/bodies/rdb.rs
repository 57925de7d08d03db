//! What each fuzz target does with its bytes; it panics where something is wrong.
//!
//! Included by the targets, and by `rdb/tests/fuzz_corpus.rs`, which replays
//! `corpus-min/` on every `cargo test`. A new target is a function here, a line
//! in [`TARGETS`], a file in `fuzz_targets/`, a `[[bin]]` in `Cargo.toml` and
//! a folder in `corpus-min/`.

#[path = "../../rdb/tests/faces/compare.rs"]
mod compare;
#[path = "../../rdb/tests/faces/grow.rs"]
mod grow;

use rdbkit_rdb::commands;
use rdbkit_rdb::diff::{Diff, DiffError, Difference, Summary, ValueDifference};
use rdbkit_rdb::filter::Filter;
use rdbkit_rdb::lzf::{check, decompress_into, max_output};
use rdbkit_rdb::packed::{
    Backlen, Element, Intset, Listpack, PackedError, StreamNode, Ziplist, Zipmap,
};
use rdbkit_rdb::pieces::{Expired, visit};
use rdbkit_rdb::salvage;
use rdbkit_rdb::verify::{self, Options, Report, Verdict};
use rdbkit_rdb::write::Format;
use rdbkit_rdb::{Limits, Packing, Part, Role, Scratch, SliceReader, Str, StreamReader};

/// What is called with the bytes.
pub type Body = fn(&[u8]);

/// Name and body of every target.
pub const TARGETS: &[(&str, Body)] = &[
    ("events", events),
    ("faces", faces),
    ("grown", grown),
    ("verify", verify),
    ("salvage", salvage),
    ("diff", diff),
    ("listpack", listpack),
    ("ziplist", ziplist),
    ("intset_zipmap", intset_zipmap),
    ("stream_node", stream_node),
    ("lzf", lzf),
    ("score", score),
];

/// Every event of a file, every string decompressed, every blob walked; and all
/// of it in pieces, as commands.
pub fn events(data: &[u8]) {
    as_commands(data);
    let mut scratch = Scratch::with_limit(1 << 20);
    let mut reader = SliceReader::new(data).check_checksum(false);
    let mut end = 0;
    let mut count = 0;
    while let Ok(Some(event)) = reader.next_event() {
        count += 1;
        assert!(count <= 2 * data.len() + 2, "the events never end");
        assert_eq!(reader.token_offset(), end, "a gap before {event:?}");
        end = reader.offset();
        match event {
            Part::Item {
                role: Role::Packed(packing),
                text,
            } => {
                if let Ok(blob) = text.bytes(&mut scratch) {
                    walk_packed(packing, blob);
                }
            }
            Part::Item { text, .. }
            | Part::Key { key: text, .. }
            | Part::Function(text)
            | Part::ModuleString(text)
            | Part::Aux { value: text, .. } => {
                let stated = text.len();
                match text.bytes(&mut scratch) {
                    Ok(bytes) => assert_eq!(bytes.len() as u64, stated),
                    Err(_) => assert!(matches!(text, Str::Lzf { .. })),
                }
            }
            _ => {}
        }
    }
    assert!(end <= data.len() as u64);
    assert!(
        matches!(reader.next_event(), Ok(None)),
        "goes on after its end"
    );
}

/// Keys that pass by as commands, plain and with payloads. Whatever comes, it
/// is no panic.
fn as_commands(data: &[u8]) {
    let expired = Expired {
        now_ms: 1 << 40,
        skip: data.len() % 2 == 1,
    };
    let limits = Limits {
        max_decompressed: 1 << 20,
        ..Limits::default()
    };
    for restore in [false, true] {
        let mut source = StreamReader::with_limits(data, 64, limits).check_checksum(false);
        let Ok(Some(_)) = source.next_event() else {
            return;
        };
        let decoder = source.decoder();
        let format = Format::of_source(decoder.dialect(), decoder.version());
        let options = commands::Options {
            restore,
            ..commands::Options::default()
        };
        let target = commands::Target::of_file(format);
        let mut commands = commands::Commands::new(std::io::sink(), target, options);
        let _ = visit(&mut source, &mut Filter::new(), expired, &mut commands);
        let _ = commands.page().flush();
        let _ = commands.losses().count();
    }
}

fn walk_packed(packing: Packing, blob: &[u8]) {
    match packing {
        Packing::ListZiplist | Packing::ZsetZiplist | Packing::HashZiplist => walk_ziplist(blob),
        Packing::SetIntset => walk_intset(blob),
        Packing::HashZipmap => walk_zipmap(blob),
        Packing::StreamNode => walk_node(blob),
        _ => walk_listpack(blob),
    }
}

/// How many bytes the first of two files has, then both. They are compared with
/// each other both ways, and each with itself.
pub fn diff(data: &[u8]) {
    let Some((cut, files)) = data.split_first_chunk() else {
        return;
    };
    let cut = usize::from(u16::from_le_bytes(*cut)).min(files.len());
    let (old, new) = files.split_at(cut);
    let [old, new] = [old, new].map(|file| {
        // A checksum of zero is none.
        let mut file = file.to_vec();
        let at = file.len().saturating_sub(8);
        file[at..].fill(0);
        file
    });
    for file in [&old, &new] {
        let Ok((told, summary)) = differences(file, file) else {
            continue;
        };
        assert_eq!(told - summary.unknown, 0, "a file differs from itself");
        assert!(summary.libraries == 0 && !summary.module_data);
    }
    match (differences(&old, &new), differences(&new, &old)) {
        (Ok((_, there)), Ok((_, back))) => {
            assert_eq!(there.added, back.removed);
            assert_eq!(there.removed, back.added);
            assert_eq!(there.changed, back.changed);
            assert_eq!(
                (there.ttl_changed, there.same),
                (back.ttl_changed, back.same)
            );
        }
        (Err(_), Err(_)) => {}
        _ => panic!("one way it can be told, the other it cannot"),
    }
}

/// How many keys are told of, but for duplicates.
fn differences(old: &[u8], new: &[u8]) -> Result<(u64, Summary), DiffError> {
    let mut told = 0;
    let summary = Diff::new(&old, &new)
        .max_memory(1 << 26)
        .run(|difference| {
            if let Difference::Key(key) = difference {
                told += 1;
                if let ValueDifference::Parts(parts) = key.value {
                    let counts = parts.counts();
                    assert!(counts.added + counts.removed + counts.changed > 0);
                    assert!(parts.deltas().all(|delta| !delta.part().is_empty()));
                }
            }
            Ok(())
        })?;
    assert_eq!(
        told,
        summary.differing() - summary.duplicates_differ + summary.unknown
    );
    Ok((told, summary))
}

/// All faces say the same of a file: how it is cut, then the file.
pub fn faces(data: &[u8]) {
    if let Some((how, file)) = data.split_first_chunk() {
        agree(*how, file);
    }
}

/// The same for a file grown from the bytes: plausible records, deep states.
pub fn grown(data: &[u8]) {
    if let Some((how, entropy)) = data.split_first_chunk() {
        agree(*how, &grow::file(entropy));
    }
}

/// Limits, window, and the sizes of four reads.
fn agree([limits, window, sizes @ ..]: [u8; 6], file: &[u8]) {
    let limits = self::limits(limits).unwrap_or_default();
    compare::faces_agree(file, limits, window.into(), &sizes);
}

/// Limits that small inputs meet, or none.
fn limits(choice: u8) -> Option<Limits> {
    (choice & 8 == 0).then(|| Limits {
        chunk: [1, 24, 64, 1 << 20][usize::from(choice % 4)],
        max_piece: [100, 1 << 30][usize::from(choice / 4 % 2)],
        ..Limits::default()
    })
}

/// The verifier says the same of a file in memory and of one that comes in
/// pieces, and never that a file loads which cannot be decoded: how it is cut, for
/// which server, then the file.
pub fn verify(data: &[u8]) {
    let Some(([how, server, sizes @ ..], file)) = data.split_first_chunk::<6>() else {
        return;
    };
    let servers = [
        "redis:6.2",
        "redis:7.0",
        "redis:8.0",
        "valkey:8.1",
        "valkey:9.1",
    ];
    let options = Options {
        server: servers
            .get(usize::from(server % 8))
            .map(|s| s.parse().unwrap()),
        // The same for both: what comes in chunks begins before it is missed.
        limits: Some(limits(*how).unwrap_or_default()),
        now_ms: (how & 16 != 0).then_some(1 << 40),
        duplicates: how & 32 == 0,
        allow_rest: how & 64 != 0,
        max_findings: if how & 128 != 0 { 3 } else { 1000 },
        ..Options::default()
    };
    let whole = verify::slice(file, &options);
    let pieces = verify::stream(compare::Pieces::new(file, sizes), &options);
    assert_eq!(outline(&whole), outline(&pieces));
    // Regions are small while fuzzing; else no file here is long enough for two
    // threads. To start them takes longer than all the rest.
    let several = Options {
        threads: 3,
        ..options.clone()
    };
    if server & 8 != 0 {
        let pieces = verify::stream(compare::Pieces::new(file, sizes), &several);
        assert_eq!(outline(&whole), outline(&pieces), "by threads");
    }
    if server & 16 != 0 {
        let parts = verify::slice(file, &several);
        assert_eq!(outline(&whole), outline(&parts), "by threads, in memory");
    }
    assert!(whole.bytes <= file.len() as u64);
    for finding in &whole.findings {
        assert!(finding.offset <= file.len() as u64, "{finding}");
    }
    let mut events = SliceReader::with_limits(file, options.limits.unwrap_or_default());
    if let Some(error) = events.find_map(Result::err) {
        assert_ne!(whole.verdict(), Verdict::Loads, "{error}");
    }
}

/// What is salvaged of any bytes loads, loses nothing of a file that loads, and
/// does not take longer the worse the bytes are.
pub fn salvage(data: &[u8]) {
    let options = salvage::Options {
        limits: Limits {
            max_decompressed: 1 << 20,
            ..Limits::default()
        },
        ..salvage::Options::default()
    };
    let Ok((new, report)) = salvage::bytes(data, &options) else {
        return;
    };
    let most = (32 << 20) + 800 * data.len() as u64;
    assert!(report.searched <= most, "{}", report.searched);
    let judged = |bytes: &[u8], server| {
        let options = Options {
            server: Some(server),
            limits: Some(options.limits),
            ..Options::default()
        };
        verify::slice(bytes, &options)
    };
    let proof = judged(&new, report.server);
    let undecided = report.functions_undecided > 0 && proof.verdict() == Verdict::Undecided;
    assert!(
        proof.verdict() == Verdict::Loads || undecided,
        "{:?}",
        proof.findings
    );
    assert_eq!(proof.total().keys, report.keys);
    let before = judged(data, report.server);
    if before.verdict() == Verdict::Loads {
        let loaded = before.total().keys;
        // A version in the header that cannot be right is replaced: then there
        // may be more than what servers would load up to a byte taken for the end.
        match report.assumed {
            None => assert_eq!(loaded, report.keys, "{report:?}"),
            Some(_) => assert!(loaded <= report.keys, "{report:?}"),
        }
    }
}

/// What a report says, but for the keys of its findings, which a stream cannot name.
fn outline(report: &Report) -> String {
    let findings: Vec<_> = report
        .findings
        .iter()
        .map(|f| (f.code, f.severity, f.offset, f.db, &f.message))
        .collect();
    format!(
        "{:?} {:?} {:?} {} {:?} {:?} {:?} {:?} {:?} {:?}",
        report.verdict(),
        report.server,
        report.format,
        report.bytes,
        report.total(),
        report.needs,
        report.checksum,
        report.totals,
        report.failure,
        findings,
    )
}

/// Walks to the end or to an error: in one direction, without a gap, and no
/// further after it. Returns what came out.
fn walk<C, T>(
    mut cursor: C,
    len: usize,
    next: impl Fn(&mut C) -> Result<Option<T>, PackedError>,
    position: impl Fn(&C) -> usize,
) -> Result<Vec<T>, PackedError> {
    let mut found = Vec::new();
    let result = loop {
        let before = position(&cursor);
        match next(&mut cursor) {
            Ok(Some(item)) => {
                found.push(item);
                assert!(before < position(&cursor), "stands still at {before}");
                assert!(position(&cursor) <= len);
            }
            Ok(None) => break Ok(found),
            Err(error) => {
                assert!(error.at <= len, "{error}");
                break Err(error);
            }
        }
    };
    for _ in 0..2 {
        assert!(matches!(next(&mut cursor), Ok(None)), "not fused");
    }
    result
}

/// A client's view of an element agrees with itself.
fn look_at(element: &Element<'_>) {
    let mut text = Vec::new();
    element.write_to(&mut text);
    assert!(element.eq_bytes(&text));
    let n = element.as_integer();
    // Canonical text and integers are the same thing to a client.
    assert_eq!(
        n.map(|n| n.to_string().into_bytes())
            .unwrap_or(text.clone()),
        text
    );
}

fn walk_listpack(blob: &[u8]) {
    let Ok(listpack) = Listpack::new(blob) else {
        return;
    };
    let walked = walk(
        listpack.clone(),
        blob.len(),
        Listpack::next,
        Listpack::position,
    );
    assert_eq!(
        walked.as_ref().map(Vec::len),
        listpack.clone().check().as_ref().copied()
    );
    walked.iter().flatten().for_each(look_at);
    // Who is strict accepts nothing that is refused otherwise, and sees the same.
    for backlen in [Backlen::Long, Backlen::Short] {
        let strict: Result<Vec<_>, _> = listpack.clone().backlen(backlen).elements().collect();
        if strict.is_ok() {
            assert_eq!(strict, walked);
        }
    }
}

/// A listpack as it stands, and one around the bytes as entries.
pub fn listpack(data: &[u8]) {
    walk_listpack(data);
    walk_listpack(&framed(data));
}

/// A listpack whose header is right and does not know the count.
fn framed(entries: &[u8]) -> Vec<u8> {
    let total = (entries.len() + 7) as u32;
    [&total.to_le_bytes()[..], &[0xff, 0xff], entries, &[0xff]].concat()
}

fn walk_ziplist(blob: &[u8]) {
    let Ok(ziplist) = Ziplist::new(blob) else {
        return;
    };
    let walked = walk(
        ziplist.clone(),
        blob.len(),
        Ziplist::next,
        Ziplist::position,
    );
    assert_eq!(
        walked.as_ref().map(Vec::len),
        ziplist.check().as_ref().copied()
    );
    walked.iter().flatten().for_each(look_at);
}

/// A ziplist as it stands, and one around the bytes: where the last entry
/// begins, then entries.
pub fn ziplist(data: &[u8]) {
    walk_ziplist(data);
    if let Some((tail, entries)) = data.split_first() {
        let total = (entries.len() + 11) as u32;
        let tail = 10 + u32::from(*tail);
        let head = [total.to_le_bytes(), tail.to_le_bytes()].concat();
        walk_ziplist(&[&head[..], &[0xff, 0xff], entries, &[0xff]].concat());
    }
}

fn walk_intset(blob: &[u8]) {
    let Ok(intset) = Intset::new(blob) else {
        return;
    };
    let walked = walk(intset.clone(), blob.len(), Intset::next, Intset::position);
    assert_eq!(
        walked.as_ref().map(|_| ()),
        intset.clone().check().as_ref().map(|_| ())
    );
    if let Ok(members) = walked {
        assert_eq!(members.len() as u64, u64::from(intset.stated_len()));
        let numbers: Vec<_> = members.iter().map(|m| m.as_integer().unwrap()).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b));
    }
}

fn walk_zipmap(blob: &[u8]) {
    let Ok(zipmap) = Zipmap::new(blob) else {
        return;
    };
    let walked = walk(zipmap.clone(), blob.len(), Zipmap::next, Zipmap::position);
    assert_eq!(walked.map(|pairs| pairs.len() as u64), zipmap.check());
}

/// The two packings of the oldest servers.
pub fn intset_zipmap(data: &[u8]) {
    walk_intset(data);
    walk_zipmap(data);
}

fn walk_node(blob: &[u8]) {
    let Ok(node) = StreamNode::new(blob) else {
        assert!(StreamNode::check(blob).is_err());
        return;
    };
    let walked = walk(
        node.clone(),
        blob.len(),
        StreamNode::next,
        StreamNode::position,
    );
    let summary = node.clone().finish();
    assert_eq!(summary, StreamNode::check(blob));
    assert_eq!(walked.as_ref().map(|_| ()), summary.as_ref().map(|_| ()));
    if let (Ok(entries), Ok(summary)) = (walked, summary) {
        let found = summary.live_flags + summary.deleted_flags;
        assert_eq!(entries.len() as u64, found);
        assert_eq!(found as i64, summary.count.wrapping_add(summary.deleted));
        for entry in entries {
            for (field, value) in entry.pairs {
                look_at(&field);
                look_at(&value);
            }
        }
    }
    node.fields().for_each(|field| look_at(&field));
}

/// A stream node as it stands, and one around the bytes as entries.
pub fn stream_node(data: &[u8]) {
    walk_node(data);
    walk_node(&framed(data));
}

/// A stated length in two bytes, then LZF data.
pub fn lzf(data: &[u8]) {
    let Some((len, input)) = data.split_first_chunk() else {
        return;
    };
    let len = usize::from(u16::from_le_bytes(*len));
    let mut out = vec![0xaa; len];
    let result = decompress_into(input, &mut out);
    assert_eq!(result, check(input, len as u64), "check and decompression");
    match plainly(input) {
        // Of a string said to be empty nothing is looked at.
        _ if len == 0 => assert!(result.is_ok()),
        Some(plain) if plain.len() == len => {
            assert!(result.is_ok(), "{result:?}");
            assert!(out == plain, "wrong bytes");
            assert!(max_output(input.len() as u64) >= len as u64);
        }
        _ => assert!(result.is_err(), "damaged data passed"),
    }
    // What a stated length cannot be is said without setting it aside.
    assert!(check(input, u64::MAX).is_err());
}

/// LZF byte by byte, straight from the definition.
fn plainly(mut input: &[u8]) -> Option<Vec<u8>> {
    let mut out: Vec<u8> = Vec::new();
    let mut next = |n: usize| {
        let (now, later) = input.split_at_checked(n)?;
        input = later;
        Some(now)
    };
    while let Some(control) = next(1) {
        let control = usize::from(control[0]);
        if control < 32 {
            out.extend_from_slice(next(control + 1)?);
            continue;
        }
        let long = if control >> 5 == 7 {
            usize::from(next(1)?[0])
        } else {
            0
        };
        let distance = (control & 31) << 8 | usize::from(next(1)?[0]);
        for _ in 0..(control >> 5) + 2 + long {
            out.push(*out.get(out.len().checked_sub(distance + 1)?)?);
        }
    }
    Some(out)
}

/// A score is what the standard library makes of it, where that takes it.
pub fn score(data: &[u8]) {
    let mine = rdbkit_rdb::score::scan(data);
    let theirs = std::str::from_utf8(data)
        .ok()
        .and_then(|s| s.parse::<f64>().ok());
    if let Some(theirs) = theirs {
        let mine = mine.expect("a number");
        assert!(
            mine == theirs || mine.is_nan() && theirs.is_nan(),
            "{mine} {theirs}"
        );
    }
    // Blanks before the number pass.
    let blank = rdbkit_rdb::score::scan(&[b" \t", data].concat());
    assert_eq!(mine.map(f64::to_bits), blank.map(f64::to_bits));
}
