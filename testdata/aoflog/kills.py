"""Killed at any moment: the source is what it was, the result is not there or is whole, and the next run succeeds."""
import os
import random
import shutil
import subprocess
import time

from generator.client import encode
from generator.save import fresh

from .logset import LogSet
from .result import placed
from .running import FOLDER, Running
from .tool import Wrong, copied, expect, fingerprint, run

VALUE = 64 << 10


def big_log(path, megabytes):
    """A set of a base and two increments of so many bytes, and a FLUSHALL in the last."""
    os.makedirs(path)
    rng = random.Random(7)
    names = ["appendonly.aof.1.base.aof", "appendonly.aof.1.incr.aof", "appendonly.aof.2.incr.aof"]
    for name in names:
        with open(os.path.join(path, name), "wb") as f:
            f.write(encode(["SELECT", "0"]))
            for i in range(megabytes * 16 // len(names)):
                f.write(encode(["SET", "%s:%d" % (name, i), rng.randbytes(VALUE)]))
            if name == names[-1]:
                f.write(encode(["FLUSHALL"]) + encode(["SET", "after", "1"]))
    with open(os.path.join(path, "appendonly.aof.manifest"), "w", encoding="ascii") as f:
        for name in names:
            seq, kind = name.split(".")[2], name.split(".")[3][0]
            f.write("file %s seq %s type %s\n" % (name, seq, kind))
    return path


def contents(path):
    """As `fingerprint`, without times; None if it is not there."""
    return {n: (v[0], v[2]) for n, v in fingerprint(path).items()} if os.path.exists(path) else None


def killed(program, call, after):
    """Starts it and kills it after so many seconds; whether it was still running then."""
    process = subprocess.Popen([program, *call], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(timeout=after)
        return False
    except subprocess.TimeoutExpired:
        return True
    finally:
        process.kill()
        process.wait()


def prefix(name):
    """What the temporary things beside a result may be called: they say whose they are."""
    return lambda other: name in other or "rdbkit" in other


def new_place(program, source, work, times, rng):
    """-o NEW: (passed, [why one failed])."""
    before, passed, wrong = fingerprint(source), 0, []
    for command, options in (("cut", ["--before", "FLUSHALL"]), ("drop", ["FLUSHALL"])):
        home = fresh(os.path.join(work, command))
        target = os.path.join(home, FOLDER)
        call = ["aof", command, source, "-o", target] + options
        began = time.monotonic()
        expect(run(program, *call), 0)
        took = time.monotonic() - began
        complete = contents(target)
        shutil.rmtree(target)
        alive = 0
        for i in range(times):
            alive += killed(program, call, rng.uniform(0, took * 1.05))
            left = contents(target)
            others = [n for n in os.listdir(home) if n != FOLDER]
            why = None
            if fingerprint(source) != before:
                why = "the source was changed"
            elif left is not None and left != complete:
                why = "the result is there, and not whole: %s" % {n: v[0] for n, v in left.items()}
            elif not all(map(prefix(FOLDER), others)):
                why = "what it left beside does not say what it is: %s" % others
            else:
                shutil.rmtree(target, ignore_errors=True)
                done = run(program, *call)  # what a killed run left must not be in its way
                if done.code != 0 or contents(target) != complete:
                    why = "the next run fails: %s" % done.told()
                shutil.rmtree(target, ignore_errors=True)
            if why:
                wrong.append("%s, killed for the %d. time: %s" % (command, i + 1, why))
            else:
                passed += 1
            for name in os.listdir(home):
                shutil.rmtree(os.path.join(home, name), ignore_errors=True)
        if alive < times // 4:
            wrong.append("%s: only %d of %d kills met it alive" % (command, alive, times))
    return passed, wrong


def in_place(program, source, work, times, rng):
    """--in-place: what is there is the old log or the new one, and nothing between."""
    passed, wrong = 0, []
    old = contents(source)
    home = fresh(os.path.join(work, "in-place"))
    path = os.path.join(home, FOLDER)
    call = ["aof", "drop", path, "--in-place", "FLUSHALL"]
    copied(source, path)
    began = time.monotonic()
    expect(run(program, *call), 0)
    took = time.monotonic() - began
    new = state_of(path)
    for i in range(times):
        fresh(home)
        copied(source, path)
        killed(program, call, rng.uniform(0, took * 1.05))
        why = None
        try:
            now = state_of(path)
            if now not in (state_of(source), new):
                why = "neither the old log nor the new one: %s" % {n: v[0] for n, v in contents(path).items()}
        except (OSError, ValueError, StopIteration) as e:
            why = "no log any more: %s (%s)" % (e, sorted(os.listdir(path)) if os.path.exists(path) else "gone")
        if why is None and now != new:
            done = run(program, *call)
            if done.code != 0 or state_of(path) != new:
                why = "the next run fails: %s" % done.told()
        if why:
            wrong.append("in place, killed for the %d. time: %s" % (i + 1, why))
        else:
            passed += 1
    if contents(source) != old:
        wrong.append("in place: the source of the copies was changed")
    return passed, wrong


def state_of(path):
    """What a server would load: the bytes of the files the manifest names, in order."""
    return [hash(bytes(f.data)) for f in LogSet(path).files]


def run_all(program, server, work, seed, times, megabytes):
    rng = random.Random("kill:%s" % seed)
    source = big_log(os.path.join(fresh(work), "source", FOLDER), megabytes)
    passed, wrong = new_place(program, source, work, times, rng)
    more, also = in_place(program, source, work, max(4, times // 3), rng)
    passed, wrong = passed + more, wrong + also
    # that it is whole is one thing; that it loads another
    target = os.path.join(fresh(os.path.join(work, "loads")), FOLDER)
    expect(run(program, "aof", "drop", source, "-o", target, "FLUSHALL"), 0)
    with Running(server, placed(target, os.path.join(work, "served"))) as running:
        keys = running.client.cmd("DBSIZE")
    if keys != megabytes * 16 // 3 * 3 + 1:
        wrong.append("the whole result has %d keys" % keys)
    else:
        passed += 1
    shutil.rmtree(work, ignore_errors=True)
    return passed, wrong
