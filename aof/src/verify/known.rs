//! Whether a server knows a command, and what it is to the verifier.

use rdbkit_rdb::verify::{Product, Server};

use crate::command::Command;
use crate::commands::{self, Arity, Spec};
use crate::verify::names::Class;

/// What a server knows of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It takes so many arguments; `None`: that is not known here.
    Known(&'static Spec, Option<Arity>),
    /// It is newer than what is known here.
    Perhaps,
    Unknown,
}

/// What `server` knows of a command's name.
pub(super) fn standing(name: &[u8], server: Server) -> Standing {
    // A subcommand is no name.
    match commands::lookup(name) {
        Some(spec) if !name.contains(&b'|') => of(spec, server),
        _ => unknown(server),
    }
}

/// The same for a subcommand, such as `xgroup|create`.
pub(super) fn subcommand(name: &[u8], server: Server) -> Standing {
    commands::lookup(name).map_or_else(|| unknown(server), |spec| of(spec, server))
}

/// A server newer than all that is known here may have new commands.
fn unknown(server: Server) -> Standing {
    if server > commands::newest(server.product) {
        Standing::Perhaps
    } else {
        Standing::Unknown
    }
}

/// The same for a row of the table.
fn of(spec: &'static Spec, server: Server) -> Standing {
    match spec.known_to(server) {
        Some(arity) => Standing::Known(spec, arity),
        None => unknown(server),
    }
}

/// How much a known name asks for, each time it comes.
pub(super) fn class(spec: &Spec, server: Server) -> Class {
    match spec.name() {
        b"multi" => Class::Multi,
        b"exec" => Class::Exec,
        b"select" => Class::Select,
        // Scripts may write, and old servers logged them as they were.
        b"eval" | b"evalsha" | b"fcall" | b"pfcount" => Class::Plain,
        name if is_risky(name, b"", server) => Class::Other,
        _ if spec.is_write() && !spec.is_container() => Class::Plain,
        _ => Class::Other,
    }
}

/// The numbers of arguments that are right, the name among them.
pub(super) fn bounds(arity: Option<Arity>) -> (u64, u64) {
    match arity {
        Some(Arity::Exactly(n)) => (n as u64, n as u64),
        Some(Arity::AtLeast(n)) => (n as u64, u64::MAX),
        None => (1, u64::MAX),
    }
}

/// How much a command asks for, and with which numbers of arguments all of its name
/// ask for no more; [`Class::Other`] with any number where no server knows it.
pub(super) fn class_of(command: &Command<'_>, server: Server) -> (Class, u32, u32) {
    let Standing::Known(spec, arity) = standing(command.name(), server) else {
        return (Class::Other, 0, u32::MAX);
    };
    let (least, most) = bounds(arity);
    let most = u32::try_from(most).unwrap_or(u32::MAX);
    (class(spec, server), least as u32, most)
}

/// Whether a subcommand of a container belongs in a log.
pub(super) fn is_logged(spec: &Spec) -> bool {
    spec.is_write() || matches!(spec.name(), b"script|load" | b"script|flush")
}

/// Commands that do nothing where they stand without the arguments they need.
/// All others crashed each server they were tried on that does not count
/// arguments: Redis 6.0, 7.0.15 and 8.0.6 and Valkey 8.0.
pub(super) fn needs_nothing(name: &[u8]) -> bool {
    matches!(
        name,
        b"blpop"
            | b"brpop"
            | b"bzpopmax"
            | b"bzpopmin"
            | b"del"
            | b"exists"
            | b"geoadd"
            | b"hmset"
            | b"hset"
            | b"mget"
            | b"mset"
            | b"msetnx"
            | b"psubscribe"
            | b"spublish"
            | b"ssubscribe"
            | b"subscribe"
            | b"sunion"
            | b"touch"
            | b"unlink"
            | b"watch"
            | b"xadd"
            | b"xpending"
            | b"xread"
            | b"xreadgroup"
            | b"zadd"
            | b"zincrby"
    )
}

/// Whether it did nothing on one server and crashed another.
pub(super) fn is_mixed(name: &[u8]) -> bool {
    matches!(name, b"bitcount" | b"echo" | b"xtrim")
}

/// Whether servers may die of a command that no server writes to a log. `word`
/// is its first argument.
pub(super) fn is_risky(name: &[u8], word: &[u8], server: Server) -> bool {
    let old = server.product == Product::Redis && (server.major, server.minor) < (7, 0);
    let first = server.product == Product::Redis && (server.major, server.minor) <= (7, 0);
    match name {
        b"debug" => [
            &b"segfault"[..],
            b"panic",
            b"assert",
            b"oom",
            b"restart",
            b"crash-and-recover",
            b"crash-and-abort",
            b"reload",
            b"loadaof",
            b"sleep",
            b"change-repl-id",
            b"set-disable-deny-scripts",
        ]
        .iter()
        .any(|bad| word.eq_ignore_ascii_case(bad)),
        b"wait" => first,
        b"subscribe" | b"psubscribe" | b"monitor" | b"sync" | b"psync" | b"shutdown" => old,
        b"blpop" | b"brpop" | b"brpoplpush" | b"bzpopmin" | b"bzpopmax" => old,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(name: &str, server: &str) -> &'static str {
        match standing(name.as_bytes(), server.parse().unwrap()) {
            Standing::Known(..) => "known",
            Standing::Perhaps => "perhaps",
            Standing::Unknown => "unknown",
        }
    }

    #[test]
    fn who_knows_what() {
        assert_eq!(known("SET", "redis:6.0"), "known");
        assert_eq!(known("hexpire", "redis:7.0"), "unknown");
        assert_eq!(known("hexpire", "redis:7.2"), "unknown");
        assert_eq!(known("hexpire", "redis:7.4"), "known");
        assert_eq!(known("hsetex", "redis:7.4"), "unknown");
        assert_eq!(known("hexpire", "redis:8.0"), "known");
        assert_eq!(known("hexpire", "valkey:8.1"), "unknown");
        assert_eq!(known("hexpire", "valkey:9.1"), "known");
        assert_eq!(known("delex", "redis:8.0"), "unknown");
        assert_eq!(known("delex", "redis:8.2"), "unknown");
        assert_eq!(known("delex", "redis:8.4"), "known");
        assert_eq!(known("msetex", "redis:8.6"), "known");
        assert_eq!(known("nosuch", "redis:8.8"), "unknown");
        assert_eq!(known("nosuch", "redis:99"), "perhaps");
        assert_eq!(known("nosuch", "valkey:9.2"), "perhaps");
        assert_eq!(known("delex", "valkey:9.1"), "unknown");
        assert_eq!(known("vadd", "redis:6.2"), "unknown");
        assert_eq!(known("copy", "redis:6.0"), "unknown");
        assert_eq!(known("copy", "redis:6.2"), "known");
        assert_eq!(known("lmpop", "redis:6.2"), "unknown");
        assert_eq!(known("copy", "redis:5.0"), "unknown");
        assert_eq!(known("xgroup|create", "redis:8.0"), "unknown");
        assert_eq!(known("nosuch", "valkey:9.1"), "unknown");
    }

    #[test]
    fn classes() {
        let class = |name: &str| class(commands::lookup(name.as_bytes()).unwrap(), Server::REDIS);
        assert_eq!(class("set"), Class::Plain);
        assert_eq!(class("eval"), Class::Plain);
        assert_eq!(class("xgroup"), Class::Other);
        assert_eq!(class("discard"), Class::Other);
        assert_eq!(class("get"), Class::Other);
        assert_eq!(class("MULTI"), Class::Multi);
    }
}
