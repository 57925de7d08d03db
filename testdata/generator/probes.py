"""Small RDB files, each wrong in one way that the check tools have words of their own for."""
import struct

TABLE = []
for _byte in range(256):
    _crc = _byte
    for _ in range(8):
        _crc = _crc >> 1 ^ (0x95AC9329AC4BC9B5 if _crc & 1 else 0)
    TABLE.append(_crc)


def crc64(data):
    crc = 0
    for byte in data:
        crc = TABLE[(crc ^ byte) & 255] ^ crc >> 8
    return crc


def length(n):
    if n < 64:
        return bytes([n])
    if n < 16384:
        return bytes([0x40 | n >> 8, n & 255])
    return b"\x80" + struct.pack(">I", n) if n < 1 << 32 else b"\x81" + struct.pack(">Q", n)


def string(data):
    return length(len(data)) + data


def many(strings):
    return b"".join(string(s) for s in strings)


def i64(n):
    return struct.pack("<q", n)


def f64(x):
    return struct.pack("<d", x)


def ident(ms, seq):
    return struct.pack(">QQ", ms, seq)


def listpack(elements, count=None):
    body = b""
    for e in elements:
        if isinstance(e, int):
            entry = bytes([e]) if 0 <= e < 128 else b"\xf4" + struct.pack("<q", e)
        else:
            entry = bytes([0x80 | len(e)]) + e if len(e) < 64 else bytes([0xE0 | len(e) >> 8, len(e) & 255]) + e
        body += entry + (bytes([len(entry)]) if len(entry) < 128 else bytes([len(entry) >> 7, len(entry) & 127 | 128]))
    return struct.pack("<IH", len(body) + 7, len(elements) if count is None else count) + body + b"\xff"


def ziplist(elements, tail=None):
    body, before, last = b"", 0, 10
    for e in elements:
        last = 10 + len(body)
        entry = bytes([before, len(e)]) + e
        body, before = body + entry, len(entry)
    return struct.pack("<IIH", len(body) + 11, last if tail is None else tail, len(elements)) + body + b"\xff"


def intset(numbers):
    return struct.pack("<II", 2, len(numbers)) + b"".join(struct.pack("<h", n) for n in numbers)


# one live entry f=v with the ID of the node's key
NODE = listpack([1, 0, 1, b"f", 0, 2, 0, 0, b"v", 4])
NODES = length(1) + string(ident(5, 1)) + string(NODE)
# length, last ID
META = length(1) + length(5) + length(1)
# first ID, greatest deleted ID, entries added
META_2 = META + length(5) + length(1) + length(0) + length(0) + length(1)
GROUP = string(b"g") + length(5) + length(1) + length(1)


def pending(*ids):
    return length(len(ids)) + b"".join(ident(*i) + i64(1) + length(1) for i in ids)


def consumer(name, *ids):
    return string(name) + i64(1) + i64(1) + length(len(ids)) + b"".join(ident(*i) for i in ids)


def group(*parts):
    """A stream of type 21 with a group."""
    return 21, NODES + META_2 + length(1) + GROUP + b"".join(parts)


def numbers(n):
    return [b"%d" % i for i in range(n)]


def pairs(strings):
    return many(s for e in strings for s in (e, b"v"))


MODULE = b"\x81" + struct.pack(">Q", 0xBDE72DA2BB1EB400)  # vectorset
LONG = b"x" * 65
LZF = b"\xc3" + length(9) + length(30) + b"\x01aa\xe0\x11\x00\x01aa"

# name: (type, value)
VALUES = {
    "string-lzf": (0, LZF),
    "string-lzf-too-long": (0, LZF.replace(length(30), length(31))),
    "string-length-82": (0, b"\x82"),
    "string-encoding-4": (0, b"\xc4"),
    "list-empty": (1, length(0)),
    "set-intset-twice": (2, length(2) + many([b"1", b"1"])),
    "set-listpack-twice": (2, length(3) + many([b"1", b"a", b"a"])),
    "set-listpack-again": (2, length(3) + many([b"1", b"a", b"1"])),
    "set-long-twice": (2, length(2) + many([LONG, LONG])),
    "set-long-then-short": (2, length(3) + many([b"a", LONG, b"a"])),
    "set-129-twice": (2, length(130) + many([b"a"] + numbers(128) + [b"7"])),
    "set-129-integers-then-text-twice": (2, length(131) + many(numbers(129) + [b"a", b"a"])),
    "set-513-twice": (2, length(513) + many(numbers(512) + [b"7"])),
    "zset-nan": (5, length(1) + string(b"a") + f64(float("nan"))),
    "zset-twice": (5, length(2) + (string(b"a") + f64(1)) * 2),
    "zset-text-nan": (3, length(1) + string(b"a") + b"\xfd"),
    "zset-text-junk": (3, length(1) + string(b"a") + string(b"junk")),
    "zset-text-empty": (3, length(1) + string(b"a") + b"\x00"),
    "zset-text-negative-zero": (3, length(2) + string(b"a") + string(b"-0") + string(b"b") + string(b" 1e5")),
    "set-2^48": (2, length(1 << 48)),
    "zset-2^48": (5, length(1 << 48)),
    "hash-2^48": (4, length(1 << 48)),
    "hash-22-valkey-2^48": (22, length(1 << 48)),
    "set-2^63": (2, length(1 << 63)),
    "hash-twice": (4, length(2) + pairs([b"a", b"a"])),
    "hash-long-field-twice": (4, length(3) + pairs([b"a", LONG, b"a"])),
    "hash-long-field-itself-twice": (4, length(2) + pairs([LONG, LONG])),
    "hash-513-twice": (4, length(513) + pairs(numbers(512) + [b"7"])),
    "module-pre-release": (6, MODULE),
    "module-value": (7, MODULE + b"\x01\x81" + b"\xff" * 8 + b"\x03abcd\x04abcdefgh\x05" + string(b"text") + b"\x00"),
    "module-unknown-item": (7, MODULE + b"\x09\x07\x02\x05\x00"),
    "module-string-encoding": (7, MODULE + b"\x05\xff"),
    "zipmap": (9, string(b"\x02\x01a\x01\x00x\x01b\x01\x00y\xff")),
    "zipmap-twice": (9, string(b"\x02\x01a\x01\x00x\x01a\x01\x00y\xff")),
    "zipmap-no-end": (9, string(b"\x01\x01a\x01\x00x")),
    "list-ziplist": (10, string(ziplist([b"a", b"b"]))),
    "list-ziplist-tail": (10, string(ziplist([b"a", b"b"], tail=10))),
    "list-ziplist-empty": (10, string(ziplist([]))),
    "intset-unsorted": (11, string(intset([2, 1]))),
    "intset-empty": (11, string(intset([]))),
    "zset-ziplist-twice": (12, string(ziplist([b"a", b"1", b"a", b"2"]))),
    "zset-ziplist-odd": (12, string(ziplist([b"a", b"1", b"b"]))),
    "zset-ziplist-nan": (12, string(ziplist([b"a", b"nan"]))),
    "hash-ziplist-twice": (13, string(ziplist([b"a", b"1", b"a", b"2"]))),
    "hash-ziplist-empty": (13, string(ziplist([]))),
    "quicklist-damaged": (14, length(1) + string(ziplist([b"a"], tail=11))),
    "quicklist-empty-node": (14, length(2) + string(ziplist([])) + string(ziplist([b"a"]))),
    "quicklist-all-empty": (14, length(1) + string(ziplist([]))),
    "quicklist2-container-3": (18, length(1) + length(3) + string(b"a")),
    "quicklist2-plain-empty": (18, length(1) + length(1) + string(b"")),
    "quicklist2-damaged": (18, length(1) + length(2) + string(listpack([b"a"], count=2))),
    "quicklist2-all-empty": (18, length(1) + length(2) + string(listpack([]))),
    "hash-listpack-twice": (16, string(listpack([b"a", 1, b"a", 2]))),
    "hash-listpack-odd": (16, string(listpack([b"a", 1, b"b"]))),
    "hash-listpack-integer-twice": (16, string(listpack([7, 1, b"7", 2]))),
    "zset-listpack-twice": (17, string(listpack([b"a", 1, b"a", 2]))),
    "zset-listpack-nan": (17, string(listpack([b"a", b"nan"]))),
    "zset-listpack-scores": (17, string(listpack([b"a", b"-0", -5, b"junk", b"c", b"397164.9166221747"]))),
    "set-listpack-blob-twice": (20, string(listpack([b"a", b"a"]))),
    "set-listpack-blob-empty": (20, string(listpack([]))),
    "listpack-border-16383": (20, string(listpack([b"y" * 4000]))),
    "hash-22-redis": (22, length(1) + length(0) + many([b"f", b"v"])),
    "hash-22-valkey": (22, length(1) + many([b"f", b"v"]) + i64(-1)),
    "hash-22-valkey-expiry": (22, length(1) + many([b"f", b"v"]) + i64(99)),
    "hash-22-valkey-negative-expiry": (22, length(1) + many([b"f", b"v"]) + i64(-2)),
    "hash-22-valkey-twice": (22, length(2) + (many([b"f", b"v"]) + i64(-1)) * 2),
    "hash-24-min-too-high": (24, i64(1 << 50) + length(1) + length(1) + many([b"f", b"v"])),
    "hash-24-expiry-too-high": (24, i64(5) + length(1) + length(1 << 49) + many([b"f", b"v"])),
    "hash-24-twice": (24, i64(5) + length(2) + (length(1) + many([b"f", b"v"])) * 2),
    "hash-24-long-field-twice": (24, i64(5) + length(3) + b"".join(length(1) + many([f, b"v"]) for f in (b"f", LONG, b"f"))),
    "hash-24-513-twice": (24, i64(5) + length(513) + b"".join(length(0) + many([f, b"v"]) for f in numbers(512) + [b"7"])),
    "hash-25": (25, i64(9) + string(listpack([b"f", b"v", 9, b"g", b"v", 0]))),
    "hash-25-order": (25, i64(9) + string(listpack([b"f", b"v", 0, b"g", b"v", 9]))),
    "hash-25-descending": (25, i64(9) + string(listpack([b"f", b"v", 10, b"g", b"v", 9]))),
    "hash-25-text-expiry": (25, i64(9) + string(listpack([b"f", b"v", b"9"]))),
    "hash-25-negative-expiry": (25, i64(9) + string(listpack([b"f", b"v", -9]))),
    "hash-25-expiry-too-high": (25, i64(9) + string(listpack([b"f", b"v", 1 << 48]))),
    "hash-25-twice": (25, i64(9) + string(listpack([b"f", b"v", 9, b"f", b"v", 9]))),
    "hash-23": (23, string(listpack([b"f", b"v", 9]))),
    "stream": (15, NODES + META + length(0)),
    "stream-empty": (15, length(0) + length(0) * 3 + length(0)),
    "stream-key-of-15": (15, length(1) + string(b"k" * 15)),
    "stream-node-damaged": (15, length(1) + string(ident(5, 1)) + string(NODE[:-3] + b"\x05\x01\xff")),
    "stream-node-empty": (15, length(1) + string(ident(5, 1)) + string(listpack([]))),
    "stream-node-count": (15, length(1) + string(ident(5, 1)) + string(listpack([1, 0, 1, b"f", 0, 2, 0, 0, b"v", 4], 9)) + META + length(0)),
    "stream-node-flags": (15, length(1) + string(ident(5, 1)) + string(listpack([1, 0, 1, b"f", 0, 3, 0, 0, b"v", 4])) + META + length(0)),
    "stream-node-twice": (15, length(2) + (string(ident(5, 1)) + string(NODE)) * 2 + META),
    "stream-length-without-nodes": (15, length(0) + length(1) + length(5) + length(1)),
    "stream-length-2": (15, NODES + length(2) + length(5) + length(1) + length(0)),
    "stream-group-twice": (21, NODES + META_2 + length(2) + (GROUP + pending() + length(0)) * 2),
    "stream-pending-twice": group(pending((5, 1), (5, 1)), length(0)),
    "stream-consumer-twice": group(pending(), length(2), consumer(b"c"), consumer(b"c")),
    "stream-owned-unknown": group(pending((5, 1)), length(1), consumer(b"c", (5, 2))),
    "stream-owned-twice": group(pending((5, 1)), length(1), consumer(b"c", (5, 1), (5, 1))),
    "stream-owned-by-two": group(pending((5, 1)), length(2), consumer(b"c", (5, 1)), consumer(b"d", (5, 1))),
    "stream-pending-orphan": group(pending((5, 1)), length(1), consumer(b"c")),
    "stream-group": group(pending((5, 1)), length(1), consumer(b"c", (5, 1))),
}
# where every read that can fail does so once
CUT = {
    "cut-string": (0, string(b"abc")),
    "cut-zset": (5, length(1) + string(b"a") + f64(1)),
    "cut-module": (7, MODULE + b"\x01\x05\x02\x05\x03abcd\x04abcdefgh\x05" + string(b"text") + b"\x00"),
    "cut-hash-22-valkey": (22, length(1) + many([b"f", b"v"]) + i64(-1)),
    "cut-hash-24": (24, i64(5) + length(1) + length(1) + many([b"f", b"v"])),
    "cut-hash-25": (25, i64(9) + string(listpack([b"f", b"v", 9]))),
    "cut-stream": group(pending((5, 1)), length(1), consumer(b"c", (5, 1))),
}
# name: the records
RECORDS = {
    "aux-long": b"\xfa" + string(b"note") + string(b"z" * 2000),
    "aux-with-nul": b"\xfa" + string(b"no\0te") + string(b"a\0b"),
    "aux-lua": b"\xfa" + string(b"lua") + string(b"return 1"),
    "key-with-nul-and-damage": b"\x0b" + string(b"a\0b") + string(b"junk"),
    "function-prega": b"\xf6",
    "function-cut": b"\xf5" + length(9),
    "function-junk": b"\xf5" + string(b"junk"),
    "module-aux": b"\xf7" + MODULE + b"\x02\x02\x00",
    "module-aux-when": b"\xf7" + MODULE + b"\x01\x02\x00",
    "slot-info": b"\xf4\x01\x02\x03",
    "slot-import": b"\xf3" + string(b"j" * 40) + length(1) + length(0) + length(5),
    "slot-import-short-name": b"\xf3" + string(b"j" * 39) + length(0),
    "select-2^64-1": b"\xfe\x81" + b"\xff" * 8,
    "resize-2^64-1": b"\xfb\x01\x81" + b"\xff" * 8,
    "idle-and-freq": b"\xf8\x05\xf9\x05\x00" + many([b"a", b"b"]),
    "expire-minus-1": b"\xfc" + i64(-1) + b"\x00" + many([b"a", b"b"]),
    "expire-past": b"\xfc" + i64(1) + b"\x00" + many([b"a", b"b"]) + b"\xfd" + b"\x01\0\0\0" + b"\x00" + many([b"c", b"d"]),
    "expire-far": b"\xfc" + i64(1 << 60) + b"\x00" + many([b"a", b"b"]),
    "key-allocation": b"\x00\x81\x40" + b"\0" * 7,
    "value-allocation": b"\x00" + string(b"k") + b"\xc3\x81\x40" + b"\0" * 7 + b"\x05",
}
MAGICS = [b"REDIS0000", b"REDIS0003", b"REDIS0013", b"REDIS0079", b"REDIS0080", b"REDIS-001", b"REDIS  7x", b"REDISabcd",
          b"VALKEY011", b"VALKEY012", b"VALKEY079", b"VALKEY080", b"VALKEY081", b"VALKEY999", b"REDIS1234", b"garbage!!"]


def closed(body, magic):
    data = magic + body + b"\xff"
    return data + struct.pack("<Q", crc64(data))


def magic_for(kind):
    return b"VALKEY080" if kind == 22 else b"REDIS0012" if kind > 21 else b"REDIS0011"


def probes():
    """Pairs of a name and the bytes of a file."""
    for name, (kind, value) in VALUES.items():
        key = bytes([kind]) + string(b"k")
        yield name, closed(b"\xfe\x00" + key + value, magic_for(kind) if "redis" not in name else b"REDIS0012")
    for name, (kind, value) in CUT.items():
        start = magic_for(kind) + b"\xfe\x00" + bytes([kind]) + string(b"k")
        for n in range(len(value)):
            yield "%s-%03d" % (name, n), start + value[:n]
    for name, records in RECORDS.items():
        tail = b"" if name.endswith(("cut", "allocation")) else b"\x00" + many([b"k", b"v"])
        body = b"\xfe\x00" + records + tail
        magic = b"VALKEY080" if name.startswith("slot-import") else b"REDIS0011"
        yield name, magic + body if not tail else closed(body, magic)
    for magic in MAGICS:
        yield "magic-" + "".join(chr(c) if chr(c).isalnum() else "_" for c in magic), closed(b"\xfe\x00\x00" + many([b"k", b"v"]), magic)
    yield "type-22-in-valkey-012", closed(b"\xfe\x00\x16" + string(b"k") + VALUES["hash-22-valkey"][1], b"VALKEY012")
    yield "type-23-in-valkey-081", closed(b"\xfe\x00\x17" + string(b"k") + length(1), b"VALKEY081")
    yield "type-22-in-redis-11", closed(b"\xfe\x00\x16" + string(b"k") + VALUES["hash-22-valkey"][1], b"REDIS0011")
    yield "opcode-242", closed(b"\xf2", b"VALKEY080")
    yield "empty", b""
    yield "eight-bytes", b"REDIS001"
