//! One place of a file: which fields its bytes are, and where reading stops.

mod log;
mod rdb;

use std::collections::VecDeque;
use std::io::{Cursor, Read};

use rdbkit_aof::{Layout, quoted, sniff};

/// Fields kept before and behind the place, at most: bytes alone would let a
/// million fields of one byte in.
const MOST: usize = 4096;

/// Bytes of a text that are shown.
const SHOWN: usize = 48;

/// Bytes that mean something together.
#[derive(Clone, Debug)]
pub struct Field {
    /// Offset of the first one.
    pub offset: u64,
    /// How many.
    pub bytes: u64,
    /// What they are.
    pub meaning: String,
}

/// Why nothing behind a place could be read.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Where it shows.
    pub offset: u64,
    /// Where what was read then begins.
    pub begin: u64,
    /// In words.
    pub message: String,
}

/// Fields around a place.
#[derive(Debug, Default)]
pub struct Place {
    /// In the order of the file; each overlaps with what was asked for.
    pub fields: Vec<Field>,
    /// Where reading stopped, if it did not come to the end of that.
    pub fault: Option<Fault>,
    /// The database in force there, in files that have some.
    pub db: Option<u64>,
    /// The key there, or the last one before.
    pub key: Option<Vec<u8>>,
}

/// Takes fields as they come, and keeps those that were asked for.
#[derive(Debug)]
struct Collector {
    from: u64,
    to: u64,
    at: u64,
    held: VecDeque<Field>,
    db: Option<u64>,
    key: Option<Vec<u8>>,
}

impl Collector {
    /// Takes a field. What it means is only said of those that are kept.
    fn take(&mut self, offset: u64, bytes: u64, meaning: impl FnOnce() -> String) {
        if bytes == 0 || offset + bytes <= self.from || offset >= self.to {
            return;
        }
        // The nearest to the place stay.
        if self.held.len() >= MOST {
            if offset > self.at {
                return;
            }
            self.held.pop_front();
        }
        let meaning = meaning();
        self.held.push_back(Field {
            offset,
            bytes,
            meaning,
        });
    }

    /// Whether all that was asked for has come.
    fn is_done(&self, offset: u64) -> bool {
        offset >= self.to
    }

    fn finish(self, fault: Option<Fault>) -> Place {
        Place {
            fields: self.held.into(),
            fault,
            db: self.db,
            key: self.key,
        }
    }
}

/// Reads a file from its beginning up to what stands `around` bytes behind `at`.
pub fn look<R: Read>(mut source: R, at: u64, around: u64) -> std::io::Result<Place> {
    let mut head = Vec::with_capacity(16);
    (&mut source).take(16).read_to_end(&mut head)?;
    let mut collector = Collector {
        from: at.saturating_sub(around),
        to: at.saturating_add(around).saturating_add(1),
        at,
        held: VecDeque::new(),
        db: None,
        key: None,
    };
    let layout = sniff(&head);
    let whole = Cursor::new(head).chain(source);
    let fault = match layout {
        Layout::Commands => {
            let reader = rdbkit_aof::StreamReader::new(whole);
            log::collect(reader, &mut collector)
        }
        Layout::Manifest => Some(Fault {
            offset: 0,
            begin: 0,
            message: "a manifest, which is text: look at it with a pager".to_owned(),
        }),
        _ => rdb::collect(whole, &mut collector),
    };
    Ok(collector.finish(fault))
}

/// A text as it is shown: quoted, and no longer than a line.
fn shown(text: &[u8]) -> String {
    match text.get(..SHOWN) {
        Some(front) if text.len() > SHOWN => {
            format!("{}... of {} bytes", quoted_always(front), text.len())
        }
        _ => quoted_always(text),
    }
}

/// In quotes even where a shell would need none.
fn quoted_always(text: &[u8]) -> String {
    let quoted = quoted(text).to_string();
    match quoted.starts_with('"') {
        true => quoted,
        false => format!("\"{quoted}\""),
    }
}
