use super::*;

/// Everything a log in memory gives, as text: events with offsets, the error.
fn all(log: &[u8], limits: Limits) -> Vec<String> {
    let mut decoder = Decoder::new(limits);
    let mut out = Vec::new();
    let mut at = 0;
    loop {
        match decoder.step(&log[at..], true) {
            Ok(Step::Token { used, token }) => {
                out.push(format!("{at} {:?}", token.resolve(used, &log[at..])));
                at += used;
                assert_eq!(decoder.offset(), at as u64);
            }
            Ok(Step::Done) => return out,
            Ok(Step::NeedMore { .. }) => panic!("more than everything"),
            Err(error) => {
                out.push(told(&error));
                assert_eq!(decoder.step(&log[at..], true).unwrap(), Step::Done);
                return out;
            }
        }
    }
}

fn told(error: &Error) -> String {
    let (at, unit, line) = (error.offset(), error.token_offset(), error.line());
    format!("{:?} at {at} in {unit} line {line}", error.kind())
}

/// The same from windows that grow by `piece` bytes, pulled or driven.
fn pieces(log: &[u8], limits: Limits, piece: usize, driven: bool) -> Vec<String> {
    let mut decoder = Decoder::new(limits);
    let mut out = Vec::new();
    let (mut at, mut end) = (0, 0);
    loop {
        let eof = end == log.len();
        let window = &log[at..end];
        let need = if driven {
            let mut sink = |event: Event<'_>, offset: u64| out.push(format!("{offset} {event:?}"));
            match decoder.drive(window, eof, &mut sink) {
                Ok(Progress { need: 0, .. }) => return out,
                Ok(Progress { used, need }) => {
                    at += used;
                    need
                }
                Err(error) => {
                    out.push(told(&error));
                    return out;
                }
            }
        } else {
            match decoder.step(window, eof) {
                Ok(Step::Token { used, token }) => {
                    out.push(format!("{at} {:?}", token.resolve(used, window)));
                    at += used;
                    continue;
                }
                Ok(Step::NeedMore { at_least }) => at_least,
                Ok(Step::Done) => return out,
                Err(error) => {
                    out.push(told(&error));
                    return out;
                }
            }
        };
        assert!(need > end - at, "{need} is no more than {}", end - at);
        assert!(!eof, "more than everything");
        // Long lines and what a long command may have before it is known to be one.
        let bound = limits.command.max(1024).max(limits.chunk) + 1023 + 2;
        assert!(need <= bound, "{need} is above {bound}");
        end = (end + piece).min(log.len());
    }
}

fn small() -> Limits {
    Limits {
        command: 1024,
        chunk: 100,
    }
}

/// What stands at the end of the list.
fn end(log: &[u8]) -> String {
    all(log, Limits::in_memory()).pop().unwrap_or_default()
}

fn logs() -> Vec<Vec<u8>> {
    let mut logs: Vec<Vec<u8>> = [
        &b""[..],
        b"#TS:1700000000\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nset\r\n$1\r\nk\r\n$0\r\n\r\n",
        b"*1\r\n$5\r\nMULTI\r\n*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n*1\r\n$4\r\nEXEC\r\n#torn",
        b"* 2 x\n$+4\nPING??$01\r\na\r\n*1\r\n$4\r\nPING\r\n",
        b"*1\r\n$4\r\nPING\r\n*0\r\n",
        b"*1\r\n$4\r\nPING\r\nPING\r\n",
        b"*2\r\n$4\r\nPING\r\n+OK\r\n",
        b"*1\r\n$-1\r\n",
        b"*1\r\n$4\r\nPING\r\n\0\0\0\0",
        b"*1\r\n$4\r\nPING\r\n*\0\0\0\0",
        b"*2\r\n$4\r\nPING\r\n$99999999999999999999\r\n",
        b"*\r\n",
        b"*",
        b"*-1\r\n",
        b"*4294967297\r\n$4\r\nPING\r\n",
    ]
    .iter()
    .map(|log| log.to_vec())
    .collect();
    // A line of 1500 bytes is two; here the second goes on as an argument.
    let mut log = b"*1".to_vec();
    log.resize(1023, b' ');
    log.extend_from_slice(b"$4\r\nPING\r\n#");
    log.resize(log.len() + 1022, b'x');
    log.extend_from_slice(b"#rest\r\n*1\r\n$4\r\nPING\r\n");
    logs.push(log);
    // Long commands, whole and torn, and one just below the bound.
    for value in [970, 990, 991, 992, 993, 994, 995, 1000, 1100] {
        let mut log = format!("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n${value}\r\n").into_bytes();
        log.resize(log.len() + value, b'v');
        log.extend_from_slice(b"\r\n*1\r\n$4\r\nPING\r\n");
        logs.push(log);
    }
    // Many small arguments: long all the same.
    let mut log = b"*300\r\n$5\r\nRPUSH\r\n".to_vec();
    for _ in 0..299 {
        log.extend_from_slice(b"$1\r\nx\r\n");
    }
    log.extend_from_slice(b"*1\r\n$4\r\nPING\r\n");
    logs.push(log);
    logs
}

#[test]
fn any_split_gives_the_same() {
    for log in logs() {
        for limits in [Limits::in_memory(), small()] {
            for cut in 0..=log.len() {
                // Every end for short logs, some for long ones.
                if log.len() > 200 && cut % 97 != 0 && cut != log.len() {
                    continue;
                }
                let log = &log[..cut];
                let whole = all(log, limits);
                for (piece, driven) in [(1, false), (1, true), (7, true), (300, false)] {
                    let told = match limits.command {
                        usize::MAX if piece == 300 => continue,
                        usize::MAX => whole.clone(),
                        _ => pieces(log, limits, piece, driven),
                    };
                    assert_eq!(told, whole, "{} by {piece}", log.escape_ascii());
                }
                let driven = pieces(log, small(), log.len().max(1), true);
                assert_eq!(driven, all(log, small()));
            }
        }
    }
}

#[test]
fn every_changed_byte_gives_the_same() {
    let log = &logs()[1];
    for at in 0..log.len() {
        for byte in [
            0, b' ', b'*', b'$', b'#', b'\r', b'\n', b'-', b'0', b'9', b'x', 0xff,
        ] {
            let mut log = log.clone();
            log[at] = byte;
            let whole = all(&log, small());
            assert_eq!(pieces(&log, small(), 1, false), whole);
            assert_eq!(pieces(&log, small(), 5, true), whole);
        }
    }
}

#[test]
fn lines_are_counted_as_the_check_tool_counts_them() {
    let mut decoder = Decoder::new(Limits::in_memory());
    // 5 lines and, as an annotation counts none, 7 more.
    let log =
        b"*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n#TS:1\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n!!!";
    let mut events = 0;
    let error = decoder.drive(log, true, &mut |_: Event<'_>, _| events += 1);
    let error = error.unwrap_err();
    assert_eq!((events, error.line()), (3, 13));
    assert_eq!(error.offset(), error.token_offset());
}

/// Offsets and lines that redis-check-aof 7.0.15 and 8.0.6 print.
#[test]
fn torn_tails_are_where_the_check_tool_puts_them() {
    for (tail, at, line) in [
        ("*", 14, 4),
        ("*1", 14, 4),
        ("*2\r", 14, 4),
        ("*2\r\n$4", 18, 5),
        ("*2\r\n$4\r\nPI", 22, 6),
        ("*2\r\n$4\r\nPING", 22, 6),
        ("*2\r\n$4\r\nPING\r", 22, 6),
        ("*2\r\n", 18, 5),
    ] {
        let log = format!("*1\r\n$4\r\nPING\r\n{tail}");
        let wanted = format!("Truncated at {at} in 14 line {line}");
        assert_eq!(end(log.as_bytes()), wanted, "{tail}");
    }
}

#[test]
fn what_servers_refuse_is_an_error_of_its_kind() {
    // All of these were seen to stop Redis 7.0.15 and 8.0 and Valkey 9.1.2 with
    // "Bad file format".
    assert_eq!(end(b"*0\r\n"), "BadCount(0) at 0 in 0 line 1");
    assert_eq!(end(b"*-1\r\n"), "BadCount(-1) at 0 in 0 line 1");
    assert_eq!(end(b"*\r\n"), "BadCount(0) at 0 in 0 line 1");
    assert_eq!(end(b"PING\r\n"), "BadStart(80) at 0 in 0 line 1");
    let argument = b"*2\r\n$4\r\nINCR\r\n+n\r\n";
    assert_eq!(end(argument), "BadArgument(43) at 14 in 0 line 4");
    assert_eq!(
        end(b"*1\r\n$4\r\nPING\r\n\0\0"),
        "BadStart(0) at 14 in 14 line 4"
    );
    // This one makes them abort.
    assert_eq!(end(b"*1\r\n$-1\r\n"), "BadLength(-1) at 4 in 0 line 2");
}

#[test]
fn every_cut_in_a_command_is_a_torn_tail() {
    let log = b"*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n";
    for cut in 1..log.len() {
        let told = end(&log[..cut]);
        assert!(told.starts_with("Truncated"), "{cut}: {told}");
        assert!(told.contains("in 0"), "{cut}: {told}");
    }
}

#[test]
fn long_commands_come_in_pieces() {
    let mut log = b"*3\r\n$3\r\nSET\r\n$0\r\n\r\n$1050\r\n".to_vec();
    log.resize(log.len() + 1050, b'v');
    log.extend_from_slice(b"\r\n");
    let mut sizes = Vec::new();
    let mut sink = |event: Event<'_>, _| match event {
        Event::Begin { args, .. } => sizes.push(format!("begin {args}")),
        Event::Argument { length, .. } => sizes.push(format!("argument {length}")),
        Event::Chunk { bytes, last, .. } => sizes.push(format!("{} {last}", bytes.len())),
        Event::End => sizes.push("end".to_owned()),
        Event::Command(_) | Event::Annotation(_) => sizes.push("whole".to_owned()),
    };
    let limits = Limits {
        command: 1024,
        chunk: 600,
    };
    let mut decoder = Decoder::new(limits);
    decoder.drive(&log, true, &mut sink).unwrap();
    let wanted = [
        "begin 3",
        "argument 3",
        "3 true",
        "argument 0",
        "0 true",
        "argument 1050",
        "600 false",
        "450 true",
        "end",
    ];
    assert_eq!(sizes, wanted);
    assert_eq!((decoder.offset(), decoder.line()), (log.len() as u64, 8));
    // The same in memory: one command.
    assert_eq!(all(&log, Limits::in_memory()).len(), 1);
}

/// Each was given to Redis 7.0.15 and 8.0.6 and Valkey 9.1.2 as the only
/// increment: they load it, cut it, or stop.
#[test]
fn servers_take_the_same() {
    let incr = b"*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n";
    let after = |tail: &[u8]| [incr, tail].concat();
    let long_line = [b"*2", &[b' '; 1021][..], &incr[4..]].concat();
    let long_annotation = [b"#", &[b'x'; 1022][..], b"#rest\r\n", incr].concat();
    for loaded in [
        b"* 2 x\n$+4\nINCR??$01\r\na\r\n".to_vec(),
        // The low 32 bits count.
        b"*4294967298\r\n$4\r\nINCR\r\n$1\r\nn\r\n".to_vec(),
        b"*2\rxx\n$4\r\nINCR\r\n$1\r\nn\r\n".to_vec(),
        b"*\x0b2\r\n$4\r\nINCR\r\n$1\r\nn\r\n".to_vec(),
        b"*2\r\n$4\r\nINCR\r\n$\r\n\r\n".to_vec(),
        long_line,
        long_annotation,
        after(b"#torn"),
    ] {
        let told = end(&loaded);
        let ends_well = told.contains("Command") || told.contains("Annotation");
        assert!(ends_well, "{}: {told}", loaded.escape_ascii());
    }
    for cut in [
        &b"*"[..],
        b"*2",
        b"*\0\0\0",
        b"*2\r\n$-",
        b"*2\r\n$4",
        b"*2147483647\r\n$4\r\nINCR\r\n",
        b"*2\r\n$99999999999\r\nabc",
        b"*2\r\n$70368744177664\r\nabc",
    ] {
        let told = end(&after(cut));
        assert!(
            told.starts_with("Truncated"),
            "{}: {told}",
            cut.escape_ascii()
        );
        assert!(told.contains("in 21"), "{told}");
    }
    let zeros = [&b"*"[..], &[0; 2000]].concat();
    for (stops, kind) in [
        (&b"*0"[..], "BadCount(0)"),
        (&zeros, "BadCount(0)"),
        (
            b"*2\r\n$140737488355328\r\nabc",
            "BadLength(140737488355328)",
        ),
        (
            b"*2\r\n$99999999999999999999\r\n",
            "BadLength(9223372036854775807)",
        ),
    ] {
        let told = end(&after(stops));
        assert!(told.starts_with(kind), "{}: {told}", stops.escape_ascii());
    }
}
