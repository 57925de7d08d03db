//! Making a log load again.

use super::*;

#[test]
fn repair_a_torn_end() {
    let good = log(&["SET a 1", "SET b 1"]);
    let torn = [&good[..], b"*2\r\n$3\r\nDE"].concat();
    let data = Data::single(&torn);
    let said = data.run(&["repair", "appendonly.aof", "-o", "new"]);
    ok(&said);
    assert!(
        said.out
            .contains("appendonly.aof:54: the file ends inside a command"),
        "{}",
        said.out
    );
    assert!(fs::read(data.at("new")).unwrap() == good);
    // A second time there is nothing to do: a new log is a copy, in place nothing changes.
    let said = data.run(&["repair", "new", "-o", "again"]);
    ok(&said);
    assert!(said.out.contains("nothing to be done"), "{}", said.out);
    assert!(fs::read(data.at("again")).unwrap() == good);
    let before = data.files();
    let said = data.run(&["repair", "new", "--in-place"]);
    ok(&said);
    assert!(
        said.out.ends_with("no change: nothing was written\n"),
        "{}",
        said.out
    );
    assert!(data.files() == before);
}

#[test]
fn repair_damage_in_the_middle() {
    let (head, tail) = (log(&["SET a 1"]), log(&["SET b 1", "SET c 1"]));
    let data = Data::single(&[&head[..], b"\0\0\0garbage\r\n", &tail].concat());
    ok(&data.run(&["repair", "appendonly.aof", "-o", "cut"]));
    assert!(fs::read(data.at("cut")).unwrap() == head);
    let said = data.run(&["repair", "appendonly.aof", "--skip-damage", "-o", "skipped"]);
    ok(&said);
    assert!(
        fs::read(data.at("skipped")).unwrap() == [head, tail].concat(),
        "{}",
        said.out
    );
}

#[test]
fn repair_goes_on_without_a_file_only_if_told() {
    let data = Data::of("redis-8.0-sid/mp-several-incr");
    let second = "appendonly.aof.2.incr.aof";
    fs::remove_file(data.log().join(second)).unwrap();
    let said = data.refused(&["repair", "log", "-o", "new"], 1);
    assert!(
        said.contains(second) && said.contains("--allow-missing"),
        "{said}"
    );
    let said = data.run(&["repair", "log", "--allow-missing", "-o", "new"]);
    ok(&said);
    assert!(said.out.contains("was not there"), "{}", said.out);
    let manifest = fs::read_to_string(data.at("new/appendonly.aof.manifest")).unwrap();
    assert!(
        !manifest.contains(second) && manifest.ends_with('\n'),
        "{manifest}"
    );
}

#[test]
fn what_the_old_log_has_is_told_and_no_reason_to_fail() {
    let data = Data::single(&log(&["SET a 1", "JSON.SET j $ 1", "FLUSHALL", "SET b 1"]));
    let said = data.run(&["drop", "appendonly.aof", "FLUSHALL", "-o", "new"]);
    assert_eq!((said.code, said.err.as_str()), (1, ""));
    assert!(
        said.out
            .contains("refuses to start; the old log has this, too:"),
        "{}",
        said.out
    );
    assert!(said.out.contains("JSON.SET"), "{}", said.out);
    let wanted = log(&["SET a 1", "JSON.SET j $ 1", "SET b 1"]);
    assert!(fs::read(data.at("new")).unwrap() == wanted);
    // Known to the server that is meant, they are no reason for care.
    let cut = ["cut", "appendonly.aof", "--before", "FLUSHALL"];
    let known = data.run(
        &[
            &cut[..],
            &["--module-commands", "JSON.*,ft.*", "-o", "known"],
        ]
        .concat(),
    );
    ok(&known);
    assert!(!known.out.contains("with care"), "{}", known.out);
    let lines = ["HPEXPIREAT h 99 FIELDS 1 f", "FLUSHALL"];
    let data = Data::single(&log(&lines));
    for (server, code) in [("redis:8.0", 0), ("redis:7.0", 1)] {
        let said = data.run(&[&cut[..], &["--for", server, "-o", server]].concat());
        assert_eq!((said.code, said.err.as_str()), (code, ""), "{}", said.out);
    }
    // A database of a server with more of them than by default.
    let data = Data::single(&log(&["SELECT 20", "SET a 1", "FLUSHALL"]));
    let said = data.run(&["cut", "appendonly.aof", "--before", "FLUSHALL", "-o", "new"]);
    ok(&said);
    assert!(
        said.out.contains("with care: ") && said.out.contains("select-refused"),
        "{}",
        said.out
    );
}

#[cfg(target_os = "linux")]
#[test]
fn repair_mends_a_manifest() {
    let data = Data::of("valkey-9-sid/mp-ops");
    let path = data.log().join("appendonly.aof.manifest");
    let good = fs::read(&path).unwrap();
    fs::write(&path, [&good[..], &[0; 30]].concat()).unwrap();
    let said = data.refused(&["cut", "log", "--before", "FLUSHDB", "-o", "new"], 1);
    assert!(said.contains("manifest: "), "{said}");
    let said = data.run(&["repair", "log", "--in-place"]);
    ok(&said);
    assert!(
        said.out
            .contains("mended     zero bytes at the end of the manifest"),
        "{}",
        said.out
    );
    assert!(fs::read(&path).unwrap() == good);
    ok(&data.run(&["cut", "log", "--before", "FLUSHDB", "-o", "new"]));
}

#[test]
fn no_repair_is_promised_for_a_damaged_base() {
    let data = Data::of("redis-8.0-sid/mp-ops");
    let base = data.log().join("appendonly.aof.1.base.rdb");
    let bytes = fs::read(&base).unwrap();
    fs::write(&base, &bytes[..bytes.len() - 9]).unwrap();
    let said = data.refused(&["drop", "log", "FLUSHDB", "-o", "new"], 1);
    assert!(
        said.contains("cannot be mended here") && !said.contains("repair"),
        "{said}"
    );
}

#[test]
fn what_is_no_log_is_not_repaired_to_an_empty_one() {
    let data = Data::single(b"a letter\nto somebody\n");
    for more in [&[][..], &["--skip-damage"]] {
        let repair = [&["repair", "appendonly.aof", "-o", "new"][..], more].concat();
        let said = data.refused(&repair, 1);
        assert!(
            said.contains("no log at all") && said.contains("--allow-empty"),
            "{said}"
        );
    }
    ok(&data.run(&["repair", "appendonly.aof", "-o", "new", "--allow-empty"]));
    assert!(fs::read(data.at("new")).unwrap().is_empty());
    let data = Data::of("redis-8.0-sid/mp-ops");
    fs::write(data.log().join("appendonly.aof.manifest"), "# nothing\n").unwrap();
    let said = data.refused(&["repair", "log", "-o", "new"], 2);
    assert!(said.contains("names no file"), "{said}");
}

#[test]
fn what_is_not_there_needs_no_repair_if_that_was_said() {
    let data = Data::single(&log(&["SET a 1"]));
    let why = data.refused(&["repair", "none", "--in-place"], 2);
    assert!(why.contains("none"), "{why}");
    let said = data.run(&["repair", "none", "--in-place", "--if-present"]);
    ok(&said);
    assert_eq!(said.out, "none: not there, nothing to repair\n");
    let said = data.run(&["repair", "appendonly.aof", "--in-place", "--if-present"]);
    ok(&said);
    assert!(said.out.contains("nothing to be done"), "{}", said.out);
}

#[test]
fn a_torn_end_alone() {
    // No more than what a server would cut off.
    let whole = log(&["SET a 1", "SET b 2"]);
    for torn in [
        &b"*2\r\n$3\r\nDE"[..],
        b"\0\0\0\0",
        b"*1\r\n$5\r\nMULTI\r\n",
    ] {
        let data = Data::single(&[&whole, torn].concat());
        ok(&data.run(&["repair", "appendonly.aof", "--torn-only", "--in-place"]));
        assert_eq!(fs::read(data.at("appendonly.aof")).unwrap(), whole);
    }
    // The length of an argument is wrong: commands go, and none of them can be counted.
    let mut hurt = log(&["SET a 1", "SET b 2", "SET c 3", "SET d 4"]);
    hurt[28] = b'9';
    // The last length reaches beyond the end, over commands that are whole.
    let long = b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$999\r\n1\r\n";
    let swallowing = [&whole, &long[..], &log(&["SET c 3", "SET d 4", "SET e 5"])].concat();
    for bytes in [hurt, swallowing] {
        let data = Data::single(&bytes);
        let why = data.refused(
            &["repair", "appendonly.aof", "--torn-only", "--in-place"],
            1,
        );
        assert!(
            why.contains("more than a torn end: appendonly.aof:"),
            "{why}"
        );
        let said = data.run(&["repair", "appendonly.aof", "-o", "new"]);
        ok(&said);
        assert!(
            said.out.contains("loses      0 commands, and what ")
                && said.out.contains(" bytes held that could not be read"),
            "{}",
            said.out
        );
    }
}

#[test]
fn what_is_not_told_is_no_torn_end() {
    // More damaged places than are told, of which those that are told do no harm.
    let whole = log(&["SET a 1"]);
    let vain = b"*1\r\n$4\r\nEXEC\r\n".repeat(1100);
    let data = Data::single(&[&whole, &vain[..], &[0xFF; 24], &whole.repeat(500)].concat());
    let why = data.refused(
        &["repair", "appendonly.aof", "--torn-only", "--in-place"],
        1,
    );
    assert!(why.contains("more than a torn end: "), "{why}");
}
