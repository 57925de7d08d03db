"""Drives a server through every write command it has, with its log switched on, so that a log of all shapes is left:
a base, several increments, transactions, scripts, several databases, expiries, restarts."""
import hashlib
import os
import random
import re
import shutil
import time

from generator.client import ReplyError

from . import recipes
from .logset import listed
from .oracle import essential
from .running import FOLDER, SINGLE, Running, layout

# a key has its kind in its name, so that commands meet the type they are for; the rest is what upsets readers
NAMES = [b":1", b":2", b":user", b":\x00\xff\r\n3", b" \"q' 4", b"*[x]?5", b"\\6", b"\xc3\xa9:7", b"#TS:8"]
VALUES = [b"", b"0", b"-17", b"hello world", b"\x00\x01\xfe\xff", b"x" * 70, b"*1\r\n$8\r\nFLUSHALL\r\n", b"#TS:9\r\n", b"\r\n",
          b"*3\r\n$3\r\nDEL\r\n$1\r\nk\r\n", b"EXEC", b"a\\\"b"]
DATABASES = [0, 1, 2, 3, 9, 15]


class Gap(RuntimeError):
    """A write command of the server that the workload never ran."""


class Workload:
    KINDS = ["string", "list", "set", "zset", "hash", "number", "stream"]
    FIRST = {"string": ("SET", "v"), "number": ("SET", "5"), "bits": ("SET", "\x01bits"), "list": ("RPUSH", "a", "b", "c"),
             "set": ("SADD", "m1", "m2"), "zset": ("ZADD", "1", "m1", "2", "m2"), "hash": ("HSET", "f1", "v"),
             "stream": None, "fresh": ()}

    def __init__(self, server, seed, rewritten_as_commands=False):
        self.server, self.random, self.rewritten_as_commands = server, random.Random(seed), rewritten_as_commands
        self.db, self.counter, self.near = 0, 0, None
        self.client = self.side = None
        self.calls = {}     # command: how often the server says it ran well
        self.refused = []   # what it did not take

    # -- what recipes are made of

    def serial(self):
        self.counter += 1
        return self.counter

    def key(self, kind):
        if kind == "fresh":
            return b"fresh:%d" % self.random.randrange(40)
        return kind.encode() + self.random.choice(NAMES)

    def two(self, kind):
        return [kind.encode() + name for name in self.random.sample(NAMES, 2)]

    def value(self):
        return self.random.choice(VALUES) if self.random.random() < 0.5 else self.random.randbytes(self.random.randrange(1, 24))

    def comment(self):
        return b"x" * self.random.randrange(40)

    def stream_id(self):
        return "%d-%d" % (10**14 + self.serial(), self.random.randrange(3))

    def sha1(self, text):
        return hashlib.sha1(text.encode()).hexdigest()

    def have(self, kind, key):
        """Commands after which the key is there, with that type."""
        if kind == "stream":
            yield "XADD", key, self.stream_id(), "f", self.value()
        elif kind == "fresh":
            yield "DEL", key
        elif kind in ("string", "number", "bits"):
            yield (self.FIRST[kind][0], key) + self.FIRST[kind][1:]
        else:
            yield (self.FIRST[kind][0], key) + self.FIRST[kind][1:]

    def ask(self, *command):
        """A question on a connection beside."""
        if command[0] == "DUMP":
            self.side.cmd("SELECT", self.db)
        return self.side.cmd(*command)

    # -- running

    def send(self, command):
        reply = self.client.soft(*command)
        if isinstance(reply, ReplyError):
            self.refused.append((command[0], str(reply)))
        return reply

    def select(self):
        self.db = self.random.choice(DATABASES)
        self.send(("SELECT", self.db))

    def one(self, name):
        if self.random.random() < 0.12:
            self.select()
        for command in recipes.RECIPES[name](self):
            self.send(command)

    def transaction(self, names):
        self.send(("MULTI",))
        for name in names:
            if self.random.random() < 0.3:
                self.select()
            for command in recipes.RECIPES[name](self):
                self.send(command)
        if self.random.random() < 0.3:
            self.select()
        self.send(("EXEC",))

    def phase(self, names, extra):
        """Each of these once, and so many more; a fourth of them in transactions."""
        names = list(names) + [self.random.choice(self.common) for _ in range(extra)]
        self.random.shuffle(names)
        while names:
            if self.random.random() < 0.15:
                group = [names.pop() for _ in range(min(len(names), self.random.randrange(2, 6)))]
                alone = [n for n in group if n in recipes.ALONE]
                for name in alone:
                    self.one(name)
                self.transaction([n for n in group if n not in recipes.ALONE])
            else:
                self.one(names.pop())

    # -- which commands

    def learn(self):
        """Asks the server for its write commands."""
        names = []
        for row in self.client.cmd("COMMAND"):
            subs = row[9] if len(row) > 9 else []
            names += [r[0].decode().lower() for r in [row] + subs if b"write" in r[2]]
        self.writes = sorted(set(names))
        missing = [n for n in self.writes if n not in recipes.RECIPES and n not in recipes.LEFT_OUT]
        if missing:
            raise Gap("no recipe for %s: write it in testdata/aoflog/recipes.py" % ", ".join(missing))
        left_out = set(recipes.LEFT_OUT) | (set(recipes.NOT_REWRITTEN) if self.rewritten_as_commands else set())
        also = [n for n, since in recipes.ALSO.items() if since is None or self.server.has(since)]
        self.wanted = [n for n in self.writes if n not in left_out]
        self.common = [n for n in self.wanted + also if n not in recipes.RARE]
        self.rare = [n for n in self.wanted if n in recipes.RARE]

    def count(self):
        """Adds what the server says it ran without error since it was started."""
        text = self.client.cmd("INFO", "commandstats").decode("latin1")
        for name, rest in re.findall(r"^cmdstat_(\S+?):(.*?)\r?$", text, re.M):
            fields = dict(f.split("=") for f in rest.split(","))
            good = int(fields["calls"]) - int(fields.get("failed_calls", 0))
            if good > 0:
                self.calls[name.lower()] = self.calls.get(name.lower(), 0) + good

    def uncovered(self):
        return [n for n in self.wanted if not self.calls.get(n)]

    # -- the log

    def wait_for(self, what):
        began = time.monotonic()
        while what not in self.client.cmd("INFO", "persistence"):
            if time.monotonic() - began > 30:
                raise RuntimeError("no %r within 30 s" % what)
            time.sleep(0.01)

    def rewrite(self):
        self.send(("BGREWRITEAOF",))
        self.wait_for(b"aof_rewrite_in_progress:0")
        self.wait_for(b"aof_last_bgrewrite_status:ok")

    def failed_rewrite(self, process):
        """A rewrite whose child is killed: it leaves one increment more."""
        self.send(("SET", "here", "1"))  # nothing to write would be over too soon
        self.client.cmd("CONFIG", "SET", "rdb-key-save-delay", 1000000)
        self.send(("BGREWRITEAOF",))
        self.wait_for(b"aof_rewrite_in_progress:1")
        with open("/proc/%d/task/%d/children" % (process.pid, process.pid), encoding="ascii") as f:
            children = [int(n) for n in f.read().split()]
        for child in children:
            os.kill(child, 9)
        self.wait_for(b"aof_rewrite_in_progress:0")
        self.client.cmd("CONFIG", "SET", "rdb-key-save-delay", 0)

    def let_near_expiries_pass(self):
        if self.near is not None:
            time.sleep(max(0, self.near + 0.03 - time.monotonic()))


# name: (settings, seconds to wait between phases so that timestamps grow)
SHAPES = {
    "rdb-base": ({"aof-use-rdb-preamble": "yes", "aof-timestamp-enabled": "yes"}, 1.05),
    "aof-base": ({"aof-use-rdb-preamble": "no"}, 0),
    "aof-base-times": ({"aof-use-rdb-preamble": "no", "aof-timestamp-enabled": "yes"}, 1.05),
    "upgraded": ({"aof-use-rdb-preamble": "yes"}, 0),  # begins with a single file of an older server
    "single": ({"aof-use-rdb-preamble": "yes"}, 0),
    "single-aof": ({"aof-use-rdb-preamble": "no"}, 0),
}


def shapes_of(server, older):
    """Which of them a server can make; `older` is whether there is an older server's file."""
    if not server.has((7, 0)):
        return ["single", "single-aof"]
    return ["rdb-base", "aof-base", "aof-base-times"] + (["upgraded"] if older else [])


def position(folder):
    """(name of the newest file of the log, its size): how far it has come."""
    home = os.path.join(folder, FOLDER)
    if not os.path.isdir(home):
        return SINGLE, os.path.getsize(os.path.join(folder, SINGLE))
    name = listed(os.path.join(home, "appendonly.aof.manifest"))[-1]
    return name, os.path.getsize(os.path.join(home, name))


class Made:
    """A log, and what the server that wrote it said it held at some moments: [(truth, file, size)]."""

    def __init__(self, path, marks, workload):
        self.path, self.marks = path, marks
        self.calls, self.writes, self.wanted = workload.calls, workload.writes, workload.wanted
        self.uncovered, self.refused = workload.uncovered(), workload.refused


def make(server, shape, folder, seed, extra=60, older=None):
    """Fills a server in a new folder. `older` is a single file to begin with."""
    settings, pause = SHAPES[shape]
    os.makedirs(folder)
    if shape == "upgraded":
        shutil.copyfile(older, os.path.join(folder, SINGLE))
    w = Workload(server, "%s:%s:%s" % (seed, server.name, shape), settings["aof-use-rdb-preamble"] == "no")
    marks = []
    if shape == "upgraded":
        w.counter = 10000  # ids of streams go on
    conf = {"appendfsync": "no", "auto-aof-rewrite-percentage": "0"}
    conf.update(settings)

    def mark(running):
        w.let_near_expiries_pass()
        marks.append((essential(running.state()),) + position(folder))

    def phases(running, names, rewrite_first):
        w.client, w.side = running.client, running.connect()
        w.db = 0
        if not hasattr(w, "common"):
            w.learn()
        for number, part in enumerate(names):
            if number:
                time.sleep(pause)
                if number == 1 and rewrite_first:
                    w.rewrite()
                    marks.clear()  # the files they are about are gone
                elif server.has((7, 0)):
                    w.failed_rewrite(running.process)
            for piece in (part[:len(part) // 2], part[len(part) // 2:]):
                w.phase(piece, extra // 8)
                mark(running)
        w.count()
        running.shut_down()

    def all_of_them():
        names = list(w.common)
        w.random.shuffle(names)
        return names

    with Running(server, folder, **conf) as running:
        w.client = running.client
        w.learn()
        first, second = all_of_them(), all_of_them()
        # what empties databases comes first, but one that comes late
        late = w.rare.pop(w.random.randrange(len(w.rare)))
        phases(running, [first + w.rare + [late], second[::2]], shape != "upgraded")
    time.sleep(pause)
    with Running(server, folder, **conf) as running:
        phases(running, [second[1::2], all_of_them()[:40] + [late]], False)
    # once more, so that the last increment has a second beginning
    with Running(server, folder, **conf) as running:
        phases(running, [all_of_them()[:20]], False)
    return Made(os.path.join(folder, layout(server)), marks, w)
