#!/usr/bin/env python3
"""Runs rdbkit export, the crate rdb 0.4.0 and librdb's JSON exporter on the same files, in turns, and prints medians."""
import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from compare import ROOT, build, make_input, run  # noqa: E402

# Runs of a peer that takes so many times as long would take the afternoon: of it, one run is made.
SLOW = 20


def peers(target):
    """Builds the peers, where they can be had."""
    home = os.path.join(target, "peers")
    program = os.path.join(home, "bin", "rdb")
    if not os.path.exists(program):
        subprocess.run(["cargo", "install", "--quiet", "--locked", "--root", home, "rdb", "--version", "=0.4.0"])
    source = os.path.join(ROOT, "benches", "peers")
    built = os.path.join(home, "librdb", "release", "rdbkit-peers")
    # A copy, so that no lock file comes about beside the source.
    shutil.copytree(source, os.path.join(home, "source"), dirs_exist_ok=True)
    subprocess.run(["cargo", "build", "--quiet", "--release"], cwd=os.path.join(home, "source"),
                   env=dict(os.environ, CARGO_TARGET_DIR=os.path.join(home, "librdb")))
    found = []
    for name, command in (("rdb 0.4.0 --format json", [program, "--format", "json"]),
                          ("rdb 0.4.0 --format protocol", [program, "--format", "protocol"]),
                          ("librdb JSON", [built])):
        if os.path.exists(command[0]):
            found.append((name, command))
        else:
            print("no %s: it does not build here" % name, file=sys.stderr)
    return found


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--megabytes", type=int, action="append", help="size of each input (170 and 2000)")
    args.add_argument("--runs", type=int, default=5, help="runs of each program on each file (5)")
    args.add_argument("--shape", action="append", help="shapes of bench-input (small, mixed)")
    args.add_argument("--no-peers", action="store_true", help="only our own formats")
    args = args.parse_args()
    programs, folder = build()
    ours = os.path.join(programs, "rdbkit")
    everything = [("rdbkit export --format " + name, [ours, "export", "-q", "--format", name])
                  for name in ("ndjson", "json", "csv", "resp", "restore")]
    everything += [] if args.no_peers else peers(os.path.dirname(folder))
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start; "
          f"medians of {args.runs} runs in turns, warm cache, output to /dev/null")
    for megabytes in args.megabytes or (170, 2000):
        for shape in args.shape or ("small", "mixed"):
            path = make_input(programs, folder, shape, megabytes)
            size = os.path.getsize(path)
            times = {name: [] for name, _ in everything}
            for turn in range(args.runs + 1):
                for name, command in everything:
                    slow = times[name] and times[name][0][1] > SLOW * max(times[everything[0][0]][0][1], 0.1)
                    if slow:
                        continue
                    result = run(command + [path])
                    if result[3] not in (0, 1):
                        sys.exit(f"{name} exits with {result[3]} on {path}")
                    if turn:
                        times[name].append(result)
            print(f"\n{shape}: {size / 1e9:.2f} GB")
            print(f"  {'':34}{'wall s':>8}{'cpu s':>8}{'MB/cpu s':>10}{'MiB':>8}   cpu by that of ndjson")
            base = statistics.median(r[1] for r in times[everything[0][0]])
            for name, results in times.items():
                wall, cpu, memory = (statistics.median(r[i] for r in results) for i in range(3))
                print(f"  {name:34}{wall:8.2f}{cpu:8.2f}{size / 1e6 / cpu:10.0f}{memory:8.0f}   {cpu / base:.2f}")


if __name__ == "__main__":
    main()
