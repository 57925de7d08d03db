//! Searching a log: which commands match, where it can be cut, what happened to
//! a key, what it is made of.
//!
//! All of it are [`Visitor`](crate::walk::Visitor)s of one pass over the log.
//!
//! | to | use |
//! |---|---|
//! | pick commands by pattern, key, database, time, place | [`Filter`] |
//! | tell the seconds a log can go back to | [`Points`] |
//! | tell every command that touched a key | [`History`] |
//! | count what is in the log | [`Stats`] |

mod expiry;
mod filter;
mod frequent;
mod hint;
mod history;
mod points;
pub(crate) mod reach;
mod stats;
mod timeline;

#[cfg(test)]
mod sample;

pub use expiry::{Expiry, expiry};
pub use filter::Filter;
pub use frequent::{Frequent, Weight};
pub use hint::{Hint, HintKind, hint};
pub use history::{BaseKey, Found, History, Question, Touch};
pub use points::{Danger, DangerKind, FilePoints, Point, Points};
pub use reach::{Reach, reach};
pub use stats::{Big, Count, FileStats, Stats};
pub use timeline::{Span, Timeline};
