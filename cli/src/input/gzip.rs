//! gzip, as `gzip -dc` reads it: member after member.

use std::io::Read;

use flate2::bufread::GzDecoder;

use super::packed::Packed;
use super::unpack::{Sink, Stop};

/// Unpacks all members; how many bytes of garbage stand behind them.
pub(super) fn unpack(from: &mut Packed<impl Read>, to: &mut Sink) -> Result<u64, Stop> {
    loop {
        to.begin_part();
        // It takes the bytes of its member and no more, and compares checksum and length.
        to.fill(&mut GzDecoder::new(&mut *from))?;
        match from.peek(2).map_err(Stop::wrong)? {
            [] => return Ok(0),
            [0x1f, 0x8b, ..] => {}
            _ => return garbage(from),
        }
    }
}

/// Goes past what is behind the last member. Zeros up to the end are padding, as tapes
/// and disks have it, and no word worth.
fn garbage(from: &mut Packed<impl Read>) -> Result<u64, Stop> {
    let (mut bytes, mut zeros) = (0, true);
    loop {
        let next = from.peek(1).map_err(Stop::wrong)?;
        let len = next.len() as u64;
        if len == 0 {
            return Ok(if zeros { 0 } else { bytes });
        }
        zeros &= next.iter().all(|byte| *byte == 0);
        bytes += from.skip(len).map_err(Stop::wrong)?;
    }
}
