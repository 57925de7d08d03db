//! The digest of a log made of the bytes.

use rdbkit_aof::digest::{self, Options, Report};
use rdbkit_aof::{Manifest, Memory, Set};

const FLUSH: &[u8] = b"*1\r\n$8\r\nFLUSHALL\r\n";
const TWICE: &str = "file a seq 1 type i\nfile flush seq 2 type i\nfile a seq 3 type i\n";

/// A log. Done once, its keys are let go as soon as no command comes to them;
/// done twice, with nothing left of the first time, all are held.
pub fn digested(log: &[u8]) {
    let mut files = Memory::default();
    files.insert(b"a", log);
    files.insert(b"flush", FLUSH);
    files.insert(b"m", TWICE);
    let options = Options {
        max_memory: 16 << 20,
        ..Options::default()
    };
    let twice = Set::new(b"m", Manifest::parse(TWICE.as_bytes()).unwrap());
    let once = digest::digest(&Set::single(b"a"), &files, &options);
    let twice = digest::digest(&twice, &files, &options);
    if let (Ok(once), Ok(twice)) = (once, twice) {
        assert!(once.cut.is_none(), "a file that is not the last was cut");
        let left = |report: &Report| {
            let obstacles = report.obstacles.clone().map(|o| (o.first.command, o.keys));
            (obstacles, report.dataset.digest(), report.dataset.tally())
        };
        assert_eq!(left(&once), left(&twice));
    }
}
