//! Bringing bytes to the verifier: from memory, or through a window.

use std::io::Read;

use crate::decoder::record;
use crate::limits::Limits;
use crate::stream::StreamReader;
use crate::verify::finding::Finding;
use crate::verify::memory::{Memory, ROUND};
use crate::verify::verifier::Verifier;
use crate::verify::{Options, Report, parallel};

/// Verifies an RDB file that lies in memory.
///
/// # Limits
///
/// About 12 bytes for every key (none with [`Options::duplicates`] off), and
/// the fingerprints of the elements of the largest single value. Nothing larger than
/// 1 MiB is decompressed whole: see [`verify`](crate::verify).
#[must_use]
pub fn slice(bytes: &[u8], options: &Options) -> Report {
    let limits = options.limits.unwrap_or(Limits::in_memory());
    let mut source = Memory::new(bytes, limits);
    let mut verifier = Verifier::new(options);
    let end = match parallel::read(&mut source, &mut verifier, options.threads) {
        Ok(()) => {
            let end = source.offset();
            verifier.checksum(source.checksum(), end);
            verifier.rest(source.rest(), end);
            end
        }
        Err(error) => {
            let end = error.offset();
            verifier.error(error);
            end
        }
    };
    verifier.duplicates(|offset| key_at(bytes, offset));
    verifier.finish(end)
}

fn key_at(bytes: &[u8], offset: u64) -> Option<Vec<u8>> {
    name_key(bytes.get(usize::try_from(offset).ok()?..)?)
}

/// Verifies an RDB file as it comes: from a pipe, a file, a decompressor.
///
/// The verdict is the same as for the same bytes in memory. Keys that come
/// twice are found when the input has gone by: findings of them have an offset
/// and no key. Where the input can be read again, [`name_key`] has it.
///
/// # Limits
///
/// As [`slice()`], and the window of a [`StreamReader`]. With several threads
/// (see [`Options::threads`]) each takes up to 4 MiB more, and what the largest
/// value within 256 KiB of the file needs. They read `source` in turns, one at a time.
pub fn stream<R: Read + Send>(source: R, options: &Options) -> Report {
    let mut reader = reader(source, options);
    let mut verifier = Verifier::new(options);
    let end = match whole(&mut reader, &mut verifier) {
        Ok(end) => {
            if !options.allow_rest {
                match reader.count_rest() {
                    Ok(rest) => verifier.rest(rest, end),
                    Err(error) => verifier.error(error),
                }
            }
            end
        }
        Err(end) => end,
    };
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
pub fn front<R: Read + Send>(source: R, options: &Options) -> (Report, Vec<u8>, R) {
    let mut reader = reader(source, options);
    let mut verifier = Verifier::new(options);
    let end = whole(&mut reader, &mut verifier).unwrap_or_else(|end| end);
    if let Some(error) = reader.take_failure() {
        verifier.error(error);
    }
    verifier.duplicates(|_| None);
    let report = verifier.finish(end);
    let (held, source) = reader.into_rest();
    (report, held, source)
}

fn reader<R: Read>(source: R, options: &Options) -> StreamReader<R> {
    let limits = options.limits.unwrap_or_default();
    StreamReader::with_limits(source, ROUND, limits).check_checksum(false)
}

/// Reads to the end of the RDB file and gives where that is, or where an error was.
fn whole(
    reader: &mut StreamReader<dyn Read + Send + '_>,
    verifier: &mut Verifier<'_>,
) -> Result<u64, u64> {
    let threads = verifier.options().threads;
    if let Err(error) = parallel::read(reader, verifier, threads) {
        let at = error.offset();
        verifier.error(error);
        return Err(at);
    }
    let end = reader.offset();
    verifier.checksum(reader.computed_checksum().unwrap_or(0), end);
    Ok(end)
}

/// The key whose type byte is at the front of `bytes`: to put a name to a
/// finding of [`stream`] that has only an offset: cut at [`Finding::MAX_KEY`] bytes.
/// `None` if the bytes end before the key does, or are damaged.
#[must_use]
pub fn name_key(bytes: &[u8]) -> Option<Vec<u8>> {
    record::key_name(bytes, Finding::MAX_KEY)
}
