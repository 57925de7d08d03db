//! Each kind of key, each server's words, each loss.

use super::*;
use crate::filter::Filter;
use crate::pieces::{Expired, visit};
use crate::stream::StreamReader;
use crate::wire::Dialect;
use crate::write::Format;

fn format(dialect: Dialect, version: u32) -> Format {
    Format::of_source(dialect, version)
}

/// A file with its end, and no checksum.
fn ended(keys: &[u8]) -> Vec<u8> {
    [keys, b"\xff\0\0\0\0\0\0\0\0"].concat()
}

/// What is written for a file: words between blanks, commands between lines.
fn written(file: &[u8], target: Target, options: Options) -> (Vec<String>, Vec<(Loss, u64)>) {
    let file = ended(file);
    let mut source = StreamReader::new(&file[..]);
    source.next_event().unwrap();
    let mut commands = Commands::new(Vec::new(), target, options);
    let expired = Expired {
        now_ms: 0,
        skip: false,
    };
    visit(&mut source, &mut Filter::new(), expired, &mut commands).unwrap();
    let losses = commands.losses().map(|(loss, lost)| (loss, lost.count));
    let losses = losses.collect();
    (lines(&commands.finish().unwrap()), losses)
}

fn lines(mut bytes: &[u8]) -> Vec<String> {
    let mut lines = Vec::new();
    fn number(bytes: &mut &[u8], mark: u8) -> usize {
        assert_eq!(bytes[0], mark);
        let end = bytes.iter().position(|b| *b == b'\r').unwrap();
        let n = std::str::from_utf8(&bytes[1..end]).unwrap();
        *bytes = &bytes[end + 2..];
        n.parse().unwrap()
    }
    while !bytes.is_empty() {
        let words = number(&mut bytes, b'*');
        let line: Vec<String> = (0..words)
            .map(|_| {
                let len = number(&mut bytes, b'$');
                let (word, rest) = bytes.split_at(len);
                bytes = rest.strip_prefix(b"\r\n").unwrap();
                word.escape_ascii().to_string()
            })
            .collect();
        lines.push(line.join(" "));
    }
    lines
}

fn plain(file: &[u8], version: u32) -> (Vec<String>, Vec<(Loss, u64)>) {
    let target = Target::of_file(format(Dialect::Redis, version));
    written(file, target, Options::default())
}

#[test]
fn databases_are_selected_as_they_change() {
    let file = b"REDIS0006\xfe\x02\x00\x01a\x01x\x00\x01b\x01y\xfe\x00\x00\x01c\x01z";
    let (lines, losses) = plain(file, 6);
    assert_eq!(
        lines,
        ["SELECT 2", "SET a x", "SET b y", "SELECT 0", "SET c z"]
    );
    assert!(losses.is_empty());
}

#[test]
fn batches_are_no_larger_than_was_asked() {
    let mut file = b"REDIS0006\x01\x01l\x05".to_vec();
    (b'a'..=b'e').for_each(|b| file.extend_from_slice(&[1, b]));
    let options = Options {
        batch: 2,
        replace: true,
        ..Options::default()
    };
    let target = Target::of_file(format(Dialect::Redis, 6));
    let (lines, _) = written(&file, target, options);
    assert_eq!(
        lines[1..],
        ["DEL l", "RPUSH l a b", "RPUSH l c d", "RPUSH l e"]
    );
}

#[test]
fn scores_and_expiries_as_servers_take_them() {
    let mut file = b"REDIS0008\xfc\xfb\xff\xff\xff\xff\xff\xff\xff\x05\x01z\x03".to_vec();
    for (member, score) in [(b'a', 0.1), (b'b', f64::NEG_INFINITY), (b'c', f64::NAN)] {
        file.extend_from_slice(&[1, member]);
        file.extend_from_slice(&f64::to_le_bytes(score));
    }
    let (lines, losses) = plain(&file, 8);
    assert_eq!(
        lines[1..],
        // -5 milliseconds are refused, or mean none.
        ["ZADD z 0.1 a -inf b", "PEXPIREAT z 1"]
    );
    assert_eq!(losses, [(Loss::NotANumber, 1)]);
}

#[test]
fn keys_without_elements_cannot_be_made() {
    for restore in [false, true] {
        let file = ended(b"REDIS0006\x02\x01s\x00\x00\x01a\x01x");
        let mut source = StreamReader::new(&file[..]);
        source.next_event().unwrap();
        let options = Options {
            restore,
            ..Options::default()
        };
        let target = Target::of_file(format(Dialect::Redis, 6));
        let mut commands = Commands::new(Vec::new(), target, options);
        let expired = Expired {
            now_ms: 0,
            skip: false,
        };
        visit(&mut source, &mut Filter::new(), expired, &mut commands).unwrap();
        assert_eq!(commands.empty(), 1);
        assert_eq!(lines(&commands.finish().unwrap()).len(), 2);
    }
}

/// A hash with a field that expires, in the way of Valkey 9.
const VOLATILE: &[u8] =
    b"VALKEY080\x16\x01h\x02\x01f\x01v\x10\x27\0\0\0\0\0\0\x01g\x01w\xff\xff\xff\xff\xff\xff\xff\xff";

#[test]
fn what_a_server_does_not_know_is_written_plain_or_lost() {
    let source = format(Dialect::Valkey, 80);
    let restore = Options {
        restore: true,
        ..Options::default()
    };
    let at = |server: &str| Target::of_server(server.parse().unwrap(), source).unwrap();
    let (lines, losses) = written(VOLATILE, Target::of_file(source), restore);
    assert!(
        lines[1].starts_with("RESTORE h 0 \\x16\\x02\\x01f\\x01v"),
        "{lines:?}"
    );
    assert!(
        lines[1].contains("P\\x00") && losses.is_empty(),
        "{lines:?}"
    );
    let (lines, losses) = written(VOLATILE, at("redis:8.0"), restore);
    assert_eq!(
        lines[1..],
        ["HSET h f v g w", "HPEXPIREAT h 10000 FIELDS 1 f"]
    );
    assert!(losses.is_empty());
    let (lines, losses) = written(VOLATILE, at("redis:3.2"), restore);
    assert_eq!(lines[1..], ["HMSET h f v g w"]);
    assert_eq!(losses, [(Loss::FieldExpiry, 1)]);
    assert!(Target::of_server("redis:2.4".parse().unwrap(), source).is_err());
}

#[test]
fn older_servers_are_told_of_expiries_apart() {
    let file = b"REDIS0006\xfc\x10\x27\0\0\0\0\0\0\x00\x01a\x01x";
    let options = Options {
        restore: true,
        replace: true,
        ..Options::default()
    };
    let with = |version| {
        let target = Target::of_file(format(Dialect::Redis, version));
        let (lines, _) = written(file, target, options);
        lines
            .iter()
            .map(|line| {
                line.split(' ')
                    .filter(|w| !w.contains('\\'))
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(with(6)[1..], ["RESTORE a 0 REPLACE", "PEXPIREAT a 10000"]);
    assert_eq!(with(9)[1..], ["RESTORE a 10000 REPLACE ABSTTL"]);
    let source = format(Dialect::Redis, 6);
    let target = Target::of_server("redis:2.8".parse().unwrap(), source).unwrap();
    let (lines, _) = written(file, target, options);
    assert_eq!(lines[1], "DEL a");
}

#[test]
fn libraries_of_functions() {
    let file = b"REDIS0010\xf5\x05#!lua\x00\x01a\x01x";
    let (lines, _) = plain(file, 10);
    assert_eq!(lines[0], "FUNCTION LOAD #!lua");
    let (lines, losses) = plain(file, 9);
    assert_eq!(lines, ["SELECT 0", "SET a x"]);
    assert_eq!(losses, [(Loss::Function, 1)]);
    let target = Target::of_file(format(Dialect::Redis, 9));
    let options = Options {
        functions: false,
        ..Options::default()
    };
    assert!(
        written(file, target, options).1.is_empty(),
        "nobody wants it"
    );
}

/// A stream without entries, with a group of which a consumer owns nothing.
const IDLE: &[u8] = b"\x0f\x01x\0\0\x01\x01\x01\x01g\0\0\0\x01\x01c\0\0\0\0\0\0\0\0\0";

#[test]
fn consumers_as_the_server_makes_them_that_wrote_the_file() {
    let made = |front: &[u8], target| {
        let (lines, losses) = written(&[front, IDLE].concat(), target, Options::default());
        assert!(losses.is_empty());
        lines.last().unwrap().clone()
    };
    let of_file = Target::of_file(format(Dialect::Redis, 9));
    let (created, read) = (
        "XGROUP CREATECONSUMER x g c",
        "XREADGROUP GROUP g c COUNT 1 STREAMS x 0",
    );
    let by_6_0 = b"REDIS0009\xfa\x09redis-ver\x066.0.16";
    assert_eq!(made(by_6_0, of_file), read);
    assert_eq!(made(b"REDIS0009", of_file), created);
    // Nobody else writes this version: an older or a newer one is no reason to believe.
    assert_eq!(
        made(b"REDIS0009\xfa\x09redis-ver\x057.2.1", of_file),
        created
    );
    assert_eq!(made(b"REDIS0009\xfa\x09redis-ver\x052.8.1", of_file), read);
    let chosen = "redis:7.0".parse().unwrap();
    let chosen = Target::of_server(chosen, format(Dialect::Redis, 9)).unwrap();
    assert_eq!(made(by_6_0, chosen), created);
}

/// A stream without entries, with one that is pending still.
const GONE: &[u8] = b"\x0f\x01x\0\0\x01\x01\x01\x01g\0\0\
    \x01\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0\x01\x01\0\0\0\0\0\0\0\x01\
    \x01\x01c\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0\x01";

#[test]
fn no_server_lets_what_is_gone_be_claimed() {
    for server in ["redis:5.0", "redis:6.0", "redis:7.0", "valkey:9.0"] {
        let source = format(Dialect::Redis, 9);
        let target = Target::of_server(server.parse().unwrap(), source).unwrap();
        let file = [b"REDIS0009", GONE].concat();
        let (lines, losses) = written(&file, target, Options::default());
        assert_eq!(losses, [(Loss::PendingGone, 1)], "{server}");
        assert!(lines.iter().all(|line| !line.starts_with("XCLAIM")));
    }
}

#[test]
fn keys_of_databases_that_are_not_there_go_nowhere() {
    let file = b"REDIS0009\xfe\x02\x00\x01a\x01x\xfe\x03\x00\x01b\x01x\xfe\x00\x00\x01c\x01x";
    let options = Options {
        databases: 3,
        ..Options::default()
    };
    let target = Target::of_file(format(Dialect::Redis, 9));
    let (lines, losses) = written(file, target, options);
    assert_eq!(lines, ["SELECT 2", "SET a x", "SELECT 0", "SET c x"]);
    assert_eq!(losses, [(Loss::Database, 1)]);
}
