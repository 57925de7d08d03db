//! Streams as JSON: lists that open and close while the pieces come by.

use std::io;

use rdbkit_rdb::pieces::VisitError;
use rdbkit_rdb::{StreamGroup, StreamItem};

use super::JsonKeys;
use crate::render::export::escape::{integer, optional, text};

/// Which list of a stream's object is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StreamState {
    Entries,
    Groups { any: bool },
    Producers { any: bool, ids: Option<bool> },
    Rest,
}

impl JsonKeys<'_> {
    pub(super) fn stream(&mut self, item: StreamItem<'_>) -> Result<(), VisitError> {
        let group = self.groups.add(&item);
        let group = group.map_err(|kind| VisitError::Inside {
            offset: self.offset,
            kind,
        })?;
        if let Some(group) = group {
            self.group(&group)?;
        }
        match item {
            StreamItem::Entry { id, fields, .. } => {
                self.next();
                let out = self.page.buffer();
                out.extend_from_slice(b"{\"id\":");
                stream_id(out, id);
                out.extend_from_slice(b",\"fields\":[");
                let (mut a, mut b) = ([0; 20], [0; 20]);
                for (n, (field, value)) in fields.enumerate() {
                    let begin: &[u8] = if n > 0 { b",[" } else { b"[" };
                    self.page.buffer().extend_from_slice(begin);
                    self.text(field.text(&mut a))?;
                    self.page.buffer().push(b',');
                    self.text(value.text(&mut b))?;
                    self.page.buffer().push(b']');
                    self.page.relieve()?;
                }
                self.page.buffer().extend_from_slice(b"]}");
            }
            StreamItem::Numbers(n) => {
                let out = self.page.buffer();
                out.extend_from_slice(b"],\"length\":");
                integer(out, n.length);
                for (name, id) in [
                    (&b",\"last_id\":"[..], n.last),
                    (b",\"first_id\":", n.first),
                    (b",\"max_deleted_id\":", n.max_deleted),
                ] {
                    out.extend_from_slice(name);
                    stream_id(out, id);
                }
                out.extend_from_slice(b",\"entries_added\":");
                integer(out, n.entries_added);
                out.extend_from_slice(b",\"groups\":[");
                self.stream = StreamState::Groups { any: false };
            }
            StreamItem::Idempotence {
                duration,
                max_entries,
                ..
            } => {
                self.close_groups()?;
                let out = self.page.buffer();
                out.extend_from_slice(b",\"idempotence_seconds\":");
                integer(out, duration);
                out.extend_from_slice(b",\"idempotence_entries\":");
                integer(out, max_entries);
                out.extend_from_slice(b",\"producers\":[");
                self.stream = StreamState::Producers {
                    any: false,
                    ids: None,
                };
            }
            StreamItem::Producer { name, .. } => {
                self.close_producer();
                if self.stream
                    == (StreamState::Producers {
                        any: true,
                        ids: None,
                    })
                {
                    self.page.buffer().push(b',');
                }
                self.page.buffer().extend_from_slice(b"{\"name\":");
                self.text(name)?;
                self.page.buffer().extend_from_slice(b",\"ids\":[");
                self.stream = StreamState::Producers {
                    any: true,
                    ids: Some(false),
                };
            }
            StreamItem::ProducerEntry { id, entry } => {
                if let StreamState::Producers { ids: Some(any), .. } = &mut self.stream
                    && std::mem::replace(any, true)
                {
                    self.page.buffer().push(b',');
                }
                self.page.buffer().extend_from_slice(b"{\"id\":");
                self.text(id)?;
                let out = self.page.buffer();
                out.extend_from_slice(b",\"entry\":");
                stream_id(out, entry);
                out.push(b'}');
            }
            StreamItem::IdempotenceTotals { added, duplicates } => {
                self.close_producer();
                let out = self.page.buffer();
                out.extend_from_slice(b"],\"ids_added\":");
                integer(out, added);
                out.extend_from_slice(b",\"ids_seen_again\":");
                integer(out, duplicates);
                self.stream = StreamState::Rest;
            }
            // Parts of groups, which are written when they are complete.
            _ => {}
        }
        Ok(())
    }

    fn close_producer(&mut self) {
        if let StreamState::Producers { ids, .. } = &mut self.stream
            && ids.take().is_some()
        {
            self.page.buffer().extend_from_slice(b"]}");
        }
    }

    pub(super) fn close_groups(&mut self) -> io::Result<()> {
        if let Some(group) = self.groups.finish() {
            self.group(&group)?;
        }
        if let StreamState::Groups { .. } = self.stream {
            self.page.buffer().push(b']');
            self.stream = StreamState::Rest;
        }
        Ok(())
    }

    fn group(&mut self, group: &StreamGroup) -> io::Result<()> {
        if self.stream == (StreamState::Groups { any: true }) {
            self.page.buffer().push(b',');
        }
        self.stream = StreamState::Groups { any: true };
        let comma = |n: usize| -> &[u8] { if n > 0 { b"," } else { b"" } };
        let out = self.page.buffer();
        out.extend_from_slice(b"{\"name\":");
        text(out, &group.name);
        out.extend_from_slice(b",\"last_id\":");
        stream_id(out, group.last);
        out.extend_from_slice(b",\"entries_read\":");
        optional(out, group.entries_read);
        out.extend_from_slice(b",\"nacked\":[");
        for (n, id) in group.nacked.iter().enumerate() {
            let out = self.page.buffer();
            out.extend_from_slice(comma(n));
            stream_id(out, *id);
            self.page.relieve()?;
        }
        self.page.buffer().extend_from_slice(b"],\"consumers\":[");
        for (n, consumer) in group.consumers.iter().enumerate() {
            let out = self.page.buffer();
            out.extend_from_slice(comma(n));
            out.extend_from_slice(b"{\"name\":");
            text(out, &consumer.name);
            out.extend_from_slice(b",\"seen_ms\":");
            integer(out, consumer.seen_ms);
            out.extend_from_slice(b",\"active_ms\":");
            optional(out, consumer.active_ms);
            out.push(b'}');
            self.page.relieve()?;
        }
        self.page.buffer().extend_from_slice(b"],\"pending\":[");
        for (n, pending) in group.pending.iter().enumerate() {
            let out = self.page.buffer();
            out.extend_from_slice(comma(n));
            out.extend_from_slice(b"{\"id\":");
            stream_id(out, pending.id);
            out.extend_from_slice(b",\"consumer\":");
            match pending.owner.and_then(|at| group.consumers.get(at)) {
                Some(consumer) => text(out, &consumer.name),
                None => out.extend_from_slice(b"null"),
            }
            out.extend_from_slice(b",\"delivered_ms\":");
            integer(out, pending.delivered_ms);
            out.extend_from_slice(b",\"deliveries\":");
            integer(out, pending.deliveries);
            out.push(b'}');
            self.page.relieve()?;
        }
        self.page.buffer().extend_from_slice(b"]}");
        Ok(())
    }
}

fn stream_id(out: &mut Vec<u8>, id: rdbkit_rdb::StreamId) {
    out.push(b'"');
    integer(out, id.ms);
    out.push(b'-');
    integer(out, id.seq);
    out.push(b'"');
}
