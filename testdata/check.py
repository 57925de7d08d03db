#!/usr/bin/env python3
"""Is testdata whole? Every fixture has its certificate and its truth, every byte is as certified.

    python3 testdata/check.py            says what is wrong; exit code 1 if anything is
    python3 testdata/check.py --table    prints the table of README.md

Needs no server and takes about a second. Python 3.9 or later, nothing but its standard library.
"""
import hashlib
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from generator import births, hexfile  # noqa: E402

LARGEST = 512 * 1024  # of one file: bigger ones belong to the generator, not to the repository
problems = []


def wrong(path, what):
    problems.append("%s: %s" % (os.path.relpath(path, HERE), what))


def read(path):
    with open(path, "rb") as f:
        return f.read()


def listed(folder, suffix):
    if not os.path.isdir(folder):
        wrong(folder, "is not there")
        return []
    return sorted(n for n in os.listdir(folder) if n.endswith(suffix))


def parsed(path):
    try:
        return json.loads(read(path))
    except (OSError, ValueError) as e:
        wrong(path, "not readable JSON: %s" % e)
        return None


def certified(path, certificate):
    """The bytes of a file, if they are those of its certificate."""
    if not os.path.exists(path):
        wrong(path, "is certified, but not there")
        return None
    data = read(path)
    if len(data) != certificate["size"]:
        wrong(path, "%d bytes, certified %d" % (len(data), certificate["size"]))
    elif hashlib.sha256(data).hexdigest() != certificate["sha256"]:
        wrong(path, "not the certified bytes")
    elif len(data) > LARGEST:
        wrong(path, "%d bytes are too many for the repository" % len(data))
    else:
        return data
    return None


def truth_shape(path, told):
    """What every truth has, whoever wrote it."""
    for db, content in told.get("dbs", {None: None}).items():
        if content is None or not db.isdigit():
            wrong(path, "no databases")
        elif content["dbsize"] != len(content["keys"]) + sum(str(k["db"]) == db for k in told.get("hidden", [])):
            wrong(path, "database %s: %d keys, DBSIZE %d" % (db, len(content["keys"]), content["dbsize"]))
        else:
            for key in content["keys"]:
                if not {"key", "type", "value", "pexpireat"} <= set(key):
                    wrong(path, "database %s: an incomplete key" % db)


def fixtures(root):
    """{server: [case..]}"""
    found = {}
    for server in listed(root, ""):
        folder = os.path.join(root, server)
        certificates = births.read(folder)
        if certificates is None:
            wrong(folder, "has no %s" % births.NAME)
            continue
        cases = certificates["cases"]
        found[server] = sorted(cases)
        for name, certificate in cases.items():
            data = certified(os.path.join(folder, name + ".rdb"), certificate["rdb"])
            if data is not None and not data.startswith(certificate["magic"].encode()):
                wrong(os.path.join(folder, name + ".rdb"), "does not begin with %s" % certificate["magic"])
            path = os.path.join(folder, name + ".truth.json")
            if certified(path, certificate["truth"]) is not None:
                told = parsed(path)
                if told is not None:
                    truth_shape(path, told)
        expected = {births.NAME} | {n + s for n in cases for s in (".rdb", ".truth.json")}
        for stray in sorted(set(os.listdir(folder)) - expected):
            wrong(os.path.join(folder, stray), "has no certificate")
    if not found:
        wrong(root, "no fixture at all")
    return found


def handmade(folder):
    names = {n[:-len(s)] for s in (".hex", ".expect.json") for n in listed(folder, s)}
    for name in sorted(names):
        path = os.path.join(folder, name + ".hex")
        told = parsed(os.path.join(folder, name + ".expect.json"))
        try:
            data = hexfile.read(path)
        except (OSError, ValueError) as e:
            wrong(path, str(e))
            continue
        if told is None:
            continue
        truth_shape(path, told)
        if len(data) != told["size"] or not data.startswith(told["magic"].encode()):
            wrong(path, "%d bytes beginning %r, expected %d, %s" % (len(data), data[:9], told["size"], told["magic"]))
    if not names:
        wrong(folder, "no hand-made file at all")
    return len(names)


def damaged(folder, servers):
    path = os.path.join(folder, "verdicts.jsonl")
    if not os.path.exists(path):
        wrong(path, "is not there")
        return 0
    named = set()
    for line in read(path).splitlines():
        verdict = json.loads(line)
        named.add(verdict["file"])
        certified(os.path.join(folder, verdict["file"]), verdict)
        server, case = verdict["base"].split("/")
        if case not in servers.get(server, []):
            wrong(path, "%s was made from %s, which is not a fixture" % (verdict["file"], verdict["base"]))
    for stray in sorted(set(os.listdir(folder)) - named - {"verdicts.jsonl"}):
        wrong(os.path.join(folder, stray), "has no verdict")
    return len(named)


def table(servers):
    """Markdown: generations down, cases across (as few columns as there can be: those all have are told apart)."""
    every = sorted(set.intersection(*map(set, servers.values())))
    lines = ["All have %s." % ", ".join("`%s`" % c for c in every), "", "| server | magic | and also |", "|---|---|---|"]
    for server, cases in servers.items():
        folder = os.path.join(HERE, "rdb", server)
        magic = births.read(folder)["cases"]["empty"]["magic"]
        lines.append("| %s | %s | %s |" % (server, magic, ", ".join(c for c in cases if c not in every)))
    return "\n".join(lines) + "\n"


def main():
    servers = fixtures(os.path.join(HERE, "rdb"))
    if sys.argv[1:] == ["--table"]:
        print(table(servers), end="")
        return 0
    if sys.argv[1:]:
        print(__doc__, file=sys.stderr)
        return 2
    hand = handmade(os.path.join(HERE, "handmade"))
    bad = damaged(os.path.join(HERE, "damaged"), servers)
    if servers and not problems and table(servers) not in read(os.path.join(HERE, "README.md")).decode():
        wrong(os.path.join(HERE, "README.md"), "its table is not the one of check.py --table")
    for problem in problems:
        print(problem)
    print("%d fixtures of %d servers, %d hand-made, %d damaged: %s" % (
        sum(map(len, servers.values())), len(servers), hand, bad, "%d problems" % len(problems) if problems else "ok"))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
