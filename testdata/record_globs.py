#!/usr/bin/env python3
"""Records which keys servers find for which patterns, as truth for rdb/src/glob.rs.

    python3 testdata/record_globs.py [--servers DIR] [--seed N]

Gives 100 keys to Redis 8.0 and Valkey 9.1, asks both for some 600 patterns with KEYS, and writes golden/globs.json:

    {"servers": [label..], "keys": [text..], "patterns": {text: hits, ..}}

Texts have the code points 0 to 255 for their bytes. `hits` is a hexadecimal number; bit i of it is set where the
pattern matches key i. The two servers must agree on all.
"""
import argparse
import json
import os
import random
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from generator.server import Server  # noqa: E402

SERVERS = ["redis-8.0-sid", "valkey-9-sid"]
KEYS = 100

FIXED_KEYS = [
    b"", b"a", b"b", b"c", b"A", b"Z", b"-", b"]", b"[", b"^", b"\\", b"*", b"?", b"!", b"\x00", b"\x7f", b"\x80",
    b"\xff", b"\xfe\xff", b"\xc3\xa9", b"ab", b"abc", b"aab", b"a-c", b"a]", b"[a]", b"[^a]", b"a\\", b"a*", b"**",
    b"a\x00b", b"a\nb", b"hello", b"hallo", b"hxllo", b"hllo", b"heello", b"user:1", b"user:17", b"user:1000:name",
    b"USER:1", b"cache:{a}:1", b"12", b"-7", b"9223372036854775807", b"aaaaaaaaaaaaaaaaaaaab", b"x" * 80,
]

FIXED_PATTERNS = [
    b"", b"*", b"**", b"***", b"?", b"??", b"*?", b"?*", b"?*?", b"**?", b"a", b"a*", b"a**", b"*a", b"*a*", b"**a**",
    b"h?llo", b"h*llo", b"h[ae]llo", b"h[^e]llo", b"h[a-b]llo", b"h[b-a]llo", b"user:*", b"user:?", b"user:[0-9]",
    b"user:[0-9]*", b"user:*:name", b"*:*:*", b"USER:*", b"[", b"[a", b"[^", b"[^a", b"[]", b"[]a]", b"[]]", b"[^]",
    b"[^]a]", b"[\\]", b"[\\]]", b"[\\^a]", b"[a\\]", b"[a\\", b"[a-", b"[a-]", b"[-a]", b"[a-b-c]", b"[--a]", b"[z-a]",
    b"[a-c", b"[c-a", b"[^a-c]", b"[^c-a]", b"[^a-c", b"[a-a]", b"[!a]", b"[?]", b"[*]", b"[[]", b"[[]]", b"[\\-]",
    b"[a\\-c]", b"[\\a-\\c]", b"[a-\\c]", b"x[a", b"a[", b"ab[", b"*[", b"*[]", b"*[a", b"*[^", b"*[^b]", b"[a]*",
    b"\\", b"\\\\", b"\\*", b"\\?", b"\\[", b"\\]", b"\\a", b"a\\", b"a\\\\", b"*\\", b"*\\\\", b"a\\*", b"[a-\xff]",
    b"[\x00-\xff]", b"[\x80-\xff]", b"[\xff-\x80]", b"[\x7f-\x80]", b"[\x80-\x7f]", b"[^\x80-\xff]", b"[\xff]", b"\xff",
    b"\xff*", b"*\xff", b"?\xff", b"\xc3?", b"\xc3\xa9", b"\x00", b"*\x00*", b"a?b", b"a\nb", b"*a*a*a*b", b"*a" * 9,
    b"*a*b*c*", b"a]", b"]", b"^", b"-", b"{a}", b"*{*}*", b"*[0-9]", b"*[^0-9]", b"[0-9]*", b"[^0-9]*", b"???*",
    b"x" * 80, b"x*x", b"*" * 30 + b"b", b"*x" * 80, b"*x" * 81,
]

PIECES = [b"*", b"**", b"?", b"[", b"]", b"^", b"-", b"\\", b"a", b"b", b"c", b"ab", b"[a-c]", b"[^a-c]", b"[c-a]",
          b"\xff", b"\x80", b"\x7f", b"\x00", b":", b"h", b"l", b"1", b"[0-9]", b"user"]


def made_up(choose, pieces, least, fixed, count):
    """`fixed`, and others out of pieces until there are `count`."""
    found = dict.fromkeys(fixed)
    while len(found) < count:
        found[b"".join(choose.choice(pieces) for _ in range(choose.randint(least, 7)))] = None
    return list(found)


def ask(name, servers, keys, patterns):
    server = Server(os.path.join(servers, name), name)
    with tempfile.TemporaryDirectory() as folder:
        client = server.start(folder)
        try:
            client.pipe([b"SET", key, b""] for key in keys)
            place = {key: i for i, key in enumerate(keys)}
            replies = client.pipe([b"KEYS", pattern] for pattern in patterns)
            return server.label(), [sum(1 << place[key] for key in reply) for reply in replies]
        finally:
            server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", default=os.path.join(HERE, "..", ".servers"))
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    choose = random.Random(args.seed)
    keys = made_up(choose, [p for p in PIECES if b"*" not in p], 1, FIXED_KEYS, KEYS)
    patterns = made_up(choose, PIECES, 1, FIXED_PATTERNS, 600)
    told = [ask(name, args.servers, keys, patterns) for name in SERVERS]
    for pattern, *hits in zip(patterns, *(hits for _, hits in told)):
        if len(set(hits)) != 1:
            sys.exit("%r: the servers do not agree: %s" % (pattern, [hex(n) for n in hits]))
    record = {
        "servers": [label for label, _ in told],
        "keys": [key.decode("latin1") for key in keys],
        "patterns": {pattern.decode("latin1"): "%x" % n for pattern, n in zip(patterns, told[0][1])},
    }
    path = os.path.join(HERE, "golden", "globs.json")
    with open(path, "w", encoding="ascii", newline="\n") as f:
        json.dump(record, f, indent=0)
        f.write("\n")
    print("%s: %d keys, %d patterns, %s" % (path, len(keys), len(patterns), " and ".join(record["servers"])))


if __name__ == "__main__":
    main()
