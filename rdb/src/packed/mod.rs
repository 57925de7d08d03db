//! Packed encodings: small collections that the server keeps in one blob.
//!
//! Each file holds one encoding: its layout, a cursor that walks it, and the
//! integrity check the server does when it loads the blob. The cursor *is* the
//! check: an element comes out only when everything the server demands of it
//! holds, and the end comes out only when the whole blob adds up.

mod element;
mod fault;

pub use element::Element;
pub use fault::{PackedError, PackedFault};
