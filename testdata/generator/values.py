"""Populating, type by type: strings, lists, sets, sorted sets and hashes at the borders of their encodings."""
from .populate import INTS, INT_LIKE, LENGTHS, SCORES


def numbers(start, stop, factor=1):
    return [b"%d" % (i * factor) for i in range(start, stop)]


def strings(p):
    p.run(*(("SET", "int:%d" % i, str(i)) for i in INTS))
    p.run(*(("SET", b"intlike:" + x, x) for x in INT_LIKE))
    for n in LENGTHS:
        if n <= 16384:
            p.run(("SET", "rnd:%d" % n, p.blob(n)), ("SET", "zero:%d" % n, b"\0" * n),
                  ("SET", "txt:%d" % n, p.text(n)))


def odd_strings(p):
    """Keys and values that are empty, binary, not UTF-8, long; and those made by other commands than SET."""
    p.run(("SET", "empty", b""), ("SET", "nl", b"a\r\nb\nc\0d\xff\xfe"), ("SET", "quotes", b"\"'\\ \t"),
          ("SET", "json", b'{"a":[1,2,{"b":null}],"c":"\\u00e9"}'),
          ("SET", "unicode:\u00e9\u4e2d\U0001f600", "gr\u00fc\u00df \u4f60\u597d \U0001f600"),
          ("SET", b"\x00\x01\xff\xfebin\r\n", b"binary key"), ("SET", b"", b"empty key"),
          ("SET", b" ", b"space key"), ("SET", b"bad-utf8:\xc3\x28\xa0\xa1\xed\xa0\x80", b"\xf0\x28\x8c\x28"))
    for n in (1, 2, 63, 64, 65, 1000, 16383, 16384, 65536):
        p.run(("SET", b"k" * n, "key of %d" % n))
    p.run(("SET", "append", "abc"), ("APPEND", "append", "def"))
    if p.server.has((2, 2)):
        p.run(("SETBIT", "bits", "7777", "1"), ("SETRANGE", "range", 100, "x"))
    if p.server.has((2, 8, 9)):
        p.run(("PFADD", "hll:sparse") + tuple("e%d" % i for i in range(50)))
        p.run(*(("PFADD", "hll:dense") + tuple("d%d-%d" % (j, i) for i in range(500)) for j in range(20)))
    if p.server.has((3, 2)):
        p.run(("BITFIELD", "bf", "SET", "u8", "#3", "200", "INCRBY", "i5", "100", "1"))


def lists(p):
    push = lambda key, items: p.add("RPUSH", key, items)
    push("l:one", [b"x"])
    push("l:empty-elem", [b""])
    push("l:ints", [b"%d" % i for i in INTS])
    push("l:intlike", INT_LIKE)
    push("l:lens", [p.blob(n) for n in LENGTHS if n <= 4097])
    p.add("LPUSH", "l:small", p.elements(50))
    push("l:2000", p.elements(2000))
    push("l:same", [b"same value here"] * 500)
    push("l:seq", numbers(0, 3000))
    push("l:text", [p.text(200) for _ in range(100)])
    push("l:longlens", [p.text(n) for n in LENGTHS])
    push("l:254", [p.blob(254)] * 3)
    push("l:253", [p.blob(250), b"a", p.blob(251), b"b", p.blob(252), p.blob(253), b"c"])


def few_lists(p):
    p.add("RPUSH", "l:ints", [b"%d" % i for i in INTS])
    p.add("RPUSH", "l:lens", [p.blob(n) for n in LENGTHS if n <= 256])
    p.add("RPUSH", "l:300", p.elements(300))
    p.add("RPUSH", "l:text", [p.text(100) for _ in range(60)])


def plain_nodes(p):
    """Elements so long that a quicklist keeps each in a node of its own (7.0)."""
    p.add("RPUSH", "l:plain", [p.text(70000), b"s", p.text(200000), b"12", p.blob(9000), b"", p.text(1 << 20), b"end"])
    p.add("RPUSH", "l:plain1", [p.text(300000)])
    p.add("RPUSH", "l:8k", [p.text(8180 + i) for i in range(30)])


def sets(p):
    add = lambda key, items: p.add("SADD", key, items)
    add("s:i16", numbers(-100, 100))
    add("s:i32", numbers(-50, 50, 100000))
    add("s:i64", numbers(-40, 40, 10**14))
    add("s:i1", [b"5"])
    add("s:i512", numbers(0, 512))
    add("s:i513", numbers(0, 513))
    add("s:i5000", numbers(0, 5000, 7))
    add("s:extremes", [b"%d" % i for i in INTS])
    add("s:str", [b"a", b"b", b"", b"c" * 64, b"\xff\x00"])
    add("s:mix", p.elements(40))
    add("s:128", [b"m%d" % i for i in range(128)])
    add("s:129", [b"m%d" % i for i in range(129)])
    add("s:2000", [b"member:%d" % i for i in range(2000)])
    add("s:long", [p.text(65), b"x"])
    add("s:up16-32", [b"1", b"70000"])
    add("s:up32-64", [b"1", b"70000", b"%d" % 2**40])
    add("s:up-str", [b"1", b"2", b"x"])


def zsets(p):
    p.zset("z:scores", [(s, b"m:%d" % i) for i, s in enumerate(SCORES)])
    p.zset("z:one", [(b"1", b"a")])
    p.zset("z:emptymember", [(b"1", b"")])
    p.zset("z:ties", [(b"5", b"m%03d" % i) for i in range(60)])
    p.zset("z:ints", [(b"%d" % (i * i), b"%d" % i) for i in range(100)])
    p.zset("z:128", [(b"%d" % i, b"m%d" % i) for i in range(128)])
    p.zset("z:129", [(b"%d" % i, b"m%d" % i) for i in range(129)])
    p.zset("z:1000", [(repr(p.random.uniform(-1e6, 1e6)).encode(), b"member:%d" % i) for i in range(1000)])
    p.zset("z:longmember", [(b"1", p.text(65)), (b"2", b"x")])
    p.zset("z:bin", [(b"%d" % i, p.blob(20)) for i in range(20)])
    p.zset("z:scores-big", [(s, b"m:%d" % i) for i, s in enumerate(SCORES)]
           + [(b"%d" % i, b"pad%d" % i) for i in range(200)])
    if p.server.has((3, 2)):
        p.run(("GEOADD", "z:geo", "13.361389", "38.115556", "Palermo", "15.087269", "37.502669", "Catania"))


def hashes(p):
    p.hash("h:one", [b"f", b"v"])
    p.hash("h:empty", [b"", b""])
    p.hash("h:ints", [x for i in INTS for x in (b"%d" % i, b"%d" % -i)])
    p.hash("h:small", [x for i in range(30) for x in (b"field%d" % i, p.text(20))])
    p.hash("h:mix", [x for i in range(60) for x in (b"f%d" % i, p.elements(1)[0])])
    p.hash("h:128", [x for i in range(128) for x in (b"f%d" % i, b"v")])
    p.hash("h:513", [x for i in range(513) for x in (b"f%d" % i, b"v%d" % i)])
    p.hash("h:1500", [x for i in range(1500) for x in (b"field:%d" % i, p.text(25))])
    p.hash("h:longval", [b"a", p.text(65), b"b", b"x"])
    p.hash("h:bigval", [b"a", p.text(100000), b"b", p.blob(5000)])
    p.hash("h:63", [b"k", p.blob(63), b"k2", p.blob(64)])
    p.hash("h:lens", [x for n in LENGTHS if n <= 256 for x in (b"l%d" % n, p.blob(n))])
    p.hash("h:254", [b"z", p.blob(254), b"y", p.blob(253), b"w", p.blob(252)])
