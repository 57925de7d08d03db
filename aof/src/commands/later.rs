//! Write commands of servers after those the table was measured on, and of
//! modules that come with Redis 8: their first key is argument 1.

use super::spec::{Begin, Find, KeySpec, Spec};

const FIRST: &[KeySpec] = &[KeySpec {
    begin: Begin::Index(1),
    find: Find::Range {
        last: 0,
        step: 1,
        limit: 0,
    },
}];

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
    // Vector sets, where Redis 8 was built with them.
    later(b"vadd"),
    later(b"vrem"),
    later(b"vsetattr"),
];
