"""Damaged logs: `rdbkit check` says what a server, started on a copy, does."""
import json
import os

from . import damage
from .result import placed
from .running import FOLDER, Ended, Running
from .tool import Wrong, fingerprint, run, unchanged


def of_server(job, path):
    """(loads, loads-truncated or refused; what it said). Its files are those of the copy."""
    folder = placed(path, os.path.join(job.work, "asked"))
    names = contents(path)
    try:
        with Running(job.server, folder) as running:
            log = said(running.log_lines())
    except Ended as ended:
        return "refused", said(ended.log)
    # an upgraded file has moved
    now = contents(os.path.join(folder, FOLDER)) if os.path.isdir(os.path.join(folder, FOLDER)) else contents(os.path.join(folder, "appendonly.aof"))
    # others than these it may write to, or remove, if the manifest does not name them
    shorter = [n for n, data in names.items() if n in now and len(now[n]) < len(data)]
    return ("loads-truncated" if shorter else "loads"), log + ["shorter: %s" % shorter]


def said(log):
    """The end of a server's log, without what it says of the machine."""
    return [x.split(" ", 5)[-1] for x in log if "overcommit" not in x and "bug report" not in x.lower()][-5:]


def contents(path):
    """{name: bytes} of the files of a log, manifests apart."""
    if not os.path.isdir(path):
        with open(path, "rb") as f:
            return {"appendonly.aof": f.read()}
    out = {}
    for name in os.listdir(path):
        if not name.endswith(".manifest"):
            with open(os.path.join(path, name), "rb") as f:
                out[name] = f.read()
    return out


def target(server):
    """What rdbkit calls it: product:X.Y."""
    return "%s:%d.%d" % (("valkey" if server.is_valkey else "redis",) + server.version[:2])


def compare(job, number):
    kind, one = damage.damaged(job.log, job.random, number)
    path = job.named("damaged")
    one.write(path)
    theirs, log = of_server(job, path)
    before = fingerprint(path)
    done = run(job.program, "check", "--json", "--modules", "none", "--for", target(job.server), path)
    unchanged(path, before, done)
    lines = [json.loads(x) for x in done.out.splitlines() if x.strip()] if done.code != 2 else []
    what = "%s (%s)\n  the server: %s: %s\n  rdbkit" % (kind, one.info, theirs, " | ".join(log))
    if len(lines) != 1:
        raise Wrong("%s: %d reports: %s" % (what, len(lines), done.told()))
    ours = lines[0].get("verdict")
    if ours != theirs:
        findings = "; ".join("%s at %s: %s" % (f.get("code"), f.get("offset"), f.get("message")) for f in lines[0].get("findings", [])[:5])
        raise Wrong("%s: %s: %s\n  %s" % (what, ours, findings, done.told()))
    if (ours == "refused") != (done.code == 1) and not (ours == "loads-truncated" or lines[0].get("findings")):
        raise Wrong("%s: exit code and verdict differ: %s" % (what, done.told()))
