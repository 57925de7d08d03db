"""What servers do wrong with damaged logs: first that they do, then that they do not with what rdbkit made of it."""
import os

from generator.client import encode
from generator.save import fresh

from .oracle import lay_out
from .result import placed
from .running import FOLDER, SINGLE, Ended, Running
from .tool import Wrong, expect, run


def first_rdb(job):
    """The RDB of a base with one key, as this server writes it; b"" where it has none."""
    folder = fresh(os.path.join(job.work, "rdb"))
    with Running(job.server, folder, appendonly="no") as running:
        running.client.cmd("SET", "in the base", "yes")
        running.client.cmd("SAVE")
    with open(os.path.join(folder, "dump.rdb"), "rb") as f:
        return f.read()


def log_of(job, name, rdb, *commands, tail=b""):
    """A log in a folder of its own; the path of it."""
    folder = fresh(os.path.join(job.work, name))
    lay_out(job.server, folder, rdb, b"".join(c if isinstance(c, bytes) else encode(c) for c in commands) + tail)
    return os.path.join(folder, FOLDER if job.server.has((7, 0)) else SINGLE)


def as_single(job, name, rdb, tail):
    """An old-style file of an RDB and a tail: every server takes it, the newer ones as an upgrade."""
    path = os.path.join(fresh(os.path.join(job.work, name)), SINGLE)
    with open(path, "wb") as f:
        f.write(rdb + tail)
    return path


def lives(job, path, *keys):
    """Starts a server on a copy, writes, starts it again: the keys of these that are there at the end, and "later".
    None if the server does not come up at the first start, or at the second."""
    folder = placed(path, os.path.join(job.work, "lives"))
    try:
        with Running(job.server, folder) as running:
            running.client.cmd("SET", "later", "yes")
            running.shut_down()
        with Running(job.server, folder) as running:
            return {k for k in keys + ("later",) if running.client.cmd("EXISTS", k)}
    except Ended:
        return None


def mended(job, path, *call):
    target = job.named(call[0] + "-done") if os.path.isdir(path) else os.path.join(fresh(os.path.join(job.work, call[0] + "-done")), SINGLE)
    expect(run(job.program, "aof", call[0], path, "-o", target, *call[1:]), 0)
    return target


def show(what, is_hit, hit_expected, good):
    if is_hit != hit_expected:
        raise Wrong("%s: the server %s it, expected otherwise" % (what, "has" if is_hit else "has not"))
    if not good:
        raise Wrong("%s: it is still there after rdbkit" % what)


def short_read_in_transaction(job):
    """A read cut short within MULTI leaves the MULTI open: whatever is written later is queued behind it, and vanishes."""
    torn = log_of(job, "torn", b"", ["SELECT", "0"], ["SET", "a", "1"], ["MULTI"], ["SET", "b", "1"], tail=encode(["SET", "c", "1"])[:-4])
    after = lives(job, torn, "a")
    show(short_read_in_transaction.__doc__, after != {"a", "later"}, not job.server.is_valkey or not job.server.has(valkey=(9, 1)),
         lives(job, mended(job, torn, "repair"), "a", "b", "c") == {"a", "later"})


def first_command_behind_rdb_torn(job):
    """An RDB whose first command behind is torn is cut to nothing."""
    torn = as_single(job, "torn", first_rdb(job), encode(["SET", "b", "1"])[:-3])
    after = lives(job, torn, "in the base")
    show(first_command_behind_rdb_torn.__doc__, after != {"in the base", "later"}, not job.server.is_valkey,
         lives(job, mended(job, torn, "repair"), "in the base", "b") == {"in the base", "later"})


def torn_annotation(job):
    """An annotation without line end is accepted, and glued to the next command: the start after that fails."""
    torn = log_of(job, "torn", b"", ["SELECT", "0"], ["SET", "a", "1"], tail=b"#TS:1732")
    after = lives(job, torn, "a")
    show(torn_annotation.__doc__, after is None, True, lives(job, mended(job, torn, "repair"), "a") == {"a", "later"})


def select_out_of_range(job):
    """SELECT of a database that is not there is passed over: what follows goes to the one before."""
    log = log_of(job, "wrong", b"", ["SELECT", "0"], ["SET", "a", "1"], ["SELECT", "99"], ["SET", "misplaced", "1"])
    after = lives(job, log, "a", "misplaced")
    show(select_out_of_range.__doc__, after == {"a", "misplaced", "later"}, True,
         lives(job, mended(job, log, "cut", "--before", "SELECT 99"), "a", "misplaced") == {"a", "later"})


def torn_before_the_last(job):
    """A torn file that is not the last is cut on disk, and only then the server says that it cannot go on."""
    if not job.server.has((7, 0)):
        return  # has one file only
    folder = os.path.join(fresh(os.path.join(job.work, "torn")), FOLDER)
    os.makedirs(folder)
    whole = encode(["SELECT", "0"]) + encode(["SET", "a", "1"])
    for name, data in (("appendonly.aof.1.incr.aof", whole + encode(["SET", "b", "1"])[:-4]), ("appendonly.aof.2.incr.aof", encode(["SET", "c", "1"])),
                       ("appendonly.aof.manifest", b"file appendonly.aof.1.incr.aof seq 1 type i\nfile appendonly.aof.2.incr.aof seq 2 type i\n")):
        with open(os.path.join(folder, name), "wb") as f:
            f.write(data)
    refused = lives(job, folder, "a") is None
    cut = os.path.getsize(os.path.join(job.work, "lives", FOLDER, "appendonly.aof.1.incr.aof")) == len(whole)
    show(torn_before_the_last.__doc__, refused and cut, True, lives(job, mended(job, folder, "repair"), "a", "b", "c") == {"a", "c", "later"})


def open_transaction_at_end(job):
    """MULTI without EXEC at the end: servers cut it, and what is written later has to be there."""
    log = log_of(job, "open", b"", ["SELECT", "0"], ["SET", "a", "1"], ["MULTI"], ["SET", "b", "1"])
    show(open_transaction_at_end.__doc__, lives(job, log, "a") != {"a", "later"}, False,
         lives(job, mended(job, log, "repair"), "a", "b") == {"a", "later"})


def nul_padding(job):
    """NUL bytes at the end, as power loss leaves them: the server does not start."""
    log = log_of(job, "padded", b"", ["SELECT", "0"], ["SET", "a", "1"], tail=b"\0" * 100)
    show(nul_padding.__doc__, lives(job, log, "a") is None, True, lives(job, mended(job, log, "repair"), "a") == {"a", "later"})


KINDS = [short_read_in_transaction, first_command_behind_rdb_torn, torn_annotation, select_out_of_range, torn_before_the_last,
         open_transaction_at_end, nul_padding]
