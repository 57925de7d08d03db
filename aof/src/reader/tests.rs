use std::io;

use super::*;

/// An RDB file of version 4, without checksum, and a log behind it.
const HYBRID: &[u8] = b"REDIS0004\xfe\x00\x00\x01a\xc0\x07\xff*2\r\n$4\r\nINCR\r\n$1\r\na\r\n";

/// Gives at most `self.1` bytes a read.
struct Dribble<'a>(&'a [u8], usize);

impl Read for Dribble<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.1.min(out.len());
        self.0.read(&mut out[..n])
    }
}

#[test]
fn a_preamble_is_passed_over() {
    let mut reader = SliceReader::open(HYBRID).unwrap();
    assert_eq!(reader.preamble(), &HYBRID[..17]);
    let Some(Event::Command(command)) = reader.next_event().unwrap() else {
        panic!("no command");
    };
    assert_eq!(command.name(), b"INCR");
    assert_eq!((reader.token_offset(), reader.offset()), (17, 38));
    assert_eq!(reader.next_event().unwrap(), None);

    for piece in [1, 3, 100] {
        let mut keys = 0;
        let count = |event: rdbkit_rdb::Event<'_>| {
            keys += u32::from(matches!(event, rdbkit_rdb::Part::Key { .. }));
        };
        let source = Dribble(HYBRID, piece);
        let mut reader = StreamReader::open_with(source, 16, Limits::default(), count).unwrap();
        assert_eq!((keys, reader.preamble_len()), (1, 17));
        assert!(matches!(
            reader.next_event().unwrap(),
            Some(Event::Command(_))
        ));
        assert_eq!((reader.token_offset(), reader.offset()), (17, 38));
        assert_eq!(reader.next_event().unwrap(), None);
    }
}

#[test]
fn a_damaged_preamble_is_an_error_of_its_own() {
    let torn = &HYBRID[..12];
    let error = SliceReader::open(torn).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Preamble(_)));
    // Servers do not cut a torn RDB file: it is no torn tail.
    assert!(!error.is_truncation());
    let streamed = StreamReader::open(torn).unwrap_err();
    assert_eq!(streamed.to_string(), error.to_string());
}

#[test]
fn streams_give_what_slices_give() {
    let mut log = HYBRID.to_vec();
    log.extend_from_slice(b"#TS:1\r\n*2\r\n$4\r\nPING\r\n$3000\r\n");
    log.resize(log.len() + 3000, b'x');
    log.extend_from_slice(b"\r\n*1\r\n$4\r\nEXEC\r\n*1\r\n$4\r\nEX");
    let limits = Limits {
        command: 1024,
        chunk: 500,
    };
    let mut whole = Vec::new();
    let begin = SliceReader::open(&log).unwrap().offset() as usize;
    let wanted = SliceReader::at(&log, begin, limits)
        .drive(&mut |event: Event<'_>, at: u64| whole.push(format!("{at} {event:?}")))
        .unwrap_err();
    assert!(wanted.is_truncation());
    for piece in [1, 2, 17, 4096] {
        let source = Dribble(&log, piece);
        let mut reader = StreamReader::open_with(source, 16, limits, |_| {}).unwrap();
        let mut pulled = Vec::new();
        let error = loop {
            match reader.next_event() {
                Ok(Some(event)) => {
                    let event = format!("{event:?}");
                    pulled.push(format!("{} {event}", reader.token_offset()));
                }
                Ok(None) => panic!("the log is torn"),
                Err(error) => break error,
            }
        };
        assert_eq!(pulled, whole);
        assert_eq!(error.to_string(), wanted.to_string());
        assert!(reader.capacity() < 5000, "{}", reader.capacity());
        assert!(reader.next_event().unwrap().is_none());

        let source = Dribble(&log, piece);
        let mut reader = StreamReader::open_with(source, 16, limits, |_| {}).unwrap();
        let mut driven = Vec::new();
        let mut sink = |event: Event<'_>, at: u64| driven.push(format!("{at} {event:?}"));
        assert!(reader.drive(&mut sink).is_err());
        assert_eq!(driven, whole);
    }
}

#[test]
fn a_failing_source_is_told() {
    #[derive(Debug)]
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("gone"))
        }
    }
    assert!(StreamReader::open(Broken).unwrap_err().is_io());
    let source = (&b"*1\r\n$4\r\nPING\r\n*1"[..]).chain(Broken);
    let mut reader = StreamReader::new(source);
    assert!(reader.next_event().unwrap().is_some());
    assert!(reader.next_event().unwrap_err().is_io());
    assert!(reader.next_event().unwrap().is_none());
}
