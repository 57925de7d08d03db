"""One server program: what version it is, what it can do, and how to start and stop it.

A server lives in a folder with a program called `run` (get-servers.sh makes such folders). It is started on
127.0.0.1 and a free high port, in a folder of its own, and stopped by killing the very process started.
"""
import os
import re
import socket
import subprocess
import time

from .client import Client, ReplyError

FIRST_PORT, PORTS = 27100, 900
_next_port = [FIRST_PORT + os.getpid() % PORTS]  # runs at the same time begin at different places


def free_port():
    """A port nobody listens on at the moment."""
    for _ in range(PORTS):
        _next_port[0] += 1
        if _next_port[0] >= FIRST_PORT + PORTS:
            _next_port[0] = FIRST_PORT
        probe = socket.socket()
        try:
            probe.bind(("127.0.0.1", _next_port[0]))
            return _next_port[0]
        except OSError:
            continue
        finally:
            probe.close()
    raise RuntimeError("no free port from %d to %d" % (FIRST_PORT, FIRST_PORT + PORTS))


def found_in(folder):
    """The names of the servers of a folder, sorted."""
    if not os.path.isdir(folder):
        return []
    return sorted(n for n in os.listdir(folder) if os.path.exists(os.path.join(folder, n, "run")))


class Server:
    def __init__(self, home, name):
        self.home, self.name = os.path.abspath(home), name
        for flag in ("--version", "-v"):  # 2.2 and 2.4 know only the second
            asked = subprocess.run([self.program("run"), flag], capture_output=True, text=True, timeout=60)
            text = (asked.stdout + asked.stderr).strip()
            found = (re.search(r"v=(\d+)\.(\d+)\.(\d+)", text) or re.search(r"version (\d+)\.(\d+)\.(\d+)", text))
            if found:
                break
        else:
            raise RuntimeError("%s does not tell its version: %r" % (name, text))
        self.version_line = text.splitlines()[0]
        self.version = tuple(int(x) for x in found.groups())
        self.is_valkey = "alkey" in text or name.startswith("valkey")
        self.settings = None  # names CONFIG GET knows, after the first start
        self.process = None
        self.port = None

    def program(self, tool):
        return os.path.join(self.home, tool)

    def label(self):
        """"Redis 8.0.6", "Valkey 9.1.2"."""
        return "%s %d.%d.%d" % (("Valkey" if self.is_valkey else "Redis",) + self.version)

    def has(self, redis=None, valkey=None):
        """Is this Redis >= `redis`, or Valkey >= `valkey`? Valkey has all that Redis 7.2 had."""
        if self.is_valkey:
            if valkey is not None:
                return self.version >= valkey
            return redis is not None and redis <= (7, 2)
        return redis is not None and self.version >= redis

    def _configuration(self, folder, conf):
        """server.conf; settings this server does not know are left out. Those with "!" are set later."""
        base = {"port": str(self.port), "bind": "127.0.0.1", "dir": folder, "dbfilename": "dump.rdb",
                "daemonize": "no", "loglevel": "notice"}
        known = self.settings
        if known is not None and "enable-debug-command" in known:
            base["enable-debug-command"] = "yes"
        for key, value in conf.items():
            if known is None or key in known or key in ("databases", "cluster-enabled", "cluster-config-file"):
                base[key] = value
        lines = ['%s "%s"' % (k, v) if " " in v or v == "" else "%s %s" % (k, v) for k, v in base.items()]
        if self.has((2, 6), (7, 2)):
            lines.append('save ""')
        return "\n".join(lines) + "\n"

    def start(self, folder, conf=None, timeout=60):
        """Starts it in a folder (which may hold a dump.rdb to load) and returns a connected client."""
        if self.settings is None and conf is not None:
            self.learn_settings(folder)
        os.makedirs(folder, exist_ok=True)
        self.port = free_port()
        with open(os.path.join(folder, "server.conf"), "w", encoding="utf-8") as f:
            f.write(self._configuration(folder, conf or {}))
        self.log_path = os.path.join(folder, "server.log")
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([self.program("run"), os.path.join(folder, "server.conf")],
                                            stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=folder)
        client = self._wait(timeout)
        if not self.has((2, 6), (7, 2)):
            client.soft("CONFIG", "SET", "save", "")
        return client

    def start_with(self, arguments, log_path, timeout=60):
        """Starts it with these arguments and nothing else, and returns a connected client."""
        self.port, self.log_path = free_port(), log_path
        with open(log_path, "ab") as log:
            self.process = subprocess.Popen(
                [self.program("run"), "--port", str(self.port), "--bind", "127.0.0.1"] + arguments,
                stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        return self._wait(timeout)

    def learn_settings(self, folder):
        """Starts it once on nothing, to ask which settings it has."""
        probe = os.path.join(folder, "probe")
        client = self.start(probe)
        try:
            self.settings = {name.decode() for name in client.cmd("CONFIG", "GET", "*")[::2]}
            client.close()
        finally:
            self.stop()

    def _wait(self, timeout):
        """Until it answers PING, which it does only after loading."""
        began = time.monotonic()
        while True:
            if self.process.poll() is not None:
                code, self.process = self.process.returncode, None
                raise ServerExit(code, self.log_lines())
            try:
                client = Client(self.port)
                if client.soft("PING") == b"PONG":
                    return client
                client.close()
            except (OSError, EOFError):
                pass
            if time.monotonic() - began > timeout:
                self.stop()
                raise RuntimeError("%s does not answer after %d s" % (self.name, timeout))
            time.sleep(0.01)

    def log_lines(self):
        with open(self.log_path, "rb") as f:
            return f.read().decode("latin1").splitlines()

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


class ServerExit(RuntimeError):
    """The server ended instead of serving."""

    def __init__(self, code, log):
        super().__init__("server exited with %s: %s" % (code, " | ".join(log[-4:])))
        self.code, self.log = code, log


def no_active_expiry(client):
    """Asks the server to leave expired keys where they are. Says whether it could."""
    return not isinstance(client.soft("DEBUG", "SET-ACTIVE-EXPIRE", "0"), ReplyError)
