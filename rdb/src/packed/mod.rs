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

mod element;
mod fault;
mod listpack;
mod ziplist;

#[cfg(test)]
mod encode;

pub use element::Element;
pub use fault::{PackedError, PackedFault};
pub use listpack::{Backlen, Listpack};
pub use ziplist::Ziplist;
