//! Streams: entries, numbers, consumer groups, idempotent producers.

mod group;
mod item;
mod parts;

pub use group::{StreamConsumer, StreamGroup, StreamGroups, StreamPending};
pub use item::{StreamItem, StreamNumbers};
pub(crate) use parts::StreamParts;

use super::blob::BlobBytes;
use super::walk::{self, Walk};
use crate::error::Result;
use crate::event::{Event, Packing, Part, Role, StreamId};
use crate::packed::{NodeMark, Pairs, PairsMark, StreamNode};
use crate::record::Record;
use crate::text::{Scratch, Str};

/// A stream, piece by piece in the file's order: entries, the numbers, then
/// each group with its pending entries, its consumers and what they own, then
/// idempotent producers. See [`StreamItem`].
///
/// All five types (15, 19, 21, 26, 27) look the same. What the older ones do
/// not have is filled in as the servers do when they load them:
///
/// | of types before | missing | taken for it |
/// |---|---|---|
/// | 19 | first ID | that of the first live entry |
/// | 19 | greatest deleted ID | 0-0 |
/// | 19 | entries ever added | the live entries |
/// | 19 | entries a group has read | an estimate, if there is one |
/// | 21 | a consumer's last success | its last attempt |
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::{SliceReader, StreamItem, Value};
///
/// # fn show(file: &[u8]) -> rdbkit_rdb::Result<()> {
/// for record in SliceReader::new(file).records() {
///     let Value::Stream(mut stream) = record?.value()? else { continue };
///     while let Some(item) = stream.next()? {
///         if let StreamItem::Entry { id, fields, .. } = item {
///             for (field, value) in fields {
///                 let (mut a, mut b) = ([0; 20], [0; 20]);
///                 let (field, value) = (field.text(&mut a), value.text(&mut b));
///                 println!("{id} {} {}", field.escape_ascii(), value.escape_ascii());
///             }
///         }
///     }
/// }
/// # Ok(()) }
/// ```
///
/// # Limits
///
/// One node is held decompressed, and one name. [`into_groups`] collects, and
/// says how much.
///
/// [`into_groups`]: StreamValue::into_groups
#[derive(Clone, Debug)]
pub struct StreamValue<'a> {
    walk: Walk<'a>,
    bytes: BlobBytes<'a>,
    /// Where the current node stands, if one is open.
    node: Option<NodeMark>,
    /// The ID that the current node's deltas are added to.
    node_id: StreamId,
    sorted: bool,
    entries: bool,
    deleted: bool,
    parts: StreamParts,
    scratch: Scratch,
    digits: [u8; 20],
    max_decompressed: u64,
}

/// An entry without its node.
struct EntryMark {
    id: StreamId,
    deleted: bool,
    pairs: PairsMark,
}

impl<'a> StreamValue<'a> {
    pub(super) fn new(record: &Record<'a>, walk: Walk<'a>) -> StreamValue<'a> {
        StreamValue {
            walk,
            bytes: BlobBytes::new(record.max_decompressed),
            node: None,
            node_id: StreamId::default(),
            sorted: true,
            entries: true,
            deleted: false,
            parts: StreamParts::new(record.kind),
            scratch: Scratch::with_limit(record.max_decompressed),
            digits: [0; 20],
            max_decompressed: record.max_decompressed,
        }
    }

    /// Whether deleted entries, which stay in their node until it is empty,
    /// are shown too. They are not, unless asked for.
    #[must_use]
    pub fn with_deleted(mut self, yes: bool) -> StreamValue<'a> {
        self.deleted = yes;
        self
    }

    /// Passes over the entries, and over nodes without looking into them.
    #[must_use]
    pub fn without_entries(mut self) -> StreamValue<'a> {
        self.entries = false;
        self
    }

    /// Whether the nodes that came up to now are in the order of their IDs. Servers
    /// write them so, take them in any order, and have them sorted then; here the
    /// entries come as they stand in the file.
    #[must_use]
    pub fn is_sorted(&self) -> bool {
        self.sorted
    }

    /// The next piece, or `None` at the end or after an error.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the stream from here to the end of the piece,
    /// with the offset of the entry where its node is not compressed.
    #[allow(clippy::should_implement_trait)] // lends
    pub fn next(&mut self) -> Result<Option<StreamItem<'_>>> {
        loop {
            if let Some(entry) = self.entry()? {
                return Ok(Some(StreamItem::Entry {
                    id: entry.id,
                    deleted: entry.deleted,
                    fields: Pairs::resume(self.bytes.get(), entry.pairs),
                }));
            }
            let Some(event) = self.walk.next()? else {
                return Ok(None);
            };
            match event {
                Part::Item {
                    role: Role::NodeKey,
                    text,
                } => {
                    let id = self.id(text)?;
                    self.sorted &= id >= self.node_id;
                    self.node_id = id;
                }
                Part::Item {
                    role: Role::Packed(Packing::StreamNode),
                    text,
                } => self.open(text)?,
                Part::Item { .. } | Part::Count(_) | Part::Groups(_) => {}
                Part::Consumers(_) | Part::Nacks(_) => {}
                event => return self.item(event),
            }
        }
    }

    /// Moves to the next entry to show, within the open node.
    fn entry(&mut self) -> Result<Option<EntryMark>> {
        while let Some(mark) = self.node {
            let mut node = StreamNode::resume(self.bytes.get(), mark);
            let entry = match node.next() {
                Ok(entry) => entry,
                Err(error) => {
                    self.node = None;
                    self.walk.end();
                    return Err(self.bytes.error(error));
                }
            };
            let Some(entry) = entry else {
                self.node = None;
                break;
            };
            let next = node.mark();
            let found = EntryMark {
                id: StreamId {
                    ms: self.node_id.ms.wrapping_add(entry.ms_delta as u64),
                    seq: self.node_id.seq.wrapping_add(entry.seq_delta as u64),
                },
                deleted: entry.deleted,
                pairs: entry.pairs.mark(),
            };
            self.node = Some(next);
            if !found.deleted {
                self.parts.saw(found.id);
            }
            if self.entries && (self.deleted || !found.deleted) {
                return Ok(Some(found));
            }
            if !self.entries && self.parts.has_first() {
                self.node = None;
            }
        }
        Ok(None)
    }

    fn open(&mut self, text: Str<'a>) -> Result<()> {
        if !self.entries && !self.parts.wants_first() {
            return Ok(());
        }
        let opened = self.bytes.set(text, &self.walk).and_then(|()| {
            let node = StreamNode::new(self.bytes.get());
            node.map(|node| node.mark())
                .map_err(|error| self.bytes.error(error))
        });
        self.node = Some(self.or_end(opened)?);
        Ok(())
    }

    fn id(&mut self, text: Str<'a>) -> Result<StreamId> {
        let bytes = match text.bytes(&mut self.scratch) {
            Ok(bytes) => bytes.first_chunk::<16>().copied(),
            Err(kind) => {
                let error = self.walk.error(kind);
                return self.or_end(Err(error));
            }
        };
        // The decoder has made sure of the 16 bytes.
        Ok(StreamId::from_bytes(bytes.unwrap_or_default()))
    }

    /// Everything but entries.
    fn item(&mut self, event: Event<'a>) -> Result<Option<StreamItem<'_>>> {
        let text = StreamParts::text(&event);
        let text = match walk::element(text, &mut self.scratch, self.walk.token_offset()) {
            Ok(element) => element.text(&mut self.digits),
            Err(error) => {
                self.walk.end();
                return Err(error);
            }
        };
        Ok(self.parts.item(&event, text))
    }

    /// Nothing comes after an error.
    fn or_end<T>(&mut self, result: Result<T>) -> Result<T> {
        if result.is_err() {
            self.walk.end();
        }
        result
    }
}
