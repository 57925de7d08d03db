//! Streams: nodes against the stream's own numbers, groups and consumers.

use crate::error::ErrorKind;
use crate::event::{StreamId, StreamMeta};
use crate::packed::StreamNode;
use crate::packed::flow::check_stream_node;
use crate::text::Str;
use crate::verify::finding::Code;
use crate::verify::groups::Groups;
use crate::verify::long::{LongString, flowing};
use crate::verify::packed::Blob;
use crate::verify::server::Product;
use crate::verify::value::ValueJudge;
use crate::wire::ValueType;

impl ValueJudge {
    pub(super) fn node_key(&mut self, text: Str<'_>, at: u64) {
        if let Ok(Some(_)) = flowing(text, self.held_most) {
            return self.fault(Code::BadStreamKey, at, "stream node key is not 16 bytes");
        }
        match text.bytes(&mut self.scratch).map(<[u8; 16]>::try_from) {
            Ok(Ok(key)) => self.stream.nodes.push(StreamId::from_bytes(key)),
            Ok(Err(_)) => self.fault(Code::BadStreamKey, at, "stream node key is not 16 bytes"),
            Err(e) => self.fault(Code::BadLzf, at, e.to_string()),
        }
    }

    pub(super) fn stream_node(&mut self, blob: Blob<'_>, at: u64) {
        let summary = match blob {
            Blob::Held(blob) => StreamNode::check(blob),
            Blob::Flowing(blob) => check_stream_node(blob),
        };
        let summary = match summary {
            Ok(summary) => summary,
            Err(e) => {
                return self.fault(Code::BadPacked, at, format!("stream node is damaged: {e}"));
            }
        };
        self.stream.live += i128::from(summary.count);
        // Redis and older Valkey abort on these when they load type 15.
        let crashes = summary.negative_fields && self.kind == ValueType::STREAM_LISTPACKS;
        if crashes || (self.server.is_strict_valkey() && !summary.is_strict()) {
            self.fault(
                Code::BadPacked,
                at,
                "stream node contradicts its own counts",
            );
        } else if u64::try_from(summary.deleted) != Ok(summary.deleted_flags) {
            let code = self.code_of_newer_rule();
            self.fault(code, at, "stream node counts its tombstones wrong");
        }
    }

    /// What only servers that count streams refuse is a warning to others.
    pub(super) fn code_of_newer_rule(&self) -> Code {
        if self.server.counts_streams() {
            Code::BadStream
        } else {
            Code::NewerRefuses
        }
    }

    /// Rules on a stream's own numbers that Redis has from 8.8 and Valkey has not.
    pub(super) fn code_of_newer_rule_of_redis(&self) -> Option<Code> {
        let redis = self.server.product == Product::Redis;
        redis.then(|| self.code_of_newer_rule())
    }

    pub(super) fn named(
        &mut self,
        name: Str<'_>,
        at: u64,
        judge: impl FnOnce(&mut Groups, u128) -> Result<(), &'static str>,
    ) {
        let name = match flowing(name, self.held_most) {
            Ok(Some(name)) => Ok(LongString::of(name, self.set.pieces()).pieces().wide()),
            Ok(None) => match name.bytes(&mut self.scratch) {
                Ok(name) => Ok(self.set.wide(name)),
                Err(e) => Err(e),
            },
            Err(e) => Err(ErrorKind::Lzf(e)),
        };
        let outcome = match name {
            Ok(name) => judge(&mut self.groups, name),
            Err(e) => return self.fault(Code::BadLzf, at, e.to_string()),
        };
        self.outcome(outcome, at);
    }

    pub(super) fn outcome(&mut self, outcome: Result<(), &'static str>, at: u64) {
        if let Err(why) = outcome {
            self.fault(Code::BadStream, at, why);
        }
    }

    pub(super) fn end_group(&mut self, at: u64) {
        if std::mem::take(&mut self.stream.in_group) {
            let outcome = self.groups.end_group();
            self.outcome(outcome, at);
        }
    }

    pub(super) fn stream_meta(&mut self, meta: StreamMeta, at: u64) {
        self.stream.meta = meta;
        let nodes = &mut self.stream.nodes;
        let count = nodes.len();
        if !nodes.windows(2).all(|w| matches!(w, [a, b] if a < b)) {
            nodes.sort_unstable();
            nodes.dedup();
        }
        if nodes.len() < count {
            self.fault(Code::BadStream, at, "the same stream node twice");
        }
        if meta.length > 0 && count == 0 {
            self.fault(
                Code::BadStream,
                at,
                "a stream without nodes says it has entries",
            );
        } else if i128::from(meta.length) != self.stream.live {
            let code = self.code_of_newer_rule();
            let (stated, live) = (meta.length, self.stream.live);
            let message = format!("stream says it has {stated} entries, its nodes have {live}");
            self.fault(code, at, message);
        }
        if let Some((_, _, added)) = meta.extended
            && (added > i64::MAX as u64 || added < meta.length)
            && let Some(code) = self.code_of_newer_rule_of_redis()
        {
            self.fault(code, at, "stream counts fewer entries added than it has");
        }
    }
}
