//! The terminal, which the line shares with all else that is printed.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::Ordering;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::line::{Pace, line};
use super::{READ, WATCHED, work};

/// What takes less needs no line.
const PATIENCE: Duration = Duration::from_secs(1);

/// Between two looks at how far it is.
const TICK: Duration = Duration::from_millis(250);

/// Columns of a terminal that does not tell.
const COLUMNS: usize = 80;

/// Goes to the first column and erases the line.
const ERASE: &str = "\r\x1b[K";

static TERMINAL: Terminal = Terminal {
    state: Mutex::new(State {
        drawn: false,
        taken: false,
        ended: false,
    }),
    ends: Condvar::new(),
};

/// Draws the line until it is dropped; there is one of it.
#[derive(Debug)]
pub struct Screen {
    painter: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Terminal {
    state: Mutex<State>,
    ends: Condvar,
}

#[derive(Debug)]
struct State {
    /// Whether the line is there to be seen.
    drawn: bool,
    /// Whether something else stands on the line, which goes on.
    taken: bool,
    ended: bool,
}

impl Terminal {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn erase(&mut self) {
        if std::mem::take(&mut self.drawn) {
            // A terminal that is gone is no trouble of the job.
            let _ = io::stderr().write_all(ERASE.as_bytes());
        }
    }
}

impl Screen {
    /// Begins to draw if standard error is a terminal, `quiet` was not asked for, and the
    /// terminal can erase a line.
    #[must_use]
    pub fn new(quiet: bool) -> Screen {
        let dumb = || env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
        let wanted = !quiet && io::stderr().is_terminal() && (cfg!(windows) || !dumb());
        let painter = match wanted {
            false => None,
            true => {
                let painter = thread::Builder::new().name("progress".to_owned());
                // A job can be done without.
                painter.spawn(|| paint(&TERMINAL)).ok()
            }
        };
        WATCHED.store(painter.is_some(), Ordering::Relaxed);
        Screen { painter }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if let Some(painter) = self.painter.take() {
            TERMINAL.state().ended = true;
            TERMINAL.ends.notify_one();
            let _ = painter.join();
        }
    }
}

/// Draws until the end.
fn paint(terminal: &Terminal) {
    let begin = Instant::now();
    let (mut pace, mut of) = (Pace::default(), None);
    let mut state = terminal.state();
    while !state.ended {
        let waited = terminal.ends.wait_timeout(state, TICK);
        (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let read = READ.load(Ordering::Relaxed);
        let Some(work) = work().clone() else {
            state.erase();
            continue;
        };
        if of.replace(work.began) != Some(work.began) {
            pace = Pace::default();
            pace.note(work.began, work.from);
        }
        pace.note(now, read);
        if state.ended || state.taken || now.duration_since(begin) < PATIENCE {
            continue;
        }
        let width = terminal_size::terminal_size_of(io::stderr());
        let width = width.map_or(COLUMNS, |(width, _)| usize::from(width.0));
        // Terminals wrap when the last column is filled, or behind it.
        let line = line(&work, read, now, &pace, width.saturating_sub(1));
        state.drawn = true;
        let _ = io::stderr().write_all(format!("\r{line}\x1b[K").as_bytes());
    }
    state.erase();
}

/// A stream for which the line makes room.
#[derive(Debug)]
pub struct Shared<W> {
    out: W,
    is_shared: bool,
}

impl<W: Write> Shared<W> {
    /// Of what goes to a terminal, or not.
    pub fn new(out: W, to_terminal: bool) -> Shared<W> {
        Shared {
            out,
            is_shared: to_terminal && WATCHED.load(Ordering::Relaxed),
        }
    }
}

impl<W: Write> Write for Shared<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if !self.is_shared {
            return self.out.write(buf);
        }
        let mut state = TERMINAL.state();
        state.erase();
        let written = self.out.write(buf)?;
        // Nothing is drawn over half a line.
        if let Some(last) = buf.get(..written).and_then(<[u8]>::last) {
            state.taken = *last != b'\n';
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
