use super::*;
use crate::search::sample::{log, see, visit};

fn stats(files: &[&[&str]]) -> Stats {
    let mut stats = Stats::new();
    see(files, &mut stats);
    stats
}

#[test]
fn everything_adds_up() {
    let first: &[&str] = &[
        "SELECT 0",
        "#TS:100",
        "set user:1 x PXAT 9000",
        "SET user:2 x",
        "MOD.SET user:3 x",
        "#TS:101",
        "MULTI",
        "SELECT 3",
        "MSET a 1 user:4 2",
        "PEXPIREAT a 5000",
        "EXEC",
    ];
    let second: &[&str] = &["#TS:103", "XGROUP CREATE s g 0", "EXPIRE user:9 5", "MULTI"];
    let stats = stats(&[first, second]);
    let names: Vec<_> = stats
        .commands()
        .into_iter()
        .map(|(name, count)| format!("{name} {}", count.commands))
        .collect();
    assert_eq!(
        names.join(", "),
        "multi 2, select 2, set 2, exec 1, expire 1, mset 1, pexpireat 1, xgroup|create 1"
    );
    let (unknown, count) = stats.unknown();
    assert_eq!(unknown.top(1)[0].0, b"mod.set");
    assert_eq!(count.commands, 1);
    let known: u64 = stats.commands().iter().map(|(_, c)| c.bytes).sum();
    let total = stats.total();
    assert_eq!(known + count.bytes, total.bytes);
    assert_eq!(total.commands, 12);
    let bytes: usize = [first, second].map(|lines| log(lines).len()).iter().sum();
    assert_eq!(total.bytes, bytes as u64 - 3 * "#TS:100\r\n".len() as u64);
    // The key of a module's command is not known.
    let top: Vec<_> = stats
        .prefixes()
        .top(9)
        .into_iter()
        .map(|(n, w)| (n, w.count))
        .collect();
    assert_eq!(top, [(&b"user:"[..], 4), (b"a", 2), (b"s", 1)]);
    assert_eq!(stats.prefixes().error(), 0);
    let databases: Vec<_> = stats
        .databases()
        .iter()
        .map(|(db, c)| (*db, c.commands))
        .collect();
    assert_eq!(databases, [(0, 9), (3, 3)]);
    assert_eq!((stats.transactions(), stats.open_transactions()), (1, 1));
    let longest = stats.longest_transaction().unwrap();
    assert_eq!((longest.commands, longest.file), (3, 0));
    assert_eq!(longest.bytes, log(&first[6..]).len() as u64);
    assert_eq!(stats.expiries(), (3, 1, Some((5000, 9000))));
    assert_eq!(stats.times(), Some((100, 103)));
    assert_eq!(stats.untimed(), 1);
    assert_eq!(
        stats.busiest().map(|b| (b.first, b.commands)),
        Some((101, 5))
    );
    let timed: u64 = stats
        .timeline()
        .spans()
        .map(|(_, span)| span.commands)
        .sum();
    assert_eq!(timed + stats.untimed(), total.commands);
    let files: Vec<_> = stats
        .files()
        .iter()
        .map(|f| (f.annotations, f.first, f.last))
        .collect();
    assert_eq!(
        files,
        [(2, Some(100), Some(101)), (1, Some(103), Some(103))]
    );
}

#[test]
fn the_biggest_come_first() {
    let lines: Vec<String> = (0..30)
        .map(|n| format!("SET k{n} {}", "x".repeat(n * 7 % 30)))
        .collect();
    let mut stats = Stats::new();
    visit(&[log(&lines).into_bytes()], &mut stats);
    let biggest: Vec<u64> = stats.biggest().iter().map(|big| big.bytes).collect();
    let mut all: Vec<u64> = lines.iter().map(|line| log(&[line]).len() as u64).collect();
    all.sort_unstable_by(|a, b| b.cmp(a));
    assert_eq!(biggest, all[..10]);
    assert!(stats.biggest()[0].key.as_deref().unwrap().starts_with(b"k"));
}

#[test]
fn nothing_is_counted_of_nothing() {
    let stats = stats(&[&[]]);
    assert_eq!(stats.total(), Count::default());
    assert!(stats.commands().is_empty() && stats.databases().is_empty());
    assert_eq!((stats.times(), stats.busiest()), (None, None));
}

#[test]
fn prefixes_end_behind_the_separator() {
    assert_eq!(prefix(b"a:b:c"), b"a:");
    assert_eq!(
        (prefix(b":x"), prefix(b"plain"), prefix(b"")),
        (&b":"[..], &b"plain"[..], &b""[..])
    );
}
