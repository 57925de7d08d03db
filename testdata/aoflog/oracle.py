"""What a server holds after exactly these commands, found out without rdbkit.

The commands are written anew, as one log, by Python: the RDB of the base as it is, then every command, with SELECT 0
where a file of the set began. The server loads that. It is loaded and not sent over a connection because only a server
that loads does not expire keys on the way, runs what no client may run, and takes transactions as the log has them.
"""
import hashlib
import os
import shutil

from generator import compare
from generator.client import encode
from generator.save import fresh

from .running import FOLDER, SINGLE, Running, tolerance


def rewritten(log, entries):
    """(the RDB of the base, these commands as RESP)."""
    first = log.files[0] if log.files else None
    rdb = first.data[:first.body] if first else b""
    out, file = [], None
    for entry in entries:
        if entry.file != file:
            file = entry.file
            out.append(encode(["SELECT", "0"]))
        out.append(encode(entry.command.args))
    return rdb, b"".join(out)


def lay_out(server, folder, rdb, commands):
    """Writes a log of this server's layout below a folder."""
    if not server.has((7, 0)):
        with open(os.path.join(folder, SINGLE), "wb") as f:
            f.write(rdb + commands)
        return
    home = fresh(os.path.join(folder, FOLDER))
    files = {"appendonly.aof.1.base.rdb": rdb, "appendonly.aof.1.incr.aof": commands,
             "appendonly.aof.manifest": (b"file appendonly.aof.1.base.rdb seq 1 type b\n" if rdb else b"") +
                                        b"file appendonly.aof.1.incr.aof seq 1 type i\n"}
    for name, data in files.items():
        if data or name != "appendonly.aof.1.base.rdb":
            with open(os.path.join(home, name), "wb") as f:
                f.write(data)


def essential(state):
    """A state in which libraries count with their code."""
    for library in state["functions"]:
        library["name"] += " " + hashlib.sha256(repr(library["code"]).encode()).hexdigest()[:12]
    return state


class Oracle:
    """Remembers what it was asked."""

    def __init__(self, server, work):
        self.server, self.work, self.known = server, work, {}

    def state(self, log, entries):
        rdb, commands = rewritten(log, entries)
        name = hashlib.sha256(rdb + b"|" + commands).digest()
        if name not in self.known:
            folder = fresh(os.path.join(self.work, "oracle"))
            lay_out(self.server, folder, rdb, commands)
            with Running(self.server, folder) as running:
                self.known[name] = essential(running.state())
            shutil.rmtree(folder, ignore_errors=True)
        return self.known[name]

    def difference(self, expected, got):
        if any("$unknown" in str(k["value"]) for db in got["dbs"].values() for k in db["keys"] if isinstance(k["value"], dict)):
            return "a type nobody can compare: teach it generator/truth.py"
        return compare.difference(expected, got, tolerance(self.server))
