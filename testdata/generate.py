#!/usr/bin/env python3
"""Makes RDB files with real servers, each with the server's own truth and a birth certificate.

    python3 testdata/generate.py [--servers DIR] [--out DIR] [--only NAME,..] [--case CASE,..] [--seed N]
        the fixtures: OUT/SERVER/CASE.rdb, CASE.truth.json and OUT/SERVER/births.json
    python3 testdata/generate.py --random --seed N --out DIR [--servers DIR] [--only NAME,..] [--keys N]
        a random data set: OUT/SERVER/dump.rdb, truth.json and birth.json
    python3 testdata/generate.py --list
        the cases there are

Servers are folders DIR/NAME with a program `run` (testdata/get-servers.sh makes them; the default DIR is
.servers at the top of the repository). Python 3.9 or later, nothing but its standard library.
Exit code: 0 all made, 1 something could not be made, 2 wrong call or no server.
"""
import argparse
import os
import shutil
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from generator import births, randomized, save  # noqa: E402
from generator.cases import CASES  # noqa: E402
from generator.server import Server, found_in  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", default=os.path.join(os.path.dirname(HERE), ".servers"))
    parser.add_argument("--out", help="default: testdata/rdb, but not with --random")
    parser.add_argument("--only", help="servers, separated by commas")
    parser.add_argument("--case", help="cases, separated by commas")
    parser.add_argument("--seed", type=int, help="another data set of the same shape than the fixtures'")
    parser.add_argument("--random", action="store_true")
    parser.add_argument("--keys", type=int, default=300, help="about how many, with --random")
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    if args.random and (args.seed is None or args.out is None):
        parser.error("--random needs --seed and --out")
    return args


def chosen_servers(args):
    there = found_in(args.servers)
    names = args.only.split(",") if args.only else there
    missing = [n for n in names if n not in there]
    if missing or not names:
        sys.exit("generate.py: no server %s in %s (testdata/get-servers.sh makes them)"
                 % (", ".join(missing) or "at all", args.servers))
    return [Server(os.path.join(args.servers, n), n) for n in names]


def jobs(server, wanted):
    """(case name, function that makes it) for all cases this server has."""
    for case in CASES:
        if case.wanted(server) and (not wanted or case.name in wanted):
            yield case.name, lambda work, seed, case=case: save.one_case(server, work, case, seed)
    for name, (make, has) in save.TOPOLOGIES.items():
        if has(server) and (not wanted or name in wanted):
            yield name, lambda work, seed, make=make: make(server, work, seed)


def fixtures(server, args, work):
    """The number of cases that could not be made."""
    failed = 0
    folder = os.path.join(args.out or os.path.join(HERE, "rdb"), server.name)
    for name, make in jobs(server, args.case.split(",") if args.case else None):
        began = time.monotonic()
        try:
            made = make(work, args.seed)
        except Exception:
            failed += 1
            server.stop()
            print("%-20s %-22s FAILED\n%s" % (server.name, name, traceback.format_exc()), file=sys.stderr)
            continue
        births.record(folder, server, name, made.write(folder, name))
        print("%-20s %-22s %5.1f s %8d bytes  reload %s" % (
            server.name, name, time.monotonic() - began, len(made.data), made.certificate["reload"]), flush=True)
    return failed


def random_set(server, args, work):
    made = randomized.random_case(server, work, args.seed, args.keys)
    folder = os.path.join(args.out, server.name)
    os.makedirs(folder, exist_ok=True)
    for name, content in (("dump.rdb", made.data), ("truth.json", save.compact(made.truth).encode()),
                          ("birth.json", save.compact(made.certificate).encode())):
        with open(os.path.join(folder, name), "wb") as f:
            f.write(content)
    keys = sum(len(db["keys"]) for db in made.truth["dbs"].values())
    print("%-20s seed %d: %d keys, %d bytes, reload %s" % (
        server.name, args.seed, keys, len(made.data), made.certificate["reload"]), flush=True)
    return 0 if made.certificate["reload"] == "ok" else 1


def main():
    args = arguments()
    if args.list:
        for case in CASES:
            print("%-22s %s" % (case.name, case.about))
        for name, (make, _) in save.TOPOLOGIES.items():
            print("%-22s %s" % (name, make.__doc__.splitlines()[0]))
        return 0
    failed = 0
    work = tempfile.mkdtemp(prefix="rdbkit-")
    try:
        for server in chosen_servers(args):
            failed += random_set(server, args, work) if args.random else fixtures(server, args, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
