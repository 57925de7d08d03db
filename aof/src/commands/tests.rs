use super::*;

/// The words as a command of a log.
fn raw(words: &str) -> Vec<u8> {
    let words: Vec<&str> = words.split(' ').collect();
    let mut raw = format!("*{}\r\n", words.len());
    for word in words {
        raw += &format!("${}\r\n{word}\r\n", word.len());
    }
    raw.into_bytes()
}

fn keys(words: &str) -> String {
    let raw = raw(words);
    let command = Command::parse(&raw).unwrap();
    let keys = spec(&command).expect("known").keys(&command);
    let keys: Vec<String> = keys
        .map(|at| String::from_utf8_lossy(command.arg(at).unwrap()).into_owned())
        .collect();
    keys.join(" ")
}

/// What Redis 7.0.15 and 8.0.6 and Valkey 9.1.2 answer to `COMMAND GETKEYS`.
#[test]
fn keys_are_those_servers_see() {
    for (words, wanted) in [
        ("set k v", "k"),
        ("mset a 1 b 2 c 3", "a b c"),
        ("del a b c", "a b c"),
        ("bitop and d a b", "d a b"),
        ("xgroup create k g 0", "k"),
        ("XGROUP SETID k g 0", "k"),
        ("xreadgroup group g c streams a b 0 0", "a b"),
        ("xread count 1 streams a b c 0 0 0", "a b c"),
        ("zunionstore d 2 a b weights 1 2", "d a b"),
        ("zinterstore d 1 a", "d a"),
        ("eval x 2 a b arg", "a b"),
        ("fcall f 1 k v", "k"),
        ("lmpop 2 a b left", "a b"),
        ("sort k by w_* limit 0 5 get # store d", "k d"),
        ("sort k get store", "k"),
        ("sort k", "k"),
        ("georadius k 1 1 5 km store d", "k d"),
        ("georadiusbymember k m 5 km storedist d", "k d"),
        ("copy a b db 3", "a b"),
        ("rename a b", "a b"),
        ("smove a b m", "a b"),
        ("geosearchstore d s fromlonlat 1 1 byradius 5 m", "d s"),
        ("pfmerge d a b", "d a b"),
        ("blpop a b 0", "a b"),
        ("hset k f v", "k"),
        ("restore k 0 x", "k"),
        ("lmove a b left right", "a b"),
        ("memory usage k", "k"),
        ("object freq k", "k"),
        ("function load x", ""),
        ("flushall", ""),
        ("select 1", ""),
        ("multi", ""),
        ("swapdb 0 1", ""),
    ] {
        assert_eq!(keys(words), wanted, "{words}");
    }
    // Of servers not at hand, and of one release only.
    assert_eq!(keys("msetex 2 a 1 b 2 ex 5"), "a b");
    assert_eq!(keys("xdelex k ids 1 1-1"), "k");
    assert_eq!(keys("vadd k values 1 1 e"), "k");
}

#[test]
fn a_command_too_short_has_the_keys_it_has() {
    for (words, wanted) in [
        ("set", ""),
        ("bitop and d", "d"),
        ("zunionstore d", "d"),
        ("zunionstore d 999999999999 a b", "d a b"),
        ("zunionstore d -1 a", "d"),
        ("eval x 9223372036854775807 a", "a"),
        ("xreadgroup streams", ""),
        ("xread streams a", ""),
        ("sort k limit 0", "k"),
        ("sort k store", "k"),
        ("blpop", ""),
        ("xgroup", ""),
    ] {
        assert_eq!(keys(words), wanted, "{words}");
    }
}

#[test]
fn every_name_is_found_in_either_case() {
    let mut longest = 0;
    for index in 0..TABLE.len() + LATER.len() {
        let spec = entry(index);
        assert_eq!(lookup(spec.name).map(Spec::name), Some(spec.name));
        let upper = spec.name.to_ascii_uppercase();
        assert_eq!(lookup(&upper).map(Spec::name), Some(spec.name));
        let mut steps = 0;
        while PLACES[(place(spec.name) + steps) % SIZE] != index as u16 + 1 {
            steps += 1;
        }
        longest = longest.max(steps);
    }
    assert!(longest < 16, "{longest} places are looked at");
    for name in [&b""[..], b"s", b"se", b"sett", b"set\0", &[0xff; 100]] {
        assert_eq!(lookup(name), None);
    }
}

#[test]
fn arities_are_those_of_each_release() {
    let arity = |name: &[u8], release| lookup(name).unwrap().arity(release);
    assert_eq!(arity(b"set", Release::Redis60), Some(Arity::AtLeast(3)));
    assert_eq!(arity(b"incr", Release::Valkey91), Some(Arity::Exactly(2)));
    assert_eq!(arity(b"hexpire", Release::Redis70), None);
    assert!(arity(b"hexpire", Release::Redis80).is_some());
    assert_eq!(arity(b"hexpire", Release::Valkey81), None);
    assert!(arity(b"hexpire", Release::Valkey91).is_some());
    assert_eq!(arity(b"getex", Release::Redis60), None);
    assert!(Arity::AtLeast(3).accepts(3) && !Arity::AtLeast(3).accepts(2));
    assert!(Arity::Exactly(1).accepts(1) && !Arity::Exactly(1).accepts(2));
    assert!(!lookup(b"xdelex").unwrap().is_measured());
    assert!(lookup(b"xadd").unwrap().is_measured());
}

#[test]
fn releases_between_those_asked() {
    let known = |name: &[u8], server: &str| {
        let server = server.parse().unwrap();
        lookup(name).unwrap().known_to(server)
    };
    assert_eq!(known(b"hexpire", "redis:7.2"), None);
    assert_eq!(
        known(b"hexpire", "redis:7.4"),
        Some(Some(Arity::AtLeast(6)))
    );
    assert_eq!(known(b"hgetdel", "redis:7.4"), None);
    assert_eq!(
        known(b"hgetdel", "redis:8.0"),
        Some(Some(Arity::AtLeast(5)))
    );
    assert_eq!(known(b"lpop", "redis:6.0"), Some(Some(Arity::Exactly(2))));
    assert_eq!(known(b"lpop", "redis:6.2"), Some(Some(Arity::AtLeast(2))));
    assert_eq!(known(b"xdelex", "redis:8.2"), Some(None));
    assert_eq!(known(b"xdelex", "valkey:9.1"), None);
    assert_eq!(known(b"msetex", "redis:8.4"), Some(None));
    let since = |name: &[u8], product| {
        let since = lookup(name).unwrap().since(product);
        since.map(|server| server.to_string())
    };
    assert_eq!(
        since(b"hexpire", Product::Redis).as_deref(),
        Some("redis:7.4")
    );
    assert_eq!(
        since(b"hexpire", Product::Valkey).as_deref(),
        Some("valkey:9.1")
    );
    assert_eq!(since(b"lpop", Product::Redis).as_deref(), Some("redis:6.0"));
    assert_eq!(since(b"delifeq", Product::Redis), None);
    assert_eq!(since(b"xdelex", Product::Valkey), None);
}

#[test]
fn subcommands_are_told_apart() {
    let name = |words: &str| {
        let raw = raw(words);
        spec(&Command::parse(&raw).unwrap()).map(|spec| spec.name().escape_ascii().to_string())
    };
    assert_eq!(
        name("XGroup CREATE k g 0").as_deref(),
        Some("xgroup|create")
    );
    // Unknown ones are what they belong to.
    assert_eq!(name("xgroup nosuch k").as_deref(), Some("xgroup"));
    assert_eq!(name("xgroup").as_deref(), Some("xgroup"));
    let long = format!("xgroup {}", "x".repeat(100));
    assert_eq!(name(&long).as_deref(), Some("xgroup"));
    assert_eq!(name("set k v").as_deref(), Some("set"));
}

#[test]
fn releases_near_a_server() {
    let near = |product, major, minor| Release::nearest(Server::new(product, major, minor));
    assert_eq!(near(Product::Redis, 6, 2), Release::Redis60);
    assert_eq!(near(Product::Redis, 7, 4), Release::Redis70);
    assert_eq!(near(Product::Redis, 8, 8), Release::Redis80);
    assert_eq!(near(Product::Valkey, 7, 2), Release::Valkey80);
    assert_eq!(near(Product::Valkey, 8, 1), Release::Valkey81);
    assert_eq!(near(Product::Valkey, 9, 0), Release::Valkey91);
    assert_eq!(
        Release::ALL.map(|release| release as usize),
        [0, 1, 2, 3, 4, 5]
    );
}
