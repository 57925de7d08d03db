//! Looking at what stays: what a server must be to load it, and which keys will
//! be gone then because their time has passed.

use rdbkit_rdb::redact::{self, plain};
use rdbkit_rdb::verify::{Product, Server};
use rdbkit_rdb::{Event as Rdb, Scratch};

use crate::command::Command;
use crate::commands::{Release, Spec};
use crate::edit::frequent::Frequent;
use crate::edit::plan::{Kept, Needs};
use crate::edit::routine::{ANY, Args, Care, Keys, NEVER};
use crate::edit::sample::Sample;
use crate::walk::{Item, Unit};
use crate::words::{self, strtoll};

/// Unknown names that are told.
const UNKNOWN: usize = 10;

/// Releases of Redis and Valkey, oldest first.
const REDIS: [Release; 3] = [Release::Redis60, Release::Redis70, Release::Redis80];
const VALKEY: [Release; 3] = [Release::Valkey80, Release::Valkey81, Release::Valkey91];

const fn redis(major: u16, minor: u16) -> Server {
    Server::new(Product::Redis, major, minor)
}

const fn valkey(major: u16, minor: u16) -> Server {
    Server::new(Product::Valkey, major, minor)
}

/// What a command does to the expiry of its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    None,
    /// Its keys have none behind it, or one that begins anew at loading.
    Clears,
    /// SET: absolute times among its options.
    Set,
    /// A key and a time in so many milliseconds.
    At(i64),
    /// RESTORE: a time if ABSTTL is there.
    Restore,
    /// The second key gets the first one's.
    Rename,
    FlushDb,
    FlushAll,
    /// Its options decide what servers know it.
    Options,
}

impl Role {
    fn of(spec: &Spec) -> Role {
        match spec.name() {
            b"set" => Role::Set,
            b"pexpireat" => Role::At(1),
            b"expireat" => Role::At(1000),
            b"restore" | b"restore-asking" => Role::Restore,
            b"rename" | b"renamenx" => Role::Rename,
            b"flushdb" => Role::FlushDb,
            b"flushall" => Role::FlushAll,
            b"xgroup|setid" | b"xsetid" => Role::Options,
            b"del" | b"unlink" | b"persist" | b"getset" | b"getdel" | b"mset" | b"msetnx"
            | b"setex" | b"psetex" | b"expire" | b"pexpire" | b"bitop" | b"sunionstore"
            | b"sinterstore" | b"sdiffstore" => Role::Clears,
            _ => Role::None,
        }
    }
}

/// With which numbers of arguments, and what care, commands of this name need
/// only be counted, of which one was here; `expired` says that some keys have
/// expired.
pub(super) fn routine(spec: Option<&'static Spec>, expired: bool) -> (Args, Care) {
    let Some(spec) = spec else {
        return (ANY, Care::default());
    };
    if spec.is_container() || spec.name().contains(&b'|') {
        return (NEVER, Care::default());
    }
    let keys = if expired {
        Keys::all(spec)
    } else {
        Keys::NotAsked
    };
    let of_keys = Care { time: 0, keys };
    match Role::of(spec) {
        Role::None => (ANY, Care::default()),
        // The plain SET, of which there are most, sets no expiry.
        Role::Set => ((3, 3), of_keys),
        Role::Clears => (ANY, of_keys),
        Role::At(time) => (ANY, Care { time, keys }),
        Role::Rename | Role::FlushDb | Role::FlushAll if !expired => (ANY, Care::default()),
        Role::Rename | Role::FlushDb | Role::FlushAll | Role::Restore | Role::Options => {
            (NEVER, Care::default())
        }
    }
}

/// A [`Kept`] in the making.
#[derive(Debug)]
pub(super) struct Keeping {
    kept: Kept,
    now_ms: i64,
    roles: Frequent<Role>,
    expired: Sample,
    annotations: u64,
    unknown: Vec<String>,
    /// The oldest servers so far; `None` where no release does.
    redis: Option<Server>,
    valkey: Option<Server>,
    /// Of the RDB file at hand: the database, and the expiry of the next key.
    rdb_db: u64,
    rdb_expiry: Option<i64>,
    scratch: Scratch,
}

impl Keeping {
    /// `multi_part` says that the log has a manifest.
    pub fn new(now_ms: i64, multi_part: bool) -> Keeping {
        Keeping {
            kept: Kept::default(),
            now_ms,
            roles: Frequent::new(),
            expired: Sample::new(),
            annotations: 0,
            unknown: Vec::new(),
            redis: Some(if multi_part { redis(7, 0) } else { redis(1, 0) }),
            valkey: Some(valkey(7, 2)),
            rdb_db: 0,
            rdb_expiry: None,
            scratch: Scratch::default(),
        }
    }

    pub fn base_time(&self) -> Option<i64> {
        self.kept.base_time
    }

    /// Something of an RDB file at the front.
    pub fn preamble(&mut self, event: &Rdb<'_>) {
        match event {
            Rdb::Header {
                dialect, version, ..
            } => {
                let lowest = |product| Server::lowest(product, *dialect, *version);
                self.at_least(lowest(Product::Redis), lowest(Product::Valkey));
                self.rdb_db = 0;
            }
            Rdb::Aux { name, value } if name.to_vec().is_ok_and(|name| name == b"ctime") => {
                let value = value.to_vec().unwrap_or_default();
                let (time, used) = strtoll(&value);
                if used > 0 {
                    self.kept.base_time = Some(time);
                }
            }
            Rdb::SelectDb(db) => self.rdb_db = *db,
            Rdb::ExpireMs(at) => self.rdb_expiry = Some(*at),
            Rdb::ExpireSeconds(at) => self.rdb_expiry = Some(i64::from(*at) * 1000),
            Rdb::Key { key, .. } => {
                if self.rdb_expiry.take().is_some_and(|at| at <= self.now_ms)
                    && let Ok(key) = key.bytes(&mut self.scratch)
                {
                    self.expired.insert(self.rdb_db, key);
                }
            }
            _ => {}
        }
    }

    /// A command or annotation that stays.
    #[inline(always)]
    pub fn unit(&mut self, unit: &Unit<'_>) {
        let command = match &unit.item {
            Item::Command(command) | Item::Abridged(command) => command,
            Item::Annotation(_) => {
                self.annotations += 1;
                self.kept.time = unit.time;
                return;
            }
        };
        self.kept.commands += 1;
        let mut new = false;
        let found = self.roles.of(command, unit.name, |spec| {
            new = true;
            Role::of(spec)
        });
        let Some((spec, role)) = found else {
            return self.unknown(command);
        };
        let role = *role;
        if new {
            self.known(spec, command);
        }
        match role {
            Role::None => {}
            Role::Clears if !self.any_expired() => {}
            _ => self.expiry(role, spec, command, unit.db),
        }
    }

    /// Whether a key is one whose expiry has passed.
    #[inline]
    pub fn has_expired(&self, db: u64, key: &[u8]) -> bool {
        self.expired.contains(db, key)
    }

    /// Whether there are keys whose expiry has passed.
    #[inline(always)]
    pub fn any_expired(&self) -> bool {
        self.expired.count() > 0
    }

    /// Commands that stay and need no look.
    #[inline(always)]
    pub fn more(&mut self, commands: u64) {
        self.kept.commands += commands;
    }

    /// One command that was taken for one that stays goes after all.
    pub fn less(&mut self, commands: u64) {
        self.kept.commands -= commands.min(self.kept.commands);
    }

    /// The last `lines` annotations go after all; the time before them.
    pub fn back_to(&mut self, time: Option<i64>, lines: u64) {
        self.kept.time = time;
        self.annotations -= lines.min(self.annotations);
    }

    /// The last time so far.
    pub fn time(&self) -> Option<i64> {
        self.kept.time
    }

    #[cold]
    fn unknown(&mut self, command: &Command<'_>) {
        let name = shown_name(command);
        if self.unknown.len() < UNKNOWN && !self.unknown.contains(&name) {
            self.unknown.push(name);
        }
    }

    /// A command of the table that comes for the first time.
    #[cold]
    fn known(&mut self, spec: &'static Spec, command: &Command<'_>) {
        if !spec.is_measured() {
            return self.unknown(command);
        }
        // What 6.0 knows older servers may know, too; they are not in the table.
        let oldest = |releases: [Release; 3]| {
            let knows = |release: &&Release| spec.arity(**release).is_some();
            releases.iter().find(knows).map(|release| release.server())
        };
        // Redis 6.0 has no entries for subcommands, only for what they belong to.
        let redis = if spec.name().contains(&b'|') && !spec.name().starts_with(b"function") {
            Some(redis(1, 0))
        } else {
            oldest(REDIS)
        };
        self.at_least(redis, oldest(VALKEY));
    }

    fn at_least(&mut self, redis: Option<Server>, valkey: Option<Server>) {
        // None is below all servers, but says that there is none.
        let both = |a: Option<Server>, b: Option<Server>| Some(a?.max(b?));
        self.redis = both(self.redis, redis);
        self.valkey = both(self.valkey, valkey);
    }

    #[inline(never)]
    fn expiry(&mut self, role: Role, spec: &'static Spec, command: &Command<'_>, db: u64) {
        let passed = |at: Option<i64>| at.is_some_and(|at| at <= self.now_ms);
        let key = command.arg(1).unwrap_or_default();
        match role {
            Role::None => {}
            Role::Set => match set_expiry(command) {
                SetExpiry::Keep => {}
                SetExpiry::At(at) => {
                    let passed = passed(Some(at));
                    self.at_least(Some(redis(6, 2)), Some(valkey(7, 2)));
                    self.put(db, key, passed);
                }
                SetExpiry::None => self.put(db, key, false),
            },
            Role::At(unit) => {
                let now = self.now_ms.div_euclid(unit);
                let passed = command.arg(2).is_some_and(|at| strtoll(at).0 <= now);
                self.put(db, key, passed);
            }
            Role::Restore => {
                let absolute = command
                    .args()
                    .skip(4)
                    .any(|a| a.eq_ignore_ascii_case(b"ABSTTL"));
                let at = command.arg(2).map(|text| strtoll(text).0);
                let passed = passed(at.filter(|at| absolute && *at > 0));
                self.put(db, key, passed);
            }
            Role::Rename => {
                let passed = self.expired.remove(db, key);
                self.put(db, command.arg(2).unwrap_or_default(), passed);
            }
            Role::Clears => {
                for index in spec.keys(command) {
                    self.expired
                        .remove(db, command.arg(index).unwrap_or_default());
                }
            }
            Role::FlushDb => self.expired.remove_database(db),
            Role::FlushAll => self.expired.clear(),
            Role::Options => {
                if command.len() > 5 || spec.name() == b"xsetid" && command.len() > 3 {
                    self.at_least(Some(redis(7, 0)), Some(valkey(7, 2)));
                }
            }
        }
    }

    fn put(&mut self, db: u64, key: &[u8], passed: bool) {
        if passed {
            self.expired.insert(db, key);
        } else {
            self.expired.remove(db, key);
        }
    }

    pub fn finish(mut self) -> Kept {
        if self.annotations > 0 {
            self.at_least(Some(redis(7, 0)), Some(valkey(7, 2)));
        }
        Kept {
            expired: self.expired.count(),
            expired_exact: self.expired.is_exact(),
            needs: Needs {
                redis: self.redis.filter(|_| self.unknown.is_empty()),
                valkey: self.valkey.filter(|_| self.unknown.is_empty()),
                annotations: self.annotations > 0,
                unknown: self.unknown,
            },
            ..self.kept
        }
    }
}

/// A name no server knows, fit to be shown.
pub(super) fn shown_name(command: &Command<'_>) -> String {
    let name = command.name();
    let name = name.get(..64).unwrap_or(name);
    match redact::hidden(name) {
        Some(hidden) => hidden,
        None if words::needs_quotes(name) => words::quote(name),
        None => plain(name).to_string().to_ascii_uppercase(),
    }
}

enum SetExpiry {
    None,
    Keep,
    /// Unix milliseconds.
    At(i64),
}

fn set_expiry(command: &Command<'_>) -> SetExpiry {
    let mut args = command.args().skip(3);
    while let Some(arg) = args.next() {
        let unit = match arg.len() {
            4 if arg.eq_ignore_ascii_case(b"PXAT") => 1,
            4 if arg.eq_ignore_ascii_case(b"EXAT") => 1000,
            7 if arg.eq_ignore_ascii_case(b"KEEPTTL") => return SetExpiry::Keep,
            _ => continue,
        };
        if let Some(at) = args.next() {
            return SetExpiry::At(strtoll(at).0.saturating_mul(unit));
        }
    }
    SetExpiry::None
}
