//! Judging the events of one file.

use std::collections::BTreeMap;

use rdbkit_rdb::glob;
use rdbkit_rdb::verify::Server;

use crate::ahead::Passed;
use crate::command::Command;
use crate::commands::{self, Release};
use crate::database::database;
use crate::event::Event;
use crate::resp::Sink;
use crate::scan::Quirks;
use crate::verify::Options;
use crate::verify::effect::Habits;
use crate::verify::finding::{Code, Finding, Findings};
use crate::verify::known::{self, Standing, bounds};
use crate::verify::long::Long;
use crate::verify::names::{Class, Names};

mod annotation;
mod ending;
mod view;

pub(super) use ending::Ended;
pub(super) use view::View;
use view::{cut, shown};

/// What a file is to the log it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Role {
    /// The server loads no file after it.
    pub last: bool,
    /// The server will append to it.
    pub appended: bool,
}

impl Role {
    /// Of a file that is the whole log.
    pub const ALONE: Role = Role {
        last: true,
        appended: true,
    };
}

/// A transaction that was begun.
#[derive(Debug)]
struct Open {
    offset: u64,
    /// Behind the last command before it.
    cut: u64,
    /// Commands before it.
    before: u64,
    /// What only matters once it is run.
    held: Findings,
}

/// Takes the events of a file behind its RDB file.
#[derive(Debug)]
pub(super) struct Judge<'o> {
    options: &'o Options,
    server: Server,
    role: Role,
    /// Bytes of the RDB file at the front.
    preamble: u64,
    names: Names,
    pub commands: u64,
    /// Of them MULTI, EXEC and SELECT.
    control: u64,
    pub annotations: u64,
    pub transactions: u64,
    pub first_time: Option<i64>,
    pub last_time: Option<i64>,
    /// The database the next command works on.
    db: u64,
    /// Commands that are counted in `databases`.
    counted: u64,
    pub databases: BTreeMap<u64, u64>,
    open: Option<Open>,
    /// Where the annotations behind the last command began, and how many
    /// commands there were then.
    lines_at: Option<(u64, u64)>,
    torn_annotation: Option<u64>,
    long: Option<Long>,
    pub findings: Findings,
}

impl Sink for Judge<'_> {
    #[inline(always)]
    fn event(&mut self, event: Event<'_>, offset: u64) {
        let Event::Command(command) = event else {
            return self.other_event(event, offset);
        };
        self.commands += 1;
        match self.names.see(&command) {
            Some(Class::Plain) => {}
            Some(class) => self.seen(class, command, offset),
            None => self.odd(command, offset),
        }
    }
}

impl<'o> Judge<'o> {
    pub fn new(options: &'o Options, server: Server, role: Role, preamble: u64) -> Judge<'o> {
        Judge {
            options,
            server,
            role,
            preamble,
            names: Names::new(),
            commands: 0,
            control: 0,
            annotations: 0,
            transactions: 0,
            first_time: None,
            last_time: None,
            db: 0,
            counted: 0,
            databases: BTreeMap::new(),
            open: None,
            lines_at: None,
            torn_annotation: None,
            long: None,
            findings: Findings::default(),
        }
    }

    /// The server that is judged for.
    pub fn server(&self) -> Server {
        self.server
    }

    /// The line of the next command, see [`StreamReader::line`](crate::StreamReader::line).
    pub fn line(&self) -> u64 {
        1 + self.names.lines()
    }

    /// Commands that need only be counted. What they are is told by
    /// [`add_names`](Self::add_names), but of `MULTI` and `EXEC`.
    pub fn pass(&mut self, passed: &Passed) {
        self.commands += passed.commands;
        self.names.pass(passed.commands + 2 * passed.args);
        let transactions = passed.transactions;
        if transactions > 0 {
            self.transactions += transactions;
            self.control += 2 * transactions;
            let both = [b"multi".to_vec(), b"exec".to_vec()];
            self.names.add(&both.map(|name| (name, transactions)));
        }
    }

    /// How often commands came that were passed.
    pub fn add_names(&mut self, counts: &[(Vec<u8>, u64)]) {
        self.names.add(counts);
    }

    /// How often each command came.
    pub fn names(&self) -> BTreeMap<Vec<u8>, u64> {
        self.names.counts()
    }

    #[inline(never)]
    fn other_event(&mut self, event: Event<'_>, offset: u64) {
        if let Event::Annotation(line) = event {
            return self.annotation(&line, offset);
        }
        if let Event::Begin { args, .. } = event {
            self.long = Some(Long::new(args, offset));
        }
        let Some(mut long) = self.long.take() else {
            return;
        };
        if let Some(length) = long.event(&event) {
            let message = format!("an argument of {length} bytes");
            self.find(Code::HugeLength, Some(&long.view()), offset, message);
        }
        if event == Event::End {
            self.commands += 1;
            let view = long.view();
            self.quirks(&view, long.quirks);
            self.names.count(view.name, view.args);
            self.look_up(view, None);
        } else {
            self.long = Some(long);
        }
    }

    /// A command of a known name that asks for something. It comes by value, as does
    /// one that is [`odd`](Self::odd): all others need then not be in memory.
    #[inline(never)]
    fn seen(&mut self, class: Class, command: Command<'_>, offset: u64) {
        self.known(class, View::of(&command, offset));
    }

    /// A command that was not seen before, or is not as servers write it.
    #[inline(never)]
    fn odd(&mut self, command: Command<'_>, offset: u64) {
        let command = &command;
        let view = View::of(command, offset);
        self.names.count(view.name, view.args);
        if command.quirks().is_none() {
            self.look_up(view, Some(command));
        } else {
            self.quirks(&view, command.quirks());
            self.look_up(view, None);
        }
    }

    fn quirks(&mut self, view: &View<'_>, quirks: Quirks) {
        for (quirk, code, what) in [
            (Quirks::LOOSE_NUMBER, Code::LooseNumber, "a number"),
            (Quirks::LINE_END, Code::LineEnd, "a line end"),
            (
                Quirks::TERMINATOR,
                Code::Terminator,
                "the end of an argument",
            ),
        ] {
            if quirks.contains(quirk) {
                let message = format!("{what} is not as servers write it");
                self.find(code, Some(view), view.offset, message);
            }
        }
    }

    /// Finds out about a name, and goes on with the command. `learn` has it if
    /// the name may be kept.
    fn look_up(&mut self, view: View<'_>, learn: Option<&Command<'_>>) {
        let (spec, arity) = match known::standing(view.name, self.server) {
            Standing::Known(spec, arity) => (spec, arity),
            standing => return self.unknown(&view, standing, learn),
        };
        let class = known::class(spec, self.server);
        let (least, most) = bounds(arity);
        if least <= view.args && view.args <= most {
            if let Some(command) = learn {
                let most = u32::try_from(most).unwrap_or(u32::MAX);
                self.names.learn(command, class, least as u32, most);
            }
        } else if spec.is_container() && view.args == 1 {
            let message = format!("{} without a subcommand", shown(view.name));
            self.find(Code::MissingSubcommand, Some(&view), view.offset, message);
        } else {
            self.arity(&view, spec.name(), least, most);
        }
        if class != Class::Plain {
            self.known(class, view);
        }
    }

    fn unknown(&mut self, view: &View<'_>, standing: Standing, learn: Option<&Command<'_>>) {
        let globs = &self.options.module_commands;
        if globs
            .iter()
            .any(|glob| glob::matches_ignore_case(glob.as_bytes(), view.name))
        {
            if let Some(command) = learn {
                self.names.learn(command, Class::Plain, 1, u32::MAX);
            }
            return;
        }
        let (name, server) = (shown(view.name), self.server);
        let (code, message) = if standing == Standing::Perhaps {
            let message = format!("{name}: whether {server} knows this command is not known here");
            (Code::PerhapsUnknown, message)
        } else if view.name.contains(&b'.') {
            let message = format!("{server} does not know {name}: a command of a module?");
            (Code::UnknownCommand, message)
        } else {
            let message = format!("{server} does not know the command {name}");
            (Code::UnknownCommand, message)
        };
        self.find(code, Some(view), view.offset, message);
    }

    /// A command with a wrong number of arguments. `name` is that of a subcommand, too.
    fn arity(&mut self, view: &View<'_>, name: &[u8], least: u64, most: u64) {
        let name = shown(name);
        let args = view.args.saturating_sub(1);
        if view.args > most {
            let message = format!(
                "{name} with {args} arguments: it takes {}",
                most.saturating_sub(1)
            );
            return self.find(Code::TooManyArguments, Some(view), view.offset, message);
        }
        let lower = view.name.to_ascii_lowercase();
        let code = match view.args {
            1 if known::needs_nothing(&lower) && !self.server.checks_arity() => Code::NoWrite,
            1 if !known::is_mixed(&lower) => Code::NoArguments,
            _ => Code::TooFewArguments,
        };
        let message = format!(
            "{name} with {args} arguments: it needs {}",
            least.saturating_sub(1)
        );
        self.find(code, Some(view), view.offset, message);
    }

    /// A command the server knows, by what it asks for.
    #[inline(never)]
    fn known(&mut self, class: Class, view: View<'_>) {
        match class {
            Class::Plain => {}
            Class::Multi => {
                self.control += 1;
                if self.open.is_some() {
                    let message = "MULTI inside a transaction".to_owned();
                    return self.find(Code::NestedMulti, Some(&view), view.offset, message);
                }
                let before = self.commands.saturating_sub(1);
                self.open = Some(Open {
                    offset: view.offset,
                    cut: self.command_end(view.offset, before),
                    before,
                    held: Findings::default(),
                });
            }
            Class::Exec => {
                self.control += 1;
                let Some(open) = self.open.take() else {
                    let message = "EXEC without MULTI".to_owned();
                    return self.find(Code::StrayExec, Some(&view), view.offset, message);
                };
                self.transactions += 1;
                self.findings.append(open.held, self.options.max_findings);
            }
            Class::Select => {
                self.control += 1;
                let number = view.word.unwrap_or_default();
                match database(number).filter(|&db| db < self.options.databases) {
                    Some(db) => self.select(db),
                    None => {
                        let message = format!(
                            "SELECT {}: a server of {} databases stays where it is",
                            shown(number),
                            self.options.databases
                        );
                        self.find(Code::SelectRefused, Some(&view), view.offset, message);
                    }
                }
            }
            Class::Other => self.other(&view),
        }
    }

    /// A command that needs a look at its subcommand, or changes nothing.
    fn other(&mut self, view: &View<'_>) {
        let name = view.name.to_ascii_lowercase();
        let word = view.word.unwrap_or_default();
        let spec = commands::lookup(&name);
        if spec.is_some_and(commands::Spec::is_container) && view.args > 1 {
            return self.subcommand(view, &[&name[..], b"|", word].concat());
        }
        if name == b"discard" && self.open.is_some() {
            let message = "DISCARD inside a transaction".to_owned();
            return self.find(Code::DiscardInTransaction, Some(view), view.offset, message);
        }
        let (code, what) = if known::is_risky(&name, word, self.server) {
            (Code::RiskyCommand, "may stop the server")
        } else {
            (Code::NoWrite, "changes no data")
        };
        let message = format!("{} {what}", shown(view.name));
        self.find(code, Some(view), view.offset, message);
    }

    fn subcommand(&mut self, view: &View<'_>, name: &[u8]) {
        let spec = commands::lookup(name);
        // Redis 6.0 leaves subcommands to the command, which answers in vain.
        if Release::nearest(self.server) == Release::Redis60 {
            if spec.is_some_and(|spec| !known::is_logged(spec)) {
                let message = format!("{} changes no data", shown(name));
                self.find(Code::NoWrite, Some(view), view.offset, message);
            }
            return;
        }
        let standing = known::subcommand(name, self.server);
        let Standing::Known(spec, arity) = standing else {
            return self.unknown(&View { name, ..*view }, standing, None);
        };
        let (least, most) = bounds(arity);
        if view.args < least || most < view.args {
            self.arity(view, name, least, most);
        } else if !known::is_logged(spec) {
            let message = format!("{} changes no data", shown(name));
            self.find(Code::NoWrite, Some(view), view.offset, message);
        }
    }

    /// Counts what the database at hand got, and goes to another.
    fn select(&mut self, db: u64) {
        let work = self.commands - self.control;
        if work > self.counted {
            *self.databases.entry(self.db).or_default() += work - self.counted;
            self.counted = work;
        }
        self.db = db;
    }

    /// Behind the last of `commands` commands, when the next unit stands at `unit`.
    fn command_end(&self, unit: u64, commands: u64) -> u64 {
        match self.lines_at {
            Some((at, n)) if n == commands => at,
            _ => unit,
        }
    }

    /// Adds a finding. `view` is the command it is about, which has been counted.
    fn find(&mut self, code: Code, view: Option<&View<'_>>, offset: u64, message: String) {
        let effect = code.effect(self.server);
        let (max, db) = (self.options.max_findings, self.db);
        let own = view.map_or(0, |view| 1 + 2 * view.args);
        // A queued command is not run before EXEC; servers that compare arities
        // do so before that.
        let at_exec = match code {
            Code::MissingSubcommand | Code::NoArguments | Code::TooFewArguments => {
                !self.server.checks_arity()
            }
            Code::DiscardInTransaction | Code::SelectRefused | Code::RiskyCommand => true,
            _ => false,
        };
        let names = &self.names;
        let make = || Finding {
            code,
            effect,
            file: None,
            offset: Some(offset),
            line: Some((1 + names.lines()).saturating_sub(own)),
            db: view.map(|_| db),
            command: view.map(|view| cut(view.name)),
            message,
        };
        match &mut self.open {
            Some(open) if at_exec => open.held.add(code, effect, max, make),
            _ => self.findings.add(code, effect, max, make),
        }
    }
}
