"""A server on a folder of its own, through a Unix socket, so that any number may run at a time."""
import os
import shutil
import subprocess
import tempfile
import time

from generator import truth
from generator.client import Client, encode

LOG_LINES = 8
SINGLE = "appendonly.aof"
FOLDER = "appendonlydir"


class Ended(RuntimeError):
    """The server ended instead of serving."""

    def __init__(self, code, log):
        super().__init__("the server ended with %s: %s" % (code, " | ".join(log[-LOG_LINES:])))
        self.code, self.log = code, log


class Silent(RuntimeError):
    """The server neither serves nor ends: no answer to any question."""


def layout(server):
    """What a server calls its log below its working folder."""
    return FOLDER if server.has((7, 0)) else SINGLE


class Running:
    """`with Running(server, folder) as r:` starts it with default settings and the log switched on."""

    def __init__(self, server, folder, timeout=60, **conf):
        self.server, self.folder, self.timeout = server, folder, timeout
        # the way to a Unix socket may not be longer than 107 bytes
        self.socket_folder = tempfile.mkdtemp(prefix="rk")
        self.conf = {"port": "0", "unixsocket": os.path.join(self.socket_folder, "s"), "dir": folder, "save": '""',
                     "appendonly": "yes", "daemonize": "no", "loglevel": "notice"}
        if server.has((7, 0)):
            self.conf["crash-memcheck-enabled"] = "no"
        self.conf.update({k.replace("_", "-"): v for k, v in conf.items()})
        self.log_path = os.path.join(folder, "server.log")

    def __enter__(self):
        path = os.path.join(self.folder, "server.conf")
        with open(path, "w", encoding="utf-8") as f:
            f.write("".join("%s %s\n" % pair for pair in self.conf.items()))
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([self.server.program("run"), path], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, cwd=self.folder)
        try:
            self.client = self._client()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _client(self):
        began, pause = time.monotonic(), 0.004
        while self.process.poll() is None:
            try:
                client = Client(self.conf["unixsocket"])
                if client.soft("PING") == b"PONG":
                    return client
                client.close()
            except (OSError, EOFError):
                pass
            if time.monotonic() - began > self.timeout:
                log = self.log_lines()
                # It crashed, and crashed again while it told of that.
                if any("BUG REPORT START" in line for line in log):
                    raise Ended("a crash that does not end", log)
                raise Silent("no answer after %d s" % self.timeout)
            time.sleep(pause)
            pause = min(pause * 1.3, 0.2)
        log = self.log_lines()
        if not any("Server initialized" in line for line in log):
            raise RuntimeError("%s did not come so far as to read the log:\n%s" % (self.server.name, "\n".join(log)))
        raise Ended(self.process.returncode, log)

    def log_lines(self):
        with open(self.log_path, "rb") as f:
            return f.read().decode("latin1").splitlines()

    def connect(self):
        return Client(self.conf["unixsocket"])

    def state(self):
        """All that can be seen: keys, types, values, expiries, libraries."""
        return truth.read(self.client, self.server)

    def shut_down(self):
        """As an administrator would: all that was written is in the log then. A server that is killed may still have it in
        memory, though it has replied: `appendfsync everysec` waits for a sync that is under way."""
        self.client.socket.sendall(encode(["SHUTDOWN", "NOSAVE"]))
        self.process.wait(timeout=60)
        self.client.close()

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        shutil.rmtree(self.socket_folder, ignore_errors=True)


def target(server):
    """What rdbkit calls it: product:X.Y."""
    return "%s:%d.%d" % (("valkey" if server.is_valkey else "redis",) + server.version[:2])


def tolerance(server):
    """Milliseconds by which expiries may differ: before 7.0 no command tells the absolute time."""
    return 0 if server.has((7, 0)) else 3000
