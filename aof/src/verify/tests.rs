use std::io::{self, Read};

use proptest::prelude::*;

use super::file::{By, judged};
use super::judge::Role;
use super::*;

const ROLE: Role = Role::ALONE;

fn raw(line: &str) -> Vec<u8> {
    let words: Vec<&str> = line.split(' ').collect();
    let mut raw = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        raw.extend(format!("${}\r\n{word}\r\n", word.len()).bytes());
    }
    raw
}

fn log(lines: &[&str]) -> Vec<u8> {
    let units = lines.iter().map(|line| match line {
        line if line.starts_with('#') => format!("{line}\r\n").into_bytes(),
        line => raw(line),
    });
    units.flatten().collect()
}

fn judge(log: &[u8], server: &str) -> FileReport {
    let options = Options {
        server: Some(server.parse().unwrap()),
        ..Options::default()
    };
    file(log, &options)
}

/// Code, effect, line and database of each finding.
fn found(report: &FileReport) -> Vec<(&'static str, Effect, u64, Option<u64>)> {
    let findings = report.findings.iter();
    findings
        .map(|f| (f.code.name(), f.effect, f.line.unwrap(), f.db))
        .collect()
}

#[test]
fn what_is_counted() {
    let log = log(&[
        "#TS:100", "SELECT 3", "set k v", "SET k v", "MULTI", "INCR n", "SELECT 0", "EXEC",
        "#TS:101", "DEL k",
    ]);
    let report = judge(&log, "redis:8.0");
    assert_eq!(report.findings, []);
    let counts = &report.counts;
    assert_eq!(
        (counts.commands, counts.transactions, counts.annotations),
        (8, 1, 2)
    );
    assert_eq!(
        (counts.first_time, counts.last_time),
        (Some(100), Some(101))
    );
    let databases: Vec<_> = counts.databases.iter().map(|(db, n)| (*db, *n)).collect();
    assert_eq!(databases, [(0, 1), (3, 3)]);
    assert_eq!(counts.names.get(&b"set"[..]), Some(&2));
    assert_eq!(counts.names.values().sum::<u64>(), 8);
    assert_eq!(
        (report.whole, counts.bytes),
        (log.len() as u64, log.len() as u64)
    );
}

#[test]
fn lines_and_databases_are_those_of_the_place() {
    let log = log(&[
        "SELECT 2",
        "SET k v",
        "SET k v",
        "SELECT 99",
        "#x",
        "EXEC",
        "GET k",
        "MULTI",
        "MULTI",
        "SADD",
        "EXEC",
    ]);
    // SELECT has 5 lines, SET 7 each.
    let wanted = [
        ("select-refused", Effect::Loses, 20, Some(2)),
        ("odd-annotation", Effect::Loads, 25, None),
        ("stray-exec", Effect::Loads, 25, Some(2)),
        ("no-write", Effect::Loads, 28, Some(2)),
        ("nested-multi", Effect::Loads, 36, Some(2)),
        ("no-arguments", Effect::Crashes, 39, Some(2)),
    ];
    assert_eq!(found(&judge(&log, "redis:8.0")), wanted);
}

/// What is queued and never run does no harm, but where arities are compared first.
#[test]
fn an_open_transaction_is_not_run() {
    let log = log(&["MULTI", "SADD", "DISCARD", "SELECT 99"]);
    let codes = |server| {
        judge(&log, server)
            .totals
            .into_keys()
            .map(Code::name)
            .collect::<Vec<_>>()
    };
    assert_eq!(codes("redis:8.0"), ["open-transaction"]);
    assert_eq!(codes("valkey:9.1"), ["open-transaction", "no-arguments"]);
}

#[test]
fn module_commands_are_known_where_somebody_says_so() {
    let log = log(&["JSON.SET k $ 1", "ft.create i", "json.del k"]);
    let refused = judge(&log, "redis:8.0");
    assert_eq!(refused.totals[&Code::UnknownCommand], 3);
    let options = Options {
        module_commands: vec!["json.*".to_owned(), "FT.*".to_owned()],
        ..Options::default()
    };
    assert_eq!(file(&log[..], &options).findings, []);
}

#[test]
fn findings_are_counted_beyond_those_kept() {
    let log = log(&["PING"; 50]);
    let options = Options {
        max_findings: 3,
        ..Options::default()
    };
    let report = file(&log[..], &options);
    assert_eq!(
        (report.findings.len(), report.totals[&Code::NoWrite]),
        (3, 50)
    );
}

#[test]
fn a_long_command_is_judged_by_its_front() {
    let long = "x".repeat(3 << 20);
    let log = log(&[
        &format!("SELECT 5 {long}"),
        &format!("foo {long}"),
        "SET k v",
    ]);
    let report = judge(&log, "redis:8.0");
    let codes: Vec<_> = found(&report).iter().map(|f| (f.0, f.2, f.3)).collect();
    let wanted = [
        ("too-many-arguments", 1, Some(0)),
        ("unknown-command", 8, Some(5)),
    ];
    assert_eq!(codes, wanted);
    assert_eq!(report.counts.databases.get(&5), Some(&2));
}

/// A source that fails.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("gone"))
    }
}

#[test]
fn what_cannot_be_read_has_no_verdict() {
    let begun = log(&["SET k v"]);
    let rdb = b"REDIS0009\xfe\x00\x00\x01a\x01b".as_slice();
    for front in [&begun[..], &begun[..9], rdb] {
        let report = file(front.chain(Broken), &Options::default());
        assert!(report.has_failed());
        assert_eq!(report.verdict().name(), "undecided");
    }
}

#[test]
fn effects_go_with_the_server() {
    let effect = |code: Code, server: &str| code.effect(server.parse().unwrap());
    assert_eq!(
        effect(Code::TornTransaction, "redis:8.8"),
        Effect::LeavesOpen
    );
    assert_eq!(
        effect(Code::TornTransaction, "valkey:9.1"),
        Effect::Truncates
    );
    assert_eq!(effect(Code::TornBehindRdb, "valkey:8.1"), Effect::Empties);
    assert_eq!(
        effect(Code::TooManyArguments, "valkey:8.1"),
        Effect::Refuses
    );
    assert_eq!(effect(Code::OldAnnotation, "redis:6.2"), Effect::Refuses);
    let elsewhere = Code::GluedQuotes.elsewhere(Effect::Refuses);
    assert_eq!(elsewhere, [("valkey:9.1".parse().unwrap(), Effect::Loads)]);
    assert_eq!(Code::TornTail.elsewhere(Effect::Truncates), []);
}

/// Bytes that come close to a log.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let unit = prop_oneof![
        "(SET|set|DEL|SADD|HSET|FOO|GET|XGROUP|MULTI|EXEC|DISCARD|SELECT|PING|DEBUG)( [a-c0-9]{0,9}){0,4}"
            .prop_map(|line| raw(&line)),
        "#(TS:)?[0-9a]{0,9}\r?\n".prop_map(String::into_bytes),
        "[*$][ +0-9-]{0,4}\r?\n".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..9),
        Just(b"REDIS0009\xfe\x00\x00\x01a\x01b\xff\0\0\0\0\0\0\0\0".to_vec()),
    ];
    prop::collection::vec(unit, 0..12).prop_map(|units| units.concat())
}

proptest! {
    #[test]
    fn the_window_does_not_matter(
        log in nearly(),
        window in 16usize..99,
        truncate in any::<bool>(),
        server in prop::sample::select(vec!["redis:6.0", "redis:8.0", "valkey:8.1", "valkey:9.1"]),
    ) {
        let options = Options { truncate, ..Options::default() };
        let server = Some(server.parse().unwrap());
        let whole = judged(&log[..], &options, server, ROLE, By::One { window: 1 << 20 });
        let cut = judged(&log[..], &options, server, ROLE, By::One { window });
        prop_assert_eq!(format!("{whole:?}"), format!("{cut:?}"));
        prop_assert_eq!(whole.counts.bytes, log.len() as u64);
        prop_assert!(whole.whole <= log.len() as u64);
        if let Some(cut) = whole.cut {
            prop_assert_eq!(cut.at + cut.bytes, log.len() as u64);
        }
    }
}
