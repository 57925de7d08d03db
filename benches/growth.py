#!/usr/bin/env python3
"""How time and memory grow with a file: the same kind of data in several sizes, and a stream of it that no disk holds."""
import argparse
import os
import statistics
import subprocess
import sys
import time

from compare import build, machine, make_input, run

# Of a command what stands behind `rdbkit`; the input comes last.
COMMANDS = {
    "small": ["check", "check --no-duplicates", "stats", "keys", "export --format ndjson", "digest"],
    "packed": ["check", "stats", "export --format ndjson"],
    "large": ["check", "stats"],
    "log": ["check", "aof stats", "aof log --tail 1", "aof cut --before FLUSHALL --dry-run"],
}
# What is made fast enough for a stream.
STREAMED = {"large": "check"}


def passed_on(programs, shape, megabytes, command):
    """As compare.run, of a command that reads what is made meanwhile."""
    maker = subprocess.Popen([os.path.join(programs, "bench-input"), shape, str(megabytes), "-"],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    begin = time.monotonic()
    child = subprocess.Popen(command, stdin=maker.stdout, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    maker.stdout.close()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - begin
    if maker.wait() != 0:
        sys.exit("the stream could not be made")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)


def row(name, size, result):
    wall, cpu, memory, code = result
    if code != 0:
        sys.exit(f"{name} exits with {code}")
    print(f"  {name:44}{size / 1e9:9.1f}{wall:9.2f}{cpu:9.2f}{cpu / (size / 1e9):9.3f}{memory:8.0f}", flush=True)


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--megabytes", default="100,1000,10000", help="sizes of the files (100,1000,10000)")
    args.add_argument("--stream", type=int, default=100_000, help="megabytes of the stream; 0: none (100000)")
    args.add_argument("--runs", type=int, default=3, help="runs of each command on each file (3)")
    args.add_argument("--shape", action="append", choices=list(COMMANDS), help="only these shapes")
    args = args.parse_args()
    programs, folder = build()
    ours = os.path.join(programs, "rdbkit")
    print(machine())
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start; one thread where there is a choice, "
          f"medians of {args.runs} runs after one; of the stream one run, on all")
    for shape in args.shape or COMMANDS:
        print(f"\n{shape}\n  {'':44}{'GB':>9}{'wall s':>9}{'cpu s':>9}{'cpu s/GB':>9}{'MiB':>8}")
        rows = {name: [] for name in COMMANDS[shape]}
        for megabytes in map(int, args.megabytes.split(",")):
            path = make_input(programs, folder, shape, megabytes)
            size = os.path.getsize(path)
            for name in rows:
                words = name.split()
                alone = ["--threads", "1"] if words[0] == "check" or "cut" in words else []
                command = [ours, *words, *alone, path]
                run(command)
                results = [run(command) for _ in range(args.runs)]
                if any(code for *_, code in results):
                    sys.exit(f"{name} fails on {path}")
                rows[name].append((size, (*(statistics.median(r[i] for r in results) for i in range(3)), 0)))
            os.remove(path)
        for name, results in rows.items():
            for size, result in results:
                row(name, size, result)
        if args.stream and shape in STREAMED:
            name = STREAMED[shape]
            command = [ours, *name.split(), "-"]
            row(f"{name} - (a stream)", args.stream * 1e6, passed_on(programs, shape, args.stream, command))


if __name__ == "__main__":
    main()
