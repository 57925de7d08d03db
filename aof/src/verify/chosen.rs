//! For which server a log is judged when nobody says.

use std::collections::BTreeMap;

use rdbkit_rdb::verify::{Product, Server};

use crate::commands;
use crate::manifest::Manifest;

/// How it was settled for which server a log is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Chosen {
    /// The caller said so.
    Asked,
    /// The RDB file at the front of the base says who wrote it.
    Rdb,
    /// The manifest has words that one product alone writes.
    Manifest,
    /// Commands of the log are known to one product alone, or only from some
    /// release on.
    Commands,
    /// Nothing in the log tells: [`Server::REDIS`] is assumed.
    Assumed,
}

impl Chosen {
    /// The stable name used in reports, such as `commands`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Chosen::Asked => "asked",
            Chosen::Rdb => "rdb",
            Chosen::Manifest => "manifest",
            Chosen::Commands => "commands",
            Chosen::Assumed => "assumed",
        }
    }
}

/// Whether the manifest is of Redis 8.0 or later: replication offsets are
/// written by no other server, and Valkey drops them.
pub(super) fn by_manifest(manifest: &Manifest) -> bool {
    let mut entries = manifest.entries.iter();
    entries.any(|entry| entry.start_offset.or(entry.end_offset).is_some())
}

/// Another server to judge for than `server`, which was `chosen`, for the sake
/// of the names of the log's commands.
pub(super) fn by_commands(
    names: &BTreeMap<Vec<u8>, u64>,
    server: Server,
    chosen: Chosen,
) -> Option<Server> {
    if chosen == Chosen::Asked {
        return None;
    }
    let (mut redis, mut valkey) = (Some(Server::REDIS), Some(Server::VALKEY));
    for spec in names.keys().filter_map(|name| commands::lookup(name)) {
        if !spec.is_write() {
            continue;
        }
        let with = |needs: Option<Server>, product| Some(needs?.max(spec.since(product)?));
        redis = with(redis, Product::Redis);
        valkey = with(valkey, Product::Valkey);
    }
    let told = match (redis, valkey) {
        // What wrote the RDB file or the manifest wrote the rest.
        (Some(redis), _) if server.product == Product::Redis => redis.max(server),
        (None, Some(valkey)) if chosen == Chosen::Assumed => valkey,
        (_, Some(valkey)) if server.product == Product::Valkey => valkey.max(server),
        _ => server,
    };
    (told != server).then_some(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(names: &[&str], server: Server, chosen: Chosen) -> Option<String> {
        let names = names.iter().map(|name| (name.as_bytes().to_vec(), 1));
        by_commands(&names.collect(), server, chosen).map(|server| server.to_string())
    }

    #[test]
    fn commands_of_one_product_tell() {
        let assumed = |names: &[&str]| told(names, Server::REDIS, Chosen::Assumed);
        assert_eq!(assumed(&["set", "hexpire", "nosuch"]), None);
        assert_eq!(assumed(&["set", "delifeq"]).as_deref(), Some("valkey:9.1"));
        assert_eq!(assumed(&["xdelex"]).as_deref(), Some("redis:8.2"));
        assert_eq!(assumed(&["vadd"]), None);
        // Both products have it: Redis is assumed, as far as it goes.
        assert_eq!(assumed(&["msetex"]).as_deref(), Some("redis:8.4"));
        // No server wrote both.
        assert_eq!(assumed(&["delifeq", "xdelex"]), None);
    }

    #[test]
    fn what_is_told_otherwise_stays() {
        assert_eq!(told(&["delifeq"], Server::REDIS, Chosen::Asked), None);
        assert_eq!(told(&["delifeq"], Server::REDIS, Chosen::Rdb), None);
        assert_eq!(told(&["xdelex"], Server::VALKEY, Chosen::Rdb), None);
        let redis = told(&["increx"], Server::REDIS, Chosen::Rdb);
        assert_eq!(redis.as_deref(), Some("redis:8.8"));
    }
}
