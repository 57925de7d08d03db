use super::{Error, Options, Report, digest};
use crate::set::Set;
use crate::source::Memory;

/// A log of one file, of lines of words.
fn log(lines: &[&str]) -> Vec<u8> {
    let mut log = String::new();
    for line in lines {
        let args: Vec<&str> = line.split(' ').collect();
        log += &format!("*{}\r\n", args.len());
        args.iter()
            .for_each(|arg| log += &format!("${}\r\n{arg}\r\n", arg.len()));
    }
    log.into_bytes()
}

fn of_bytes(bytes: &[u8], options: &Options) -> Result<Report, Error> {
    let mut files = Memory::default();
    files.insert(b"a.aof", bytes);
    digest(&Set::single(b"a.aof"), &files, options)
}

fn report(lines: &[&str]) -> Report {
    of_bytes(&log(lines), &Options::default()).unwrap()
}

fn known(lines: &[&str]) -> String {
    let report = report(lines);
    let digest = report.digest();
    digest
        .unwrap_or_else(|| panic!("{lines:?}: {:?}", report.obstacles))
        .to_string()
}

#[track_caller]
fn same(lines: &[&str], others: &[&str]) {
    assert_eq!(known(lines), known(others), "{lines:?}");
}

#[track_caller]
fn lost(lines: &[&str], command: &str, keys: u64) {
    let obstacles = report(lines).obstacles.unwrap();
    let name = String::from_utf8(obstacles.first.command).unwrap();
    assert_eq!(
        (name.as_str(), obstacles.keys),
        (command, Some(keys)),
        "{lines:?}"
    );
}

const NOTHING: &[&str] = &["PING"];

#[test]
fn commands_of_a_key_may_be_apart() {
    same(
        &["RPUSH a x", "SET b 1", "RPUSH a y"],
        &["SET b 1", "RPUSH a x y"],
    );
    same(
        &[
            "RPUSH a x",
            "SWAPDB 0 1",
            "RPUSH a y",
            "SELECT 1",
            "RPUSH a z",
        ],
        &["RPUSH a y", "SELECT 1", "RPUSH a x z"],
    );
    // The same name in two databases, one command behind the other.
    same(&["SET a 1", "SELECT 1", "SET a 2", "FLUSHDB"], &["SET a 1"]);
}

#[test]
fn what_only_a_server_knows_may_not_matter_later() {
    lost(&["SADD a x", "SPOP a"], "SPOP", 1);
    same(&["SADD a x", "SPOP a", "DEL a"], NOTHING);
    same(&["SADD a x", "SPOP a", "SET a 1"], &["SET a 1"]);
    same(&["SPOP a", "FLUSHDB"], NOTHING);
    same(
        &["EVAL x 0", "SET a 1", "FLUSHALL", "SET b 1"],
        &["SET b 1"],
    );
    same(
        &["SELECT 3", "SPOP a", "SWAPDB 3 4", "SELECT 4", "FLUSHDB"],
        NOTHING,
    );
}

#[test]
fn uncertainty_spreads_with_the_first_cause() {
    lost(&["SPOP a", "RENAME a b"], "SPOP", 2);
    lost(&["SPOP a", "COPY a b"], "SPOP", 2);
    lost(&["SPOP a", "SUNIONSTORE d a c"], "SPOP", 2);
    lost(&["SPOP a", "SET a 1 NX"], "SPOP", 1);
    lost(&["SPOP a", "MOVE a 1"], "SPOP", 2);
    lost(&["SPOP a", "SUNIONSTORE d a c", "DEL a"], "SPOP", 1);
    // What only reads a key leaves it.
    lost(&["ZADD z 1 a", "ZUNIONSTORE d 1 z"], "ZUNIONSTORE", 1);
    lost(&["RPUSH l a", "SORT l STORE d"], "SORT", 1);
    let all = report(&["SET a 1", "EVAL x 0", "SET b 1"])
        .obstacles
        .unwrap();
    assert_eq!((&all.first.command[..], all.keys), (&b"EVAL"[..], None));
}

#[test]
fn a_command_may_fail() {
    same(
        &[
            "SET a 1",
            "RPUSH a x",
            "SADD a x",
            "HSET a f v",
            "ZADD a 1 x",
        ],
        &["SET a 1"],
    );
    same(&["SET a x", "INCR a"], &["SET a x"]);
    same(
        &["SET a 9223372036854775807", "INCR a"],
        &["SET a 9223372036854775807"],
    );
    same(
        &["RENAME a b", "PEXPIREAT a 5", "LSET a 0 x", "HDEL a f"],
        NOTHING,
    );
    same(&["XADD s 5-1 f v", "XADD s 5-1 f w"], &["XADD s 5-1 f v"]);
    // Some servers take this for a number, others not.
    lost(&["SET a 01", "INCR a"], "INCR", 1);
}

#[test]
fn empty_collections_go_and_empty_streams_stay() {
    same(&["RPUSH a x", "LPOP a"], NOTHING);
    same(&["SADD a x", "SREM a x y"], NOTHING);
    same(&["HSET a f v", "HDEL a f"], NOTHING);
    same(&["ZADD a 1 x", "ZREM a x"], NOTHING);
    same(&["RPUSH a x y z", "LTRIM a 5 9"], NOTHING);
    same(
        &["XADD s 1-1 f v", "XDEL s 1-1"],
        &["XGROUP CREATE s g $ MKSTREAM"],
    );
    assert_ne!(known(&["XADD s 1-1 f v", "XDEL s 1-1"]), known(NOTHING));
}

#[test]
fn expiry_counts_whenever_it_is() {
    same(&["SET a 1 PXAT 5"], &["SETEX a 100 1"]);
    same(
        &["SET a 1 PXAT 5"],
        &["SET a 1", "EXPIREAT a 4000000000 NX"],
    );
    same(&["SET a 1 PXAT 5", "SET a 2"], &["SET a 2"]);
    same(&["SET a 1 PXAT 5", "SET a 2 KEEPTTL"], &["SET a 2 PXAT 5"]);
    same(&["SET a 1 PXAT 5", "PERSIST a"], &["SET a 1"]);
    same(&["SET a 1", "PEXPIREAT a 5 XX"], &["SET a 1"]);
    same(&["SET a 1", "PEXPIREAT a 5 GT"], &["SET a 1"]);
    same(&["SET a 1 PXAT 5", "RENAME a b"], &["SET b 1 PXAT 7"]);
    lost(&["SET a 1", "PEXPIREAT a -1"], "PEXPIREAT", 1);
    let skip = Options {
        now_ms: Some(10),
        skip_expired: true,
        ..Options::default()
    };
    let report = of_bytes(
        &log(&["SET a 1 PXAT 5", "SET b 1", "HPEXPIREAT c 5 FIELDS 1 f"]),
        &skip,
    )
    .unwrap();
    assert_eq!(report.digest().unwrap().to_string(), known(&["SET b 1"]));
    assert_eq!(report.dataset.tally().expired, 1);
}

#[test]
fn lists_by_either_end() {
    same(
        &["RPUSH a 1 2 3", "LPUSH a 0", "RPOP a", "LPOP a 1"],
        &["RPUSH a 1 2"],
    );
    same(&["RPUSH a x y x y x", "LREM a -2 x"], &["RPUSH a x y y"]);
    same(&["RPUSH a x y x", "LREM a 0 x"], &["RPUSH a y"]);
    same(
        &["RPUSH a x z", "LINSERT a BEFORE z y", "LINSERT a AFTER q y"],
        &["RPUSH a x y z"],
    );
    same(
        &["RPUSH a x y", "RPOPLPUSH a a", "LMOVE a b LEFT RIGHT"],
        &["RPUSH a x", "RPUSH b y"],
    );
    same(
        &[
            "RPUSH a x y z",
            "LSET a -1 w",
            "LSET a 9 w",
            "LTRIM a -2 -1",
        ],
        &["RPUSH a y w"],
    );
}

#[test]
fn sorted_sets_by_score_and_name() {
    same(&["ZADD z 1 a 1 b 0 c", "ZPOPMIN z 2"], &["ZADD z 1 b"]);
    same(
        &["ZADD z 1 a 2 b", "ZADD z XX GT CH 5 a 1 b 9 c"],
        &["ZADD z 5 a 2 b"],
    );
    same(
        &["ZADD z 1 a", "ZINCRBY z 1.5 a", "ZADD z INCR 1 b"],
        &["ZADD z 2.5 a 1 b"],
    );
    same(
        &["ZADD z 1 a 2 b 3 c", "ZREMRANGEBYSCORE z (1 inf"],
        &["ZADD z 1 a"],
    );
    same(
        &["ZADD z 1 a 2 b 3 c", "ZREMRANGEBYRANK z 0 -2"],
        &["ZADD z 3 c"],
    );
    same(
        &["ZADD z 1 a 1 b 1 c", "ZREMRANGEBYLEX z [a (c"],
        &["ZADD z 1 c"],
    );
    lost(
        &["ZADD z 1 a 2 b", "ZREMRANGEBYLEX z - +"],
        "ZREMRANGEBYLEX",
        1,
    );
    // A small set has no negative zero.
    same(&["ZADD z -0 a"], &["ZADD z 0 a"]);
    let long = "m".repeat(65);
    let large = |score: &str| known(&[&format!("ZADD z 1 {long}"), &format!("ZADD z {score} a")]);
    assert_ne!(large("-0"), large("0"));
    lost(&[&format!("ZADD z -0 {long}")], "ZADD", 1);
}

#[test]
fn strings_are_bytes() {
    same(
        &[
            "APPEND a he",
            "SETRANGE a 2 llo",
            "SETBIT b 6 1",
            "SETBIT b 7 0",
        ],
        &["SET a hello", "SET b \x02"],
    );
    same(
        &["MSET a 1 b 2", "MSETNX a 9 c 9", "SETNX d 4", "DECRBY a 3"],
        &["SET a -2", "SET b 2", "SET d 4"],
    );
    same(
        &["SET a 1", "GETDEL a", "GETSET b 2", "DELIFEQ b 3"],
        &["SET b 2"],
    );
}

#[test]
fn hashes_keep_or_lose_the_expiry_of_fields() {
    let expires = "HPEXPIREAT h 4102444800123 FIELDS 1 f";
    let set = ["HSET h f 1", expires];
    same(&[set[0], set[1], "HINCRBY h f 1"], &["HSET h f 2", expires]);
    same(&[set[0], set[1], "HSET h f 2"], &["HSET h f 2"]);
    same(&[set[0], set[1], "HPERSIST h FIELDS 1 f"], &["HSET h f 1"]);
    same(&["HSETEX h PXAT 4102444800123 FIELDS 1 f 1"], &set);
    same(&["HSET h f 1 g 2", "HGETDEL h FIELDS 1 g"], &["HSET h f 1"]);
}

#[test]
fn streams_are_entries() {
    same(
        &["XADD s 1-1 f v", "XADD s MAXLEN 1 2 f w"],
        &["XADD s 2-0 f w"],
    );
    same(
        &["XADD s 1-1 f v", "XADD s 2-1 f w", "XTRIM s MINID = 2-0"],
        &["XADD s 2-1 f w"],
    );
    same(
        &["XADD s 1-1 f v", "XSETID s 9-9", "XADD s 5-5 f v"],
        &["XADD s 1-1 f v"],
    );
    same(
        &[
            "XADD s 1-1 f v",
            "XGROUP CREATE s g 0",
            "XCLAIM s g c 0 1-1",
        ],
        &["XADD s 1-1 f v"],
    );
    lost(&["XADD s MAXLEN ~ 10 1-1 f v"], "XADD", 1);
}

#[test]
fn databases_beyond_the_limit_are_not_selected() {
    same(
        &["SELECT 1", "SET a 1", "SELECT 16", "SET b 1"],
        &["SELECT 1", "SET a 1", "SET b 1"],
    );
    same(
        &["SELECT 1", "SET a 1", "SWAPDB 0 16"],
        &["SELECT 1", "SET a 1"],
    );
}

#[test]
fn transactions_without_end_are_not_run() {
    let whole = ["SET a 1", "MULTI", "SELECT 2", "SET b 1", "EXEC", "SET c 1"];
    same(&whole, &["SET a 1", "SELECT 2", "SET b 1", "SET c 1"]);
    let report = report(&["SET a 1", "MULTI", "SET b 1"]);
    assert_eq!(report.digest().unwrap().to_string(), known(&["SET a 1"]));
    let (file, cut) = report.cut.unwrap();
    assert_eq!((file, cut.at, report.commands), (0, 27, 1));
    // Torn inside of a command of it.
    let mut torn = log(&["SET a 1", "MULTI", "SET b 1", "SET c 1"]);
    torn.truncate(torn.len() - 4);
    let torn = of_bytes(&torn, &Options::default()).unwrap();
    assert_eq!(torn.digest(), report.digest());
}

#[test]
fn what_no_server_loads_has_no_digest() {
    let error = of_bytes(b"*1\r\n$4\r\nPING\r\nxx", &Options::default()).unwrap_err();
    assert!(
        error.is_damage() && error.to_string().contains("[bad-start]"),
        "{error}"
    );
    let error = of_bytes(&log(&["NOSUCH a"]), &Options::default()).unwrap_err();
    assert!(error.to_string().contains("NOSUCH"), "{error}");
    // A module's command is for its server.
    let report = of_bytes(&log(&["JSON.SET a $ 1"]), &Options::default()).unwrap();
    assert_eq!(report.obstacles.unwrap().keys, None);
    let base_only = Options {
        base_only: true,
        ..Options::default()
    };
    let error = of_bytes(&log(&["SET a 1"]), &base_only).unwrap_err();
    assert!(matches!(error, Error::NoBase), "{error}");
}

#[test]
fn memory_is_bounded_and_let_go() {
    let small = Options {
        max_memory: 100_000,
        ..Options::default()
    };
    let value = "v".repeat(1000);
    // Each key is done when the next one begins.
    let apart: Vec<String> = (0..1000).map(|n| format!("SET key:{n} {value}")).collect();
    let apart: Vec<&str> = apart.iter().map(String::as_str).collect();
    assert!(of_bytes(&log(&apart), &small).unwrap().digest().is_some());
    // Not so if commands come back to it.
    let twice = [&apart[..], &apart[..]].concat();
    let error = of_bytes(&log(&twice), &small).unwrap_err();
    assert!(
        matches!(error, Error::Memory { limit: 100_000, .. }),
        "{error}"
    );
    // What a command asks for is never reserved.
    let error = of_bytes(&log(&["SETBIT a 4294967295 1"]), &small).unwrap_err();
    assert!(matches!(error, Error::Memory { offset: 0, .. }), "{error}");
    // A command that does not fit.
    let long = format!("SET a {}", "v".repeat(3 << 20));
    let error = of_bytes(&log(&[&long]), &small).unwrap_err();
    assert!(matches!(error, Error::Memory { .. }), "{error}");
}

/// `DUMP` of the string "100".
const DUMP: &[u8] = b"\x00\xc0\x64\x0e\x00\xf5\x72\x4d\x4e\x33\x3d\x99\xc2";

#[test]
fn payloads_are_restored() {
    let mut bytes = b"*4\r\n$7\r\nRESTORE\r\n$1\r\na\r\n$1\r\n0\r\n$13\r\n".to_vec();
    bytes.extend_from_slice(DUMP);
    bytes.extend_from_slice(b"\r\n");
    let set = of_bytes(&bytes, &Options::default()).unwrap();
    assert_eq!(set.digest().unwrap().to_string(), known(&["SET a 100"]));
    bytes.extend(log(&["INCR a", "RENAME a b"]));
    let set = of_bytes(&bytes, &Options::default()).unwrap();
    assert_eq!(set.digest().unwrap().to_string(), known(&["SET b 101"]));
    // A payload with a wrong checksum: a server may or may not compare it.
    let broken = bytes.iter().map(|b| if *b == 0xc2 { 0xc3 } else { *b });
    let broken: Vec<u8> = broken.collect();
    let report = of_bytes(&broken, &Options::default()).unwrap();
    assert_eq!(&report.obstacles.unwrap().first.command[..], b"RESTORE");
}

#[test]
fn values_without_a_digest_go_with_their_database() {
    // A value of a module, "m" in database 2, and a string beside it.
    let base = [
        &b"REDIS0011\xfe\x02\x07\x01m\x81\x01\x02\x03\x04\x05\x06\x07\x08\x00"[..],
        b"\xfe\x00\x00\x01a\x011\xff\x00\x00\x00\x00\x00\x00\x00\x00",
    ]
    .concat();
    let report = |lines: &[&str]| {
        let bytes = [&base[..], &log(lines)].concat();
        let report = of_bytes(&bytes, &Options::default()).unwrap();
        let unknown: u64 = report.unknown.values().sum();
        assert_eq!(report.digest().is_none(), unknown > 0, "{lines:?}");
        unknown
    };
    assert_eq!(report(&["SET b 1"]), 1);
    assert_eq!(report(&["FLUSHDB"]), 1);
    assert_eq!(report(&["SWAPDB 2 3", "SELECT 2", "FLUSHDB"]), 1);
    for gone in [
        &["FLUSHALL"][..],
        &["SELECT 2", "FLUSHDB"],
        &["SWAPDB 2 3", "SELECT 3", "FLUSHDB", "SET b 1"],
        &["SELECT 2", "DEL m"],
    ] {
        assert_eq!(report(gone), 0, "{gone:?}");
    }
}

/// One entry, `f` with `v`, in a stream's node.
const NODE: &[u8] = &[
    0x1D, 0, 0, 0, 0x0A, 0, // 29 bytes, 10 elements
    1, 1, 0, 1, 1, 1, // 1 live, none deleted, 1 field
    0x81, b'f', 2, 0, 1, // "f", end of the master entry
    2, 1, 0, 1, 0, 1, // SAMEFIELDS; + 0-0
    0x81, b'v', 2, 4, 1,    // "v", 4 elements
    0xFF, // end
];

/// A base with one stream, "s", whose nodes begin with these IDs.
fn stream(first: u8, second: u8) -> Vec<u8> {
    let node = |ms: u8| {
        let mut id = [0; 16];
        id[7] = ms;
        [&[16][..], &id, &[NODE.len() as u8], NODE].concat()
    };
    [
        &b"REDIS0011\xfe\x00\x0f\x01s\x02"[..],
        &node(first),
        &node(second),
        b"\x02\x07\x00\x00", // 2 entries, the last 7-0, no groups
        b"\xff\x00\x00\x00\x00\x00\x00\x00\x00",
    ]
    .concat()
}

#[test]
fn streams_out_of_order_are_left_to_servers() {
    let report = |first, second, lines: &[&str]| {
        let bytes = [&stream(first, second)[..], &log(lines)].concat();
        of_bytes(&bytes, &Options::default()).unwrap()
    };
    let built = ["XADD s 1-0 f v", "XADD s 3-0 f v", "XADD s 8-0 f v"];
    let sorted = report(1, 3, &["XADD s 8-0 f v"]);
    assert_eq!(sorted.digest().unwrap().to_string(), known(&built));

    let touched = report(3, 1, &["XADD s 8-0 f v"]).obstacles.unwrap();
    assert_eq!(
        (&touched.first.command[..], touched.keys),
        (&b"XADD"[..], Some(1))
    );
    let untouched = report(3, 1, &["SET a 1"]);
    assert_eq!(untouched.unknown.values().sum::<u64>(), 1);
    assert!(report(3, 1, &["DEL s"]).digest().is_some());
}
