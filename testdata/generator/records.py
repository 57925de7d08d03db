"""Records to put into an RDB file between two others: right, odd and wrong ones, from a random number generator.

What they are worth is for the servers to say: nothing here knows what is allowed. Each function returns bytes that
begin with an opcode or a value type.
"""
import struct

from . import packing
from .packing import integer, length, string

WIDE = [0, 1, -1, 12, 127, 128, -128, 4095, -4097, 32767, -32769, 8388607, 2147483647, -2147483649, 2**62, -2**63]

# what a library may be made of; NAME is replaced
HEADS = [b"#!lua name=NAME", b"#!LUA name=NAME", b"#!lua  name=NAME ", b'#!lua name="NAME"']
WRONG_HEADS = [b"#!lua", b"#!lua name=NAME-x", b"#!js name=NAME", b"#!lua name=NAME x=1", b"#!lua name=NAME name=NAME",
               b"lua", b"", b"#!lua name=", b"#! name=NAME", b"#!lua engine=NAME"]
LUA = [b"local x = 1", b"-- a remark", b"local function g(a, ...) return a end", b"for i = 1, 3 do local y = i end",
       b"if false then x() end", b"local t = {1, 2, [3] = 'a'; n = 4}", b"local s = ('x'):rep(3)", b"x = 1", b"error('no')",
       b"return", b"local x <const> = 1", b"goto out ::out::", b"redis.log(redis.LOG_NOTICE, 'hi')", b"break",
       b"redis.call('SET', 'a', 'b')", b"local n = nil; n.x = 1", b"local s = [[long\nstring]]", b"local s = 'open",
       b"while false do end", b"repeat until true", b"do local a, b = 1 end", b"local b = 1 + 'x'", b"local b = 1 + '2'",
       b"print('x')", b"local z = 5 // 2", b"local z = 5 & 2", b"assert(false)", b"local f = assert(loadstring)"]
REGISTER = [b"redis.register_function('f_NAME', function(keys, args) return 1 end)",
            b"server.register_function('f_NAME', function(keys, args) return 1 end)",
            b"redis.register_function{function_name='f_NAME', callback=function() return 1 end}",
            b"redis.register_function{function_name='f_NAME', callback=function() end, flags={'no-writes', 'allow-stale'}}",
            b"local function f() return 1 end redis.register_function('f_NAME', f)",
            b"local n = 'f_NAME'; redis.register_function(n, function() end)",
            b"for i = 1, 2 do redis.register_function('f_NAME' .. i, function() end) end"]
WRONG_REGISTER = [b"redis.register_function('f_NAME')", b"redis.register_function('f-NAME', function() end)", b"",
                  b"redis.register_function{function_name='f_NAME', callback=function() end, flags={'no-such'}}",
                  b"redis.register_function('f_NAME', 'not a function')", b"redis.register_function('f_NAME', function( end)",
                  b"redis.register_function{function_name='f_NAME', callback=function() end, more=1}",
                  b"redis.register_function('f_NAME', function() end) redis.register_function('f_NAME', function() end)",
                  b"redis.register_function(1, function() end)", b"redis.register_function{callback=function() end}"]


class Records:
    """For one file: `used` is a key of its database 0, or None; `is_valkey` tells its magic."""

    def __init__(self, rng, used, is_valkey):
        self.random, self.used, self.is_valkey = rng, used, is_valkey
        self.made = 0

    # ---- parts

    def count(self):
        return self.random.choice([0, 1, 1, 2, 2, 3, 3, 4, 6, 20])

    def element(self):
        kind = self.random.randrange(6)
        if kind < 2:
            return b"%d" % self.random.choice(WIDE)
        if kind == 2:
            return b"%d" % self.random.randrange(-1000, 1000)
        size = self.random.choice([0, 1, 2, 5, 11, 12, 63, 64, 130])
        return bytes(self.random.randrange(97, 100) for _ in range(size))

    def elements(self, count):
        """Different ones, but for one time in four, when one comes twice."""
        out = []
        while len(out) < count:
            new = self.element()
            if new in out:
                new += b"x%d" % len(out)
            out.append(new)
        if len(out) > 1 and self.random.random() < 0.25:
            out[self.random.randrange(len(out))] = self.random.choice(out)
        return out

    def score(self):
        return self.random.choice([0.0, -0.0, 1.0, -1.5, 1e300, 5e-324, float("inf"), float("-inf")]
                                  + [float("nan")] * (self.random.random() < 0.4))

    def score_text(self):
        return self.random.choice([b"0", b"1", b"-1", b"1.5", b"1e3", b"inf", b"-inf", b"3.14159"]
                                  + [b"nan", b"x", b"", b"1.5z", b" 1", b"0x10", b"-nan"] * (self.random.random() < 0.3))

    def expiry(self):
        return self.random.choice([4102444800123, 4102444800124, 1 << 45, (1 << 46) - 2]
                                  + [0, 1, -1, -2, (1 << 46) - 1, 1 << 46, 2**63 - 1, -2**63] * (self.random.random() < 0.3))

    def hurt(self, blob):
        """One time in three, a packed blob with a fault in it."""
        if self.random.random() > 0.34 or not blob:
            return blob
        at = self.random.choice([self.random.randrange(len(blob)), self.random.randrange(min(len(blob), 12)), len(blob) - 1])
        kind = self.random.randrange(6)
        if kind == 0:
            return blob[:at]
        if kind == 1:
            return blob + b"\xff"
        if kind == 2:
            return blob[:at] + blob[at + 1:]
        if kind == 3:
            return blob[:at] + bytes([self.random.randrange(256)]) + blob[at:]
        change = self.random.choice([1, -1, 0x80, self.random.randrange(256)])
        return blob[:at] + bytes([blob[at] + change & 0xFF]) + blob[at + 1:]

    def blob(self, data):
        """As a string, hurt one time in three, and compressed one time in five, which may be hurt again."""
        data = self.hurt(data)
        if self.random.random() > 0.2 or not data:
            return string(data)
        lzf = packing.lzf(data)
        if self.random.random() < 0.3:
            lzf = self.hurt(lzf)
        size = len(data) + (self.random.choice([1, -1]) if self.random.random() < 0.1 else 0)
        return b"\xc3" + length(len(lzf)) + length(size) + lzf

    def packed(self, elements):
        return self.blob(packing.listpack(elements))

    def zipped(self, elements):
        return self.blob(packing.ziplist(elements))

    def flat(self, *columns):
        out = [x for row in zip(*columns) for x in row]
        return out[:-1] if self.random.random() < 0.08 else out

    def key(self):
        self.made += 1
        kind = self.random.randrange(12)
        if kind == 0 and self.used is not None:
            return string(self.used)
        if kind == 1:
            return string(b"")
        if kind == 2:
            return integer(self.random.choice(WIDE))
        return string(b"put-in:%d:%d" % (self.made, self.random.randrange(1 << 30)))

    # ---- values: (type byte, value)

    def value(self):
        kinds = [self.plain_string, self.linked_list, self.table_set, self.text_zset, self.table_hash, self.zset_2,
                 self.zipmap, self.ziplist, self.intset, self.quicklist, self.quicklist_2, self.listpack, self.stream,
                 self.listpack, self.stream, self.zipped_zset, self.zset_listpack, self.field_expiry, self.field_expiry]
        return self.random.choice(kinds)()

    def plain_string(self):
        lzf = b"\xc3" + length(6) + length(self.random.choice([13, 13, 12, 14])) + b"\x01ab\xe0\x02\x01"
        return 0, self.random.choice([string(self.element()), integer(self.random.choice(WIDE)), lzf,
                                      bytes([0xC0 | self.random.randrange(64), 1, 2, 3, 4])])

    def linked_list(self):
        items = self.elements(self.count())
        return 1, length(len(items)) + b"".join(map(string, items))

    def table_set(self):
        items = self.elements(self.count())
        return 2, length(len(items)) + b"".join(map(string, items))

    def text_zset(self):
        items = self.elements(self.count())
        out = length(len(items))
        for item in items:
            text = self.score_text()
            special = bytes([self.random.choice([253, 254, 255])])
            out += string(item) + (special if self.random.random() < 0.2 else bytes([len(text)]) + text)
        return 3, out

    def table_hash(self):
        items = self.elements(self.count())
        return 4, length(len(items)) + b"".join(string(x) + string(self.element()) for x in items)

    def zset_2(self):
        items = self.elements(self.count())
        return 5, length(len(items)) + b"".join(string(x) + struct.pack("<d", self.score()) for x in items)

    def zipmap(self):
        items = self.elements(self.count())
        return 9, self.blob(packing.zipmap([(x, self.element()) for x in items]))

    def ziplist(self):
        items = self.elements(self.count())
        if self.random.random() < 0.5:
            return 10, self.zipped(items)
        return 13, self.zipped(self.flat(items, [self.element() for _ in items]))

    def zipped_zset(self):
        items = self.elements(self.count())
        return 12, self.zipped(self.flat(items, [self.score_text() for _ in items]))

    def zset_listpack(self):
        items = self.elements(self.count())
        return 17, self.packed(self.flat(items, [self.score_text() for _ in items]))

    def intset(self):
        width = self.random.choice([2, 4, 8])
        numbers = {self.random.randrange(-1 << width * 8 - 1, 1 << width * 8 - 1) for _ in range(self.count())}
        numbers = sorted(numbers | {self.random.randrange(-9, 9)} if self.random.random() < 0.5 else numbers)
        if len(numbers) > 1 and self.random.random() < 0.2:
            numbers[0] = numbers[-1]
        return 11, self.blob(packing.intset(numbers, width))

    def quicklist(self):
        nodes = [self.elements(self.count()) for _ in range(self.random.randrange(0, 4))]
        return 14, length(len(nodes)) + b"".join(map(self.zipped, nodes))

    def quicklist_2(self):
        out, nodes = b"", self.random.randrange(0, 4)
        for _ in range(nodes):
            kind = self.random.choice([1, 2, 2, 2] + [0, 3] * (self.random.random() < 0.1))
            out += length(kind) + (string(self.element()) if kind == 1 else self.packed(self.elements(self.count())))
        return 18, length(nodes) + out

    def listpack(self):
        items = self.elements(self.count())
        if self.random.random() < 0.5:
            return 20, self.packed(items)
        return 16, self.packed(self.flat(items, [self.element() for _ in items]))

    def field_expiry(self):
        items = self.elements(self.count())
        times = [self.expiry() for _ in items]
        if self.is_valkey:
            return 22, length(len(items)) + b"".join(
                string(x) + string(self.element()) + struct.pack("<q", at) for x, at in zip(items, times))
        least = struct.pack("<q", self.random.choice([0, 4102444800000, 4102444800000, -1]))
        if self.random.random() < 0.5:
            return 24, least + length(len(items)) + b"".join(
                length(self.random.choice([0, 1, 1000, abs(at) % 2**64])) + string(x) + string(self.element())
                for x, at in zip(items, times))
        if self.random.random() < 0.8:
            times = sorted(t for t in times if t > 0) + [0] * sum(t <= 0 for t in times)
        texts = [self.element() if self.random.random() < 0.05 else b"%d" % t for t in times]
        return 25, least + self.packed(self.flat(items, [self.element() for _ in items], texts))

    # ---- streams

    def stream(self):
        kind = self.random.choice([15, 19, 21])
        ids, nodes, out = [], self.random.randrange(0, 3), b""
        for n in range(nodes):
            first = (1000 * (n + 1) + self.random.randrange(5), self.random.randrange(3))
            blob, found = self.stream_node(first)
            ids += found
            if self.random.random() < 0.05:
                first = first[:1] + (first[1] + 1,)
            out += string(struct.pack(">QQ", *first)) + blob
        last = ids[-1] if ids else (self.random.choice([0, 5]), 0)
        count = len(ids) + self.random.choice([0] * 8 + [1, -1 if ids else 1])
        out = length(nodes) + out + length(count) + length(last[0]) + length(last[1])
        if kind >= 19:
            first = ids[0] if ids else (0, 0)
            out += b"".join(map(length, first + (0, 0) + (max(count, 0),)))
        groups = self.random.choice([0, 0, 1, 2])
        return kind, out + length(groups) + b"".join(self.group(kind, ids, last) for _ in range(groups))

    def stream_node(self, first):
        fields = [b"f%d" % i for i in range(self.random.randrange(1, 4))]
        items, ids, gone = [], [], 0
        for i in range(self.random.randrange(1, 5)):
            is_gone, same = self.random.random() < 0.15, self.random.random() < 0.6
            gone += is_gone
            if not is_gone:
                ids.append((first[0] + i, first[1]))
            entry = [b"%d" % (2 * same + is_gone), b"%d" % i, b"0"]
            if same:
                entry += [b"v"] * len(fields)
            else:
                own = self.random.randrange(1, 3)
                entry += [b"%d" % own] + [b"k", b"v"] * own
            items += entry + [b"%d" % (len(entry) + self.random.choice([0] * 20 + [1]))]
        head = [b"%d" % len(ids), b"%d" % gone, b"%d" % len(fields)] + fields + [b"0"]
        if self.random.random() < 0.08:
            head[self.random.randrange(2)] = b"7"
        return self.packed(head + items), ids

    def group(self, kind, ids, last):
        some = [i for i in ids if self.random.random() < 0.6]
        if self.random.random() < 0.1:
            some.append(self.random.choice([(9, 9)] + some))
        out = string(self.random.choice([b"g1", b"g2"])) + length(last[0]) + length(last[1])
        if kind >= 19:
            out += length(self.random.choice([0, 1, 5, 2**64 - 1]))
        stamp = struct.pack("<q", self.random.choice([1700000000000, 0, -1]))
        out += length(len(some))
        for one in some:
            out += struct.pack(">QQ", *one) + stamp + length(self.random.choice([1, 0, 70000]))
        owners = self.random.choice([1, 1, 1, 2, 0])
        shares = [some[i::owners] for i in range(owners)]
        if shares and shares[0] and self.random.random() < 0.1:
            shares[0] = shares[0][1:]
        if shares and some and self.random.random() < 0.15:
            shares[-1] = shares[-1] + [some[0]]
        out += length(len(shares))
        for i, share in enumerate(shares):
            out += string(b"c%d" % (0 if self.random.random() < 0.05 else i)) + stamp
            out += stamp if kind >= 21 else b""
            out += length(len(share)) + b"".join(struct.pack(">QQ", *one) for one in share)
        return out

    # ---- records

    def key_record(self):
        kind, value = self.value()
        return bytes([kind]) + self.key() + value, "type %d" % kind

    def duplicate(self):
        """The same key twice, or a key the file has."""
        if self.used is not None and self.random.random() < 0.6:
            return b"\xfe\x00\x00" + string(self.used) + string(b"again"), "a key of database 0 again"
        one, info = self.key_record()
        return one + one, info + " twice"

    def select(self):
        n = self.random.choice([0, 1, 14, 15, 16, 17, 63, 64, 16384, 2**31 - 1, 2**31, 2**32, 2**63])
        return b"\xfe" + length(n) + b"\x00" + string(b"there") + string(b"x"), "database %d" % n

    def hint(self):
        return b"\xfb" + length(self.random.choice([0, 1, 3000])) + length(self.random.choice([0, 1, 3000])), "RESIZEDB"

    def attribute(self):
        """Something said of the key that follows, or of none."""
        out = b""
        for _ in range(self.random.randrange(1, 4)):
            out += self.random.choice([
                b"\xfc" + struct.pack("<q", self.expiry()), b"\xfd" + struct.pack("<i", self.random.choice([0, 1, -1, 2**31 - 1])),
                b"\xf9" + bytes([self.random.randrange(256)]), b"\xf8" + length(self.random.choice([0, 100, 2**40, 2**64 - 1]))])
        if self.random.random() < 0.2:
            return out, "attributes of no key"
        return out + b"\x00" + self.key() + string(b"v"), "attributes and a key"

    def aux(self):
        name = self.random.choice([b"redis-ver", b"ctime", b"used-mem", b"repl-stream-db", b"repl-id", b"repl-offset", b"lua",
                                   b"aof-base", b"aof-preamble", b"%unknown", b"unheard-of", b"", b"redis-bits"])
        value = self.random.choice([string(b"0"), string(b"1"), string(b""), string(b"text"), integer(1), integer(2**31 - 1),
                                    integer(-1)])
        return b"\xfa" + string(name) + value, "AUX %s" % name.decode()

    def function(self):
        name = self.random.choice([b"put", b"lib0", b"in%d" % self.random.randrange(1 << 30)])
        head = self.random.choice(HEADS * 10 + WRONG_HEADS)
        lines = [self.random.choice(LUA) for _ in range(self.random.choice([0, 0, 1, 1, 2]))]
        lines.append(self.random.choice(REGISTER * 6 + WRONG_REGISTER))
        if self.random.random() < 0.2:
            self.random.shuffle(lines)
        code = b"\n".join([head] + lines) + self.random.choice([b"\n", b""])
        record = b"\xf5" + self.blob(code.replace(b"NAME", name))
        return record * self.random.choice([1, 1, 1, 1, 2]), "function library"

    def odd(self):
        """Opcodes at random: what few files have, and what none has."""
        return self.random.choice([
            (b"\xf4" + length(self.random.choice([0, 5, 16383, 16384])) + length(1) + length(0), "SLOT_INFO"),
            (b"\xf7" + b"\x81" + self.random.randbytes(8) + b"\x02\x01\x00", "MODULE_AUX"),
            (b"\xf6", "function of before 7.0"), (b"\xff", "end before the end"),
            (b"\xf3", "opcode 243"), (b"\xf2", "opcode 242"), (b"\x06" + self.key() + b"\0", "module 1"),
            (b"\x07" + self.key() + b"\x81" + self.random.randbytes(8) + b"\0", "module 2"), (b"\x08", "type 8"),
            (bytes([self.random.randrange(26, 243)]) + self.key(), "a type nobody has"), (b"", "nothing")])

    def any(self):
        """(bytes, what they are)"""
        kinds = [self.key_record] * 8 + [self.function] * 2 + [self.duplicate, self.select, self.attribute, self.hint, self.aux,
                                                               self.odd]
        return self.random.choice(kinds)()
