#!/usr/bin/env python3
"""Runs rdbkit and the check tools of real servers on the same files, in turns, and prints medians."""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Megabytes of each input.
SHAPES = {"small": 2400, "mixed": 2400, "large": 2400, "packed": 2400, "lzf": 2400, "log": 3000}


def run(command):
    """Wall seconds, CPU seconds and peak MiB of one run, and its exit code."""
    begin = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - begin
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)


def peers(tool):
    """The check tools of the newest Redis and Valkey that were fetched."""
    found = []
    for name in ("redis-8.0-sid", "valkey-9-sid"):
        path = os.path.join(ROOT, ".servers", name, tool)
        if os.access(path, os.X_OK):
            found.append((f"{tool} of {name}", [path]))
    return found


def tools(shape, programs):
    """What to run on a file of this shape: names and commands without the file."""
    ours = os.path.join(programs, "rdbkit")
    check = ("rdbkit check", [ours, "check", "-q"])
    alone = ("rdbkit check --threads 1", [ours, "check", "-q", "--threads", "1"])
    if shape == "log":
        cut = [ours, "aof", "cut", "--before", "FLUSHALL", "--dry-run"]
        return [
            check,
            alone,
            ("rdbkit aof cut --dry-run", cut),
            ("rdbkit aof cut --dry-run --threads 1", cut + ["--threads", "1"]),
            ("redis-check-aof of rdbkit", [os.path.join(programs, "redis-check-aof")]),
        ] + peers("check-aof")
    # Valkey's tool takes no version 12 file for its own, so it has nothing to say here.
    theirs = [(name, command) for name, command in peers("check-rdb") if "valkey" not in name]
    return [check, alone, ("rdbkit check --no-duplicates", [ours, "check", "-q", "--no-duplicates"])] + theirs


def build():
    """Our programs: the folder they are in, and that of the inputs."""
    subprocess.run(["cargo", "build", "--release", "--locked", "--quiet", "-p", "rdbkit", "-p", "rdbkit-benches"],
                   cwd=ROOT, check=True)
    target = os.path.join(ROOT, os.environ.get("CARGO_TARGET_DIR", "target"))
    folder = os.path.join(target, "bench")
    os.makedirs(folder, exist_ok=True)
    return os.path.join(target, "release"), folder


def make_input(programs, folder, shape, megabytes):
    """The path of an input, which is made unless it is there."""
    path = os.path.join(folder, f"{shape}-{megabytes}.{'aof' if shape == 'log' else 'rdb'}")
    if not os.path.exists(path):
        maker = os.path.join(programs, "bench-input")
        subprocess.run([maker, shape, str(megabytes), path + ".part"], check=True, stderr=subprocess.DEVNULL)
        os.rename(path + ".part", path)
    return path


def machine():
    """The processor and memory, as far as the system tells."""
    told = {}
    for path in ("/proc/cpuinfo", "/proc/meminfo"):
        if os.path.exists(path):
            with open(path) as lines:
                for line in lines:
                    name, _, value = line.partition(":")
                    told.setdefault(name.strip(), value.strip())
    memory = int(told.get("MemTotal", "0 kB").split()[0]) / (1 << 20)
    return f"{told.get('model name', platform.processor() or platform.machine())}, {memory:.0f} GiB, {platform.system()} {platform.release()}"


def commands_in(path, programs):
    """How many commands a log has."""
    check = [os.path.join(programs, "rdbkit"), "check", "--json", path]
    return json.loads(subprocess.run(check, check=True, stdout=subprocess.PIPE).stdout)["commands"]


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--megabytes", type=int, help="size of each input (2400; of the log 3000)")
    args.add_argument("--runs", type=int, default=5, help="runs of each tool on each file (5)")
    args.add_argument("--shape", action="append", choices=list(SHAPES), help="only these shapes")
    args.add_argument("--peer", metavar="SERVER", help="only the check tool of this one of .servers/")
    args = args.parse_args()
    programs, folder = build()
    if not peers("check-rdb") + peers("check-aof"):
        print("no peers: testdata/get-servers.sh .servers fetches them", file=sys.stderr)
    print(machine())
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start; "
          f"medians of {args.runs} runs in turns, warm cache")
    for shape in args.shape or SHAPES:
        megabytes = args.megabytes or SHAPES[shape]
        path = make_input(programs, folder, shape, megabytes)
        size = os.path.getsize(path)
        everything = [("cat", ["cat", path])]
        everything += [(name, command + [path]) for name, command in tools(shape, programs)
                       if args.peer is None or name.startswith("rdbkit") or "of rdbkit" in name or args.peer in name]
        times = {name: [] for name, _ in everything}
        for turn in range(args.runs + 1):
            for name, command in everything:
                result = run(command)
                if result[3] != 0:
                    sys.exit(f"{name} exits with {result[3]} on {path}")
                if turn:
                    times[name].append(result)
        commands = commands_in(path, programs) if shape == "log" else 0
        print(f"\n{shape}: {size / 1e9:.2f} GB" + (f", {commands:,} commands" if commands else ""))
        rate = f"{'Mcmd/s':>8}" if commands else ""
        print(f"  {'':34}{'wall s':>8}{'cpu s':>8}{'GB/s':>7}{rate}{'MiB':>8}   ratio wall / cpu to rdbkit check")
        base = [statistics.median(r[i] for r in times["rdbkit check"]) for i in (0, 1)]
        for name, results in times.items():
            wall, cpu, memory = (statistics.median(r[i] for r in results) for i in range(3))
            rate = f"{commands / 1e6 / wall:8.1f}" if commands else ""
            print(f"  {name:34}{wall:8.2f}{cpu:8.2f}{size / 1e9 / wall:7.2f}{rate}{memory:8.0f}"
                  f"   {wall / base[0]:.2f} / {cpu / base[1]:.2f}")


if __name__ == "__main__":
    main()
