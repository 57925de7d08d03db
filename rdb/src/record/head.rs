//! What can be told of a key without holding its value.

use std::io::Read;

use super::{Attribute, Attributes, KeyMeta};
use crate::error::{COMMAND_AMONG_KEYS, Error, ErrorKind, Result, Stage};
use crate::event::{Event, Packing, Part, Role};
use crate::filter::Candidate;
use crate::packed::{Intset, Listpack, Ziplist, Zipmap};
use crate::stream::StreamReader;
use crate::text::{Scratch, Str};
use crate::wire::{Dialect, ObjectKind, ValueType};

/// Largest blob that is decompressed for the count in its header.
const COUNTED: u64 = 1 << 20;

/// A key of a stream, without its value.
///
/// # Limits
///
/// Holds the key, which is bounded by
/// [`Limits::max_piece`](crate::Limits::max_piece) and
/// [`Limits::max_decompressed`](crate::Limits::max_decompressed), and one
/// decompressed blob of at most 1 MiB.
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::{KeyHead, StreamReader};
///
/// let file: &[u8] = b"REDIS0004\xfe\x03\x02\x01s\x02\x01a\x01b\xff";
/// let mut reader = StreamReader::new(file);
/// let mut head = KeyHead::default();
/// assert!(reader.read_head(&mut head)?);
/// assert_eq!((head.db, head.key(), head.elements), (3, &b"s"[..], Some(2)));
/// assert_eq!(head.size, 8);
/// assert!(!reader.read_head(&mut head)?);
/// # Ok::<(), rdbkit_rdb::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct KeyHead {
    key: Vec<u8>,
    /// Database.
    pub db: u64,
    /// Expiry and use.
    pub meta: KeyMeta,
    /// Type and encoding of the value.
    pub kind: ValueType,
    /// Whose numbers the file uses.
    pub dialect: Dialect,
    /// Offset of the type byte from the start of the file.
    pub offset: u64,
    /// Bytes of type, name and value, as [`Record::size`](super::Record::size).
    pub size: u64,
    /// Elements, members, fields or live entries of the value, where the file
    /// states them; of packed values this is not compared with what is there.
    pub elements: Option<u64>,
    scratch: Scratch,
}

impl Default for KeyHead {
    fn default() -> KeyHead {
        KeyHead {
            key: Vec::new(),
            db: 0,
            meta: KeyMeta::default(),
            kind: ValueType::STRING,
            dialect: Dialect::Redis,
            offset: 0,
            size: 0,
            elements: None,
            scratch: Scratch::with_limit(COUNTED),
        }
    }
}

impl KeyHead {
    /// The key.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// Makes `key` the key, of at most `max` bytes if it has to be decompressed.
    pub(crate) fn set_key(&mut self, key: Str<'_>, max: u64) -> std::result::Result<(), ErrorKind> {
        self.key.clear();
        let mut scratch = Scratch::with_limit(max);
        self.key.extend_from_slice(key.bytes(&mut scratch)?);
        Ok(())
    }

    /// What the value is to a client, or `None` for a type nobody knows.
    #[must_use]
    pub fn object(&self) -> Option<ObjectKind> {
        self.kind.object(self.dialect)
    }

    /// What a filter wants to know.
    #[must_use]
    pub fn candidate(&self) -> Candidate<'_> {
        Candidate {
            db: self.db,
            object: self.object(),
            key: Str::Raw(&self.key),
            expire_ms: self.meta.expire_ms,
        }
    }

    /// Takes in how many elements a piece of the value says there are.
    fn count(&mut self, piece: &Event<'_>) {
        let quicklist = matches!(
            self.kind,
            ValueType::LIST_QUICKLIST | ValueType::LIST_QUICKLIST_2
        );
        match *piece {
            // Nodes; the elements are in them.
            Part::Count(_) if quicklist => self.elements = Some(0),
            Part::Count(n) if self.counts_whole() => self.elements = Some(n),
            Part::Array { count, .. } => self.elements = Some(count),
            Part::StreamMeta(meta) => self.elements = Some(meta.length),
            Part::Item {
                role: Role::Packed(packing),
                text,
            } => {
                let more = self.packed(packing, text);
                self.elements = match quicklist {
                    true => self.elements.zip(more).map(|(a, b)| a + b),
                    false => more,
                };
            }
            // A node that is one large element.
            Part::Item {
                role: Role::Element,
                ..
            }
            | Part::ItemBegin {
                role: Role::Element,
                ..
            } if quicklist => self.elements = self.elements.map(|n| n + 1),
            _ => {}
        }
    }

    /// Whether the number before the elements is that of the elements.
    fn counts_whole(&self) -> bool {
        match self.kind.0 {
            1..=5 => true,
            22 => true, // in both dialects, before and after expiries
            24 => self.dialect == Dialect::Redis,
            _ => false,
        }
    }

    fn packed(&mut self, packing: Packing, text: Str<'_>) -> Option<u64> {
        let blob = text.bytes(&mut self.scratch).ok()?;
        let (listpack, ziplist) = (
            || Listpack::new(blob).ok()?.stated_len().map(u64::from),
            || Ziplist::new(blob).ok()?.stated_len().map(u64::from),
        );
        match packing {
            Packing::ListListpack | Packing::SetListpack => listpack(),
            Packing::ListZiplist => ziplist(),
            Packing::SetIntset => Some(Intset::new(blob).ok()?.stated_len().into()),
            Packing::ZsetListpack | Packing::HashListpack => listpack().map(|n| n / 2),
            Packing::ZsetZiplist | Packing::HashZiplist => ziplist().map(|n| n / 2),
            Packing::HashListpackEx => listpack().map(|n| n / 3),
            Packing::HashZipmap => Zipmap::new(blob).ok()?.stated_len().map(u64::from),
            Packing::StreamNode | Packing::TemplateValues | Packing::TemplateNames => None,
        }
    }
}

impl<R: Read> StreamReader<R> {
    /// Reads over the next key and says what there is to say of it, or `false`
    /// at the end of the file. Values of any size pass by.
    ///
    /// # Errors
    ///
    /// As [`StreamReader::next_event`], where the key is compressed and damaged or
    /// too long, and [`ErrorKind::Unsupported`] for a command among the keys, as
    /// replication streams have them: it may change what came before.
    pub fn read_head(&mut self, head: &mut KeyHead) -> Result<bool> {
        let mut attributes = Attributes::default();
        let mut inside = false;
        while let Some((at, token)) = self.next_token()? {
            if !inside && attributes.token(&token) != Attribute::None {
                continue;
            }
            match token {
                Part::Key { kind, .. } => {
                    inside = true;
                    head.kind = kind;
                    head.meta = attributes.take();
                    head.elements = None;
                    head.offset = self.token_offset();
                    let decoder = self.decoder();
                    (head.db, head.dialect) = (decoder.db(), decoder.dialect());
                    let max = decoder.limits().max_name();
                    let event = token.resolve(self.token_bytes(at));
                    if let Part::Key { key, .. } = event {
                        let at = head.offset;
                        let failed = |kind| Error::new(kind, at, at, Stage::Key);
                        head.set_key(key, max).map_err(failed)?;
                    }
                }
                Part::KeyEnd if inside => {
                    head.size = self.offset() - head.offset;
                    return Ok(true);
                }
                token if inside => head.count(&token.resolve(self.token_bytes(at))),
                Part::Update(_) => {
                    let at = self.token_offset();
                    return Err(Error::new(COMMAND_AMONG_KEYS, at, at, Stage::Type));
                }
                _ => {}
            }
        }
        Ok(false)
    }
}
