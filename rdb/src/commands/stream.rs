//! Streams as plain commands.
//!
//! ```text
//! XADD key id field value ...                              each entry
//! XADD key MAXLEN 0 id x y                                 a stream without entries
//! XSETID key last ENTRIESADDED n MAXDELETEDID id           its numbers
//! XGROUP CREATE key group last ENTRIESREAD n               each group
//! XGROUP CREATECONSUMER key group consumer                 each consumer; before 6.2
//! XREADGROUP GROUP group consumer COUNT 1 STREAMS key 0
//! XCLAIM key group consumer 0 id TIME ms RETRYCOUNT n FORCE JUSTID
//! ```
//!
//! When consumers were seen last cannot be said: for the server that is now.

use std::io::{self, Write};

use super::words::{bulk, head, number, option};
use super::{Commands, Loss};
use crate::event::StreamId;
use crate::packed::Element;
use crate::pieces::VisitError;
use crate::text::Decimal;
use crate::value::{StreamGroup, StreamItem, StreamNumbers};

fn id(out: &mut Vec<u8>, id: StreamId) {
    // Two numbers of twenty digits, and what stands between.
    let mut room = [0u8; 41];
    let mut left = &mut room[..];
    let _ = write!(left, "{id}");
    let used = 41 - left.len();
    bulk(out, room.get(..used).unwrap_or_default());
}

impl<W: Write> Commands<W> {
    pub(super) fn stream(&mut self, item: &StreamItem<'_>) -> Result<(), VisitError> {
        let at = self.key.offset;
        let complete = self.groups.add(item);
        if let Some(group) = complete.map_err(|kind| VisitError::Inside { offset: at, kind })? {
            self.group(&group)?;
        }
        match item {
            StreamItem::Entry { id, fields, .. } => self.entry(*id, fields.clone()),
            StreamItem::Numbers(numbers) => self.numbers(numbers),
            StreamItem::Producer { .. } => self.lose(Loss::Idempotence),
            _ => {}
        }
        Ok(())
    }

    fn entry<'e>(
        &mut self,
        entry: StreamId,
        fields: impl Iterator<Item = (Element<'e>, Element<'e>)>,
    ) {
        let (mut a, mut b) = ([0; 20], [0; 20]);
        self.args.clear();
        let mut pairs = 0;
        for (field, value) in fields {
            bulk(&mut self.args, field.text(&mut a));
            bulk(&mut self.args, value.text(&mut b));
            pairs += 1;
        }
        if pairs == 0 {
            return self.lose(Loss::StreamEntry);
        }
        if !self.key.pieces {
            self.key.pieces = true;
            self.live.clear();
        }
        self.live.add(entry);
        self.begin(false);
        let out = self.page.buffer();
        head(out, 3 + 2 * pairs, b"XADD");
        bulk(out, &self.key.name);
        id(out, entry);
        out.append(&mut self.args);
    }

    fn numbers(&mut self, numbers: &StreamNumbers) {
        if !self.key.pieces {
            self.live.clear();
        }
        self.begin(false);
        let name = &self.key.name;
        let out = self.page.buffer();
        if !self.key.pieces {
            // An entry that goes at once makes a stream without entries.
            head(out, 7, b"XADD");
            bulk(out, name);
            bulk(out, b"MAXLEN");
            bulk(out, b"0");
            id(out, numbers.last.max(StreamId { ms: 0, seq: 1 }));
            bulk(out, b"x");
            bulk(out, b"y");
        }
        let counts = self.target.counts_entries();
        head(out, if counts { 7 } else { 3 }, b"XSETID");
        bulk(out, name);
        id(out, numbers.last);
        if counts {
            bulk(out, b"ENTRIESADDED");
            number(out, numbers.entries_added);
            bulk(out, b"MAXDELETEDID");
            id(out, numbers.max_deleted);
        }
    }

    pub(super) fn end_stream(&mut self) -> io::Result<()> {
        match self.groups.finish() {
            Some(group) => self.group(&group),
            None => Ok(()),
        }
    }

    fn group(&mut self, group: &StreamGroup) -> io::Result<()> {
        let out = self.page.buffer();
        let counts = self.target.counts_entries();
        head(out, if counts { 7 } else { 5 }, b"XGROUP");
        bulk(out, b"CREATE");
        bulk(out, &self.key.name);
        bulk(out, &group.name);
        id(out, group.last);
        if counts {
            bulk(out, b"ENTRIESREAD");
            match group.entries_read {
                Some(n) => number(out, n),
                None => bulk(out, b"-1"),
            }
        }
        self.consumers(group)?;
        self.pending(group)
    }

    fn consumers(&mut self, group: &StreamGroup) -> io::Result<()> {
        let creates = self.target.has_create_consumer();
        for consumer in &group.consumers {
            let out = self.page.buffer();
            if creates {
                head(out, 5, b"XGROUP");
                bulk(out, b"CREATECONSUMER");
                bulk(out, &self.key.name);
                bulk(out, &group.name);
                bulk(out, &consumer.name);
            } else {
                // Who asks for what it owns already comes about, and owns nothing yet.
                head(out, 9, b"XREADGROUP");
                for word in [b"GROUP", &group.name[..], &consumer.name, b"COUNT", b"1"] {
                    bulk(out, word);
                }
                for word in [b"STREAMS", &self.key.name[..], b"0"] {
                    bulk(out, word);
                }
            }
            self.page.relieve()?;
        }
        Ok(())
    }

    fn pending(&mut self, group: &StreamGroup) -> io::Result<()> {
        let sorted = group.pending.is_sorted_by_key(|p| p.id);
        let known = sorted && !self.live.is_unsure();
        if !known && !group.pending.is_empty() {
            self.lose(Loss::PendingUnsure);
        }
        let live = std::mem::take(&mut self.live);
        let mut ids = live.iter().peekable();
        for pending in &group.pending {
            if known {
                while ids.next_if(|id| *id < pending.id).is_some() {}
                if ids.peek() != Some(&pending.id) {
                    self.lose(Loss::PendingGone);
                    continue;
                }
            }
            let owner = pending.owner.and_then(|at| group.consumers.get(at));
            let Some(owner) = owner else {
                self.lose(Loss::PendingFree);
                continue;
            };
            let out = self.page.buffer();
            head(out, 12, b"XCLAIM");
            bulk(out, &self.key.name);
            bulk(out, &group.name);
            bulk(out, &owner.name);
            bulk(out, b"0");
            id(out, pending.id);
            bulk(out, b"TIME");
            bulk(out, Decimal::new(pending.delivered_ms.max(0)).as_bytes());
            option(out, b"RETRYCOUNT", pending.deliveries);
            bulk(out, b"FORCE");
            bulk(out, b"JUSTID");
            self.page.relieve()?;
        }
        drop(ids);
        self.live = live;
        Ok(())
    }
}
