"""`rdbkit aof drop`: single commands, all that match, single keys, in and out of transactions."""
from . import patterns, result
from .patterns import CONTEXT


def candidates(log):
    return [e for e in log.entries if e.command.name not in CONTEXT]


def one(job):
    """A PATTERN that finds one command only."""
    log, rng = job.log, job.random
    target = rng.choice(candidates(log))
    for pattern in (patterns.pattern_for(target.command, rng), patterns.exact(target.command)):
        if [e for e in log.entries if pattern.matches(e.command)] == [target]:
            return drop(job, [target], [pattern.text(rng)])
    return several(job)


def several(job):
    """--nth, --last, --all."""
    log, rng = job.log, job.random
    target = rng.choice(candidates(log))
    pattern = patterns.pattern_for(target.command, rng)
    db = target.db if rng.random() < 0.25 else None
    found = [e for e in log.entries if pattern.matches(e.command) and (db is None or e.db == db)]
    if any(e.command.name in CONTEXT for e in found):
        return several(job)
    nth, options = next(i for i, e in enumerate(found) if e is target), [pattern.text(rng)]
    if db is not None:
        options += ["--db", db]
    kind = rng.randrange(3)
    if kind == 0:
        return drop(job, found, options + ["--all"])
    if kind == 1:
        return drop(job, [found[-1]], options + ["--last"])
    return drop(job, [target], options + ["--nth", nth + 1])


def by_offset(job):
    """--at OFFSET: where it begins, or anywhere in it."""
    log, rng = job.log, job.random
    target = rng.choice(candidates(log))
    at = target.command.start if rng.random() < 0.6 else rng.randrange(target.command.start, target.command.end)
    options = ["--at", at]
    if sum(bool(f.units) for f in log.files) > 1 or rng.random() < 0.3:
        options += ["--file", log.files[target.file].name]
    drop(job, [target], options)


def in_transaction(job):
    """One command of a transaction, or all of it."""
    log, rng = job.log, job.random
    inside = [e for e in candidates(log) if e.multi is not None]
    if not inside:
        return one(job)
    target = rng.choice(inside)
    return drop(job, [target], ["--at", target.command.start, "--file", log.files[target.file].name])


def flush(job):
    """The classic: a FLUSHALL that should not have been."""
    found = [e for e in job.log.entries if e.command.name in (b"FLUSHALL", b"FLUSHDB")]
    if not found:
        return one(job)
    target = job.random.choice(found)
    alike = [e for e in found if e.command.name == target.command.name]
    nth = next(i for i, e in enumerate(alike) if e is target)
    return drop(job, [target], [target.command.name.decode().lower()] + (["--nth", nth + 1] if len(alike) > 1 else []))


def keys(job):
    """--key: only these keys of a DEL of several."""
    log, rng = job.log, job.random
    found = [e for e in log.entries if e.command.name in (b"DEL", b"UNLINK") and len(e.command.args) > 2]
    if not found:
        return one(job)
    target = rng.choice(found)
    there = sorted(set(target.command.args[1:]))
    gone = rng.sample(there, rng.randrange(1, len(there) + (rng.random() < 0.2)))
    if any(b"\0" in k for k in gone):
        return keys(job)  # no argument of a program can hold it
    options = ["--at", target.command.start, "--file", log.files[target.file].name]
    for key in gone:
        options += ["--key", key]
    left = tuple(a for a in target.command.args if a not in gone)
    changed = {id(target): target._replace(command=target.command._replace(args=left)) if len(left) > 1 else None}
    return drop(job, [target], options, changed)


def drop(job, dropped, options, changed=None):
    """Drops and compares with the oracle, which is given all other commands."""
    changed = {**{id(e): None for e in dropped}, **(changed or {})}
    left = [changed.get(id(e), e) for e in job.log.entries]
    expected = job.oracle.state(job.log, [e for e in left if e is not None])
    path, done = job.surgery("drop", *options)
    result.whole(path, job.log, done)
    result.serves(job, path, expected, done)


def refused(job):
    """What is not there, or there more than once, is not dropped."""
    rng = job.random
    options, codes = rng.choice([
        (["NOSUCHCOMMAND"], (1,)),
        (["*"], (1, 2)),
        (["SET", "--nth", 100000], (1,)),
        (["--at", len(job.log.files[-1].data) + 1], (1, 2)),
        (['"DEL'], (2,)),
        (["DEL", "--all", "--last"], (2,)),
        ([], (2,)),
    ])
    job.surgery("drop", *options, codes=codes)


KINDS = [one] * 2 + [several] * 3 + [by_offset] * 2 + [in_transaction] * 2 + [keys] * 3 + [flush] + [refused]
