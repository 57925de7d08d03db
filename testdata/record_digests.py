#!/usr/bin/env python3
"""Records what real servers answer to DEBUG DIGEST about the fixtures, the hand-made files and the logs.

    python3 testdata/record_digests.py [--servers DIR] [--logs] [--out FILE]

Each of SERVERS, from a folder as get-servers.sh makes it, loads each file it can and is asked. FILE (default:
testdata/digests.jsonl) has a line for each answer:

    {"file": "SERVER/CASE" | "handmade/NAME", "by": server, "asked_at_ms": ms, "digest": DEBUG DIGEST,
     "values": [[db, key, DEBUG DIGEST-VALUE]..]}
    {"log": "aof/SERVER/CASE" | "logs/NAME", "by": server, "asked_at_ms": ms, "digest": DEBUG DIGEST, or null: it does
     not start}
    {"scores": [bits of a double, as 16 hex digits..], "by": server, "digest": DEBUG DIGEST-VALUE}

`values` is there for the files of VALUES; keys are written as in a truth. `scores` are those of a sorted set with
the members 0, 1, 2..: servers write them as text, and not all of them alike.
"""
import argparse
import concurrent.futures
import json
import os
import random
import struct
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from aoflog import digests  # noqa: E402
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


def logs(work):
    """(name, path) of each log; those of logs/cases.jsonl are written to `work`."""
    root = os.path.join(HERE, "aof")
    for server in sorted(os.listdir(root)):
        for case in sorted(os.listdir(os.path.join(root, server))):
            path = os.path.join(root, server, case)
            if os.path.isdir(path):
                single = os.path.join(path, "appendonly.aof")
                has_manifest = any(n.endswith(".manifest") for n in os.listdir(path))
                yield "aof/%s/%s" % (server, case), path if has_manifest else single
    with open(os.path.join(HERE, "logs", "cases.jsonl"), encoding="ascii") as f:
        for number, line in enumerate(f):
            case = json.loads(line)
            folder = os.path.join(work, "logs", str(number))
            for name, data in case["files"].items():
                os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
                with open(os.path.join(folder, name), "wb") as out:
                    out.write(data.encode("latin1"))
            path = os.path.join(folder, "appendonlydir")
            if os.path.isdir(path) and any(n.endswith(".manifest") for n in os.listdir(path)):
                yield "logs/" + case["name"], path
            elif list(case["files"]) == ["appendonly.aof"]:
                yield "logs/" + case["name"], os.path.join(folder, "appendonly.aof")


def ask_log(server, name, path, work):
    digest, now = digests.of_server(server, path, tempfile.mkdtemp(dir=work))
    return {"log": name, "by": server.label(), "asked_at_ms": now, "digest": digest}


def answers_on_logs(server, work):
    """The servers listen on sockets: several run at a time."""
    jobs = [(server, name, path, work) for name, path in logs(work) if server.has((7, 0)) or os.path.isfile(path)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        yield from pool.map(lambda job: ask_log(*job), jobs)


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
    parser.add_argument("--logs", action="store_true", help="only the logs; the other answers are kept")
    parser.add_argument("--out", default=os.path.join(HERE, "digests.jsonl"))
    options = parser.parse_args()
    missing = set(SERVERS) - set(found_in(options.servers))
    if missing:
        sys.exit("not in %s: %s" % (options.servers, ", ".join(sorted(missing))))
    kept = []
    if options.logs:
        with open(options.out, encoding="ascii") as f:
            kept = [line for line in f if '"log":' not in line]
    with tempfile.TemporaryDirectory() as work, open(options.out, "w", encoding="ascii") as out:
        out.writelines(kept)
        for name in SERVERS:
            count = 0
            server = Server(os.path.join(options.servers, name), name)
            for ask in (answers_on_logs,) if options.logs else (answers, answers_on_logs):
                for line in ask(server, work):
                    out.write(json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n")
                    count += 1
            print("%s: %d answers" % (name, count))


if __name__ == "__main__":
    main()
