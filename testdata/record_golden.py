#!/usr/bin/env python3
"""Records what the real check tools print, as golden output for our drop-in replacements.

    python3 testdata/record_golden.py [--servers DIR] [--out DIR]

Asks redis-check-rdb and valkey-check-rdb about the fixtures in testdata/rdb and about the probes that
generator/probes.py makes, and writes DIR/TOOL-VERSION.jsonl (default: testdata/golden). The tools come from a
folder as get-servers.sh makes it. A line is

    {"file": path in testdata | "probe": name, "hex": the file, "args": [..], "now_ms": when, "rc": n, "out": text}

where out has the code points 0 to 255 for its bytes, and "PID " for process id and time of a log line. What a tool
does not come back from, or says at more length than is worth keeping, is left out.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from generator.probes import probes  # noqa: E402

TOOLS = [("redis-8.0-sid", "redis-check-rdb-8.0.6"), ("valkey-9-sid", "valkey-check-rdb-9.1.2")]
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


if __name__ == "__main__":
    main()
