//! A long command put together from its pieces, with long arguments cut short.

use crate::event::Event;

/// Bytes kept of one argument.
pub(super) const ARGUMENT: usize = 64 << 10;

/// Bytes kept of one command; behind them arguments are left out.
pub(super) const COMMAND: usize = 64 << 20;

/// The long command at hand.
#[derive(Debug, Default)]
pub(super) struct Abridged {
    begin: u64,
    /// The arguments kept, each in its RESP form.
    kept: Vec<u8>,
    args: u32,
    /// The argument at hand, as far as it is kept.
    argument: Vec<u8>,
}

impl Abridged {
    /// Takes the next piece, which stands at `offset`. At the end of the command
    /// it gives where that began, and a command of what was kept.
    pub(super) fn event(&mut self, event: &Event<'_>, offset: u64) -> Option<(u64, Vec<u8>)> {
        match event {
            Event::Begin { .. } => {
                *self = Abridged {
                    begin: offset,
                    ..Abridged::default()
                };
            }
            Event::Chunk { bytes, last, .. } => {
                let room = ARGUMENT.saturating_sub(self.argument.len());
                let taken = bytes.get(..room).unwrap_or(bytes);
                self.argument.extend_from_slice(taken);
                if *last {
                    self.argument_ends();
                }
            }
            Event::End => {
                let mut raw = format!("*{}\r\n", self.args).into_bytes();
                raw.append(&mut self.kept);
                return Some((self.begin, raw));
            }
            _ => {}
        }
        None
    }

    fn argument_ends(&mut self) {
        if self.kept.len() < COMMAND {
            let length = self.argument.len();
            self.kept.extend(format!("${length}\r\n").bytes());
            self.kept.extend_from_slice(&self.argument);
            self.kept.extend_from_slice(b"\r\n");
            self.args += 1;
        }
        self.argument.clear();
    }
}
