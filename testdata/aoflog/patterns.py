"""PATTERNs for `aof cut` and `aof drop`, made from a command of the log, with the commands each of them must find.

A pattern is a list of words: (how, bytes). What it matches is decided by how it was made, not by a glob matcher."""
from . import resp

CONTEXT = (b"MULTI", b"EXEC", b"SELECT")
GLOBS = b"*?[]\\^-"


class Pattern:
    def __init__(self, words, key_list=None):
        self.words = words        # the first is the command name
        self.key_list = key_list  # the word that any key from there on may match

    def matches(self, command):
        if not fits(self.words[0], command.args[0].upper()) or len(command.args) < len(self.words):
            return False
        for at, word in enumerate(self.words[1:], 1):
            candidates = command.args[at:] if at == self.key_list else command.args[at:at + 1]
            if not any(fits(word, c) for c in candidates):
                return False
        return True

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


def has_key_list(name):
    """Is every argument a key?"""
    return name in (b"DEL", b"UNLINK")


def keys_elsewhere(name):
    """Does it have key lists, but not of its first word alone? Then only its name is asked for."""
    return name in (b"MSET", b"MSETNX", b"MSETEX", b"PFMERGE", b"BITOP") or name.endswith(b"STORE")


def pattern_for(command: resp.Command, rng):
    """A pattern that finds this command, and maybe others."""
    name = command.name
    if len(name) > 3 and rng.random() < 0.15:
        at = rng.randrange(len(name))
        return Pattern([("hole", (at, name))])
    words = [("name", name)]
    if keys_elsewhere(name):
        return Pattern(words)
    if has_key_list(name):
        if rng.random() < 0.8:
            return Pattern(words + [word_for(rng.choice(command.args[1:]), rng)], 1)
        return Pattern(words)
    for arg in command.args[1:1 + rng.randrange(4)]:
        words.append(word_for(arg, rng))
    return Pattern(words)


def exact(command, rng):
    """A pattern of every word of a command."""
    name = command.name
    if has_key_list(name) or keys_elsewhere(name):
        return None
    return Pattern([("name", name)] + [("is", a) for a in command.args[1:]])


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
