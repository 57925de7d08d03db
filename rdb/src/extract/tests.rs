use std::io::Cursor;

use super::*;
use crate::filter::{Expiry, Pattern};
use crate::wire::ObjectKind;
use crate::write::Format;
use crate::{Checksum, Event, Limits, Part, SliceReader};

/// A file of version 5 or later with its checksum.
fn file(body: &[u8]) -> Vec<u8> {
    let mut file = [body, b"\xff"].concat();
    file.extend(Checksum::of(&file).to_le_bytes());
    file
}

/// What comes of a file; `to` is its own version if empty. Small reads and
/// chunks, so that nothing is in the window whole.
fn run(
    body: &[u8],
    filter: &Filter,
    to: &str,
    keep: Keep,
) -> Result<(Vec<u8>, Summary), ExtractError> {
    let source = file(body);
    let mut outcomes = [(16, 4), (1 << 16, 1 << 16)].map(|(window, chunk)| {
        let limits = Limits {
            chunk,
            ..Limits::default()
        };
        let mut filter = filter.clone();
        let mut reader = StreamReader::with_limits(&source[..], window, limits);
        let Ok(Some(Part::Header {
            dialect, version, ..
        })) = reader.next_event()
        else {
            panic!("no header");
        };
        let format = match to {
            "" => Format::of_source(dialect, version),
            to => to.parse().unwrap(),
        };
        let mut out = Writer::new(Cursor::new(Vec::new()), format).unwrap();
        let summary = extract(&mut reader, &mut filter, &mut out, keep)?;
        Ok((out.finish_in_place().unwrap().into_inner(), summary))
    });
    let small: Result<_, ExtractError> =
        std::mem::replace(&mut outcomes[0], Ok(Default::default()));
    let [_, large] = outcomes;
    assert_eq!(
        format!("{small:?}"),
        format!("{large:?}"),
        "windows do not matter"
    );
    large
}

fn made(body: &[u8], filter: Filter) -> Vec<u8> {
    run(body, &filter, "", Keep::default()).unwrap().0
}

fn refusal(body: &[u8], to: &str) -> String {
    let error = run(body, &Filter::new(), to, Keep::default()).unwrap_err();
    error.to_string()
}

fn glob(pattern: &str) -> Filter {
    Filter::new().key(Pattern::glob(pattern))
}

const A: &[u8] = b"\x00\x01a\x06valueA";
const B: &[u8] = b"\x02\x01b\x02\x02m1\xc0\x07";
const EXPIRY: &[u8] = b"\xfc\x01\0\0\0\0\0\0\0";

#[test]
fn keys_come_with_what_is_theirs_and_nothing_else() {
    let body = [
        b"REDIS0009\xfe\x00",
        EXPIRY,
        b"\xf8\x05",
        A,
        b"\xfe\x03",
        B,
        EXPIRY,
    ]
    .concat();
    let all = [b"REDIS0009\xfe\x00", EXPIRY, b"\xf8\x05", A, b"\xfe\x03", B].concat();
    assert_eq!(made(&body, Filter::new()), file(&all));
    let only_a = [b"REDIS0009\xfe\x00", EXPIRY, b"\xf8\x05", A].concat();
    assert_eq!(made(&body, glob("a")), file(&only_a));
    let only_b = [b"REDIS0009\xfe\x03", B].concat();
    assert_eq!(made(&body, glob("b")), file(&only_b));
    assert_eq!(
        made(&body, Filter::new().expiry(Expiry::Unset)),
        file(&only_b)
    );
    assert_eq!(
        made(&body, Filter::new().object(ObjectKind::Set)),
        file(&only_b)
    );
    assert_eq!(made(&body, glob("c")), file(b"REDIS0009"));
}

#[test]
fn a_database_is_named_where_the_source_does_not() {
    let body = [b"REDIS0009", A].concat();
    assert_eq!(
        made(&body, Filter::new()),
        file(&[b"REDIS0009\xfe\x00", A].concat())
    );
}

#[test]
fn sizes_hold_a_key_until_they_decide() {
    let long = [b"\x00\x01l\x40\x64", [b'x'; 100].as_slice()].concat();
    let body = [b"REDIS0009\xfe\x00", A, &long, EXPIRY, B].concat();
    let made = |filter| made(&body, filter);
    let only = |key: &[u8]| file(&[b"REDIS0009\xfe\x00", key].concat());
    assert_eq!(made(Filter::new().min_size(100)), only(&long));
    assert_eq!(made(Filter::new().min_size(105)), only(&long));
    assert_eq!(made(Filter::new().min_size(106)), file(b"REDIS0009"));
    let small = [A, EXPIRY, B].concat();
    assert_eq!(made(Filter::new().max_size(104)), only(&small));
    assert_eq!(made(Filter::new().max_size(9)), only(&[EXPIRY, B].concat()));
    assert_eq!(made(Filter::new().min_size(10).max_size(10)), only(A));
}

#[test]
fn new_sizes_for_old_ones() {
    let keep = Keep {
        sizes: true,
        ..Keep::default()
    };
    let body = [
        b"REDIS0011\xfe\x00\xfb\x07\x07\xf4\x01\x01\x00",
        A,
        b"\xfe\x03",
        EXPIRY,
        B,
        b"\xfe\x00",
        EXPIRY,
        b"\x00\x01c\x00",
    ]
    .concat();
    let body = [b"REDIS0012", &body[9..]].concat();
    let (made, summary) = run(&body, &Filter::new(), "", keep).unwrap();
    assert_eq!((summary.seen, summary.keys, summary.expires), (3, 3, 2));
    let events: Vec<_> = SliceReader::new(&made).map(Result::unwrap).collect();
    let of_databases = events.iter().filter_map(|e| match *e {
        Part::SelectDb(db) => Some((db, None)),
        Part::ResizeDb { keys, expires } => Some((keys, Some(expires))),
        _ => None,
    });
    let expected = [(0, None), (2, Some(1)), (3, None), (1, Some(1)), (0, None)];
    assert_eq!(of_databases.collect::<Vec<_>>(), expected);
    // Where there is no word for them, they are left out.
    let (made, _) = run(b"REDIS0009\x00\x01c\x00", &Filter::new(), "6", keep).unwrap();
    assert_eq!(made, file(b"REDIS0006\xfe\x00\x00\x01c\x00"));
}

#[test]
fn what_is_not_a_key_is_kept_or_dropped() {
    let function = b"\xf5\x05#!lua";
    // ReJSON-ish: id, when, then one unsigned integer and the end.
    let module = b"\xf7\x81\x01\x02\x03\x04\x05\x06\x07\x08\x02\x01\x02\x07\x00";
    let aux = b"\xfa\x01n\x01v";
    let body = [
        b"REDIS0012",
        &aux[..],
        b"\xfa\x07repl-id\x01x",
        module,
        function,
        A,
    ]
    .concat();
    let (made, summary) = run(&body, &Filter::new(), "", Keep::default()).unwrap();
    let kept = [b"REDIS0012", &aux[..], module, function, b"\xfe\x00", A].concat();
    assert_eq!(made, file(&kept));
    assert_eq!((summary.functions, summary.aux_left_out), (1, 1));
    let nothing = Keep {
        aux: false,
        functions: false,
        module_aux: false,
        ..Keep::default()
    };
    let (made, summary) = run(&body, &Filter::new(), "", nothing).unwrap();
    assert_eq!(made, file(&[b"REDIS0012\xfe\x00", A].concat()));
    assert_eq!((summary.functions, summary.aux_left_out), (0, 0));
}

/// A version has words that not every server of it knows.
#[test]
fn what_the_server_does_not_know_is_refused() {
    let keep = |server: &str, functions| Keep {
        server: Some(server.parse().unwrap()),
        functions,
        ..Keep::default()
    };
    // FUNCTION_PRE_GA: library l of LUA without a description.
    let library = b"\xf6\x01l\x03LUA\x00\x01c";
    let body = [b"REDIS0010", &library[..], b"\xfe\x00", A].concat();
    let all = Filter::new();
    assert_eq!(made(&body, Filter::new()), file(&body));
    assert!(run(&body, &all, "", keep("redis:7.0", true)).is_ok());
    for server in ["redis:7.2", "redis:8.0", "valkey:8.0"] {
        let error = run(&body, &all, "", keep(server, true)).unwrap_err();
        let why = format!(
            "what stands at offset 9 cannot be kept: a record FUNCTION_PRE_GA is unknown to {server}"
        );
        assert_eq!(error.to_string(), why);
        let (new, _) = run(&body, &all, "", keep(server, false)).unwrap();
        assert_eq!(new, file(&[b"REDIS0010\xfe\x00", A].concat()));
    }
    // No other version has it.
    let error = run(&body, &all, "11", Keep::default()).unwrap_err();
    assert!(
        error.to_string().ends_with("needs REDIS version 10"),
        "{error}"
    );

    // A header that says less than what stands behind it: a hash of version 12.
    let body = b"REDIS0009\xfe\x00\x18\x01h\x10\x27\0\0\0\0\0\0\x01\x01\x01f\x01v";
    assert!(run(body, &all, "", keep("redis:8.0", true)).is_ok());
    let error = run(body, &all, "", keep("redis:6.2", true)).unwrap_err();
    assert!(
        error.to_string().ends_with("is unknown to redis:6.2"),
        "{error}"
    );
}

#[test]
fn aux_among_keys_goes_with_its_key() {
    let (mine, yours) = (b"\xfa\x01n\x01a", b"\xfa\x01n\x01b");
    let body = [b"REDIS0009\xfe\x00", EXPIRY, mine, A, yours, B].concat();
    let only_b = [b"REDIS0009\xfe\x00", &yours[..], B].concat();
    assert_eq!(made(&body, glob("b")), file(&only_b));
    let only_a = [b"REDIS0009\xfe\x00", &mine[..], EXPIRY, A].concat();
    assert_eq!(made(&body, glob("a")), file(&only_a));
}

#[test]
fn templates_stay_and_imports_go() {
    // Template 7 with one field f, then a hash of it: 30, id, listpack of its values.
    let template = b"\xf2\x07\x01\x01f";
    let body = [b"REDIS0015", &template[..], b"\xfe\x00", A].concat();
    let kept = [b"REDIS0015", &template[..], b"\xfe\x00", A].concat();
    assert_eq!(made(&body, Filter::new()), file(&kept));
    let (made, _) = run(&body, &Filter::new(), "11", Keep::default()).unwrap();
    assert_eq!(made, file(&[b"REDIS0011\xfe\x00", A].concat()));

    let import = [
        b"VALKEY080\xf3\x28",
        [b'j'; 40].as_slice(),
        b"\x01\x00\x05\xfe\x00",
        A,
    ]
    .concat();
    let (made, summary) = run(&import, &Filter::new(), "", Keep::default()).unwrap();
    assert_eq!(made, file(&[b"VALKEY080\xfe\x00", A].concat()));
    assert_eq!(summary.imports_left_out, 1);
}

#[test]
fn what_cannot_be_said_is_refused_by_name() {
    // Field f with value v and no expiry.
    let hash = b"\x18\x03a\nb\0\0\0\0\0\0\0\0\x01\x00\x01f\x01v";
    let body = [b"REDIS0012\xfe\x02", A, hash].concat();
    assert_eq!(
        refusal(&body, "11"),
        r#"key "a\nb" of database 2 at offset 21 cannot be kept: value type 24 (hash-hashtable-md) needs REDIS version 12"#
    );
    assert!(refusal(&body, "80").contains("needs REDIS version 12"));
    // Not asked for, no matter.
    assert!(run(&body, &glob("a"), "11", Keep::default()).is_ok());
    let idle = [b"REDIS0012\xf8\x05", A].concat();
    assert!(refusal(&idle, "8").contains("a record IDLE needs REDIS version 9"));
    let function = [b"REDIS0012\xf5\x05#!lua", A].concat();
    assert!(refusal(&function, "9").contains("a record FUNCTION2 needs REDIS version 10"));
    // A replication stream.
    let update = [b"VALKEY081", A, b"\xf2*1\r\n$4\r\nPING\r\n"].concat();
    assert!(refusal(&update, "").contains("replicated command"));
}

#[test]
fn damage_is_an_error() {
    let good = file(&[b"REDIS0009\xfe\x00", A, B].concat());
    let tell = |bytes: &[u8]| {
        let mut reader = StreamReader::new(bytes);
        reader.next_event()?;
        let mut out = Writer::new(Vec::new(), "9".parse().unwrap()).unwrap();
        extract(&mut reader, &mut glob("nothing"), &mut out, Keep::default())
    };
    assert!(tell(&good).is_ok());
    for len in 0..good.len() {
        let error = tell(&good[..len]).unwrap_err();
        assert!(
            matches!(error, ExtractError::Source(e) if e.is_truncation()),
            "{len}"
        );
    }
    let mut flipped = good.clone();
    flipped[15] ^= 1;
    assert!(tell(&flipped).unwrap_err().to_string().contains("checksum"));
    // A compressed name that is damaged.
    let name = file(b"REDIS0009\x00\xc3\x02\x05\x20\x00\x01v");
    assert!(tell(&name).unwrap_err().to_string().contains("LZF"));
}

#[test]
fn a_key_too_large_to_hold_is_a_limit() {
    let source = file(&[b"REDIS0009\x00\x01l\x40\x64", [b'x'; 100].as_slice()].concat());
    let limits = Limits {
        max_record: 50,
        chunk: 10,
        ..Limits::default()
    };
    let run = |mut filter: Filter| {
        let mut reader = StreamReader::with_limits(&source[..], 16, limits);
        reader.next_event()?;
        let mut out = Writer::new(Vec::new(), "9".parse().unwrap()).unwrap();
        let summary = extract(&mut reader, &mut filter, &mut out, Keep::default());
        summary.map(|s| s.keys)
    };
    // Nothing to hold, or not for long.
    assert_eq!(run(Filter::new()).unwrap(), 1);
    assert_eq!(run(Filter::new().min_size(40)).unwrap(), 1);
    assert_eq!(run(Filter::new().max_size(40)).unwrap(), 0);
    let error = run(Filter::new().max_size(90)).unwrap_err();
    assert!(matches!(error, ExtractError::Source(e) if e.is_limit()));
}

#[test]
fn events_are_copied_in_the_order_of_the_source() {
    let body = [b"REDIS0009\xfe\x05", A, b"\xfe\x02", B].concat();
    let made = made(&body, Filter::new());
    let events: Vec<Event<'_>> = SliceReader::new(&made).map(Result::unwrap).collect();
    assert!(matches!(events[1], Part::SelectDb(5)), "{events:?}");
}
