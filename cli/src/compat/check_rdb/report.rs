//! What the tools print, as they print it.

use std::io::{self, Write};

use rdbkit_rdb::Stage;

use super::Persona;
use super::lines::Reason;
use super::profile::Statistics;
use super::stop::Stop;

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
    now_ms: i64,
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
        let pid = std::process::id();
        let time = timestamp(self.now_ms);
        writeln!(self.out, "{pid}:M {time} {level} {text}")
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

/// `21 Nov 2026 02:56:31.933`, in UTC: the standard library knows no time zones.
fn timestamp(now_ms: i64) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (days, ms) = (now_ms.div_euclid(86_400_000), now_ms.rem_euclid(86_400_000));
    // Years that begin in March, in eras of 400: the leap day is the last one.
    let z = days + 719_468;
    let (era, day_of_era) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = (shifted + 2) % 12;
    let year = year_of_era + era * 400 + i64::from(month < 2);
    let name = usize::try_from(month).ok().and_then(|m| MONTHS.get(m));
    format!(
        "{day:02} {} {year} {:02}:{:02}:{:02}.{:03}",
        name.unwrap_or(&"???"),
        ms / 3_600_000,
        ms / 60_000 % 60,
        ms / 1000 % 60,
        ms % 1000
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_as_the_log_writes_it() {
        assert_eq!(timestamp(0), "01 Jan 1970 00:00:00.000");
        assert_eq!(timestamp(951_782_399_999), "28 Feb 2000 23:59:59.999");
        assert_eq!(timestamp(951_782_400_000), "29 Feb 2000 00:00:00.000");
        assert_eq!(timestamp(1_795_229_791_933), "21 Nov 2026 02:56:31.933");
        assert_eq!(timestamp(1_767_225_599_000), "31 Dec 2025 23:59:59.000");
    }

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
