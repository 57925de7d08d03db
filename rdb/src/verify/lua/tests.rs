//! The verdicts in the tables were recorded from `luac5.1 -p` (Lua 5.1.5).

use proptest::prelude::*;

use super::*;

/// Sources the stand-alone compiler of Lua 5.1.5 accepts.
#[rustfmt::skip]
const GOOD: &[&[u8]] = &[
    b"",
    b"return",
    b"return;",
    b"return 1,2",
    b"do return end x=1",
    b"x=1;",
    b"local a",
    b"local a=1,2",
    b"local a,b=...",
    b"local function f() end",
    b"function f() end",
    b"function a.b.c:d() end",
    b"x=function() end",
    b"f()",
    b"(f)()",
    b"f'x'{1}[[y]]",
    b"f\n'x'",
    b"t={f\n(1)}",
    b"a.b:c()",
    b"(a).b=1",
    b"a,b=1",
    b"a,b,c=f()",
    b"a=1 b=2",
    b"while x do break end",
    b"while x do break; end",
    b"repeat local q until q",
    b"for i=1,2 do end",
    b"for i=1,2,3 do end",
    b"for k,v in f() do end",
    b"if a then elseif b then else end",
    b"x=...",
    b"function f(...) return ...,arg end",
    b"function f(a,a) end",
    b"x={1,2;3,a=1,[2]=3,}",
    b"x=a and b or not c",
    b"x=- -1^-2",
    b"x=1 ..2",
    b"x=#t%2",
    b"x=a<b<c",
    b"goto=1",
    b"x=0x1F",
    b"x=0x1p4",
    b"x=0xep1",
    b"x=1e5",
    b"x=1e+5",
    b"x=.5",
    b"x=5.",
    b"x=1\0+zz",
    b"x=a.\0b",
    b"x='a\\\nb'",
    b"x='\\255\\0659\\z\\''",
    b"x=[[a\n]]",
    b"x=[==[a]=]]==]",
    b"x=[=[a[[b[=[]=]",
    b"--[=a",
    b"--[[a]]x=1",
    b"-- a",
    b"--[==[ [[ ]==]",
    b"x='\xff'",
    b"x\x0b=\x0c1",
    b"self.x=1",
];

/// Sources it refuses, with the line it names.
#[rustfmt::skip]
const BAD: &[(&[u8], u32)] = &[
    (b"return 1; x=2", 1),
    (b";", 1),
    (b"x=1;;", 1),
    (b"local a.b", 1),
    (b"local function f.g() end", 1),
    (b"function a:b.c() end", 1),
    (b"function() end", 1),
    (b"f", 1),
    (b"(f)", 1),
    (b"(f())", 1),
    (b"f\n(1)", 2),
    (b"t={(f)\n(1)}", 2),
    (b"a:b", 1),
    (b"a:b.c()", 1),
    (b"f()=1", 1),
    (b"(a)=1", 1),
    (b"a,f()=1", 1),
    (b"a=", 1),
    (b"a==1", 1),
    (b"break", 1),
    (b"while x do break x=1 end", 1),
    (b"while x do local f=function() break end end", 1),
    (b"repeat until", 1),
    (b"for i=1 do end", 1),
    (b"for i=1,2,3,4 do end", 1),
    (b"for i,j=1,2 do end", 1),
    (b"for k.v in f() do end", 1),
    (b"if a then else elseif b then end", 1),
    (b"if a then", 1),
    (b"function f() return ... end", 1),
    (b"function f(...,a) end", 1),
    (b"function f(a,) end", 1),
    (b"x={,}", 1),
    (b"x={a=}", 1),
    (b"x={[1]}", 1),
    (b"x=1..2", 1),
    (b"x=a..", 1),
    (b"x=a//b", 1),
    (b"x=a&b", 1),
    (b"x=a!=b", 1),
    (b"goto x", 1),
    (b"::x::", 1),
    (b"local x <const> = 1", 1),
    (b"x=0x", 1),
    (b"x=0x.8", 1),
    (b"x=1e", 1),
    (b"x=1e+", 1),
    (b"x=1.2.3", 1),
    (b"x=3x", 1),
    (b"x=1_0", 1),
    (b"x=\0", 1),
    (b"x='a\nb'", 1),
    (b"x='\\256'", 1),
    (b"x='\\", 1),
    (b"x='a", 1),
    (b"x=[=a", 1),
    (b"x=[[a", 1),
    (b"x=[[a[[b]]", 1),
    (b"--[[a", 1),
    (b"# comment", 1),
    (b"#!lua", 1),
    (b"x=\xc3\xa4", 1),
    (b"x=\x1b", 1),
    (b"end", 1),
    (b"x=1 end", 1),
    (b"(", 1),
    (b"x=((1)", 1),
    (b"nil=1", 1),
    (b"local nil", 1),
    (b"return return", 1),
];

#[test]
fn accepts_what_the_compiler_accepts() {
    for source in GOOD {
        let result = check(source, Product::Redis);
        assert!(result.is_ok(), "{}: {result:?}", source.escape_ascii());
    }
}

#[test]
fn refuses_what_the_compiler_refuses_on_the_same_line() {
    for (source, line) in BAD {
        let error = check(source, Product::Redis)
            .map_err(|error| (error.line, error.offset <= source.len()));
        assert_eq!(error, Err((*line, true)), "{}", source.escape_ascii());
    }
}

fn error_of(source: &str) -> Option<SyntaxErrorKind> {
    check(source.as_bytes(), Product::Redis)
        .err()
        .map(|error| error.kind)
}

/// Boundaries measured with `FUNCTION LOAD` on Redis 7.0.15 and 8.0, and Valkey 9.1.2.
#[test]
fn nesting_ends_where_the_servers_end_it() {
    let blocks = |n: usize| "do ".repeat(n) + &"end ".repeat(n);
    assert_eq!(error_of(&blocks(199)), None);
    assert_eq!(error_of(&blocks(200)), Some(SyntaxErrorKind::TooManyLevels));
    let parentheses = |n: usize| format!("local a={}1{}", "(".repeat(n), ")".repeat(n));
    assert_eq!(error_of(&parentheses(198)), None);
    assert_eq!(
        error_of(&parentheses(199)),
        Some(SyntaxErrorKind::TooManyLevels)
    );
    let targets = |n: usize| format!("local a a{}=1", ",a".repeat(n - 1));
    assert_eq!(error_of(&targets(200)), None);
    let kind = error_of(&targets(201));
    assert_eq!(
        kind,
        Some(SyntaxErrorKind::TooMany {
            what: "variables in an assignment",
            limit: 200
        })
    );
}

/// The stand-alone compiler has one level less, because it compiles from inside a call.
#[test]
fn a_level_taken_outside_counts() {
    let source = format!("local a={}1{}", "(".repeat(198), ")".repeat(198));
    assert!(check_below(source.as_bytes(), Product::Redis, 0).is_ok());
    assert!(check_below(source.as_bytes(), Product::Redis, 1).is_err());
}

fn names(count: usize) -> String {
    (0..count)
        .map(|n| format!("v{n}"))
        .collect::<Vec<_>>()
        .join(",")
}

#[test]
fn variables_end_where_the_servers_end_them() {
    let locals = SyntaxErrorKind::TooMany {
        what: "local variables",
        limit: 200,
    };
    assert_eq!(error_of(&format!("local {}", names(200))), None);
    assert_eq!(error_of(&format!("local {}", names(201))), Some(locals));
    assert_eq!(
        error_of(&format!("local function f({}) end", names(200))),
        None
    );
    assert_eq!(
        error_of(&format!("local function f({}) end", names(201))),
        Some(locals)
    );
    // A method has `self` too, and a vararg function `arg`.
    assert_eq!(
        error_of(&format!("function t:f({}) end", names(200))),
        Some(locals)
    );
    assert_eq!(
        error_of(&format!("local function f({},...) end", names(200))),
        Some(locals)
    );
    // A loop has three variables without a name.
    assert_eq!(
        error_of(&format!("local {} for i=1,2 do end", names(196))),
        None
    );
    assert_eq!(
        error_of(&format!("local {} for i=1,2 do end", names(197))),
        Some(locals)
    );
    // The end of a block frees its variables.
    let block = format!("do local {} end ", names(200));
    assert_eq!(error_of(&block.repeat(3)), None);

    let upvalues = SyntaxErrorKind::TooMany {
        what: "upvalues",
        limit: 60,
    };
    let closure = |n: usize| format!("local {0} function t.f() return {0} end", names(n));
    assert_eq!(error_of(&closure(60)), None);
    assert_eq!(error_of(&closure(61)), Some(upvalues));
    // A function in between has to have them as well.
    let inner = format!(
        "local {0} function t.f() return function() return {0} end end",
        names(61)
    );
    assert_eq!(error_of(&inner), Some(upvalues));
}

#[test]
fn a_function_that_needs_many_registers_is_marked() -> Result<(), SyntaxError> {
    let call = |n: usize| format!("f({})", vec!["1"; n].join(","));
    assert!(!check(call(200).as_bytes(), Product::Redis)?.near_limits);
    // The compiler refuses it: 250 registers are all it has.
    assert!(check(call(251).as_bytes(), Product::Redis)?.near_limits);
    // A list is stored in batches, so its length does not matter.
    let list = format!("x={{{}}}", vec!["1"; 1000].join(","));
    assert!(!check(list.as_bytes(), Product::Redis)?.near_limits);
    Ok(())
}

/// What would take more memory than it is worth is not remembered, but in doubt.
#[test]
fn of_too_many_things_nothing_is_certain() -> Result<(), SyntaxError> {
    for many in [
        format!("local t = {{{}}}", "{},".repeat(70_000)),
        format!("local t = {{{}}}", "1,".repeat(70_000)),
    ] {
        assert_eq!(outcome(&many)?, "maybe");
        assert_eq!(outcome(&format!("{many} t = t + 1"))?, "maybe");
        assert_eq!(outcome(&format!("{many} x = 1"))?, "fails");
    }
    Ok(())
}

/// How a chunk runs, in one word.
fn outcome(source: &str) -> Result<&'static str, SyntaxError> {
    Ok(
        match check(source.as_bytes(), Product::Redis)?.registration {
            Registration::Certain(_) => "certain",
            Registration::Fails(_) => "fails",
            Registration::Maybe(_) => "maybe",
        },
    )
}

/// What the servers answer to these as the body of a library; `maybe` is where only running them tells.
#[test]
fn running_is_foreseen() -> Result<(), SyntaxError> {
    for (source, expected) in [
        ("local a = 1", "certain"),
        ("local a = ...", "certain"),
        ("local a = 1 or foo", "certain"),
        ("local a = nil and foo", "certain"),
        (
            "local t = {} t.x = 1 t[1] = 2 function t.f() end function t:m() end",
            "certain",
        ),
        ("local a = ('x').len", "certain"),
        ("local a = -1 + 2 * 3 .. 'x'", "certain"),
        (
            "local function f() g() x = 1 redis.call('x') end",
            "certain",
        ),
        (
            "if redis.REDIS_VERSION_NUM > 1 then local a = 1 end",
            "certain",
        ),
        ("do return end x = 1", "certain"),
        ("if nil then x = 1 end", "certain"),
        ("redis.log(redis.LOG_DEBUG, 'x')", "certain"),
        ("x = 1", "fails"),
        ("function f() end", "fails"),
        ("local a = foo", "fails"),
        ("local a = math.floor", "fails"),
        ("local a = redis.call", "fails"),
        ("redis.x = 1", "fails"),
        ("local t for k in pairs(t) do end", "fails"),
        ("local a a.b = 1", "fails"),
        ("local a = nil .. 'x'", "fails"),
        ("local a = {} + 1", "fails"),
        ("local a = #nil", "fails"),
        ("local a = 1 a()", "fails"),
        ("local a = {[nil] = 1}", "fails"),
        ("redis.log(redis.LOG_DEBUG)", "fails"),
        ("redis.log(9, 'x')", "fails"),
        // No state that the call leaves can avert the error behind it.
        ("local function f() end f() x = 1", "fails"),
        ("local function f() end f()", "maybe"),
        ("for i = 1, 2 do end", "maybe"),
        ("if 1 < 2 then x = 1 end", "maybe"),
        ("if 1 < 2 then return end x = 1", "maybe"),
        ("local a = 1 < 2 and foo", "maybe"),
        ("local a = ('x'):rep(2)", "maybe"),
        ("local a = '1' + 1", "maybe"),
    ] {
        assert_eq!(outcome(source)?, expected, "{source}");
    }
    Ok(())
}

#[test]
fn a_doubt_hides_what_variables_hold() -> Result<(), SyntaxError> {
    // The call may change `a`, so neither branch is certain.
    assert_eq!(
        outcome("local a local function f() a = 1 end f() if a then return end x = 1")?,
        "maybe"
    );
    assert_eq!(outcome("local a if a then return end x = 1")?, "fails");
    Ok(())
}

/// Fragments that make sources which are often nearly right.
const FRAGMENTS: &[&str] = &[
    "and",
    "break",
    "do",
    "else",
    "elseif",
    "end",
    "false",
    "for",
    "function",
    "if",
    "in",
    "local",
    "nil",
    "not",
    "or",
    "repeat",
    "return",
    "then",
    "true",
    "until",
    "while",
    "..",
    "...",
    "==",
    "~=",
    "<",
    "=",
    "+",
    "-",
    "#",
    "^",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "[[",
    "]]",
    "[=[",
    "]=]",
    "--",
    "--[[",
    ";",
    ":",
    ",",
    ".",
    "a",
    "b",
    "t",
    "self",
    "redis",
    "register_function",
    "server",
    "log",
    "1",
    "0x1",
    "1e",
    "'s'",
    "\"t\"",
    "'",
    "\\",
    "\n",
    "\r",
    "\0",
    "redis.register_function('f', function() end)",
    "local a = 1",
    "function() end",
    "{1, a = 2}",
];

proptest! {
    #[test]
    fn random_bytes_do_no_harm(source in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Err(error) = check(&source, Product::Redis) {
            prop_assert!(error.offset <= source.len());
        }
    }

    #[test]
    fn random_tokens_do_no_harm(words in proptest::collection::vec(proptest::sample::select(FRAGMENTS), 0..60)) {
        let source = words.join(" ");
        for product in [Product::Redis, Product::Valkey] {
            if let Err(error) = check(source.as_bytes(), product) {
                prop_assert!(error.offset <= source.len());
            }
        }
    }

    /// Hostile nesting stays on a small stack: each opener is repeated beyond any limit.
    #[test]
    fn deep_nesting_is_refused(opener in proptest::sample::select(&[
        "(", "{", "do ", "x=(", "x={", "x=-", "x=not ", "f(", "if a then ", "while a do ", "function f() ",
        "x=function() ", "repeat ", "a[", "x=a..", "x=a^", "for i=1,2 do ", "local x={y=", "{[", "x={f{",
    ][..])) {
        let source = opener.repeat(20_000);
        let small_stack = std::thread::Builder::new().stack_size(1 << 20);
        let refused = small_stack.spawn(move || check(source.as_bytes(), Product::Redis).is_err());
        prop_assert!(refused.is_ok_and(|thread| thread.join().unwrap_or(false)));
    }
}
