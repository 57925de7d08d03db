use proptest::prelude::*;

use super::*;

fn key(db: u64, object: ObjectKind, name: &str, expire_ms: Option<i64>) -> Candidate<'_> {
    Candidate {
        db,
        object: Some(object),
        key: Str::Raw(name.as_bytes()),
        expire_ms,
    }
}

fn plain(name: &str) -> Candidate<'_> {
    key(0, ObjectKind::String, name, None)
}

fn takes(filter: &mut Filter, candidate: &Candidate<'_>) -> bool {
    filter.takes_key(candidate).unwrap() && filter.takes_size(10)
}

fn unmet(filter: &Filter) -> Vec<String> {
    filter.unmet().collect()
}

#[test]
fn nothing_asked_everything_taken() {
    let mut filter = Filter::new();
    assert!(filter.is_empty() && takes(&mut filter, &plain("")));
    assert_eq!((filter.seen(), filter.taken()), (1, 1));
    assert!(unmet(&filter).is_empty() && filter.contradiction().is_none());
}

#[test]
fn one_of_each_kind_is_enough() {
    let mut filter = Filter::new()
        .db(1)
        .db(3)
        .object(ObjectKind::Hash)
        .object(ObjectKind::Zset)
        .key(Pattern::glob("a*"))
        .key(Pattern::regex("b$").unwrap())
        .without_key(Pattern::exact("ab"));
    assert!(takes(&mut filter, &key(1, ObjectKind::Hash, "a", None)));
    assert!(takes(&mut filter, &key(3, ObjectKind::Zset, "xb", None)));
    assert!(!takes(&mut filter, &key(3, ObjectKind::Zset, "ab", None)));
    assert!(!takes(&mut filter, &key(2, ObjectKind::Hash, "a", None)));
    assert!(!takes(&mut filter, &key(1, ObjectKind::List, "a", None)));
    assert!(!takes(&mut filter, &key(1, ObjectKind::Hash, "c", None)));
    assert_eq!((filter.seen(), filter.taken()), (6, 2));
    assert!(unmet(&filter).is_empty());
}

#[test]
fn names_are_what_a_client_sees() {
    let mut filter = Filter::new().key(Pattern::glob("-1?"));
    let number = Candidate {
        key: Str::Int(-12),
        ..plain("")
    };
    assert!(takes(&mut filter, &number));
    // "a" and a run of 29: thirty times "a"
    let data = [0x00, b'a', 0xe0, 0x14, 0x00];
    let mut filter = Filter::new().key(Pattern::regex("^a{30}$").unwrap());
    let packed = |len| Candidate {
        key: Str::Lzf { data: &data, len },
        ..plain("")
    };
    assert!(takes(&mut filter, &packed(30)));
    assert!(filter.takes_key(&packed(31)).is_err());
    // Bytes, not characters.
    assert!(Pattern::regex(r"^\xff.$").unwrap().matches(b"\xff\xfe"));
    assert!(Pattern::regex("(").is_err());
}

#[test]
fn expiries() {
    for (rule, of_none, of_99, of_100) in [
        (Expiry::Set, false, true, true),
        (Expiry::Unset, true, false, false),
        (Expiry::Before(100), false, true, false),
        (Expiry::From(100), false, false, true),
        (Expiry::AliveAt(100), true, false, true),
    ] {
        let holds = [None, Some(99), Some(100)].map(|at| rule.holds(at));
        assert_eq!(holds, [of_none, of_99, of_100], "{rule}");
    }
}

#[test]
fn sizes() {
    let mut filter = Filter::new().min_size(5).max_size(7);
    let taken: Vec<u64> = (0..10).filter(|n| filter.takes_size(*n)).collect();
    assert_eq!(taken, [5, 6, 7]);
    assert_eq!(filter.decisive_size(), 8);
    assert_eq!(Filter::new().min_size(5).decisive_size(), 5);
    assert_eq!(Filter::new().decisive_size(), 0);
}

#[test]
fn what_was_never_met_is_named() {
    let mut filter = Filter::new()
        .db(0)
        .db(7)
        .without_object(ObjectKind::Hash)
        .key(Pattern::glob("a*"))
        .key(Pattern::glob("*"))
        .key(Pattern::glob("ab*"))
        .key(Pattern::glob("users:*"));
    assert!(unmet(&filter).is_empty(), "nothing was asked yet");
    assert!(takes(&mut filter, &plain("abc")));
    assert_eq!(
        unmet(&filter),
        ["database 7", "not type hash", r#"key "users:*""#],
        "those behind the first that fits were tried too"
    );

    // What an earlier condition kept away is not held against a later one.
    let mut filter = Filter::new()
        .object(ObjectKind::Hash)
        .key(Pattern::glob("a"))
        .min_size(100);
    assert!(!takes(&mut filter, &plain("a")));
    assert_eq!(unmet(&filter), ["type hash"]);
    assert!(!takes(&mut filter, &key(0, ObjectKind::Hash, "a", None)));
    assert_eq!(unmet(&filter), ["at least 100 bytes"]);
    let mut filter = Filter::new().expiry(Expiry::Before(7));
    assert!(!takes(&mut filter, &plain("a")));
    assert_eq!(unmet(&filter), ["expiring before 7 ms"]);
}

#[test]
fn contradictions() {
    let no = |filter: Filter| assert!(filter.contradiction().is_some(), "{filter:?}");
    let yes = |filter: Filter| assert_eq!(filter.contradiction(), None, "{filter:?}");
    no(Filter::new().min_size(2).max_size(1));
    yes(Filter::new().min_size(1).max_size(1));
    no(Filter::new().db(1).without_db(1));
    yes(Filter::new().db(1).db(2).without_db(1));
    no(Filter::new()
        .key(Pattern::exact("a:b"))
        .without_key(Pattern::glob("a:*")));
    yes(Filter::new()
        .key(Pattern::glob("a:*"))
        .without_key(Pattern::exact("a:b")));
    no(Filter::new()
        .without_key(Pattern::glob("*"))
        .key(Pattern::glob("x")));
    no(Filter::new().expiry(Expiry::Set).expiry(Expiry::Unset));
    no(Filter::new()
        .expiry(Expiry::Before(5))
        .expiry(Expiry::From(5)));
    yes(Filter::new()
        .expiry(Expiry::Before(6))
        .expiry(Expiry::From(5)));
    no(Filter::new()
        .expiry(Expiry::Before(5))
        .expiry(Expiry::AliveAt(5)));
    yes(Filter::new()
        .expiry(Expiry::Unset)
        .expiry(Expiry::AliveAt(5)));
    no(Filter::new()
        .expiry(Expiry::Unset)
        .expiry(Expiry::Before(5)));
}

fn any_object() -> impl Strategy<Value = ObjectKind> {
    prop::sample::select(ObjectKind::ALL.to_vec())
}

proptest! {
    /// What a condition takes and what its opposite takes is everything, once.
    #[test]
    fn a_condition_and_its_opposite_part_all_keys(
        db in 0u64..3, kind in any_object(), name in "[ab:]{0,4}",
        at in prop::option::of(-3i64..3), size in 0u64..5,
        glob in r"[ab:*?\[\]^\\-]{0,5}", wanted_db in 0u64..3, wanted in any_object(), t in -3i64..3, n in 0u64..5,
    ) {
        let candidate = key(db, kind, &name, at);
        let glob = || Pattern::glob(glob.as_str());
        for (one, other) in [
            (Filter::new().key(glob()), Filter::new().without_key(glob())),
            (Filter::new().db(wanted_db), Filter::new().without_db(wanted_db)),
            (Filter::new().object(wanted), Filter::new().without_object(wanted)),
            (Filter::new().expiry(Expiry::Set), Filter::new().expiry(Expiry::Unset)),
            (Filter::new().expiry(Expiry::Before(t)), Filter::new().expiry(Expiry::AliveAt(t))),
            (Filter::new().min_size(n + 1), Filter::new().max_size(n)),
        ] {
            let count = [one, other].into_iter().filter_map(|mut filter| {
                (filter.takes_key(&candidate).unwrap() && filter.takes_size(size)).then_some(())
            }).count();
            prop_assert_eq!(count, 1);
        }
    }

    /// No contradiction is claimed where a key passes.
    #[test]
    fn contradictions_are_real(
        rules in prop::collection::vec((0..5, -3i64..3), 0..4), at in prop::option::of(-4i64..4),
    ) {
        let filter = rules.iter().fold(Filter::new(), |filter, (which, t)| {
            filter.expiry([
                Expiry::Set, Expiry::Unset, Expiry::Before(*t), Expiry::From(*t), Expiry::AliveAt(*t),
            ][*which as usize])
        });
        let mut asked = filter.clone();
        if takes(&mut asked, &key(0, ObjectKind::Set, "k", at)) {
            prop_assert_eq!(filter.contradiction(), None);
        }
    }
}
