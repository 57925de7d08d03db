//! `rdbkit aof log`: the commands of a log that match.

use std::collections::VecDeque;
use std::io::{self, Write};

use rdbkit_aof::commands::lookup;
use rdbkit_aof::fs::shown;
use rdbkit_aof::search::Filter;
use rdbkit_aof::walk::{Item, Unit, Visitor};
use rdbkit_aof::{Place, quoted, quoted_as_is};
use serde::Serialize;

use crate::Streams;
use crate::args::LogArgs;
use crate::cmd::aof::opened::Opened;
use crate::exit::Exit;
use crate::render::json::{SCHEMA, Text};
use crate::time::Time;

/// Shows what matches.
///
/// # Errors
///
/// Only of writing to the streams.
pub fn run(args: &LogArgs, streams: &mut Streams<'_>) -> io::Result<Exit> {
    let prepared = Opened::find(&args.path).and_then(|log| Ok((filter(args, &log)?, log)));
    let (filter, log) = match prepared {
        Ok(prepared) => prepared,
        Err(why) => {
            writeln!(streams.err, "rdbkit: {why}")?;
            return Ok(Exit::Trouble);
        }
    };
    let mut printer = Printer {
        args,
        filter: &filter,
        names: log.names(),
        out: streams.out,
        held: VecDeque::new(),
        after: 0,
        shown: None,
        matched: 0,
        commands: 0,
        untimed: 0,
        broken: None,
    };
    let ends = log.walk(&mut printer);
    printer.finish()?;
    let (matched, commands, untimed) = (printer.matched, printer.commands, printer.untimed);
    let worst = log.tell_trouble(&ends, streams.err)?;
    if filter.asks_time() && untimed > 0 {
        untimed_commands(&filter, untimed, untimed == commands, streams.err)?;
    }
    if args.limit.is_some_and(|limit| matched >= limit) {
        writeln!(streams.err, "rdbkit: stopped after {matched} matches")?;
    }
    if matched == 0 {
        writeln!(
            streams.err,
            "rdbkit: {}: none of {commands} commands matches",
            shown(&args.path)
        )?;
        return Ok(worst.max(Exit::Problems));
    }
    Ok(worst)
}

/// What stands before the first `#TS` cannot be judged by time.
fn untimed_commands(
    filter: &Filter,
    untimed: u64,
    all: bool,
    err: &mut dyn Write,
) -> io::Result<()> {
    let fate = match filter.since {
        Some(_) => "left out",
        None => "taken in",
    };
    if all {
        return writeln!(
            err,
            "rdbkit: the log has no #TS annotations, so no command has a time; all were {fate} \
             (rdbkit aof points has estimates)"
        );
    }
    writeln!(
        err,
        "rdbkit: {untimed} commands before the first #TS annotation have no time; they were {fate}"
    )
}

fn filter(args: &LogArgs, log: &Opened) -> Result<Filter, String> {
    let file = args
        .file
        .as_deref()
        .map(|name| log.file(name))
        .transpose()?;
    if file.is_none() && (args.from.is_some() || args.to.is_some()) && log.names().len() > 1 {
        let names = log.names().join(", ");
        return Err(format!(
            "--from and --to are offsets in one file; choose it with --file: {names}"
        ));
    }
    Ok(Filter {
        patterns: args.patterns.clone(),
        keys: args
            .keys
            .iter()
            .map(|key| key.as_encoded_bytes().to_vec())
            .collect(),
        db: args.db,
        since: args.since.map(|time| time.0),
        until: args.until.map(|time| time.0),
        file,
        from: args.from,
        to: args.to,
        writes: args.writes_only,
    })
}

/// Prints matches as they come by.
struct Printer<'p> {
    args: &'p LogArgs,
    filter: &'p Filter,
    names: Vec<String>,
    out: &'p mut dyn Write,
    /// Lines not printed yet: the context before a match that may come, or the
    /// last matches.
    held: VecDeque<Line>,
    /// Lines of context still to be shown.
    after: usize,
    /// How many commands had gone by when a line was last shown.
    shown: Option<u64>,
    matched: u64,
    commands: u64,
    untimed: u64,
    broken: Option<io::Error>,
}

/// A line to print and which command it is, counted from 1.
struct Line {
    number: u64,
    text: String,
}

#[derive(Serialize)]
struct Json<'j> {
    schema: u32,
    kind: &'static str,
    #[serde(rename = "match")]
    matches: bool,
    file: &'j str,
    offset: u64,
    end: u64,
    time: Option<i64>,
    db: u64,
    place: &'static str,
    transaction: Option<u64>,
    abridged: bool,
    args: Vec<Text>,
}

impl Visitor for Printer<'_> {
    #[inline]
    fn unit(&mut self, unit: &Unit<'_>) {
        if let Item::Annotation(_) = unit.item {
            return;
        }
        self.commands += 1;
        self.untimed += u64::from(unit.time.is_none());
        if self.filter.matches(unit) {
            self.matches(unit);
        } else if self.args.context > 0 {
            self.context(unit);
        }
    }

    fn enough(&self) -> bool {
        self.broken.is_some() || self.is_full() && self.after == 0
    }
}

impl Printer<'_> {
    fn is_full(&self) -> bool {
        self.args.limit.is_some_and(|limit| self.matched >= limit)
    }

    #[cold]
    fn matches(&mut self, unit: &Unit<'_>) {
        if self.is_full() {
            if self.after > 0 {
                self.context(unit);
            }
            return;
        }
        self.matched += 1;
        if self.args.count {
            return;
        }
        let line = Line {
            number: self.commands,
            text: self.line(unit, true),
        };
        if let Some(most) = self.args.tail {
            self.held.push_back(line);
            if self.held.len() > most {
                self.held.pop_front();
            }
            return;
        }
        let gap = |shown: u64| {
            let first = self.held.front().map_or(line.number, |held| held.number);
            first > shown + 1
        };
        if self.args.context > 0 && !self.args.json && self.shown.is_some_and(gap) {
            self.print("--");
        }
        while let Some(held) = self.held.pop_front() {
            self.print(&held.text);
        }
        self.print(&line.text);
        self.shown = Some(line.number);
        self.after = self.args.context;
    }

    fn context(&mut self, unit: &Unit<'_>) {
        if self.after == 0 && self.is_full() {
            return;
        }
        let line = Line {
            number: self.commands,
            text: self.line(unit, false),
        };
        if self.after > 0 {
            self.after -= 1;
            self.print(&line.text);
            self.shown = Some(line.number);
            return;
        }
        self.held.push_back(line);
        if self.held.len() > self.args.context {
            self.held.pop_front();
        }
    }

    fn line(&self, unit: &Unit<'_>, matches: bool) -> String {
        let file = self.names.get(unit.file).map_or("", String::as_str);
        if self.args.json {
            return json(unit, file, matches);
        }
        let mark = match (self.args.context, matches) {
            (0, _) => "",
            (_, true) => "> ",
            (_, false) => "  ",
        };
        let command = command_text(&unit.item, self.args.full);
        format!("{mark}{}  {command}", place_columns(unit, file))
    }

    fn print(&mut self, line: &str) {
        if self.broken.is_none()
            && let Err(error) = writeln!(self.out, "{line}")
        {
            self.broken = Some(error);
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        if self.args.tail.is_some() {
            while let Some(held) = self.held.pop_front() {
                self.print(&held.text);
            }
        }
        if self.args.count {
            let text = if self.args.json {
                let count = serde_json::json!({
                    "schema": SCHEMA, "kind": "count", "count": self.matched, "commands": self.commands,
                });
                count.to_string()
            } else {
                self.matched.to_string()
            };
            self.print(&text);
        }
        match self.broken.take() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

fn json(unit: &Unit<'_>, file: &str, matches: bool) -> String {
    let command = unit.item.command();
    let json = Json {
        schema: SCHEMA,
        kind: "command",
        matches,
        file,
        offset: unit.begin,
        end: unit.end,
        time: unit.time,
        db: unit.db,
        place: place_name(unit.place),
        transaction: unit.transaction,
        abridged: matches!(unit.item, Item::Abridged(_)),
        args: command.as_ref().map(Text::words).unwrap_or_default(),
    };
    // Numbers and strings only: this does not fail.
    serde_json::to_string(&json).unwrap_or_default()
}

/// Where a command stands, when, and in which database.
pub(super) fn place_columns(unit: &Unit<'_>, file: &str) -> String {
    let time = unit
        .time
        .map_or("-".to_owned(), |time| Time(time).to_string());
    let mark = match unit.place {
        Place::Opens => '(',
        Place::Queued => '|',
        Place::Closes => ')',
        Place::Nested | Place::Stray => '!',
        Place::Alone | Place::Piece => ' ',
    };
    format!("{file}:{}  {time}  db{} {mark}", unit.begin, unit.db)
}

/// The command on one line.
pub(super) fn command_text(item: &Item<'_>, full: bool) -> String {
    let Some(command) = item.command() else {
        return String::new();
    };
    let mut text = if full {
        let mut args = command.args();
        let name = args.next().map(|name| match lookup(name) {
            Some(_) => quoted_as_is(name),
            None => quoted(name),
        });
        let words: Vec<_> = name.into_iter().chain(args.map(quoted)).collect();
        words.join(" ")
    } else {
        rdbkit_aof::brief(&command)
    };
    if let Item::Abridged(_) = item {
        text.push_str(" (cut short)");
    }
    text
}

/// A stable name.
pub(super) fn place_name(place: Place) -> &'static str {
    match place {
        Place::Opens => "multi",
        Place::Queued => "queued",
        Place::Closes => "exec",
        Place::Nested => "nested-multi",
        Place::Stray => "stray-exec",
        Place::Alone | Place::Piece => "alone",
    }
}
