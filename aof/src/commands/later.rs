//! What came between the Redis releases the table was measured on, and after them.

use rdbkit_rdb::verify::{Product, Server};

use super::spec::{Begin, Find, KeySpec, Spec};

const FIRST: &[KeySpec] = &[KeySpec {
    begin: Begin::Index(1),
    find: Find::Range {
        last: 0,
        step: 1,
        limit: 0,
    },
}];

/// A write command no server at hand has; its first key is argument 1.
const fn later(name: &'static [u8]) -> Spec {
    Spec {
        name,
        write: true,
        container: false,
        arity: [0; 6],
        keys: FIRST,
    }
}

pub(super) const LATER: &[Spec] = &[
    // Redis 8.2 to 8.8.
    later(b"delex"),
    later(b"increx"),
    later(b"xackdel"),
    later(b"xcfgset"),
    later(b"xdelex"),
    later(b"xidmprecord"),
    later(b"xnack"),
    // Arrays, Redis 8.8.
    later(b"ardel"),
    later(b"ardelrange"),
    later(b"arinsert"),
    later(b"armset"),
    later(b"arring"),
    later(b"arseek"),
    later(b"arset"),
];

/// With which Redis release a name came, or took its arity, where that is none
/// of those that were asked. Names that only answer questions are left out
/// where no log can hold them.
const SINCE: &[(&[u8], u16, u16)] = &[
    (b"blmove", 6, 2),
    (b"copy", 6, 2),
    (b"failover", 6, 2),
    (b"geosearch", 6, 2),
    (b"geosearchstore", 6, 2),
    (b"getdel", 6, 2),
    (b"getex", 6, 2),
    (b"hello", 6, 2),
    (b"hrandfield", 6, 2),
    (b"lmove", 6, 2),
    (b"lpop", 6, 2),
    (b"quit", 6, 2),
    (b"reset", 6, 2),
    (b"rpop", 6, 2),
    (b"smismember", 6, 2),
    (b"xautoclaim", 6, 2),
    (b"zdiff", 6, 2),
    (b"zdiffstore", 6, 2),
    (b"zinter", 6, 2),
    (b"zmscore", 6, 2),
    (b"zrandmember", 6, 2),
    (b"zrangestore", 6, 2),
    (b"zunion", 6, 2),
    (b"client|no-touch", 7, 2),
    (b"client|setinfo", 7, 2),
    (b"cluster|myshardid", 7, 2),
    (b"waitaof", 7, 2),
    (b"zrank", 7, 2),
    (b"zrevrank", 7, 2),
    (b"hexpire", 7, 4),
    (b"hexpireat", 7, 4),
    (b"hexpiretime", 7, 4),
    (b"hpersist", 7, 4),
    (b"hpexpire", 7, 4),
    (b"hpexpireat", 7, 4),
    (b"hpexpiretime", 7, 4),
    (b"hpttl", 7, 4),
    (b"httl", 7, 4),
    (b"xackdel", 8, 2),
    (b"xdelex", 8, 2),
    (b"delex", 8, 4),
    (b"msetex", 8, 4),
    (b"xcfgset", 8, 6),
    (b"xidmprecord", 8, 6),
    (b"ardel", 8, 8),
    (b"ardelrange", 8, 8),
    (b"arinsert", 8, 8),
    (b"armset", 8, 8),
    (b"arring", 8, 8),
    (b"arseek", 8, 8),
    (b"arset", 8, 8),
    (b"increx", 8, 8),
    (b"xnack", 8, 8),
];

/// The Redis release a name came with, or took its arity, if it is none of
/// those that were asked.
pub(super) fn since(name: &[u8]) -> Option<Server> {
    let (_, major, minor) = SINCE.iter().find(|(known, ..)| *known == name)?;
    Some(Server::new(Product::Redis, *major, *minor))
}
