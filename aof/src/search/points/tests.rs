use super::*;
use crate::search::sample::{log, see, visit};

/// File, offset and time of a hint.
type At = (usize, u64, i64);

fn points(files: &[&[&str]]) -> (Vec<Point>, Vec<At>, Vec<FilePoints>) {
    let (mut told, mut hints) = (Vec::new(), Vec::new());
    let mut points = Points::new(
        |point: &Point| told.push(point.clone()),
        |file, at, hint: Hint| hints.push((file, at, hint.time_ms)),
    );
    see(files, &mut points);
    let files = points.files().to_vec();
    (told, hints, files)
}

#[test]
fn seconds_can_be_cut_off() {
    let first = [
        "#TS:100",
        "SET a 1",
        "DEL a b c",
        "#TS:103",
        "MULTI",
        "FLUSHDB",
        "EXEC",
    ];
    let second = ["SELECT 4", "#TS:102", "SWAPDB 0 1", "FLUSHALL"];
    let (told, hints, files) = points(&[&first, &second]);
    let long = |lines: &[&str]| log(lines).len() as u64;
    let seen: Vec<_> = told
        .iter()
        .map(|p| (p.time, p.annotated, p.file, p.begin, p.end, p.gap))
        .collect();
    assert_eq!(
        seen,
        [
            (Some(100), true, 0, 0, long(&first[..3]), None),
            (Some(103), true, 0, long(&first[..3]), long(&first), Some(3)),
            // Of the file before is the time of what has none.
            (Some(103), false, 1, 0, long(&second[..1]), None),
            (
                Some(102),
                true,
                1,
                long(&second[..1]),
                long(&second),
                Some(-1)
            ),
        ]
    );
    assert_eq!((told[0].commands, told[0].deleted), (2, 3));
    let flush = told[1].dangers[0];
    assert_eq!(flush.kind, DangerKind::FlushDb);
    assert_eq!(
        (flush.begin, flush.cut),
        (long(&first[..5]), long(&first[..4])),
        "cut before the transaction"
    );
    let kinds: Vec<_> = told[3].dangers.iter().map(|d| (d.kind, d.db)).collect();
    assert_eq!(
        kinds,
        [(DangerKind::SwapDb(0, 1), 4), (DangerKind::FlushAll, 4)]
    );
    assert!(hints.is_empty());
    assert_eq!((files[1].annotations, files[1].untimed), (1, 1));
    assert_eq!(files[0].end, long(&first));
}

#[test]
fn a_second_of_many_dangers_and_a_torn_end() {
    let keys = vec!["k"; 100].join(" ");
    let del = format!("unlink {keys}");
    let mut lines = vec!["#TS:5", &del];
    lines.extend(vec!["FLUSHALL"; 40]);
    let whole = log(&lines);
    let torn = format!("{whole}*2\r\n$3\r\nDEL");
    let mut told = Vec::new();
    let mut points = Points::new(|point: &Point| told.push(point.clone()), |_, _, _| {});
    let ends = visit(&[torn.into_bytes()], &mut points);
    assert!(ends[0].error.is_some());
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].end, whole.len() as u64);
    assert_eq!((told[0].dangers.len(), told[0].danger_count), (16, 41));
    assert_eq!(told[0].dangers[0].kind, DangerKind::Deletes(100));
}

#[test]
fn without_annotations_there_are_hints() {
    let (told, hints, files) = points(&[&[
        "SET k v PXAT 1700000090000",
        "XADD s 1700000001000-0 f v",
        "XADD s 1700000000500-0 f v",
        "MULTI",
        "XADD s 1700000002000-0 f v",
        "EXEC",
        "PEXPIREAT k 1700000050000",
        "XADD s 5-5 f v",
    ]]);
    assert_eq!((told.len(), told[0].time), (1, None));
    let times: Vec<i64> = hints.iter().map(|h| h.2).collect();
    assert_eq!(times, [1_700_000_001_000, 1_700_000_002_000]);
    assert_eq!(files[0].before_ms.map(|b| b.0), Some(1_700_000_050_000));
    assert_eq!((files[0].commands, files[0].untimed), (8, 8));
}

#[test]
fn an_empty_log_has_no_points() {
    let (told, hints, files) = points(&[&[], &[]]);
    assert!(told.is_empty() && hints.is_empty());
    assert_eq!(files, [FilePoints::default(); 2]);
}
