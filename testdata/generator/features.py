"""Populating, feature by feature: streams, field expiry, functions, expiry, databases, eviction; and small mixes."""
import time

from .populate import FAR, LIBRARY, LONG_LIBRARY, packing
from .server import no_active_expiry


def streams(p):
    run = p.run
    run(*(("XADD", "x:same", "%d-0" % (1000 + i), "temp", str(i), "unit", "C") for i in range(1, 301)))
    for i in range(1, 201):
        fields = [x for _ in range(p.random.randrange(1, 5))
                  for x in ("f%d" % p.random.randrange(9), p.blob(p.random.randrange(0, 30)))]
        run(("XADD", "x:diff", "%d-%d" % (5000 + i // 3, i % 3 + 1), *fields))
    run(*(("XADD", "x:deleted", "%d-1" % i, "n", str(i)) for i in range(1, 151)))
    run(("XDEL", "x:deleted") + tuple("%d-1" % i for i in range(2, 150, 3)))
    run(("XADD", "x:emptied", "1-1", "a", "b"), ("XDEL", "x:emptied", "1-1"),
        ("XADD", "x:big-ids", "18446744073709551614-18446744073709551614", "a", "b"),
        ("XADD", "x:ms", "1700000000000-5", "a", ""), ("XADD", "x:ms", "1700000000000-18446744073709551615", "a", ""),
        ("XADD", "x:ms", "1700000000001-0", "", ""),
        ("XADD", "x:long", "1-1", "payload", p.text(100000)), ("XADD", "x:long", "2-1", "payload", p.blob(5000)))
    run(*(("XADD", "x:trim", "MAXLEN", "50", "%d-0" % i, "k", "v%d" % i) for i in range(1, 501)))
    run(*(("XADD", "x:groups", "%d-0" % i, "k", "v%d" % i) for i in range(1, 121)))
    stream_groups(p)


def stream_groups(p):
    """Groups with pending, acknowledged, claimed and deleted entries; binary names; idle consumers."""
    take = lambda group, consumer, count, *more: (
        ("XREADGROUP", "GROUP", group, consumer, "COUNT", count) + more + ("STREAMS", "x:groups", ">"))
    p.run(("XGROUP", "CREATE", "x:groups", "g1", "0"), ("XGROUP", "CREATE", "x:groups", "g2", "$"),
          ("XGROUP", "CREATE", "x:groups", "g3", "50-0"), ("XGROUP", "CREATE", "x:mk", "only", "$", "MKSTREAM"),
          take("g1", "alice", 30), take("g1", "bob", 20), ("XACK", "x:groups", "g1", "3-0", "4-0", "33-0"),
          take("g3", "carol\xff", 5, "NOACK"), take("g3", "dave", 7),
          ("XCLAIM", "x:groups", "g1", "bob", 0, "1-0", "2-0"), ("XDEL", "x:groups", "5-0", "6-0"),
          ("XGROUP", "CREATE", "x:groups", b"g\x00bin", "0-0"))
    if p.server.has((6, 2)):
        p.run(("XGROUP", "CREATECONSUMER", "x:groups", "g2", "idle-consumer"),
              ("XAUTOCLAIM", "x:groups", "g1", "zed", 0, "10-0", "COUNT", 3))
    if p.server.has((7, 0)):
        p.run(("XGROUP", "CREATE", "x:groups", "gread", "10-0", "ENTRIESREAD", "10"),
              ("XSETID", "x:same", "9999-0", "ENTRIESADDED", "500", "MAXDELETEDID", "1500-0"))


def hash_ttl(p):
    one = lambda key, ms, *fields: ("HPEXPIREAT", key, ms, "FIELDS", len(fields)) + fields
    p.hash("ht:lp", [x for i in range(20) for x in (b"f%d" % i, b"v%d" % i)])
    p.hash("ht:big", [x for i in range(700) for x in (b"f%d" % i, p.text(20))])
    p.hash("ht:all", [b"a", b"1", b"b", b"2"])
    p.hash("ht:keyttl", [b"a", b"1", b"b", b"2", b"c", b"3"])
    p.hash("ht:persisted", [b"a", b"1", b"b", b"2"])
    p.hash("ht:longval", [b"a", p.text(100), b"b", b"x"])
    p.hash("ht:none", [b"a", b"1"])
    p.run(*(one("ht:lp", FAR + i * 1000 - 777 * i, "f%d" % i) for i in range(0, 20, 3)))
    p.run(*(one("ht:big", FAR + (i * 7919 % 701) * 1000 + i, "f%d" % i) for i in range(0, 700, 7)))
    p.run(one("ht:all", FAR, "a", "b"), one("ht:keyttl", FAR + 5, "b"), one("ht:persisted", FAR, "a"),
          ("HPERSIST", "ht:persisted", "FIELDS", 1, "a"), one("ht:longval", FAR + 99, "a"))
    p.expire_at("ht:keyttl", FAR + 1000)
    if p.server.has((8, 0), (9, 0)):
        p.run(("HSETEX", "ht:hsetex", "PXAT", FAR + 4242, "FIELDS", 2, "x", "1", "y", "2"),
              ("HSETEX", "ht:hsetex2", "EX", "100000000", "FIELDS", 1, "x", "1"),
              ("HGETEX", "ht:hsetex", "PXAT", FAR + 9, "FIELDS", 1, "y"))
    # fields that are past when the file is saved
    p.run(("HPEXPIRE", "ht:lp", 30, "FIELDS", 1, "f1"), ("HPEXPIRE", "ht:big", 30, "FIELDS", 1, "f1"))
    time.sleep(0.06)


def functions(p):
    p.run(("FUNCTION", "LOAD", LIBRARY), ("FUNCTION", "LOAD", LONG_LIBRARY),
          ("FCALL", "myfunc", 1, "by-function", "yes"), ("SET", "other", "1"))


def expires(p):
    now = int(time.time() * 1000)
    times = [FAR, FAR + 1, 253402300799999, 9999999999999, now + 86400000, now + 10**10 + 1, 4294967296000,
             2147483648000, 2147483647000]
    for i, ms in enumerate(times):
        p.run(("SET", "e:%d" % i, "v"))
        p.expire_at("e:%d" % i, ms)
    for command in (("RPUSH", "e:l", "a"), ("SADD", "e:s", "a"), ("ZADD", "e:z", "1", "a"), ("HMSET", "e:h", "a", "b")):
        p.run(command)
        p.expire_at(command[1], FAR + 55)
    p.run(("SET", "e:never", "v"), ("SET", "e:persist", "v"))
    p.expire_at("e:persist", FAR)
    p.run(("PERSIST", "e:persist"))
    p.known.pop((0, b"e:persist"), None)
    if p.server.has((3, 0)) and no_active_expiry(p.client):
        at = int(time.time() * 1000) + 25
        for i in range(8):
            p.run(("SET", "past:%d" % i, "gone%d" % i), ("PEXPIREAT", "past:%d" % i, at + i))
            p.hidden.append({"db": 0, "key": "past:%d" % i, "type": "string", "value": "gone%d" % i,
                             "pexpireat": at + i})
        time.sleep(0.08)


def several_databases(p):
    for db in (0, 1, 2, 5, 15):
        p.select(db)
        p.run(("SET", "k", "db%d" % db), ("RPUSH", "l", str(db)))
        p.run(*(("SET", "x%d" % i, "y") for i in range(db * 3)))
        p.run(("SET", "exp", "1"))
        p.expire_at("exp", FAR + db)


def high_databases(p):
    """Database numbers of every length encoding. Needs a server set up with 20000 of them."""
    for db in (0, 63, 64, 255, 16383, 16384, 19999):
        p.select(db)
        p.run(*(("SET", "k%d" % i, "db%d" % db) for i in range(3)))


def lfu(p):
    p.run(("SET", "cold", "1"), ("SET", "hot", "1"), *[("GET", "hot")] * 3000, ("HMSET", "h", "a", "b"),
          ("RPUSH", "l", "a"), *[("LRANGE", "l", 0, 1)] * 40)
    p.run(("SET", "ttl", "x"))
    p.expire_at("ttl", FAR)


def lru(p):
    p.run(("SET", "old", "1"), ("HMSET", "h", "a", "b"))
    time.sleep(2.2)
    p.run(("SET", "new", "1"), ("SET", "ttl", "x"))
    p.expire_at("ttl", FAR)


def mini(p):
    """A handful of keys of each type there is."""
    p.run(("SET", "str", "hello"), ("SET", "num", "12345"), ("SET", "comp", b"a" * 300), ("SET", "neg", "-70000"))
    p.add("RPUSH", "list", [b"a", b"b", b"12", b"c" * 70])
    p.add("SADD", "iset", [b"1", b"2", b"300"])
    p.add("SADD", "set", [b"x", b"y", b"10"])
    p.zset("zset", [(b"1", b"a"), (b"2.5", b"b"), (b"inf", b"c")])
    p.hash("hash", [b"f", b"v", b"n", b"1"])
    p.run(("SET", "ttl", "v"))
    p.expire_at("ttl", FAR)
    if p.server.has((5, 0)):
        p.run(("XADD", "stream", "1-1", "a", "b"), ("XADD", "stream", "2-1", "a", "c"),
              ("XGROUP", "CREATE", "stream", "g", "0"),
              ("XREADGROUP", "GROUP", "g", "c1", "COUNT", 1, "STREAMS", "stream", ">"))
    if p.server.has((7, 0)):
        p.run(("FUNCTION", "LOAD", LIBRARY))
    if p.server.has((7, 4), (9, 0)):
        p.run(("HMSET", "hexp", "a", "1", "b", "2"), ("HPEXPIREAT", "hexp", FAR + 3, "FIELDS", 1, "a"))
    p.select(3)
    p.run(("SET", "in3", "three"))


def dense(p):
    """Every type and encoding this server writes, once, as small as can be: made to be damaged byte by byte."""
    pack = lambda entries: p.configure(packing(entries))
    pack("128")
    p.run(("SET", "str", "hello world"), ("SET", "i8", "100"), ("SET", "i16", "-3000"), ("SET", "i32", "1234567"),
          ("SET", "i64", "123456789012"), ("SET", "lzf", b"abcabcabc" * 12), ("SET", "len14", p.blob(100)),
          ("SET", "bin\x00\xff", b"\r\n\x00"), ("SET", "ttl", "v"))
    p.expire_at("ttl", FAR)
    p.add("RPUSH", "l", [b"a", b"12", b"-1", b"70000", b"5000000000", b"x" * 70, b"", b"bb" * 40])
    p.add("SADD", "is16", [b"1", b"2", b"300"])
    p.add("SADD", "is32", [b"1", b"100000"])
    p.add("SADD", "is64", [b"1", b"%d" % 2**40])
    p.add("SADD", "s", [b"x", b"y", b"10", b"zz"])
    p.zset("z", [(b"1", b"a"), (b"2.5", b"b"), (b"inf", b"c"), (b"-7", b"d")])
    p.hash("h", [b"f", b"v", b"n", b"1", b"long", b"w" * 30, b"neg", b"-129"])
    pack("0")
    p.add("SADD", "s:ht", [b"x", b"y", b"10"])
    p.zset("z:sl", [(b"1", b"a"), (b"2.5", b"b"), (b"-inf", b"c")])
    p.hash("h:ht", [b"f", b"v", b"n", b"1"])
    p.add("RPUSH", "l:ll", [b"a", b"b", b"9"])
    pack("128")
    if p.server.has((3, 2)):
        p.configure({"list-max-ziplist-size": "2"})
        p.add("RPUSH", "l:nodes", [b"a", b"b", b"c", b"d", b"e"])
        p.configure({"list-max-ziplist-size": "-2"})
    if p.server.has((7, 0)):
        p.add("RPUSH", "l:plain", [b"q" * 9000, b"s"])
    if p.server.has((5, 0)):
        p.run(*(("XADD", "x", "%d-1" % i, "a", str(i), "b", "t%d" % i) for i in range(1, 6)))
        p.run(("XADD", "x", "6-1", "other", "y"), ("XDEL", "x", "2-1"), ("XGROUP", "CREATE", "x", "g", "0"),
              ("XREADGROUP", "GROUP", "g", "c1", "COUNT", 2, "STREAMS", "x", ">"),
              ("XREADGROUP", "GROUP", "g", "c2", "COUNT", 2, "STREAMS", "x", ">"), ("XGROUP", "CREATE", "x", "g2", "$"))
    if p.server.has((7, 0)):
        p.run(("FUNCTION", "LOAD", LIBRARY))
    if p.server.has((7, 4), (9, 0)):
        p.run(("HMSET", "he:lp", "a", "1", "b", "2", "c", "3"), ("HPEXPIREAT", "he:lp", FAR + 3, "FIELDS", 1, "a"),
              ("HPEXPIREAT", "he:lp", FAR + 9, "FIELDS", 1, "c"))
        pack("0")
        p.run(("HMSET", "he:ht", "a", "1", "b", "2"), ("HPEXPIREAT", "he:ht", FAR + 3, "FIELDS", 1, "a"))
        pack("128")
    p.select(9)
    p.run(("SET", "in9", "nine"))
    p.expire_at("in9", FAR + 7)
