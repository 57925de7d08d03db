#!/usr/bin/env python3
"""Does `rdbkit diff` say what changed on a server, and nothing else?

    python3 testdata/judge_diff.py --data DIR --rdbkit PROGRAM [--servers DIR] [--only A,B] [--seed N] [--changes N]

Takes every DIR/*/SERVER/dump.rdb that SERVER made (as generate.py --random leaves them) and has the server load it and
save it. Then

1. it changes the limits of all packed encodings and loads and saves again, and every other server that takes the file
   saves it too: none of these files may differ from the first;
2. it runs random commands over all types, expiries, groups of streams and libraries among them, some of which change
   nothing in the end, and saves once more. Before and after, the server is asked for everything by ordinary commands
   (generator/truth.py). The keys and libraries rdbkit lists as added, removed, changed, changed in expiry only or in
   type must be those whose answers differ; and the other way round, with both files exchanged.

The last line is "N passed, N failed"; the exit code is 0 if nothing failed and something passed.
"""
import argparse
import base64
import glob
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from generator import truth  # noqa: E402
from generator.client import ReplyError  # noqa: E402
from generator.populate import FAR, packing, without_aliases  # noqa: E402
from generator.server import Server, ServerExit  # noqa: E402
from judge_extract import Asked  # noqa: E402


class Judge:
    def __init__(self, rdbkit):
        self.rdbkit, self.passed, self.failed = rdbkit, 0, 0

    def count(self, title, why):
        self.passed += why is None
        self.failed += why is not None
        if why is not None:
            print("FAILED %s: %s" % (title, why), flush=True)

    def diff(self, old, new, *flags):
        """Exit code, and the lines but the last, and the last."""
        done = subprocess.run([self.rdbkit, "diff", "--json", old, new, *flags], capture_output=True)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        if not lines or lines[-1].get("error"):
            raise RuntimeError("no answer: %s" % done.stderr.decode())
        return done.returncode, lines[:-1], lines[-1]

    def same(self, title, old, new):
        code, lines, last = self.diff(old, new)
        why = None
        if code != 0 or lines or not last["same"]:
            why = "%d differences (exit code %d), such as %s" % (len(lines), code, json.dumps(lines[:2])[:600])
        self.count(title, why)


def save(asked, to):
    asked.client.cmd("SAVE")
    shutil.copy(os.path.join(asked.folder.name, "dump.rdb"), to)


def told(asked):
    """{(db, key): (type, value, expiry)}, and {library: code}"""
    all_of_it = truth.read(asked.client, asked.server)
    keys = {}
    for db, content in all_of_it["dbs"].items():
        for key in content["keys"]:
            keys[int(db), key["key"] if isinstance(key["key"], str) else json.dumps(key["key"])] = (
                key["type"], json.dumps(key["value"], sort_keys=True), key["pexpireat"])
    return keys, {lib["name"]: json.dumps(lib["code"]) for lib in all_of_it["functions"]}


def expected(before, after):
    """{(db, key): what} as of the answers of the server."""
    out = {}
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if old is None or new is None:
            out[key] = "added" if old is None else "removed"
        elif old[0] != new[0]:
            out[key] = "type"
        elif old[1] != new[1]:
            out[key] = "changed" + (" ttl" if old[2] != new[2] else "")
        elif old[2] != new[2]:
            out[key] = "ttl"
    return out


def name(json_text):
    raw = json_text.encode() if isinstance(json_text, str) else base64.b64decode(json_text["base64"])
    told_as = truth.text(raw)
    return told_as if isinstance(told_as, str) else json.dumps(told_as)


def found(lines):
    keys, libraries = {}, {}
    for line in lines:
        if line["kind"] == "library":
            libraries[name(line["name"])] = line["change"]
            continue
        if line["kind"] != "key":
            raise RuntimeError("unexpected %s" % line)
        what = line["change"]
        if what == "changed" and line["value"] == "type":
            what = "type"
        elif what == "changed" and line["value"] == "same":
            what = "ttl"
        elif what == "changed" and line["ttl"]:
            what = "changed ttl"
        keys[line["db"], name(line["key"])] = what
    return keys, libraries


class Mutator:
    """Random commands on keys that are there, and on some that are not."""

    def __init__(self, client, server, rng):
        self.client, self.server, self.rng = client, server, rng

    def run(self, *command):
        return self.client.soft(*command)

    def text(self):
        return self.rng.choice([b"%d" % self.rng.randrange(-10**6, 10**6), os.urandom(self.rng.randrange(1, 90)), b"x" * 70])

    def one(self, db):
        self.client.cmd("SELECT", db)
        key = self.client.cmd("RANDOMKEY")
        if key is None or self.rng.random() < 0.1:
            return self.new(db)
        kind = self.client.cmd("TYPE", key)
        rare = self.rng.randrange(12)
        if rare == 0:
            return self.run("DEL", key)
        if rare == 1:
            return self.run("PEXPIREAT", key, FAR + self.rng.randrange(10**6))
        if rare == 2:
            return self.run("PERSIST", key)
        if rare == 3:
            return self.run("RENAME", key, b"renamed:%d" % self.rng.randrange(50))
        if rare == 4:
            return self.run("MOVE", key, self.rng.randrange(16))
        if rare == 5 and self.rng.random() < 0.3:
            self.run("DEL", key)
            return self.run("SADD", key, "another", "type")
        return getattr(self, kind.decode(), self.string)(key)

    def new(self, _):
        key = b"new:\xff:%d" % self.rng.randrange(100)
        return self.rng.choice([self.string, self.list, self.set, self.zset, self.hash, self.stream])(key)

    def string(self, key):
        return self.run(*self.rng.choice([("APPEND", key, self.text()), ("SET", key, self.text(), "KEEPTTL"),
                                          ("SETRANGE", key, self.rng.randrange(50), b"!"), ("SETBIT", key, 7, 1)]))

    def list(self, key):
        kind = self.rng.randrange(6)
        if kind == 0:  # nothing in the end
            self.run("RPUSH", key, self.text())
            return self.run("RPOP", key)
        at = self.rng.randrange(5)
        return self.run(*[("LPUSH", key, self.text(), self.text()), ("RPUSH", key, self.text()), ("LPOP", key),
                          ("LSET", key, at, self.text()), ("LTRIM", key, 1, -2)][kind - 1])

    def set(self, key):
        if self.rng.random() < 0.3:  # nothing but another encoding
            self.run("SADD", key, b"for a moment")
            return self.run("SREM", key, b"for a moment")
        if self.rng.random() < 0.5:
            return self.run("SPOP", key)
        return self.run("SADD", key, self.text())

    def zset(self, key):
        some = self.client.soft("ZRANGE", key, 0, 0)
        member = some[0] if isinstance(some, list) and some else b"m"
        return self.run(*self.rng.choice([("ZADD", key, repr(self.rng.uniform(-9, 9)), self.text()),
                                          ("ZINCRBY", key, "0.1", member), ("ZREM", key, member)]))

    def hash(self, key):
        names = self.client.soft("HKEYS", key)
        field = self.rng.choice(names) if isinstance(names, list) and names else b"f"
        choices = [("HSET", key, field, self.text()), ("HSET", key, self.text(), b"1"), ("HDEL", key, field)]
        if self.server.has((7, 4), (9, 0)):
            choices += [("HPEXPIREAT", key, FAR + self.rng.randrange(10**6), "FIELDS", 1, field),
                        ("HPERSIST", key, "FIELDS", 1, field)]
        return self.run(*self.rng.choice(choices))

    def stream(self, key):
        kind = self.rng.randrange(9)
        entries = self.client.soft("XRANGE", key, "-", "+", "COUNT", 5)
        at = self.rng.choice(entries)[0] if isinstance(entries, list) and entries else b"1-1"
        group = b"g%d" % self.rng.randrange(3)
        if kind < 4:
            return self.run(*[("XADD", key, "*", b"f", self.text()), ("XDEL", key, at), ("XTRIM", key, "MAXLEN", 3),
                              ("XGROUP", "CREATE", key, group, "0", "MKSTREAM")][kind])
        self.run("XGROUP", "CREATE", key, group, "0", "MKSTREAM")
        consumer = b"c%d" % self.rng.randrange(2)
        self.run("XREADGROUP", "GROUP", group, consumer, "COUNT", 2, "STREAMS", key, ">")
        return self.run(*[("XACK", key, group, at), ("XGROUP", "DELCONSUMER", key, group, consumer),
                          ("XCLAIM", key, group, b"other", 0, at), ("XGROUP", "SETID", key, group, at),
                          ("PING",)][kind - 4])

    def libraries(self):
        for n in self.rng.sample(range(5), 2):
            self.run("FUNCTION", "DELETE", "lib%d" % n)
        n = self.rng.randrange(5)
        self.run("FUNCTION", "LOAD", "REPLACE", "#!lua name=lib%d\nredis.register_function('g%d', function() return %d end)"
                 % (n, n, self.rng.randrange(100)))


def judge_server(judge, server, others, conf, dump, seed, changes, work):
    first, second, third = (os.path.join(work, n + ".rdb") for n in ("first", "second", "third"))
    rng = random.Random(seed)
    with Asked(server, conf, dump) as asked:
        save(asked, first)
        for limits in (packing("0"), packing("100000", "100000")):
            for key, value in without_aliases(server, limits).items():
                asked.client.soft("CONFIG", "SET", key, value)
            for key, value in (("list-max-listpack-size", "1" if limits["set-max-intset-entries"] == "0" else "-5"),
                               ("rdbcompression", "no")):
                asked.client.soft("CONFIG", "SET", key, value)
            asked.client.cmd("DEBUG", "RELOAD")
            save(asked, second)
            judge.same("%s, other limits" % dump, first, second)
            judge.same("%s, other limits, exchanged" % dump, second, first)
    took = 0
    for other in others:
        try:
            with Asked(other, conf, first) as asked:
                save(asked, second)
        except ServerExit:
            continue  # it does not know a type of this one
        took += 1
        judge.same("%s, saved by %s" % (dump, other.name), first, second)
    if not took:
        judge.count(dump, "no server takes the file")

    with Asked(server, conf, first) as asked:
        save(asked, second)
        before = told(asked)
        mutator = Mutator(asked.client, server, rng)
        dbs = asked.databases() or [0]
        for _ in range(changes):
            mutator.one(rng.choice(dbs))
        if server.has((7, 0)):
            mutator.libraries()
        save(asked, third)
        after = told(asked)
    wanted, libraries = expected(before[0], after[0]), {}
    for lib in before[1].keys() | after[1].keys():
        if before[1].get(lib) != after[1].get(lib):
            libraries[lib] = "added" if lib not in before[1] else "removed" if lib not in after[1] else "changed"
    opposite = {"added": "removed", "removed": "added"}
    for title, old, new, turn in (("changes", second, third, {}), ("changes, exchanged", third, second, opposite)):
        code, lines, last = judge.diff(old, new)
        got = found(lines)
        want = ({k: turn.get(v, v) for k, v in wanted.items()}, {k: turn.get(v, v) for k, v in libraries.items()})
        why = None
        if got != want:
            keys = [(k, want[0].get(k), got[0].get(k)) for k in want[0].keys() | got[0].keys()
                    if want[0].get(k) != got[0].get(k)]
            why = "of %d differing keys, %d wrong: (key, wanted, got) %s; libraries wanted %s, got %s" % (
                len(want[0]), len(keys), keys[:5], want[1], got[1])
        elif code != (1 if want[0] or want[1] else 0):
            why = "exit code %d" % code
        judge.count("%s, %s" % (dump, title), why)
    return len(wanted)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--rdbkit", required=True)
    parser.add_argument("--servers", default=os.path.join(HERE, "..", ".servers"))
    parser.add_argument("--only", help="names of servers, with commas")
    parser.add_argument("--seed", default=str(int(time.time())))
    parser.add_argument("--changes", type=int, default=120, help="commands run on each data set")
    args = parser.parse_args()
    judge, differing = Judge(os.path.abspath(args.rdbkit)), 0
    for dump in sorted(glob.glob(os.path.join(args.data, "*", "*", "dump.rdb"))):
        folder = os.path.dirname(dump)
        server_name = os.path.basename(folder)
        if args.only and server_name not in args.only.split(","):
            continue
        server = Server(os.path.join(args.servers, server_name), server_name)
        others = [Server(os.path.join(args.servers, other), other) for other in sorted(os.listdir(os.path.dirname(folder)))]
        with open(os.path.join(folder, "birth.json"), encoding="utf-8") as f:
            conf = {"databases": json.load(f)["conf"].get("databases", "16"), "sanitize-dump-payload": "yes"}
        with tempfile.TemporaryDirectory() as work:
            try:
                differing += judge_server(judge, server, others, conf, dump, "%s:%s" % (args.seed, dump), args.changes, work)
            except (RuntimeError, ReplyError) as e:
                judge.count(dump, e)
    print("%d keys differed" % differing)
    if not differing:
        judge.count("all data sets", "no command changed anything")
    print("%d passed, %d failed" % (judge.passed, judge.failed))
    sys.exit(0 if judge.passed and not judge.failed else 1)


if __name__ == "__main__":
    main()
