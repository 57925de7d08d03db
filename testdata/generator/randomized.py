"""A data set nobody has seen before: random keys of all types and encodings a server has, from a seed.

The seed fixes every choice made here. What the server adds of its own (clock, order inside hash tables, random
LFU increments) is its own affair.
"""
import time

from .populate import FAR, INTS, INT_LIKE, LENGTHS, SCORES, Populator, packing, without_aliases
from .randomstream import random_stream
from .save import fresh, reload, snapshot
from .server import no_active_expiry

BIG_STRING = 200_000


def random_settings(server, rng):
    """What decides encodings in memory, compression and eviction metadata."""
    conf = packing(str(rng.choice([0, 4, 16, 128, 512])), str(rng.choice([8, 64, 1000])))
    size = str(rng.choice([-5, -2, -2, -1, 1, 3, 100]))
    conf.update({"rdbcompression": rng.choice(["yes", "yes", "no"]), "rdbchecksum": rng.choice(["yes"] * 5 + ["no"]),
                 "list-max-ziplist-size": size, "list-max-listpack-size": size,
                 "list-compress-depth": str(rng.choice([0, 0, 1, 2])),
                 "stream-node-max-entries": str(rng.choice([1, 3, 100])),
                 "maxmemory": "1gb", "maxmemory-policy": rng.choice(["noeviction", "allkeys-lru", "allkeys-lfu"])})
    if conf["maxmemory-policy"] == "allkeys-lfu" and not server.has((4, 0)):
        conf["maxmemory-policy"] = "noeviction"
    return without_aliases(server, conf)


class RandomPopulator(Populator):
    def length(self, most=BIG_STRING):
        """Mostly short, often at a border, now and then long."""
        kind = self.random.randrange(10)
        if kind < 5:
            return self.random.randrange(0, 40)
        if kind < 9:
            return min(self.random.choice(LENGTHS), most, 5000)
        return self.random.randrange(0, most)

    def bytes(self, most=BIG_STRING):
        kind = self.random.randrange(8)
        if kind == 0:
            return b"%d" % self.random.choice(INTS)
        if kind == 1:
            return b"%d" % self.random.randrange(-2**self.random.randrange(1, 63), 2**self.random.randrange(1, 63))
        if kind == 2:
            return self.random.choice(INT_LIKE)
        length = self.length(most)
        if kind == 3:
            return self.blob(length)
        if kind == 4:  # a run, which compresses to almost nothing
            return bytes([self.random.randrange(256)]) * length
        if kind == 5:  # a period longer than a run
            period = self.blob(self.random.randrange(1, 300))
            return (period * (length // len(period) + 1))[:length]
        return self.text(length)

    def count(self):
        """How many elements."""
        kind = self.random.randrange(20)
        if kind == 0:
            return self.random.randrange(500, 2000)
        if kind < 4:
            return self.random.randrange(30, 300)
        return self.random.randrange(1, 20)

    def members(self):
        """Distinct elements: all integers of one width, or a mix."""
        count = self.count()
        most = 70 if count > 30 else 3000
        kind = self.random.randrange(5)
        if kind < 3:
            bits = (7, 15, 30, 60)[self.random.randrange(4)]
            return sorted({b"%d" % self.random.randrange(-2**bits, 2**bits) for _ in range(count)})
        if kind == 3:
            return [b"m:%d" % i for i in range(count)]
        return sorted({self.bytes(most) for _ in range(count)})

    def name(self, i):
        kind = self.random.randrange(12)
        if kind == 0:
            return self.blob(self.random.randrange(1, 60)) + b"%d" % i
        if kind == 1:
            return b"%d" % i
        if kind == 2:
            return b"%d:" % i + self.text(self.random.randrange(0, 20000))
        return b"%s:%d" % (self.random.choice([b"user", b"cart", b"{tag}:q", b"s\xc3\xa9", b"a b"]), i)


def random_string(p, key):
    p.run(("SET", key, p.bytes()))


def random_list(p, key):
    count = p.count()
    most = BIG_STRING if count < 5 else 100
    p.add(p.random.choice(["RPUSH", "LPUSH"]), key, [p.bytes(most) for _ in range(count)])
    if count > 5 and p.random.random() < 0.3:  # leaves nodes that are not full
        p.run(("LTRIM", key, 2, -3))


def random_set(p, key):
    p.add("SADD", key, p.members())


def random_zset(p, key):
    # a packed zset cannot hold -0: whether it survives a reload depends on settings at that time
    scores = [s for s in SCORES if s != b"-0"]

    def score():
        if p.random.random() < 0.3:
            return p.random.choice(scores)
        if p.random.random() < 0.5:
            return b"%d" % p.random.randrange(-1000, 1000)
        return repr(p.random.uniform(-1e9, 1e9)).encode()
    p.zset(key, [(score(), m) for m in p.members()])


def random_hash(p, key):
    fields = p.members()
    most = 70 if len(fields) > 30 else 3000
    p.hash(key, [x for f in fields for x in (f, p.bytes(most))])
    if p.server.has((7, 4), (9, 0)) and p.random.random() < 0.4:
        for field in p.random.sample(fields, p.random.randrange(0, min(len(fields), 40) + 1)):
            p.run(("HPEXPIREAT", key, FAR + p.random.randrange(10**9), "FIELDS", 1, field))


def random_functions(p):
    for i in range(p.random.randrange(0, 4)):
        body = "-- " + p.text(p.random.randrange(0, 3000)).decode()
        p.run(("FUNCTION", "LOAD", "#!lua name=lib%d\n%s\nredis.register_function('f%d_%d', "
               "function(keys, args) return %d end)\n" % (i, body, i, p.random.randrange(1000), i)))


def past_keys(p):
    """Keys that the file holds but nobody can see any more."""
    if not (p.server.has((3, 0)) and no_active_expiry(p.client)):
        return
    # Late enough that a busy machine gets there before: else the server deletes them at once.
    at = int(time.time() * 1000) + 300
    for i in range(p.random.randrange(0, 6)):
        p.run(("SET", "past:%d" % i, "gone"), ("PEXPIREAT", "past:%d" % i, at + i))
        p.hidden.append({"db": p.db, "key": "past:%d" % i, "type": "string", "value": "gone", "pexpireat": at + i})
    time.sleep(max(0, at / 1000 + 0.05 - time.time()))


def fill(p, keys):
    kinds = [random_string] * 3 + [random_list, random_set, random_zset, random_hash, random_hash]
    if p.server.has((5, 0)):
        kinds += [random_stream] * 2
    dbs = sorted(p.random.sample(range(16), p.random.randrange(1, 5)))
    for db in dbs:
        p.select(db)
        for i in range(keys // len(dbs) + 1):
            if p.random.random() < 0.05:  # so that one file has several encodings of the same type
                p.configure(packing(str(p.random.choice([0, 8, 128])), str(p.random.choice([16, 64]))))
            key = p.name(i)
            p.random.choice(kinds)(p, key)
            if p.random.random() < 0.2:
                p.expire_at(key, FAR + p.random.randrange(10**10))
    if p.server.has((7, 0)):
        random_functions(p)
    past_keys(p)


def random_case(server, work, seed, keys):
    """A Made with about so many keys."""
    if server.settings is None:
        server.learn_settings(work)
    populator = RandomPopulator(None, server, "random:%s" % seed)
    conf = random_settings(server, populator.random)
    folder = fresh(work + "/live")
    populator.client = server.start(folder, conf)
    try:
        fill(populator, keys)
        made = snapshot(populator.client, server, folder, populator, conf)
        populator.client.close()
    finally:
        server.stop()
    reload(server, work, made, conf)
    made.certificate.update(about="random", seed="random:%s" % seed, keys=keys, server=server.name,
                            version=server.version_line)
    return made
