//! What the targets for append-only files do with their bytes; see `rdb.rs`
//! beside it. `aof/tests/fuzz_corpus.rs` replays them.

#[path = "../../aof/tests/split/compare.rs"]
mod compare;

#[path = "aof_digest.rs"]
mod digest;
#[path = "aof_edit.rs"]
mod edit;

pub use digest::digested;
pub use edit::edited;

use std::io::Read;

use rdbkit_aof::manifest::Reason;
use rdbkit_aof::verify::{self, FileReport, Options};
use rdbkit_aof::walk::{self, FileEnd, Unit, Visitor};
use rdbkit_aof::{Command, Event, Limits, Manifest, Memory, Set, SliceReader, commands};
use rdbkit_rdb::verify::{Product, Server, Verdict};

/// What is called with the bytes.
pub type Body = fn(&[u8]);

/// Name and body of every target.
pub const TARGETS: &[(&str, Body)] = &[
    ("aof_events", events),
    ("aof_faces", faces),
    ("aof_manifest", manifest),
    ("aof_walk", walked),
    ("aof_verify", verified),
    ("aof_edit", edited),
    ("aof_digest", digested),
];

/// Every event of a log without a gap, every argument and key of every command.
pub fn events(data: &[u8]) {
    let mut reader = SliceReader::new(data);
    let mut end = 0;
    while let Ok(Some(event)) = reader.next_event() {
        assert_eq!(reader.token_offset(), end, "a gap before {event:?}");
        assert!(reader.offset() > end, "{event:?} is empty");
        end = reader.offset();
        if let Event::Command(command) = event {
            self::command(&command);
        }
    }
    assert!(end <= data.len() as u64);
    assert!(
        matches!(reader.next_event(), Ok(None)),
        "goes on after its end"
    );
}

fn command(command: &Command<'_>) {
    assert_eq!(command.args().count(), command.len(), "{command:?}");
    let again = Command::parse(command.as_raw()).unwrap();
    assert!(again.args().eq(command.args()));
    if let Some(spec) = commands::spec(command) {
        for key in spec.keys(command).take(1 << 16) {
            assert!(
                key > 0 && command.arg(key).is_some(),
                "key {key} of {command:?}"
            );
        }
    }
}

/// All faces say the same of a log: limits, the sizes of three reads, the log.
pub fn faces(data: &[u8]) {
    let Some(([choice, sizes @ ..], log)) = data.split_first_chunk::<4>() else {
        return;
    };
    let limits = Limits {
        command: if choice & 4 == 0 { 1024 } else { 1 << 20 },
        chunk: [16, 100, 1000, 1 << 20][usize::from(choice % 4)],
    };
    compare::faces_agree(log, limits, &sizes.map(usize::from));
}

/// A manifest that was read is written, and reads back as it was.
pub fn manifest(data: &[u8]) {
    let Ok(manifest) = Manifest::parse(data) else {
        return;
    };
    let mut text = Vec::new();
    manifest.write(&mut text);
    if text.is_empty() {
        // Nothing but comments: a manifest without files has no text.
        assert!(manifest.entries.is_empty());
        return;
    }
    let again = match Manifest::parse(&text) {
        Ok(again) => again,
        // Quoting makes lines longer, at last too long for servers.
        Err(error) if error.reason() == Reason::LongLine => return,
        Err(error) => panic!("{error} in {text:?}"),
    };
    let mut rewritten = Vec::new();
    again.write(&mut rewritten);
    assert_eq!(rewritten, text);
    assert!(
        again
            .loaded()
            .map(|e| &e.name)
            .eq(manifest.loaded().map(|e| &e.name))
    );
}

/// Units of a walk come without gaps, and what it calls safe is.
pub fn walked(data: &[u8]) {
    let mut files = Memory::default();
    files.insert(b"log", data);
    let mut follow = Follow::default();
    let limits = Limits {
        command: 1024,
        chunk: 100,
    };
    let ends = walk::walk_with(&Set::single(b"log"), &files, limits, &mut follow);
    let end = &ends[0];
    assert!(end.preamble <= end.safe && end.safe <= end.end && end.end <= data.len() as u64);
    assert!(
        end.open
            .is_none_or(|open| open >= end.safe && open < end.end)
    );
    let safe = &data[..end.safe as usize];
    let (begin, safe_end) = (end.preamble, end.safe);
    files.insert(b"log", safe);
    let mut prefix = Follow::default();
    let ends = walk::walk_with(&Set::single(b"log"), &files, limits, &mut prefix);
    let again = &ends[0];
    if safe_end > begin {
        assert!(again.error.is_none() && again.open.is_none(), "{again:?}");
        assert_eq!(again.safe, safe_end);
        assert_eq!(again.settled, end.settled);
    }
}

#[derive(Default)]
struct Follow {
    end: Option<u64>,
}

impl Visitor for Follow {
    fn unit(&mut self, unit: &Unit<'_>) {
        assert!(
            self.end.is_none_or(|end| end == unit.begin),
            "a gap before {unit:?}"
        );
        assert!(unit.end > unit.begin && unit.cut_at() <= unit.begin);
        self.end = Some(unit.end);
    }

    fn file_end(&mut self, _: usize, end: &FileEnd) {
        assert!(self.end.is_none_or(|last| last <= end.end));
    }
}

/// What does not load, by the decoder, does not load by any verdict; which is the
/// same for a log in pieces. How to judge, where to divide it, three sizes; the log.
pub fn verified(data: &[u8]) {
    let Some(([choice, a, b, sizes @ ..], log)) = data.split_first_chunk::<6>() else {
        return;
    };
    let options = Options {
        server: [
            None,
            Some(Server::new(Product::Redis, 6, 0)),
            Some(Server::new(Product::Redis, 7, 0)),
            Some(Server::REDIS),
            Some(Server::new(Product::Valkey, 8, 1)),
            Some(Server::VALKEY),
        ][usize::from(choice & 7) % 6],
        truncate: choice & 8 == 0,
        max_findings: if choice & 16 == 0 { 1000 } else { 2 },
        ..Options::default()
    };
    let judged = |source: &mut (dyn Read + Send)| {
        let mut report = verify::file(source, &options);
        // It is not the same twice.
        report.rdb.iter_mut().for_each(|rdb| rdb.index_memory = 0);
        report
    };
    let report = judged(&mut { log });
    let mut pieces = compare::Cut {
        data: log,
        sizes: &sizes.map(usize::from),
        turn: 0,
    };
    let streamed = judged(&mut pieces);
    assert_eq!(format!("{report:?}"), format!("{streamed:?}"));
    consistent(&report, log);

    let split = usize::from(u16::from_le_bytes([*a, *b]));
    let (_, files) = edit::divided(log, Some(split));
    let reports = [1, 3].map(|threads| {
        let options = Options {
            threads,
            ..options.clone()
        };
        let mut report = verify::set(&files, b"a.manifest", &options);
        let rdbs = report.files.iter_mut().flat_map(|file| &mut file.rdb);
        rdbs.for_each(|rdb| rdb.index_memory = 0);
        report
    });
    let [one, several] = &reports;
    assert_eq!(format!("{one:?}"), format!("{several:?}"));
    for file in &one.files {
        consistent(file, files.get(&file.name).unwrap());
    }
    assert!(
        one.files
            .iter()
            .all(|file| file.worst <= one.worst_of_all())
    );
}

/// A report agrees with itself, and with the decoder.
fn consistent(report: &FileReport, log: &[u8]) {
    assert!(report.failure.is_none(), "{report:?}");
    assert_eq!(report.counts.bytes, log.len() as u64);
    assert!(report.whole <= report.counts.bytes);
    if let Some(cut) = report.cut {
        assert_eq!(cut.at + cut.bytes, report.counts.bytes);
    }
    let total: u64 = report.totals.values().sum();
    assert!(total >= report.findings.len() as u64);
    assert!(
        report
            .findings
            .iter()
            .all(|f| Some(f.effect) <= report.worst)
    );
    let mut files = Memory::default();
    files.insert(b"log", log);
    let ends = walk::walk(&Set::single(b"log"), &files, &mut Follow::default());
    let verdict = report.verdict();
    match &ends[0].error {
        Some(error) if !error.is_truncation() => assert!(
            matches!(verdict, Verdict::Refused | Verdict::Undecided),
            "{verdict:?}: {error}"
        ),
        Some(_) => assert_ne!(verdict, Verdict::Loads),
        None => assert_eq!(ends[0].end, report.counts.bytes),
    }
}
