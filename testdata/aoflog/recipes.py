"""How each write command is run so that it changes something: what has to be there first, and then the command.

A recipe yields commands; the last is the one it is for. It must not need replies, so that it works within MULTI, but
for those in `ALONE`. What a server has and nobody wrote a recipe for is a failure of the workload.
"""
import time

FAR = 4102444800123  # 2100-01-01

RECIPES = {}
ALONE = {"restore", "restore-asking", "function|restore", "msetnx"}
RARE = {"flushall", "flushdb", "swapdb", "function|flush"}  # once in a set, or little would be left of it

# write commands that are not run, and why
LEFT_OUT = {
    "migrate": "needs a second server; what it leaves in a log is a DEL",
    "cluster|flushslot": "only in cluster mode",
    "trimslots": "internal, only in cluster mode",
}
# not where the base is rewritten as commands: Redis 8.0.6 crashes when it rewrites a vector set so
NOT_REWRITTEN = ("vadd", "vrem", "vsetattr")
# no write commands by name, but they bring about writes
ALSO = {"eval": None, "evalsha": None, "fcall": (7, 0), "script|load": None}


def recipe(*names):
    def keep(function):
        for name in names:
            RECIPES[name] = lambda w, name=name: function(w, name.upper())
        return function
    return keep


def simple(name, kind, *args):
    """One command on a key of a kind that is there; an argument may be a function of the workload."""
    def run(w):
        key = w.key(kind)
        yield from w.have(kind, key)
        yield (name.upper(), key) + tuple(a(w) if callable(a) else a for a in args)
    RECIPES[name] = run


def value(w):
    return w.value()


def member(w):
    return b"m%d" % w.random.randrange(12)


def number(w):
    return w.random.randrange(1, 1000)


def past_or_future(w, unit):
    """Relative time: mostly far, sometimes past, sometimes so near that the server itself will delete it."""
    kind = w.random.randrange(8)
    if kind == 0:
        return -5
    if kind == 1 and unit == 1000:
        w.near = time.monotonic()
        return 15
    return w.random.randrange(10**6, 10**8) * (1 if unit == 1 else 1000)


def far(w, unit):
    return (FAR + w.random.randrange(10**9)) // (1000 // unit)


# ---- strings

simple("append", "string", value)
simple("set", "string", value)
simple("setnx", "fresh", value)
simple("setrange", "string", 3, value)
simple("setbit", "bits", number, 1)
simple("getset", "string", value)
simple("getdel", "string")
simple("incr", "number")
simple("decr", "number")
simple("incrby", "number", number)
simple("decrby", "number", number)
simple("incrbyfloat", "number", "1.5")
simple("setex", "string", lambda w: w.random.randrange(10**6, 10**8), value)
simple("psetex", "string", lambda w: w.random.randrange(10**9, 10**11), value)
simple("bitfield", "bits", "SET", "u8", 8, number)


@recipe("set")
def set_(w, name):
    key, kind = w.key("string"), w.random.randrange(5)
    if kind == 0:
        yield name, key, w.value(), "EX", w.random.randrange(10**6, 10**8)
    elif kind == 1:
        yield name, key, w.value(), "PX", w.random.randrange(10**9, 10**11), "XX"
    elif kind == 2 and w.server.has((6, 2)):
        yield name, key, w.value(), "PXAT", far(w, 1000)
    elif kind == 3 and w.server.has((6, 0)):
        yield name, key, w.value(), "KEEPTTL"
    yield name, key, w.value()


@recipe("getex")
def getex(w, name):
    key = w.key("string")
    yield "SET", key, w.value()
    yield (name, key) + w.random.choice([("EX", past_or_future(w, 1) % 10**9 + 1), ("PXAT", far(w, 1000)), ("PXAT", 1)])


@recipe("mset", "msetnx")
def mset(w, name):
    keys = [w.key("fresh" if name == "MSETNX" else "string") for _ in range(3)]
    if name == "MSETNX":
        yield tuple(["DEL"] + keys)
    yield (name,) + tuple(x for k in keys for x in (k, w.value()))


@recipe("msetex")
def msetex(w, name):
    yield name, 2, w.key("string"), w.value(), w.key("string"), w.value(), "EX", w.random.randrange(10**6, 10**8)


@recipe("delifeq", "delex")
def delifeq(w, name):
    key, content = w.key("string"), w.value()
    yield "SET", key, content
    yield (name, key, content) if name == "DELIFEQ" else (name, key, "IFEQ", content)


@recipe("bitop")
def bitop(w, name):
    a, b = w.key("bits"), w.key("bits")
    yield from w.have("bits", a)
    yield name, w.random.choice(["AND", "OR", "XOR"]), w.key("bits"), a, b


@recipe("pfadd")
def pfadd(w, name):
    yield name, w.key("pf"), w.value(), w.value()


@recipe("pfmerge", "pfdebug")
def pfmerge(w, name):
    key = w.key("pf")
    yield "DEL", key
    yield "PFADD", key, w.value(), w.value()
    yield (name, w.key("pf"), key) if name == "PFMERGE" else (name, "TODENSE", key)


# ---- keys

@recipe("del", "unlink")
def del_(w, name):
    keys = [w.key(w.random.choice(w.KINDS)) for _ in range(w.random.choice([1, 2, 3, 5]))]
    yield "SET", w.key("fresh"), "x"
    yield "RPUSH", keys[0] if keys[0].startswith(b"list") else w.key("list"), "x"
    keys.append(w.key("fresh"))
    yield "SET", keys[-1], w.value()
    w.random.shuffle(keys)
    yield (name,) + tuple(keys)


@recipe("rename", "renamenx", "copy")
def rename(w, name):
    kind = w.random.choice(w.KINDS)
    key = w.key(kind)
    yield from w.have(kind, key)
    if name == "RENAMENX":
        target = w.key("fresh")
        yield "DEL", target
        yield name, key, target
    elif name == "COPY":
        yield name, key, w.key(kind), "DB", w.random.choice([w.db, w.db, 7]), "REPLACE"
    else:
        yield name, key, w.key(kind)


@recipe("move")
def move(w, name):
    key = w.key("fresh")
    yield "SET", key, w.value()
    yield name, key, 8 if w.db != 8 else 9


@recipe("expire", "pexpire", "expireat", "pexpireat")
def expire(w, name):
    kind = w.random.choice(w.KINDS)
    key, unit = w.key(kind), 1000 if name[0] == "P" else 1
    yield from w.have(kind, key)
    when = far(w, unit) if name.endswith("AT") else past_or_future(w, unit)
    if name.endswith("AT") and w.random.random() < 0.15:
        when = 1
    yield name, key, when


@recipe("persist")
def persist(w, name):
    key = w.key("string")
    yield "SET", key, w.value(), "EX", 10**8
    yield name, key


@recipe("restore", "restore-asking")
def restore(w, name):
    kind = w.random.choice(["list", "set", "hash", "zset", "string"])
    key = w.key(kind)
    for command in w.have(kind, key):
        yield command
    payload = w.ask("DUMP", key)
    if payload is None:  # its time was up
        return
    when = ("0",) if not w.server.has((7, 0)) or w.random.random() < 0.4 else w.random.choice([("100000000",), (str(FAR), "ABSTTL")])
    yield (name, w.key(kind), when[0], payload, "REPLACE") + when[1:]


@recipe("sort")
def sort(w, name):
    key = w.key("list")
    yield from w.have("list", key)
    yield name, key, "ALPHA", "STORE", w.key("list")


# ---- lists

simple("lpush", "list", value, value)
simple("rpush", "list", value, value)
simple("lpushx", "list", value)
simple("rpushx", "list", value)
simple("lpop", "list")
simple("rpop", "list")
simple("lset", "list", 0, value)
simple("ltrim", "list", 1, -1)
simple("blpop", "list", 1)
simple("brpop", "list", 1)


@recipe("lrem", "linsert")
def lrem(w, name):
    key, pivot = w.key("list"), w.value()
    yield "RPUSH", key, pivot
    yield (name, key, 0, pivot) if name == "LREM" else (name, key, "BEFORE", pivot, w.value())


@recipe("rpoplpush", "lmove", "blmove", "brpoplpush")
def two_lists(w, name):
    key = w.key("list")
    yield from w.have("list", key)
    ends = ("LEFT", "RIGHT") if name.endswith("MOVE") else ()
    yield (name, key, w.key("list")) + ends + (("1",) if name[0] == "B" else ())


@recipe("lmpop", "blmpop", "zmpop", "bzmpop")
def mpop(w, name):
    kind = "zset" if "Z" in name else "list"
    key = w.key(kind)
    yield from w.have(kind, key)
    end = "MIN" if kind == "zset" else "LEFT"
    yield (name,) + (("1",) if name[0] == "B" else ()) + ("2", w.key("fresh"), key, end, "COUNT", 2)


# ---- sets

simple("sadd", "set", member, value)


@recipe("srem", "spop")
def srem(w, name):
    key = w.key("set")
    yield "SADD", key, "m1", "m2", w.value(), w.value()
    yield (name, key, "m1", "m2", "none") if name == "SREM" else (name, key, w.random.choice([1, 2, 50]))


@recipe("smove")
def smove(w, name):
    a, b = w.two("set")
    yield "SADD", a, "moved"
    yield "SREM", b, "moved"
    yield name, a, b, "moved"


@recipe("sdiffstore", "sinterstore", "sunionstore")
def sets(w, name):
    a, b = w.two("set")
    yield "SADD", a, "m1", "m2"
    yield "SADD", b, "m2", "m3"
    yield name, w.key("set"), a, b


# ---- sorted sets

simple("zadd", "zset", number, member, "-1.25", value)
simple("zincrby", "zset", "2.5", member)
simple("zpopmin", "zset")
simple("zpopmax", "zset")
simple("bzpopmin", "zset", 1)
simple("bzpopmax", "zset", 1)
simple("zremrangebyrank", "zset", 0, 0)
simple("zremrangebyscore", "zset", "-inf", "2")
simple("zremrangebylex", "zset", "-", "+")


@recipe("zrem")
def zrem(w, name):
    key = w.key("zset")
    yield "ZADD", key, 3, "m3", 4, "m4"
    yield name, key, "m3", "none"


@recipe("zunionstore", "zinterstore", "zdiffstore", "zrangestore")
def zsets(w, name):
    a, b = w.two("zset")
    yield "ZADD", a, 1, "m1", 2, "m2"
    yield "ZADD", b, 3, "m2", 4, "m3"
    yield (name, w.key("zset"), a, 0, -1) if name == "ZRANGESTORE" else (name, w.key("zset"), 2, a, b)


@recipe("geoadd", "georadius", "georadiusbymember", "geosearchstore")
def geo(w, name):
    key = w.key("zset")
    yield "GEOADD", key, "13.36", "38.11", "Palermo", "%.4f" % w.random.uniform(14, 16), "37.50", member(w)
    if name == "GEORADIUS":
        yield name, key, "15", "37", "300", "km", "STORE", w.key("zset")
    elif name == "GEORADIUSBYMEMBER":
        yield name, key, "Palermo", "300", "km", "STOREDIST", w.key("zset")
    elif name == "GEOSEARCHSTORE":
        yield name, w.key("zset"), key, "FROMMEMBER", "Palermo", "BYRADIUS", "300", "km"


# ---- hashes

simple("hset", "hash", member, value, member, value)
simple("hmset", "hash", member, value)
simple("hincrby", "hash", "n", number)
simple("hincrbyfloat", "hash", "n", "0.25")


@recipe("hsetnx")
def hsetnx(w, name):
    yield name, w.key("hash"), b"new%d" % w.serial(), w.value()


@recipe("hdel")
def hdel(w, name):
    key = w.key("hash")
    yield "HSET", key, "f1", w.value(), "f2", w.value()
    yield name, key, "f1", "none", "f2"


@recipe("hexpire", "hpexpire", "hexpireat", "hpexpireat", "hpersist", "hgetex", "hsetex", "hgetdel")
def fields(w, name):
    key, unit = w.key("hash"), 1000 if name[1] == "P" else 1
    yield "HSET", key, "f1", w.value(), "f2", w.value(), "keep", "x"
    two = ("FIELDS", 2, "f1", "f2")
    if name in ("HEXPIRE", "HPEXPIRE"):
        yield (name, key, w.random.choice([0, 10**8 * unit, 10**8 * unit])) + two
    elif name in ("HEXPIREAT", "HPEXPIREAT"):
        yield (name, key, far(w, unit)) + two
    elif name == "HPERSIST":
        yield ("HPEXPIREAT", key, FAR) + two
        yield (name, key) + two
    elif name == "HGETEX":
        yield (name, key, "PXAT", FAR) + two
    elif name == "HSETEX":
        yield name, key, "PXAT", FAR, "FIELDS", 2, "f1", w.value(), "f2", w.value()
    else:
        yield (name, key) + two


# ---- streams

@recipe("xadd")
def xadd(w, name):
    key = w.key("stream")
    if w.random.random() < 0.5:
        yield name, key, "*", "f", w.value()
    yield name, key, "MAXLEN", "~", 100, w.stream_id(), "f", w.value(), "g", w.value()


@recipe("xtrim", "xdel", "xsetid")
def xtrim(w, name):
    key = w.key("stream")
    ids = [w.stream_id() for _ in range(4)]
    for one in ids:
        yield "XADD", key, one, "f", w.value()
    if name == "XTRIM":
        yield name, key, "MAXLEN", 2
    elif name == "XDEL":
        yield name, key, ids[1]
    else:
        yield name, key, w.stream_id()


@recipe("xgroup", "xgroup|create", "xgroup|createconsumer", "xgroup|delconsumer", "xgroup|destroy", "xgroup|setid", "xreadgroup",
        "xack", "xclaim", "xautoclaim")
def xgroup(w, name):
    key, group, one, two = w.key("stream"), b"g%d" % w.serial(), w.stream_id(), w.stream_id()
    yield "XADD", key, one, "f", w.value()
    yield "XADD", key, two, "f", w.value()
    if name != "XGROUP":
        yield "XGROUP", "CREATE", key, group, "0"
    what = name.rpartition("|")[2]
    if what in ("XACK", "XCLAIM", "XAUTOCLAIM", "DELCONSUMER", "XREADGROUP"):
        noack = ("NOACK",) if w.random.random() < 0.2 and what == "XREADGROUP" else ()
        yield ("XREADGROUP", "GROUP", group, "alice", "COUNT", 50) + noack + ("STREAMS", key, ">")
    if what == "XGROUP":
        yield "XGROUP", "CREATE", key, group, "$"
    elif what == "CREATECONSUMER":
        yield "XGROUP", what, key, group, "carol"
    elif what == "DELCONSUMER":
        yield "XGROUP", what, key, group, "alice"
    elif what == "DESTROY":
        yield "XGROUP", what, key, group
    elif what == "SETID":
        yield "XGROUP", what, key, group, two
    elif what == "XACK":
        yield what, key, group, one
    elif what == "XCLAIM":
        yield what, key, group, "bob", 0, one, two
    elif what == "XAUTOCLAIM":
        yield what, key, group, "bob", 0, "0"


# ---- vector sets

@recipe("vadd", "vrem", "vsetattr")
def vectors(w, name):
    key, element = w.key("vector"), b"e%d" % w.random.randrange(6)
    yield ("VADD", key, "VALUES", 3) + tuple(str(w.random.randrange(-9, 9) or 1) for _ in range(3)) + (element,)
    if name == "VREM":
        yield "VADD", key, "VALUES", 3, 1, 2, 3, "stays"
        yield name, key, element
    elif name == "VSETATTR":
        yield name, key, element, '{"year": %d}' % w.serial()


# ---- the whole

@recipe("flushall", "flushdb")
def flush(_w, name):
    yield "SET", "here", "1"
    yield (name,)


@recipe("swapdb")
def swapdb(w, name):
    yield "SET", w.key("string"), w.value()
    yield name, w.db, (w.db + 1) % 4


@recipe("function|load", "function|delete", "function|flush", "function|restore", "fcall")
def function(w, name):
    library = b"lib%d" % w.serial()
    code = (b"#!lua name=%s\n-- %s\nredis.register_function('f_%s', function(keys, args) redis.call('SET', keys[1], args[1]) "
            b"return redis.call('RPUSH', keys[2], args[1], 'two') end)\n" % (library, w.comment(), library))
    yield "FUNCTION", "LOAD", "REPLACE", code
    if name == "FUNCTION|DELETE":
        yield "FUNCTION", "DELETE", library
    elif name == "FUNCTION|FLUSH":
        yield "FUNCTION", "FLUSH"
    elif name == "FUNCTION|RESTORE":
        yield "FUNCTION", "RESTORE", w.ask("FUNCTION", "DUMP"), "REPLACE"
    elif name == "FCALL":
        yield name, b"f_" + library, 2, w.key("string"), w.key("list"), w.value()


@recipe("eval", "evalsha", "script|load")
def script(w, name):
    text = "redis.call('SET', KEYS[1], ARGV[1]); redis.call('HSET', KEYS[2], 'f', ARGV[1]); return redis.call('TYPE', KEYS[1])"
    if name == "EVAL":
        yield name, text, 2, w.key("string"), w.key("hash"), w.value()
        return
    yield "SCRIPT", "LOAD", text
    if name == "EVALSHA":
        yield name, w.sha1(text), 2, w.key("string"), w.key("hash"), w.value()
