#!/usr/bin/env python3
"""Asks real servers and their check tools about RDB files, and compares with what is written down.

    python3 testdata/judge.py [--servers DIR]             judges testdata/damaged, says what is not as recorded
    python3 testdata/judge.py [--servers DIR] --write     ... and records it as the new verdicts
    python3 testdata/judge.py [--servers DIR] --handmade [--write]
                                                          asks every server there is about testdata/handmade
    python3 testdata/judge.py [--servers DIR] FILE...     judges these files and prints the verdicts

Exit code: 0 as recorded, 1 not as recorded, 2 wrong call or no server. testdata/README.md has the format.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from generator import compare, hexfile, truth  # noqa: E402
from generator.save import fresh  # noqa: E402
from generator.server import Server, ServerExit, found_in, no_active_expiry  # noqa: E402

HANDMADE = os.path.join(HERE, "handmade")
DAMAGED = os.path.join(HERE, "damaged")
VERDICTS = os.path.join(DAMAGED, "verdicts.jsonl")
# as they come, and with the one setting that changes what they take: Redis looks into packed blobs while loading
# only when told to, Valkey takes files of later Redis versions only when told to
LOADERS = [("redis-8.0-sid", {}), ("redis-8.0-sid", {"sanitize-dump-payload": "yes"}),
           ("valkey-9-sid", {}), ("valkey-9-sid", {"rdb-version-check": "relaxed"})]
CHECKERS = ["redis-7.0-bookworm", "redis-8.0-sid", "valkey-9-sid"]
LOG_LINES = 4  # of what a refusing server says: the reason is among the first
NOISE = re.compile(r"overcommit|Warning: |WARNING|Redis TLS|oO0Oo|bug report|=== |just started|Server initialized|Configuration loaded|nodes\.conf|I'm ", re.I)


def label(server, tool=""):
    return "%s%s-%d.%d.%d" % (("valkey" if server.is_valkey else "redis", tool) + server.version)


def reasons(log):
    """The warning lines of a server's log without process id and time."""
    found = [line.split(" # ", 1)[1] for line in log if " # " in line]
    return [line.rstrip() for line in found if not NOISE.search(line)][:LOG_LINES]


def setting(conf):
    """What a verdict with settings is called after the server's name."""
    return "".join("+%s=%s" % pair for pair in conf.items())


def load(server, path, work, conf):
    """Starts a server on the file: does it come to serve, with how many keys, in which state?"""
    folder = fresh(os.path.join(work, "load"))
    shutil.copyfile(path, os.path.join(folder, "dump.rdb"))
    try:
        client = server.start(folder, conf, timeout=30)
    except ServerExit as ended:
        return {"loads": False, "keys": None, "state": None, "exit": ended.code, "log": reasons(ended.log)}
    try:
        told = truth.read(client, server)
        client.close()
    except EOFError:  # it loaded, and reading what it loaded killed it
        return {"loads": True, "keys": None, "state": None, "crashes_when_read": True}
    finally:
        server.stop()
    return {"loads": True, "keys": {db: d["dbsize"] for db, d in told["dbs"].items()}, "state": compare.state(told),
            "digest": told.get("digest")}


def check(server, path, work):
    """What the check tool prints and returns. Process ids and times are taken out of log lines."""
    folder = fresh(os.path.join(work, "check"))
    shutil.copyfile(path, os.path.join(folder, "dump.rdb"))
    done = subprocess.run([server.program("check-rdb"), "dump.rdb"], cwd=folder, capture_output=True, timeout=60)
    out = done.stdout.decode("latin1")
    out = re.sub(r"(?m)^\d+:[A-Z] \d+ \w+ \d+ [\d:.]+ ", "PID ", out)
    return {"rc": done.returncode, "out": out}


def judge(path, servers, work):
    return {"servers": {label(servers[n]) + setting(c): load(servers[n], path, work, c) for n, c in LOADERS},
            "check": {label(servers[n], "-check-rdb"): check(servers[n], path, work) for n in CHECKERS}}


def read_verdicts():
    with open(VERDICTS, encoding="ascii") as f:
        return [json.loads(line) for line in f]


def line_of(verdict):
    return json.dumps(verdict, sort_keys=True, separators=(",", ":"), ensure_ascii=True) + "\n"


def judge_damaged(servers, work, write):
    """The number of files that are not judged as recorded."""
    changed, out = 0, []
    for old in read_verdicts():
        found = judge(os.path.join(DAMAGED, old["file"]), servers, work)
        new = {k: v for k, v in old.items() if k not in ("servers", "check")}
        new.update(found)
        out.append(new)
        if new != old:
            changed += 1
            for part in ("servers", "check"):
                for name, verdict in found[part].items():
                    was = old.get(part, {}).get(name)
                    if was != verdict:
                        print("%s %s\n  was %s\n  is  %s" % (old["file"], name, was, verdict), flush=True)
    if write:
        with open(VERDICTS, "w", encoding="ascii") as f:
            f.writelines(map(line_of, out))
    print("%d of %d files not as recorded" % (changed, len(out)))
    return changed


def ask_about(expected, data, server, work):
    """How one server takes a hand-made file: "as expected", "refused: why" or "differs: how"."""
    folder = fresh(os.path.join(work, "load"))
    with open(os.path.join(folder, "dump.rdb"), "wb") as f:
        f.write(data)
    try:
        conf = expected.get("conf", {})
        client = server.start(folder, conf, timeout=30)
    except ServerExit as ended:
        return "refused: %s" % (reasons(ended.log) or ["exit %d" % ended.code])[0]
    try:
        no_active_expiry(client)
        told = truth.read(client, server, several="cluster-enabled" not in conf)
        client.close()
    finally:
        server.stop()
    # a server that still knows the old records lists their libraries like any other
    expected = dict(expected, functions=expected["functions"] + expected.get("functions_pre_ga", []))
    differs = compare.difference(expected, told, 0 if server.has((7, 0)) else 2000)
    return "differs: %s" % differs if differs else "as expected"


def judge_handmade(servers, work, write):
    """The number of files whose reading by the servers is not as recorded in NAME.expect.json."""
    changed = 0
    names = sorted(n[:-4] for n in os.listdir(HANDMADE) if n.endswith(".hex"))
    for name in names:
        path = os.path.join(HANDMADE, name + ".expect.json")
        with open(path, encoding="ascii") as f:
            expected = json.load(f)
        data = hexfile.read(os.path.join(HANDMADE, name + ".hex"))
        plain = os.path.join(work, "dump.rdb")
        with open(plain, "wb") as f:
            f.write(data)
        found = {}
        for server in servers:
            found[label(server)] = ask_about(expected, data, server, work)
            found[label(server, "-check-rdb")] = "OK" if check(server, plain, work)["rc"] == 0 else "not OK"
        was = expected.get("read_by", {})
        for who in sorted(found):
            if was.get(who) != found[who]:
                changed += 1
                print("%s, %s\n  was %s\n  is  %s" % (name, who, was.get(who), found[who]), flush=True)
        expected["read_by"] = dict(was, **found)
        if write:
            with open(path, "w", encoding="ascii") as f:
                f.write(json.dumps(expected, indent=1, sort_keys=True, ensure_ascii=True) + "\n")
    print("%d readings of %d files not as recorded" % (changed, len(names)))
    return changed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", default=os.path.join(os.path.dirname(HERE), ".servers"))
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--handmade", action="store_true")
    parser.add_argument("files", nargs="*")
    args = parser.parse_args()
    wanted = set(found_in(args.servers)) if args.handmade else {n for n, _ in LOADERS} | set(CHECKERS)
    missing = wanted - set(found_in(args.servers))
    if missing or not wanted:
        parser.error("no %s in %s (testdata/get-servers.sh makes them)" % (", ".join(sorted(missing)) or "server", args.servers))
    servers = {n: Server(os.path.join(args.servers, n), n) for n in wanted}
    work = tempfile.mkdtemp(prefix="rdbkit-")
    try:
        for path in args.files:
            print(line_of(dict(judge(path, servers, work), file=os.path.basename(path))), end="", flush=True)
        if args.files:
            return 0
        if args.handmade:
            changed = judge_handmade([servers[n] for n in sorted(servers)], work, args.write)
        else:
            changed = judge_damaged(servers, work, args.write)
        return 1 if changed and not args.write else 0
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
