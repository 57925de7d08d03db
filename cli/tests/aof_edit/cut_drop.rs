//! Going back, and taking out commands.

use super::*;

#[test]
fn cut_before_a_command() {
    let data = Data::of("redis-8.0-sid/mp-ops");
    let before = data.files();
    let said = data.run(&["cut", "log", "--before", "FLUSHDB", "-o", "new"]);
    ok(&said);
    for part in [
        "log: cut at appendonly.aof.1.incr.aof:22628",
        "GOES   appendonly.aof.1.incr.aof:22628  -  db7    FLUSHDB",
        "loses      12 commands, 1 transaction",
        "keeps      231 commands",
        "written: new: 3 files, ",
        "verified ",
        "--appenddirname new --appendfilename appendonly.aof",
    ] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
    let mut after = data.files();
    let new = after.split_off(Path::new("new"));
    assert_eq!(after, before);
    assert_eq!(new.len(), 3);
    let old = &before[&Path::new("log").join(INCR)];
    assert!(new[&Path::new("new").join(INCR)] == old[..22628]);
    let kept = data.run(&["log", "new", "FLUSHDB", "-c"]);
    assert_eq!(kept.out, "0\n");
}

#[test]
fn cut_at_a_time_and_at_an_offset_agree() {
    let data = Data::of("redis-8.0-sid/ts");
    ok(&data.run(&[
        "cut",
        "log",
        "--until",
        "2026-11-20T21:11:36Z",
        "-o",
        "time",
    ]));
    let points = data.run(&["log", "time", "--tail", "1"]);
    assert!(
        points.out.contains("2026-11-20T21:11:36Z"),
        "{}",
        points.out
    );
    let length = fs::metadata(data.at("time").join(INCR))
        .unwrap()
        .len()
        .to_string();
    ok(&data.run(&[
        "cut", "log", "--at", &length, "--file", INCR, "-o", "offset",
    ]));
    for name in [INCR, "appendonly.aof.manifest", "appendonly.aof.1.base.rdb"] {
        let read = |log: &str| fs::read(data.at(log).join(name)).unwrap();
        assert!(read("time") == read("offset"), "{name}");
    }
    let said = data.refused(
        &["cut", "log", "--until", "2020-01-01T00:00:00Z", "-o", "new"],
        1,
    );
    assert!(
        said.contains("the log begins at 2026-11-20T21:11:34Z, after 2020-01-01T00:00:00Z"),
        "{said}"
    );
    let said = data.refused(&["cut", "log", "--until", "14:03", "-o", "new"], 2);
    assert!(said.contains("RFC 3339"), "{said}");
}

#[test]
fn drop_one_command_and_keep_the_rest() {
    let data = Data::of("valkey-9-sid/mp-ops");
    let old = fs::read(data.log().join(INCR)).unwrap();
    let said = data.run(&["drop", "log", "FLUSHDB", "-o", "new"]);
    ok(&said);
    assert!(said.out.contains("loses      1 command\n"), "{}", said.out);
    let new = fs::read(data.at("new").join(INCR)).unwrap();
    let flush = command("FLUSHDB");
    let at = old.windows(flush.len()).position(|w| w == flush).unwrap();
    assert!(new == [&old[..at], &old[at + flush.len()..]].concat());
}

#[test]
fn several_matches_are_a_choice() {
    let data = Data::single(&log(&[
        "SET a 1", "DEL a", "SELECT 2", "DEL a b", "SET c 1",
    ]));
    let said = data.refused(&["drop", "appendonly.aof", "DEL", "-o", "new"], 1);
    for part in [
        "2 commands match",
        "appendonly.aof:27  -  db0  DEL a",
        "db2  DEL a b",
        "--nth N",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    ok(&data.run(&[
        "drop",
        "appendonly.aof",
        "DEL",
        "--db",
        "2",
        "--key",
        "b",
        "-o",
        "one",
    ]));
    let wanted = log(&["SET a 1", "DEL a", "SELECT 2", "DEL a", "SET c 1"]);
    assert!(fs::read(data.at("one")).unwrap() == wanted);
    ok(&data.run(&["drop", "appendonly.aof", "DEL", "--all", "-o", "all"]));
    assert!(fs::read(data.at("all")).unwrap() == log(&["SET a 1", "SELECT 2", "SET c 1"]));
    let said = data.refused(&["drop", "appendonly.aof", "FLUSHALL", "-o", "new"], 1);
    assert!(said.contains("nothing matches among 5 commands"), "{said}");
}

#[test]
fn an_empty_file_has_nothing_to_cut() {
    let data = Data::single(b"");
    let said = data.refused(
        &["cut", "appendonly.aof", "--before", "FLUSHALL", "-o", "new"],
        1,
    );
    assert!(said.contains("nothing matches among 0 commands"), "{said}");
}

#[test]
fn damage_is_in_the_way_of_a_drop() {
    let mut torn = log(&["SET a 1", "FLUSHALL", "SET b 1"]);
    torn.extend(b"*2\r\n$3\r\nDE");
    let data = Data::single(&torn);
    let said = data.refused(&["drop", "appendonly.aof", "FLUSHALL", "-o", "new"], 1);
    assert!(said.contains("rdbkit aof repair"), "{said}");
    // Behind a cut it goes anyway.
    let said = data.run(&["cut", "appendonly.aof", "--before", "FLUSHALL", "-o", "new"]);
    ok(&said);
    assert!(
        said.out.contains("there is damage behind the point"),
        "{}",
        said.out
    );
    assert!(fs::read(data.at("new")).unwrap() == log(&["SET a 1"]));
}

#[test]
fn a_command_that_only_loses_keys_is_told() {
    let data = Data::single(&log(&["SET a 1", "DEL a b"]));
    let said = data.run(&["drop", "appendonly.aof", "DEL", "--key", "a", "-o", "new"]);
    ok(&said);
    assert!(said.out.contains("1 command loses some of the keys"));
    assert!(
        said.out.lines().all(|line| !line.trim().is_empty()),
        "{}",
        said.out
    );
}

#[test]
fn what_stays_of_a_pattern_is_said() {
    let data = Data::single(&log(&["SELECT 1", "SET a 1"]));
    let said = data.refused(&["drop", "appendonly.aof", "sel*", "-o", "new"], 1);
    assert!(
        said.contains("SELECT cannot be taken out at appendonly.aof:0"),
        "{said}"
    );
}

#[test]
fn an_offset_without_a_file_names_those_that_hold_commands() {
    let data = Data::of("redis-8.0-sid/mp-ops");
    let manifest = fs::read_to_string(data.log().join("appendonly.aof.manifest")).unwrap();
    fs::write(
        data.log().join("appendonly.aof.9.incr.aof"),
        log(&["SET a 1"]),
    )
    .unwrap();
    let more = "file appendonly.aof.9.incr.aof seq 9 type i\n";
    fs::write(data.log().join("appendonly.aof.manifest"), manifest + more).unwrap();
    let said = data.refused(&["cut", "log", "--at", "5", "-o", "new"], 2);
    assert!(
        said.contains("9.incr.aof") && said.contains("--file NAME"),
        "{said}"
    );
    assert!(!said.contains(".rdb"), "{said}");
}
