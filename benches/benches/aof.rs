//! Bytes per second of each layer on a log of small commands.
//!
//! `cargo bench -p rdbkit-benches --bench aof`; the log has 32 MB, generated
//! from a fixed seed and described in `rdbkit_benches::log::ABOUT`.

#![allow(missing_docs, clippy::unwrap_used)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rdbkit_aof::edit::{self, Cut, Matching, Pick};
use rdbkit_aof::verify::{self, Options};
use rdbkit_aof::walk::{self, Unit, Visitor};
use rdbkit_aof::{Event, Memory, Set, SliceReader, StreamReader};
use rdbkit_benches::log::write_log;
use rdbkit_rdb::verify::Verdict;

/// Counts commands.
#[derive(Default)]
struct Count(u64);

impl Visitor for Count {
    fn unit(&mut self, unit: &Unit<'_>) {
        self.0 += u64::from(unit.item.command().is_some());
    }
}

fn layers(c: &mut Criterion) {
    let mut log = Vec::new();
    let (_, commands) = write_log(&mut log, 32_000_000).unwrap();
    let mut group = c.benchmark_group("log");
    group
        .throughput(Throughput::Bytes(log.len() as u64))
        .sample_size(10);

    group.bench_function("framing-slice", |b| {
        b.iter(|| {
            let mut reader = SliceReader::new(&log);
            let mut found = 0;
            while let Some(event) = reader.next_event().unwrap() {
                found += u64::from(matches!(event, Event::Command(_)));
            }
            assert_eq!(found, commands);
        });
    });
    group.bench_function("framing-stream", |b| {
        b.iter(|| {
            let mut reader = StreamReader::new(log.as_slice());
            let mut found = 0;
            while let Some(event) = reader.next_event().unwrap() {
                found += u64::from(matches!(event, Event::Command(_)));
            }
            assert_eq!(found, commands);
        });
    });
    let set = Set::single(b"log");
    let mut files = Memory::default();
    files.insert(b"log", log.as_slice());
    group.bench_function("walk", |b| {
        b.iter(|| {
            let mut count = Count::default();
            let ends = walk::walk(&set, &files, &mut count);
            assert!(ends[0].error.is_none() && count.0 == commands);
        });
    });
    group.bench_function("verify", |b| {
        b.iter(|| {
            let report = verify::file(log.as_slice(), &Options::default());
            assert_eq!(report.verdict(), Verdict::Loads);
            assert_eq!(report.counts.commands, commands);
        });
    });
    group.bench_function("plan-of-cut", |b| {
        let matching = Matching {
            pattern: "FLUSHALL".parse().unwrap(),
            db: None,
        };
        let cut = Cut::Before {
            matching,
            pick: Pick::FIRST,
        };
        b.iter(|| {
            let plan = edit::cut(&set, &files, &cut, &edit::Options::at(0)).unwrap();
            assert_eq!(plan.kept.commands + plan.gone.commands, commands);
        });
    });
    group.finish();
}

criterion_group!(benches, layers);
criterion_main!(benches);
