#!/usr/bin/env python3
"""Records what the real check tools print, as golden output for our drop-in replacements.

    python3 testdata/record_golden.py [--servers DIR] [--out DIR]

Asks redis-check-rdb and valkey-check-rdb about the fixtures in testdata/rdb and about the probes that
generator/probes.py makes, and writes DIR/TOOL-VERSION.jsonl (default: testdata/golden). The tools come from a
folder as get-servers.sh makes it. A line is

    {"file": path in testdata | "probe": name, "hex": the file, "args": [..], "now_ms": when, "rc": n, "out": text}

where out has the code points 0 to 255 for its bytes, and "PID " for process id and time of a log line. What a tool
does not come back from, or says at more length than is worth keeping, is left out.

Asks redis-check-aof and valkey-check-aof about the logs in testdata/aof and the probes of generator/aof_probes.py:

    {"folder": a copy of which in testdata | "probe": name, "files": {path: bytes}, "args": [..], "stdin": text,
     "now_ms": when, "rc": n, "out": text, "after": {path: length} of the files that were cut}

with code points for bytes in files, too, and "PID:C " for id, role and time.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from generator import aof_probes  # noqa: E402
from generator.probes import probes  # noqa: E402

TOOLS = [("redis-8.0-sid", "redis-check-rdb-8.0.6"), ("valkey-9-sid", "valkey-check-rdb-9.1.2")]
AOF_TOOLS = [("redis-8.0-sid", "redis-check-aof-8.0.6"), ("valkey-9-sid", "valkey-check-aof-9.1.2")]
SECONDS = 5  # no honest answer takes as long
LONGEST = 1700  # bytes of statistics


def ask(program, data, args, work):
    """What the tool says about the bytes of a file; None if it does not come back, or dies of its own doing."""
    with open(os.path.join(work, "dump.rdb"), "wb") as f:
        f.write(data)
    now = int(time.time() * 1000)
    try:
        done = subprocess.run([program, "dump.rdb"] + args, cwd=work, capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode not in (0, 1):
        return None
    out = re.sub(r"(?m)^\d+:[A-Z] \d+ \w+ \d+ [\d:.]+ ", "PID ", done.stdout.decode("latin1"))
    return {"args": args, "now_ms": now, "rc": done.returncode, "out": out}


def fixtures():
    for folder, _, names in sorted(os.walk(os.path.join(HERE, "rdb"))):
        for name in sorted(names):
            if name.endswith(".rdb"):
                with open(os.path.join(folder, name), "rb") as f:
                    yield {"file": os.path.relpath(os.path.join(folder, name), HERE)}, f.read()


def record(server, tool, servers, out, work):
    program = os.path.join(servers, server, "check-rdb")
    cases = list(fixtures()) + [({"probe": name, "hex": data.hex()}, data) for name, data in probes()]
    count = 0
    with open(os.path.join(out, tool + ".jsonl"), "w", encoding="ascii") as f:
        for what, data in cases:
            answers = [ask(program, data, [], work)]
            # statistics of fixtures, and of the probes that are about them
            wanted = answers[0] and ("file" in what or what["probe"].startswith(("zset", "module", "stream-g")))
            if tool.startswith("valkey") and wanted:
                stats = ask(program, data, ["--stats", "--format", "csv"], work)
                answers.append(stats if stats and len(stats["out"]) <= LONGEST else None)
            for answer in filter(None, answers):
                f.write(json.dumps({**what, **answer}, sort_keys=True, separators=(",", ":")) + "\n")
                count += 1
    print("%s: %d answers" % (tool, count))


def read_all(folder):
    """The files below a folder, by path."""
    found = {}
    for where, _, names in os.walk(folder):
        for path in (os.path.join(where, name) for name in names):
            with open(path, "rb") as f:
                found[os.path.relpath(path, folder)] = f.read()
    return found


def ask_aof(program, files, args, stdin, work):
    """What the tool says about a log, and what it leaves of it."""
    shutil.rmtree(work, ignore_errors=True)
    for path, data in files.items():
        os.makedirs(os.path.dirname(os.path.join(work, path)), exist_ok=True)
        with open(os.path.join(work, path), "wb") as f:
            f.write(data)
    now = int(time.time() * 1000)
    done = subprocess.run([program] + args, cwd=work, input=stdin.encode(), capture_output=True, timeout=SECONDS)
    if done.returncode not in (0, 1):
        return None
    out = re.sub(r"(?m)^\d+:([A-Z]) \d+ \w+ \d+ [\d:.]+ ", r"PID:\1 ", done.stdout.decode("latin1"))
    after = read_all(work)
    for path, data in files.items():
        if not data.startswith(after[path]):
            sys.exit("%s %s did more than cut %s" % (program, args, path))
    cut = {path: len(after[path]) for path, data in files.items() if after[path] != data}
    return {"args": args, "stdin": stdin, "now_ms": now, "rc": done.returncode, "out": out, "after": cut}


def logs():
    """The logs in testdata/aof, and with times in them also cut in the middle. Not those with an RDB file that only
    our own tools know for one."""
    for folder, _, names in sorted(os.walk(os.path.join(HERE, "aof"))):
        named = [name for name in names if name.endswith(".manifest")] or [n for n in names if n == "appendonly.aof"]
        files = {"d/" + name: data for name, data in read_all(folder).items()} if named else {}
        if not named or any(data.startswith(b"VALKEY") for data in files.values()):
            continue
        path = "d/" + named[0]
        what = {"folder": os.path.relpath(folder, HERE)}
        yield what, files, [path], ""
        times = sorted(int(t) for data in files.values() for t in re.findall(rb"#TS:(\d+)", data))
        if times:
            yield what, files, ["--truncate-to-timestamp", str(times[len(times) // 2]), path], ""


def record_aof(server, tool, servers, out, work):
    program = os.path.join(servers, server, "check-aof")
    cases = list(logs())
    for name, files, args, stdin in aof_probes.probes():
        kept = {path: data.decode("latin1") for path, data in files.items()}
        cases.append(({"probe": name, "files": kept}, files, args, stdin))
    count = 0
    with open(os.path.join(out, tool + ".jsonl"), "w", encoding="ascii") as f:
        for what, files, args, stdin in cases:
            answer = ask_aof(program, files, args, stdin, work)
            if answer:
                f.write(json.dumps({**what, **answer}, sort_keys=True, separators=(",", ":")) + "\n")
                count += 1
    print("%s: %d answers" % (tool, count))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--servers", default=".servers", help="folder with a folder for each server")
    parser.add_argument("--out", default=os.path.join(HERE, "golden"))
    options = parser.parse_args()
    servers = os.path.abspath(options.servers)
    missing = [name for name, _ in TOOLS if not os.path.exists(os.path.join(servers, name, "check-rdb"))]
    if missing:
        sys.exit("no check-rdb of %s in %s" % (", ".join(missing), servers))
    os.makedirs(options.out, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        for server, tool in TOOLS:
            record(server, tool, servers, options.out, work)
        for server, tool in AOF_TOOLS:
            record_aof(server, tool, servers, options.out, os.path.join(work, "log"))


if __name__ == "__main__":
    main()
