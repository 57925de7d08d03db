//! The header, or what is assumed for it.

use std::io;

use super::examine::magic;
use super::report::Assumed;
use super::source::{Source, Window};
use crate::event::{Part, Token};
use crate::verify::{Product, Server};
use crate::wire::Dialect;
use crate::write::Format;
use crate::{Checkpoint, Decoder, Limits, Step};

/// Bytes of magic and version.
pub(super) const HEADER: u64 = 9;

/// Bytes in which the AUX fields are that tell who wrote the file.
const FRONT: usize = 1 << 10;

/// What a file begins with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub format: Format,
    pub assumed: Option<Assumed>,
    /// Offset of the first record.
    pub end: u64,
    /// Whether the header's own bytes are wrong.
    pub damaged: bool,
}

/// Reads the header; where it cannot be right, finds out what it may have been.
pub(super) fn read<S: Source>(
    window: &mut Window<S>,
    told: Option<Format>,
    server: Option<Server>,
) -> io::Result<Header> {
    let front = window.get(0, FRONT)?;
    let front = front.get(..FRONT.min(front.len())).unwrap_or_default();
    let stated = magic(front).map(|(dialect, version)| Format::of_source(dialect, version));
    let stated = stated.or_else(|| lax(front));
    let writer = writer(front);
    let plausible = stated.is_some_and(|format| {
        // A server with AUX fields writes no version before 7.
        let old = format.version() < 7 && writer.is_some();
        is_read(format, server) && !old
    });
    let damaged = !plausible;
    let (format, assumed) = match (told, stated) {
        (Some(format), Some(stated)) if plausible && format == stated => (format, None),
        (Some(format), _) => (format, Some(Assumed::Told)),
        (None, Some(format)) if plausible => (format, None),
        (None, _) => match (writer, nearest(front, server)) {
            (Some(format), _) if is_read(format, server) => (format, Some(Assumed::Writer)),
            (_, Some(format)) => (format, Some(Assumed::Header)),
            _ => (
                Format::of_source(Dialect::Redis, 12),
                Some(Assumed::Default),
            ),
        },
    };
    // Without any magic the records may begin at once; the search will tell.
    let end = match stated.is_some() || looks_like_one(front) {
        true => HEADER.min(window.len()),
        false => 0,
    };
    Ok(Header {
        format,
        assumed,
        end,
        damaged,
    })
}

/// As servers read it, with blanks and signs among the digits.
fn lax(front: &[u8]) -> Option<Format> {
    match Decoder::new(Limits::default()).step(front, true) {
        Ok(Step::Token {
            token: Part::Header {
                dialect, version, ..
            },
            ..
        }) => Some(Format::of_source(dialect, version)),
        _ => None,
    }
}

/// Whether there is a server that reads such files, or the one that is asked for does.
fn is_read(format: Format, server: Option<Server>) -> bool {
    let (dialect, version) = (format.dialect(), format.version());
    match server {
        Some(server) => server.reads(dialect, version),
        None => [Product::Redis, Product::Valkey]
            .iter()
            .any(|product| Server::for_file(*product, dialect, version).reads(dialect, version)),
    }
}

/// Whether most of the magic is there.
fn looks_like_one(front: &[u8]) -> bool {
    let alike = |word: &[u8]| {
        let same = word.iter().zip(front).filter(|(a, b)| a == b);
        same.count() + 2 >= word.len()
    };
    alike(b"REDIS00") || alike(b"VALKEY0")
}

/// The version by its digits, where only the magic is damaged.
fn nearest(front: &[u8], server: Option<Server>) -> Option<Format> {
    let digits = |range: std::ops::Range<usize>| {
        let text = std::str::from_utf8(front.get(range)?).ok()?;
        text.parse::<u32>().ok().filter(|version| *version > 0)
    };
    let redis = digits(5..9).map(|n| Format::of_source(Dialect::Redis, n));
    let valkey = digits(6..9).map(|n| Format::of_source(Dialect::Valkey, n));
    let fits = |format: &Format| is_read(*format, server);
    redis.filter(fits).or(valkey.filter(fits))
}

/// The format of the server that the file says wrote it.
fn writer(front: &[u8]) -> Option<Format> {
    // The fields stand behind the header; if that is not all there, elsewhere.
    let begin = front.iter().take(64).position(|b| *b == 0xfa)?;
    let at = Checkpoint {
        dialect: Dialect::Redis,
        version: 11,
        offset: 0,
    };
    let mut decoder = Decoder::resume(at, Limits::default());
    let mut rest = front.get(begin..)?;
    while let Ok(Step::Token { used, token }) = decoder.step(rest, true) {
        if let Some(format) = of_field(&token, rest) {
            return Some(format);
        }
        rest = rest.get(used..)?;
        if !matches!(token, Token::Aux { .. }) {
            break;
        }
    }
    None
}

fn of_field(token: &Token, window: &[u8]) -> Option<Format> {
    let Part::Aux { name, value } = token.resolve(window) else {
        return None;
    };
    let value = value.to_vec().ok()?;
    let mut numbers = value.split(|b| *b == b'.').map(|part| {
        let text = std::str::from_utf8(part).ok()?;
        text.parse::<u16>().ok()
    });
    let (major, minor) = (numbers.next()??, numbers.next()??);
    let version = match (name.to_vec().ok()?.as_slice(), major, minor) {
        (b"valkey-ver", 9, 0..=1) => return Some(Format::of_source(Dialect::Valkey, 80)),
        (b"valkey-ver", 9.., _) => return Some(Format::of_source(Dialect::Valkey, 81)),
        (b"valkey-ver", ..) => 11,
        (b"redis-ver", 3, 2..) => 7,
        (b"redis-ver", 4, _) => 8,
        (b"redis-ver", 5..=6, _) => 9,
        (b"redis-ver", 7, 0..=1) => 10,
        (b"redis-ver", 7, 2..=3) => 11,
        (b"redis-ver", 7, _) | (b"redis-ver", 8, 0..=5) => 12,
        (b"redis-ver", 8, 6..=7) => 13,
        (b"redis-ver", 8, 8..=9) => 14,
        (b"redis-ver", 8.., _) => 15,
        _ => return None,
    };
    Some(Format::of_source(Dialect::Redis, version))
}
