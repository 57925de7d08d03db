"""Is the log rdbkit wrote what it should be? A server of the same version says."""
import copy
import os
import re
import shutil

from generator.save import fresh

from . import resp
from .logset import LogSet, listed
from .oracle import essential
from .running import FOLDER, SINGLE, Ended, Running
from .tool import Wrong

# what a server says when it does not like what it loads, and loads it anyway
COMPLAINT = re.compile(r"truncat|short read|bad file|incomplete MULTI|unexpected end|revert", re.I)
WITNESS, WITNESS_DB = "written afterwards", 5


def placed(path, folder):
    """Copies a log to where a server started in `folder` looks for it."""
    fresh(folder)
    if os.path.isdir(path):
        shutil.copytree(path, os.path.join(folder, FOLDER))
    else:
        shutil.copy2(path, os.path.join(folder, SINGLE))
    return folder


def serves(job, path, expected, done, not_logged=()):
    """The server loads it as it is and holds what is expected, now and after one more write and another start.
    `not_logged`: properties of groups that do not count."""
    expected = without(expected, not_logged)
    folder = placed(path, os.path.join(job.work, "result"))
    try:
        with Running(job.server, folder) as running:
            complaints = [x for x in running.log_lines() if COMPLAINT.search(x) and "append only file" not in x.lower().split("reading")[0]]
            state = essential(running.state())
            running.client.cmd("SELECT", WITNESS_DB)
            running.client.cmd("SET", WITNESS, "yes")
            running.shut_down()
        if complaints:
            raise Wrong("the server complains of the result: %s\n  %s" % (complaints[0], done.told()))
        differs = job.oracle.difference(expected, without(state, not_logged))
        if differs:
            raise Wrong("the server holds something else (expected / got): %s\n  %s" % (differs, done.told()))
        with Running(job.server, folder) as running:
            running.client.cmd("SELECT", WITNESS_DB)
            if running.client.cmd("GETSET", WITNESS, "no") != b"yes":
                raise Wrong("a write was lost at the second start: %s" % done.told())
            running.client.cmd("DEL", WITNESS)
            again = essential(running.state())
        differs = job.oracle.difference(expected, without(again, not_logged))
        if differs:
            raise Wrong("after another start: %s\n  %s" % (differs, done.told()))
    except Ended as ended:
        raise Wrong("%s\n  %s" % (ended, done.told())) from ended
    shutil.rmtree(folder, ignore_errors=True)


def without(state, names):
    """A state in which nothing is said of these properties of groups."""
    if not names:
        return state
    state = copy.deepcopy(state)
    for db in state["dbs"].values():
        for group in (g for k in db["keys"] if k["type"] == "stream" for g in k["value"]["groups"]):
            for name in names:
                group[name] = []
    return state


def whole(path, source, done, unit_at=resp.unit_at):
    """The result as the oracle reads it: nothing torn, no open transaction, nothing but what the manifest names."""
    log = LogSet(path, unit_at)
    for file in log.files:
        if file.whole != len(file.data):
            raise Wrong("%s of the result is torn at %d: %s" % (file.name, file.whole, done.told()))
    if any(not e.closed for e in log.entries):
        raise Wrong("the result has an open transaction: %s" % done.told())
    if log.manifest:
        there = set(os.listdir(path))
        more = there - {log.manifest} - {f.name for f in log.files}
        if more:
            raise Wrong("the result has files its manifest does not name: %s\n  %s" % (sorted(more), done.told()))
    no_false_offset(log, source, done)
    return log


def no_false_offset(log, source, done):
    """`endoffset` says how long a file is, and leaves the manifest when that changes."""
    if not log.manifest:
        return
    lengths = {f.name: len(f.data) for f in source.files}
    with open(os.path.join(log.path, log.manifest), "rb") as f:
        lines = f.read().decode("latin1").splitlines()
    for file in log.files:
        if len(file.data) != lengths[file.name] and any("endoffset" in x and file.name in x.split() for x in lines):
            raise Wrong("%s has changed, and has still an endoffset: %s" % (file.name, done.told()))


def begins_like(path, source, done):
    """Cutting leaves the head of the log, byte for byte."""
    log = heads_of(path, source, done)
    for new, old in zip(log.files[:-1], source.files):
        if new.data != old.data:
            raise Wrong("%s is not as it was, and not the last: %s" % (new.name, done.told()))


def heads_of(path, source, done):
    """Each file is the head of what it was, byte for byte."""
    log = whole(path, source, done)
    if log.manifest:
        names = [f.name for f in log.files]
        there = listed(os.path.join(source.path, source.manifest))
        if names != there[:len(names)]:
            raise Wrong("files %s of %s: %s" % (names, there, done.told()))
    for new, old in zip(log.files, source.files):
        if not old.data.startswith(new.data):
            raise Wrong("%s is not the head of what it was: %s" % (new.name, done.told()))
    return log
