//! How a file ends, and what a server makes of it.

use crate::error::{Error, ErrorKind};
use crate::verify::effect::Habits;
use crate::verify::finding::{Code, Finding};
use crate::verify::judge::Judge;
use crate::verify::report::Cut;

/// Where and why reading came to an end.
#[derive(Debug)]
pub(in crate::verify) struct Ended {
    /// Where the unit begins that could not be read; else the end of the file.
    pub at: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// Whether all bytes from the error on are zero.
    pub zeros: bool,
    pub error: Option<Error>,
}

impl Judge<'_> {
    /// Judges the end of the file. Gives up to where the file is whole, and
    /// what a server cuts off.
    pub fn end(&mut self, ended: &Ended) -> (u64, Option<Cut>) {
        let db = self.db;
        self.select(db);
        match &ended.error {
            Some(error) if !error.is_truncation() => {
                self.bad(error, ended);
                (self.whole(ended.at), None)
            }
            Some(error) => self.torn(ended, error.offset(), Some(error.line())),
            None if self.open.is_some() => self.torn(ended, ended.at, None),
            None => {
                let Some(at) = self.torn_annotation else {
                    return (ended.at, None);
                };
                let code = if self.role.appended {
                    Code::TornAnnotation
                } else {
                    Code::OddAnnotation
                };
                let message = "an annotation without line end".to_owned();
                self.find(code, None, at, message);
                (at, None)
            }
        }
    }

    /// Up to where the file is whole if it is up to `at`.
    fn whole(&self, at: u64) -> u64 {
        self.open.as_ref().map_or(at, |open| open.offset)
    }

    /// A place that no server reads.
    fn bad(&mut self, error: &Error, ended: &Ended) {
        let Some(mut code) = Code::of(error.kind()) else {
            return;
        };
        let rest = ended.bytes.saturating_sub(error.offset());
        let nul = matches!(
            error.kind(),
            ErrorKind::BadStart(0) | ErrorKind::BadArgument(0)
        );
        let message = if nul && ended.zeros {
            code = Code::NulTail;
            format!("{rest} zero bytes up to the end of the file")
        } else {
            let kind = error.kind();
            format!("{kind}; {rest} bytes from here on are not read")
        };
        let effect = code.effect(self.server);
        let max = self.options.max_findings;
        let db = self.db;
        self.findings.add(code, effect, max, || Finding {
            code,
            effect,
            file: None,
            offset: Some(error.offset()),
            line: Some(error.line()),
            db: Some(db),
            command: None,
            message,
        });
    }

    /// The end of a file that ends too early, `at` some byte.
    fn torn(&mut self, ended: &Ended, at: u64, line: Option<u64>) -> (u64, Option<Cut>) {
        let careful = self.server.cuts_with_care();
        let before = self.open.as_ref().map_or(self.commands, |open| open.before);
        let (torn, open) = (ended.error.is_some(), self.open.is_some());
        // Nothing but the RDB file is whole.
        let bare = self.preamble > 0 && before == 0;
        let code = if !self.role.last {
            Code::TornNotLast
        } else if bare {
            Code::TornBehindRdb
        } else if open && torn {
            Code::TornTransaction
        } else if open {
            Code::OpenTransaction
        } else {
            Code::TornTail
        };
        let mut effect = code.effect(self.server);
        if !self.options.truncate {
            effect = effect.without_cutting();
        }
        let cut = match &self.open {
            // Redis keeps what was queued whole, and the MULTI with it.
            Some(open) if careful || !torn => open.cut,
            _ => self.command_end(ended.at, self.commands),
        };
        // Redis counts from the first command on, and begins with zero.
        let queued = if torn && !careful {
            self.commands
        } else {
            before
        };
        let cut = if bare && !careful && queued == 0 {
            0
        } else {
            cut
        };
        let lost = ended.bytes.saturating_sub(cut);
        let commands = self.commands - before;
        let whole = self.whole(ended.at);
        let mut message = match (torn, open) {
            (true, false) => "the file ends inside a command".to_owned(),
            (true, true) => "the file ends inside a command of an open transaction".to_owned(),
            _ => "the file ends inside a transaction".to_owned(),
        };
        if let Some(open) = &self.open {
            let queued = commands.saturating_sub(1);
            message.push_str(&format!(
                ", of {queued} commands from byte {} on",
                open.offset
            ));
        }
        let cuts = effect.cuts();
        let (max, db) = (self.options.max_findings, self.db);
        let line = line.unwrap_or_else(|| self.line());
        self.findings.add(code, effect, max, || Finding {
            code,
            effect,
            file: None,
            offset: Some(at),
            line: Some(line),
            db: Some(db),
            command: None,
            message,
        });
        let cut = cuts.then_some(Cut {
            at: cut,
            bytes: lost,
            commands,
        });
        (whole, cut)
    }
}
