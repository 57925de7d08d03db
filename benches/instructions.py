#!/usr/bin/env python3
"""Instructions of rdbkit check for each key or command, on one thread: they tell of a change whatever else the machine does."""
import argparse
import os
import re
import subprocess
import sys

from compare import LOGS, SHAPES, build, count_in, files_of, make_input


def instructions(command):
    """Instructions of a run, as callgrind counts them."""
    traced = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command]
    done = subprocess.run(traced, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    counted = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not counted:
        sys.exit(f"valgrind cannot count {' '.join(command)}:\n{done.stderr}")
    return int(counted.group(1))


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--megabytes", type=int, default=10, help="size of each input (10)")
    args = args.parse_args()
    programs, folder = build()
    ours = os.path.join(programs, "rdbkit")
    nothing = instructions([ours, "--version"])
    print(f"{'':10}{'bytes':>12}{'count':>10}{'':10}{'instructions each':>18}{'a byte':>8}")
    for shape in SHAPES:
        if shape in ("large", "set"):
            # A key alone is larger, and a set is logs.
            continue
        path = make_input(programs, folder, shape, args.megabytes)
        size = sum(map(os.path.getsize, files_of(path)))
        unit = "commands" if shape in LOGS else "keys"
        count = count_in(path, programs, unit)
        spent = instructions([ours, "check", "-q", "--threads", "1", path]) - nothing
        print(f"{shape:10}{size:12,}{count:10,} {unit:9}{spent / count:18.1f}{spent / size:8.2f}", flush=True)


if __name__ == "__main__":
    main()
