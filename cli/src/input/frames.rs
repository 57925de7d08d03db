//! What zstd and lz4 have in common: frame after frame, and some to be skipped.

use std::io::Read;

use super::packed::Packed;
use super::unpack::{Sink, Stop};
use super::{lz4, zstd};

/// Unpacks all frames, of either kind, as one is not told from the other where frames
/// to be skipped come first. Behind them nothing may stand.
pub(super) fn unpack(from: &mut Packed<impl Read>, to: &mut Sink) -> Result<(), Stop> {
    loop {
        let head = from.peek(5).map_err(Stop::wrong)?;
        if head.is_empty() {
            return Ok(());
        }
        to.begin_part();
        // Behind the magic number: what its bits mean is up to the format.
        let flags = head.get(4).copied().unwrap_or_default();
        match head {
            [0x28, 0xb5, 0x2f, 0xfd, ..] => zstd::frame(from, to, flags)?,
            [0x04, 0x22, 0x4d, 0x18, ..] => lz4::frame(from, to, flags)?,
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => skip(from)?,
            _ => return Err(Stop::wrong("no frame begins here")),
        }
    }
}

/// Goes past a frame that says how long it is and is nobody's data.
fn skip(from: &mut Packed<impl Read>) -> Result<(), Stop> {
    let mut head = [0; 8];
    from.read_exact(&mut head).map_err(Stop::wrong)?;
    let [_, _, _, _, len @ ..] = head;
    let len = u64::from(u32::from_le_bytes(len));
    match from.skip(len).map_err(Stop::wrong)? {
        skipped if skipped == len => Ok(()),
        _ => Err(Stop::wrong("a frame to be skipped is cut off")),
    }
}
