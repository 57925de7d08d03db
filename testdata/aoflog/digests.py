"""The digest of a log: what a server says that has loaded it, and what `rdbkit digest` says."""
import os
import time

from . import resp
from .result import placed
from .running import Ended, Running, Silent, target
from .tool import Wrong, fingerprint, run, unchanged

MOST_PRUNED = 400
# A replica deletes nothing that has expired, and neither do the seconds until it is asked.
CONF = {"replicaof": "127.0.0.1 1"}


def of_server(server, path, work):
    """(DEBUG DIGEST of a server that was started on a copy, when it was asked); None if it does not start."""
    conf = dict(CONF)
    if server.has((7, 0)):
        conf["enable-debug-command"] = "yes"
    if os.path.isdir(path):  # it looks for a manifest of this name
        name = next(n for n in os.listdir(path) if n.endswith(".manifest"))
        conf["appendfilename"] = '"%s"' % name[:-len(".manifest")]
    try:
        with Running(server, placed(path, work), **conf) as running:
            digest = running.client.cmd("DEBUG", "DIGEST").decode()
            return digest, int(time.time() * 1000)
    except (Ended, Silent):
        return None, int(time.time() * 1000)


def whole(job):
    """The log as it is."""
    agree(job, job.path)


def cut(job):
    """Cut at random: the less there is, the less is beyond."""
    log = job.log
    index = job.random.choice([i for i, f in enumerate(log.files) if f.units])
    name = log.files[index].name
    starts = [u.start for u in log.files[index].units if not log.is_empty_before(index, log.boundary(index, u.start))]
    path = job.path
    if starts:
        path, _ = job.surgery("cut", "--at", job.random.choice(starts), "--file", name)
    agree(job, path)


def torn(job):
    """Cut inside of a command, as a server leaves it that loses its power."""
    path = job.copy("torn")
    file = job.log.files[-1]
    if file.units:
        name = path if job.log.is_single else os.path.join(path, file.name)
        unit = job.random.choice(file.units)
        os.truncate(name, job.random.randrange(unit.start, unit.end))
    agree(job, path)


def pruned(job):
    """Without the commands that only a server can replay: what is left must have a digest."""
    path = job.copy("pruned")
    for _ in range(MOST_PRUNED):
        report = agree(job, path, ask=False)
        if report["digest"] is not None:
            agree(job, path)
            return
        replay = report["log"]["replay"]
        # A value of a module, such as a vector set in the base, has one that no file tells.
        if replay is None and report["unknown"]:
            return
        name = path if job.log.is_single else os.path.join(path, replay["file"])
        with open(name, "rb") as f:
            data = f.read()
        unit = resp.unit_at(data, replay["offset"])
        words = replay["command"].encode().split()
        if [a.upper() for a in unit.args[:len(words)]] != words:
            raise Wrong("no %s at %s:%d" % (replay["command"], name, replay["offset"]))
        with open(name, "wb") as f:
            f.write(data[:unit.start] + data[unit.end:])
    raise Wrong("replay is needed still when %d commands are gone: %s" % (MOST_PRUNED, path))


KINDS = [whole, cut, torn, pruned, pruned]


def agree(job, path, ask=True):
    """What rdbkit says of a log. A digest must be the server's."""
    before = fingerprint(path)
    done = run(job.program, "digest", "--json", "--for", target(job.server), path)
    unchanged(path, before, done)
    if done.code == 2:
        raise Wrong("no answer: %s" % done.told())
    report = done.json()
    ours = report["digest"]
    why = report.get("log", {}).get("replay") or report["unknown"]
    if (ours is None) != (done.code == 1) or (ours is None and not why):
        raise Wrong("neither a digest nor a command to replay: %s" % done.told())
    # Valkey never shows a field that has expired
    if ours is not None and ask and not (job.server.is_valkey and report["expired_fields"]):
        theirs, _ = of_server(job.server, path, os.path.join(job.work, "asked"))
        if ours != theirs:
            raise Wrong("%s, but the server says %s: %s" % (ours, theirs, done.told()))
    return report
