//! Pieces that pass by against records that are held: the same of every file, in
//! whatever windows it comes.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods
)]

#[path = "truth/fixture.rs"]
mod fixture;

use rdbkit_rdb::filter::Filter;
use rdbkit_rdb::pieces::{End, Expired, Key, Piece, Visitor, Want, of_record, visit};
use rdbkit_rdb::{
    Error, Limits, Part, Record, Scratch, SliceReader, StreamItem, StreamReader, Value,
};

const NOBODY_EXPIRES: Expired = Expired {
    now_ms: i64::MIN,
    skip: false,
};

/// Everything that is told of a file, as lines.
struct Told {
    want: Want,
    lines: Vec<String>,
    whole: usize,
}

impl Told {
    fn new(want: Want) -> Told {
        Told {
            want,
            lines: Vec::new(),
            whole: 0,
        }
    }

    fn record_by_walkers(&mut self, record: &Record<'_>) {
        self.lines.extend(lines_of(record).unwrap());
        self.lines.push(format!("end {}", record.size()));
    }
}

fn key_line(db: u64, name: &[u8], offset: u64) -> String {
    format!("key {db} {} at {offset}", name.escape_ascii())
}

impl Visitor for Told {
    type Error = Error;

    fn key(&mut self, key: &Key<'_>) -> Result<Want, Error> {
        self.lines.push(key_line(key.db, key.name, key.offset));
        Ok(self.want)
    }

    fn piece(&mut self, piece: Piece<'_>) -> Result<(), Error> {
        self.lines.push(line(&piece));
        Ok(())
    }

    fn end(&mut self, end: End) -> Result<(), Error> {
        self.lines.push(format!("end {}", end.size));
        Ok(())
    }

    fn record(&mut self, record: &Record<'_>) -> Result<(), Error> {
        self.whole += 1;
        self.record_by_walkers(record);
        Ok(())
    }
}

fn line(piece: &Piece<'_>) -> String {
    match piece {
        Piece::Stream(StreamItem::Entry { id, fields, .. }) => {
            let fields: Vec<_> = fields.clone().collect();
            format!("{id} {fields:?}")
        }
        piece => format!("{piece:?}"),
    }
}

/// What the walkers of values tell.
fn lines_of(record: &Record<'_>) -> Result<Vec<String>, Error> {
    let mut lines = Vec::new();
    let mut add = |piece: Piece<'_>| lines.push(line(&piece));
    match record.value()? {
        Value::String(text) => add(Piece::String(text.bytes(&mut Scratch::default()).unwrap())),
        Value::List(mut list) => {
            while let Some(element) = list.next()? {
                add(Piece::Element(element));
            }
        }
        Value::Set(mut set) => {
            while let Some(member) = set.next()? {
                add(Piece::Member(member));
            }
        }
        Value::Zset(mut zset) => {
            while let Some((member, score)) = zset.next()? {
                add(Piece::Scored(member, score));
            }
        }
        Value::Hash(mut hash) => {
            while let Some(field) = hash.next()? {
                add(Piece::Field(field));
            }
        }
        Value::Stream(mut stream) => {
            while let Some(item) = stream.next()? {
                add(Piece::Stream(item));
            }
        }
        Value::Module(mut module) => {
            add(Piece::Module(module.id()));
            while let Some(item) = module.next()? {
                add(Piece::ModuleItem(item));
            }
        }
        Value::Array(mut array) => {
            let insert_at = array.insert_at();
            add(Piece::Array { insert_at });
            while let Some(item) = array.next()? {
                add(Piece::ArrayItem(item));
            }
        }
        Value::Gcra(time) => add(Piece::Gcra(time)),
        other => panic!("nothing known of {other:?}"),
    }
    Ok(lines)
}

/// What is told of a file whose records are held.
fn by_records(rdb: &[u8]) -> Vec<String> {
    let mut told = Told::new(Want::Nothing);
    for record in SliceReader::new(rdb).records() {
        let record = record.unwrap();
        let name = record.key.to_vec().unwrap();
        told.lines.push(key_line(record.db, &name, record.offset));
        told.record_by_walkers(&record);
    }
    told.lines
}

/// Those that are snapshots: commands among keys are refused.
fn fixtures() -> impl Iterator<Item = fixture::Fixture> {
    fixture::all().into_iter().filter(|fixture| {
        !fixture.is_replication_stream() && !fixture.is_unreadable(&fixture.truth())
    })
}

fn by_visit(rdb: &[u8], window: usize, chunk: usize, filter: &mut Filter, want: Want) -> Told {
    let limits = Limits {
        chunk,
        ..Limits::default()
    };
    let mut source = StreamReader::with_limits(rdb, window, limits);
    let header = source.next_event().unwrap();
    assert!(matches!(header, Some(Part::Header { .. })));
    let mut told = Told::new(want);
    visit(&mut source, filter, NOBODY_EXPIRES, &mut told).unwrap();
    told
}

#[test]
fn every_value_in_pieces_is_the_value() {
    let mut keys = 0;
    for fixture in fixtures() {
        let rdb = fixture.rdb();
        let held = by_records(&rdb);
        keys += held.iter().filter(|l| l.starts_with("key ")).count();
        for (window, chunk) in [(16, 40), (16, 1 << 20), (1 << 18, 100), (1 << 18, 1 << 20)] {
            let told = by_visit(&rdb, window, chunk, &mut Filter::new(), Want::Pieces);
            assert!(told.lines == held, "{}, {window}, {chunk}", fixture.name);
        }
        for record in SliceReader::new(&rdb).records() {
            let mut told = Told::new(Want::Pieces);
            of_record(&record.unwrap(), &mut told).unwrap();
            let begin = held.iter().position(|line| *line == told.lines[0]).unwrap();
            let same = &held[begin..begin + told.lines.len()];
            assert!(told.lines == same, "{}", fixture.name);
        }
    }
    assert!(keys > 1000, "{keys}");
}

#[test]
fn values_that_are_wanted_whole_and_too_large_for_it() {
    let mut whole = 0;
    for fixture in fixtures() {
        let rdb = fixture.rdb();
        let held = by_records(&rdb);
        for (window, at_most) in [
            (16, 0),
            (16, 30),
            (16, 300),
            (1 << 18, 30),
            (1 << 18, 1 << 30),
        ] {
            let want = Want::Record { at_most };
            let told = by_visit(&rdb, window, 1 << 20, &mut Filter::new(), want);
            assert!(told.lines == held, "{}, {window}, {at_most}", fixture.name);
            whole += told.whole;
        }
    }
    assert!(whole > 1000, "{whole}");
}

#[test]
fn a_size_that_is_known_late_changes_nothing() {
    for fixture in fixtures() {
        let rdb = fixture.rdb();
        // Each key's lines, if it has so many bytes.
        let held = by_records(&rdb);
        let mut keys: Vec<Vec<String>> = Vec::new();
        for line in held {
            match keys.last_mut() {
                Some(key) if !line.starts_with("key ") => key.push(line),
                _ => keys.push(vec![line]),
            }
        }
        for (min, max) in [(0, 40), (40, 400), (200, u64::MAX)] {
            let within = keys.iter().filter(|key| {
                let size = key.last().unwrap().strip_prefix("end ").unwrap();
                (min..=max).contains(&size.parse().unwrap())
            });
            let within: Vec<String> = within.flatten().cloned().collect();
            for (window, want) in [
                (16, Want::Pieces),
                (1 << 18, Want::Pieces),
                (16, Want::Record { at_most: 100 }),
            ] {
                let mut filter = Filter::new().min_size(min).max_size(max);
                let told = by_visit(&rdb, window, 1 << 20, &mut filter, want);
                assert!(
                    told.lines == within,
                    "{}, {min} to {max}, {window}",
                    fixture.name
                );
            }
        }
    }
}

#[test]
fn what_is_damaged_is_told_with_its_place() {
    let rdb = std::fs::read(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../testdata/rdb/redis-8.0-sid/dense.rdb"
    ));
    let rdb = rdb.unwrap();
    // Whatever is done to the file, pieces stop where records do, or within the
    // same value: of that, records find first what is wrong with its frame.
    let mut alike = 0;
    for at in (9..rdb.len()).step_by(7) {
        let mut damaged = rdb.clone();
        damaged[at] ^= 0x41;
        let mut held = None;
        let mut records = SliceReader::new(&damaged).check_checksum(false).records();
        while held.is_none() {
            match records.next_record() {
                Ok(Some(record)) => held = lines_of(&record).err(),
                Ok(None) => break,
                Err(error) => held = Some(error),
            }
        }
        let mut source = StreamReader::new(&damaged[..]).check_checksum(false);
        source.next_event().unwrap();
        let mut told = Told::new(Want::Pieces);
        let visited = visit(&mut source, &mut Filter::new(), NOBODY_EXPIRES, &mut told);
        match (visited.err(), held) {
            (None, None) => {}
            (Some(a), Some(b)) if a.to_string() == b.to_string() => alike += 1,
            (Some(a), Some(b)) => assert!(a.offset() <= b.offset(), "byte {at}: {a}, {b}"),
            (a, b) => panic!("byte {at}: {a:?}, {b:?}"),
        }
    }
    assert!(alike > 50, "{alike}");
}
