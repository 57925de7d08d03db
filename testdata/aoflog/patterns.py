"""PATTERNs for `aof cut` and `aof drop`, made from a command of the log, with the commands each of them must find.

A pattern is a list of words: (how, bytes). What it matches is decided by how it was made, not by a glob matcher."""
from . import resp

CONTEXT = (b"MULTI", b"EXEC", b"SELECT")
GLOBS = b"*?[]\\^-"


class Pattern:
    def __init__(self, words):
        self.words = words  # the first is the command name

    def matches(self, command):
        if not fits(self.words[0], command.args[0].upper()):
            return False
        if len(self.words) == 1:
            return True
        for start in starts(command):
            args = command.args[start:start + len(self.words) - 1]
            if len(args) == len(self.words) - 1 and all(map(fits, self.words[1:], args)):
                return True
        return False

    def text(self, rng):
        """As it is typed: words as in a config line."""
        return b" ".join(quoted(glob(word, rng), rng) for word in self.words)


def fits(word, data):
    how, what = word
    if how == "all":
        return True
    if how == "begins":
        return data.startswith(what)
    if how == "ends":
        return data.endswith(what)
    if how == "hole":  # one byte of it may be anything
        at, rest = what
        return len(data) == len(rest) and data[:at] == rest[:at] and data[at + 1:] == rest[at + 1:]
    return data == what


def escaped(data):
    return b"".join(b"\\%c" % b if b in GLOBS else b"%c" % b for b in data)


def glob(word, rng):
    how, what = word
    if how == "all":
        return b"*"
    if how == "begins":
        return escaped(what) + b"*"
    if how == "ends":
        return b"*" + escaped(what)
    if how == "hole":
        at, rest = what
        return escaped(rest[:at]) + b"?" + escaped(rest[at + 1:])
    if how == "name":
        return bytes(rng.choice([b, ord(chr(b).lower())]) for b in what)
    return escaped(what)


def quoted(word, rng):
    """A word of a config line."""
    plain = word and all(33 <= b < 127 and b not in b"\"'\\#" for b in word)
    if plain and rng.random() < 0.7:
        return word
    out = []
    for b in word:
        if b in b'"\\':
            out.append(b"\\%c" % b)
        elif 32 <= b < 127:
            out.append(b"%c" % b)
        else:
            out.append(b"\\x%02x" % b)
    return b'"' + b"".join(out) + b'"'


def starts(command):
    """The places where the words behind the name may begin: the first argument, and the other keys if that is one."""
    name, count = command.name, len(command.args)
    if name in (b"DEL", b"UNLINK", b"PFMERGE", b"SDIFFSTORE", b"SINTERSTORE", b"SUNIONSTORE"):
        return range(1, count)
    if name in (b"MSET", b"MSETNX"):
        return range(1, count, 2)
    if name in (b"RENAME", b"RENAMENX", b"RPOPLPUSH", b"LMOVE", b"SMOVE", b"COPY", b"ZRANGESTORE", b"GEOSEARCHSTORE"):
        return (1, 2)
    if name in (b"ZUNIONSTORE", b"ZINTERSTORE", b"ZDIFFSTORE"):
        return [1] + list(range(3, 3 + int(command.args[2])))
    return (1,)


# one of their keys stands behind a word: only their names are asked for
BY_NAME = (b"SORT", b"GEORADIUS", b"GEORADIUSBYMEMBER")


def pattern_for(command: resp.Command, rng):
    """A pattern that finds this command, and maybe others."""
    name = command.name
    if len(name) > 3 and rng.random() < 0.15:
        at = rng.randrange(len(name))
        return Pattern([("hole", (at, name))])
    words = [("name", name)]
    if name in BY_NAME:
        return Pattern(words)
    start = rng.choice(list(starts(command)))
    return Pattern(words + [word_for(arg, rng) for arg in command.args[start:start + rng.randrange(4)]])


def exact(command):
    """A pattern of every word of a command."""
    return Pattern([("name", command.name)] + [("is", a) for a in command.args[1:]])


def word_for(arg, rng):
    kind = rng.randrange(6)
    if kind == 0:
        return "all", b""
    if kind == 1 and len(arg) > 1:
        return "begins", arg[:rng.randrange(1, len(arg))]
    if kind == 2 and len(arg) > 1:
        return "ends", arg[rng.randrange(1, len(arg)):]
    if kind == 3 and arg:
        return "hole", (rng.randrange(len(arg)), arg)
    return "is", arg
