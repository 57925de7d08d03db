"""Damages logs in every way the format has a rule about. Nothing here knows what is right: the servers say."""
import os

from generator.client import encode

from . import resp

FOREIGN = [["NOSUCHCOMMAND", "a"], ["FT.CREATE", "idx"], ["get", "a"], ["PING"], ["CONFIG", "SET", "maxmemory", "0"], ["SUBSCRIBE", "c"],
           ["XGROUP", "NOSUCH", "a", "b"], ["DISCARD"], ["WATCH", "a"], ["AUTH", "x"], ["BLPOP", "nokey", "0"], ["SHUTDOWN", "BADARG"]]
ARITY = [["SET", "a"], ["DEL"], ["RPUSH", "a"], ["HSET", "a", "f"], ["EXPIRE", "a"], ["SELECT"], ["MULTI", "x"], ["FLUSHALL", "a", "b", "c"],
         ["INCR", "a", "b"], ["ZADD", "z", "1"]]


class Damage:
    """A copy of a log in a folder, or of a single file, that can be damaged once."""

    def __init__(self, log, rng):
        self.log, self.random = log, rng
        self.files = {f.name: bytearray(f.data) for f in log.files}
        self.manifest = None
        if log.manifest:
            with open(os.path.join(log.path, log.manifest), "rb") as f:
                self.manifest = f.read()
        self.info = ""

    def write(self, path):
        """Writes it where the log is to be: a folder, or a file."""
        if self.log.is_single:
            with open(path, "wb") as f:
                f.write(self.files[self.log.files[0].name])
            return
        os.makedirs(path)
        for name, data in self.files.items():
            with open(os.path.join(path, name), "wb") as f:
                f.write(data)
        if self.manifest is not None:
            with open(os.path.join(path, self.log.manifest), "wb") as f:
                f.write(self.manifest)

    # -- choices

    def file(self, which=None):
        """A file with commands, oftener the last."""
        files = [f for f in self.log.files if any(isinstance(u, resp.Command) for u in f.units)]
        if which == "earlier":
            files = files[:-1] or files
        elif which == "last" or self.random.random() < 0.6:
            files = files[-1:]
        return self.random.choice(files)

    def command(self, file):
        return self.random.choice([u for u in file.units if isinstance(u, resp.Command)])

    def replace(self, file, start, end, new, info):
        self.files[file.name][start:end] = new
        self.info = "%s at %d: %s" % (file.name, start, info)

    def insert(self, commands, info, file=None):
        """Puts commands between two units, outside of transactions."""
        file = file or self.file()
        outside = [file.body] + [e.command.end for e in self.log.entries if self.log.files[e.file] is file and
                                 (e.multi is None or e.command.name == b"EXEC")]
        at = self.random.choice([file.whole] + outside)
        data = b"".join(c if isinstance(c, bytes) else encode(c) for c in commands)
        self.replace(file, at, at, data, info)

    # -- ends

    def as_it_is(self):
        self.info = "undamaged"

    def cut(self, file, at, info):
        del self.files[file.name][at:]
        self.info = "%s: %s" % (file.name, info)

    def cut_last(self):
        file = self.file("last")
        at = self.random.randrange(file.body, len(file.data))
        self.cut(file, at, "cut at %d" % at)

    def cut_earlier(self):
        file = self.file("earlier")
        at = self.random.randrange(file.body, len(file.data))
        self.cut(file, at, "cut at %d" % at)

    def cut_at_unit(self):
        file = self.file()
        unit = self.random.choice(file.units)
        self.cut(file, unit.start, "cut at the beginning of a unit, %d" % unit.start)

    def cut_in_head(self):
        file = self.file()
        unit = self.random.choice(file.units)
        at = unit.start + self.random.randrange(1, 6)
        self.cut(file, at, "cut in a head, %d" % at)

    def cut_in_line_end(self):
        file = self.file()
        unit = self.random.choice(file.units)
        at = file.data.index(b"\r", unit.start) + self.random.randrange(1, 3)
        self.cut(file, at, "cut at a line end, %d" % at)

    def cut_in_transaction(self):
        inside = [e for e in self.log.entries if e.multi is not None and e.command.name != b"MULTI"]
        if not inside:
            return self.cut_last()
        entry = self.random.choice(inside)
        file, start = self.log.files[entry.file], entry.command.start
        at = self.random.choice([start, start, self.random.randrange(start, entry.command.end)])
        return self.cut(file, at, "cut in a transaction, %d" % at)

    def cut_to_nothing(self):
        self.cut(self.file(), 0, "empty")

    def cut_rdb(self):
        first = self.log.files[0]
        if not first.body:
            return self.cut_last()
        at = self.random.choice([first.body - 1, first.body - 8, self.random.randrange(first.body), 5, 9])
        return self.cut(first, at, "cut in the RDB at %d" % at)

    def cut_behind_rdb(self):
        first = self.log.files[0]
        if not first.body or not first.units:
            return self.cut_last()
        at = self.random.randrange(first.body + 1, first.units[0].end)
        return self.cut(first, at, "the first command behind the RDB torn at %d" % at)

    def append(self):
        file = self.file()
        self.insert_end(file, self.random.choice([
            b"\0" * self.random.choice([1, 2, 100, 5000]), b"\r\n", b"\n", b" ", b"#", b"#TS:123", b"#TS:123\r", b"#TS:123\r\n", b"x",
            self.random.randbytes(20), b"*", b"*1", b"*1\r\n", b"$3\r\n", encode(["MULTI"]), encode(["MULTI"]) + encode(["SET", "a", "b"])]))

    def insert_end(self, file, data):
        self.files[file.name] += data
        self.info = "%s: %d bytes at the end: %r" % (file.name, len(data), data[:20])

    # -- bytes

    def flip(self):
        file = self.file()
        at = self.random.randrange(file.body, len(file.data))
        self.flip_at(file, at)

    def flip_at(self, file, at):
        bit = 1 << self.random.randrange(8)
        self.replace(file, at, at + 1, bytes([file.data[at] ^ bit]), "bit %d flipped" % bit)

    def flip_in_head(self):
        file = self.file()
        unit = self.random.choice(file.units)
        self.flip_at(file, unit.start + self.random.randrange(8))

    def flip_line_end(self):
        file = self.file()
        command = self.command(file)
        ends = [i for i in range(command.start, command.end) if file.data[i:i + 2] == b"\r\n"]
        self.flip_at(file, self.random.choice(ends) + self.random.randrange(2))

    def flip_name(self):
        file = self.file()
        command = self.command(file)
        at = file.data.index(command.args[0], command.start)
        self.flip_at(file, at + self.random.randrange(len(command.args[0])))

    def flip_rdb(self):
        first = self.log.files[0]
        if not first.body:
            return self.flip()
        return self.flip_at(first, self.random.randrange(first.body))

    def lose_bytes(self):
        file = self.file()
        at, count = self.random.randrange(file.body, len(file.data)), self.random.randrange(1, 40)
        self.replace(file, at, at + count, b"", "%d bytes lost" % count)

    def garbage(self):
        file = self.file()
        at, count = self.random.randrange(file.body, len(file.data)), self.random.randrange(1, 40)
        self.replace(file, at, at + self.random.choice([0, count]), self.random.randbytes(count), "%d random bytes" % count)

    # -- heads

    def head(self, mark):
        """(file, begin, end of the line, number) of one of the counts (*) or lengths ($)."""
        file = self.file()
        command = self.command(file)
        starts = [command.start]
        if mark == b"$":
            starts, at = [], command.start + len(b"*%d\r\n" % len(command.args))
            for arg in command.args:
                starts.append(at)
                at += len(b"$%d\r\n\r\n" % len(arg)) + len(arg)
        start = self.random.choice(starts)
        end = file.data.index(b"\r\n", start) + 2
        return file, start, end, int(file.data[start + 1:end - 2])

    def rewrite_head(self, mark):
        file, start, end, n = self.head(mark)
        new = self.random.choice([
            b"%d\r\n" % (n + 1), b"%d\r\n" % (n - 1), b"%d\r\n" % (n + 1000), b"0\r\n", b"-1\r\n", b"-%d\r\n" % n, b"+%d\r\n" % n, b" %d\r\n" % n,
            b"%d \r\n" % n, b"0%d\r\n" % n, b"%d\n" % n, b"%d\r" % n, b"%dx\r\n" % n, b"\r\n", b"x\r\n", b"%d\r\n\r\n" % n, b"9999999\r\n",
            b"9223372036854775807\r\n", b"18446744073709551616\r\n", b"4294967297\r\n", b"0" * 1021 + b"%d\r\n" % n, b"0" * 110 + b"%d\r\n" % n,
            b"%d" % n + b" " * 1100 + b"\r\n"])
        self.replace(file, start, end, mark + new, "%r instead of %r" % ((mark + new)[:40], bytes(file.data[start:end])))

    def count(self):
        self.rewrite_head(b"*")

    def length(self):
        self.rewrite_head(b"$")

    def empty_command(self):
        self.insert([self.random.choice([b"*0\r\n", b"*-1\r\n", b"*1\r\n$0\r\n\r\n", b"*1\r\n$-1\r\n"])], "a command of nothing")

    def inline(self):
        self.insert([self.random.choice([b"PING\r\n", b"SET a b\r\n", b"\r\n"])], "an inline command")

    # -- commands

    def foreign(self):
        command = self.random.choice(FOREIGN)
        self.insert([command], " ".join(command))

    def arity(self):
        command = self.random.choice(ARITY)
        self.insert([command], " ".join(command))

    def select(self):
        db = self.random.choice(["16", "99999", "-1", "abc", "15", "007", ""])
        self.insert([["SELECT", db], ["SET", "after select", "x"]], "SELECT %r" % db)

    def transaction(self):
        s, m, e = ["SET", "a", "b"], ["MULTI"], ["EXEC"]
        commands = self.random.choice([[m, m, s, e], [m, s, m, e], [e], [s, e], [m, e], [m, s, e, e], [m, ["DISCARD"], e], [m, ["WATCH", "a"], e],
                                       [["multi"], s, ["exec"]], [m, ["NOSUCHCOMMAND"], e], [m, ["SET", "a"], e], [m, ["SELECT", "99"], s, e],
                                       [m, b"#TS:5\r\n", s, e], [m, s]])
        self.insert(commands, "%s" % commands)

    def drop_half_of_transaction(self):
        ends = [e for e in self.log.entries if e.command.name in (b"MULTI", b"EXEC")]
        if not ends:
            return self.transaction()
        entry = self.random.choice(ends)
        return self.replace(self.log.files[entry.file], entry.command.start, entry.command.end, b"", "a %s gone" % entry.command.name.decode())

    def annotation(self):
        text = self.random.choice([b"#\r\n", b"#\n", b"#foo\r\n", b"#TS:x\r\n", b"#TS:-5\r\n", b"#TS:99999999999999999999\r\n", b"#TS:1 2\r\n",
                                   b"#" + b"y" * 1021 + b"\r\n", b"#" + b"y" * 1022 + b"\r\n", b"#" + b"y" * 1024 + b"\r\n", b"#" + b"y" * 3000 + b"\r\n",
                                   b"# " + b"x" * 1021 + b"*1\r\n$4\r\nPING\r\n", b"#a\0b\r\n"])
        self.insert([text], "annotation %r of %d bytes" % (text[:12], len(text)))

    def annotation_inside(self):
        file = self.file()
        command = self.command(file)
        at = command.start + len(b"*%d\r\n" % len(command.args))
        self.replace(file, at, at, b"#TS:1\r\n", "an annotation inside of a command")

    # -- manifests and files

    def lines(self):
        return self.manifest.splitlines(keepends=True)

    def manifest_damage(self):
        if self.manifest is None:
            return self.cut_last()
        lines, rng = self.lines(), self.random
        i = rng.randrange(len(lines))
        line = lines[i].rstrip(b"\n")
        words = line.split(b" ")
        kind, new = rng.choice([
            ("no last LF", self.manifest[:-1]), ("empty", b""), ("comments only", b"# nothing\n"), ("comment added", b"# c\n" + self.manifest),
            ("line twice", b"".join(lines[:i + 1] + lines[i:])), ("blank line", b"".join(lines[:i] + [b"\n"] + lines[i:])),
            ("CRLF", self.manifest.replace(b"\n", b"\r\n")), ("reversed", b"".join(reversed(lines))), ("line lost", b"".join(lines[:i] + lines[i + 1:])),
            ("cut", self.manifest[:rng.randrange(len(self.manifest))]), ("upper case", self.manifest.replace(b"file", b"FILE").replace(b"seq", b"Seq")),
            ("seq 0", self.manifest.replace(b" seq 2 ", b" seq 0 ")), ("unknown type", self.manifest.replace(b"type i", b"type x")),
            ("long type", self.manifest.replace(b"type i", b"type increment")), ("a path", self.manifest.replace(b"file app", b"file ./app")),
            ("unknown key", b"".join(lines[:i] + [line + b" colour blue\n"] + lines[i + 1:])),
            ("odd words", b"".join(lines[:i] + [line + b" colour\n"] + lines[i + 1:])),
            ("blanks", b"".join(lines[:i] + [b"  \t" + line.replace(b" ", b"   ") + b"  \n"] + lines[i + 1:])),
            ("quoted", b"".join(lines[:i] + [b'file "' + words[1] + b'" ' + b" ".join(words[2:]) + b"\n"] + lines[i + 1:])),
            ("half quoted", b"".join(lines[:i] + [b'file "' + words[1] + b" " + b" ".join(words[2:]) + b"\n"] + lines[i + 1:])),
            ("other order", b"".join(lines[:i] + [b"type " + words[5] + b" seq " + words[3] + b" file " + words[1] + b"\n"] + lines[i + 1:])),
            ("no type", b"".join(lines[:i] + [b"file " + words[1] + b" seq 3 seq 3\n"] + lines[i + 1:])),
            ("long line", self.manifest + b"#" + b"x" * 1100 + b"\n"), ("bytes", self.manifest + rng.randbytes(9) + b"\n"),
            ("history", b"file appendonly.aof.1.base.rdb seq 1 type h\n" + self.manifest),
            ("negative seq", self.manifest.replace(b" seq 2 ", b" seq -2 ")), ("seq x", self.manifest.replace(b" seq 2 ", b" seq x "))])
        self.manifest, self.info = new, "manifest: " + kind
        return None

    def missing(self):
        if self.manifest is None:
            return self.cut_to_nothing()
        name = self.random.choice(sorted(self.files))
        del self.files[name]
        self.info = "%s is missing" % name
        return None

    def no_manifest(self):
        if self.manifest is None:
            return self.cut_to_nothing()
        self.manifest, self.info = None, "no manifest"
        return None

    def orphan(self):
        if self.manifest is None:
            return self.as_it_is()
        self.files["appendonly.aof.99.incr.aof"] = bytearray(b"garbage")
        self.info = "a file nobody names"
        return None

    def all_empty(self):
        for name in self.files:
            self.files[name] = bytearray()
        self.info = "all files are empty"


KINDS = ["as_it_is", "cut_last", "cut_last", "cut_earlier", "cut_at_unit", "cut_in_head", "cut_in_line_end", "cut_in_transaction",
         "cut_in_transaction", "cut_to_nothing", "cut_rdb", "cut_behind_rdb", "append", "append", "append", "flip", "flip", "flip_in_head",
         "flip_line_end", "flip_name", "flip_rdb", "lose_bytes", "garbage", "count", "count", "length", "length", "length", "empty_command",
         "inline", "foreign", "foreign", "arity", "select", "transaction", "transaction", "drop_half_of_transaction", "annotation", "annotation",
         "annotation_inside", "manifest_damage", "manifest_damage", "manifest_damage", "missing", "no_manifest", "orphan", "all_empty"]


def damaged(log, rng, number):
    """The damage of a number: each kind in turn, so that none is left out."""
    kind = KINDS[number % len(KINDS)]
    damage = Damage(log, rng)
    getattr(damage, kind)()
    return kind, damage
