#!/usr/bin/env python3
"""Runs rdbkit and the check tools of real servers on the same files, in turns, and prints medians."""
import argparse
import os
import platform
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SHAPES = ["small", "mixed", "large", "packed", "lzf"]


def run(command):
    """Wall seconds, CPU seconds and peak MiB of one run, and its exit code."""
    begin = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - begin
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)


def peers():
    found = []
    servers = os.path.join(ROOT, ".servers")
    for name in sorted(os.listdir(servers)) if os.path.isdir(servers) else []:
        tool = os.path.join(servers, name, "check-rdb")
        if os.access(tool, os.X_OK) and name in ("redis-8.0-sid", "valkey-9-sid"):
            found.append((f"check-rdb of {name}", [tool]))
    return found


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--megabytes", type=int, default=2400, help="size of each input (2400)")
    args.add_argument("--runs", type=int, default=5, help="runs of each tool on each file (5)")
    args.add_argument("--shape", action="append", choices=SHAPES, help="only these shapes")
    args = args.parse_args()
    subprocess.run(["cargo", "build", "--release", "--locked", "--quiet", "-p", "rdbkit", "-p", "rdbkit-benches"],
                   cwd=ROOT, check=True)
    target = os.path.join(ROOT, os.environ.get("CARGO_TARGET_DIR", "target"))
    ours, maker = (os.path.join(target, "release", name) for name in ("rdbkit", "bench-input"))
    folder = os.path.join(target, "bench")
    os.makedirs(folder, exist_ok=True)
    tools = [
        ("rdbkit check", [ours, "check", "-q"]),
        ("rdbkit check --no-duplicates", [ours, "check", "-q", "--no-duplicates"]),
    ] + peers()
    if len(tools) == 2:
        print("no peers: testdata/get-servers.sh .servers fetches them", file=sys.stderr)
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start; "
          f"medians of {args.runs} runs in turns, warm cache")
    for shape in args.shape or SHAPES:
        path = os.path.join(folder, f"{shape}-{args.megabytes}.rdb")
        if not os.path.exists(path):
            subprocess.run([maker, shape, str(args.megabytes), path + ".part"], check=True, stdout=subprocess.DEVNULL)
            os.rename(path + ".part", path)
        size = os.path.getsize(path)
        everything = [("cat", ["cat", path])] + [(name, command + [path]) for name, command in tools]
        # Valkey's tool takes no version 12 file for its own, so it has nothing to say here.
        everything = [(n, c) for n, c in everything if "valkey" not in n]
        times = {name: [] for name, _ in everything}
        for turn in range(args.runs + 1):
            for name, command in everything:
                result = run(command)
                if result[3] != 0:
                    sys.exit(f"{name} exits with {result[3]} on {path}")
                if turn:
                    times[name].append(result)
        print(f"\n{shape}: {size / 1e9:.2f} GB")
        print(f"  {'':34}{'wall s':>8}{'cpu s':>8}{'GB/s':>7}{'MiB':>8}   ratio wall / cpu to rdbkit check")
        base = [statistics.median(r[i] for r in times["rdbkit check"]) for i in (0, 1)]
        for name, results in times.items():
            wall, cpu, memory = (statistics.median(r[i] for r in results) for i in range(3))
            print(f"  {name:34}{wall:8.2f}{cpu:8.2f}{size / 1e9 / wall:7.2f}{memory:8.0f}"
                  f"   {wall / base[0]:.2f} / {cpu / base[1]:.2f}")


if __name__ == "__main__":
    main()
