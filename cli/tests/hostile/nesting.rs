//! What could be made to call itself until the stack is full, or to try all ways.

use crate::{END, HEADER, OF_LOG, OF_RDB, Place, command, string};

#[test]
fn functions_that_nest() {
    let place = Place::new();
    for opener in [
        "(",
        "{",
        "f(",
        "not ",
        "- ",
        "do ",
        "if a then ",
        "a[",
        "function() ",
        "[=[",
        "a..",
        "2^",
    ] {
        let source = format!("#!lua name=deep\nreturn {}", opener.repeat(300_000));
        let file = [HEADER, b"\xf5", &string(source.as_bytes()), END].concat();
        place.put("deep.rdb", &file);
        let said = place.on("deep.rdb", &["check", "F"]);
        assert_eq!(said.code, 1, "{opener}: {said:?}");
        for line in OF_RDB {
            place.on("deep.rdb", line);
        }
        let load = command(&[b"FUNCTION", b"LOAD", source.as_bytes()]);
        place.put("deep.aof", &load);
        for line in OF_LOG {
            place.on("deep.aof", line);
        }
    }
}

#[test]
fn transactions_that_nest() {
    let place = Place::new();
    place.put("multi.aof", &command(&[b"MULTI"]).repeat(200_000));
    for line in OF_LOG {
        place.on("multi.aof", line);
    }
}

/// A glob of many stars has as many ways to match as there are; a regular expression
/// may nest, or ask to be repeated.
#[test]
fn patterns_that_take_for_ever() {
    let place = Place::new();
    let key = string(&[b'a'; 4000]);
    place.put("a.rdb", &[HEADER, b"\0", &key, b"\x01v", END].concat());
    let stars = format!("{}b", "a*".repeat(2000));
    let nested = format!("{}a{}", "(".repeat(50_000), ")".repeat(50_000));
    for (pattern, code) in [
        (["--key", &stars], 1),
        (["--key-regex", "(a*)*b"], 1),
        (["--key-regex", &nested[..]], 2),
        (["--key-regex", "((a{1000}){1000}){1000}"], 2),
    ] {
        let said = place.run(&["keys", "a.rdb", pattern[0], pattern[1]]);
        assert_eq!(said.code, code, "{said:?}");
        assert!(said.peak < crate::MEMORY, "{} MiB", said.peak);
    }
}
