#!/usr/bin/env python3
"""Do servers load what `rdbkit extract` makes, and is it the selection that was asked for?

    python3 testdata/judge_extract.py --data DIR --rdbkit PROGRAM [--servers DIR] [--only A,B]

Takes every DIR/*/SERVER/dump.rdb that SERVER made (as generate.py --random leaves them). For each selection the
server loads the file and deletes all keys that are not of the selection, by its own lights: KEYS, TYPE, PTTL. Then it
is started on what rdbkit extracts. Both times it tells DEBUG DIGEST, the sizes of its databases and its libraries:
these must be equal. And what is extracted for another server (--for), that server must load, with as many keys;
rdbkit may refuse to where a value is of a type that server does not know. The last line is "N passed, N failed"; the exit code is 0 if nothing failed and something passed.
"""
import argparse
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from generator.server import Server, ServerExit, no_active_expiry  # noqa: E402


def matching(pattern):
    return lambda client, db: set(client.cmd("KEYS", pattern))


def of_type(*types):
    def pick(client, db):
        keys = client.cmd("KEYS", "*")
        told = client.pipe(["TYPE", key] for key in keys)
        return {key for key, name in zip(keys, told) if name.decode() in types}
    return pick


def expiring(client, db):
    keys = client.cmd("KEYS", "*")
    return {key for key, ttl in zip(keys, client.pipe(["PTTL", key] for key in keys)) if ttl >= 0}


def everything(client, db):
    return set(client.cmd("KEYS", "*"))


SELECTIONS = [
    ("all", [], everything),
    ("none", ["--key", "?no such key?"], lambda client, db: set()),
    ("glob", ["--key", "*[a-f0]*"], matching("*[a-f0]*")),
    ("two globs", ["-k", "*:1*", "-k", "[^s]*"], lambda c, db: matching("*:1*")(c, db) | matching("[^s]*")(c, db)),
    ("not glob", ["--not-key", "*[13579]"], lambda c, db: everything(c, db) - matching("*[13579]")(c, db)),
    ("types", ["--type", "hash,stream"], of_type("hash", "stream")),
    ("not types", ["--not-type", "string", "--not-type", "list"], of_type("hash", "stream", "set", "zset")),
    ("database", ["--db", "0"], lambda client, db: everything(client, db) if db == 0 else set()),
    ("expiring", ["--expiry", "set"], expiring),
]


class Asked:
    """A server on a file, or on none, in a folder of its own."""

    def __init__(self, server, conf, dump):
        self.server, self.folder = server, tempfile.TemporaryDirectory()
        if dump:
            shutil.copy(dump, os.path.join(self.folder.name, "dump.rdb"))
        self.client = server.start(self.folder.name, dict(conf))
        no_active_expiry(self.client)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()
        self.server.stop()
        self.folder.cleanup()

    def databases(self):
        info = self.client.cmd("INFO", "keyspace").decode()
        return [int(line[2:line.index(":")]) for line in info.split() if line.startswith("db") and ":" in line]

    def keep(self, pick):
        for db in self.databases():
            self.client.cmd("SELECT", db)
            gone = everything(self.client, db) - pick(self.client, db)
            self.client.pipe(["DEL", key] for key in sorted(gone))

    def told(self):
        sizes = {}
        for db in self.databases():
            self.client.cmd("SELECT", db)
            keys = self.client.cmd("KEYS", "*")  # those past their time are not among them
            sizes[db] = len(keys)
        libraries = self.client.soft("FUNCTION", "LIST")
        names = sorted(lib[1].decode() for lib in libraries) if isinstance(libraries, list) else []
        return {"digest": self.client.cmd("DEBUG", "DIGEST").decode(),
                "sizes": {db: n for db, n in sizes.items() if n}, "libraries": names}


def extract(rdbkit, dump, new, flags, piped):
    """Extracts, from a file to a file or from a pipe to a pipe."""
    if piped:
        with open(dump, "rb") as source, open(new, "wb") as out:
            return subprocess.run([rdbkit, "extract", "-", "-o", "-"] + flags, stdin=source, stdout=out,
                                  stderr=subprocess.PIPE)
    return subprocess.run([rdbkit, "extract", dump, "-o", new, "--force"] + flags, capture_output=True)


def judge(rdbkit, server, conf, dump, flags, pick, work):
    with Asked(server, conf, dump) as asked:
        asked.keep(pick)
        wanted = asked.told()
    new = os.path.join(work, "new.rdb")
    for piped in (False, True):
        done = extract(rdbkit, dump, new, flags, piped)
        if done.returncode not in ((0, 1) if not wanted["sizes"] else (0,)):
            return "rdbkit exits with %d: %s" % (done.returncode, done.stderr.decode())
        try:
            with Asked(server, conf, new) as asked:
                got = asked.told()
        except ServerExit as e:
            return "the server does not load the result: %s" % e
        if got != wanted:
            return "%s: wanted %s, got %s" % ("piped" if piped else "file", wanted, got)
    return None


def judge_for(rdbkit, server, other, conf, dump, work):
    """For another server: strings and lists, which are of types that change least, and all."""
    release = "%s:%d.%d" % (("valkey" if other.is_valkey else "redis",) + other.version[:2])
    new = os.path.join(work, "other.rdb")
    made = 0
    for flags, pick in (["--type", "string"], of_type("string")), ([], everything):
        done = extract(rdbkit, dump, new, flags + ["--for", release], False)
        if done.returncode == 1 and flags == [] and b"cannot be kept" in done.stderr:
            continue
        if done.returncode != 0:
            return "rdbkit exits with %d: %s" % (done.returncode, done.stderr.decode())
        with Asked(server, conf, dump) as asked:
            asked.keep(pick)
            wanted = asked.told()
        try:
            with Asked(other, conf, new) as asked:
                got = asked.told()
        except ServerExit as e:
            return "%s does not load the result: %s" % (release, e)
        if (got["sizes"], got["libraries"]) != (wanted["sizes"], wanted["libraries"]):
            return "for %s: wanted %s, got %s" % (release, wanted, got)
        made += 1
    return None if made else "nothing was made for %s" % release


def dumps(args):
    """Each file to judge: path, name of its server, the server, its configuration."""
    for dump in sorted(glob.glob(os.path.join(args.data, "*", "*", "dump.rdb"))):
        name = os.path.basename(os.path.dirname(dump))
        if args.only and name not in args.only.split(","):
            continue
        server = Server(os.path.join(args.servers, name), name)
        with open(os.path.join(os.path.dirname(dump), "birth.json"), encoding="utf-8") as f:
            conf = {"databases": json.load(f)["conf"].get("databases", "16"), "sanitize-dump-payload": "yes"}
        yield dump, name, server, conf


def arguments(doc):
    """What both programs that judge are called with."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--rdbkit", required=True)
    parser.add_argument("--servers", default=os.path.join(HERE, "..", ".servers"))
    parser.add_argument("--only", help="names of servers, with commas")
    return parser.parse_args()


def main():
    args = arguments(__doc__)
    passed = failed = 0
    rdbkit = os.path.abspath(args.rdbkit)
    for dump, name, server, conf in dumps(args):
        with tempfile.TemporaryDirectory() as work:
            for title, flags, pick in SELECTIONS:
                why = judge(rdbkit, server, conf, dump, flags, pick, work)
                passed, failed = passed + (why is None), failed + (why is not None)
                if why is not None:
                    print("FAILED %s, %s: %s" % (dump, title, why))
            for other in sorted(os.listdir(os.path.dirname(os.path.dirname(dump)))):
                why = judge_for(rdbkit, server, Server(os.path.join(args.servers, other), other), conf, dump, work)
                passed, failed = passed + (why is None), failed + (why is not None)
                if why is not None:
                    print("FAILED %s for %s: %s" % (dump, other, why))
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(0 if passed and not failed else 1)


if __name__ == "__main__":
    main()
