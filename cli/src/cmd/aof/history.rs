//! `rdbkit aof history`: what happened to one key.

use std::cell::RefCell;
use std::io::{self, Write};

use rdbkit_aof::fs::shown;
use rdbkit_aof::quoted_as_is;
use rdbkit_aof::search::{BaseKey, Found, History, Question, Touch};
use rdbkit_aof::walk::{FileEnd, Item, Unit, Visitor};
use serde::Serialize;

use crate::Streams;
use crate::args::HistoryArgs;
use crate::cmd::aof::log::{command_text, place_columns, place_name};
use crate::cmd::aof::opened::Opened;
use crate::exit::Exit;
use crate::render;
use crate::render::json::{SCHEMA, Text};
use crate::render::text::{counted, grouped};
use crate::time::Time;

/// Tells it.
///
/// # Errors
///
/// Only of writing to the streams.
pub fn run(args: &HistoryArgs, streams: &mut Streams<'_>) -> io::Result<Exit> {
    let log = match Opened::find(&args.path) {
        Ok(log) => log,
        Err(why) => {
            writeln!(streams.err, "rdbkit: {why}")?;
            return Ok(Exit::Trouble);
        }
    };
    let question = Question {
        key: args.key.as_encoded_bytes().to_vec(),
        db: args.db,
        follow: args.follow,
    };
    let teller = RefCell::new(Teller {
        json: args.json,
        names: log.names(),
        out: streams.out,
        broken: None,
    });
    let mut visitor = Telling {
        history: History::new(question, |unit, found| {
            teller.borrow_mut().touch(unit, found)
        }),
        teller: &teller,
        base: 0,
    };
    let ends = log.walk(&mut visitor);
    let history = visitor.history;
    if let Some(error) = teller.borrow_mut().broken.take() {
        return Err(error);
    }
    if args.json {
        let unknown = history
            .unknown_names()
            .iter()
            .map(|name| Text::from(&name[..]));
        let summary = Summary {
            schema: SCHEMA,
            kind: "summary",
            commands: history.commands(),
            touched: history.touched(),
            in_base: !history.base().is_empty(),
            unknown: history.unknown(),
            unknown_names: unknown.collect(),
            scripts: history.scripts(),
            cut_short: history.cut_short(),
            not_followed: history.not_followed(),
        };
        render::json::line(teller.borrow_mut().out, &summary)?;
    }
    let worst = log.tell_trouble(&ends, streams.err)?;
    doubts(&history, streams.err)?;
    if history.touched() == 0 && history.base().is_empty() {
        writeln!(
            streams.err,
            "rdbkit: {}: none of {} commands touched {}, and no base holds it",
            shown(&args.path),
            grouped(history.commands()),
            quoted_as_is(args.key.as_encoded_bytes()),
        )?;
        return Ok(worst.max(Exit::Problems));
    }
    Ok(worst)
}

/// What may have touched the key and cannot be told.
fn doubts<F>(history: &History<F>, err: &mut dyn Write) -> io::Result<()>
where
    F: FnMut(&Unit<'_>, &Found<'_>),
{
    if history.unknown() > 0 {
        let names = history
            .unknown_names()
            .iter()
            .map(|name| rdbkit_aof::brief_word(name));
        writeln!(
            err,
            "rdbkit: {} of unknown kind may have touched it ({})",
            counted(history.unknown(), "command", "commands"),
            names.collect::<Vec<_>>().join(", ")
        )?;
    }
    for (count, what) in [
        (
            history.scripts(),
            "scripts that do not name it may have touched it",
        ),
        (
            history.cut_short(),
            "commands were too long to look at all of their arguments",
        ),
        (
            history.not_followed(),
            "times it went where it was not followed, to too many names",
        ),
    ] {
        if count > 0 {
            writeln!(err, "rdbkit: {} {what}", grouped(count))?;
        }
    }
    Ok(())
}

/// The history, and what its base says before the commands.
struct Telling<'r, 't, F> {
    history: History<F>,
    teller: &'r RefCell<Teller<'t>>,
    /// Keys of bases told.
    base: usize,
}

impl<F: FnMut(&Unit<'_>, &Found<'_>)> Visitor for Telling<'_, '_, F> {
    fn file(&mut self, index: usize) {
        self.history.file(index);
    }

    fn preamble(&mut self, index: usize, event: &rdbkit_rdb::Event<'_>) {
        self.history.preamble(index, event);
        for key in self.history.base().iter().skip(self.base) {
            self.teller.borrow_mut().base(key);
        }
        self.base = self.history.base().len();
    }

    fn unit(&mut self, unit: &Unit<'_>) {
        self.history.unit(unit);
    }

    fn file_end(&mut self, index: usize, end: &FileEnd) {
        self.history.file_end(index, end);
    }

    fn enough(&self) -> bool {
        self.teller.borrow().broken.is_some()
    }
}

/// Prints what is found.
struct Teller<'t> {
    json: bool,
    names: Vec<String>,
    out: &'t mut dyn Write,
    broken: Option<io::Error>,
}

#[derive(Serialize)]
struct BaseJson<'j> {
    schema: u32,
    kind: &'static str,
    file: &'j str,
    db: u64,
    #[serde(rename = "type")]
    object: Option<&'static str>,
    expires_ms: Option<i64>,
}

#[derive(Serialize)]
struct TouchJson<'j> {
    schema: u32,
    kind: &'static str,
    file: &'j str,
    offset: u64,
    end: u64,
    time: Option<i64>,
    place: &'static str,
    transaction: Option<u64>,
    touch: &'static str,
    key: Text,
    db: u64,
    followed: bool,
    other_key: Option<Text>,
    other_db: Option<u64>,
    abridged: bool,
    args: Vec<Text>,
}

#[derive(Serialize)]
struct Summary {
    schema: u32,
    kind: &'static str,
    commands: u64,
    touched: u64,
    in_base: bool,
    unknown: u64,
    unknown_names: Vec<Text>,
    scripts: u64,
    cut_short: u64,
    not_followed: u64,
}

impl Teller<'_> {
    fn base(&mut self, key: &BaseKey) {
        let file = self.names.get(key.file).map_or("", String::as_str);
        let object = key.kind.map(|kind| kind.name());
        let told = if self.json {
            render::json::line(
                self.out,
                &BaseJson {
                    schema: SCHEMA,
                    kind: "base",
                    file,
                    db: key.db,
                    object,
                    expires_ms: key.expires_ms,
                },
            )
        } else {
            let expiry = match key.expires_ms {
                Some(ms) => format!("expires {}", Time(ms.div_euclid(1000))),
                None => "no expiry".to_owned(),
            };
            let object = object.unwrap_or("unknown type");
            writeln!(
                self.out,
                "{file}  in the RDB base  db{}    {object}, {expiry}",
                key.db
            )
        };
        self.note(told);
    }

    fn touch(&mut self, unit: &Unit<'_>, found: &Found<'_>) {
        if self.broken.is_some() {
            return;
        }
        let file = self.names.get(unit.file).map_or("", String::as_str);
        let told = if self.json {
            let (other_key, other_db) = other(&found.touch);
            let command = unit.item.command();
            let args = command.as_ref().map(Text::words);
            render::json::line(
                self.out,
                &TouchJson {
                    schema: SCHEMA,
                    kind: "touch",
                    file,
                    offset: unit.begin,
                    end: unit.end,
                    time: unit.time,
                    place: place_name(unit.place),
                    transaction: unit.transaction,
                    touch: found.touch.name(),
                    key: Text::from(found.name),
                    db: found.db,
                    followed: found.followed,
                    other_key: other_key.map(Text::from),
                    other_db,
                    abridged: matches!(unit.item, Item::Abridged(_)),
                    args: args.unwrap_or_default(),
                },
            )
        } else {
            let mark = if found.followed { "> " } else { "" };
            writeln!(
                self.out,
                "{mark}{}  {}{}",
                place_columns(unit, file),
                command_text(&unit.item, false),
                remark(found),
            )
        };
        self.note(told);
    }

    fn note(&mut self, told: io::Result<()>) {
        if let Err(error) = told {
            self.broken.get_or_insert(error);
        }
    }
}

fn other<'t>(touch: &Touch<'t>) -> (Option<&'t [u8]>, Option<u64>) {
    match *touch {
        Touch::RenamedTo(key) | Touch::RenamedFrom(key) => (Some(key), None),
        Touch::CopiedTo(key, db) | Touch::CopiedFrom(key, db) => (Some(key), Some(db)),
        Touch::MovedTo(db) | Touch::MovedFrom(db) | Touch::Swapped(db) => (None, Some(db)),
        Touch::Key | Touch::Flushed | Touch::Perhaps => (None, None),
    }
}

/// What the command alone does not say.
fn remark(found: &Found<'_>) -> String {
    let name = rdbkit_aof::brief_word(found.name);
    let db = found.db;
    match found.touch {
        Touch::Key => String::new(),
        Touch::RenamedTo(to) => format!("  [it is {} now]", rdbkit_aof::brief_word(to)),
        Touch::RenamedFrom(from) => format!("  [replaced by {}]", rdbkit_aof::brief_word(from)),
        Touch::CopiedTo(to, db) => {
            format!("  [copied to {} in db{db}]", rdbkit_aof::brief_word(to))
        }
        Touch::CopiedFrom(from, from_db) => format!(
            "  [{name} in db{db} copied from {} in db{from_db}]",
            rdbkit_aof::brief_word(from)
        ),
        Touch::MovedTo(to) => format!("  [it is in db{to} now]"),
        Touch::MovedFrom(from) => format!("  [came to db{db} from db{from}]"),
        Touch::Flushed => "  [its database was emptied]".to_owned(),
        Touch::Swapped(with) => format!("  [db{db} and db{with} changed places]"),
        Touch::Perhaps => "  [a command of unknown kind]".to_owned(),
    }
}
