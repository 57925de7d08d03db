#!/usr/bin/env python3
"""Cuts a file down that rdbkit and a server judge differently, as long as they still differ in the same way.

    python3 testdata/minimise.py FILE.. --only NAME --rdbkit PROGRAM [--servers DIR] [--tries 2000]
        writes FILE.min.rdb beside each FILE, and prints what is left of it and who says what

First whole keys go, as far as rdbkit sees where they begin, then stretches of bytes, ever shorter ones. The checksum is
made anew each time, if the file had one that was right. The server is asked as mutate.py asks it.
Exit code: 0 all are as short as they get, 1 something does not differ or took too many tries, 2 wrong call.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from generator.hexfile import crc64  # noqa: E402
from generator.loading import NoAnswer, load  # noqa: E402
from generator.server import Server, found_in  # noqa: E402
from mutate import TRAILER, target  # noqa: E402

HEADER = 9


class Judges:
    """The two that differ."""

    def __init__(self, server, rdbkit, work, tries):
        self.server, self.rdbkit, self.work, self.tries = server, rdbkit, work, tries
        self.path = os.path.join(work, "asked.rdb")
        self.loads = None  # what rdbkit said at first: servers take longer, and need not be asked if it says else

    def ours(self, data):
        with open(self.path, "wb") as f:
            f.write(data)
        done = subprocess.run([self.rdbkit, "check", "--json", "--base=false", "--modules", "none", "--for", target(self.server),
                               self.path], capture_output=True, check=False, timeout=60)
        return json.loads(done.stdout)

    def difference(self, data):
        """What they differ in, or None: they agree, or one of them cannot tell."""
        self.tries -= 1
        ours = self.ours(data)
        if ours["verdict"] == "undecided" or "huge-hint" in ours["finding_counts"]:
            return None
        self.loads = ours["verdict"] == "loads" if self.loads is None else self.loads
        if (ours["verdict"] == "loads") != self.loads:
            return None
        try:
            theirs = load(self.server, self.path, self.work)
        except (NoAnswer, RuntimeError):
            return None
        if (ours["verdict"] == "loads") != theirs["loads"]:
            return "rdbkit: %s, the server %s" % (ours["verdict"], "loads it" if theirs["loads"] else "does not load it")
        if theirs["loads"]:
            kept = sum(db["keys"] - db["expired"] for db in ours["databases"].values())
            if kept != theirs["loaded"]:
                return "%s keys than the server" % ("more" if kept > theirs["loaded"] else "fewer")
        return None

    def keys(self, data):
        """Where keys begin, as far as rdbkit can tell."""
        with open(self.path, "wb") as f:
            f.write(data)
        done = subprocess.run([self.rdbkit, "keys", "--json", self.path], capture_output=True, check=False, timeout=60)
        return [json.loads(line)["offset"] for line in done.stdout.splitlines()]


class Shrinking:
    """A file on the way down."""

    def __init__(self, data, judges):
        self.judges = judges
        checked = len(data) > TRAILER and crc64(data[:-TRAILER]) == int.from_bytes(data[-TRAILER:], "little")
        self.seal = (lambda body: body + crc64(body).to_bytes(TRAILER, "little")) if checked else lambda body: body
        self.body = data[:-TRAILER] if checked else data
        self.what = judges.difference(data)

    def without(self, begin, end):
        """Takes a stretch out, if they differ all the same."""
        body = self.body[:begin] + self.body[end:]
        if end <= begin or self.judges.tries <= 0 or self.judges.difference(self.seal(body)) != self.what:
            return False
        self.body = body
        return True

    def halve(self, borders):
        """Takes out all between borders that can go: halves first, then halves of these."""
        todo = [borders]
        while todo:
            part = todo.pop()
            # what lies behind has been dealt with, so offsets before it are still right
            if len(part) < 2 or self.without(part[0], part[-1]) or len(part) == 2:
                continue
            half = len(part) // 2
            todo += [part[:half + 1], part[half:]]

    def run(self):
        # between the header and the first key are AUX fields and functions
        self.halve(sorted({HEADER, len(self.body), *self.judges.keys(self.seal(self.body))}))
        for least in (256, 32, 4, 1):
            length = None
            while length != len(self.body) and self.judges.tries > 0:
                length = len(self.body)
                self.halve(list(range(0, length, least)) + [length])
        return self.seal(self.body)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--servers", default=os.path.join(os.path.dirname(HERE), ".servers"))
    parser.add_argument("--only", required=True, help="the server")
    parser.add_argument("--rdbkit", required=True)
    parser.add_argument("--tries", type=int, default=2000, help="how often they are asked about each file")
    args = parser.parse_args()
    if args.only not in found_in(args.servers):
        parser.error("no %s in %s (testdata/get-servers.sh makes them)" % (args.only, args.servers))
    return args


def main():
    args, failed = arguments(), 0
    server = Server(os.path.join(args.servers, args.only), args.only)
    for path in args.files:
        work = tempfile.mkdtemp(prefix="rdbkit-")
        try:
            with open(path, "rb") as f:
                data = f.read()
            judges = Judges(server, args.rdbkit, work, args.tries)
            shrinking = Shrinking(data, judges)
            if shrinking.what is None:
                print("%s: %s and rdbkit do not differ, or one cannot tell" % (path, args.only))
                failed = 1
                continue
            short = shrinking.run()
            with open(path + ".min.rdb", "wb") as f:
                f.write(short)
            done = "" if judges.tries > 0 else "; stopped after %d tries" % args.tries
            failed |= bool(done)
            print("%s.min.rdb: %d of %d bytes: %s%s" % (path, len(short), len(data), shrinking.what, done), flush=True)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
