"""Does a server load a file, and how many keys has it then? The short question, for thousands of files.

No port is used: the server listens on a Unix socket in the folder made for it, so that any number may run at a time.
"""
import os
import re
import shutil
import subprocess
import time

from .client import Client, ReplyError
from .save import fresh
from .truth import digest

# the log in case of trouble is what matters, not a test of the machine's memory after each crash
CONF = {"crash-memcheck-enabled": "no", "sanitize-dump-payload": "yes", "save": '""', "port": "0", "daemonize": "no",
        "dbfilename": "dump.rdb", "loglevel": "notice", "stop-writes-on-bgsave-error": "no"}
LOG_LINES = 6
NOISE = re.compile(r"overcommit|WARNING|oO0Oo|=== |just started|Server initialized|Configuration loaded|bug report", re.I)


class NoAnswer(RuntimeError):
    """The server neither loaded the file nor ended in time."""


def reasons(log):
    """What the server warned of, without process id and time."""
    found = [line.split(" # ", 1)[1].rstrip() for line in log if " # " in line]
    return [line for line in found if not NOISE.search(line)][:LOG_LINES]


def configuration(server, folder):
    known = dict(CONF)
    if not server.has((7, 0)):
        known.pop("crash-memcheck-enabled")
    if not server.has((6, 2)):
        known.pop("sanitize-dump-payload")
    if server.has((7, 0)):
        known["enable-debug-command"] = "yes"
    known.update(dir=folder, unixsocket=os.path.join(folder, "s"))
    return "".join("%s %s\n" % pair for pair in known.items())


def state(client, server):
    """What a server that has loaded holds. Redis may by now have dropped hashes all of whose fields are past: `loaded`
    is how many keys it read (from 7.0), `keys` how many it has, `digest` the hash over all that it has."""
    client.cmd("DEBUG", "SET-ACTIVE-EXPIRE", "0")  # from here on nothing goes
    info = client.cmd("INFO", "keyspace").decode("latin1")
    keys = {db: int(n) for db, n in re.findall(r"^db(\d+):keys=(\d+)", info, re.M)}
    loaded = re.search(r"^rdb_last_load_keys_loaded:(\d+)", client.cmd("INFO", "persistence").decode("latin1"), re.M)
    libraries = []
    if server.has((7, 0)):
        libraries = sorted(dict(zip(f[::2], f[1::2]))[b"library_name"].decode() for f in client.cmd("FUNCTION", "LIST"))
    return {"loads": True, "keys": keys, "loaded": int(loaded.group(1)) if loaded else sum(keys.values()), "libraries": libraries,
            "digest": digest(client)}


def load(server, path, work, timeout=60):
    """What `state` says of a server that has loaded, or {"loads": false, "exit": code, "log": [reason..]}"""
    folder = fresh(os.path.join(work, "load"))
    shutil.copyfile(path, os.path.join(folder, "dump.rdb"))
    with open(os.path.join(folder, "server.conf"), "w", encoding="utf-8") as f:
        f.write(configuration(server, folder))
    log_path, socket = os.path.join(folder, "server.log"), os.path.join(folder, "s")
    with open(log_path, "wb") as log:
        process = subprocess.Popen([server.program("run"), os.path.join(folder, "server.conf")], stdout=log, stderr=log,
                                   stdin=subprocess.DEVNULL, cwd=folder)
    try:
        began = time.monotonic()
        while process.poll() is None:
            try:
                client = Client(socket, timeout=timeout)
                if client.soft("PING") == b"PONG":
                    return state(client, server)
                client.close()
            except (OSError, EOFError, ReplyError):
                pass
            if time.monotonic() - began > timeout:
                raise NoAnswer("%s, %s: no answer after %d s" % (server.name, path, timeout))
            time.sleep(0.005)
    finally:
        process.kill()
        process.wait()
    with open(log_path, "rb") as f:
        log = f.read().decode("latin1").splitlines()
    if not any("Server initialized" in line for line in log):
        # it did not come so far as to read the file: that would be our mistake, not the file's
        raise RuntimeError("%s ended without loading anything:\n%s" % (server.name, "\n".join(log[-10:])))
    return {"loads": False, "exit": process.returncode, "log": reasons(log)}
