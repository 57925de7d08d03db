//! The verdict equals the server's: every damaged file, every good one.
//!
//! `testdata/damaged/verdicts.jsonl` holds what real servers did with each
//! file; a server named `NAME sanitised` ran with `sanitize-dump-payload yes`.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

#[allow(dead_code)]
#[path = "truth/fixture.rs"]
mod fixture;

use std::fs;
use std::path::{Path, PathBuf};

use rdbkit_rdb::Limits;
use rdbkit_rdb::verify::{self, Code, Options, Report, Verdict};
use serde_json::Value;

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata")
}

fn judge(bytes: &[u8], options: &Options) -> Report {
    let report = verify::slice(bytes, options);
    let mut streamed = verify::stream(bytes, options);
    assert_eq!(report.verdict(), streamed.verdict());
    // A stream has gone by when a duplicate is found: its name is looked up.
    for finding in &mut streamed.findings {
        if finding.code == Code::DuplicateKey {
            finding.key = verify::name_key(&bytes[finding.offset as usize..]);
        }
    }
    assert_eq!(report.findings, streamed.findings);
    assert_eq!(report.databases, streamed.databases);
    assert_eq!(report.bytes, streamed.bytes, "{:?}", report.findings);
    // Nothing is decompressed whole, and the verdict is the same.
    let mut tight = options.clone();
    tight.limits = Some(Limits {
        max_decompressed: 0,
        ..Limits::in_memory()
    });
    let flowing = verify::slice(bytes, &tight);
    assert_eq!(report.findings, flowing.findings);
    assert_eq!(report.databases, flowing.databases);
    assert_eq!(report.aux, flowing.aux);
    report
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Every damaged file, for one server: our verdict and its own.
fn agree(recorded: &str, target: &str) {
    let folder = testdata().join("damaged");
    let mut wrong = Vec::new();
    let mut judged = 0;
    for line in lines(&folder.join("verdicts.jsonl")) {
        let (file, kind) = (
            line["file"].as_str().unwrap(),
            line["mut"].as_str().unwrap(),
        );
        if kind == "ins-resizedb-bad" {
            // Whether the server survives depends on its machine's memory.
            continue;
        }
        let recorded = &line["servers"][recorded];
        let options = Options {
            server: Some(target.parse().unwrap()),
            ..Options::default()
        };
        let report = judge(&fs::read(folder.join(file)).unwrap(), &options);
        let expected = recorded["loads"].as_bool().unwrap();
        let ours = match report.verdict() {
            Verdict::Loads => true,
            Verdict::Refused => false,
            other => panic!("{file}: {other:?}"),
        };
        judged += 1;
        if ours != expected {
            wrong.push(format!(
                "{file}: server {recorded}, ours {:?}",
                report.findings
            ));
        }
        if let (true, Some(keys)) = (ours && expected, recorded["keys"].as_object()) {
            let expected: u64 = keys.values().map(|n| n.as_u64().unwrap()).sum();
            let total = report.total();
            // Keys that expired on the day the server was asked are dropped.
            let range = total.keys - total.expires..=total.keys;
            assert!(
                range.contains(&expected),
                "{file}: {expected} keys, ours {total:?}"
            );
        }
    }
    assert!(judged > 300, "only {judged} files found");
    assert!(
        wrong.is_empty(),
        "{} of {judged} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn damaged_files_as_redis_8_judges_them() {
    agree("redis-8.0.6+sanitize-dump-payload=yes", "redis:8.0");
}

#[test]
fn damaged_files_as_valkey_9_judges_them() {
    agree("valkey-9.1.2", "valkey:9.1");
}

#[test]
fn what_servers_wrote_loads_and_has_their_keys() {
    let mut files = 0;
    for server in fs::read_dir(testdata().join("rdb")).unwrap() {
        for entry in fs::read_dir(server.unwrap().path()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|e| e != "rdb") {
                continue;
            }
            files += 1;
            let options = Options {
                databases: 1 << 20,
                ..Options::default()
            };
            let report = judge(&fs::read(&path).unwrap(), &options);
            let name = path.display();
            assert_eq!(
                report.verdict(),
                Verdict::Loads,
                "{name}: {:?}",
                report.findings
            );
            let truth = fs::read(path.with_extension("truth.json")).unwrap();
            let truth: Value = serde_json::from_slice(&truth).unwrap();
            let mut with_keys = 0;
            for (db, expected) in truth["dbs"].as_object().unwrap() {
                let number = db.parse().unwrap();
                let keys = report.databases.get(&number).map_or(0, |d| d.keys);
                assert_eq!(
                    Some(keys),
                    expected["dbsize"].as_u64(),
                    "{name}: database {db}"
                );
                with_keys += usize::from(keys > 0);
            }
            assert_eq!(
                report.databases.len(),
                with_keys,
                "{name}: databases nobody knows of"
            );
        }
    }
    assert!(files > 200, "only {files} fixtures found");
}

/// What no server at hand writes, as seven servers take it. None of them has
/// the modules that two of the files are about.
#[test]
fn handmade_files_as_seven_servers_judge_them() {
    let servers = [
        ("redis-6.0.16", "redis:6.0"),
        ("redis-7.0.15", "redis:7.0"),
        ("redis-8.0.2", "redis:8.0"),
        ("redis-8.0.6", "redis:8.0"),
        ("valkey-8.0.1", "valkey:8.0"),
        ("valkey-8.1.1", "valkey:8.1"),
        ("valkey-9.1.2", "valkey:9.1"),
    ];
    let mut asked = 0;
    for fixture in fixture::all() {
        if !fixture.name.starts_with("handmade/") {
            continue;
        }
        let (bytes, truth) = (fixture.rdb(), fixture.truth());
        for (server, target) in servers {
            let Some(said) = truth["read_by"].get(server).and_then(Value::as_str) else {
                continue;
            };
            asked += 1;
            let options = Options {
                server: Some(target.parse().unwrap()),
                modules: Some(Vec::new()),
                ..Options::default()
            };
            let report = judge(&bytes, &options);
            let loads = report.verdict() == Verdict::Loads;
            let name = &fixture.name;
            assert_eq!(
                loads,
                said == "as expected",
                "{name}, {server} {said}: {:?}",
                report.findings
            );
        }
    }
    assert!(asked > 200, "only {asked} verdicts found");
}

/// What Valkey 9.1.2 said of such scores: to it there is no number behind a blank.
#[test]
fn packed_scores_that_are_no_numbers() {
    for (score, loads) in [
        ("nan", false),
        ("-nan", false),
        ("+nan", false),
        ("NaN(1)", false),
        ("nanx", false),
        (" nan", true),
        ("\tnan", true),
        ("x", true),
    ] {
        let size = score.len() as u8;
        // A sorted set of one member "m".
        let entries = [
            b"\x81m\x02",
            &[0x80 | size][..],
            score.as_bytes(),
            &[size + 1],
        ]
        .concat();
        let total = [entries.len() as u8 + 7, 0, 0, 0, 2, 0];
        let value = [&[total[0]][..], &total, &entries, b"\xff"].concat();
        let file = [b"VALKEY080\x11\x01k", &value[..], b"\xff", &[0; 8]].concat();
        let options = Options {
            server: Some("valkey:9.1".parse().unwrap()),
            ..Options::default()
        };
        let report = judge(&file, &options);
        let said = report.verdict() == Verdict::Loads;
        assert_eq!(said, loads, "{score:?}: {:?}", report.findings);
    }
}

/// Cut anywhere, a file is refused, and the place is named.
#[test]
fn truncated_anywhere_is_refused() {
    for case in [
        "redis-8.0-sid/mini",
        "valkey-9-sid/mini",
        "redis-6.2/mini",
        "redis-3.2/mini",
    ] {
        let path = testdata().join("rdb").join(case).with_extension("rdb");
        let bytes = fs::read(path).unwrap();
        for end in 0..bytes.len() {
            let report = judge(&bytes[..end], &Options::default());
            assert_eq!(report.verdict(), Verdict::Refused, "{case} cut at {end}");
            let code = report.findings.last().unwrap().code.name();
            assert_eq!(code, "truncated", "{case} cut at {end}");
        }
    }
}

/// Any flipped bit is refused: the checksum sees what nothing else does. But a
/// version below 5 has no checksum, and servers then load the file: three
/// warnings are all that is left.
#[test]
fn any_flipped_bit_is_refused() {
    for case in [
        "redis-8.0-sid/mini",
        "valkey-9-sid/mini",
        "redis-7.0-bookworm/mini",
    ] {
        let path = testdata().join("rdb").join(case).with_extension("rdb");
        let good = fs::read(path).unwrap();
        for bit in 0..good.len() * 8 {
            let mut bytes = good.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let report = judge(&bytes, &Options::default());
            if report.format.is_some_and(|(_, version)| version < 5) {
                assert!(
                    report.totals.len() >= 2,
                    "{case}, bit {bit}: {:?}",
                    report.findings
                );
                continue;
            }
            assert_ne!(report.verdict(), Verdict::Loads, "{case}, bit {bit}");
        }
    }
}

/// A Valkey file of hashes of type 22, each of fields that expire at a time.
fn hashes(hashes: &[(&str, &[(&str, i64)])]) -> Vec<u8> {
    let mut file = b"VALKEY080\xfe\x00".to_vec();
    let string = |file: &mut Vec<u8>, text: &str| {
        file.push(u8::try_from(text.len()).unwrap());
        file.extend_from_slice(text.as_bytes());
    };
    for (key, fields) in hashes {
        file.push(22);
        string(&mut file, key);
        file.push(u8::try_from(fields.len()).unwrap());
        for (field, expiry) in *fields {
            string(&mut file, field);
            string(&mut file, "v");
            file.extend_from_slice(&expiry.to_le_bytes());
        }
    }
    file.push(0xff);
    file.extend_from_slice(&[0; 8]); // saved without checksum
    file
}

/// Valkey drops expired fields as it reads them: they collide with nothing, and
/// a hash that has no other is not there. Of the base of an AOF it drops none.
#[test]
fn expired_fields_are_dropped_before_they_collide() {
    const NONE: i64 = -1;
    let (past, future) = (999, 1001);
    let judged = |file: &[u8], base| {
        let options = Options {
            now_ms: Some(1000),
            base: Some(base),
            ..Options::default()
        };
        let report = judge(file, &options);
        (
            report.verdict(),
            report.total().keys,
            report.total().expired,
        )
    };

    let twice = hashes(&[("h", &[("f", past), ("f", past), ("g", NONE)])]);
    assert_eq!(judged(&twice, false), (Verdict::Loads, 1, 0));
    assert_eq!(judged(&twice, true).0, Verdict::Refused);
    let once_gone = hashes(&[("h", &[("f", NONE), ("f", past)])]);
    assert_eq!(judged(&once_gone, false), (Verdict::Loads, 1, 0));
    let both_live = hashes(&[("h", &[("f", NONE), ("f", future)])]);
    assert_eq!(judged(&both_live, false).0, Verdict::Refused);

    let all_gone = hashes(&[("h", &[("f", past)]), ("h", &[("f", 0)])]);
    assert_eq!(judged(&all_gone, false), (Verdict::Loads, 2, 2));
    assert_eq!(judged(&all_gone, true).0, Verdict::Refused);
    let key_twice = hashes(&[("h", &[("f", future)]), ("h", &[("f", future)])]);
    assert_eq!(judged(&key_twice, false).0, Verdict::Refused);
    let below_none = hashes(&[("h", &[("f", -2)])]);
    assert_eq!(judged(&below_none, false).0, Verdict::Refused);
}

/// Who does not know opcode 244 takes it for a value type.
#[test]
fn slot_info_is_not_known_to_all() {
    // slot 5: one key, none of which expires; no checksum
    let file = b"REDIS0010\xf4\x05\x01\x00\xff\0\0\0\0\0\0\0\0";
    for (server, verdict) in [
        ("redis:7.0", Verdict::Refused),
        ("redis:7.2", Verdict::Refused),
        ("redis:7.4", Verdict::Loads),
        ("redis:8.0", Verdict::Loads),
        ("valkey:8.0", Verdict::Refused),
        ("valkey:8.1", Verdict::Refused),
        ("valkey:9.1", Verdict::Loads),
    ] {
        let options = Options {
            server: Some(server.parse().unwrap()),
            ..Options::default()
        };
        assert_eq!(judge(file, &options).verdict(), verdict, "{server}");
    }
}

/// Servers refuse an entry that two consumers own since a fix that all lines
/// got; Valkey 8.0.1 was built before it.
#[test]
fn a_pending_entry_has_one_owner() {
    let mut file = b"REDIS0009\xfe\x00\x0f\x01s".to_vec();
    let id = |ms: u64, seq: u64| [ms.to_be_bytes(), seq.to_be_bytes()].concat();
    file.push(1); // nodes
    file.push(16);
    file.extend(id(5, 1));
    let node = [
        &[29, 0, 0, 0, 10, 0][..],                // listpack: bytes, elements
        &[1, 1, 0, 1, 1, 1, 0x81, b'f', 2, 0, 1], // entries, deleted, fields, "f", end
        &[2, 1, 0, 1, 0, 1, 0x81, b'v', 2, 4, 1], // flags, ms, seq, "v", elements
        &[0xff],
    ]
    .concat();
    file.push(u8::try_from(node.len()).unwrap());
    file.extend(&node);
    file.extend([1, 5, 1]); // length, last ID
    file.extend([1, 1, b'g', 5, 1]); // groups: name, last ID
    file.push(1); // pending entries: ID, time, deliveries
    file.extend(id(5, 1));
    file.extend([0; 8]);
    file.push(1);
    file.push(2); // consumers: name, time, pending entries
    for name in [b'a', b'b'] {
        file.extend([1, name]);
        file.extend([0; 8]);
        file.push(1);
        file.extend(id(5, 1));
    }
    file.push(0xff);
    file.extend([0; 8]);
    for (server, verdict) in [
        ("redis:6.0", Verdict::Refused),
        ("redis:7.0", Verdict::Refused),
        ("redis:8.0", Verdict::Refused),
        ("valkey:8.0", Verdict::Loads),
        ("valkey:8.1", Verdict::Refused),
        ("valkey:9.1", Verdict::Refused),
    ] {
        let options = Options {
            server: Some(server.parse().unwrap()),
            ..Options::default()
        };
        let report = judge(&file, &options);
        assert_eq!(report.verdict(), verdict, "{server}: {:?}", report.findings);
    }
}
