//! What is left out, and how that is told.

use std::fs;

use tempfile::TempDir;

use crate::{export, rdbkit};

/// A payload would bring them, and servers keep them until somebody looks.
#[test]
fn expired_fields_are_not_restored() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("past.rdb");
    // Hashes in the way of Valkey: one whose only field is of 1970, one with another
    // of 2100, and one of which no field expires.
    fs::write(
        &file,
        b"VALKEY080\x16\x01h\x01\x01f\x01v\x10\x27\0\0\0\0\0\0\
          \x16\x01i\x02\x01f\x01v\x10\x27\0\0\0\0\0\0\x01g\x01w\x80\x92\x09\x21\xbb\x03\0\0\
          \x04\x01j\x01\x01f\x01v\xff\0\0\0\0\0\0\0\0",
    )
    .unwrap();
    let all = export(&file, &["--format", "restore"]);
    assert_eq!(all.code, 0, "{}", all.said);
    let restores = |out: &[u8]| out.windows(7).filter(|w| w == b"RESTORE").count();
    assert_eq!(restores(&all.out), 3);
    let alive = export(&file, &["--format", "restore", "--skip-expired"]);
    assert_eq!(alive.code, 0, "{}", alive.said);
    let text = String::from_utf8_lossy(&alive.out).into_owned();
    assert_eq!(restores(&alive.out), 1);
    assert!(
        text.contains("HSET\r\n$1\r\ni\r\n$1\r\ng\r\n$1\r\nw\r\n*6\r\n$10\r\nHPEXPIREAT")
            && !text.contains("$1\r\nh\r\n"),
        "{text}"
    );
    assert!(
        alive
            .said
            .contains("0 keys and 2 hash fields had expired, and were left out, and with")
            && alive.said.contains("1 keys are plain commands")
            && alive.said.contains("2 of 3 keys"),
        "{}",
        alive.said
    );
}

/// Where SELECT fails, keys would go to the database before it.
#[test]
fn databases_that_servers_do_not_have() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("many.rdb");
    fs::write(
        &file,
        b"REDIS0009\xfe\x0f\x00\x01a\x01x\xfe\x10\x00\x01b\x01x\xfe\x20\x00\x01c\x01x\xff\0\0\0\0\0\0\0\0",
    )
    .unwrap();
    for format in ["resp", "restore"] {
        let outcome = export(&file, &["--format", format]);
        assert_eq!(outcome.code, 1);
        let selects = |out: &[u8]| out.windows(6).filter(|w| w == b"SELECT").count();
        assert_eq!(selects(&outcome.out), 1);
        assert!(
            outcome.said.contains(
                "left out: 2 keys of databases that the server does not have; first in b of database 16"
            ) && outcome.said.contains("--databases 33 writes them")
                && outcome.said.contains("1 of 3 keys"),
            "{}",
            outcome.said
        );
        let outcome = export(&file, &["--format", format, "--databases", "33"]);
        assert_eq!((outcome.code, selects(&outcome.out)), (0, 3));
        assert!(
            outcome.said.contains("note: the server needs databases 33"),
            "{}",
            outcome.said
        );
        let outcome = export(&file, &["--format", format, "-n", "15"]);
        assert_eq!(outcome.code, 0);
        assert!(!outcome.said.contains("databases"), "{}", outcome.said);
    }
    assert_eq!(export(&file, &[]).lines().len(), 3);
}

#[test]
fn what_has_no_words_is_told() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("more.rdb");
    let id = b"\x81\x01\x02\x03\x04\x05\x06\x07\x08";
    // Data of a module, and a key with metadata of one class.
    let body = [
        &b"REDIS0013\xf7"[..],
        id,
        b"\x02\x01\x02\x07\x00",
        b"\xf3\x01\x0a\x0b\x0c\x0d\x02\x07\x00\x00\x01a\x01x",
        b"\xff\0\0\0\0\0\0\0\0",
    ];
    fs::write(&file, body.concat()).unwrap();
    for format in ["ndjson", "json", "csv", "resp"] {
        let outcome = export(&file, &["--format", format]);
        assert_eq!(outcome.code, 1, "{format}: {}", outcome.said);
        for left_out in [
            "left out: 1 metadata of keys, which only --format restore has words for; first in a",
            "left out: 1 data of modules that belongs to no key",
        ] {
            assert!(
                outcome.said.contains(left_out),
                "{format}: {}",
                outcome.said
            );
        }
    }
    let (code, _, said) = {
        let output = rdbkit(&["get"]).arg(&file).arg("a").output().unwrap();
        (output.status.code(), output.stdout, output.stderr)
    };
    let said = String::from_utf8(said).unwrap();
    assert!(code == Some(0) && said.contains("metadata"), "{said}");

    // A slot migration that was under way.
    let import = [
        b"VALKEY080\xf3\x28",
        &[b'a'; 40][..],
        b"\x01\x00\x05\xff\0\0\0\0\0\0\0\0",
    ];
    fs::write(&file, import.concat()).unwrap();
    for format in ["ndjson", "json", "csv", "resp", "restore"] {
        let outcome = export(&file, &["--format", format]);
        assert!(
            outcome.code == 1 && outcome.said.contains("1 slot migrations"),
            "{format}: {}",
            outcome.said
        );
    }
}

/// Rows tell entries; what else a stream has is counted even where it has no groups.
#[test]
fn numbers_of_streams_have_no_rows() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("stream.rdb");
    // No node, length 0; last id, first id, greatest deleted id, entries added; no group.
    for (numbers, told) in [
        (b"\x00\x00\x00\x00\x00\x00\x00\x00", true),
        (b"\x00\x05\x01\x00\x00\x00\x00\x00", false),
        (b"\x00\x00\x00\x00\x00\x05\x01\x00", false),
        (b"\x00\x00\x00\x00\x00\x00\x00\x07", false),
    ] {
        let body = [
            &b"REDIS0011\x13\x01x\x00"[..],
            numbers,
            b"\x00\xff\0\0\0\0\0\0\0\0",
        ];
        fs::write(&file, body.concat()).unwrap();
        let outcome = export(&file, &["--format", "csv"]);
        assert_eq!(outcome.code, i32::from(!told), "{}", outcome.said);
        let said = "left out: numbers of streams that do not follow from their entries";
        assert_eq!(outcome.said.contains(said), !told, "{}", outcome.said);
    }
}
