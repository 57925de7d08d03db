//! The digest of a data set, as servers compute it for `DEBUG DIGEST`.
//!
//! Two data sets with the same digest hold the same, however they are encoded
//! and in whatever order. It is made of SHA-1 sums, with two operations:
//!
//! ```text
//! xor(d, bytes) = d ^ SHA1(bytes)            no order
//! mix(d, bytes) = SHA1(d ^ SHA1(bytes))      order counts
//!
//! data set   for each database with keys, ascending: mix its number (u32, big-endian),
//!            then xor the digest of each key
//! key        mix name, then its value
//! value      mix type (u32, big-endian), then what it holds, then xor "!!expire!!" if it expires
//!   string     mix it
//!   list       mix each element
//!   set        xor each member
//!   zset       xor each (mix member, mix score as text)
//!   hash       xor each (mix field, mix value, and where a field expires: see below)
//!   stream     for each entry: mix "MS.SEQ", mix each field and value
//! ```
//!
//! When a key expires does not count, only that it does. Of streams neither
//! groups nor numbers count. Functions are no part of it.
//!
//! # Servers differ
//!
//! The same data has not the same digest everywhere; [`Rules`] know:
//!
//! | | Redis to 6.2 | 7.0 | 7.2 | from 7.4 | Valkey |
//! |---|---|---|---|---|---|
//! | scores | 17 digits | 17 digits | shortest | shortest | shortest |
//! | score -0 of a small sorted set | -0 | 0 | 0 | 0 | 0 |
//! | a field expires | | | | xor `!!hexpire!!` | does not count |
//!
//! # What has no digest
//!
//! Values of modules: their digest is made by code of the module. And types of
//! releases that the rules could not be compared with. Such a key is
//! [`Outcome::Unknown`], and a [`Dataset`] with one has no digest.

mod building;
mod dataset;
mod mix;
mod rules;
mod value;
mod writer;

#[cfg(test)]
mod tests;

pub use building::{Building, Kind};
pub use dataset::{Dataset, Tally};
pub use mix::Digest;
pub use rules::Rules;
pub use value::{Outcome, Unknown, of_value};
pub use writer::Writer;
