//! Whatever the threads and windows, the report is that of one thread.

use std::fs;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::relay::{Crew, MOST_EARLY};
use super::{Deal, read_by};
use crate::decoder::{Checkpoint, Decoder, RunSink, Runs};
use crate::error::Result;
use crate::limits::Limits;
use crate::record::RecordBuf;
use crate::region::{Frame, Held, Region, Regions, Spare};
use crate::stream::StreamReader;
use crate::verify::memory::Memory;
use crate::verify::verifier::Verifier;
use crate::verify::{Code, Options, Report};
use crate::write::{Format, Writer};
use crate::{Dialect, SliceReader, Str};

/// The report of `source`, and whether its end was read.
fn judged<'a>(
    source: &mut (impl Regions<'a> + Send + ?Sized),
    verifier: &mut Verifier<'_>,
    threads: usize,
    region: usize,
) -> Option<u64> {
    let deal = Deal { region, alone: 0 };
    match read_by(source, verifier, threads, deal) {
        Ok(()) => None,
        Err(error) => {
            let at = error.offset();
            verifier.error(error);
            Some(at)
        }
    }
}

/// But for how much memory the index took: each thread has its own.
fn told(verifier: Verifier<'_>, end: u64) -> String {
    let report = Report {
        index_memory: 0,
        ..verifier.finish(end)
    };
    format!("{report:?}")
}

fn streamed(bytes: &[u8], options: &Options, threads: usize, region: usize) -> String {
    let window = region.min(1 << 10);
    let source = StreamReader::with_limits(bytes, window, Limits::default());
    let mut reader = source.check_checksum(false);
    let mut verifier = Verifier::new(options);
    let any: &mut StreamReader<dyn Read + Send + '_> = &mut reader;
    let stopped = judged(any, &mut verifier, threads, region);
    let end = stopped.unwrap_or_else(|| {
        let end = reader.offset();
        verifier.checksum(reader.computed_checksum().unwrap_or(0), end);
        verifier.rest(reader.count_rest().unwrap(), end);
        end
    });
    verifier.duplicates(|_| None);
    told(verifier, end)
}

fn in_memory(bytes: &[u8], options: &Options, threads: usize, region: usize) -> String {
    let mut source = Memory::new(bytes, Limits::default());
    let mut verifier = Verifier::new(options);
    let stopped = judged(&mut source, &mut verifier, threads, region);
    let end = stopped.unwrap_or_else(|| {
        let end = source.offset();
        verifier.checksum(source.checksum(), end);
        verifier.rest(source.rest(), end);
        end
    });
    verifier.duplicates(|_| None);
    told(verifier, end)
}

fn agree(name: &str, bytes: &[u8], options: &Options) {
    let alone = streamed(bytes, options, 1, 256 << 10);
    for (threads, region) in [(2, 16), (3, 100), (2, 1000), (4, 8 << 10)] {
        let ways = [
            streamed(bytes, options, threads, region),
            in_memory(bytes, options, threads, region),
        ];
        for together in ways {
            assert_eq!(alone, together, "{name}: {threads} threads, {region} bytes");
        }
    }
}

/// The files under `testdata` and `RDBKIT_CORPUS` that end in `.rdb`.
fn files() -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![here.join("../testdata")];
    folders.extend(std::env::var_os("RDBKIT_CORPUS").map(PathBuf::from));
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rdb") {
                found.push(path);
            }
        }
    }
    assert!(found.len() > 500, "only {} files", found.len());
    found
}

#[test]
fn every_file_whole_and_damaged() {
    let options = Options {
        now_ms: Some(1_800_000_000_000),
        max_findings: 3,
        ..Options::default()
    };
    for path in files() {
        let bytes = fs::read(&path).unwrap();
        agree(&path.display().to_string(), &bytes, &options);
    }
}

#[test]
fn what_the_fuzzer_has_kept() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus-min/verify");
    for entry in fs::read_dir(kept).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        // In front of the file stands how the fuzzer judges it.
        let file = bytes.get(6..).unwrap_or_default();
        agree(&path.display().to_string(), file, &Options::default());
    }
}

/// All keys of the fixtures in one file: each is there many times.
fn mixture() -> Vec<u8> {
    let format = Format::new(Dialect::Redis, 12).unwrap();
    let mut writer = Writer::new(Vec::new(), format).unwrap();
    let mut record = RecordBuf::new();
    for (n, path) in files().into_iter().enumerate() {
        let bytes = fs::read(path).unwrap();
        let mut reader = StreamReader::new(bytes.as_slice());
        while let Ok(true) = reader.read_record(&mut record) {
            // What the format has no words for is left out.
            let _ = writer.record(&record.as_record());
        }
        if n % 50 == 0 {
            writer.aux(Str::Raw(b"n"), Str::Raw(b"1")).unwrap();
        }
    }
    writer.finish().unwrap()
}

#[test]
fn many_keys_of_every_type_and_many_findings() {
    let bytes = mixture();
    let keys = SliceReader::new(&bytes).records().count();
    assert!(keys > 1000 && bytes.len() > 100_000, "{keys} keys");
    for max_findings in [0, 1, 50, usize::MAX] {
        let options = Options {
            databases: 2,
            modules: Some(vec!["none".to_owned()]),
            now_ms: Some(1_800_000_000_000),
            max_findings,
            ..Options::default()
        };
        agree("mixture", &bytes, &options);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damage_anywhere(at: prop::sample::Index, bit in 0u8..8, cut: prop::sample::Index, threads in 2usize..5) {
        use std::sync::OnceLock;
        static MIXTURE: OnceLock<Vec<u8>> = OnceLock::new();
        let mut bytes = MIXTURE.get_or_init(mixture).clone();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if cut.index(4) == 0 {
            bytes.truncate(at + cut.index(100_000));
        }
        let options = Options::default();
        let alone = streamed(&bytes, &options, 1, 256 << 10);
        for region in [64, 5000] {
            prop_assert_eq!(&alone, &streamed(&bytes, &options, threads, region));
            prop_assert_eq!(&alone, &in_memory(&bytes, &options, threads, region));
        }
    }
}

/// Keys of all that is said of expiries: none, "none", past and future; each name twice.
#[test]
fn expiries_of_plain_strings() {
    const NOW: i64 = 1_800_000_000_000;
    let expiry = |n: u32| [None, Some(-1), Some(NOW - 1), Some(NOW + 1)][n as usize % 4];
    let mut bytes = b"REDIS0012".to_vec();
    for n in (0..1_000u32).chain(0..1_000) {
        if let Some(t) = expiry(n) {
            bytes.push(0xfc);
            bytes.extend(t.to_le_bytes());
        }
        bytes.extend([&[0, 4], &n.to_le_bytes()[..], &[30], &[b'v'; 30]].concat());
    }
    bytes.extend(b"\xff\0\0\0\0\0\0\0\0");
    for (base, duplicates) in [(false, 750), (true, 1_000)] {
        let options = Options {
            now_ms: Some(NOW),
            base: Some(base),
            ..Options::default()
        };
        let report = crate::verify::slice(&bytes, &options);
        let found = &report.databases[&0];
        assert_eq!(
            (found.keys, found.expires, found.expired),
            (2_000, 1_000, 500)
        );
        assert_eq!(report.totals[&Code::DuplicateKey], duplicates);
        agree("expiries", &bytes, &options);
    }
}

/// Gives its bytes a few at a time, and then fails once.
struct Failing<'a> {
    bytes: &'a [u8],
    failed: bool,
}

impl Read for Failing<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.bytes.is_empty() && !std::mem::replace(&mut self.failed, true) {
            return Err(io::Error::other("the cable is out"));
        }
        let len = buf.len().min(700);
        self.bytes.read(&mut buf[..len])
    }
}

#[test]
fn a_read_that_fails_is_told_behind_what_came_before() {
    let bytes = mixture();
    let options = Options::default();
    for cut in [100, 5000, bytes.len() / 2, bytes.len() - 1] {
        let told = [1, 2].map(|threads| {
            let source = Failing {
                bytes: &bytes[..cut],
                failed: false,
            };
            let mut reader = StreamReader::with_limits(source, 64, Limits::default());
            let mut verifier = Verifier::new(&options);
            let any: &mut StreamReader<dyn Read + Send + '_> = &mut reader;
            let end = judged(any, &mut verifier, threads, 3000).unwrap();
            verifier.duplicates(|_| None);
            told(verifier, end)
        });
        assert!(told[0].contains("the cable is out"), "{}", told[0]);
        assert_eq!(told[0], told[1], "cut at {cut}");
    }
}

/// Two regions whose offsets end in the first one. Arithmetic is checked in tests: a
/// decoder panics there.
#[cfg(debug_assertions)]
struct Endless {
    decoder: Decoder,
    left: u32,
}

#[cfg(debug_assertions)]
impl Regions<'static> for Endless {
    fn drive<S: RunSink>(&mut self, _: &mut S) -> Result<bool> {
        Ok(false)
    }

    fn drive_whole_records<S: RunSink>(&mut self, _: &mut S) -> Result<bool> {
        Ok(false)
    }

    fn position(&self) -> &Decoder {
        &self.decoder
    }

    fn cut(&mut self, _: usize, _: &mut Spare) -> Option<Region<'static>> {
        self.left = self.left.checked_sub(1)?;
        let from = Checkpoint {
            dialect: Dialect::Redis,
            version: 12,
            offset: if self.left == 2 * MOST_EARLY as u32 + 1 {
                u64::MAX
            } else {
                100
            },
        };
        let frame = Frame {
            len: 5,
            ..Frame::default()
        };
        let bytes = Held::Lent(b"\x00\x01a\x01x");
        Some(Region::new(bytes, from, frame, Runs::default()))
    }
}

#[test]
#[cfg(debug_assertions)]
fn a_thread_that_panics_takes_the_caller_with_it() {
    let options = Options::default();
    for threads in [1, 2, 4] {
        let mut source = Endless {
            decoder: Decoder::new(Limits::default()),
            left: 2 + u32::try_from(MOST_EARLY).unwrap() * 2,
        };
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let verifier = &mut Verifier::new(&options);
            Crew::new(threads).judge(&mut source, verifier, 1000)
        }));
        let said = outcome.unwrap_err();
        let said = said.downcast_ref::<&str>().copied().unwrap_or_default();
        assert!(said.contains("overflow"), "{said}");
    }
}
