//! A packed blob that is being walked, and the memory it was decompressed into.
//!
//! The bytes may belong to the walker, so no cursor can be kept beside them.
//! A [`Mark`] is, and each step takes it up again, which costs next to nothing.

use super::walk::{self, Walk};
use crate::error::{Error, ErrorKind, Result};
use crate::event::Packing;
use crate::packed::{Element, Intset, Listpack, Mark, PackedError, Ziplist, Zipmap};
use crate::text::{Scratch, Str};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Format {
    Closed,
    Listpack,
    Ziplist,
    Intset,
    Zipmap,
}

/// The blob of a whole value, or the node of a list.
#[derive(Clone, Debug)]
pub(super) struct Blob<'a> {
    bytes: BlobBytes<'a>,
    format: Format,
    mark: Mark,
}

/// A blob's bytes: borrowed from the input, or in the scratch.
#[derive(Clone, Debug)]
pub(super) struct BlobBytes<'a> {
    input: Option<&'a [u8]>,
    scratch: Scratch,
    /// Bytes in the scratch.
    held: usize,
    /// Offset in the file: of the first byte, or of the compressed string.
    offset: u64,
}

impl<'a> BlobBytes<'a> {
    pub fn new(max_decompressed: u64) -> BlobBytes<'a> {
        BlobBytes {
            input: None,
            scratch: Scratch::with_limit(max_decompressed),
            held: 0,
            offset: 0,
        }
    }

    /// Takes the string that `walk` has just met.
    pub fn set(&mut self, text: Str<'a>, walk: &Walk<'_>) -> Result<()> {
        match text {
            Str::Raw(bytes) => {
                self.input = Some(bytes);
                self.offset = walk.offset() - bytes.len() as u64;
            }
            Str::Int(_) | Str::Lzf { .. } => {
                self.input = None;
                self.offset = walk.token_offset();
                let bytes = text.bytes(&mut self.scratch);
                self.held = bytes.map_err(|kind| walk.error(kind))?.len();
            }
        }
        Ok(())
    }

    #[inline]
    pub fn get(&self) -> &[u8] {
        match self.input {
            Some(bytes) => bytes,
            None => self.scratch.held(self.held),
        }
    }

    /// An error in the blob: where exactly, if its bytes are the file's.
    #[cold]
    pub fn error(&self, error: PackedError) -> Error {
        let inside = match self.input {
            Some(_) => error.at as u64,
            None => 0,
        };
        walk::error(ErrorKind::Packed(error), self.offset + inside)
    }

    #[cold]
    pub fn bad(&self, why: &'static str) -> Error {
        walk::error(ErrorKind::BadRecord(why), self.offset)
    }
}

impl<'a> Blob<'a> {
    pub fn new(max_decompressed: u64) -> Blob<'a> {
        Blob {
            bytes: BlobBytes::new(max_decompressed),
            format: Format::Closed,
            mark: Mark::default(),
        }
    }

    /// Takes the blob that `walk` has just met, and checks its header.
    pub fn open(&mut self, packing: Packing, text: Str<'a>, walk: &Walk<'_>) -> Result<()> {
        self.format = Format::Closed;
        self.bytes.set(text, walk)?;
        let blob = self.bytes.get();
        let (format, mark) = match packing {
            Packing::ListZiplist | Packing::ZsetZiplist | Packing::HashZiplist => {
                (Format::Ziplist, Ziplist::new(blob).map(|z| z.mark()))
            }
            Packing::SetIntset => (Format::Intset, Intset::new(blob).map(|i| i.mark())),
            Packing::HashZipmap => (Format::Zipmap, Zipmap::new(blob).map(|z| z.mark())),
            // All the others are listpacks; stream nodes do not come here.
            _ => (Format::Listpack, Listpack::new(blob).map(|l| l.mark())),
        };
        self.mark = mark.map_err(|error| self.bytes.error(error))?;
        self.format = format;
        Ok(())
    }

    /// Whether an element follows. At the end of the blob, says whether the
    /// whole of it adds up.
    #[inline]
    pub fn more(&mut self) -> Result<bool> {
        let blob = self.bytes.get();
        let inside = match self.format {
            Format::Closed => return Ok(false),
            Format::Listpack | Format::Ziplist => self.mark.at + 1 < blob.len(),
            Format::Intset => self.mark.at < blob.len(),
            Format::Zipmap => !matches!(blob.get(self.mark.at), None | Some(0xFF)),
        };
        if inside {
            return Ok(true);
        }
        let sum = match self.format {
            Format::Closed | Format::Intset => Ok(()),
            Format::Listpack => Listpack::resume(blob, self.mark).next().map(drop),
            Format::Ziplist => Ziplist::resume(blob, self.mark).next().map(drop),
            Format::Zipmap => Zipmap::resume(blob, self.mark).next().map(drop),
        };
        self.format = Format::Closed;
        match sum {
            Ok(()) => Ok(false),
            Err(error) => Err(self.bytes.error(error)),
        }
    }

    /// The next element, or `None` at the end.
    #[inline]
    pub fn next(&mut self) -> Result<Option<Element<'_>>> {
        let blob = self.bytes.get();
        let (element, mark) = match self.format {
            Format::Listpack => {
                let mut cursor = Listpack::resume(blob, self.mark);
                (cursor.next(), cursor.mark())
            }
            Format::Ziplist => {
                let mut cursor = Ziplist::resume(blob, self.mark);
                (cursor.next(), cursor.mark())
            }
            Format::Intset => {
                let mut cursor = Intset::resume(blob, self.mark);
                (cursor.next(), cursor.mark())
            }
            // Only walked in pairs.
            Format::Zipmap | Format::Closed => (Ok(None), self.mark),
        };
        self.mark = mark;
        element.map_err(|error| self.bytes.error(error))
    }

    /// The next two elements. Call it only after [`more`](Blob::more) said yes.
    #[inline]
    pub fn pair(&mut self) -> Result<(Element<'_>, Element<'_>)> {
        let blob = self.bytes.get();
        let (first, second, mark) = match self.format {
            Format::Listpack => {
                let mut cursor = Listpack::resume(blob, self.mark);
                (cursor.next(), cursor.next(), cursor.mark())
            }
            Format::Ziplist => {
                let mut cursor = Ziplist::resume(blob, self.mark);
                (cursor.next(), cursor.next(), cursor.mark())
            }
            Format::Zipmap => {
                let mut cursor = Zipmap::resume(blob, self.mark);
                let (first, second) = match cursor.next() {
                    Ok(Some((field, value))) => {
                        (Ok(Some(Element::Bytes(field))), Some(Element::Bytes(value)))
                    }
                    Ok(None) => (Ok(None), None),
                    Err(error) => (Err(error), None),
                };
                (first, Ok(second), cursor.mark())
            }
            Format::Intset | Format::Closed => (Ok(None), Ok(None), self.mark),
        };
        self.mark = mark;
        match (first, second) {
            (Ok(Some(first)), Ok(Some(second))) => Ok((first, second)),
            (Err(error), _) | (_, Err(error)) => Err(self.bytes.error(error)),
            _ => Err(self.bytes.bad("odd number of elements in a packed value")),
        }
    }

    /// The next three elements, of which the third is an integer.
    #[inline]
    pub fn triple(&mut self) -> Result<(Element<'_>, Element<'_>, i64)> {
        let blob = self.bytes.get();
        let mut cursor = Listpack::resume(blob, self.mark);
        let three = (cursor.next(), cursor.next(), cursor.next());
        self.mark = cursor.mark();
        match three {
            (Ok(Some(first)), Ok(Some(second)), Ok(Some(third))) => match third.as_integer() {
                Some(n) => Ok((first, second, n)),
                None => Err(self.bytes.bad("expiry of a hash field is no integer")),
            },
            (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => {
                Err(self.bytes.error(error))
            }
            _ => Err(self
                .bytes
                .bad("elements of a packed hash are not in threes")),
        }
    }

    pub fn bad(&self, why: &'static str) -> Error {
        self.bytes.bad(why)
    }
}
