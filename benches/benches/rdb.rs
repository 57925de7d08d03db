//! Bytes per second of each layer on each shape of data.
//!
//! `cargo bench -p rdbkit-benches`; inputs are 32 MB (64 MB for `large`),
//! generated from a fixed seed and described in `rdbkit_benches::SHAPES`.

#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rdbkit_benches::SHAPES;
use rdbkit_rdb::digest::{Dataset, Rules};
use rdbkit_rdb::verify::{self, Options, Server, Verdict};
use rdbkit_rdb::{Checksum, SliceReader, StreamReader};

fn layers(c: &mut Criterion) {
    for shape in &SHAPES {
        let mut file = Vec::new();
        let (_, keys) = shape.write(&mut file, 32_000_000).unwrap();
        let mut group = c.benchmark_group(shape.name);
        group
            .throughput(Throughput::Bytes(file.len() as u64))
            .sample_size(10);

        group.bench_function("crc", |b| b.iter(|| black_box(Checksum::of(&file))));
        group.bench_function("events-slice", |b| {
            b.iter(|| {
                let reader = SliceReader::new(&file).check_checksum(false);
                assert!(reader.map(Result::unwrap).count() as u64 > keys);
            });
        });
        group.bench_function("events-stream", |b| {
            b.iter(|| {
                let mut reader = StreamReader::new(file.as_slice());
                let mut events = 0;
                while reader.next_event().unwrap().is_some() {
                    events += 1;
                }
                assert!(events > keys);
            });
        });
        group.bench_function("digest", |b| {
            b.iter(|| {
                let mut dataset = Dataset::new(Rules::of(Server::REDIS));
                for record in SliceReader::new(&file).check_checksum(false).records() {
                    let _ = dataset.add(&record.unwrap()).unwrap();
                }
                assert_eq!(dataset.tally().keys, keys);
            });
        });
        for (name, duplicates) in [("verify", true), ("verify-no-duplicates", false)] {
            let options = Options {
                duplicates,
                ..Options::default()
            };
            group.bench_function(name, |b| {
                b.iter(|| {
                    let report = verify::slice(&file, &options);
                    assert_eq!(report.verdict(), Verdict::Loads);
                    assert_eq!(report.total().keys, keys);
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, layers);
criterion_main!(benches);
