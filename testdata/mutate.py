#!/usr/bin/env python3
"""Damages random data sets, and asks real servers whether they load the result.

    python3 testdata/mutate.py --data DIR --out DIR --only NAME,.. [--servers DIR] [--seed N] [--files 60]
        DIR/*/SERVER/dump.rdb and truth.json (generate.py --random makes them) are damaged: FILES of them for each
        server, as OUT/SERVER/NUMBER-KIND.rdb; what the servers do is in OUT/verdicts.jsonl. Every undamaged data
        set is put to every server, too
    python3 testdata/mutate.py --ask FILE.. --only NAME,.. [--servers DIR]
        asks about these files and prints the answers

The servers run with sanitize-dump-payload yes. A line of verdicts.jsonl:
    {"file", "server": name, "version", "for": product:X.Y, "base", "mut": kind, "info": where and how,
     "loads": bool, "keys": {db: n}, "loaded": n, "libraries": [name..], "digest"}, or with "exit" and "log" if it does not load
Exit code: 0 all asked, 1 a server gave no answer, 2 wrong call, no server or no data.
"""
import argparse
import json
import multiprocessing
import os
import random
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from generator.loading import NoAnswer, load  # noqa: E402
from generator.mutation import TRAILER, Base, Mutator  # noqa: E402
from generator.save import compact, fresh  # noqa: E402
from generator.server import Server, found_in  # noqa: E402


def target(server):
    """What rdbkit calls it: product:X.Y."""
    return "%s:%d.%d" % (("valkey" if server.is_valkey else "redis",) + server.version[:2])


def data_sets(folder):
    """[(name, server name, bytes, truth)], sorted."""
    found = []
    for seed in sorted(os.listdir(folder)):
        for server in sorted(os.listdir(os.path.join(folder, seed))):
            home = os.path.join(folder, seed, server)
            with open(os.path.join(home, "dump.rdb"), "rb") as f:
                data = f.read()
            with open(os.path.join(home, "truth.json"), encoding="ascii") as f:
                found.append(("%s/%s" % (seed, server), server, data, json.load(f)))
    return found


def write(folder, number, kind, data):
    path = os.path.join(folder, "%05d-%s.rdb" % (number, kind))
    with open(path, "wb") as f:
        f.write(data)
    return path


def damaged(server, bases, folder, seed, files):
    """Writes the files for one server; yields (path, base name, kind, info). Three in four began as its own."""
    os.makedirs(folder)
    for number, (name, _, data, _) in enumerate(bases):
        yield write(folder, number, "as-it-is", data), name, "as-it-is", ""
    rng = random.Random("%s:%s" % (seed, server.name))
    own = [Base(name, data, truth) for name, of, data, truth in bases if of == server.name]
    others = [Base(name, data, truth) for name, of, data, truth in bases if of != server.name]
    for number in range(len(bases), len(bases) + files):
        base = rng.choice(own if own and (not others or rng.random() < 0.75) else others)
        kind, info, data = Mutator(base, rng).make()
        yield write(folder, number, kind, data), base.name, kind, info


def ask(job):
    """One worker's answer about one file."""
    server, path = job
    work = tempfile.mkdtemp(prefix="rdbkit-")
    try:
        return load(server, path, work)
    except NoAnswer as silent:
        return {"loads": None, "why": str(silent)}
    finally:
        shutil.rmtree(work, ignore_errors=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", default=os.path.join(os.path.dirname(HERE), ".servers"))
    parser.add_argument("--only", required=True, help="servers, separated by commas")
    parser.add_argument("--data")
    parser.add_argument("--out")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--files", type=int, default=60, help="for each server")
    parser.add_argument("--ask", nargs="+", metavar="FILE")
    args = parser.parse_args()
    if not args.ask and not (args.data and args.out):
        parser.error("--data and --out, or --ask")
    names = args.only.split(",")
    missing = [n for n in names if n not in found_in(args.servers)]
    if missing:
        parser.error("no %s in %s (testdata/get-servers.sh makes them)" % (", ".join(missing), args.servers))
    return args, [Server(os.path.join(args.servers, n), n) for n in names]


def main():
    args, servers = arguments()
    if args.ask:
        for path in args.ask:
            for server in servers:
                print(path, server.label(), json.dumps(ask((server, path))), flush=True)
        return 0
    bases = data_sets(args.data)
    if not bases:
        print("mutate.py: no data set in %s" % args.data, file=sys.stderr)
        return 2
    fresh(args.out)
    silent = 0
    with multiprocessing.Pool() as pool, open(os.path.join(args.out, "verdicts.jsonl"), "w", encoding="ascii") as out:
        for server in servers:
            cases = list(damaged(server, bases, os.path.join(args.out, server.name), args.seed, args.files))
            answers = pool.imap(ask, [(server, case[0]) for case in cases], chunksize=4)
            loaded = 0
            for (path, base, kind, info), answer in zip(cases, answers):
                if answer["loads"] is None:
                    silent += 1
                    print("NO ANSWER: %s" % answer["why"], file=sys.stderr)
                    continue
                loaded += answer["loads"]
                out.write(compact(dict(answer, file=os.path.relpath(path, args.out), server=server.name, base=base, mut=kind,
                                       info=info, version=server.label(), **{"for": target(server)})))
            print("%-20s seed %d: asked about %d files, loads %d" % (server.name, args.seed, len(cases), loaded), flush=True)
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main())
