"""Asks a running server, by ordinary commands, for everything it holds. testdata/README.md has the format."""
import hashlib
import re
import time

from .client import ReplyError

LONG = 4096  # a longer byte string is told by length and SHA-256


def text(value):
    """A byte string as JSON: one code point 0..255 for each byte, or its length and hash."""
    if value is None:
        return None
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        value = value.encode()
    if len(value) > LONG:
        return {"$len": len(value), "$sha256": hashlib.sha256(value).hexdigest()}
    return value.decode("latin1")


def pairs(flat):
    """A flat reply [name, value, name, value..] as a dictionary."""
    names = (n.decode("latin1") if isinstance(n, bytes) else n for n in flat[::2])
    return dict(zip(names, flat[1::2]))


def by_name(items):
    return sorted(items, key=lambda x: x["name"] if isinstance(x["name"], str) else "")


def databases(client):
    """The numbers of the databases that hold keys."""
    info = client.cmd("INFO").decode("latin1")
    return sorted(int(n) for n in re.findall(r"^db(\d+):keys=", info, re.M))


# ---- values

def stream_group(client, key, group, full):
    """`group` is a row of XINFO GROUPS, `full` the same group in XINFO STREAM FULL, or None before 6.0."""
    out = {"name": text(group["name"]), "last_id": text(group["last-delivered-id"])}
    if "entries-read" in group:
        out["entries_read"] = group["entries-read"]
    consumers = []
    if full is not None:
        pel = full["pending"] if "pending" in full else full.get("pel", [])
        out["pel"] = [[text(p[0]), text(p[1]), p[2], p[3]] for p in pel]
        for row in map(pairs, full["consumers"]):
            one = {"name": text(row["name"]), "seen_time": row.get("seen-time")}
            if "active-time" in row:
                one["active_time"] = row["active-time"]
            one["pending"] = [text(p[0]) for p in row.get("pending", row.get("pel", []))]
            consumers.append(one)
    else:  # XPENDING tells no delivery time
        pel = client.cmd("XPENDING", key, group["name"], "-", "+", 100000)
        out["pel"] = [[text(p[0]), text(p[1]), None, p[3]] for p in pel]
        for row in map(pairs, client.cmd("XINFO", "CONSUMERS", key, group["name"])):
            consumers.append({"name": text(row["name"]), "pending": [text(p[0]) for p in pel if p[1] == row["name"]]})
    out["consumers"] = by_name(consumers)
    return out


def stream(client, key):
    entries = client.cmd("XRANGE", key, "-", "+")
    out = {"entries": [[text(e[0]), [text(x) for x in (e[1] or [])]] for e in entries]}
    reply = client.soft("XINFO", "STREAM", key, "FULL", "COUNT", "0")
    has_full = not isinstance(reply, ReplyError)
    info = pairs(reply if has_full else client.cmd("XINFO", "STREAM", key))
    out["length"] = info["length"]
    out["last_id"] = text(info["last-generated-id"])
    for theirs, ours in (("max-deleted-entry-id", "max_deleted_id"), ("entries-added", "entries_added"),
                         ("recorded-first-entry-id", "first_id")):
        if theirs in info:
            out[ours] = text(info[theirs]) if isinstance(info[theirs], bytes) else info[theirs]
    full = {g["name"]: g for g in map(pairs, info.get("groups") or [])} if has_full else {}
    groups = map(pairs, client.cmd("XINFO", "GROUPS", key))
    out["groups"] = by_name(stream_group(client, key, g, full.get(g["name"])) for g in groups)
    return out


def hash_fields(client, server, key):
    flat = client.cmd("HGETALL", key)
    fields = sorted(zip(flat[::2], flat[1::2]))
    expiry = [None] * len(fields)
    if server.has((7, 4), (9, 0)):
        for i in range(0, len(fields), 500):
            names = [f for f, _ in fields[i:i + 500]]
            reply = client.soft("HPEXPIRETIME", key, "FIELDS", len(names), *names)
            if not isinstance(reply, ReplyError):
                expiry[i:i + 500] = [ms if ms >= 0 else None for ms in reply]
    return [[text(f), text(v), ms] for (f, v), ms in zip(fields, expiry)]


def value(client, server, key, kind):
    if kind == b"string":
        return text(client.cmd("GET", key))
    if kind == b"list":
        return [text(x) for x in client.cmd("LRANGE", key, 0, -1)]
    if kind == b"set":
        return [text(x) for x in sorted(client.cmd("SMEMBERS", key))]
    if kind == b"zset":
        flat = client.cmd("ZRANGE", key, 0, -1, "WITHSCORES")
        return [[text(m), text(s)] for m, s in zip(flat[::2], flat[1::2])]
    if kind == b"hash":
        return hash_fields(client, server, key)
    if kind == b"stream":
        return stream(client, key)
    if kind == b"vectorset":
        names = sorted(client.cmd("VRANDMEMBER", key, client.cmd("VCARD", key)))
        return [[text(n), [text(x) for x in client.cmd("VEMB", key, n)], text(client.cmd("VGETATTR", key, n))] for n in names]
    return {"$unknown": kind.decode()}


# ---- what reading a value may change: asked first, before SAVE

def eviction_and_encoding(client, several=True):
    """{db: {key: (encoding, LFU counter or None, idle seconds or None)}}"""
    out = {}
    policy = client.soft("CONFIG", "GET", "maxmemory-policy")
    policy = policy[1] if isinstance(policy, list) and len(policy) > 1 else b""
    for db in databases(client):
        if several:
            client.cmd("SELECT", db)
        keys = sorted(client.cmd("KEYS", "*"))
        nothing = [None] * len(keys)
        encodings = client.pipe(("OBJECT", "ENCODING", k) for k in keys)
        counters = client.pipe(("OBJECT", "FREQ", k) for k in keys) if b"lfu" in policy else nothing
        idle = client.pipe(("OBJECT", "IDLETIME", k) for k in keys) if b"lru" in policy else nothing
        out[db] = {k: row for k, *row in zip(keys, encodings, counters, idle)}
    return out


# ---- the whole

def expiries(client, server, db, keys, known):
    """(absolute ms or None for each key, how many of them are guesses within 2 s)"""
    if server.has((7, 0)):
        replies = client.pipe(("PEXPIRETIME", k) for k in keys)
        return [x if isinstance(x, int) and x >= 0 else None for x in replies], 0
    out, guesses = [], 0
    for key in keys:
        left, unit = client.soft("PTTL", key), 1
        if isinstance(left, ReplyError):
            left, unit = client.cmd("TTL", key), 1000
        if left is None or left < 0:
            out.append(None)
            continue
        at = int(time.time() * 1000) + left * unit
        exact = known.get((db, key))
        if exact is not None and abs(exact - at) <= 2000:
            out.append(exact)
        else:
            out.append(at)
            guesses += 1
    return out, guesses


def functions(client, server):
    if not server.has((7, 0)):
        return []
    reply = client.soft("FUNCTION", "LIST", "WITHCODE")
    if isinstance(reply, ReplyError):
        return []
    return by_name({"name": text(f["library_name"]), "engine": text(f["engine"]), "code": text(f["library_code"])}
                   for f in map(pairs, reply))


def digest(client):
    """DEBUG DIGEST: one hash over all keys and values, made by the server itself."""
    reply = client.soft("DEBUG", "DIGEST")
    return None if isinstance(reply, ReplyError) else reply.decode()


def read(client, server, meta=None, known=None, several=True):
    """The truth. `meta` as of eviction_and_encoding; `known` has {(db, key): absolute ms} as the case set it,
    for servers that cannot tell it exactly; `several` is false where SELECT is not allowed (cluster)."""
    out = {"server": server.version_line, "saved_at_ms": int(time.time() * 1000),
           "functions": functions(client, server), "dbs": {}}
    guesses = 0
    for db in databases(client):
        if several:
            client.cmd("SELECT", db)
        names = sorted(client.cmd("KEYS", "*"))
        kinds = client.pipe(("TYPE", k) for k in names)
        digests = client.pipe(("DEBUG", "DIGEST-VALUE", k) for k in names)
        expire, guessed = expiries(client, server, db, names, known or {})
        guesses += guessed
        keys = []
        for name, kind, ms, hashed in zip(names, kinds, expire, digests):
            if kind == b"none":
                continue
            encoding, counter, idle = (meta or {}).get(db, {}).get(name, (None, None, None))
            one = {"key": text(name), "type": kind.decode(), "value": value(client, server, name, kind),
                   "pexpireat": ms, "encoding": encoding.decode() if isinstance(encoding, bytes) else None}
            if isinstance(hashed, list):  # from 5.0
                one["digest"] = hashed[0].decode()
            if isinstance(counter, int):
                one["freq"] = counter
            if isinstance(idle, int):
                one["idle"] = idle
            keys.append(one)
        out["dbs"][str(db)] = {"dbsize": client.cmd("DBSIZE"), "keys": keys}
    if several and out["dbs"]:
        client.cmd("SELECT", 0)
    if guesses:
        out["inexact_expiries"] = guesses
    hashed = digest(client)
    if hashed:
        out["digest"] = hashed
    return out


def encodings(truth):
    """How many keys of each "type/encoding"."""
    out = {}
    for db in truth["dbs"].values():
        for key in db["keys"]:
            name = "%s/%s" % (key["type"], key["encoding"])
            out[name] = out.get(name, 0) + 1
    return dict(sorted(out.items()))
