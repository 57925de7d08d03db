//! Names of keys that come twice: they are found when the input has gone by, and
//! looked up where it can be read again.

use std::io::{self, Read};
use std::path::Path;

use rdbkit_rdb::verify::{self, Code, Finding, Report};

use crate::input::Input;

/// Bytes read to find the name of a key: names are shorter, or cut anyway.
const WINDOW: usize = 16 << 10;

/// Gives the findings of a report on `input`, which is at `path`, the names they lack. A
/// file is looked at again, a compressed one unpacked again as far as the last of
/// them; of a pipe the offsets have to do.
pub fn name_duplicates(report: &mut Report, input: &Input, path: &Path) {
    let unnamed = |f: &&mut Finding| f.code == Code::DuplicateKey && f.key.is_none();
    let mut unnamed = report.findings.iter_mut().filter(unnamed).peekable();
    if unnamed.peek().is_none() {
        return;
    }
    let mut again = match input.is_file() {
        true => Again::File(input),
        false => match unpacked(path) {
            Some(source) => Again::Unpacked(Unpacked::new(source)),
            None => return,
        },
    };
    for finding in unnamed {
        let Ok(window) = again.at(finding.offset) else {
            return;
        };
        finding.key = verify::name_key(&window);
    }
}

/// The same data once more, if it is a compressed file.
fn unpacked(path: &Path) -> Option<Input> {
    Input::format_of(path).ok()??;
    Input::open(path).ok()
}

enum Again<'i> {
    File(&'i Input),
    Unpacked(Unpacked),
}

impl Again<'_> {
    /// Some bytes from an offset on. Offsets only grow.
    fn at(&mut self, offset: u64) -> io::Result<Vec<u8>> {
        match self {
            Again::File(input) => {
                let mut window = vec![0; WINDOW];
                let read = input.read_at(&mut window, offset)?;
                window.truncate(read);
                Ok(window)
            }
            Again::Unpacked(unpacked) => unpacked.at(offset),
        }
    }
}

struct Unpacked {
    source: Input,
    /// Where the bytes begin that are held.
    start: u64,
    held: Vec<u8>,
}

impl Unpacked {
    fn new(source: Input) -> Unpacked {
        Unpacked {
            source,
            start: 0,
            held: Vec::new(),
        }
    }

    fn at(&mut self, offset: u64) -> io::Result<Vec<u8>> {
        let ahead = offset.saturating_sub(self.start);
        let held = self.held.len() as u64;
        self.held.drain(..ahead.min(held) as usize);
        let between = ahead.saturating_sub(held);
        io::copy(&mut (&mut self.source).take(between), &mut io::sink())?;
        self.start = offset;
        let lack = (WINDOW - self.held.len()) as u64;
        (&mut self.source).take(lack).read_to_end(&mut self.held)?;
        Ok(self.held.clone())
    }
}
