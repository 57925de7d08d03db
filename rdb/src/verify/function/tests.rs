//! Every verdict here was taken from real servers, by `FUNCTION LOAD` and by starting them on a file that holds
//! the library: Redis 7.0.15 and 8.0, Valkey 8.0, 8.1 and 9.1.2.

use proptest::prelude::*;

use super::*;

const REGISTER: &str = "redis.register_function('f', function() end)";

fn alone(source: &[u8], product: Product) -> FunctionVerdict {
    judge(source, &mut Libraries::default(), product)
}

/// The verdict in short: `loads name f,g`, `refused: why` or `undecided: why`.
fn short(verdict: &FunctionVerdict) -> String {
    match verdict {
        FunctionVerdict::Loads { library, functions } => {
            format!(
                "loads {} {}",
                library.escape_ascii(),
                functions.join(&b','.to_owned()).escape_ascii()
            )
        }
        FunctionVerdict::Refused(refusal) => format!("refused: {refusal}"),
        FunctionVerdict::Undecided(uncertainty) => format!("undecided: {uncertainty}"),
    }
}

#[track_caller]
fn assert_both(source: &str, expected: &str) {
    for product in [Product::Redis, Product::Valkey] {
        assert_eq!(
            short(&alone(source.as_bytes(), product)),
            expected,
            "{product:?}: {source:?}"
        );
    }
}

#[test]
fn the_first_line_is_read_as_servers_read_it() {
    for (line, expected) in [
        ("#!lua name=l", "loads l f"),
        ("#!LUA name=l", "loads l f"),
        ("#!lua NAME=l", "loads l f"),
        ("#!lua\tname=l", "loads l f"),
        ("#!lua \x0bname=l \x0c", "loads l f"),
        ("#!lua name=l\r", "loads l f"),
        ("#!\"lua\" name=l", "loads l f"),
        ("#!lua \"name=l\"", "loads l f"),
        ("#!lua name='l'", "loads l f"),
        ("#!lua name=a\"\"", "loads a f"),
        ("#!lua name=\"\\x41\"", "loads A f"),
        ("#!lua name=\"a\\x4\"", "loads ax4 f"),
        ("#!lua name=\"a\\0b\"", "loads a0b f"),
        ("", "refused: library metadata is missing"),
        (" #!lua name=l", "refused: library metadata is missing"),
        ("#!", "refused: the library name is missing"),
        ("#!lua", "refused: the library name is missing"),
        ("#!lua\x0bname=l", "refused: the library name is missing"),
        ("#! lua name=l", "refused: unknown metadata argument 'lua'"),
        (
            "#!lua name=l x=1",
            "refused: unknown metadata argument 'x=1'",
        ),
        ("#!lua name=l ''", "refused: unknown metadata argument ''"),
        (
            "#!lua name=l name=m",
            "refused: the library name is given more than once",
        ),
        ("#!lua name=", "refused: '' is not a library name"),
        ("#!lua name=a-b", "refused: 'a-b' is not a library name"),
        ("#!lua name=a\\", "refused: 'a\\\\' is not a library name"),
        (
            "#!lua name=\"a\\x00b\"",
            "refused: 'a\\x00b' is not a library name",
        ),
        (
            "#!lua name='a\\'b'",
            "refused: 'a\\'b' is not a library name",
        ),
        ("#!js name=l", "refused: engine 'js' does not exist"),
        ("#!lua 'name=l", "refused: library metadata is invalid"),
        ("#!lua\0 name=l", "refused: library metadata is invalid"),
        ("#!lua name=l\0", "refused: library metadata is invalid"),
    ] {
        assert_both(&format!("{line}\n{REGISTER}"), expected);
    }
    assert_both("#!lua name=l", "refused: library metadata is invalid");
}

#[test]
fn versions_of_valkey_that_disagree_leave_it_undecided() {
    let expected = "undecided: versions of the server do not agree on it";
    for (source, redis) in [
        // Since 9.0 a word goes on behind a closing quote.
        (
            format!("#!lua name='l'x\n{REGISTER}"),
            "refused: library metadata is invalid",
        ),
        // Since 8.1 the code ends at a NUL byte, and so does the name of the engine.
        (
            format!("#!lua name=l\n{REGISTER}\nlocal a = '\0'"),
            "loads l f",
        ),
        (
            format!("#!\"lua\\x00\" name=l\n{REGISTER}"),
            "refused: engine 'lua\\x00' does not exist",
        ),
    ] {
        assert_eq!(
            short(&alone(source.as_bytes(), Product::Valkey)),
            expected,
            "{source:?}"
        );
        assert_eq!(
            short(&alone(source.as_bytes(), Product::Redis)),
            redis,
            "{source:?}"
        );
    }
    // Cut off or not, the comment changes nothing.
    assert_both(&format!("#!lua name=l\n{REGISTER} -- \0"), "loads l f");
}

#[test]
fn names_are_unique_across_libraries() {
    let library = |name: &str, function: &str| {
        format!("#!lua name={name}\nredis.register_function('{function}', function() end)")
            .into_bytes()
    };
    let mut seen = Libraries::default();
    let mut next =
        |name, function| short(&judge(&library(name, function), &mut seen, Product::Redis));
    assert_eq!(next("a", "f"), "loads a f");
    assert_eq!(next("a", "g"), "refused: library 'a' exists already");
    // Libraries are told apart by case, functions of different libraries are not.
    assert_eq!(next("A", "F"), "refused: function 'F' exists already");
    assert_eq!(next("A", "g"), "loads A g");
}

/// Inside one library the case of a function name does count.
#[test]
fn one_library_may_have_names_that_differ_in_case() {
    let pair = |second: &str| {
        format!("#!lua name=l\n{REGISTER} redis.register_function('{second}', function() end)")
    };
    assert_both(&pair("F"), "loads l f,F");
    assert_both(
        &pair("f"),
        "refused: the code fails while loading: line 2: function 'f' is registered twice",
    );
}

#[test]
fn arguments_of_a_registration_are_checked() {
    let fails = |what: &str| format!("refused: the code fails while loading: line 2: {what}");
    let table =
        |fields: &str| format!("redis.register_function{{callback = function() end, {fields}}}");
    for (code, expected) in [
        (
            "redis['register_function']('g', function() end)".to_owned(),
            "loads l g".to_owned(),
        ),
        (
            "redis.register_function(7, function() end)".to_owned(),
            "loads l 7".to_owned(),
        ),
        (
            "redis.register_function('g', redis.log)".to_owned(),
            "loads l g".to_owned(),
        ),
        (table("function_name = 'g'"), "loads l g".to_owned()),
        (
            table("FUNCTION_NAME = 'g', description = 5, extra = nil"),
            "loads l g".to_owned(),
        ),
        (
            table("function_name = 'g', flags = {'NO-writes', 'allow-oom', 'allow-stale'}"),
            "loads l g".to_owned(),
        ),
        (
            table("function_name = 'g', flags = {'no-cluster', 'allow-cross-slot-keys'}"),
            "loads l g".to_owned(),
        ),
        (
            table("function_name = 'g', flags = {'no-writes', nil, 'bad', x = 'bad'}"),
            "loads l g".to_owned(),
        ),
        (
            table("function_name = 'g', flags = {'bad'}"),
            fails("unknown flag given"),
        ),
        (
            table("function_name = 'g', flags = {1}"),
            fails("unknown flag given"),
        ),
        (
            table("function_name = 'g', flags = 'no-writes'"),
            fails("flags must be a table"),
        ),
        (
            table("function_name = 'g', extra = 1"),
            fails("unknown named argument"),
        ),
        (
            table("function_name = 'g', 1"),
            fails("unknown named argument"),
        ),
        (
            table("function_name = {}"),
            fails("function_name must be a string"),
        ),
        (
            table("function_name = 'g', description = {}"),
            fails("description must be a string"),
        ),
        (table(""), fails("a function_name argument is missing")),
        (
            "redis.register_function{function_name = 'g'}".to_owned(),
            fails("a callback argument is missing"),
        ),
        (
            "redis.register_function('g')".to_owned(),
            fails("a single argument must be a table"),
        ),
        (
            "redis.register_function('g', 1)".to_owned(),
            fails("the second argument must be a function"),
        ),
        (
            "redis.register_function('g h', function() end)".to_owned(),
            fails("'g h' is not a function name"),
        ),
        (
            "redis.register_function('', function() end)".to_owned(),
            fails("'' is not a function name"),
        ),
        (
            "redis:register_function('g', function() end)".to_owned(),
            fails("wrong number of arguments to register_function"),
        ),
    ] {
        assert_both(&format!("#!lua name=l\n{code}"), &expected);
    }
}

#[test]
fn libraries_as_people_write_them() {
    let fails = "refused: the code fails while loading: line";
    let cases: &[(&str, &str)] = &[
        (
            "redis.register_function('myfunc', function(keys, args) return redis.call('SET', keys[1], args[1]) end)\n\
             redis.register_function{function_name='ro', callback=function() return 1 end, flags={'no-writes'}}\n",
            "loads l myfunc,ro",
        ),
        (
            "local x = 'gr\u{c3}\u{bc}'\nredis.register_function('echo2', function(keys, args) return args end)\n-- pad\n",
            "loads l echo2",
        ),
        (
            "local M = {}\nM.PREFIX = 'h:' .. 'v1:'\nfunction M.key(n) return M.PREFIX .. n end\n\
             M.get = function(keys) return redis.call('HGETALL', M.key(keys[1])) end\n\
             redis.register_function('hget', M.get)\n",
            "loads l hget",
        ),
        (
            "local DEFAULTS = { window = 60 * 1000, [1] = 'x'; nested = { a = -1, b = 2 ^ 10 } }\n\
             local now = function() return redis.call('TIME')[1] * 1000 end\n\
             redis.register_function({ function_name = 'allow', description = 'counts',\n\
             callback = function(k, a) return now() - DEFAULTS.window end, flags = { 'allow-oom' }, })\n",
            "loads l allow",
        ),
        (
            "local modern = redis.REDIS_VERSION_NUM >= 0x00070000\nlocal text = modern and 'new' or 'old'\n\
             redis.register_function('banner', function() return redis.REDIS_VERSION .. text end)\n",
            "loads l banner",
        ),
        (
            "local register, api = redis.register_function, redis\nregister('a1', function() end)\n\
             api.register_function('a2', function() end)\nreturn\n",
            "loads l a1,a2",
        ),
        (
            "local ro = {'no-writes', 'allow-stale'}\nlocal function r1() end local function r2() end\n\
             redis.register_function{function_name='r1', callback=r1, flags=ro}\n\
             redis.register_function{function_name='r2', callback=r2, flags=ro}\n",
            "loads l r1,r2",
        ),
        (
            "local opts = {}\nopts.function_name = 'built'\nopts.callback = function(k, a) return a end\n\
             opts.flags = {}\nredis.register_function(opts)\n",
            "loads l built",
        ),
        (
            "local doc = [==[\n text with ]] inside\n]==]\n--[[ block\ncomment ]]\n\
             redis.register_function(\"doc\", function() return doc end)\n",
            "loads l doc",
        ),
        (
            "local debugging = false\nif debugging then redis.register_function('d', function() end) end\n\
             if not debugging then redis.register_function('p', function() end) end\n",
            "loads l p",
        ),
        (
            "local a = 1\r\nredis.register_function('cr', function() return a end)\r\n",
            "loads l cr",
        ),
        (
            "local floor = math.floor\n",
            "2: 'math' does not exist while a library loads",
        ),
        (
            "local encode = cjson.encode\n",
            "2: 'cjson' does not exist while a library loads",
        ),
        (
            "local seed = redis.call('INCR', 'seed')\n",
            "2: 'call' does not exist while a library loads",
        ),
        (
            "local C = {}\nlocal o = setmetatable({}, C)\n",
            "3: 'setmetatable' does not exist while a library loads",
        ),
        (
            "local fns = { one = function() end }\nfor n, f in pairs(fns) do redis.register_function(n, f) end\n",
            "3: 'pairs' does not exist while a library loads",
        ),
        (
            "function helper() return 1 end\n",
            "2: attempt to modify a read-only table",
        ),
        (
            "VERSION = '1.0'\n",
            "2: attempt to modify a read-only table",
        ),
        (
            "redis.register_function('o', function() end, {'no-writes'})\n",
            "2: wrong number of arguments to register_function",
        ),
        (
            "redis.register_function('do-it', function() end)\n",
            "2: 'do-it' is not a function name",
        ),
        (
            "local function reg(n, f) redis.register_function(n, f) end\nreg('r', function() end)\n",
            "undecided: line 3: calls a function while loading",
        ),
        (
            "for i = 1, 3 do redis.register_function('f' .. i, function() end) end\n",
            "undecided: line 2: runs a loop while loading",
        ),
        ("local x = 1\n", "refused: the code registers no function"),
        (
            "redis.register_function('s', function() end\n",
            "refused: the code does not compile: line 3: ')' expected",
        ),
        (
            "local x <const> = 5\n",
            "refused: the code does not compile: line 2: unexpected symbol",
        ),
        (
            "\x1bLuaQ",
            "refused: the code does not compile: line 2: unexpected symbol",
        ),
    ];
    for (code, expected) in cases {
        let failure = expected.starts_with(|first: char| first.is_ascii_digit());
        let expected = if failure {
            format!("{fails} {expected}")
        } else {
            (*expected).to_owned()
        };
        assert_both(&format!("#!lua name=l\n{code}"), &expected);
    }
}

#[test]
fn only_valkey_has_the_global_server() {
    let source =
        b"#!lua name=l\nserver.register_function('f', function() return server.SERVER_NAME end)";
    assert_eq!(short(&alone(source, Product::Valkey)), "loads l f");
    let refused = "refused: the code fails while loading: line 2: 'server' does not exist while a library loads";
    assert_eq!(short(&alone(source, Product::Redis)), refused);
}

/// Valkey 9.1.2 crashes at this; 8.0 and 8.1 load it.
#[test]
fn logging_while_loading_is_undecided_for_valkey() {
    let source = format!("#!lua name=l\nredis.log(redis.LOG_NOTICE, 'loading')\n{REGISTER}");
    assert_eq!(
        short(&alone(source.as_bytes(), Product::Redis)),
        "loads l f"
    );
    let undecided = "undecided: line 2: writes to the log while loading";
    assert_eq!(short(&alone(source.as_bytes(), Product::Valkey)), undecided);
}

#[test]
fn syntax_errors_point_into_the_whole_source() {
    let source = b"#!lua name=l\nlocal a = 'x\n";
    let verdict = alone(source, Product::Redis);
    let FunctionVerdict::Refused(Refusal::Syntax(error)) = verdict else {
        panic!("{verdict:?}")
    };
    assert_eq!((error.line, source.get(error.offset)), (2, Some(&b'\n')));
}

#[test]
fn code_near_the_limits_of_the_compiler_is_undecided() {
    let arguments = vec!["1"; 251].join(",");
    let source = format!("#!lua name=l\n{REGISTER} local function g() f({arguments}) end");
    assert_both(
        &source,
        "undecided: the code may exceed the limits of the compiler",
    );
}

proptest! {
    #[test]
    fn random_bytes_do_no_harm(line in "[#!a-z=\"' \\\\\0\t]{0,30}", code in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut source = b"#!".to_vec();
        source.extend(line.into_bytes());
        source.push(b'\n');
        source.extend(code);
        for product in [Product::Redis, Product::Valkey] {
            let verdict = alone(&source, product);
            let named = !matches!(verdict, FunctionVerdict::Loads { library, .. } if !is_name(&library));
            prop_assert!(named);
        }
    }

    #[test]
    fn any_valid_name_loads_once(library in "[A-Za-z0-9_]{1,20}", function in "[A-Za-z0-9_]{1,20}") {
        let source = format!("#!lua name={library}\nredis.register_function('{function}', function() end)");
        let mut seen = Libraries::default();
        let verdict = judge(source.as_bytes(), &mut seen, Product::Valkey);
        let expected = FunctionVerdict::Loads {
            library: library.clone().into_bytes(),
            functions: vec![function.into_bytes()],
        };
        prop_assert_eq!(verdict, expected);
        let again = judge(source.as_bytes(), &mut seen, Product::Valkey);
        prop_assert_eq!(again, FunctionVerdict::Refused(Refusal::DuplicateLibrary(library.into_bytes())));
    }
}
