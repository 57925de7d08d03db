#!/usr/bin/env python3
"""Makes small append-only logs, whole and damaged, and asks real servers about them.

    python3 testdata/judge_logs.py [--servers DIR]           do the servers still judge testdata/logs as recorded?
    python3 testdata/judge_logs.py [--servers DIR] --write   makes the cases anew and records what the servers do

Each server is started twice on a copy of each log: what it cuts off, it cuts at the first start, and some logs break
only at the second. testdata/README.md has the format. Exit code: 0 as recorded, 1 not as recorded.
"""
import argparse
import concurrent.futures
import json
import os
import random
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from generator import logs  # noqa: E402
from generator.server import Server, found_in  # noqa: E402

CASES = os.path.join(HERE, "logs", "cases.jsonl")
NAMES = ["redis-6.0-bullseye", "redis-7.0-bookworm", "redis-8.0-sid", "valkey-8.0-bpo12", "valkey-8.1-trixie", "valkey-9-sid"]


def label(server):
    return "%s:%d.%d" % (("valkey" if server.is_valkey else "redis",) + server.version[:2])


def folded(told):
    """Of servers that did the same, the first; the others name it."""
    first = {}
    for server, starts in told.items():
        told[server] = first.setdefault(json.dumps(starts, sort_keys=True), server)
        if told[server] == server:
            told[server] = starts
    return told


def unfolded(told, case):
    return case["servers"][told] if isinstance(told, str) else told


def judged(job):
    name, files, servers, work = job
    folder = tempfile.mkdtemp(dir=work)
    told = {}
    for server in servers:
        if not server.has((7, 0)) and any("/" in name for name in files):
            continue  # it knows no manifests
        told[label(server)] = logs.ask(server, files, folder)
    shutil.rmtree(folder)
    return {"name": name, "files": {n: b.decode("latin1") for n, b in files.items()}, "servers": folded(told)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--servers", default=os.path.join(HERE, "..", ".servers"))
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    servers = [Server(os.path.join(args.servers, n), n) for n in found_in(args.servers) if n in NAMES]
    if not servers:
        parser.error("no server in " + args.servers)
    if args.write:
        with open(os.path.join(HERE, "aof", "redis-6.0-bullseye", "preamble", "appendonly.aof"), "rb") as f:
            cases = logs.cases(logs.small_rdb(f.read()), random.Random(7))
    else:
        with open(CASES, encoding="ascii") as f:
            recorded = [json.loads(line) for line in f]
        cases = [(r["name"], {n: b.encode("latin1") for n, b in r["files"].items()}) for r in recorded]
    with tempfile.TemporaryDirectory() as work, concurrent.futures.ThreadPoolExecutor(2) as pool:
        found = list(pool.map(judged, [(n, f, servers, work) for n, f in cases]))
    if args.write:
        with open(CASES, "w", encoding="ascii") as f:
            for case in found:
                f.write(json.dumps(case, separators=(",", ":"), sort_keys=True) + "\n")
        return 0
    wrong = 0
    for case, known in zip(found, recorded):
        for server, told in case["servers"].items():
            recorded_as = known["servers"].get(server)
            if unfolded(told, case) != unfolded(recorded_as, known):
                wrong += 1
                print("%s, %s: %s, recorded %s" % (case["name"], server, told, recorded_as))
    print("%d logs, %d servers, %d not as recorded" % (len(found), len(servers), wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
