//! Lengths and strings, in the form servers write them.

use crate::text::Str;

/// A LEN in its shortest form.
pub(crate) fn len(out: &mut Vec<u8>, n: u64) {
    match n {
        0..64 => out.push(n as u8),
        64..0x4000 => out.extend_from_slice(&(n as u16 | 0x4000).to_be_bytes()),
        _ => match u32::try_from(n) {
            Ok(n) => {
                out.push(0x80);
                out.extend_from_slice(&n.to_be_bytes());
            }
            Err(_) => {
                out.push(0x81);
                out.extend_from_slice(&n.to_be_bytes());
            }
        },
    }
}

/// A STR in the encoding it has.
pub(crate) fn string(out: &mut Vec<u8>, text: Str<'_>) {
    match text {
        Str::Raw(bytes) => {
            len(out, bytes.len() as u64);
            out.extend_from_slice(bytes);
        }
        Str::Int(n) => match (i8::try_from(n), i16::try_from(n)) {
            (Ok(n), _) => out.extend_from_slice(&[0xc0, n as u8]),
            (_, Ok(n)) => {
                out.push(0xc1);
                out.extend_from_slice(&n.to_le_bytes());
            }
            _ => {
                out.push(0xc2);
                out.extend_from_slice(&n.to_le_bytes());
            }
        },
        Str::Lzf { data, len: full } => {
            out.push(0xc3);
            len(out, data.len() as u64);
            len(out, full);
            out.extend_from_slice(data);
        }
    }
}
