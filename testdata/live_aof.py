#!/usr/bin/env python3
"""Holds rdbkit's work on append-only logs against running servers. ../live-aof.sh does all that has to be done before.

    python3 testdata/live_aof.py --rdbkit PROGRAM --out DIR --only NAME,.. [--servers DIR] [--seed N] [--checks 24]
                                 [--kills 16] [--parts cut,drop,repair,digest,verdict,defect,kill] [--processes 2]
        OUT/logs/SERVER-SHAPE/ are the logs the servers wrote, OUT/failed/ what the checks that failed had before them
    python3 testdata/live_aof.py ... --again PART:SERVER:SHAPE:NUMBER
        one check again, as it was with this seed

CHECKS of each part are made for each server; twice as many verdicts are asked for. Prints what failed, and at the end
"N passed, N failed". Exit code: 0 nothing failed, 1 something did, 2 wrong call.
"""
import argparse
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from aoflog import cuts, defects, digests, drops, kills, repairs, verdicts, workload  # noqa: E402
from aoflog.job import Job, outcome  # noqa: E402
from generator.save import fresh  # noqa: E402
from generator.server import Server, found_in  # noqa: E402

PARTS = ["cut", "drop", "repair", "digest", "verdict", "defect", "kill"]
options = None  # set before the workers are started, which inherit it
made = {}       # (server name, shape): workload.Made


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rdbkit", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--servers", default=os.path.join(os.path.dirname(HERE), ".servers"))
    parser.add_argument("--only", required=True, help="servers, separated by commas")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--checks", type=int, default=24)
    parser.add_argument("--kills", type=int, default=16, help="of cut and of drop; a third of it in place")
    parser.add_argument("--megabytes", type=int, default=200, help="of the log that is killed for")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--again", metavar="PART:SERVER:SHAPE:NUMBER")
    args = parser.parse_args()
    args.parts = args.parts.split(",")
    names = args.only.split(",")
    missing = [n for n in names if n not in found_in(args.servers)]
    if missing or set(args.parts) - set(PARTS):
        parser.error("no such server or part: %s" % (missing or set(args.parts) - set(PARTS)))
    args.servers = {n: Server(os.path.join(args.servers, n), n) for n in names}
    args.rdbkit = os.path.abspath(args.rdbkit)
    return args


def make_log(job):
    """One worker's log."""
    name, shape, older = job
    server = options.servers[name]
    folder = os.path.join(options.out, "logs", "%s-%s" % (name, shape))
    try:
        return workload.make(server, shape, folder, options.seed, older=older)
    except Exception:
        return traceback.format_exc()


def make_logs(pool):
    """Fills `made`. Old servers first: theirs are what newer ones upgrade."""
    failed = []
    older = None
    for generation in (False, True):
        jobs = [(n, shape, older) for n, s in options.servers.items() if s.has((7, 0)) == generation
                for shape in workload.shapes_of(s, older)]
        for (name, shape, _), one in zip(jobs, pool.map(make_log, jobs, chunksize=1)):
            if isinstance(one, str):
                failed.append("no log: %s, %s: %s" % (name, shape, one))
                continue
            made[name, shape] = one
            if shape == "single":
                older = one.path
    return failed


def coverage():
    """(passed, [what failed]): was every write command run that a server has?"""
    passed, wrong = 0, []
    for name, server in options.servers.items():
        logs = [m for (n, _), m in made.items() if n == name]
        if not logs:
            continue
        never = set.intersection(*(set(m.uncovered) | (set(m.writes) - set(m.wanted)) for m in logs))
        never -= set(workload.recipes.LEFT_OUT)
        writes = logs[0].writes
        left = sorted(set(writes) & set(workload.recipes.LEFT_OUT))
        calls = sum(sum(m.calls.values()) for m in logs)
        print("%-20s %d of %d write commands run, %d calls; left out: %s" % (
            name, len(writes) - len(left) - len(never), len(writes), calls, ", ".join(left) or "none"), flush=True)
        if never:
            wrong.append("%s: never run without error: %s" % (name, ", ".join(sorted(never))))
        else:
            passed += 1
    return passed, wrong


def all_checks():
    """Names of checks: (part, server, shape, number)."""
    for name, server in options.servers.items():
        shapes = [s for n, s in made if n == name]
        for part in ("cut", "drop", "repair", "digest", "verdict"):
            if part in options.parts:
                for number in range(options.checks * (2 if part == "verdict" else 1)):
                    yield part, name, shapes[number % len(shapes)], number
        if "cut" in options.parts:
            for shape in shapes:
                for number in range(len(made[name, shape].marks)):
                    if number % 2 == 0:
                        yield "mark", name, shape, number
        if "defect" in options.parts:
            for number in range(len(defects.KINDS)):
                yield "defect", name, shapes[0], number


def path_for(part, name, shape, rng):
    """Newer servers also take the single file of an older one."""
    if part in ("cut", "drop", "repair", "digest", "verdict") and options.servers[name].has((7, 0)) and rng.random() < 0.2:
        singles = sorted(m.path for (_, s), m in made.items() if s.startswith("single"))
        if singles:
            return rng.choice(singles)
    return made[name, shape].path


def check(which):
    """One worker's check: (None or why it failed, None or what could not be compared)."""
    part, name, shape, number = which
    rng = random.Random("%s:%s" % (options.seed, ":".join(map(str, which))))
    work = tempfile.mkdtemp(prefix="rdbkit-aof-")
    os.rmdir(work)
    job = Job(options.rdbkit, options.servers[name], path_for(part, name, shape, rng), rng, work)
    if part == "cut":
        run = rng.choice(cuts.KINDS)
    elif part == "drop":
        run = rng.choice(drops.KINDS)
    elif part == "repair":
        run = rng.choice(repairs.KINDS)
    elif part == "digest":
        run = rng.choice(digests.KINDS)
    elif part == "mark":
        run = lambda job: cuts.at_mark(job, made[name, shape].marks[number])  # noqa: E731
    elif part == "defect":
        run = defects.KINDS[number]
    else:
        run = lambda job: verdicts.compare(job, number)  # noqa: E731
    try:
        return outcome(job, run, os.path.join(options.out, "failed", "-".join(map(str, which))))
    finally:
        shutil.rmtree(work, ignore_errors=True)


def tell(which, why):
    print("FAILED %s\n  %s" % (":".join(map(str, which)), why), flush=True)


def main():
    global options
    options = arguments()
    for name in ("logs", "failed"):
        fresh(os.path.join(options.out, name))
    passed = failed = 0
    with multiprocessing.Pool(options.processes) as pool:
        for why in make_logs(pool):
            failed += 1
            tell(["log"], why)
        count, wrong = coverage()
        passed += count
        for why in wrong:
            failed += 1
            tell(["coverage"], why)
    checks = list(all_checks())
    if options.again:
        checks = [c for c in checks if ":".join(map(str, c)) == options.again]
        options.parts = []
    began, parts = time.monotonic(), {}
    random.Random(options.seed).shuffle(checks)
    with multiprocessing.Pool(options.processes) as pool:  # these know the logs
        for which, (why, chance) in zip(checks, pool.imap(check, checks)):
            row = parts.setdefault(which[0], [0, 0])
            if chance:  # counts neither way, and is shown
                print("%s: %s" % (":".join(map(str, which)), chance))
                continue
            row[why is not None] += 1
            if why:
                tell(which, why)
    for part, (good, bad) in sorted(parts.items()):
        print("%-8s %4d passed, %d failed" % (part, good, bad))
        passed, failed = passed + good, failed + bad
    print("%d checks in %.0f s" % (len(checks), time.monotonic() - began))
    if "kill" in options.parts:
        began = time.monotonic()
        newest = list(options.servers.values())[-1]
        good, wrong = kills.run_all(options.rdbkit, newest, os.path.join(options.out, "kills"), options.seed, options.kills,
                                    options.megabytes)
        for why in wrong:
            tell(["kill"], why)
        print("%-8s %4d passed, %d failed, in %.0f s" % ("kill", good, len(wrong), time.monotonic() - began))
        passed, failed = passed + good, failed + len(wrong)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
