//! Follows a log that a server writes, and tells of every command that matches a pattern.
//!
//! ```sh
//! cargo run -p rdbkit-aof --example watch -- appendonlydir/appendonly.aof.1.incr.aof 'DEL *'
//! ```
//!
//! With a third argument it ends where the file ends instead of waiting for more.

use std::error::Error;
use std::fs::File;
use std::io::Read;
use std::thread::sleep;
use std::time::Duration;
use std::{env, io};

use rdbkit_aof::{Event, Pattern, StreamReader, brief};

/// A file to which somebody appends: it has no end.
struct Growing {
    file: File,
    waits: bool,
}

impl Read for Growing {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.file.read(buf)?;
            if read > 0 || !self.waits {
                return Ok(read);
            }
            sleep(Duration::from_millis(100));
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let (Some(path), Some(pattern)) = (args.next(), args.next()) else {
        return Err("usage: watch FILE PATTERN [once]".into());
    };
    let pattern: Pattern = pattern.parse()?;
    let file = File::open(path)?;
    let waits = args.next().is_none();
    let mut log = StreamReader::open(Growing { file, waits })?;
    loop {
        let Some(event) = log.next_event()? else {
            return Ok(());
        };
        if let Event::Command(command) = event
            && pattern.matches(&command)
        {
            let text = brief(&command);
            println!("{} {text}", log.token_offset());
        }
    }
}
