#!/usr/bin/env python3
"""How far are rdbkit's estimates of memory from what servers say?

    python3 testdata/measure_memory.py --data DIR --rdbkit PROGRAM [--servers DIR] [--only A,B]
                                       [--median P] [--p95 P] [--total P] [--by-encoding]

Takes every DIR/*/SERVER/dump.rdb that SERVER made (as generate.py --random leaves them). The server is started on it
with default settings and asked MEMORY USAGE key SAMPLES 0 about each key, and for its used_memory, less that of the
same server without data. `rdbkit stats --per-key` is asked the same of the file. Told for each server: median and 95th
percentile of the relative error of keys, the error of their sum, and that of used_memory.

A server fails if one of them is above its bound, in percent (default 2, 8 and 5), or if more than one key in a hundred
has another encoding than estimated; those that have are told. The last line is "N passed, N
failed"; the exit code is 0 if nothing failed and something passed.
"""
import argparse
import base64
import glob
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from generator.server import Server, no_active_expiry  # noqa: E402


def used_memory(client):
    info = client.cmd("INFO", "memory").decode().split("\r\n")
    return next(int(line.split(":")[1]) for line in info if line.startswith("used_memory:"))


def asked(server, dump, conf):
    """{(db, key): bytes} of all keys, and what they take together."""
    with tempfile.TemporaryDirectory() as folder:
        client = server.start(os.path.join(folder, "empty"), dict(conf))
        before = used_memory(client)
        client.close()
        server.stop()
        full = os.path.join(folder, "full")
        os.makedirs(full)
        shutil.copy(dump, os.path.join(full, "dump.rdb"))
        client = server.start(full, dict(conf))
        try:
            after = used_memory(client)
            no_active_expiry(client)
            said = {}
            info = client.cmd("INFO", "keyspace").decode().split()
            for db in (int(line[2:line.index(":")]) for line in info if line.startswith("db") and ":" in line):
                client.cmd("SELECT", db)
                keys = client.cmd("KEYS", "*")
                replies = client.pipe(["MEMORY", "USAGE", key, "SAMPLES", "0"] for key in keys)
                encodings = client.pipe(["OBJECT", "ENCODING", key] for key in keys)
                said.update({(db, k): (n, e.decode()) for k, n, e in zip(keys, replies, encodings) if n is not None})
            return said, after - before
        finally:
            client.close()
            server.stop()


def estimated(rdbkit, dump, server):
    """The same by rdbkit, of keys that have not expired."""
    release = "%s:%d.%d" % (("valkey" if server.is_valkey else "redis",) + server.version[:2])
    # The servers of testdata/get-servers.sh are packages of Debian.
    allocator = "system-5.3.1" if "jemalloc-5.3.1" in server.version_line else "system"
    command = [rdbkit, "stats", dump, "--per-key", "--json", "--for", release, "--allocator", allocator,
               "--expiry", "alive"]
    told, whole = {}, None
    for line in subprocess.run(command, check=True, capture_output=True).stdout.splitlines():
        line = json.loads(line)
        if line["kind"] == "key":
            key = line["key"]
            key = base64.b64decode(key["base64"]) if isinstance(key, dict) else key.encode()
            told[line["db"], key] = (line["memory"], line["encoding"], line["type"])
        else:
            whole = line["memory"]["keys"] + line["memory"]["tables"]
    return told, whole


def percent(share):
    return "%6.2f %%" % (100 * share)


class Errors:
    """Relative errors of many keys."""

    def __init__(self):
        self.keys, self.said, self.told = [], 0, 0

    def add(self, said, told):
        self.keys.append(abs(told - said) / said)
        self.said += said
        self.told += told

    def median(self):
        return statistics.median(self.keys)

    def p95(self):
        return sorted(self.keys)[int(len(self.keys) * 0.95)]

    def sum(self):
        return (self.told - self.said) / self.said

    def row(self, name):
        return "%-30s %6d keys  median %s  p95 %s  worst %s  sum %s" % (
            name, len(self.keys), percent(self.median()), percent(self.p95()), percent(max(self.keys)),
            percent(self.sum()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--rdbkit", required=True)
    parser.add_argument("--servers", default=os.path.join(HERE, "..", ".servers"))
    parser.add_argument("--only", help="names of servers, with commas")
    parser.add_argument("--median", type=float, default=2)
    parser.add_argument("--p95", type=float, default=8)
    parser.add_argument("--total", type=float, default=5)
    parser.add_argument("--by-encoding", action="store_true", help="also each type and encoding")
    parser.add_argument("--worst", type=int, default=0, help="of each also the keys that are furthest off")
    args = parser.parse_args()
    dumps = {}
    for dump in sorted(glob.glob(os.path.join(args.data, "*", "*", "dump.rdb"))):
        name = os.path.basename(os.path.dirname(dump))
        if not args.only or name in args.only.split(","):
            dumps.setdefault(name, []).append(dump)
    passed = failed = 0
    for name, files in sorted(dumps.items()):
        server = Server(os.path.join(args.servers, name), name)
        keys, by, grown, expected, wrong, worst, others = Errors(), {}, 0, 0, [], [], []
        for dump in files:
            with open(os.path.join(os.path.dirname(dump), "birth.json"), encoding="utf-8") as f:
                conf = {"databases": json.load(f)["conf"].get("databases", "16")}
            said, more = asked(server, dump, conf)
            told, whole = estimated(os.path.abspath(args.rdbkit), dump, server)
            grown, expected = grown + more, expected + whole
            for at, (size, encoding) in said.items():
                if at not in told:
                    wrong.append("%s: %r is not told of" % (dump, at))
                    continue
                estimate, kept, kind = told[at]
                keys.add(size, estimate)
                by.setdefault((kind, encoding), Errors()).add(size, estimate)
                worst.append((abs(estimate - size) / size, at, kind, encoding, kept, size, estimate))
                if kept != encoding:
                    others.append("%s: %r is %s, not %s" % (dump, at, encoding, kept))
        if not keys.keys:
            print("FAILED %s: no key was compared" % name)
            failed += 1
            continue
        print("%s  used_memory %s" % (keys.row(name), percent((expected - grown) / grown)))
        if args.by_encoding:
            for (kind, encoding), errors in sorted(by.items()):
                print(errors.row("  %s, %s" % (kind, encoding)))
                of_kind = [line for line in worst if (line[2], line[3]) == (kind, encoding)]
                for line in sorted(of_kind, key=lambda line: -line[0])[:args.worst]:
                    print("    %5.1f %% %r %s %s (%s): said %d, estimated %d" % ((100 * line[0],) + line[1:]))
        for what, found, bound in (("median", keys.median(), args.median), ("p95", keys.p95(), args.p95),
                                   ("sum", abs(keys.sum()), args.total),
                                   ("used_memory", abs(expected - grown) / grown, args.total)):
            if 100 * found > bound:
                wrong.append("%s: %s is above %g %%" % (name, what, bound))
        if 100 * len(others) > len(worst):
            wrong += others
        elif others:
            print("  of another encoding: %s" % "; ".join(others))
        for why in wrong[:20]:
            print("FAILED %s" % why)
        passed, failed = passed + (not wrong), failed + bool(wrong)
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(0 if passed and not failed else 1)


if __name__ == "__main__":
    main()
