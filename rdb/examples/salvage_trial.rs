//! One flipped byte, a right checksum, and what is salvaged: how many of the
//! other keys come back as they were.
//!
//! ```text
//! cargo run --release -p rdbkit-rdb --example salvage_trial -- FILE [SEED [FILES [FOLDER]]]
//! ```
//!
//! Flips one byte of FILE at a time, FILES times (1000), anywhere behind the
//! header; salvages each; compares every key with the whole file: database,
//! name, expiry, type and the value's bytes. Each result is verified. The first
//! 200 results are put into FOLDER, for servers to load. Exit code 0 if at
//! least 95 of 100 cases keep 99.9 % of the other keys and all results load.
#![allow(clippy::unwrap_used, clippy::panic)] // this is a measurement

use std::collections::HashMap;
use std::process::ExitCode;
use std::{env, fs};

use rdbkit_rdb::salvage::{self, Options, Report};
use rdbkit_rdb::verify::{self, Verdict};
use rdbkit_rdb::{Checksum, SliceReader};

/// Results that are kept for servers.
const KEPT: usize = 200;

type Keys = HashMap<(u64, Vec<u8>), u64>;

/// Every key by database and name, with a hash of all else.
fn keys(file: &[u8]) -> (Keys, Vec<(u64, u64)>) {
    let mut keys = Keys::new();
    let mut places = Vec::new();
    for record in SliceReader::new(file).records() {
        let record = record.unwrap();
        let meta = format!("{:?} {:?} {:?}", record.meta, record.key_meta, record.kind);
        let print = Checksum::of(&[meta.as_bytes(), record.raw].concat());
        places.push((record.offset, record.offset + record.size()));
        keys.insert((record.db, record.key.to_vec().unwrap()), print);
    }
    (keys, places)
}

fn next(state: &mut u64) -> u64 {
    // xorshift64*
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
}

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let number = |i: usize, or: u64| args.get(i).map_or(or, |n| n.parse().unwrap());
    let path = args.first().expect("name an RDB file");
    let (seed, files) = (number(1, 1), number(2, 1000) as usize);
    let folder = args.get(3);
    let whole = fs::read(path).unwrap();
    let (all, places) = keys(&whole);
    println!(
        "{path}: {} keys, {} bytes, seed {seed}",
        all.len(),
        whole.len()
    );
    let databases = all.keys().map(|(db, _)| db + 1).max().unwrap_or(1).max(16);
    let options = Options {
        databases,
        ..Options::default()
    };
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let (mut good, mut exact, mut bad, mut unloadable) = (0, 0, Vec::new(), 0);
    let (mut lost_others, mut strangers, mut noticed) = (0, 0, 0);
    for case in 0..files {
        let at = 9 + (next(&mut state) % (whole.len() as u64 - 17)) as usize;
        let flip = 1 + (next(&mut state) % 255) as u8;
        let mut file = whole.clone();
        file[at] ^= flip;
        let body = file.len() - 8;
        if !file.starts_with(b"REDIS000") || file[8] >= b'5' {
            let sum = Checksum::of(&file[..body]);
            file[body..].copy_from_slice(&sum.to_le_bytes());
        }
        let (new, report) = salvage::bytes(&file, &options).unwrap();
        let check = verify::Options {
            databases,
            ..verify::Options::default()
        };
        let proof = verify::slice(&new, &check);
        if proof.verdict() != Verdict::Loads {
            println!(
                "case {case}: byte {at} ^ {flip:#04x}: the result does not load: {:?}",
                proof.findings.first()
            );
            unloadable += 1;
            continue;
        }
        if let (Some(folder), true) = (folder, case < KEPT) {
            fs::write(format!("{folder}/{case:04}.rdb"), &new).unwrap();
        }
        noticed += usize::from(!report.is_whole());
        let (found, _) = keys(&new);
        let same = all
            .iter()
            .filter(|(key, print)| found.get(key) == Some(print))
            .count();
        let others = found
            .iter()
            .filter(|(key, print)| all.get(key) != Some(print))
            .count();
        strangers += others.saturating_sub(1);
        // One key is the damaged one, unless none was hit.
        let lost = (all.len() - same).saturating_sub(1);
        lost_others += lost;
        exact += usize::from(lost == 0);
        let within = lost * 1000 <= all.len();
        good += usize::from(within);
        if !within || others > 1 {
            bad.push((case, at, flip, lost, others, explain(&places, at, &report)));
        }
    }
    for (case, at, flip, lost, others, why) in &bad {
        println!(
            "case {case}: byte {at} ^ {flip:#04x}: {lost} other keys lost, {others} are not as they were; {why}"
        );
    }
    println!(
        "{files} files: {good} kept 99.9 % of the other keys, {exact} all of them; {lost_others} other keys lost in all, {strangers} keys beside the damaged one that were not there; {noticed} found damaged, {unloadable} results do not load"
    );
    match good * 100 >= files * 95 && unloadable == 0 {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// Where the byte was, and what was made of it.
fn explain(places: &[(u64, u64)], at: usize, report: &Report) -> String {
    let i = places.partition_point(|(_, end)| *end <= at as u64);
    let place = places.get(i).copied().unwrap_or_default();
    let gaps: Vec<_> = report
        .gaps
        .iter()
        .map(|g| (g.offset, g.bytes, g.kind, g.code))
        .collect();
    format!("key at {place:?}, gaps {gaps:?}")
}
