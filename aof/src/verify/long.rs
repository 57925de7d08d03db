//! A command that comes in pieces: what the verifier looks at of it.

use crate::event::Event;
use crate::scan::Quirks;
use crate::verify::judge::View;

/// Bytes kept of its name, and of the argument behind it.
const KEPT: usize = 128;

/// What the configuration of servers allows for one argument.
const MAX_BULK: u64 = 512 << 20;

/// A command in work.
#[derive(Debug)]
pub(super) struct Long {
    offset: u64,
    args: u32,
    /// Arguments begun.
    begun: u32,
    name: Vec<u8>,
    word: Vec<u8>,
    pub quirks: Quirks,
}

impl Long {
    pub fn new(args: u32, offset: u64) -> Long {
        Long {
            offset,
            args,
            begun: 0,
            name: Vec::new(),
            word: Vec::new(),
            quirks: Quirks::NONE,
        }
    }

    /// Takes the next piece; gives the length of an argument that is beyond
    /// what servers take from clients.
    pub fn event(&mut self, event: &Event<'_>) -> Option<u64> {
        match event {
            Event::Begin { quirks, .. } => self.quirks |= *quirks,
            Event::Argument { length, quirks } => {
                self.quirks |= *quirks;
                self.begun = self.begun.saturating_add(1);
                return Some(*length).filter(|&length| length > MAX_BULK);
            }
            Event::Chunk { bytes, quirks, .. } => {
                self.quirks |= *quirks;
                let kept = match self.begun {
                    1 => &mut self.name,
                    2 => &mut self.word,
                    _ => return None,
                };
                let room = KEPT.saturating_sub(kept.len());
                kept.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
            }
            _ => {}
        }
        None
    }

    pub fn view(&self) -> View<'_> {
        View {
            name: &self.name,
            word: (self.args > 1).then_some(&self.word),
            args: u64::from(self.args),
            offset: self.offset,
        }
    }
}
