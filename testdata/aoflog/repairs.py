"""`rdbkit aof repair` of logs torn as real ones are, and with damage in the middle."""
from generator.client import encode

from . import resp, result
from .damage import Damage
from .logset import LogSet
from .tool import Wrong, expect, fingerprint, run, unchanged


def torn_last(job, damage):
    damage.cut_last()


def torn_in_transaction(job, damage):
    damage.cut_in_transaction()


def torn_behind_rdb(job, damage):
    damage.cut_behind_rdb()


def nul_padding(job, damage):
    damage.insert_end(damage.file("last"), b"\0" * job.random.choice([1, 17, 511, 4096]))


def torn_annotation(job, damage):
    damage.insert_end(damage.file("last"), job.random.choice([b"#", b"#TS:17322", b"#TS:1732223456\r"]))


def open_transaction(job, damage):
    commands = [["MULTI"], ["SET", "open", "1"], ["SELECT", "3"], ["DEL", "open"]][:job.random.randrange(1, 5)]
    damage.insert_end(damage.file("last"), b"".join(encode(c) for c in commands))


def garbage_at_end(job, damage):
    damage.insert_end(damage.file("last"), job.random.choice([b"x", b"\r\n", b"*", b"*3\r\n$3\r\nSET\r\n$1\r\n", b"\xff" * 30]))


def nothing(job, damage):
    damage.as_it_is()


TAILS = [torn_last] * 3 + [torn_in_transaction] * 2 + [torn_behind_rdb, nul_padding, torn_annotation, open_transaction, garbage_at_end, nothing]


def repaired(job, damaged, *options):
    """Runs it on a damaged log; (result, what was said)."""
    before = fingerprint(damaged)
    if job.random.random() < 0.3:
        done = run(job.program, "aof", "repair", damaged, "--dry-run", *options)
        unchanged(damaged, before, done)
        expect(done, 0, 1)
    if job.random.random() < 0.2:
        return damaged, expect(run(job.program, "aof", "repair", damaged, "--in-place", *options), 0)
    target = job.named("target")
    done = expect(run(job.program, "aof", "repair", damaged, "-o", target, *options), 0)
    unchanged(damaged, before, done)
    return target, done


def tail(job):
    """All complete units before the tear, in whichever way the last file ends."""
    damage = Damage(job.log, job.random)
    job.random.choice(TAILS)(job, damage)
    damaged = job.named("damaged")
    damage.write(damaged)
    log = LogSet(damaged)
    expected = job.oracle.state(log, [e for e in log.entries if e.closed])
    path, done = repaired(job, damaged)
    result.heads_of(path, log, done)
    result.serves(job, path, expected, done)


def earlier(job):
    """A file torn that is not the last: the torn end of it is gone, and nothing else."""
    damage = Damage(job.log, job.random)
    damage.cut_earlier()
    damaged = job.named("damaged")
    damage.write(damaged)
    log = LogSet(damaged)
    expected = job.oracle.state(log, [e for e in log.entries if e.closed])
    path, done = repaired(job, damaged)
    result.heads_of(path, log, done)
    result.serves(job, path, expected, done)


def left_out(done):
    """{file name: [(begin, end)]}: the bytes reported as left out."""
    out = {}
    for one in done.json()["damage"]:
        out.setdefault(one["file"], []).append((one["begin"], one["end"]))
    return out


def middle(job):
    """--skip-damage: all but the bytes it names, and those no more than what was damaged."""
    damage, rng = Damage(job.log, job.random), job.random
    hurt, data = set(), damage.files
    file = damage.file()
    for _ in range(rng.randrange(1, 4)):
        at, count = rng.randrange(file.body, len(file.data)), rng.choice([1, 3, 20, 60])
        end = min(at + count, len(file.data))
        data[file.name][at:end] = rng.randbytes(end - at)
        hurt.update(u.start for u in file.units if u.start < end and at < u.end)
    damaged, asked = job.named("damaged"), job.named("asked")
    damage.write(damaged)
    damage.write(asked)
    before = LogSet(damaged)
    path, done = repaired(job, asked, "--skip-damage", "--json")
    gone = left_out(done)
    now = next(f for f in before.files if f.name == file.name)
    kept = {u.start: u for u in survivors(now, gone.get(file.name, []), done)}
    original = {u.start: u for u in file.units}
    for unit in kept.values():
        if unit.start not in original:
            raise Wrong("what it kept at %d of %s was no command: %r\n  %s" % (unit.start, file.name, unit, done.told()))
    lost = set(original) - set(kept) - hurt - companions(file, job, hurt)
    if lost:
        raise Wrong("lost without need: %s of %s: %s\n  %s" % (sorted(lost)[:5], file.name, done.out[:500], done.told()))
    expected = job.oracle.state(job.log, survived(job.log, file, kept, now.data))
    result.whole(path, before, done, resp.unit_as_server)
    result.serves(job, path, expected, done)


def survived(log, file, kept, damaged):
    """The commands of the undamaged log that are left, as the damage left them. A SELECT that goes with a transaction but
    can be read still counts, also where only its line ends are hurt: what follows belongs to its database."""
    for entry in log.entries:
        start = entry.command.start
        if log.files[entry.file] is not file:
            yield entry
        elif start in kept:
            yield entry._replace(command=kept[start])
        elif entry.command.name == b"SELECT":
            read = resp.unit_as_server(damaged, start)
            if isinstance(read, resp.Command) and read.args == entry.command.args:
                yield entry


def companions(file, job, hurt):
    """Commands that may go with the damaged ones: those of the same transaction, all up to the next MULTI if its EXEC is
    hurt, all between damage where its MULTI may have been, and the one behind the damage."""
    out = {b.start for a, b in zip(file.units, file.units[1:]) if a.start in hurt}
    entries = [e for e in job.log.entries if job.log.files[e.file] is file]
    blocks = {e.multi for e in entries if e.multi is not None and e.command.start in hurt}
    endless, since = False, []
    for entry in entries:
        is_hurt = entry.command.start in hurt
        if entry.command.name == b"MULTI" and is_hurt:
            out.update(since)
        if entry.command.name in (b"MULTI", b"EXEC") and not is_hurt:
            since = []
        elif since or is_hurt:
            since.append(entry.command.start)
        if entry.multi is not None and entry.multi in blocks:
            endless = endless or (entry.command.name == b"EXEC" and entry.command.start in hurt)
            out.add(entry.command.start)
        elif entry.command.name == b"MULTI":
            endless = False
        elif endless:
            out.add(entry.command.start)
    return out


def survivors(file, gone, done):
    """The units of a damaged file that are not in what was left out. They have to be whole."""
    kept, at = [], file.body
    for begin, end in sorted(gone) + [(len(file.data), len(file.data))]:
        while at < begin:
            unit = resp.unit_as_server(file.data, at)
            if unit is None or unit.end > begin:
                raise Wrong("%s, %d: kept, but no command: %s\n  %s" % (file.name, at, done.out[:500], done.told()))
            kept.append(unit)
            at = unit.end
        at = end
    return kept


KINDS = [tail] * 5 + [earlier] * 2 + [middle] * 3
