//! Streams: nodes, numbers, consumer groups, idempotent producers.
//!
//! ```text
//! LEN nodes, (STR node_key[16], STR listpack)*nodes
//! LEN length, ID last                        ID := LEN ms, LEN seq
//! from 19: ID first, ID max_deleted, LEN entries_added
//! LEN groups, group*groups
//! from 26: LEN duration, LEN max_entries, LEN producers, producer*producers,
//!          LEN added, LEN duplicates
//!
//! group    := STR name, ID last, [from 19: LEN entries_read],
//!             LEN pel, (raw[16] id, i64le time, LEN deliveries)*pel,
//!             LEN consumers, consumer*consumers,
//!             [from 27: LEN nacked, raw[16]*nacked]
//! consumer := STR name, i64le seen, [from 21: i64le active], LEN n, raw[16]*n
//! producer := STR name, LEN n, (STR id, ID entry)*n
//! ```

use crate::decoder::{State, len_id, raw_id};
use crate::event::{Packing, Part, Role, StreamMeta, Token};
use crate::grammar::{P, Rules, What, fail, i64le, plain_len, string};
use crate::text::StrToken;

/// Where in a stream; `v` is 1 to 5 for types 15, 19, 21, 26 and 27.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct StreamState {
    v: u8,
    at: At,
    /// Groups after the current one.
    groups: u64,
    /// Consumers after the current one.
    consumers: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum At {
    Nodes,
    NodeKey { left: u64 },
    Node { left: u64 },
    Meta,
    Groups,
    Group,
    Pending { left: u64 },
    Consumers,
    Consumer,
    Owned { left: u64 },
    Nacks,
    Nack { left: u64 },
    Idempotence,
    Producer { left: u64 },
    ProducerEntry { left: u64, producers: u64 },
    Totals,
}

impl StreamState {
    pub(super) fn start(v: u8) -> StreamState {
        StreamState {
            v,
            at: At::Nodes,
            groups: 0,
            consumers: 0,
        }
    }

    fn go(self, at: At) -> State {
        State::Stream(StreamState { at, ..self })
    }

    fn after_owned(self) -> State {
        match (self.consumers, self.v) {
            (0, 5..) => self.go(At::Nacks),
            (0, _) => self.after_group(),
            _ => self.go(At::Consumer),
        }
    }

    fn after_group(self) -> State {
        match (self.groups, self.v) {
            (0, 4..) => self.go(At::Idempotence),
            (0, _) => State::KeyEnd,
            _ => self.go(At::Group),
        }
    }

    fn after_producer(self, producers: u64) -> State {
        match producers {
            0 => self.go(At::Totals),
            left => self.go(At::Producer { left }),
        }
    }
}

pub(super) fn parse<const EOF: bool>(
    w: &[u8],
    rules: Rules,
    s: StreamState,
) -> P<'_, (Token, State)> {
    match s.at {
        At::Nodes => {
            let (rest, n) = plain_len::<EOF>(w, rules)?;
            let next = match n {
                0 => At::Meta,
                left => At::NodeKey { left },
            };
            Ok((rest, (Part::Count(n), s.go(next))))
        }
        At::NodeKey { left } => {
            let (rest, text) = string::<EOF>(w, rules)?;
            // Of an LZF string the server compares the decompressed length.
            let n = match text {
                StrToken::Raw { len, .. } => len as u64,
                StrToken::Lzf { full, .. } => full,
                StrToken::Int(n) => crate::text::Decimal::new(n.into()).as_bytes().len() as u64,
            };
            if n != 16 {
                return fail(rest, What::StreamKey(n));
            }
            let token = Part::Item {
                role: Role::NodeKey,
                text,
            };
            Ok((rest, (token, s.go(At::Node { left }))))
        }
        At::Node { left } => {
            let (rest, text) = string::<EOF>(w, rules)?;
            let token = Part::Item {
                role: Role::Packed(Packing::StreamNode),
                text,
            };
            let next = match left {
                1 => At::Meta,
                _ => At::NodeKey { left: left - 1 },
            };
            Ok((rest, (token, s.go(next))))
        }
        At::Meta => {
            let (rest, length) = plain_len::<EOF>(w, rules)?;
            let (rest, last) = len_id::<EOF>(rest, rules)?;
            let (rest, extended) = if s.v >= 2 {
                let (rest, first) = len_id::<EOF>(rest, rules)?;
                let (rest, max_deleted) = len_id::<EOF>(rest, rules)?;
                let (rest, added) = plain_len::<EOF>(rest, rules)?;
                (rest, Some((first, max_deleted, added)))
            } else {
                (rest, None)
            };
            let meta = StreamMeta {
                length,
                last,
                extended,
            };
            Ok((rest, (Part::StreamMeta(meta), s.go(At::Groups))))
        }
        At::Groups => {
            let (rest, n) = plain_len::<EOF>(w, rules)?;
            let next = StreamState { groups: n, ..s };
            Ok((rest, (Part::Groups(n), next.after_group())))
        }
        At::Group => {
            let (rest, name) = string::<EOF>(w, rules)?;
            let (rest, last) = len_id::<EOF>(rest, rules)?;
            let (rest, entries_read) = if s.v >= 2 {
                let (rest, n) = plain_len::<EOF>(rest, rules)?;
                (rest, (n != u64::MAX).then_some(n))
            } else {
                (rest, None)
            };
            let (rest, pending) = plain_len::<EOF>(rest, rules)?;
            let token = Part::Group {
                name,
                last,
                entries_read,
                pending,
            };
            let s = StreamState {
                groups: s.groups - 1,
                ..s
            };
            let next = match pending {
                0 => At::Consumers,
                left => At::Pending { left },
            };
            Ok((rest, (token, s.go(next))))
        }
        At::Pending { left } => {
            let (rest, id) = raw_id::<EOF>(w)?;
            let (rest, delivered_ms) = i64le::<EOF>(rest)?;
            let (rest, deliveries) = plain_len::<EOF>(rest, rules)?;
            let next = match left {
                1 => At::Consumers,
                _ => At::Pending { left: left - 1 },
            };
            Ok((
                rest,
                (
                    Part::Pending {
                        id,
                        delivered_ms,
                        deliveries,
                    },
                    s.go(next),
                ),
            ))
        }
        At::Consumers => {
            let (rest, n) = plain_len::<EOF>(w, rules)?;
            let next = StreamState { consumers: n, ..s };
            Ok((rest, (Part::Consumers(n), next.after_owned())))
        }
        At::Consumer => {
            let (rest, name) = string::<EOF>(w, rules)?;
            let (rest, seen_ms) = i64le::<EOF>(rest)?;
            let (rest, active_ms) = if s.v >= 3 {
                let (rest, t) = i64le::<EOF>(rest)?;
                (rest, Some(t))
            } else {
                (rest, None)
            };
            let (rest, owned) = plain_len::<EOF>(rest, rules)?;
            let token = Part::Consumer {
                name,
                seen_ms,
                active_ms,
                owned,
            };
            let s = StreamState {
                consumers: s.consumers - 1,
                ..s
            };
            let next = match owned {
                0 => s.after_owned(),
                left => s.go(At::Owned { left }),
            };
            Ok((rest, (token, next)))
        }
        At::Owned { left } => {
            let (rest, id) = raw_id::<EOF>(w)?;
            let next = match left {
                1 => s.after_owned(),
                _ => s.go(At::Owned { left: left - 1 }),
            };
            Ok((rest, (Part::Owned(id), next)))
        }
        At::Nacks => {
            let (rest, n) = plain_len::<EOF>(w, rules)?;
            let next = match n {
                0 => s.after_group(),
                left => s.go(At::Nack { left }),
            };
            Ok((rest, (Part::Nacks(n), next)))
        }
        At::Nack { left } => {
            let (rest, id) = raw_id::<EOF>(w)?;
            let next = match left {
                1 => s.after_group(),
                _ => s.go(At::Nack { left: left - 1 }),
            };
            Ok((rest, (Part::Nack(id), next)))
        }
        At::Idempotence => {
            let (rest, duration) = plain_len::<EOF>(w, rules)?;
            let (rest, max_entries) = plain_len::<EOF>(rest, rules)?;
            let (rest, producers) = plain_len::<EOF>(rest, rules)?;
            let token = Part::Idempotence {
                duration,
                max_entries,
                producers,
            };
            Ok((rest, (token, s.after_producer(producers))))
        }
        At::Producer { left } => {
            let (rest, name) = string::<EOF>(w, rules)?;
            let (rest, entries) = plain_len::<EOF>(rest, rules)?;
            let next = match entries {
                0 => s.after_producer(left - 1),
                n => s.go(At::ProducerEntry {
                    left: n,
                    producers: left - 1,
                }),
            };
            Ok((rest, (Part::Producer { name, entries }, next)))
        }
        At::ProducerEntry { left, producers } => {
            let (rest, id) = string::<EOF>(w, rules)?;
            let (rest, entry) = len_id::<EOF>(rest, rules)?;
            let next = match left {
                1 => s.after_producer(producers),
                _ => s.go(At::ProducerEntry {
                    left: left - 1,
                    producers,
                }),
            };
            Ok((rest, (Part::ProducerEntry { id, entry }, next)))
        }
        At::Totals => {
            let (rest, added) = plain_len::<EOF>(w, rules)?;
            let (rest, duplicates) = plain_len::<EOF>(rest, rules)?;
            Ok((
                rest,
                (Part::IdempotenceTotals { added, duplicates }, State::KeyEnd),
            ))
        }
    }
}
