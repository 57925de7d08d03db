//! A stretch of time told in few lines, however long it is.

use std::collections::BTreeMap;

/// What was written in one span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// Its first second that has something: Unix time.
    pub first: i64,
    /// Its last one.
    pub last: i64,
    /// Seconds that have something.
    pub seconds: u64,
    /// Commands.
    pub commands: u64,
    /// Bytes of commands.
    pub bytes: u64,
    /// Keys named by `DEL` and `UNLINK`.
    pub deleted: u64,
    /// Commands that empty, swap or delete much.
    pub dangers: u64,
    /// The longest time without anything before one of its seconds, in seconds.
    pub gap: i64,
}

impl Span {
    fn merge(&mut self, other: &Span) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.seconds += other.seconds;
        self.commands += other.commands;
        self.bytes += other.bytes;
        self.deleted += other.deleted;
        self.dangers += other.dangers;
        self.gap = self.gap.max(other.gap);
    }
}

/// Steps that people know, in seconds; behind them each is twice the last.
const STEPS: [i64; 12] = [
    1, 5, 15, 60, 300, 900, 3600, 10_800, 21_600, 43_200, 86_400, 604_800,
];

/// Spans of equal length, of which there are never more than stated: when there
/// are too many, the length grows.
///
/// # Examples
///
/// ```
/// use rdbkit_aof::search::{Span, Timeline};
///
/// let mut line = Timeline::new(10);
/// for second in 0..100 {
///     line.add(Span { first: second, last: second, seconds: 1, commands: 5, bytes: 80, deleted: 0, dangers: 0, gap: 1 });
/// }
/// assert_eq!(line.step(), 15);
/// assert_eq!(line.spans().map(|(_, span)| span.commands).sum::<u64>(), 500);
/// ```
#[derive(Clone, Debug)]
pub struct Timeline {
    most: usize,
    step: i64,
    spans: BTreeMap<i64, Span>,
}

impl Timeline {
    /// Of `most` spans at most, and of four at least.
    #[must_use]
    pub fn new(most: usize) -> Timeline {
        Timeline {
            // Steps as long as time itself leave four.
            most: most.max(4),
            step: 1,
            spans: BTreeMap::new(),
        }
    }

    /// Adds what was written in a second.
    pub fn add(&mut self, span: Span) {
        self.put(span);
        while self.spans.len() > self.most {
            self.widen();
        }
    }

    fn put(&mut self, span: Span) {
        self.spans
            .entry(span.first.div_euclid(self.step))
            .and_modify(|held| held.merge(&span))
            .or_insert(span);
    }

    #[cold]
    fn widen(&mut self) {
        let next = STEPS.iter().find(|&&step| step > self.step);
        self.step = next.copied().unwrap_or(self.step.saturating_mul(2));
        for span in std::mem::take(&mut self.spans).into_values() {
            self.put(span);
        }
    }

    /// The length of a span in seconds.
    #[must_use]
    pub fn step(&self) -> i64 {
        self.step
    }

    /// The spans in order, each with the Unix second it begins at; empty ones
    /// are left out.
    pub fn spans(&self) -> impl Iterator<Item = (i64, &Span)> {
        let begin = |&at: &i64| at.saturating_mul(self.step);
        self.spans.iter().map(move |(at, span)| (begin(at), span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_times_fit() {
        let mut line = Timeline::new(1);
        let times = [i64::MIN, -1, 0, 1, i64::MAX, 1_700_000_000, 7];
        for time in times {
            line.add(Span {
                first: time,
                last: time,
                seconds: 1,
                commands: 1,
                bytes: 1,
                deleted: 0,
                dangers: 0,
                gap: 0,
            });
            assert!(line.spans().count() <= 4);
        }
        let total: u64 = line.spans().map(|(_, span)| span.seconds).sum();
        assert_eq!(total, times.len() as u64);
    }
}
