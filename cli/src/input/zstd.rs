//! A frame of Zstandard, within a bound of memory.

use std::io::Read;

use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::packed::Packed;
use super::unpack::{Sink, Stop};

/// How far back a frame may look: what `zstd -d` takes without `--long` or `--memory`.
pub(super) const MAX_WINDOW: u64 = 128 << 20;

/// Unpacks a frame that has these flags in its header.
pub(super) fn frame(from: &mut Packed<impl Read>, to: &mut Sink, flags: u8) -> Result<(), Stop> {
    // Anew for each frame: a decoder that is used again sets its window aside at once.
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(MAX_WINDOW);
    decoder.init(&mut *from).map_err(of_header)?;
    let begin = to.total();
    while !decoder.is_finished() {
        // One block, of 128 KiB at most, at a time: what is behind the window is taken.
        decoder
            .decode_blocks(&mut *from, BlockDecodingStrategy::UptoBlocks(1))
            .map_err(Stop::wrong)?;
        to.fill(&mut decoder)?;
    }
    let (len, stated) = (to.total() - begin, decoder.content_size());
    // Whether the frame says its length: two bits for how, or one that says always.
    let states = flags & 0xe0 != 0;
    if states && len != stated {
        let why = format!("the frame says it has {stated} bytes, and has {len}");
        return Err(Stop::Wrong(why));
    }
    // The decoder reads the checksum; comparing is up to its user.
    match (
        decoder.get_checksum_from_data(),
        decoder.get_calculated_checksum(),
    ) {
        (Some(stated), Some(computed)) if stated != computed => Err(Stop::Wrong(format!(
            "checksum mismatch: the frame says {stated:08x}, its bytes make {computed:08x}"
        ))),
        _ => Ok(()),
    }
}

fn of_header(error: FrameDecoderError) -> Stop {
    Stop::Wrong(match error {
        FrameDecoderError::WindowSizeTooBig { requested, max } => format!(
            "it needs a window of {requested} bytes, where {max} are the limit; unpack it with \
             zstd -dc --long=31"
        ),
        FrameDecoderError::DictNotProvided { dict_id } => {
            format!("it was compressed with dictionary {dict_id}; unpack it with zstd -dc -D")
        }
        other => other.to_string(),
    })
}
