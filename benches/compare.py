#!/usr/bin/env python3
"""Runs rdbkit and the check tools of real servers on the same files, in turns, and prints medians."""
import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Megabytes of each input.
SHAPES = {"small": 2400, "mixed": 2400, "large": 2400, "packed": 2400, "lzf": 2400, "streams": 2400, "log": 3000, "set": 3000}
LOGS = ("log", "set")
# Files of a `set`.
PARTS = 30
# Other readers of whole RDB files: program, what stands before the file, and where it is had.
READERS = {
    "rdb": (["--format", "json"], "cargo install rdb"),
    "rdb-cli": ([], "librdb, built from its sources"),
}


def run(command):
    """Wall seconds, CPU seconds and peak MiB of one run, and its exit code."""
    begin = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - begin
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)


def in_turns(commands, runs, path):
    """Results of the runs of each command, by name, after one that is not kept; without readers that cannot read `path`."""
    times = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name in list(times):
            result = run(commands[name])
            if result[3] != 0 and commands[name][0] in READERS and not turn:
                print(f"left out: {name} exits with {result[3]} on {path}")
                del times[name]
            elif result[3] != 0:
                sys.exit(f"{name} exits with {result[3]} on {path}")
            elif turn:
                times[name].append(result)
    return times


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
    if shape in LOGS:
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
    readers = [(" ".join([name, *words]), [name, *words]) for name, (words, _) in READERS.items() if shutil.which(name)]
    least = ("reading and checksum alone", [os.path.join(programs, "bench-limits"), "--checksum"])
    return [least, check, alone, ("rdbkit check --no-duplicates", [ours, "check", "-q", "--no-duplicates"])] + theirs + readers


def build():
    """Our programs: the folder they are in, and that of the inputs."""
    subprocess.run(["cargo", "build", "--release", "--locked", "--quiet", "-p", "rdbkit", "-p", "rdbkit-benches"],
                   cwd=ROOT, check=True)
    target = os.path.join(ROOT, os.environ.get("CARGO_TARGET_DIR", "target"))
    folder = os.path.join(target, "bench")
    os.makedirs(folder, exist_ok=True)
    return os.path.join(target, "release"), folder


def make_input(programs, folder, shape, megabytes):
    """The path of an input, which is made unless it is there; of a set that of its manifest."""
    if shape == "set":
        return make_set(programs, folder, megabytes)
    path = os.path.join(folder, f"{shape}-{megabytes}.{'aof' if shape == 'log' else 'rdb'}")
    if not os.path.exists(path):
        maker = os.path.join(programs, "bench-input")
        subprocess.run([maker, shape, str(megabytes), path + ".part"], check=True, stderr=subprocess.DEVNULL)
        os.rename(path + ".part", path)
    return path


def make_set(programs, folder, megabytes):
    """A base and increments of the same size."""
    folder = os.path.join(folder, f"set-{megabytes}")
    manifest = os.path.join(folder, "a.aof.manifest")
    if os.path.exists(manifest):
        return manifest
    os.makedirs(folder, exist_ok=True)
    lines = []
    for part in range(PARTS):
        kind, number = ("base", 1) if part == 0 else ("incr", part)
        name = f"a.aof.{number}.{kind}.aof"
        maker = [os.path.join(programs, "bench-input"), "log", str(max(1, megabytes // PARTS)), os.path.join(folder, name)]
        subprocess.run(maker, check=True, stderr=subprocess.DEVNULL)
        lines.append(f"file {name} seq {number} type {kind[0]}\n")
    with open(manifest, "w") as file:
        file.writelines(lines)
    return manifest


def files_of(path):
    """The files an input consists of."""
    if not path.endswith(".manifest"):
        return [path]
    with open(path) as lines:
        return [os.path.join(os.path.dirname(path), line.split()[1]) for line in lines]


def limits(programs):
    """Prints what the machine can do."""
    told = subprocess.run([os.path.join(programs, "bench-limits")], check=True, stdout=subprocess.PIPE, text=True).stdout
    print("limits of one processor, GB/s: " + ", ".join(line.replace("\t", " ") for line in told.splitlines()))


def unpacked(path, programs, runs):
    """Times of what is compressed: unpacking alone, from a pipe, and unpacked by us."""
    packed = path + ".gz"
    if not os.path.exists(packed):
        with open(packed + ".part", "wb") as out:
            subprocess.run(["gzip", "-1", "-c", path], check=True, stdout=out)
        os.rename(packed + ".part", packed)
    ours = os.path.join(programs, "rdbkit")
    rows = {
        "gzip -dc": ["gzip", "-dc", packed],
        "gzip -dc | rdbkit check -": ["sh", "-c", 'gzip -dc "$1" | "$2" check -q -', "sh", packed, ours],
        "rdbkit check FILE.gz": [ours, "check", "-q", packed],
    }
    times = in_turns(rows, runs, packed)
    base = statistics.median(wall for wall, *_ in times["gzip -dc"])
    print(f"  {'compressed with gzip -1':34}{os.path.getsize(packed) / 1e9:8.2f} GB")
    for name, results in times.items():
        wall, cpu, memory = (statistics.median(r[i] for r in results) for i in range(3))
        print(f"  {name:34}{wall:8.2f}{cpu:8.2f}{'':7}{'':8}{memory:8.0f}   {wall / base:.2f} of gzip -dc")


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


def count_in(path, programs, unit):
    """How many commands or keys a file has."""
    check = [os.path.join(programs, "rdbkit"), "check", "--json", path]
    return json.loads(subprocess.run(check, check=True, stdout=subprocess.PIPE).stdout)[unit]


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--megabytes", type=int, help="size of each input (2400; of the log 3000)")
    args.add_argument("--runs", type=int, default=5, help="runs of each tool on each file (5)")
    args.add_argument("--shape", action="append", choices=list(SHAPES), help="only these shapes")
    args.add_argument("--gzip", action="store_true", help="also each input compressed, which takes longer than all else")
    args.add_argument("--peer", metavar="SERVER", help="only the check tool of this one of .servers/")
    args = args.parse_args()
    programs, folder = build()
    if not peers("check-rdb") + peers("check-aof"):
        print("no peers: testdata/get-servers.sh .servers fetches them", file=sys.stderr)
    print(machine())
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start; "
          f"medians of {args.runs} runs in turns, warm cache")
    limits(programs)
    for name, (_, source) in READERS.items():
        if not shutil.which(name):
            print(f"not installed: {name} ({source})")
    for shape in args.shape or SHAPES:
        megabytes = args.megabytes or SHAPES[shape]
        path = make_input(programs, folder, shape, megabytes)
        size = sum(map(os.path.getsize, files_of(path)))
        everything = {"cat": ["cat", *files_of(path)]}
        everything |= {name: command + [path] for name, command in tools(shape, programs)
                       if args.peer is None or "of rdbkit" in name or args.peer in name or not name.startswith("check-")}
        times = in_turns(everything, args.runs, path)
        unit = "commands" if shape in LOGS else "keys"
        count = count_in(path, programs, unit)
        print(f"\n{shape}: {size / 1e9:.2f} GB, {count:,} {unit}")
        print(f"  {'':34}{'wall s':>8}{'cpu s':>8}{'GB/s':>7}{'M ' + unit[:3] + '/s':>8}{'MiB':>8}   ratio wall / cpu to rdbkit check")
        base = [statistics.median(r[i] for r in times["rdbkit check"]) for i in (0, 1)]
        for name, results in times.items():
            wall, cpu, memory = (statistics.median(r[i] for r in results) for i in range(3))
            print(f"  {name:34}{wall:8.2f}{cpu:8.2f}{size / 1e9 / wall:7.2f}{count / 1e6 / wall:8.2f}{memory:8.0f}"
                  f"   {wall / base[0]:.2f} / {cpu / base[1]:.2f}")
        if args.gzip and shape != "set":
            unpacked(path, programs, args.runs)


if __name__ == "__main__":
    main()
