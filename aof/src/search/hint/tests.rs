use super::*;
use crate::search::sample;

const T: i64 = 1_700_000_000_000;

#[test]
fn times_that_commands_carry() {
    for (line, wanted) in [
        (format!("XADD s {T}-0 f v"), Some((T, HintKind::StreamId))),
        (
            format!("xadd s NOMKSTREAM MAXLEN = 10 {T}-7 f v"),
            Some((T, HintKind::StreamId)),
        ),
        (
            format!("XADD s MINID ~ 9-9 LIMIT 5 {T}-7 f v"),
            Some((T, HintKind::StreamId)),
        ),
        (
            format!("XADD s MAXLEN 10 KEEPREF IDMP p {T} {T}-7 f v"),
            Some((T, HintKind::StreamId)),
        ),
        // Ids of a client's own, and what is no id.
        ("XADD s 1-1 f v".to_owned(), None),
        ("XADD s * f v".to_owned(), None),
        ("XADD s 17".to_owned(), None),
        (
            format!("XCLAIM s g c 0 1-1 TIME {T} RETRYCOUNT 1 FORCE"),
            Some((T, HintKind::Claim)),
        ),
        ("XCLAIM s g c 0 1-1 IDLE 5".to_owned(), None),
        (format!("SET k v PXAT {T}"), Some((T, HintKind::Before))),
        ("SET k v PX 1000".to_owned(), None),
        ("PEXPIREAT k 1".to_owned(), None),
        (format!("SET k {T}"), None),
    ] {
        let raw = sample::command(&line);
        let found = hint(&Command::parse(raw.as_bytes()).unwrap());
        assert_eq!(
            found.map(|hint| (hint.time_ms, hint.kind)),
            wanted,
            "{line}"
        );
    }
}
