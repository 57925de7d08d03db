//! What the machine can do.
//!
//! `bench-limits [MEGABYTES]` reads and hashes memory on one processor, and computes on all of them at once. Prints
//! `what<TAB>number` lines, medians of seven: GB/s, and in the last one how many times as much all processors do as one.
//!
//! `bench-limits --checksum FILE` reads a file and makes its checksum, which is the least that verifying it can cost.

use std::fs::File;
use std::hint::black_box;
use std::io::{self, Read};
use std::process::ExitCode;
use std::thread::{available_parallelism, scope};
use std::time::Instant;

use rdbkit_rdb::Checksum;

/// Of each measurement.
const RUNS: usize = 7;
/// What is read at once.
const WINDOW: usize = 256 << 10;
/// Bytes that stay in any processor's first cache, and how often they are hashed.
const SMALL: usize = 16 << 10;
const TIMES: usize = 50_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["--checksum", path] => match read(path) {
            Ok(checksum) => println!("{checksum:016x}"),
            Err(error) => {
                eprintln!("{path}: {error}");
                return ExitCode::from(2);
            }
        },
        [] => print_limits(1000),
        [megabytes] => match megabytes.parse() {
            Ok(megabytes) => print_limits(megabytes),
            Err(_) => return usage(),
        },
        _ => return usage(),
    }
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("usage: bench-limits [MEGABYTES]\n       bench-limits --checksum FILE");
    ExitCode::from(2)
}

/// The checksum of a whole file.
fn read(path: &str) -> io::Result<u64> {
    let mut file = File::open(path)?;
    let mut window = vec![0; WINDOW];
    let mut checksum = Checksum::new();
    loop {
        match file.read(&mut window)? {
            0 => return Ok(checksum.value()),
            n => checksum.update(window.get(..n).unwrap_or_default()),
        }
    }
}

fn print_limits(megabytes: usize) {
    // Every page is there before it is read: none is the shared page of zeros.
    let memory: Vec<u64> = (0..megabytes as u64 * 125_000).collect();
    let bytes: Vec<u8> = memory.iter().flat_map(|word| word.to_le_bytes()).collect();
    let mut copy = vec![1; WINDOW];
    let limits: [(&str, &mut dyn FnMut()); 3] = [
        ("reading memory", &mut || {
            black_box(
                memory
                    .iter()
                    .fold(0u64, |sum, word| sum.wrapping_add(*word)),
            );
        }),
        ("copying into a window of 256 KiB", &mut || {
            for part in bytes.chunks(copy.len()) {
                if let Some(window) = copy.get_mut(..part.len()) {
                    window.copy_from_slice(part);
                }
                black_box(&mut copy);
            }
        }),
        ("checksum", &mut || hash(&bytes)),
    ];
    for (what, limit) in limits {
        println!("{what}\t{:.2}", bytes.len() as f64 / 1e9 / median(limit));
    }
    let processors = available_parallelism().map_or(1, usize::from);
    let small = bytes.get(..SMALL).unwrap_or(&bytes);
    let mut work = || (0..TIMES).for_each(|_| hash(small));
    let one = median(&mut work);
    let all = median(&mut || {
        scope(|scope| {
            for _ in 0..processors {
                scope.spawn(|| (0..TIMES).for_each(|_| hash(small)));
            }
        });
    });
    println!(
        "all {processors} processors at once, times one\t{:.2}",
        processors as f64 * one / all
    );
}

fn hash(bytes: &[u8]) {
    let mut checksum = Checksum::new();
    checksum.update(bytes);
    black_box(checksum.value());
}

/// Seconds that something takes.
fn median(work: &mut dyn FnMut()) -> f64 {
    let mut seconds: Vec<f64> = (0..RUNS)
        .map(|_| {
            let begin = Instant::now();
            work();
            begin.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds.get(RUNS / 2).copied().unwrap_or(f64::NAN)
}
