//! Decodes one input through every face of the crate and panics where they
//! differ: in an event, in an offset, in an error, in what they hold.
//!
//! The oracle is the reader over a slice, which sees everything at once. The
//! others see the same bytes through windows.

use std::io::{self, Read};

use rdbkit_rdb::{Decoder, Error, ErrorKind, Event, Limits, SliceReader, Step, StreamReader};

/// Hands out `data` in reads of the sizes in `sizes`, over and over.
///
/// A size of 0 is a read that was interrupted by a signal.
pub struct Pieces<'a> {
    data: &'a [u8],
    sizes: &'a [u8],
    turn: usize,
}

impl<'a> Pieces<'a> {
    pub fn new(data: &'a [u8], sizes: &'a [u8]) -> Pieces<'a> {
        let turn = 0;
        Pieces { data, sizes, turn }
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let sizes = self.sizes;
        let size = match sizes.get(self.turn % sizes.len().max(1)) {
            Some(size) => usize::from(*size),
            None => usize::MAX,
        };
        self.turn += 1;
        // A source that is interrupted for ever would keep anybody waiting.
        if size == 0 && self.turn % 2 == 1 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let n = size.max(1).min(buf.len()).min(self.data.len());
        let (now, later) = self.data.split_at(n);
        buf[..n].copy_from_slice(now);
        self.data = later;
        Ok(n)
    }
}

/// What an error says, without the error.
fn said(error: &Error) -> String {
    format!(
        "{:?} at {} in {} while {}",
        error.kind(),
        error.offset(),
        error.token_offset(),
        error.stage()
    )
}

/// Equal, where a NaN is equal to itself.
fn same(a: &Event<'_>, b: &Event<'_>) -> bool {
    a == b || format!("{a:?}") == format!("{b:?}")
}

/// Reads `data` with a slice reader and a stream reader in step, and with a
/// bare decoder.
///
/// Returns the number of events and what the error said, if there was one.
pub fn faces_agree(
    data: &[u8],
    limits: Limits,
    window: usize,
    sizes: &[u8],
) -> (usize, Option<String>) {
    let mut slice = SliceReader::with_limits(data, limits);
    let mut stream = StreamReader::with_limits(Pieces::new(data, sizes), window, limits);
    let mut bare = Bare::new(data, limits);
    let initial = stream.capacity();
    let mut largest = 0;
    let mut events = 0;
    loop {
        let (a, b) = (slice.next_event(), stream.next_event());
        // One event for each byte, and an end without bytes for each key.
        assert!(events <= 2 * data.len() + 2, "the events never end");
        events += 1;
        match (a, b) {
            (Ok(Some(a)), Ok(Some(b))) => {
                assert!(same(&a, &b), "event {events}: {a:?} became {b:?}");
                bare.expect(&a);
            }
            (Ok(None), Ok(None)) => {
                bare.expect_end();
                break;
            }
            (Err(a), Err(b)) => {
                bare.expect_error(&a);
                let (a, b) = (said(&a), said(&b));
                assert_eq!(a, b, "errors after {events} events");
                assert!(matches!(slice.next_event(), Ok(None)), "goes on after {a}");
                assert!(matches!(stream.next_event(), Ok(None)), "goes on after {a}");
                // A string cut off was taken in until the input was over.
                let rest = data.len() - slice.offset() as usize;
                held(stream.capacity(), initial, 2 * largest.max(2 * rest));
                return (events - 1, Some(a));
            }
            (a, b) => panic!("event {events}: {a:?} became {b:?}"),
        }
        assert_eq!(slice.offset(), stream.offset(), "event {events}");
        assert_eq!(slice.token_offset(), stream.token_offset());
        let lax = slice.decoder().take_lax_length();
        assert_eq!(lax, stream.decoder().take_lax_length(), "event {events}");
        assert_eq!(lax, bare.decoder.take_lax_length(), "event {events}");
        largest = largest.max((slice.offset() - slice.token_offset()) as usize);
        held(stream.capacity(), initial, 2 * largest);
    }
    assert_eq!(slice.computed_checksum(), stream.computed_checksum());
    let rest = slice.rest().len() as u64;
    assert!(matches!(stream.count_rest(), Ok(n) if n == rest));
    (events - 1, None)
}

#[track_caller]
fn held(capacity: usize, initial: usize, most: usize) {
    let most = most.max(initial);
    assert!(capacity <= most, "holds {capacity} bytes, {most} would do");
}

/// A decoder whose window gets one more byte whenever it wants more, however
/// many it asks for, and nothing that is behind the token.
struct Bare<'a> {
    data: &'a [u8],
    at: usize,
    decoder: Decoder,
}

impl<'a> Bare<'a> {
    fn new(data: &'a [u8], limits: Limits) -> Bare<'a> {
        Bare {
            data,
            at: 0,
            decoder: Decoder::new(limits),
        }
    }

    fn step(&mut self) -> rdbkit_rdb::Result<Option<Event<'a>>> {
        let rest = &self.data[self.at..];
        let mut size = 0;
        loop {
            let window = &rest[..size];
            match self.decoder.step(window, size == rest.len())? {
                Step::Token { used, token } => {
                    assert!(used <= size, "{token:?}: {used} bytes of {size} consumed");
                    self.at += used;
                    assert_eq!(self.decoder.offset(), self.at as u64);
                    return Ok(Some(token.resolve(window)));
                }
                Step::NeedMore { at_least } => {
                    assert!(size < rest.len(), "asks for more behind the end");
                    assert!(at_least > size, "asks for {at_least}, has {size}");
                    // One by one, but not through the bytes of a long string.
                    let far = at_least.min(rest.len()).saturating_sub(4);
                    size = if far > size + 256 { far } else { size + 1 };
                }
                Step::Done => return Ok(None),
            }
        }
    }

    fn expect(&mut self, event: &Event<'_>) {
        match self.step() {
            Ok(Some(mine)) => assert!(same(event, &mine), "{event:?} became {mine:?}"),
            other => panic!("{event:?} became {other:?}"),
        }
    }

    fn expect_end(&mut self) {
        assert!(matches!(self.step(), Ok(None)), "no end");
    }

    fn expect_error(&mut self, theirs: &Error) {
        // Only the readers know of checksums.
        if matches!(theirs.kind(), ErrorKind::Checksum { .. }) {
            return;
        }
        let mine = match self.step() {
            Err(error) => error,
            other => panic!("{theirs} became {other:?}"),
        };
        assert!(matches!(self.step(), Ok(None)), "goes on after {mine}");
        let (a, b) = (said(theirs), said(&mine));
        // Only the readers know that what is too long to hold is not there at all.
        if mine.is_limit() && theirs.is_truncation() {
            assert_eq!(a.split_once(" at "), Some(("Truncated", place(&b))));
        } else {
            assert_eq!(a, b);
        }
    }
}

/// What [`said`] says behind the kind.
fn place(said: &str) -> &str {
    said.rsplit_once(" at ").map_or("", |(_, place)| place)
}
