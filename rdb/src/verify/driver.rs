//! Bringing bytes to the verifier: from memory, or through a window.

use std::io::Read;

use crate::checksum::Checksum;
use crate::decoder::{Decoder, record};
use crate::limits::Limits;
use crate::stream::StreamReader;
use crate::verify::verifier::Verifier;
use crate::verify::{Options, Report};

/// Bytes decoded between two rounds of hashing: they are still in the cache.
const ROUND: usize = 256 << 10;

/// Verifies an RDB file that lies in memory.
///
/// # Limits
///
/// About 12 bytes for every key (none with [`Options::duplicates`] off), and
/// what the largest single value needs: the fingerprints of its elements and
/// one decompressed blob.
#[must_use]
pub fn slice(bytes: &[u8], options: &Options) -> Report {
    let mut verifier = Verifier::new(options);
    let mut decoder = Decoder::new(options.limits.unwrap_or(Limits::in_memory()));
    let mut checksum = Checksum::new();
    let mut at = 0;
    while !decoder.is_done() {
        let rest = bytes.get(at..).unwrap_or_default();
        let outcome = decoder.drive(rest, true, ROUND, &mut verifier);
        match outcome {
            Ok(progress) => {
                let end = at + progress.used;
                // The trailer is not part of what it covers.
                let covered = end
                    - if decoder.is_done() {
                        verifier.trailer()
                    } else {
                        0
                    };
                checksum.update(bytes.get(at..covered).unwrap_or_default());
                at = end;
            }
            Err(error) => {
                let end = error.offset();
                verifier.error(error);
                verifier.duplicates(|offset| key_at(bytes, offset));
                return verifier.finish(end);
            }
        }
    }
    verifier.checksum(checksum.value(), at as u64);
    verifier.rest((bytes.len() - at) as u64, at as u64);
    verifier.duplicates(|offset| key_at(bytes, offset));
    verifier.finish(at as u64)
}

fn key_at(bytes: &[u8], offset: u64) -> Option<Vec<u8>> {
    record::key_name(bytes.get(usize::try_from(offset).ok()?..)?)
}

/// Verifies an RDB file as it comes: from a pipe, a file, a decompressor.
///
/// The verdict is the same as for the same bytes in memory. Keys that come
/// twice are found when the input has gone by: findings of them have an offset
/// and no key. Where the input can be read again, [`name_key`] has it.
///
/// # Limits
///
/// As [`slice()`], and the window of a [`StreamReader`].
pub fn stream<R: Read>(source: R, options: &Options) -> Report {
    let mut reader = reader(source, options);
    let mut verifier = Verifier::new(options);
    let end = match whole(&mut reader, &mut verifier) {
        Ok(end) => end,
        Err(end) => return verifier.finish(end),
    };
    if !options.allow_rest {
        match reader.count_rest() {
            Ok(rest) => verifier.rest(rest, end),
            Err(error) => verifier.error(error),
        }
    }
    verifier.duplicates(|_| None);
    verifier.finish(end)
}

/// Verifies the RDB file at the front of `source`, as of a hybrid AOF. What
/// follows it comes back: the bytes that were read already, and the source;
/// they are of use where [`Report::reached_end`] says so.
///
/// # Limits
///
/// As [`stream`].
pub fn front<R: Read>(source: R, options: &Options) -> (Report, Vec<u8>, R) {
    let mut reader = reader(source, options);
    let mut verifier = Verifier::new(options);
    let end = match whole(&mut reader, &mut verifier) {
        Ok(end) => {
            verifier.duplicates(|_| None);
            end
        }
        Err(end) => end,
    };
    let report = verifier.finish(end);
    let (held, source) = reader.into_rest();
    (report, held, source)
}

fn reader<R: Read>(source: R, options: &Options) -> StreamReader<R> {
    let limits = options.limits.unwrap_or_default();
    StreamReader::with_limits(source, ROUND, limits).check_checksum(false)
}

/// Reads to the end of the RDB file and gives where that is, or where an error was.
fn whole<R: Read>(reader: &mut StreamReader<R>, verifier: &mut Verifier<'_>) -> Result<u64, u64> {
    loop {
        match reader.drive(verifier) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                let at = error.offset();
                verifier.error(error);
                verifier.duplicates(|_| None);
                return Err(at);
            }
        }
    }
    let end = reader.offset();
    verifier.checksum(reader.computed_checksum().unwrap_or(0), end);
    Ok(end)
}

/// The key whose type byte is at the front of `bytes`: to put a name to a
/// finding of [`stream`] that has only an offset. `None` if the bytes end
/// before the key does, or are damaged.
#[must_use]
pub fn name_key(bytes: &[u8]) -> Option<Vec<u8>> {
    record::key_name(bytes)
}
