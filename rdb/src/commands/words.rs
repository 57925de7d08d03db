//! Commands in the protocol of clients: `*n`, then `$len` and bytes n times.

use std::io::{self, Write};

use crate::pieces::Page;
use crate::text::Decimal;

/// Begins a command of `words` words with the first of them.
#[inline]
pub(super) fn head(out: &mut Vec<u8>, words: usize, verb: &[u8]) {
    out.push(b'*');
    digits(out, words);
    bulk(out, verb);
}

/// One word.
#[inline]
pub(super) fn bulk(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'$');
    digits(out, bytes.len());
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
}

/// One word of any length.
#[inline]
pub(super) fn long<W: Write>(page: &mut Page<W>, bytes: &[u8]) -> io::Result<()> {
    let out = page.buffer();
    out.push(b'$');
    digits(out, bytes.len());
    page.put(bytes)?;
    page.buffer().extend_from_slice(b"\r\n");
    Ok(())
}

/// A number and the end of the line.
#[inline]
fn digits(out: &mut Vec<u8>, n: usize) {
    match n {
        // Nearly all there are.
        0..10 => out.extend_from_slice(&[b'0' + n as u8, b'\r', b'\n']),
        10..100 => {
            let (tens, ones) = (n as u8 / 10, n as u8 % 10);
            out.extend_from_slice(&[b'0' + tens, b'0' + ones, b'\r', b'\n']);
        }
        _ => {
            // No length in memory is beyond an i64.
            out.extend_from_slice(Decimal::new(n as i64).as_bytes());
            out.extend_from_slice(b"\r\n");
        }
    }
}

/// A number as a word.
pub(super) fn number(out: &mut Vec<u8>, n: u64) {
    match i64::try_from(n) {
        Ok(n) => bulk(out, Decimal::new(n).as_bytes()),
        Err(_) => bulk(out, n.to_string().as_bytes()),
    }
}

/// A name, and a number of seconds or uses.
pub(super) fn option(out: &mut Vec<u8>, name: &[u8], n: u64) {
    bulk(out, name);
    number(out, n);
}

/// A time as a word. What is not after 1970 means "none" or is refused; it is long
/// past, and so is the first millisecond.
pub(super) fn time(out: &mut Vec<u8>, ms: i64) {
    bulk(out, Decimal::new(ms.max(1)).as_bytes());
}
