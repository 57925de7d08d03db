#!/usr/bin/env python3
"""Runs `rdbkit diff` of two files and `rdbkit check` of both in turns, and prints medians and the ratio.

Files of 20 million small keys, 2 GB each, of which 1 % differ: with the keys in the same order, and shuffled. Once more
with little memory, so that most of what is kept of the keys goes to a temporary file; and two equal files.
"""
import argparse
import os
import statistics
import subprocess
import sys

from compare import ROOT, run


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--keys", type=int, default=20_000_000, help="keys of each file (20 million)")
    args.add_argument("--runs", type=int, default=5, help="runs of each (5)")
    args = args.parse_args()
    subprocess.run(["cargo", "build", "--release", "--locked", "--quiet", "-p", "rdbkit", "-p", "rdbkit-benches"],
                   cwd=ROOT, check=True)
    target = os.path.join(ROOT, os.environ.get("CARGO_TARGET_DIR", "target"))
    programs, folder = os.path.join(target, "release"), os.path.join(target, "bench")
    os.makedirs(folder, exist_ok=True)
    old = os.path.join(folder, "diff-old-%d.rdb" % args.keys)
    files = {}
    for order in ("same", "shuffled"):
        files[order] = os.path.join(folder, "diff-%s-%d.rdb" % (order, args.keys))
        if not os.path.exists(files[order]):
            part = files[order] + ".part"
            subprocess.run([os.path.join(programs, "bench-pair"), str(args.keys), order, old, part], check=True,
                           stdout=subprocess.DEVNULL)
            os.rename(part, files[order])
    rdbkit = os.path.join(programs, "rdbkit")
    diff = [rdbkit, "diff", "-q", old]
    jobs = [("check OLD NEW", [rdbkit, "check", "-q", old, files["same"]], 0),
            ("diff, same order", diff + [files["same"]], 1),
            ("diff, shuffled", diff + [files["shuffled"]], 1),
            ("diff, shuffled, --max-memory 2G", diff + [files["shuffled"], "--max-memory", "2G"], 1),
            ("diff, shuffled, --max-memory 64M", diff + [files["shuffled"], "--max-memory", "64M"], 1),
            ("diff OLD OLD", diff + [old], 0)]
    times = {name: [] for name, _, _ in jobs}
    for turn in range(args.runs + 1):
        for name, command, wanted in jobs:
            result = run(command)
            if result[3] != wanted:
                sys.exit("%s exits with %d" % (name, result[3]))
            if turn:
                times[name].append(result)
    size = os.path.getsize(old)
    print("%d keys, %.2f GB each, %d cores, medians of %d runs in turns, warm cache" % (
        args.keys, size / 1e9, os.cpu_count(), args.runs))
    print(f"  {'':34}{'wall s':>8}{'cpu s':>8}{'MiB':>8}   ratio wall / cpu to check")
    base = [statistics.median(r[i] for r in times["check OLD NEW"]) for i in (0, 1)]
    for name, results in times.items():
        wall, cpu, memory = (statistics.median(r[i] for r in results) for i in range(3))
        print(f"  {name:34}{wall:8.2f}{cpu:8.2f}{memory:8.0f}   {wall / base[0]:.2f} / {cpu / base[1]:.2f}")


if __name__ == "__main__":
    main()
