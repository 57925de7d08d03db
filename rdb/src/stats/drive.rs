//! Bringing a file to the collector, at the speed of framing.

use std::io::Read;

use super::Stats;
use crate::decoder::{Decoder, KeySink, PlainString, Sink, Whole};
use crate::error::{Error, Result};
use crate::event::{Part, Token};
use crate::stream::StreamReader;

/// The collector as the decoder is driven into it.
struct Driven<'s> {
    stats: &'s mut Stats,
    /// What put an end to counting; nothing behind it is counted.
    failed: Option<Error>,
    /// What the end of the file states.
    checksum: Option<u64>,
}

impl Sink for Driven<'_> {
    #[inline(always)]
    fn token(&mut self, window: &[u8], at: u64, _: usize, token: Token) {
        if self.failed.is_some() {
            return;
        }
        match token {
            Part::ExpireMs(_) if !self.stats.is_inside() => {
                self.stats.attributes.token(&token);
            }
            Part::KeyEnd if self.stats.is_inside() => {
                self.stats.end_key(at);
            }
            Part::Item { .. } | Part::Count(_) | Part::Score(_) if self.stats.is_inside() => {
                self.stats.piece(&token.resolve(window));
            }
            token => self.rare(window, at, token),
        }
    }
}

impl KeySink for Driven<'_> {
    #[inline(always)]
    fn plain_string(&mut self, plain: PlainString<'_>) {
        if self.failed.is_some() {
            return;
        }
        let bytes = plain.raw.len() as u64;
        self.stats
            .plain_string(plain.key, plain.value, bytes, plain.at);
    }

    #[inline(always)]
    fn whole(&mut self, key: Whole<'_>) {
        if self.failed.is_some() {
            return;
        }
        let meta = self.stats.attributes.take();
        let dialect = self.stats.dialect();
        if let Err(error) = self
            .stats
            .begin_key(key.kind, dialect, key.key, meta, key.at)
        {
            self.failed = Some(error);
            return;
        }
        let (role, text) = (key.role, key.text);
        self.stats.piece(&Part::Item { role, text });
        self.stats.end_key(key.end);
    }
}

impl<'s> Driven<'s> {
    fn new(stats: &'s mut Stats) -> Driven<'s> {
        Driven {
            stats,
            failed: None,
            checksum: None,
        }
    }

    #[inline(never)]
    fn rare(&mut self, window: &[u8], at: u64, token: Token) {
        let event = token.resolve(window);
        if let Part::Eof { checksum } = event {
            self.checksum = checksum;
        }
        self.failed = self.stats.event(at, &event).err();
    }
}

impl<R: Read> StreamReader<R> {
    /// Reads to the end of the file and counts what is in it. What was counted
    /// before an error stays.
    ///
    /// # Errors
    ///
    /// As [`StreamReader::next_event`] and [`Stats::event`], and where the checksum
    /// is not that of the file.
    pub fn read_stats(&mut self, stats: &mut Stats) -> Result<()> {
        let decoder = self.decoder();
        if decoder.version() > 0 {
            // The header has gone by.
            stats.begin(decoder.dialect(), decoder.version());
        }
        let stored = count(self, Driven::new(stats))?;
        self.compare_checksum(stored)
    }
}

/// Counts to the end of the file, and gives the checksum that stands there.
fn count(reader: &mut StreamReader<dyn Read + '_>, mut driven: Driven<'_>) -> Result<Option<u64>> {
    loop {
        let more = reader.drive(&mut driven);
        // What went wrong here first comes before what went wrong later there.
        if let Some(error) = driven.failed.take() {
            return Err(error);
        }
        if !more? {
            return Ok(driven.checksum);
        }
    }
}

/// Counts what is in a file that lies in memory. What was counted before an
/// error stays; its checksum is not looked at.
///
/// # Errors
///
/// As [`Decoder::step`] and [`Stats::event`].
pub fn slice(bytes: &[u8], stats: &mut Stats) -> Result<()> {
    let mut decoder = Decoder::new(crate::Limits::in_memory());
    let mut driven = Driven::new(stats);
    let driven_to = decoder.drive(bytes, true, usize::MAX, &mut driven);
    match driven.failed.take() {
        Some(error) => Err(error),
        None => driven_to.map(|_| ()),
    }
}
