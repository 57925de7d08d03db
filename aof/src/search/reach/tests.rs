use super::*;
use crate::commands;
use crate::search::sample::command;

fn of(line: &str) -> Reach {
    let raw = command(line);
    reach(&Command::parse(raw.as_bytes()).unwrap())
}

#[test]
fn beyond_the_selected_database() {
    for (line, wanted) in [
        ("flushall", Reach::All),
        ("FLUSHALL SYNC", Reach::All),
        ("FlushDB async", Reach::Whole),
        ("CLUSTER flushslot 7", Reach::Whole),
        ("cluster info", Reach::Selected),
        ("SWAPDB 0 15", Reach::Swap(0, 15)),
        ("SWAPDB 0 x", Reach::Selected),
        ("MOVE k 3", Reach::Move(3)),
        ("COPY a b", Reach::Selected),
        ("copy a b replace db 2", Reach::Copy(2)),
        ("copy a db db 2", Reach::Copy(2)),
        ("COPY DB DB", Reach::Selected),
        ("COPY a b DB 2 DB 4", Reach::Copy(4)),
        ("SET a b", Reach::Selected),
        ("MOVE", Reach::Selected),
    ] {
        assert_eq!(of(line), wanted, "{line}");
    }
}

#[test]
fn keys_are_in_databases() {
    let keys = |line: &str| {
        let raw = command(line);
        let command = Command::parse(raw.as_bytes()).unwrap();
        let spec = commands::spec(&command).unwrap();
        keys(spec, &command, 1).collect::<Vec<_>>()
    };
    assert_eq!(keys("COPY a b DB 9"), [(1, 1), (2, 9)]);
    assert_eq!(keys("MOVE a 4"), [(1, 1), (1, 4)]);
    assert_eq!(keys("RENAME a b"), [(1, 1), (2, 1)]);
    assert_eq!(keys("FLUSHALL"), []);
}
