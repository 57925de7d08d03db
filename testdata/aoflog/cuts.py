"""`rdbkit aof cut` at random points: by command, by offset, by time, and where the server itself said what it held."""
import datetime

from . import patterns, result


def by_command(job):
    """--before PATTERN, with --nth or --last."""
    log, rng = job.log, job.random
    target = rng.choice([e for e in log.entries if e.command.name not in patterns.CONTEXT])
    pattern = patterns.pattern_for(target.command, rng)
    db = target.db if rng.random() < 0.25 else None
    found = [e for e in log.entries if pattern.matches(e.command) and (db is None or e.db == db)]
    nth = next(i for i, e in enumerate(found) if e is target)
    options = ["--before", pattern.text(rng)]
    if nth == len(found) - 1 and rng.random() < 0.5:
        options.append("--last")
    elif nth > 0 or rng.random() < 0.3:
        options += ["--nth", nth + 1]
    if db is not None:
        options += ["--db", db]
    cut(job, target.file, target.cut_at, options)


def by_offset(job):
    """--at OFFSET, with --file or without."""
    log, rng = job.log, job.random
    file = rng.choice([i for i, f in enumerate(log.files) if f.units])
    one = log.files[file]
    kind = rng.randrange(4)
    if kind == 0:  # inside of a transaction, if there is one
        inside = [e.command for e in log.entries if e.file == file and e.multi is not None] or one.units
        at = rng.choice(inside).start
    elif kind == 1:
        at = rng.choice(one.units).end
    else:
        at = rng.randrange(one.body, len(one.data) + 1)
    options = ["--at", at]
    if sum(bool(f.units) for f in log.files) > 1 or rng.random() < 0.3:
        options += ["--file", one.name]
    cut(job, file, log.boundary(file, at), options)


def by_time(job):
    """--until TIME: up to the first greater timestamp."""
    log, rng = job.log, job.random
    notes = log.notes()
    if not notes:
        return by_command(job)
    seconds = rng.choice(notes)[1].time
    if seconds > notes[0][1].time and rng.random() < 0.5:
        seconds -= 1  # a second no timestamp has, or the one before
    later = [(file, note) for file, note in notes if note.time > seconds]
    shown = str(seconds)
    if rng.random() < 0.5:
        zone = datetime.timezone(datetime.timedelta(hours=rng.choice([0, 2, -5])))
        shown = datetime.datetime.fromtimestamp(seconds, zone).isoformat()
    file, at = (later[0][0], later[0][1].start) if later else (len(log.files) - 1, len(log.files[-1].data))
    return cut(job, file, at, ["--until", shown])


def cut(job, file, at, options):
    """Cuts and compares with the oracle, which is given all commands before."""
    if job.log.is_empty_before(file, at):
        # An empty log is no restore point; an annotation alone may go with the command behind it.
        job.surgery("cut", *options, codes=(0, 1, 2) if at else (1, 2))
        return
    expected = job.oracle.state(job.log, job.log.commands_before(file, at))
    path, done = job.surgery("cut", *options)
    result.begins_like(path, job.log, done)
    result.serves(job, path, expected, done)


def at_mark(job, mark):
    """Where the server that wrote the log was asked for all it held: the oracle itself is put to the test, too."""
    told, name, size = mark
    path, done = job.surgery("cut", "--at", size, "--file", name)
    result.begins_like(path, job.log, done)
    result.serves(job, path, told, done, not_logged(job.server))


def not_logged(server):
    """What a running server knows of a stream's groups and does not write to its log: consumers without pending
    entries when 6.0 rewrites it as commands, how many entries were read in 7.0."""
    if not server.has((7, 0)):
        return ("consumers",)
    return () if server.has((7, 2)) else ("entries_read",)


def refused(job):
    """What cannot be done is not done: exit code, no result, the source as it was."""
    log, rng = job.log, job.random
    options, codes = rng.choice([
        (["--before", "NOSUCHCOMMAND"], (1,)),
        (["--before", "*", "--nth", len(log.entries) + 1], (1,)),
        (["--at", len(log.files[-1].data) + 1], (1, 2)),
        (["--at", "0", "--file", "nosuch.aof"], (1, 2)),
        (["--until", "1"], (1, 2)),
        (["--until", "yesterday"], (2,)),
        (["--before", '"DEL'], (2,)),
        (["--before", "DEL", "--at", "0"], (2,)),
        ([], (2,)),
    ])
    job.surgery("cut", *options, codes=codes)


KINDS = [by_command] * 5 + [by_offset] * 3 + [by_time] * 2 + [refused]
