use super::*;

/// `head`, `count` times a `y`, `tail`.
fn long(head: &[u8], count: usize, tail: &[u8]) -> Vec<u8> {
    [head, &vec![b'y'; count], tail].concat()
}

/// Each of these was given to Redis 7.0.15 and 8.0, and Valkey 9.1.2: what they
/// refuse, with what words and at which line (which they do not tell for too
/// long lines).
#[test]
fn servers_judge_the_same() {
    type Case<'a> = (&'a str, &'a [u8], Option<(Reason, u64)>);
    let cases: &[Case<'_>] = &[
        ("plain", b"file a.base seq 1 type b\nfile a.incr seq 1 type i\n", None),
        ("upper keys", b"FILE a.base SEQ 1 TYPE b\n", None),
        ("upper type", b"file a.base seq 1 type B\n", Some((Reason::Type, 1))),
        ("word type", b"file a.base seq 1 type base\n", None),
        ("pairs in any order", b"type b seq 1 file a.base\n", None),
        ("crlf and blanks", b" \tfile a.base seq 1 type b \t\r\n", None),
        ("empty", b"", Some((Reason::Empty, 0))),
        ("comment only", b"# nothing\n", None),
        ("comment without lf", b"# nothing", None),
        ("last line without lf", b"file a.base seq 1 type b", Some((Reason::LongLine, 1))),
        ("empty line", b"file a.base seq 1 type b\n\n", Some((Reason::Format, 2))),
        ("blank line", b"  \n", Some((Reason::Format, 1))),
        ("unknown pair", b"file a.base seq 1 type b color \"dark red\"\n", None),
        ("odd words", b"file a.base seq 1 type b color\n", Some((Reason::Format, 1))),
        ("four words", b"file a.base seq 1\n", Some((Reason::Format, 1))),
        ("no type", b"file a.base seq 1 x y\n", Some((Reason::Format, 1))),
        ("path", b"file d/a.base seq 1 type b\n", Some((Reason::Path, 1))),
        ("backslash", b"file \"d\\\\a.base\" seq 1 type b\n", Some((Reason::Path, 1))),
        ("seq 0", b"file a.base seq 0 type b\n", Some((Reason::Format, 1))),
        ("seq text", b"file a.base seq x type b\n", Some((Reason::Format, 1))),
        ("seq with tail", b"file a.base seq 1x type b\n", None),
        ("seq signed", b"file a.base seq +1 type b\n", None),
        ("seq negative base", b"file a.base seq -1 type b\n", None),
        ("seq negative incr", b"file a.incr seq -1 type i\n", Some((Reason::SequenceOrder, 1))),
        ("seq huge", b"file a.base seq 99999999999999999999 type b\n", None),
        ("two bases", b"file a.base seq 1 type b\nfile a.base seq 2 type b\n", Some((Reason::SecondBase, 2))),
        ("same incr seq", b"file a.incr seq 1 type i\nfile b.incr seq 1 type i\n", Some((Reason::SequenceOrder, 2))),
        ("falling incr seq", b"file a.incr seq 2 type i\nfile b.incr seq 1 type i\n", Some((Reason::SequenceOrder, 2))),
        ("gap in incr seq", b"file a.incr seq 2 type i\nfile b.incr seq 9 type i\n", None),
        ("history anywhere", b"file x seq 9 type h\nfile a.incr seq 1 type i\nfile a.base seq 5 type b\nfile x seq 9 type h\n", None),
        ("unknown type", b"file a.base seq 1 type x\n", Some((Reason::Type, 1))),
        ("repeated key", b"file nope file a.base seq 0 seq 1 type x type b\n", None),
        ("quoted name", b"file \"a.base\" seq 1 type b\n", None),
        ("single quoted", b"file 'a.base' seq '1' type 'b'\n", None),
        ("hex name", b"file \"a\\x2ebase\" seq 1 type b\n", None),
        ("unclosed quote", b"file \"a.base seq 1 type b\n", Some((Reason::Format, 1))),
        ("quote in the middle", b"file a\".base\" seq 1 type b\n", None),
        ("hex zero in name", b"file \"a.base\\x00zzz\" seq 1 type b\n", None),
        ("zero byte in line", b"file a.base\x00 seq 1 type b\n", Some((Reason::LongLine, 1))),
        ("zero byte in comment", b"#\x00\nfile a.base seq 1 type b\n", None),
        ("hex zero in type", b"file a.base seq 1 type \"\\x00b\"\n", Some((Reason::Format, 1))),
        ("hex zero in key", b"\"file\\x00x\" a.base seq 1 type b\n", None),
        ("line of 1024", &long(b"file a.base seq 1 type b x ", 996, b"\n"), None),
        ("line of 1025", &long(b"file a.base seq 1 type b x ", 997, b"\n"), Some((Reason::LongLine, 1))),
        ("comment of 1024", &long(b"#", 1022, b"\nfile a.base seq 1 type b\n"), None),
        ("comment of 1025", &long(b"#", 1023, b"\nfile a.base seq 1 type b\n"), Some((Reason::Format, 2))),
        ("comment goes on as comment", &long(b"#", 1023, b"#\nfile a.base seq 1 type b\n"), None),
        ("long comment at the end", &long(b"file a.base seq 1 type b\n#", 1500, b""), Some((Reason::LongLine, 3))),
        ("offsets", b"file a.incr seq 1 type i startoffset 7 endoffset 0\n", None),
        ("offset text", b"file a.incr seq 1 type i startoffset zz\n", None),
        ("vertical tab", b"file a.base\x0bseq 1 type b\n", Some((Reason::Format, 1))),
        ("leading vertical tab", b"\x0bfile a.base seq 1 type b\n", None),
        ("vertical tab between", b"file a.base \x0c seq 1 type b\n", None),
        ("only vertical tab", b"\x0b\n", Some((Reason::Format, 1))),
        ("leading lf", b"\nfile a.base seq 1 type b\n", Some((Reason::Format, 1))),
        ("comment after blank", b" # x y z 1 2\n", Some((Reason::Format, 1))),
    ];
    for (name, text, refused) in cases {
        let got = Manifest::parse(text);
        let got = got.err().map(|error| (error.reason(), error.line()));
        assert_eq!(got, *refused, "{name}");
    }
}

#[test]
fn names_are_what_the_server_opens() {
    let name = |text: &[u8]| Manifest::parse(text).unwrap().entries[0].name.clone();
    assert_eq!(name(b"file 'a b' seq 1 type b\n"), b"a b");
    assert_eq!(name(b"file \"a\\x2eb\" seq 1 type b\n"), b"a.b");
    // The server's string ends at the zero byte.
    assert_eq!(name(b"file \"a\\x00b\" seq 1 type b\n"), b"a");
    // The last of two wins.
    assert_eq!(name(b"file x file y seq 1 type b\n"), b"y");
}

/// Valkey 9.1.2 takes the first, Redis 8.0.6 and Valkey 8.1 refuse it; all
/// refuse the last.
#[test]
fn glued_quotes_are_marked() {
    let one = |text: &[u8]| Manifest::parse(text).unwrap().entries[0].clone();
    let glued = one(b"file \"a\"'.b'ase seq 1 type b\n");
    assert_eq!(glued.name, b"a.base");
    assert!(glued.glued_quotes);
    assert!(!one(b"file \"a.base\" seq 1 type b\n").glued_quotes);
    assert!(Manifest::parse(b"file \"a\".\"b seq 1 type b\n").is_err());
}

#[test]
fn offsets_and_unknown_pairs_survive() {
    // As Redis 8.0 writes it after an orderly stop, with a pair of the future.
    let text = b"file a.2.incr.aof seq 2 type i startoffset 13 endoffset 14 color \"dark red\"\n";
    let manifest = Manifest::parse(text).unwrap();
    let entry = &manifest.entries[0];
    assert_eq!((entry.start_offset, entry.end_offset), (Some(13), Some(14)));
    assert_eq!(entry.unknown, [(b"color".to_vec(), b"dark red".to_vec())]);
    assert_eq!(manifest.to_string().as_bytes(), text);
}

#[test]
fn written_in_the_order_of_servers() {
    let text = b"# by hand\nfile i seq 2 type i\nfile h seq 1 type h\nfile b seq 2 type b\n";
    let manifest = Manifest::parse(text).unwrap();
    let lines: Vec<u64> = manifest.entries.iter().map(|e| e.line).collect();
    assert_eq!(lines, [2, 3, 4]);
    let mut out = Vec::new();
    manifest.write(&mut out);
    assert_eq!(
        out,
        b"file b seq 2 type b\nfile h seq 1 type h\nfile i seq 2 type i\n"
    );
    let loaded: Vec<&[u8]> = manifest.loaded().map(|e| e.name.as_slice()).collect();
    assert_eq!(loaded, [b"b", b"i"]);
}

#[test]
fn any_name_reads_back() {
    for byte in 1..=255u8 {
        if matches!(byte, b'/' | b'\\') {
            continue;
        }
        let entry = Entry::new(&[byte, b'x'], 1, FileKind::Base);
        let text = entry.to_string();
        let read = Manifest::parse(text.as_bytes()).unwrap();
        assert_eq!(read.entries[0].name, entry.name, "{text}");
    }
}

#[test]
fn errors_speak_as_servers_do() {
    let error = Manifest::parse(b"file a seq 1 type x\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "Unknown AOF file type, at line 1: 'file a seq 1 type x'"
    );
    let error = Manifest::parse(b"").unwrap_err();
    assert_eq!(error.to_string(), "Found an empty AOF manifest");
}
