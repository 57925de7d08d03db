//! What memory, a stream of any cut and a driven stream say of the same log.

use std::io::Read;

use rdbkit_aof::{Error, Event, Limits, SliceReader, StreamReader};

/// Gives reads of the sizes in turn.
pub struct Cut<'a> {
    pub data: &'a [u8],
    pub sizes: &'a [usize],
    pub turn: usize,
}

impl Read for Cut<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let size = self.sizes[self.turn % self.sizes.len()].clamp(1, out.len());
        self.turn += 1;
        self.data.read(&mut out[..size])
    }
}

fn told(error: &Error) -> String {
    let (at, unit, line) = (error.offset(), error.token_offset(), error.line());
    format!("{error} {at} {unit} {line}")
}

/// Panics unless all of them give the same events, error and offsets, within
/// the memory the limits allow. `sizes` is how much is read at a time.
pub fn faces_agree(log: &[u8], limits: Limits, sizes: &[usize]) {
    let mut whole = Vec::new();
    let mut slice = SliceReader::at(log, 0, limits);
    loop {
        match slice.next_event() {
            Ok(Some(event)) => whole.push(format!("{} {event:?}", slice.token_offset())),
            Ok(None) => break,
            Err(error) => {
                whole.push(told(&error));
                break;
            }
        }
    }
    let cut = || Cut {
        data: log,
        sizes,
        turn: 0,
    };
    let mut stream = StreamReader::with_limits(cut(), 16, limits);
    let mut streamed = Vec::new();
    loop {
        match stream.next_event() {
            Ok(Some(event)) => {
                let event = format!("{event:?}");
                streamed.push(format!("{} {event}", stream.token_offset()));
            }
            Ok(None) => break,
            Err(error) => {
                streamed.push(told(&error));
                break;
            }
        }
    }
    assert_eq!(streamed, whole);
    assert!(stream.capacity() <= 2 * (limits.chunk.max(limits.command).max(1024) + 1023 + 2));

    let mut stream = StreamReader::with_limits(cut(), 16, limits);
    let mut driven = Vec::new();
    let mut sink = |event: Event<'_>, at: u64| driven.push(format!("{at} {event:?}"));
    if let Err(error) = stream.drive(&mut sink) {
        driven.push(told(&error));
    }
    assert_eq!(driven, whole);
}
