//! A terminal, and what is to be seen on it.

use std::fs::File;
use std::io::Read;
use std::process::Stdio;
use std::thread::{self, JoinHandle};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

pub struct Terminal {
    master: File,
    end: Option<File>,
    reader: Option<JoinHandle<Vec<u8>>>,
    written: String,
}

impl Terminal {
    /// With so many columns.
    pub fn new(columns: u16) -> Terminal {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let end = rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        let size = Winsize {
            ws_row: 24,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&end, size).unwrap();
        Terminal {
            master: File::from(master),
            end: Some(File::from(end)),
            reader: None,
            written: String::new(),
        }
    }

    /// A stream of a program.
    pub fn end(&self) -> Stdio {
        Stdio::from(self.end.as_ref().unwrap().try_clone().unwrap())
    }

    /// Reads until all programs have ended that were given an end.
    pub fn watch(&mut self) {
        self.end = None;
        let mut master = self.master.try_clone().unwrap();
        self.reader = Some(thread::spawn(move || {
            let mut written = Vec::new();
            // Where nobody is left, Linux says EIO.
            let _ = master.read_to_end(&mut written);
            written
        }));
    }

    /// All that was written.
    pub fn written(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            self.written = String::from_utf8(reader.join().unwrap()).unwrap();
        }
        self.written.clone()
    }

    /// What is to be seen in the end, without colours.
    pub fn screen(&self) -> String {
        let (mut lines, mut line, mut column) = (String::new(), Vec::new(), 0);
        let mut chars = self.written.chars();
        while let Some(c) = chars.next() {
            match c {
                '\r' => column = 0,
                '\n' => {
                    lines.extend(line.drain(..));
                    lines.push('\n');
                    column = 0;
                }
                '\x1b' => {
                    let sequence: Vec<char> = (&mut chars)
                        .take_while(|c| *c == '[' || c.is_ascii_digit() || *c == ';')
                        .collect();
                    // take_while eats the letter: K erases, m colours.
                    if sequence == ['['] {
                        line.truncate(column);
                    }
                }
                c => {
                    line.resize(line.len().max(column + 1), ' ');
                    line[column] = c;
                    column += 1;
                }
            }
        }
        lines.extend(line);
        lines
    }
}
