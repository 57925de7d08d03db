//! What the machine can do: `bench-limits [MEGABYTES]` reads and hashes memory, on one processor.
//!
//! Prints `what<TAB>GB/s` lines, medians of seven.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use rdbkit_rdb::Checksum;

/// Of each measurement.
const RUNS: usize = 7;

fn main() -> ExitCode {
    let argument = std::env::args().nth(1);
    let Ok(megabytes) = argument.as_deref().unwrap_or("1000").parse::<usize>() else {
        eprintln!("usage: bench-limits [MEGABYTES]");
        return ExitCode::from(2);
    };
    // Every page is there before it is read: none is the shared page of zeros.
    let memory: Vec<u64> = (0..megabytes as u64 * 125_000).collect();
    let bytes: Vec<u8> = memory.iter().flat_map(|word| word.to_le_bytes()).collect();
    let mut copy = vec![1; 1 << 18];
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
        ("checksum", &mut || {
            let mut checksum = Checksum::new();
            checksum.update(&bytes);
            black_box(checksum.value());
        }),
    ];
    for (what, limit) in limits {
        let mut seconds: Vec<f64> = (0..RUNS)
            .map(|_| {
                let begin = Instant::now();
                limit();
                begin.elapsed().as_secs_f64()
            })
            .collect();
        seconds.sort_by(f64::total_cmp);
        let median = seconds.get(RUNS / 2).copied().unwrap_or(f64::NAN);
        println!("{what}\t{:.2}", bytes.len() as f64 / 1e9 / median);
    }
    ExitCode::SUCCESS
}
