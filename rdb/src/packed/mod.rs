//! Packed encodings: small collections that the server keeps in one blob.
//!
//! Each file holds one encoding: its layout, a cursor that walks it, and the
//! integrity check the server does when it loads the blob. The cursor *is* the
//! check: an element comes out only when everything the server demands of it
//! holds, and the end comes out only when the whole blob adds up.
//!
//! | encoding | cursor | used by |
//! |---|---|---|
//! | listpack | [`Listpack`] | lists, sets, sorted sets, hashes, streams since RDB 10 |
//! | ziplist | [`Ziplist`] | lists, sorted sets, hashes before RDB 10 |
//! | intset | [`Intset`] | sets of integers |
//! | zipmap | [`Zipmap`] | hashes before RDB 4 |
//! | stream node | [`StreamNode`] | a listpack that holds a run of stream entries |
//!
//! `flow` walks the same blobs while they are decompressed, where they are too large to
//! be held.

mod element;
mod fault;
pub(crate) mod flow;
mod intset;
mod listpack;
mod mark;
mod stream_node;
mod ziplist;
mod zipmap;

#[cfg(test)]
pub(crate) mod encode;

pub use element::Element;
pub use fault::{PackedError, PackedFault};
pub use intset::Intset;
pub use listpack::{Backlen, Listpack};
pub(crate) use mark::Mark;
pub(crate) use stream_node::{NodeMark, PairsMark};
pub use stream_node::{NodeSummary, Pairs, StreamEntry, StreamNode};
pub use ziplist::Ziplist;
pub use zipmap::Zipmap;
