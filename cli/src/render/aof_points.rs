//! Points in time of a log, for people and machines.

mod json;

use std::io::{self, Write};
use std::path::Path;

use rdbkit_aof::fs::shown;
use rdbkit_aof::search::{Danger, DangerKind, FilePoints, Hint, Point, Span, Timeline};
use rdbkit_aof::walk::FileEnd;

use crate::render;
use crate::render::shell::shell;
use crate::render::table::Table;
use crate::render::text::{counted, grouped};
use crate::time::Time;

/// Lines of a summary.
const SPANS: usize = 24;

/// Dangerous commands and estimates told one by one.
const TOLD: usize = 20;

/// What is known and guessed of one file.
pub struct Estimate {
    /// What the walk found.
    pub points: FilePoints,
    /// When it was last written to.
    pub modified_ms: Option<i64>,
    /// Bytes of the RDB file at its front.
    pub preamble: u64,
}

impl Estimate {
    /// Of the file at `index`.
    pub fn new(
        points: &FilePoints,
        ends: &[FileEnd],
        index: usize,
        modified_ms: Option<i64>,
    ) -> Self {
        Estimate {
            points: *points,
            modified_ms,
            preamble: ends.get(index).map_or(0, |end| end.preamble),
        }
    }
}

/// Tells points while a log goes by, and the rest at its end.
pub struct Teller<'t> {
    all: bool,
    json: bool,
    names: Vec<String>,
    out: &'t mut dyn Write,
    broken: Option<io::Error>,
    line: Timeline,
    dangers: Vec<(Option<i64>, Danger)>,
    danger_count: u64,
    hints: Timeline,
    /// The first estimate of each span: second, file, offset, what from.
    hint_places: Vec<(usize, u64, Hint)>,
    seconds: u64,
    backwards: u64,
}

impl<'t> Teller<'t> {
    /// Of a log of these files; `all`: each second on a line, `json`: everything as JSON.
    pub fn new(names: Vec<String>, all: bool, json: bool, out: &'t mut dyn Write) -> Teller<'t> {
        Teller {
            all,
            json,
            names,
            out,
            broken: None,
            line: Timeline::new(SPANS),
            dangers: Vec::new(),
            danger_count: 0,
            hints: Timeline::new(SPANS),
            hint_places: Vec::new(),
            seconds: 0,
            backwards: 0,
        }
    }

    /// Whether nobody reads on.
    pub fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    /// Tells what only the whole log tells; how many exact points there were.
    ///
    /// # Errors
    ///
    /// Of writing, now or before.
    pub fn finish(mut self, path: &Path, estimates: &[Estimate]) -> io::Result<u64> {
        if let Some(error) = self.broken.take() {
            return Err(error);
        }
        if self.json {
            for (name, estimate) in self.names.iter().zip(estimates) {
                render::json::line(self.out, &json::file(name, estimate))?;
            }
        } else {
            self.summary(path, estimates)?;
        }
        Ok(self.seconds)
    }

    fn name(&self, file: usize) -> &str {
        self.names.get(file).map_or("", String::as_str)
    }

    fn note(&mut self, told: io::Result<()>) {
        if let Err(error) = told {
            self.broken.get_or_insert(error);
        }
    }

    /// Tells a point, or keeps it for the summary.
    pub fn point(&mut self, point: &Point) {
        self.seconds += u64::from(point.annotated);
        self.backwards += u64::from(point.gap.is_some_and(|gap| gap < 0));
        if self.json {
            let file = self.names.get(point.file).map_or("", String::as_str);
            let told = render::json::line(self.out, &json::point(point, file));
            self.note(told);
            return;
        }
        self.danger_count += point.danger_count;
        let room = TOLD.saturating_sub(self.dangers.len());
        let dangers = point.dangers.iter().take(room);
        self.dangers
            .extend(dangers.map(|danger| (point.time, *danger)));
        if self.all {
            self.second(point);
        } else if let Some(time) = point.time {
            self.line.add(Span {
                first: time,
                last: time,
                seconds: u64::from(point.annotated),
                commands: point.commands,
                bytes: point.bytes,
                deleted: point.deleted,
                dangers: point.danger_count,
                gap: point.gap.unwrap_or(0).max(0),
            });
        }
    }

    /// One line of `--all`.
    fn second(&mut self, point: &Point) {
        let time = shown_time(point.time);
        let mut notes = Vec::new();
        match point.gap {
            Some(gap @ 2..) => notes.push(format!("{}s of silence before", grouped(gap as u64))),
            Some(gap @ ..0) => {
                notes.push(format!("the clock went back by {}s", gap.unsigned_abs()))
            }
            _ => {}
        }
        if point.deleted > 0 {
            notes.push(format!("{} keys deleted", grouped(point.deleted)));
        }
        notes.extend(point.dangers.iter().map(|danger| danger_text(danger.kind)));
        if let Some(more) = point.danger_count.checked_sub(point.dangers.len() as u64)
            && more > 0
        {
            notes.push(format!("and {} such commands more", grouped(more)));
        }
        let place = format!("{}:{}", self.name(point.file), point.begin);
        let line = format!(
            "{time:<20}  {place}  {} commands, {} bytes{}{}",
            grouped(point.commands),
            grouped(point.bytes),
            if notes.is_empty() { "" } else { "; " },
            notes.join(", ")
        );
        let told = writeln!(self.out, "{line}");
        self.note(told);
    }

    /// Tells an estimate, or keeps it for the summary.
    pub fn hint(&mut self, file: usize, at: u64, hint: Hint) {
        if self.json {
            let file = self.names.get(file).map_or("", String::as_str);
            let told = render::json::line(self.out, &json::estimate(file, at, hint));
            return self.note(told);
        }
        let second = hint.time_ms.div_euclid(1000);
        let before = self.hints.step();
        self.hints.add(Span {
            first: second,
            last: second,
            seconds: 1,
            commands: 0,
            bytes: 0,
            deleted: 0,
            dangers: 0,
            gap: 0,
        });
        // Estimates only grow, so the first of each span is kept by dropping others.
        self.hint_places.push((file, at, hint));
        if self.hints.step() != before || self.hint_places.len() > 4 * SPANS {
            self.thin_hints();
        }
    }

    fn thin_hints(&mut self) {
        let step = self.hints.step();
        self.hint_places
            .dedup_by_key(|(_, _, hint)| hint.time_ms.div_euclid(1000).div_euclid(step));
    }

    fn summary(&mut self, path: &Path, files: &[Estimate]) -> io::Result<()> {
        if !self.all {
            self.spans(path)?;
        }
        self.danger_lines()?;
        if files.iter().any(|file| file.points.annotations == 0) {
            self.thin_hints();
            self.estimates(files)?;
        }
        let out = &mut *self.out;
        let path = shell(path);
        if self.backwards > 0 {
            writeln!(
                out,
                "the clock went back {} times: --until cuts at the first later second it meets",
                grouped(self.backwards)
            )?;
        }
        if self.seconds > 0 {
            writeln!(out, "to keep everything up to a second, and that second:")?;
            writeln!(out, "  rdbkit aof cut {path} --until TIME -o NEW")?;
        }
        if self.seconds > 0 || !self.hint_places.is_empty() || !self.dangers.is_empty() {
            writeln!(out, "to lose what stands at an offset, and all behind it:")?;
            writeln!(
                out,
                "  rdbkit aof cut {path} --at OFFSET --file NAME -o NEW"
            )?;
        }
        Ok(())
    }

    fn spans(&mut self, path: &Path) -> io::Result<()> {
        if self.seconds == 0 {
            return Ok(());
        }
        let out = &mut *self.out;
        let points = counted(self.seconds, "point", "points");
        let step = match self.line.step() {
            1 => "by second".to_owned(),
            step => format!("by {}", duration(step)),
        };
        writeln!(out, "{}: {points}, {step}", shown(path))?;
        let mut table = Table::new("lrrrrl");
        table.row(["from", "points", "commands", "bytes", "longest silence", ""]);
        for (_, span) in self.line.spans() {
            let mut notes = Vec::new();
            if span.deleted > 0 {
                notes.push(format!("{} keys deleted", grouped(span.deleted)));
            }
            match span.dangers {
                0 => {}
                1 => notes.push("1 dangerous command".to_owned()),
                n => notes.push(format!("{} dangerous commands", grouped(n))),
            }
            table.row([
                Time(span.first).to_string(),
                grouped(span.seconds),
                grouped(span.commands),
                grouped(span.bytes),
                duration(span.gap),
                notes.join(", "),
            ]);
        }
        table.write(out)
    }

    fn danger_lines(&mut self) -> io::Result<()> {
        if self.dangers.is_empty() {
            return Ok(());
        }
        let mut table = Table::new("llll");
        for (time, danger) in &self.dangers {
            let place = format!("{}:{}", self.name(danger.file), danger.cut);
            let transaction = if danger.cut == danger.begin {
                ""
            } else {
                ", in a transaction"
            };
            table.row([
                shown_time(*time),
                place,
                format!("db{}", danger.db),
                format!("{}{transaction}", danger_text(danger.kind)),
            ]);
        }
        writeln!(
            self.out,
            "dangerous commands; cut there to lose them and what follows:"
        )?;
        table.write(self.out)?;
        let more = self.danger_count - self.dangers.len() as u64;
        if more > 0 {
            writeln!(self.out, "  and {} more", grouped(more))?;
        }
        Ok(())
    }

    /// What can be guessed of files without annotations.
    fn estimates(&mut self, files: &[Estimate]) -> io::Result<()> {
        let out = &mut *self.out;
        writeln!(out, "estimates, for files without #TS annotations:")?;
        let mut table = Table::new("lll");
        for (index, estimate) in files.iter().enumerate() {
            let points = &estimate.points;
            if points.annotations > 0 {
                continue;
            }
            let name = self.names.get(index).map_or("", String::as_str);
            if let Some(created) = points.created {
                table.row([
                    Time(created).to_string(),
                    format!("{name}:{}", estimate.preamble),
                    "its RDB part was made (ctime)".to_owned(),
                ]);
            }
            for (file, at, hint) in self.hint_places.iter().filter(|place| place.0 == index) {
                let name = self.names.get(*file).map_or("", String::as_str);
                table.row([
                    Time(hint.time_ms.div_euclid(1000)).to_string(),
                    format!("{name}:{at}"),
                    format!("written about then ({})", hint.kind.name()),
                ]);
            }
            if let Some((before, at)) = points.before_ms {
                table.row([
                    Time(before.div_euclid(1000)).to_string(),
                    format!("{name}:{at}"),
                    "all up to there was written before then, unless it is a base \
                     (lowest expiry)"
                        .to_owned(),
                ]);
            }
            if let Some(modified) = estimate.modified_ms.filter(|_| points.commands > 0) {
                table.row([
                    Time(modified.div_euclid(1000)).to_string(),
                    format!("{name}:{}", points.end),
                    "the file was last written to, unless it is a copy (mtime)".to_owned(),
                ]);
            }
        }
        table.write(out)
    }
}

fn danger_text(kind: DangerKind) -> String {
    match kind {
        DangerKind::FlushAll => "empties all databases".to_owned(),
        DangerKind::FlushDb => "empties the database".to_owned(),
        DangerKind::SwapDb(a, b) => format!("swaps databases {a} and {b}"),
        DangerKind::Deletes(keys) => format!("deletes {} keys", grouped(keys)),
        DangerKind::DropsFunctions => "removes functions".to_owned(),
    }
}

fn shown_time(time: Option<i64>) -> String {
    time.map_or("-".to_owned(), |time| Time(time).to_string())
}

/// Seconds in words.
fn duration(seconds: i64) -> String {
    match seconds {
        ..=119 => format!("{seconds}s"),
        120..=7199 => format!("{}min", seconds / 60),
        7200..=172_799 => format!("{}h", seconds / 3600),
        _ => format!("{} days", grouped(seconds.unsigned_abs() / 86_400)),
    }
}
