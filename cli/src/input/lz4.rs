//! A frame of LZ4.

use std::io::{self, Read};

use lz4_flex::frame::FrameDecoder;

use super::packed::Packed;
use super::unpack::{Sink, Stop};

/// Unpacks a frame that has these flags in its header.
///
/// The decoder takes the end of the file between two blocks for the end of the frame,
/// and so it takes a block of no byte. What it reads tells whether it was one.
pub(super) fn frame(from: &mut Packed<impl Read>, to: &mut Sink, flags: u8) -> Result<(), Stop> {
    let mut decoder = FrameDecoder::new(Followed {
        from,
        block_checksums: flags & 0x10 != 0,
        // The length of the content and a dictionary's number are read by themselves.
        next: match flags & 0x09 {
            0 => Next::Size,
            _ => Next::Header,
        },
    });
    loop {
        to.fill(&mut decoder).map_err(in_words)?;
        let followed = decoder.get_ref();
        if followed.next == Next::Nothing {
            return Ok(());
        }
        if followed.from.is_short() {
            return Err(Stop::wrong("the frame has no end mark"));
        }
    }
}

/// The decoder's errors are names of its own.
fn in_words(stop: Stop) -> Stop {
    let Stop::Wrong(why) = stop else {
        return stop;
    };
    Stop::Wrong(match why.as_str() {
        "HeaderChecksumError" => "the checksum of its header does not match".to_owned(),
        "BlockChecksumError" => "the checksum of a block does not match".to_owned(),
        "ContentChecksumError" => "the checksum of its content does not match".to_owned(),
        "DictionaryNotSupported" => {
            "it was compressed with a dictionary; unpack it with lz4 -dc -D".to_owned()
        }
        _ => why,
    })
}

/// What is read next, of what is read as a whole.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Header,
    Size,
    Data,
    Checksum,
    /// The end mark was read.
    Nothing,
}

/// Follows what the decoder reads.
struct Followed<'f, R> {
    from: &'f mut Packed<R>,
    block_checksums: bool,
    next: Next,
}

impl<R: Read> Followed<'_, R> {
    fn note(&mut self, read: &[u8]) {
        let behind_data = match self.block_checksums {
            true => Next::Checksum,
            false => Next::Size,
        };
        self.next = match self.next {
            Next::Header | Next::Checksum => Next::Size,
            Next::Data => behind_data,
            Next::Nothing => Next::Nothing,
            Next::Size => match read {
                [0, 0, 0, 0] => Next::Nothing,
                // A block of no byte, the highest bit saying that it is not compressed.
                [0, 0, 0, 0x80] => behind_data,
                _ => Next::Data,
            },
        }
    }
}

impl<R: Read> Read for Followed<'_, R> {
    /// Of the front of the header. As much as is wanted: what is short is read on as a
    /// whole.
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut read = 0;
        while read < buf.len() {
            match self.from.read(buf.get_mut(read..).unwrap_or_default())? {
                0 => break,
                n => read += n,
            }
        }
        Ok(read)
    }

    fn read_exact(&mut self, buf: &mut [u8]) -> io::Result<()> {
        self.from.read_exact(buf)?;
        if !buf.is_empty() {
            self.note(buf);
        }
        Ok(())
    }
}
