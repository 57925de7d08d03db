#!/usr/bin/env python3
"""Records what real servers answer to DEBUG DIGEST about the fixtures and the hand-made files.

    python3 testdata/record_digests.py [--servers DIR] [--out FILE]

Each of SERVERS, from a folder as get-servers.sh makes it, loads each file it can and is asked. FILE (default:
testdata/digests.jsonl) has a line for each answer:

    {"file": "SERVER/CASE" | "handmade/NAME", "by": server, "asked_at_ms": ms, "digest": DEBUG DIGEST,
     "values": [[db, key, DEBUG DIGEST-VALUE]..]}
    {"scores": [bits of a double, as 16 hex digits..], "by": server, "digest": DEBUG DIGEST-VALUE}

`values` is there for the files of VALUES; keys are written as in a truth. `scores` are those of a sorted set with
the members 0, 1, 2..: servers write them as text, and not all of them alike.
"""
import argparse
import json
import os
import random
import struct
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from generator import hexfile  # noqa: E402
from generator.client import ReplyError  # noqa: E402
from generator.server import Server, found_in  # noqa: E402
from generator.truth import databases, text  # noqa: E402

SERVERS = ["redis-6.0-bullseye", "redis-7.0-bookworm", "redis-8.0-sid", "valkey-8.1-trixie", "valkey-9-sid"]
VALUES = {"dense", "hash-ttl", "streams", "zsets"}  # cases whose keys are asked for one by one
CONF = {"databases": "20000", "enable-debug-command": "yes"}
SWEEP = 0.3  # seconds in which Redis finds the fields that have expired
BATCH = 20  # scores in a set


def files():
    """(name, bytes)"""
    root = os.path.join(HERE, "rdb")
    for server in sorted(os.listdir(root)):
        for name in sorted(os.listdir(os.path.join(root, server))):
            if name.endswith(".rdb"):
                with open(os.path.join(root, server, name), "rb") as f:
                    yield "%s/%s" % (server, name[:-4]), f.read()
    for name in sorted(os.listdir(os.path.join(HERE, "handmade"))):
        if name.endswith(".hex"):
            yield "handmade/" + name[:-4], hexfile.read(os.path.join(HERE, "handmade", name))


def scores():
    """Doubles of all sorts: round ones, borders of the formats, few digits, any bits at all."""
    rng = random.Random("scores")
    found = [s * m * 10.0 ** e for e in range(-9, 24) for m in (1, 1.5, 1.2345678901234567) for s in (1, -1)]
    found += [2.0 ** e + d for e in range(50, 66) for d in (-1, 0, 1)]
    found += [rng.randrange(10 ** rng.randrange(1, 17)) / 10.0 ** rng.randrange(1, 12) for _ in range(300)]
    found += [rng.randrange(1, 1 << 17) / 2.0 ** rng.randrange(1, 40) for _ in range(100)]
    while len(found) < 1200:
        one = struct.unpack(">d", rng.randbytes(8))[0]
        if one == one:
            found.append(one)
    found += [0.0, float("inf"), float("-inf"), 5e-324, 1.7976931348623157e308, 2.2250738585072014e-308]
    return found


def ask(server, client, folder, name, data):
    """The line of a file; None if the server does not load it."""
    with open(os.path.join(folder, "dump.rdb"), "wb") as f:
        f.write(data)
    # what a server that refuses says is the business of judge.py
    if isinstance(client.soft("DEBUG", "RELOAD", "NOSAVE"), ReplyError):
        return None
    if data.startswith((b"REDIS0012", b"VALKEY")):
        time.sleep(SWEEP)
    line = {"file": name, "by": server.label(), "asked_at_ms": int(time.time() * 1000),
            "digest": client.cmd("DEBUG", "DIGEST").decode()}
    if name.split("/")[1] in VALUES:
        line["values"] = []
        for db in databases(client):
            client.cmd("SELECT", db)
            keys = sorted(client.cmd("KEYS", "*"))
            digests = client.cmd("DEBUG", "DIGEST-VALUE", *keys)
            line["values"] += [[db, text(k), d.decode()] for k, d in zip(keys, digests)]
    return line


def answers(server, work):
    folder = os.path.join(work, server.name)
    server.learn_settings(folder)
    client = server.start(folder, CONF)
    try:
        every = scores()
        for some in (every[i:i + BATCH] for i in range(0, len(every), BATCH)):
            client.cmd("DEL", "z")
            for member, score in enumerate(some):
                client.cmd("ZADD", "z", repr(score), member)
            yield {"scores": [struct.pack(">d", s).hex() for s in some], "by": server.label(),
                   "digest": client.cmd("DEBUG", "DIGEST-VALUE", "z")[0].decode()}
        for name, data in files():
            try:
                line = ask(server, client, folder, name, data)
            except (EOFError, OSError):  # some servers end where others answer with an error
                server.stop()
                os.remove(os.path.join(folder, "dump.rdb"))
                client, line = server.start(folder, CONF), None
            if line:
                yield line
    finally:
        server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--servers", default=".servers", help="folder with a folder for each server")
    parser.add_argument("--out", default=os.path.join(HERE, "digests.jsonl"))
    options = parser.parse_args()
    missing = set(SERVERS) - set(found_in(options.servers))
    if missing:
        sys.exit("not in %s: %s" % (options.servers, ", ".join(sorted(missing))))
    with tempfile.TemporaryDirectory() as work, open(options.out, "w", encoding="ascii") as out:
        for name in SERVERS:
            count = 0
            for line in answers(Server(os.path.join(options.servers, name), name), work):
                out.write(json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n")
                count += 1
            print("%s: %d answers" % (name, count))


if __name__ == "__main__":
    main()
