"""Damaged logs: `rdbkit check` says what a server, started on a copy, does; of those it loads, the digests agree."""
import json
import os

from . import damage, digests
from .result import placed
from .running import FOLDER, Ended, Running, target
from .tool import Wrong, fingerprint, run, unchanged


# Redis before Valkey's check runs commands with too few arguments, and what becomes of it hangs on the bytes behind them
# in memory: the very same command kills one server and not the next. Commands such as SHUTDOWN may end the server.
CHANCE = ("too-few-arguments", "risky-command")
STARTS_EMPTY = "starts empty, and passes over all that is there"


def of_server(job, path):
    """(loads, loads-truncated or refused; what it said). Its files are those of the copy."""
    folder = placed(path, os.path.join(job.work, "asked"))
    names = contents(path)
    try:
        with Running(job.server, folder) as running:
            log = running.log_lines()
    except Ended as ended:
        return "refused", said(ended.log)
    # an upgraded file has moved
    now = contents(os.path.join(folder, FOLDER)) if os.path.isdir(os.path.join(folder, FOLDER)) else contents(os.path.join(folder, "appendonly.aof"))
    named = named_files(path) if os.path.isdir(path) else names
    if not any(names.get(n) for n in named) and any(names.values()):
        return "loads-truncated", said(log) + [STARTS_EMPTY]
    # it may have removed what is not in the manifest, and already have deleted an expired key and appended that
    cut = [n for n, data in names.items() if n in now and not now[n].startswith(data)]
    cut += [x for x in log if "loaded anyway because" in x]
    return ("loads-truncated" if cut else "loads"), said(log) + ["cut: %s" % cut]


def named_files(path):
    """Of a folder, what its manifest names; nothing where it has none."""
    lines = []
    for name in os.listdir(path):
        if name.endswith(".manifest"):
            with open(os.path.join(path, name), "rb") as f:
                lines = f.read().splitlines()
    words = [x.split() for x in lines if not x.startswith(b"#")]
    return [value.decode("utf-8", "replace") for x in words for word, value in zip(x[::2], x[1::2]) if word.lower() == b"file"]


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


def compare(job, number):
    kind, one = damage.damaged(job.log, job.random, number)
    path = job.named("damaged")
    one.write(path)
    theirs, log = of_server(job, path)
    before = fingerprint(path)
    # 8.0 has vector sets built in, and calls them a module
    modules = "vectorset" if not job.server.is_valkey and job.server.has((8, 0)) else "none"
    done = run(job.program, "check", "--json", "--modules", modules, "--for", target(job.server), path)
    unchanged(path, before, done)
    lines = [json.loads(x) for x in done.out.splitlines() if x.strip()] if done.code != 2 else []
    what = "%s (%s)\n  the server: %s: %s\n  rdbkit" % (kind, one.info, theirs, " | ".join(log))
    if len(lines) != 1:
        raise Wrong("%s: %d reports: %s" % (what, len(lines), done.told()))
    ours, findings = lines[0].get("verdict"), found(lines[0])
    shown = "; ".join("%s at %s: %s" % (f.get("code"), f.get("offset"), f.get("message")) for f in findings[:5])
    if ours == "undecided" and any(f.get("code") in CHANCE for f in findings):
        return "undecided: %s" % kind
    if ours != theirs:
        raise Wrong("%s: %s: %s\n  %s" % (what, ours, shown, done.told()))
    if done.code != (0 if ours == "loads" and not findings else 1) and not (ours == "loads" and done.code == 0):
        raise Wrong("%s: exit code and verdict differ: %s" % (what, done.told()))
    # rdbkit gives no digest of files that the server does not read
    if theirs != "refused" and STARTS_EMPTY not in log:
        try:
            digests.agree(job, path)
        except Wrong as wrong:
            raise Wrong("%s: %s: %s" % (what, ours, wrong)) from wrong
    return None


def found(report):
    """All findings of a report: of the log, of its files, of the RDB files at their heads."""
    out = list(report.get("findings") or [])
    for part in list(report.get("files") or []) + [report.get("rdb")]:
        if isinstance(part, dict):
            out += found(part)
    return out
