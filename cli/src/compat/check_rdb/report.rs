//! What the tools print, as they print it.

use std::io::{self, Write};

use rdbkit_rdb::Stage;

use super::Persona;
use super::lines::Reason;
use super::profile::Statistics;
use super::stop::Stop;
use crate::compat::log;

/// Room for one line in the tools, its final NUL included.
const LINE: usize = 1024;

/// The numbers at the end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counters {
    pub keys: u64,
    pub expires: u64,
    pub already_expired: u64,
    /// Hashes in which a field expires (Redis).
    pub subexpires: u64,
    /// Function libraries (Valkey).
    pub functions: u64,
    /// `lua` AUX fields (Valkey).
    pub scripts: u64,
}

/// Writes the lines, and keeps what an error block has to repeat.
pub(super) struct Report<'a> {
    pub persona: Persona,
    out: &'a mut dyn Write,
    pub now_ms: i64,
    pub doing: Stage,
    pub key: Option<Vec<u8>>,
    pub value_type: Option<u8>,
    pub counters: Counters,
    /// With `--stats`: the numbers of all keys, and where they go.
    pub statistics: Option<Statistics>,
}

/// A C string ends at its first NUL.
fn c_string(bytes: &[u8]) -> &[u8] {
    bytes.split(|b| *b == 0).next().unwrap_or_default()
}

impl<'a> Report<'a> {
    pub fn new(persona: Persona, out: &'a mut dyn Write, now_ms: i64) -> Report<'a> {
        Report {
            persona,
            out,
            now_ms,
            doing: Stage::Start,
            key: None,
            // Before the first key redis-check-rdb takes the type for 0.
            value_type: (persona == Persona::Redis).then_some(0),
            counters: Counters::default(),
            statistics: None,
        }
    }

    /// The line that names the file.
    pub fn begin(&mut self, file: &[u8]) -> io::Result<()> {
        self.info(0, &[b"Checking RDB file ", file].concat())
    }

    /// `[offset N] text`, cut where the tool's buffer ends.
    pub fn info(&mut self, offset: u64, text: &[u8]) -> io::Result<()> {
        let text = match self.persona {
            Persona::Redis => text.get(..LINE - 1).unwrap_or(text),
            Persona::Valkey => text,
        };
        self.line(offset, text)
    }

    fn line(&mut self, offset: u64, text: &[u8]) -> io::Result<()> {
        write!(self.out, "[offset {offset}] ")?;
        self.out.write_all(text)?;
        self.out.write_all(b"\n")
    }

    /// `[offset N] AUX FIELD name = 'value'`.
    pub fn aux(&mut self, offset: u64, name: &[u8], value: &[u8]) -> io::Result<()> {
        let (name, value) = (c_string(name), c_string(value));
        self.info(
            offset,
            &[b"AUX FIELD ", name, b" = '", value, b"'"].concat(),
        )
    }

    /// The lines that end a check that was stopped.
    pub fn stopped(&mut self, offset: u64, stop: Stop) -> io::Result<()> {
        match stop {
            Stop::Output(e) => Err(e),
            Stop::Short => self.error(offset, b"Unexpected EOF reading RDB file"),
            Stop::Message(text) => self.error(offset, text.as_bytes()),
            Stop::Corrupt(reason) => self.corrupt(offset, &reason),
        }
    }

    pub fn corrupt(&mut self, offset: u64, reason: &Reason) -> io::Result<()> {
        let line = reason.line(self.persona);
        // The offset in the text is the server's, which is not loading: always 0.
        let mut text =
            format!("Internal error in RDB reading offset 0, function at rdb.c:{line} -> ")
                .into_bytes();
        text.extend_from_slice(c_string(&reason.text(self.persona)));
        self.error(offset, &text)?;
        self.log('#', "Terminating server after rdb file reading failure.")
    }

    fn error(&mut self, offset: u64, text: &[u8]) -> io::Result<()> {
        writeln!(self.out, "--- RDB ERROR DETECTED ---")?;
        self.line(offset, text.get(..LINE - 1).unwrap_or(text))?;
        let doing = self.doing.name();
        writeln!(self.out, "[additional info] While doing: {doing}")?;
        if let Some(key) = &self.key {
            self.out.write_all(b"[additional info] Reading key '")?;
            self.out.write_all(c_string(key))?;
            self.out.write_all(b"'\n")?;
        }
        if let Some(t) = self.value_type {
            let name = type_name(t, self.persona);
            writeln!(self.out, "[additional info] Reading type {t} ({name})")?;
        }
        self.counters()
    }

    /// The numbers at the end.
    pub fn counters(&mut self) -> io::Result<()> {
        let n = self.counters;
        writeln!(self.out, "[info] {} keys read", n.keys)?;
        writeln!(self.out, "[info] {} expires", n.expires)?;
        writeln!(self.out, "[info] {} already expired", n.already_expired)?;
        match self.persona {
            Persona::Redis => writeln!(self.out, "[info] {} subexpires", n.subexpires),
            Persona::Valkey => {
                writeln!(self.out, "[info] {} functions", n.functions)?;
                if n.scripts > 0 {
                    writeln!(self.out, "[info] {} lua scripts read", n.scripts)?;
                }
                match &self.statistics {
                    Some(statistics) => statistics.print(self.out),
                    None => Ok(()),
                }
            }
        }
    }

    /// A line of the server's log, which goes to standard output in the tools.
    pub fn log(&mut self, level: char, text: &str) -> io::Result<()> {
        log::line(self.out, self.persona, self.now_ms, level, text.as_bytes())
    }
}

/// The tool's name for a value type it knows.
fn type_name(t: u8, persona: Persona) -> &'static str {
    use rdbkit_rdb::{Dialect, ValueType};
    let (dialect, last) = match persona {
        Persona::Redis => (Dialect::Redis, 25),
        Persona::Valkey => (Dialect::Valkey, 22),
    };
    match ValueType(t).name(dialect) {
        Some(name) if t <= last => name,
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_cut_in_redis_only() {
        for (persona, length) in [
            (Persona::Redis, 11 + 1023 + 1),
            (Persona::Valkey, 11 + 2000 + 1),
        ] {
            let mut out = Vec::new();
            let mut report = Report::new(persona, &mut out, 0);
            report.info(0, &[b'x'; 2000]).unwrap();
            assert_eq!(out.len(), length);
        }
    }

    #[test]
    fn strings_end_at_nul() {
        let mut out = Vec::new();
        let mut report = Report::new(Persona::Redis, &mut out, 0);
        report.aux(7, b"a\0b", b"c\0").unwrap();
        assert_eq!(out, b"[offset 7] AUX FIELD a = 'c'\n");
    }

    #[test]
    fn names_end_where_the_versions_do() {
        assert_eq!(type_name(25, Persona::Redis), "hash-listpack-md");
        assert_eq!(type_name(26, Persona::Redis), "unknown");
        assert_eq!(type_name(22, Persona::Valkey), "hash-volatile-items");
    }
}
