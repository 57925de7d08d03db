//! Formats, options, exit codes, what is said.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value as Json;
use tempfile::TempDir;

use crate::forms::{Cell, rows};
use crate::{dense, export, rdbkit, schema, testdata};

pub fn schema() -> Json {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/export.schema.json");
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn files(dir: &TempDir) -> Vec<String> {
    let list = fs::read_dir(dir).unwrap();
    let mut names: Vec<_> = list
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn one_object_a_line() {
    let outcome = export(&dense(), &[]);
    assert_eq!(outcome.code, 0, "{}", outcome.said);
    let lines = outcome.lines();
    assert_eq!(lines.len(), 26);
    let schema = schema();
    for line in &lines {
        assert_eq!(schema::fault(&schema, &schema, line), None, "{line}");
        assert!(line.get("encoding").is_none());
    }
    assert!(outcome.said.contains("26 of 26 keys"), "{}", outcome.said);
    assert!(
        outcome.said.contains("function libraries"),
        "{}",
        outcome.said
    );
}

#[test]
fn what_get_says_of_a_key_is_what_export_says() {
    let all = export(&dense(), &["--meta", "-q"]).lines();
    for line in &all {
        let Some(name) = line["key"].as_str().filter(|name| !name.contains('\0')) else {
            continue;
        };
        let got = rdbkit(&["get", "--json"]).arg(dense()).arg(name).output();
        let got: Json = serde_json::from_slice(&got.unwrap().stdout).unwrap();
        assert_eq!(&got, line);
    }
}

#[test]
fn one_document() {
    let outcome = export(&dense(), &["--format", "json"]);
    assert_eq!(outcome.code, 0, "{}", outcome.said);
    let document: Json = serde_json::from_slice(&outcome.out).unwrap();
    let schema = schema();
    assert_eq!(schema::fault(&schema, &schema, &document), None);
    assert_eq!(document["keys"].as_array().unwrap().len(), 26);
    assert_eq!(document["version"], 12);
    assert!(
        document["functions"][0]
            .as_str()
            .unwrap()
            .starts_with("#!lua name=mylib")
    );
    assert!(document["error"].is_null());
    let none = export(&dense(), &["--format", "json", "--no-functions", "-n", "9"]);
    let document: Json = serde_json::from_slice(&none.out).unwrap();
    assert_eq!(document["functions"], Json::Array(vec![]));
    assert_eq!(document["keys"][0]["key"], "in9");
}

/// The columns of CSV.
pub const COLUMNS: &str = "db,key,type,expire_ms,position,field,value,score,field_expire_ms,base64";

#[test]
fn one_row_an_element() {
    let outcome = export(&dense(), &["--format", "csv"]);
    // The stream has groups, of which there are no rows.
    assert_eq!(outcome.code, 1, "{}", outcome.said);
    assert!(
        outcome.said.contains("left out: consumer groups"),
        "{}",
        outcome.said
    );
    assert_eq!(outcome.text().lines().next(), Some(COLUMNS));
    let rows = rows(outcome.text());
    assert!(rows.iter().all(|row| row.len() == 10));
    let cell = |row: &[Cell], column: usize| row[column].clone().unwrap_or_default();
    let mut by_key: BTreeMap<String, Vec<&[Cell]>> = BTreeMap::new();
    for row in &rows {
        by_key.entry(cell(row, 1)).or_default().push(row);
    }
    assert_eq!(by_key["key"].len(), 1);
    let cells = |key: &str, columns: &[usize]| -> Vec<Vec<String>> {
        let rows = by_key[key].iter();
        rows.map(|row| columns.iter().map(|c| cell(row, *c)).collect())
            .collect()
    };
    assert_eq!(
        cells("ttl", &[0, 2, 3, 6]),
        [["0", "string", "4102444800123", "v"]]
    );
    assert_eq!(
        cells("he:lp", &[5, 6, 8]),
        [
            ["a", "1", "4102444800126"],
            ["c", "3", "4102444800132"],
            ["b", "2", ""]
        ]
    );
    assert_eq!(cells("l:ll", &[4, 6]), [["0", "a"], ["1", "b"], ["2", "9"]]);
    assert_eq!(cells("z:sl", &[6, 7])[2], ["c", "-inf"]);
    assert_eq!(cells("x", &[4, 5, 6])[0], ["1-1", "a", "1"]);
    assert_eq!(cells("len14", &[9]), [["value"]]);
    let bare = export(&dense(), &["--format", "csv", "-k", "len14"]);
    assert_eq!(bare.code, 0, "{}", bare.said);
}

#[test]
fn pipes_give_the_same() {
    for format in ["ndjson", "json", "csv", "resp", "restore"] {
        let whole = export(&dense(), &["--format", format]);
        let output = rdbkit(&["export", "-", "--format", format])
            .write_stdin(fs::read(dense()).unwrap())
            .output()
            .unwrap();
        assert!(output.stdout == whole.out, "{format}");
        assert_eq!(output.status.code(), Some(whole.code), "{format}");
    }
}

#[test]
fn a_new_file_whole_or_not_at_all() {
    let dir = TempDir::new().unwrap();
    let new = dir.path().join("new.csv");
    let to = ["-o", new.to_str().unwrap(), "--format", "ndjson"];
    let outcome = export(&dense(), &to);
    assert_eq!(
        (outcome.code, outcome.out.len()),
        (0, 0),
        "{}",
        outcome.said
    );
    assert_eq!(fs::read(&new).unwrap(), export(&dense(), &[]).out);
    let outcome = export(&dense(), &to);
    assert!(
        outcome.code == 2 && outcome.said.contains("--force"),
        "{}",
        outcome.said
    );
    assert_eq!(export(&dense(), &[&to[..], &["--force"]].concat()).code, 0);

    let whole = fs::read(dense()).unwrap();
    let cut = dir.path().join("cut.rdb");
    fs::write(&cut, &whole[..whole.len() - 100]).unwrap();
    let part = dir.path().join("part");
    let to = ["-o", part.to_str().unwrap()];
    let outcome = export(&cut, &to);
    assert!(
        outcome.code == 1 && outcome.said.contains("unexpected end of file at offset"),
        "{}",
        outcome.said
    );
    assert_eq!(files(&dir), ["cut.rdb", "new.csv"]);
    let outcome = export(&cut, &[&to[..], &["--partial"]].concat());
    assert_eq!(outcome.code, 1);
    let lines = fs::read_to_string(&part).unwrap();
    assert!(lines.lines().count() > 20);
    for line in lines.lines() {
        let _: Json = serde_json::from_str(line).unwrap();
    }
    let same = export(&cut, &["-o", cut.to_str().unwrap(), "--force"]);
    assert!(
        same.code == 2 && same.said.contains("is the source"),
        "{}",
        same.said
    );
}

#[test]
fn what_stands_before_damage_is_out() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("cut.rdb");
    fs::write(&file, b"REDIS0004\x00\x01a\x02va\x01\x01b\x02\x01x\x05v").unwrap();
    let outcome = export(&file, &[]);
    assert_eq!(outcome.code, 1);
    assert_eq!(outcome.lines().len(), 1, "{}", outcome.text());
    assert!(
        outcome.said.contains("unexpected end of file at offset"),
        "{}",
        outcome.said
    );
    let outcome = export(&file, &["--format", "json"]);
    let document: Json = serde_json::from_slice(&outcome.out).unwrap();
    assert_eq!(document["keys"].as_array().unwrap().len(), 1);
    assert!(
        document["error"].as_str().unwrap().contains("offset 22"),
        "{document}"
    );
    let outcome = export(&file, &["--format", "resp"]);
    assert_eq!(
        outcome.text(),
        "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$2\r\nva\r\n"
    );
    // A wrong checksum is found at the end only; then all is out.
    let mut flipped = fs::read(dense()).unwrap();
    let end = flipped.len() - 1;
    flipped[end] ^= 1;
    fs::write(&file, &flipped).unwrap();
    let outcome = export(&file, &[]);
    assert!(outcome.code == 1 && outcome.said.contains("checksum mismatch"));
    assert!(!outcome.said.contains("is cut off"), "{}", outcome.said);
    assert_eq!(outcome.lines().len(), 26);
    let outcome = export(&file, &["--format", "json"]);
    let document: Json = serde_json::from_slice(&outcome.out).unwrap();
    assert_eq!(document["keys"].as_array().unwrap().len(), 26);
    let error = document["error"].as_str().unwrap();
    assert!(error.contains("checksum mismatch"), "{error}");
}

#[test]
fn a_large_value_that_is_damaged_does_not_look_whole() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("large.rdb");
    let mut bytes = b"REDIS0004\x01\x01l\x80\x00\x01\x00\x00".to_vec();
    for n in 0..40_000 {
        bytes.push(20);
        bytes.extend_from_slice(format!("element {n:012}").as_bytes());
    }
    fs::write(&file, &bytes).unwrap();
    let outcome = export(&file, &[]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.said.contains("is cut off"), "{}", outcome.said);
    let line: Result<Json, _> = serde_json::from_slice(&outcome.out);
    assert!(line.is_err());
    let document = export(&file, &["--format", "json"]);
    let document: Result<Json, _> = serde_json::from_slice(&document.out);
    assert!(document.is_err());
}

#[test]
fn what_is_past() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("past.rdb");
    // A key, and a hash of one field in the way of Valkey, of 1970.
    fs::write(
        &file,
        b"VALKEY080\xfc\x10\x27\0\0\0\0\0\0\x00\x01a\x01x\x16\x01h\x01\x01f\x01v\x10\x27\0\0\0\0\0\0\
          \x00\x01b\x01y\xff\0\0\0\0\0\0\0\0",
    )
    .unwrap();
    let outcome = export(&file, &[]);
    assert_eq!((outcome.code, outcome.lines().len()), (0, 3));
    assert!(
        outcome
            .said
            .contains("1 keys and 1 hash fields had expired"),
        "{}",
        outcome.said
    );
    for format in ["ndjson", "csv"] {
        let outcome = export(&file, &["--skip-expired", "--format", format]);
        assert_eq!(outcome.code, 0);
        assert!(!outcome.text().contains("\"h\"") && !outcome.text().contains(",h,"));
        assert!(
            outcome.text().contains('y')
                && !outcome.text().contains('x'.to_string().repeat(2).as_str())
        );
        assert!(
            outcome
                .said
                .contains("were left out, and with them 1 hashes that had no others"),
            "{}",
            outcome.said
        );
        assert!(outcome.said.contains("1 of 3 keys"), "{}", outcome.said);
    }
    let resp = export(&file, &["--skip-expired", "--format", "resp"]);
    assert!(
        resp.text().ends_with("SET\r\n$1\r\nb\r\n$1\r\ny\r\n") && !resp.text().contains("HSET")
    );
}

#[test]
fn conditions_that_nothing_met_are_named() {
    let outcome = export(&dense(), &["-k", "nobody:*"]);
    assert_eq!((outcome.code, outcome.out.len()), (1, 0));
    assert!(
        outcome
            .said
            .contains(r#"no key met this condition: key "nobody:*""#),
        "{}",
        outcome.said
    );
    let outcome = export(&dense(), &["-n", "1", "--not-db", "1"]);
    assert!(outcome.code == 2 && outcome.said.contains("exclude each other"));
    let large = export(&dense(), &["--min-size", "150", "-q"]);
    let names: Vec<_> = large.lines().iter().map(|l| l["key"].to_string()).collect();
    assert_eq!(names, ["\"l\"", "\"x\"", "\"l:plain\""]);
    let meta = export(&dense(), &["--min-size", "150", "-q", "--meta"]);
    assert!(
        meta.lines()
            .iter()
            .all(|l| l["bytes"].as_u64() >= Some(150))
    );
}

#[test]
fn options_that_mean_nothing_are_refused() {
    for (args, why) in [
        (&["--format", "csv", "--meta"][..], "--meta means nothing"),
        (&["--replace"], "--replace means nothing"),
        (&["--databases", "20"], "--databases means nothing"),
        (&["--for", "redis:7.0"], "--for means nothing"),
        (&["--partial"], "--partial is for a new file"),
        (&["--format", "resp", "--for", "redis:2.4"], "redis:2.6"),
        (&["--format", "xml"], "possible values"),
        (&["--batch", "0"], "0"),
    ] {
        let outcome = export(&dense(), args);
        assert!(
            outcome.code == 2 && outcome.said.contains(why),
            "{}",
            outcome.said
        );
        assert!(outcome.out.is_empty());
    }
}

#[test]
fn inputs_that_cannot_be() {
    let dir = TempDir::new().unwrap();
    let outcome = export(Path::new("no such file"), &[]);
    assert!(outcome.code == 2 && outcome.said.contains("cannot open"));
    let outcome = export(dir.path(), &[]);
    assert!(outcome.code == 2 && outcome.said.contains("folder"));
    let empty = dir.path().join("empty");
    fs::write(&empty, b"").unwrap();
    let outcome = export(&empty, &[]);
    assert!(outcome.code != 0 && !outcome.said.is_empty() && outcome.out.is_empty());
    let outcome = export(&testdata("README.md"), &[]);
    assert!(outcome.code == 1 && outcome.said.contains("not an RDB file"));
    let nowhere = dir.path().join("no/such/folder");
    let outcome = export(&dense(), &["-o", nowhere.to_str().unwrap()]);
    assert!(outcome.code == 2 && outcome.said.contains("there is no folder"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let hidden = dir.path().join("hidden");
        fs::copy(dense(), &hidden).unwrap();
        fs::set_permissions(&hidden, fs::Permissions::from_mode(0o000)).unwrap();
        // Root may read everything.
        if fs::File::open(&hidden).is_err() {
            let outcome = export(&hidden, &[]);
            assert!(outcome.code == 2 && outcome.said.contains("cannot open"));
        }
    }
}

/// Half of a log is not written first and taken back later, where that can be helped.
#[test]
fn the_front_of_a_log_is_no_answer() {
    let dir = TempDir::new().unwrap();
    let (log, new) = (dir.path().join("log"), dir.path().join("new"));
    let mut bytes = fs::read(dense()).unwrap();
    bytes.extend_from_slice(b"*1\r\n$8\r\nFLUSHALL\r\n");
    fs::write(&log, &bytes).unwrap();
    for format in ["ndjson", "json", "csv", "resp", "restore"] {
        let outcome = export(&log, &["--format", format]);
        let said = &outcome.said;
        assert!(outcome.code == 2 && said.contains("append-only"), "{said}");
        assert!(outcome.out.is_empty(), "{format}");
        let to = ["--format", format, "--partial", "-o", new.to_str().unwrap()];
        assert_eq!(export(&log, &to).code, 2);
        assert_eq!(files(&dir), ["log"]);
    }
    // What a pipe holds is not known before it was read.
    let piped = |bytes: &[u8]| {
        let mut command = rdbkit(&["export", "-", "--format", "json"]);
        command.write_stdin(bytes).output().unwrap()
    };
    let output = piped(&bytes);
    assert_eq!(output.status.code(), Some(2));
    let document: Json = serde_json::from_slice(&output.stdout).unwrap();
    let error = document["error"].as_str().unwrap();
    assert!(error.contains("append-only"), "{error}");
    // Commands that end as a file does: told at the end, and there is no new file.
    bytes.extend_from_slice(b"*2\r\n$4\r\nECHO\r\n$9\r\n\xff1234567\n\r\n");
    let len = bytes.len();
    bytes[len - 9] = 0xff;
    fs::write(&log, &bytes).unwrap();
    let outcome = export(&log, &["-o", new.to_str().unwrap()]);
    assert!(outcome.code == 2 && outcome.said.contains("append-only"));
    assert_eq!(files(&dir), ["log"]);
    // Other bytes behind the end are nothing to servers, and so to us.
    let bytes = [&fs::read(dense()).unwrap()[..], b"and more"].concat();
    fs::write(&log, &bytes).unwrap();
    assert_eq!(export(&log, &[]).code, 0);
}

#[test]
fn a_reader_that_goes_away_is_no_trouble() {
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_rdbkit"))
        .args(["export", "-", "--format", "resp"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    let mut bytes = b"REDIS0004".to_vec();
    for n in 0..20_000 {
        bytes.extend_from_slice(b"\x00\x0a");
        bytes.extend_from_slice(format!("{n:010}").as_bytes());
        bytes.extend_from_slice(b"\x05value");
    }
    bytes.push(0xff);
    // It may go away before all is written.
    let _ = stdin.write_all(&bytes);
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn help_has_examples() {
    let output = rdbkit(&["export", "--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for part in [
        "Examples:",
        "redis-cli --pipe",
        "Exit code:",
        "--skip-expired",
        "--key <GLOB>",
    ] {
        assert!(help.contains(part), "{part}: {help}");
    }
}

/// The commands of an export, by the reader of logs.
pub fn commands(bytes: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let mut commands = Vec::new();
    let mut reader = rdbkit_aof::SliceReader::new(bytes);
    while let Some(event) = reader.next_event().unwrap() {
        if let rdbkit_aof::Event::Command(command) = event {
            commands.push(command.args().map(<[u8]>::to_vec).collect());
        }
    }
    commands
}

fn words(command: &[Vec<u8>]) -> String {
    let words: Vec<_> = command
        .iter()
        .map(|word| word.escape_ascii().to_string())
        .collect();
    words.join(" ")
}

#[test]
fn commands_that_make_the_keys() {
    let outcome = export(&dense(), &["--format", "resp", "--batch", "2", "-q"]);
    assert_eq!((outcome.code, outcome.said.as_str()), (0, ""));
    let all: Vec<_> = commands(&outcome.out).iter().map(|c| words(c)).collect();
    assert!(all[0].starts_with("FUNCTION LOAD #!lua name=mylib"));
    for wanted in [
        "SELECT 0",
        "HSET h f v n 1",
        "HSET h long wwwwwwwwwwwwwwwwwwwwwwwwwwwwww neg -129",
        "HPEXPIREAT he:lp 4102444800126 FIELDS 1 a",
        "RPUSH l:ll a b",
        "RPUSH l:ll 9",
        "ZADD z:sl -inf c",
        "PEXPIREAT ttl 4102444800123",
        "XADD x 1-1 a 1 b t1",
        "XSETID x 6-1 ENTRIESADDED 6 MAXDELETEDID 2-1",
        "XGROUP CREATE x g 5-1 ENTRIESREAD -1",
        "XGROUP CREATECONSUMER x g c1",
        "XCLAIM x g c1 0 1-1 TIME 1795209908849 RETRYCOUNT 1 FORCE JUSTID",
        "SELECT 9",
        "SET in9 nine",
    ] {
        assert!(all.iter().any(|c| c == wanted), "{wanted}: {all:#?}");
    }
    assert!(!all.iter().any(|c| c.starts_with("DEL ")));
    let outcome = export(
        &dense(),
        &["--format", "resp", "--replace", "-k", "h*", "-q"],
    );
    let all: Vec<_> = commands(&outcome.out).iter().map(|c| words(c)).collect();
    assert!(all[0].starts_with("FUNCTION LOAD REPLACE "));
    assert_eq!(
        all[2..4],
        [
            "DEL h",
            "HSET h f v n 1 long wwwwwwwwwwwwwwwwwwwwwwwwwwwwww neg -129"
        ]
    );
}

#[test]
fn an_older_server_gets_what_it_has_words_for() {
    let outcome = export(&dense(), &["--format", "resp", "--for", "redis:3.2"]);
    assert_eq!(outcome.code, 1);
    for lost in [
        "3 expiries of hash fields",
        "1 streams, which came with redis:5.0; first in x of database 0",
        "1 function libraries, which came with redis:7.0",
    ] {
        assert!(outcome.said.contains(lost), "{lost}: {}", outcome.said);
    }
    let all: Vec<_> = commands(&outcome.out).iter().map(|c| words(c)).collect();
    assert!(all.iter().any(|c| c.starts_with("HMSET h f v")));
    assert!(
        !all.iter()
            .any(|c| c.starts_with("XADD") || c.starts_with("HSET"))
    );

    let outcome = export(&dense(), &["--format", "restore", "--for", "redis:7.2"]);
    assert_eq!(outcome.code, 1, "field expiries have no words in 7.2");
    assert!(
        outcome.said.contains("2 keys are plain commands"),
        "{}",
        outcome.said
    );
    for command in commands(&outcome.out) {
        if command[0] == b"RESTORE" {
            let dump = rdbkit_rdb::dump::parse(&command[3]).unwrap();
            assert_eq!(dump.version, 11);
        }
    }
}

#[test]
fn values_as_they_stand_in_the_file() {
    let outcome = export(&dense(), &["--format", "restore", "--replace", "-q"]);
    assert_eq!(outcome.code, 0, "{}", outcome.said);
    let all = commands(&outcome.out);
    let of = |key: &str| {
        let found = all
            .iter()
            .find(|c| c[0] == b"RESTORE" && c[1] == key.as_bytes());
        found.unwrap_or_else(|| panic!("no {key}"))
    };
    let options = |key: &str| {
        of(key)[4..]
            .iter()
            .map(|w| w.escape_ascii().to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("ttl")[2], b"4102444800123");
    assert_eq!(options("ttl")[..2], ["REPLACE", "ABSTTL"]);
    assert_eq!(of("h")[2], b"0");
    assert_eq!(options("h"), ["REPLACE", "FREQ", "5"]);
    let dump = rdbkit_rdb::dump::parse(&of("str")[3]).unwrap();
    assert_eq!(
        (dump.version, dump.record.raw),
        (12, &b"\x0bhello world"[..])
    );
}
