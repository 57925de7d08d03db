"""Small append-only logs, each odd in one way that redis-check-aof has words or a number of its own for.

A probe is (name, files, args, stdin): the last of the args is the file to check, one of the files.
"""
from .probes import crc64, string


def command(*words):
    words = [w if isinstance(w, bytes) else w.encode() for w in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)


PING, SET = command("PING"), command("SET", "key", "0123456789")
INCR = command("INCR", "n")
MULTI, EXEC = command("MULTI"), command("EXEC")
_BODY = b"REDIS0009\xfa" + string(b"redis-bits") + b"\xc0\x40" + b"\xfe\x00\x00" + string(b"a") + b"\xc0\x07\xff"
RDB = _BODY + crc64(_BODY).to_bytes(8, "little")


def time(seconds):
    return b"#TS:%d\r\n" % seconds


# What a log may hold or end with; `SET` in front gives the buffers of the tools something to remember.
LOGS = {
    "empty": b"",
    "ping": PING,
    "no-count": SET + b"*",
    "torn-count": SET + b"*1",
    "torn-count-cr": SET + b"*1\r",
    "torn-count-2": SET + b"*12",
    "torn-count-5": command("RPUSH", *["e"] * 1200) + SET + b"*123",
    "count-lf": SET + b"*1\n$4\nPING\n",
    "no-length": SET + b"*3\r\n",
    "torn-length": SET + b"*3\r\n$",
    "torn-length-1": SET + b"*3\r\n$3",
    "torn-length-2": SET + b"*3\r\n$30",
    "torn-length-3": command("SET", "k", "v" * 250) + PING + b"*3\r\n$300",
    "torn-length-cr": SET + b"*3\r\n$3\r",
    "no-bytes": SET + b"*3\r\n$3\r\n",
    "torn-bytes": SET + b"*3\r\n$3\r\nSE",
    "torn-end": SET + b"*3\r\n$3\r\nSET\r",
    "wrong-end": SET + b"*1\r\n$4\r\nPING\n\n",
    "high-end": SET + b"*1\r\n$4\r\nPING\x80\xff",
    "bytes-too-long": SET + b"*1\r\n$4\r\nPINGPING\r\n" + SET,
    "no-number": SET + b"*\r\n" + PING,
    "no-length-number": SET + b"*1\r\n$\r\n\r\n",
    "word-number": SET + b"*x\r\n",
    "high-number": SET + b"*1\x80\r\n",
    "zero-arguments": SET + b"*0\r\n" + SET,
    "negative-arguments": SET + b"*-1\r\n" + SET,
    "plus-arguments": b"*+1\r\n$+4\r\nPING\r\n",
    "blank-numbers": b"* 1\r\n$\t 4\r\nPING\r\n",
    "zeros": b"*" + b"0" * 123 + b"1\r\n$04\r\nPING\r\n" + PING,
    "too-many-zeros": b"*" + b"0" * 124 + b"1\r\n$4\r\nPING\r\n",
    "many-arguments": b"*4294967297\r\n$4\r\nPING\r\n",
    "endless-arguments": SET + b"*99999999999999999999\r\n" + PING,
    "negative-length": SET + b"*1\r\n$-1\r\n",
    "endless-length": SET + b"*1\r\n$9223372036854775807\r\n",
    "overflowing-length": SET + b"*1\r\n$99999999999999999999\r\n",
    "long-length": SET + b"*2\r\n$100000000000\r\nabc",
    "wrong-prefix": SET + b"*2\r\n:3\r\nSET\r\n",
    "nul-prefix": SET + b"*2\r\n\0\0\0",
    "nul-number": SET + b"*1\0\r\n",
    "nul-padding": SET + b"\0" * 40,
    "nul-bytes": SET + b"*1\r\n$4\r\n" + b"\0" * 40,
    "inline": b"PING\r\n",
    "text": b"hello, world\n",
    "empty-command": command(""),
    "multi": MULTI + INCR + INCR + EXEC + PING,
    "multi-lower": command("multi") + INCR + command("eXeC"),
    "multi-nul": command("multi\0x") + INCR + command("EXEC\0"),
    "multi-more": command("MULTI", "x") + INCR + command("EXEC", "x"),
    "multi-open": PING + MULTI + INCR,
    "multi-alone": MULTI,
    "multi-torn": PING + MULTI + INCR + b"*2\r\n$4\r\nIN",
    "multi-no-length": PING + MULTI + INCR + b"*2\r\n",
    "multi-zero": PING + MULTI + b"*0\r\n",
    "multi-annotation": PING + MULTI + time(1),
    "multi-format": PING + MULTI + INCR + b"x",
    "multi-nested": PING + MULTI + INCR + MULTI + EXEC,
    "exec-alone": EXEC,
    "exec-twice": MULTI + INCR + EXEC + EXEC,
    "exec-torn": MULTI + INCR + b"*2\r\n$4\r\nEXEC\r\n",
    "annotations": time(1) + PING + b"#\n#any thing\r\n" + PING + b"# LF\n",
    "annotation-long": b"#" + b"a" * 1021 + b"\n" + PING,
    "annotation-too-long": PING + b"#" + b"a" * 1022 + b"\r\n" + PING,
    "annotation-in-two": PING + b"#" + b"a" * 1022 + b"#b\r\n" + PING,
    "annotation-only": b"#TS:5\r\n",
    "manifest-inside": PING + b"file a seq 1 type b\n",
    "like-a-manifest": command("SET", "k", "\nfile a seq 1 type b\n"),
    "short-magic": b"REDIS00",
    "hybrid": RDB + SET + PING,
    "hybrid-alone": RDB,
    "hybrid-torn": RDB + b"*1\r\n$4\r\nPI",
    "hybrid-multi": RDB + MULTI + INCR,
    "hybrid-format": RDB + b"x",
    "hybrid-checksum": RDB[:-1] + bytes([RDB[-1] ^ 1]) + SET,
    "hybrid-header": b"REDIS9999" + RDB[9:],
    "hybrid-cut": RDB[:20],
    "hybrid-damaged": RDB.replace(b"\x00\x01a\xc0\x07", b"\x00\x01a\xc7\x07"),
    "hybrid-type": RDB.replace(b"\x00\x01a\xc0\x07", b"\x4d\x01a\xc0\x07"),
}

FIXED = ["torn-count", "torn-bytes", "wrong-end", "nul-padding", "text", "multi-open", "multi-torn", "multi-nested",
         "exec-alone", "hybrid-torn", "hybrid-multi", "hybrid-checksum", "ping", "empty", "zero-arguments"]

TIMED = time(10) + PING + time(20) + SET + PING + time(30) + PING
HEADLESS = PING + TIMED

TRUNCATED = [
    ("after", TIMED, "30"), ("later", TIMED, "99"), ("middle", TIMED, "25"), ("same", TIMED, "20"),
    ("first", TIMED, "10"), ("before", TIMED, "9"), ("negative", TIMED, "-1"), ("zero", TIMED, "0"),
    ("no-number", TIMED, ""), ("blank", TIMED, " 20"), ("plus", TIMED, "+20"), ("tail", TIMED, "20x"),
    ("word", TIMED, "x"), ("largest", TIMED, "9223372036854775807"), ("too-large", TIMED, "9223372036854775808"),
    ("headless", HEADLESS, "5"), ("damaged-before", PING + b"x" + TIMED, "15"), ("damaged-behind", TIMED + b"x", "15"),
    ("damaged-and-kept", TIMED + b"x", "99"), ("empty", b"", "5"), ("hybrid", RDB + TIMED, "5"),
    ("hybrid-alone", RDB, "5"), ("no-times", PING + b"#x\r\n", "5"), ("open", TIMED + MULTI, "99"),
    ("torn", PING + b"#TS:15", "10"), ("lf", PING + b"#TS:15\n", "10"), ("no-time", PING + b"#TS:\r\n" + PING, "10"),
    ("bad-time", PING + b"#TS:x\r\n", "10"), ("huge-time", PING + b"#TS:99999999999999999999\r\n", "10"),
    ("blank-time", PING + b"#TS: +15 \r\n", "10"), ("blank-before", PING + b"#TS: +15\r\n", "10"),
    ("negative-time", PING + b"#TS:-15\r\n" + PING, "-20"), ("backwards", TIMED + time(5), "15"),
    ("lower", PING + b"#ts:15\r\n", "10"),
]

BASE, ONE, TWO = b"file b seq 1 type b\n", b"file i1 seq 1 type i\n", b"file i2 seq 2 type i\n"
PARTS = {"b": PING, "i1": SET, "i2": PING}

MANIFESTS = {
    "all": BASE + ONE + TWO,
    "base": BASE,
    "increment": ONE,
    "history": b"file x seq 1 type h\n",
    "order": TWO[:-2] + b"h\n" + ONE + BASE,
    "comments": b"# x\n#\n" + BASE + b"# y\n" + ONE,
    "offsets": BASE + b"file i1 seq 1 type i startoffset 5 endoffset 9 x y\n",
    "quotes": b'file "b" seq 1 type b\n' + b"file 'i1' seq 1 type i\n",
    "pairs": b"file b type b seq 1\n" + b"file i1 SEQ 007 Type increment\n",
    "blanks": b"file\tb  seq 1 type b \r\n",
    "missing-base": b"file nosuch seq 1 type b\n" + ONE,
    "missing-increment": BASE + b"file nosuch seq 1 type i\n",
    "empty-name": b'file "" seq 1 type i\n',
    "path": BASE + b"file a/b seq 1 type i\n",
    "backslash": BASE + b"file a\\b seq 1 type i\n",
    "two-bases": BASE + BASE,
    "not-monotonic": BASE + TWO + ONE,
    "seq-zero": b"file b seq 0 type b\n",
    "type": BASE + b"file i1 seq 1 type x\n",
    "odd": BASE + b"file i1 seq 1 type\n",
    "short": b"file b seq 1\n",
    "word": b"filename\n",
    "open-quote": BASE + b'file "i1 seq 1 type i\n',
    "glued-quote": b'file "b"x seq 1 type i\n',
    "empty-line": BASE + b"\n" + ONE,
    "blank-line": BASE + b" \t\n" + ONE,
    "no-lf": BASE + ONE[:-1],
    "only-file": b"file",
    "nul": BASE + b"file i1\0 seq 1 type i\n",
    "high": BASE + b"file \x80\xff seq 0 type i\n",
    "long": BASE + b"file " + b"i" * 1100 + b" seq 1 type i\n",
    "nearly-long": BASE + b"file " + b"i" * 1003 + b" seq 0 type i\n",
    "comment-only": b"# x\n",
    "comment-long": b"#" + b"x" * 1030 + b"\n" + BASE,
}

SETS = {
    "base-torn": {"b": PING + b"*"},
    "base-multi": {"b": PING + MULTI},
    "first-torn": {"i1": SET + b"*3\r\n$3\r\nSET\r\n$30"},
    "last-torn": {"i2": PING + b"*3\r\n$"},
    "last-exec": {"i2": PING + EXEC},
    "last-nothing": {"i2": b"x"},
    "all-empty": {"b": b"", "i1": b"", "i2": b""},
    "hybrid": {"b": RDB + PING},
    "hybrid-alone": {"b": RDB},
    "hybrid-checksum": {"b": RDB[:-1] + bytes([RDB[-1] ^ 1])},
    "hybrid-damaged": {"b": RDB.replace(b"\x00\x01a\xc0\x07", b"\x00\x01a\xc7\x07")},
}


def probes():
    for name, log in LOGS.items():
        yield "log-" + name, {"a.aof": log}, ["a.aof"], ""
    for name in FIXED:
        yield "fix-" + name, {"a.aof": LOGS[name]}, ["--fix", "a.aof"], "y"
    for answer in ["n", "", "Y", "yes\n", " y", "\n"]:
        yield "answer-%r" % answer, {"a.aof": LOGS["torn-bytes"]}, ["--fix", "a.aof"], answer
    for name, log, seconds in TRUNCATED:
        yield "truncate-" + name, {"a.aof": log}, ["--truncate-to-timestamp", seconds, "a.aof"], ""
    for name, text in MANIFESTS.items():
        yield "manifest-" + name, {"d/m": text, **{"d/" + part: log for part, log in PARTS.items()}}, ["d/m"], ""
    for name, parts in SETS.items():
        files = {"d/m": BASE + ONE + TWO, **{"d/" + part: log for part, log in {**PARTS, **parts}.items()}}
        yield "set-" + name, files, ["d/m"], ""
        yield "set-fix-" + name, files, ["--fix", "d/m"], "y"
    timed = {"d/m": BASE + ONE + TWO, "d/b": PING + time(10) + PING, "d/i1": time(20) + PING, "d/i2": PING + time(30)}
    for seconds in ["5", "10", "20", "25", "30"]:
        yield "set-truncate-" + seconds, timed, ["--truncate-to-timestamp", seconds, "d/m"], ""
