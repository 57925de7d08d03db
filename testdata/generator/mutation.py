"""Damages RDB files: many ways, one or two places, from a random number generator.

Nothing here reads the format. Where things are is known from the truth: the names of keys are looked for in the bytes,
and around a name are its length, the type byte and the head of the value. New records (records.py) go where a record
is bound to begin: behind the header and before the end.
"""
from .hexfile import crc64
from .records import Records

TRAILER = 8
LENGTHS_OF_INTEREST = [0, 1, 0x3F, 0x40, 0x7F, 0x80, 0x81, 0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xFE, 0xFF]


class Base:
    """A file to damage: the bytes without the checksum, and where its keys are."""

    def __init__(self, name, data, truth):
        self.name, self.body = name, data[:-TRAILER]
        self.is_valkey = data.startswith(b"VALKEY")
        self.starts = self._find_keys(truth)
        database = truth["dbs"].get("0", {"keys": []})
        names = [k["key"].encode("latin1") for k in database["keys"] if isinstance(k["key"], str)]
        self.used = names[len(names) // 2] if names else None

    def _find_keys(self, truth):
        """(offset of the type byte, offset of the value) of keys whose name is there once, with its length before it"""
        found, body = [], self.body
        for database in truth["dbs"].values():
            for key in database["keys"]:
                if not isinstance(key["key"], str) or not 1 <= len(key["key"]) < 64:
                    continue
                name = key["key"].encode("latin1")
                at = body.find(bytes([len(name)]) + name)
                if at > 9 and body.find(bytes([len(name)]) + name, at + 1) < 0:
                    found.append((at - 1, at + 1 + len(name)))
        return found


class Mutator:
    """Makes damaged files of one base."""

    def __init__(self, base, rng):
        self.base, self.random = base, rng

    # ---- where

    def anywhere(self):
        return self.random.randrange(len(self.base.body))

    def near_a_key(self):
        """The head of a value, where its lengths and the headers of packed blobs are."""
        if not self.base.starts:
            return self.anywhere()
        start = self.random.choice(self.base.starts)[1]
        return min(start + self.random.choice([0, 1, 2, 3, 4, 5, 8, 12, 20, 40]), len(self.base.body) - 1)

    def before_a_key(self):
        """The tail of the value before a key: ends of blobs, groups of streams."""
        if not self.base.starts:
            return self.anywhere()
        return max(9, self.random.choice(self.base.starts)[0] - self.random.randrange(1, 60))

    def place(self):
        return self.random.choice([self.anywhere, self.near_a_key, self.near_a_key, self.before_a_key])()

    def new_byte(self, old):
        return self.random.choice([self.random.choice(LENGTHS_OF_INTEREST), old + 1 & 0xFF, old - 1 & 0xFF, old ^ 0x80,
                                   self.random.randrange(256)])

    # ---- what: (kind, where and how, body)

    def bit(self):
        body, at, bit = bytearray(self.base.body), self.place(), self.random.randrange(8)
        body[at] ^= 1 << bit
        return "bit", "bit %d at %d" % (bit, at), bytes(body)

    def byte(self):
        body, at = bytearray(self.base.body), self.place()
        new = self.new_byte(body[at])
        info = "%02x to %02x at %d" % (body[at], new, at)
        body[at] = new
        return "byte", info, bytes(body)

    def two_bytes(self):
        body, at = bytearray(self.base.body), self.place()
        other = min(at + self.random.randrange(1, 30), len(body) - 1)
        body[at], body[other] = self.new_byte(body[at]), self.new_byte(body[other])
        return "two-bytes", "at %d and %d" % (at, other), bytes(body)

    def type(self):
        if not self.base.starts:
            return self.byte()
        body, at = bytearray(self.base.body), self.random.choice(self.base.starts)[0]
        info = "%d at %d" % (body[at], at)
        body[at] = self.random.randrange(0, 27)
        return "type", info + " to %d" % body[at], bytes(body)

    def gone(self):
        at, count = self.place(), self.random.choice([1, 1, 2, 3, 9, 100])
        return "gone", "%d bytes at %d" % (count, at), self.base.body[:at] + self.base.body[at + count:]

    def grown(self):
        at, new = self.place(), self.random.randbytes(self.random.choice([1, 1, 2, 8, 30]))
        return "grown", "%s at %d" % (new.hex(), at), self.base.body[:at] + new + self.base.body[at:]

    def key_twice(self):
        """From one key to the next, again: a duplicate with all its bytes."""
        if len(self.base.starts) < 2:
            return self.grown()
        starts = sorted(self.base.starts)
        i = self.random.randrange(len(starts) - 1)
        first, end = starts[i][0], starts[i + 1][0]
        return "key-twice", "%d to %d" % (first, end), self.base.body[:end] + self.base.body[first:]

    def key_gone(self):
        if len(self.base.starts) < 2:
            return self.gone()
        starts = sorted(self.base.starts)
        i = self.random.randrange(len(starts) - 1)
        first, end = starts[i][0], starts[i + 1][0]
        return "key-gone", "%d to %d" % (first, end), self.base.body[:first] + self.base.body[end:]

    def record(self):
        records = Records(self.random, self.base.used, self.base.is_valkey)
        new, info = records.any()
        at = self.random.choice([9, len(self.base.body) - 1, len(self.base.body) - 1])
        return "record", "%s at %d" % (info, at), self.base.body[:at] + new + self.base.body[at:]

    def header(self):
        new = self.random.choice([b"REDIS0001", b"REDIS0004", b"REDIS0005", b"REDIS0009", b"REDIS0010", b"REDIS0011",
                                  b"REDIS0012", b"REDIS0013", b"REDIS0080", b"REDIS  11", b"REDIS0000", b"REDIS00x1", b"REDIS-011", b"VALKEY011",
                                  b"VALKEY080", b"VALKEY081", b"VALKEY999", b"redis0011", b"REDIS001x"])
        return "header", new.decode(), new + self.base.body[9:]

    # ---- the whole file

    def sealed(self, body):
        return body + crc64(body).to_bytes(TRAILER, "little")

    def make(self):
        """(kind, where and how, the whole file)"""
        kind = self.random.randrange(20)
        body = self.base.body
        if kind == 0:
            whole = self.sealed(body)
            end = self.random.randrange(len(whole))
            if self.random.random() < 0.3:
                end = len(whole) - self.random.randrange(1, 12)
            return "cut", "at %d" % end, whole[:end]
        if kind == 1:
            more = self.random.choice([b"\n", b"\0", b"\0" * 4096, b"*1\r\n$4\r\nPING\r\n", body, self.random.randbytes(100)])
            return "more", "%d bytes" % len(more), self.sealed(body) + more
        if kind == 2:
            name, info, new = self.bit()
            old = crc64(body).to_bytes(TRAILER, "little")
            return self.random.choice([("stale", info, new + old), ("zero-crc", info, new + bytes(TRAILER)),
                                       ("zero-crc", "the rest as it was", body + bytes(TRAILER))])
        change = self.random.choice([self.bit, self.byte, self.byte, self.two_bytes, self.type, self.gone, self.grown,
                                     self.key_twice, self.key_gone, self.header]
                                    + [self.record] * 8)
        name, info, new = change()
        return name, info, self.sealed(new)
