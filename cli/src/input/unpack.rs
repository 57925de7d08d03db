//! Unpacking on a thread of its own, beside whoever reads the data.

use std::fmt;
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread;

use thiserror::Error;

use super::format::Format;
use super::packed::Packed;
use super::{frames, gzip};

/// Bytes that are handed over at once.
const CHUNK: usize = 512 << 10;

/// Chunks that wait to be read: more only hide longer pauses of either side.
const WAITING: usize = 3;

/// How much was unpacked, once the end was reached and all was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// Bytes of the compressed data, without what stands behind them.
    pub packed: u64,
    /// Bytes that they became.
    pub unpacked: u64,
    /// Bytes behind the data that belong to nothing, and were ignored: what gzip warns
    /// of and goes on. The other formats know no such thing.
    pub garbage: u64,
}

/// Why compressed data could not be unpacked to their end.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct Damage {
    /// What they are compressed with.
    pub format: Format,
    /// Where in the compressed data.
    pub packed: u64,
    /// Bytes that were unpacked by then.
    pub unpacked: u64,
    /// The member or frame, counted from 1.
    pub part: u64,
    /// What is wrong.
    pub fault: Fault,
}

/// What may be wrong with compressed data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// They end where more has to come.
    Short,
    /// What the decoder says.
    Wrong(String),
    /// They could not be read.
    Unreadable(String),
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (format, part) = (self.format, self.format.part());
        let (at, behind) = (self.packed, self.unpacked);
        let number = self.part;
        match &self.fault {
            Fault::Short => write!(f, "the {format} data end too early")?,
            Fault::Wrong(_) => write!(f, "the {format} data are damaged")?,
            Fault::Unreadable(_) => write!(f, "the {format} data cannot be read")?,
        }
        write!(
            f,
            ", at byte {at} of the compressed file, in {part} {number}, behind {behind} bytes unpacked"
        )?;
        match &self.fault {
            Fault::Short => Ok(()),
            Fault::Wrong(why) | Fault::Unreadable(why) => write!(f, ": {why}"),
        }
    }
}

/// Why a decoder stopped.
pub(super) enum Stop {
    /// Nobody reads on.
    Gone,
    /// The data are wrong, or were not read: [`Packed`] knows which.
    Wrong(String),
}

impl Stop {
    pub(super) fn wrong(why: impl ToString) -> Stop {
        Stop::Wrong(why.to_string())
    }
}

/// Where decoders put what they unpacked.
pub(super) struct Sink {
    full: SyncSender<Sent>,
    spare: Receiver<Vec<u8>>,
    chunk: Vec<u8>,
    filled: usize,
    total: u64,
    /// The member or frame in hand.
    part: u64,
}

impl Sink {
    /// Notes that a member or frame begins.
    pub(super) fn begin_part(&mut self) {
        self.part += 1;
    }

    /// Bytes unpacked so far.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// Takes all that `from` has.
    pub(super) fn fill(&mut self, from: &mut impl Read) -> Result<(), Stop> {
        loop {
            if self.filled == self.chunk.len() {
                self.hand_over()?;
            }
            match from.read(self.chunk.get_mut(self.filled..).unwrap_or_default()) {
                Ok(0) => return Ok(()),
                Ok(n) => {
                    self.filled += n;
                    self.total += n as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Stop::wrong(error)),
            }
        }
    }

    fn hand_over(&mut self) -> Result<(), Stop> {
        if self.filled > 0 {
            let mut chunk = std::mem::take(&mut self.chunk);
            chunk.truncate(self.filled);
            self.filled = 0;
            self.full.send(Sent::Chunk(chunk)).map_err(|_| Stop::Gone)?;
        }
        self.chunk = self.spare.try_recv().unwrap_or_default();
        self.chunk.resize(CHUNK, 0);
        Ok(())
    }
}

enum Sent {
    Chunk(Vec<u8>),
    End(Result<Totals, Damage>),
}

/// Compressed data as what they become.
///
/// # Limits
///
/// A few chunks of 512 KiB, a window of 256 KiB on the compressed data, and what the
/// format needs to look back: 32 KiB for gzip, up to 8 MiB for lz4, and for zstd
/// what each frame says, where more than [`MAX_WINDOW`](super::zstd::MAX_WINDOW) is refused. Nothing is
/// set aside for what was not read yet.
pub(super) struct Unpacker {
    full: Receiver<Sent>,
    spare: SyncSender<Vec<u8>>,
    chunk: Vec<u8>,
    at: usize,
    ended: Option<Result<(), Damage>>,
    totals: Arc<OnceLock<Totals>>,
}

impl Unpacker {
    /// Begins to unpack.
    pub(super) fn start(
        format: Format,
        source: impl Read + Send + 'static,
        totals: Arc<OnceLock<Totals>>,
    ) -> io::Result<Unpacker> {
        let (full, chunks) = sync_channel(WAITING);
        // As many as there can be: handing one back never waits.
        let (back, spare) = sync_channel(WAITING + 2);
        let sink = Sink {
            full,
            spare,
            chunk: Vec::new(),
            filled: 0,
            total: 0,
            part: 0,
        };
        // It ends with the data, or when nobody takes them any more. One that waits for
        // a pipe ends with the program.
        thread::Builder::new()
            .name("unpack".to_owned())
            .spawn(move || unpack(format, source, sink))?;
        Ok(Unpacker {
            full: chunks,
            spare: back,
            chunk: Vec::new(),
            at: 0,
            ended: None,
            totals,
        })
    }

    /// Whether there is a byte to be read.
    fn refill(&mut self) -> io::Result<bool> {
        while self.at == self.chunk.len() {
            match &self.ended {
                None => {}
                Some(Ok(())) => return Ok(false),
                Some(Err(damage)) => return Err(told(damage.clone())),
            }
            let done = std::mem::take(&mut self.chunk);
            self.at = 0;
            // The other side may have ended.
            let _ = self.spare.try_send(done);
            match self.full.recv() {
                Ok(Sent::Chunk(chunk)) => self.chunk = chunk,
                Ok(Sent::End(Ok(totals))) => {
                    let _ = self.totals.set(totals);
                    self.ended = Some(Ok(()));
                }
                Ok(Sent::End(Err(damage))) => self.ended = Some(Err(damage)),
                // Its last word is missing: what came so far must not pass for all.
                Err(_) => return Err(io::Error::other("the decoder of compressed data failed")),
            }
        }
        Ok(true)
    }
}

/// An error that no reader takes for the end of the data.
fn told(damage: Damage) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, damage)
}

impl Read for Unpacker {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() || !self.refill()? {
            return Ok(0);
        }
        let mut rest = self.chunk.get(self.at..).unwrap_or_default();
        let n = rest.read(buf)?;
        self.at += n;
        Ok(n)
    }
}

impl fmt::Debug for Unpacker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unpacker").finish_non_exhaustive()
    }
}

fn unpack(format: Format, source: impl Read, mut sink: Sink) {
    let mut packed = Packed::new(source);
    let done = match format {
        Format::Gzip => gzip::unpack(&mut packed, &mut sink),
        Format::Zstd | Format::Lz4 => frames::unpack(&mut packed, &mut sink).map(|()| 0),
    };
    let end = match done {
        Err(Stop::Gone) => return,
        Ok(garbage) => Ok(Totals {
            packed: packed.offset() - garbage,
            unpacked: sink.total,
            garbage,
        }),
        Err(Stop::Wrong(why)) => Err(Damage {
            format,
            packed: packed.offset(),
            unpacked: sink.total,
            part: sink.part,
            fault: match packed.failure() {
                Some(failure) => Fault::Unreadable(failure.to_owned()),
                None if packed.is_short() => Fault::Short,
                None => Fault::Wrong(why),
            },
        }),
    };
    // What was unpacked in front of damage is worth reading.
    if sink.hand_over().is_ok() {
        let _ = sink.full.send(Sent::End(end));
    }
}
