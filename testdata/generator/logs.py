"""Small append-only logs with one thing wrong, or odd, in each; and what a server makes of a log.

A case is a name and its files: `appendonly.aof`, or `appendonlydir/` with a manifest.
"""
import os
import re
import shutil
import struct
import subprocess
import time

from .client import Client, ReplyError
from .save import fresh

DIR = "appendonlydir/appendonly.aof."
BASE = "file appendonly.aof.1.base.rdb seq 1 type b"
INCR = "file appendonly.aof.%d.incr.aof seq %d type i"


def cmd(*args):
    out = b"*%d\r\n" % len(args)
    for arg in args:
        arg = arg.encode("latin1") if isinstance(arg, str) else arg
        out += b"$%d\r\n%s\r\n" % (len(arg), arg)
    return out


def small_rdb(hybrid):
    """An RDB file of the version of `hybrid`, with one key and no checksum."""
    return hybrid[:9] + b"\xfa\x0caof-preamble\xc0\x01" + b"\xfe\x00\x00\x04base\x011" + b"\xff" + struct.pack("<Q", 0)


S1, S2, S3 = cmd("SET", "a", "1"), cmd("SET", "b", "2"), cmd("SET", "c", "3")
MULTI, EXEC, DISCARD = cmd("MULTI"), cmd("EXEC"), cmd("DISCARD")
TORN = S2[:-5]


def files_alone(rdb):
    """Logs of one file."""
    yield "whole", S1 + S2
    yield "empty", b""
    yield "torn", S1 + TORN
    yield "torn-first", TORN
    yield "torn-behind-times", S1 + b"#TS:1\r\n#TS:2\r\n" + TORN
    yield "torn-in-multi", S1 + MULTI + S2 + S3[:-3]
    yield "torn-in-multi-at-once", MULTI + TORN
    yield "torn-multi", S1 + MULTI[:-3]
    yield "open-multi", S1 + MULTI + S2
    yield "open-multi-first", MULTI + S2
    yield "open-multi-times", S1 + b"#TS:1\r\n" + MULTI + S2 + b"#TS:2\r\n"
    yield "open-multi-torn-time", S1 + MULTI + S2 + b"#TS:2"
    yield "multi-in-multi", S1 + MULTI + S2 + MULTI + S3 + EXEC + S1
    yield "exec-alone", S1 + EXEC + S2
    yield "discard-in-multi", S1 + MULTI + S2 + DISCARD + S3 + EXEC
    yield "discard-in-open-multi", S1 + MULTI + S2 + DISCARD
    yield "discard-alone", S1 + DISCARD + S2
    yield "watch-in-multi", S1 + MULTI + cmd("WATCH", "a") + S2 + EXEC
    yield "torn-time", S1 + b"#TS:17"
    yield "torn-time-cr", S1 + b"#TS:17\r"
    yield "hash-at-end", S1 + b"#"
    yield "times", b"#TS:17\r\n" + S1 + b"#TS:18\r\n" + S2
    yield "times-backwards", b"#TS:17\r\n" + S1 + b"#TS:16\r\n" + S2
    yield "other-annotation", b"#HDR:v1;len:7;\r\n" + S1
    for n in (1022, 1023, 1024, 1030):
        yield "annotation-%d" % n, b"#" + b"x" * (n - 2) + b"\n" + S1
    yield "annotation-long-and-another", b"#" + b"x" * 1022 + b"#foo\n" + S1
    yield "zeros", S1 + b"\0" * 100
    yield "zeros-in-command", S1 + TORN + b"\0" * 100
    yield "zeros-before-argument", S1 + b"*2\r\n" + b"\0" * 9
    yield "zeros-behind-star", S1 + b"*\0\0\0"
    yield "zeros-in-open-multi", S1 + MULTI + S2 + b"\0" * 10
    yield "star", S1 + b"*"
    yield "star-digit", S1 + b"*3"
    yield "rubbish", S1 + b"rubbish"
    yield "inline", S1 + b"PING\r\n"
    yield "count-0", S1 + b"*0\r\n" + S2
    yield "count-negative", S1 + b"*-1\r\n" + S2
    yield "count-a-million", S1 + b"*1000000\r\n$3\r\nSET\r\n"
    yield "length-negative", S1 + b"*2\r\n$3\r\nGET\r\n$-1\r\nabc\r\n"
    yield "length-600M", S1 + b"*2\r\n$3\r\nGET\r\n$600000000\r\nabc"
    yield "lf-alone", S1 + b"*2\n$4\nINCR\n\n$1\nn\r\n" + S2
    yield "loose-numbers", S1 + b"* 2\r\n$+4\r\nINCR\r\n$01\r\nn\r\n" + S2
    yield "no-crlf-behind-argument", S1 + b"*2\r\n$4\r\nINCRxx$1\r\nnyy" + S2
    yield "too-few", S1 + cmd("SADD") + S2
    yield "too-few-does-nothing", S1 + cmd("HSET") + S2
    yield "too-few-in-open-multi", S1 + MULTI + cmd("SADD")
    yield "too-few-in-multi", S1 + MULTI + cmd("SADD") + EXEC
    yield "too-many", S1 + cmd("INCR", "k", "x") + S2
    yield "too-many-in-multi", S1 + MULTI + cmd("INCR", "k", "x") + EXEC
    yield "multi-with-argument", S1 + cmd("MULTI", "x") + S2 + EXEC
    yield "exec-with-argument", S1 + MULTI + S2 + cmd("EXEC", "x") + S3
    yield "unknown", S1 + cmd("FOO", "k")
    yield "unknown-in-open-multi", S1 + MULTI + cmd("FOO", "k")
    yield "unknown-in-torn-multi", S1 + MULTI + cmd("FOO", "k") + TORN
    yield "unknown-nameless", S1 + cmd("")
    yield "unknown-blank", S1 + cmd("SET ", "a", "b")
    yield "unknown-zero", S1 + cmd("SET\0", "a", "b")
    yield "unknown-bar", S1 + cmd("xgroup|create", "k", "g", "$", "MKSTREAM")
    yield "subcommand-missing", S1 + cmd("XGROUP")
    yield "subcommand-unknown", S1 + cmd("XGROUP", "NOPE", "a")
    yield "subcommand-known", S1 + cmd("CONFIG", "GET", "maxmemory")
    for number in ("99", "-1", "x", "01", "+1", " 1", ""):
        yield "select-%s" % (number or "nothing"), S1 + cmd("SELECT", number) + S2
    yield "select-99-in-multi", S1 + MULTI + cmd("SELECT", "99") + S2 + EXEC
    yield "select-more", S1 + cmd("SELECT", "3", "4") + S2
    yield "select-15", S1 + cmd("select", "15") + S2
    for words in ("GET a", "PING", "SUBSCRIBE x", "BLPOP x 0", "WAIT 1 0", "QUIT", "RESET", "HELLO 3", "AUTH x",
                  "SHUTDOWN NOSAVE", "DEBUG JMAP", "EVAL return(redis.call('incr','n')) 0", "EVAL = 0", "PFCOUNT p", "COPY a b",
                  "HSETEX h PXAT 1800000000000 FIELDS 1 f v", "HPEXPIREAT h 1800000000000 FIELDS 1 f", "DELIFEQ a 1", "DELEX a",
                  "JSON.SET k $ 1", "FUNCTION FLUSH", "SCRIPT FLUSH", "XGROUP CREATE k g $ MKSTREAM", "GETEX a PERSIST", "LMPOP 1 k LEFT"):
        yield "command-%s" % words.split(" ")[0].lower() + ("-wrong" if "=" in words else ""), S1 + cmd(*words.split(" ")) + S2
    yield "hybrid", rdb + S1
    yield "hybrid-bare", rdb
    yield "hybrid-torn-first", rdb + TORN
    yield "hybrid-torn-second", rdb + S1 + TORN
    yield "hybrid-open-multi", rdb + MULTI + S2
    yield "hybrid-open-multi-second", rdb + S1 + MULTI + S2
    yield "hybrid-torn-in-multi", rdb + MULTI + S2 + TORN
    yield "hybrid-torn-in-multi-second", rdb + S1 + MULTI + S2 + TORN
    yield "hybrid-torn-multi", rdb + MULTI[:-3]
    yield "hybrid-star", rdb + b"*"
    yield "hybrid-zeros", rdb + b"\0" * 10
    yield "hybrid-rubbish", rdb + b"rubbish"
    yield "rdb-torn", rdb[:-3]
    yield "rdb-torn-early", rdb[:20]
    yield "rdb-magic-alone", b"REDIS"
    yield "rdb-magic-torn", b"REDI"
    yield "rdb-damaged", rdb.replace(b"\x04base", b"\x44base") + S1


def manifest(*lines):
    return {DIR + "manifest": b"".join(line.encode() + b"\n" for line in lines)}


def sets(rdb):
    """Logs with a manifest."""
    i1, i2, i3 = INCR % (1, 1), INCR % (2, 2), INCR % (3, 3)
    base = {DIR + "1.base.rdb": rdb}
    two = dict(manifest(BASE, i1, i2), **base)

    def incrs(*bodies):
        return {DIR + "%d.incr.aof" % (n + 1): body for n, body in enumerate(bodies)}
    yield "set", {**two, **incrs(S1, S2)}
    for name, body in (("torn", S1 + TORN), ("open-multi", S1 + MULTI + S2), ("torn-in-multi", S1 + MULTI + S2 + TORN), ("torn-time", S1 + b"#TS:1"),
                       ("rubbish", S1 + b"x"), ("empty", b"")):
        yield "first-" + name, {**two, **incrs(body, S3)}
        yield "first-%s-and-nothing" % name, {**two, **incrs(body, b"")}
        yield "second-" + name, {**two, **incrs(S3, body)}
    yield "base-torn-tail", {**manifest(BASE, i1), DIR + "1.base.rdb": rdb + TORN, **incrs(S3)}
    yield "base-torn-tail-later", {**manifest(BASE, i1), DIR + "1.base.rdb": rdb + S1 + TORN, **incrs(S3)}
    yield "base-alone-torn-tail", {**manifest(BASE), DIR + "1.base.rdb": rdb + TORN}
    yield "base-alone-torn-time", {**manifest(BASE), DIR + "1.base.rdb": rdb + S1 + b"#TS:1"}
    yield "base-alone", {**manifest(BASE), **base}
    yield "base-empty", {**manifest(BASE, i1), DIR + "1.base.rdb": b"", **incrs(S1)}
    yield "all-empty", {**manifest(BASE, i1), DIR + "1.base.rdb": b"", **incrs(b"")}
    yield "base-missing", {**manifest(BASE, i1), **incrs(S1)}
    yield "base-not-listed", {**manifest(i2, i3), DIR + "2.incr.aof": S1, DIR + "3.incr.aof": S2}
    yield "increment-missing", {**manifest(BASE, i1), **base}
    yield "last-missing", {**two, **incrs(S1)}
    yield "gap", {**manifest(BASE, i1, i3), **base, DIR + "1.incr.aof": S1, DIR + "3.incr.aof": S2}
    yield "file-twice", {**manifest(BASE, i1, "file appendonly.aof.1.incr.aof seq 2 type i"), **base, **incrs(S1)}
    yield "rdb-in-increment", {**manifest(i1), **incrs(rdb + S1)}
    yield "rdb-over-data", {**manifest(BASE, i1), **base, **incrs(rdb + S1)}
    yield "no-manifest", {**base, **incrs(S1)}
    yield "temporary-manifest", {**base, **incrs(S1), "appendonlydir/temp-appendonly.aof.manifest": manifest(BASE, i1)[DIR + "manifest"]}
    yield "left-increment", {**manifest(BASE), **base, **incrs(S1)}
    yield "left-increment-comments", {**manifest("# nothing"), **incrs(S1)}
    yield "left-increment-2", {**manifest(BASE, i1), **base, **incrs(S1, S2)}
    yield "history-missing", {**manifest(BASE, "file x seq 3 type h", i1), **base, **incrs(S1)}
    yield "history-in-use", {**manifest("file appendonly.aof.1.incr.aof seq 1 type h"), **incrs(S1)}
    yield "base-number-negative", {**manifest("file appendonly.aof.1.base.rdb seq -5 type b", i1), **base, **incrs(S1)}
    yield "offsets", {**manifest(BASE, i1 + " startoffset 100 endoffset 50"), **base, **incrs(S1)}
    yield "glued-quotes", {**manifest('file "appendonly.aof.1.incr"".aof" seq 1 type i'), **incrs(S1)}
    yield "unknown-key", {**manifest(i1 + " colour blue"), **incrs(S1)}
    yield "name-is-folder", {**manifest("file . seq 1 type i")}
    yield "name-is-manifest", {**manifest("file appendonly.aof.manifest seq 1 type i")}
    for name, text in (("empty", ""), ("torn", i1), ("blank-line", "\n" + i1 + "\n"), ("zero", INCR % (1, 0) + "\n"), ("words", "file a seq 1\n"),
                       ("path", "file a/b seq 1 type i\n"), ("type", "file a seq 1 type x\n"), ("order", i2 + "\n" + i1 + "\n"),
                       ("two-bases", BASE + "\n" + BASE + "\n"), ("long", "file appendonly.aof.1.incr.aof seq 1 type i" + " " * 1000 + "\n")):
        yield "manifest-" + name, {DIR + "manifest": text.encode(), **incrs(S1, S2), **base}


def damage(log, rng):
    """The log with something done to it at random."""
    at, n = rng.randrange(len(log)), rng.randint(1, 12)
    kind = rng.choice(["cut", "cut", "flip", "flip", "byte", "drop", "insert", "twice", "zeros", "zeros-from"])
    if kind == "cut":
        return kind, log[:at]
    if kind == "flip":
        return kind, log[:at] + bytes([log[at] ^ 1 << rng.randrange(8)]) + log[at + 1:]
    if kind == "byte":
        return kind, log[:at] + bytes([rng.randrange(256)]) + log[at + 1:]
    if kind == "drop":
        return kind, log[:at] + log[at + n:]
    if kind == "insert":
        return kind, log[:at] + bytes(rng.choice(b"*$#\r\n0129aZ\0 ") for _ in range(n)) + log[at:]
    if kind == "twice":
        return kind, log[:at] + log[at:at + n] + log[at:]
    if kind == "zeros":
        return kind, log[:at] + b"\0" * n + log[at + n:]
    return kind, log[:at] + b"\0" * (len(log) - at)


def at_random(rdb, rng, count):
    """Logs with one place damaged at random."""
    log = (cmd("SELECT", "0") + S1 + cmd("RPUSH", "l", "1", "2") + MULTI + cmd("HSET", "h", "f", "v") + cmd("SELECT", "3") + cmd("INCR", "n") + EXEC
           + cmd("SADD", "s", "x" * 40) + cmd("SELECT", "0") + cmd("DEL", "a") + cmd("ZADD", "z", "1", "m") + MULTI + S2 + S3 + EXEC + cmd("PEXPIREAT", "b", "1900000000000"))
    for n in range(count):
        kind, bad = damage(log, rng)
        where = n % 4
        if where == 0:
            yield "random-%d-%s" % (n, kind), {"appendonly.aof": bad}
        elif where == 1:
            yield "random-%d-%s-hybrid" % (n, kind), {"appendonly.aof": rdb + bad}
        else:
            files = {**manifest(BASE, INCR % (1, 1), INCR % (2, 2)), DIR + "1.base.rdb": rdb, DIR + "1.incr.aof": log, DIR + "2.incr.aof": log}
            files[DIR + "%d.incr.aof" % (where - 1)] = bad
            yield "random-%d-%s-increment-%d" % (n, kind, where - 1), files


def cases(rdb, rng):
    """All cases: pairs of name and files."""
    for name, body in files_alone(rdb):
        yield name, {"appendonly.aof": body}
        # in a folder of its own the file is one the server goes on to append to
        yield name + "-increment", {**manifest(INCR % (1, 1)), DIR + "1.incr.aof": body}
    yield from sets(rdb)
    yield from at_random(rdb, rng, 240)


def sizes(folder, files):
    """Sizes of the files that have another one now. Servers of 7.0 and later move a lone file into a folder."""
    changed = {}
    for name, body in files.items():
        if name.endswith("manifest"):
            continue
        path = os.path.join(folder, name)
        if not os.path.exists(path):
            path = os.path.join(folder, "appendonlydir", name)
        if not os.path.exists(path):
            changed[name] = None
        elif os.path.getsize(path) != len(body):
            changed[name] = os.path.getsize(path)
    return changed


def ask(server, files, work):
    """What two starts of a server do: [{"loads", "keys" or "exit", "sizes"}, ..]."""
    folder = fresh(os.path.join(work, "log"))
    for name, body in files.items():
        os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
        with open(os.path.join(folder, name), "wb") as f:
            f.write(body)
    told = []
    for _ in range(2):
        start = one_start(server, folder)
        start["sizes"] = sizes(folder, files)
        told.append(start)
    shutil.rmtree(folder)
    return told


def one_start(server, folder):
    socket = os.path.join(folder, "s")
    conf = {"port": "0", "unixsocket": socket, "dir": folder, "save": "", "appendonly": "yes", "daemonize": "no", "auto-aof-rewrite-percentage": "0"}
    if server.has((7, 0)):
        conf["crash-memcheck-enabled"] = "no"
    args = [part for name, value in conf.items() for part in ("--" + name, value)]
    with open(os.path.join(folder, "server.log"), "wb") as log:
        process = subprocess.Popen([server.program("run")] + args, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=folder)
    try:
        began = time.monotonic()
        while process.poll() is None:
            try:
                client = Client(socket, timeout=20)
                if client.soft("PING") == b"PONG":
                    info = client.cmd("INFO", "keyspace").decode("latin1")
                    return {"loads": True, "keys": {db: int(n) for db, n in re.findall(r"^db(\d+):keys=(\d+)", info, re.M)}}
                client.close()
            except (OSError, EOFError, ReplyError):
                pass
            if time.monotonic() - began > 20:
                return {"loads": False, "exit": "no answer"}
            time.sleep(0.005)
    finally:
        process.kill()
        process.wait()
    # which signal it is may differ from run to run
    return {"loads": False, "exit": "signal" if process.returncode < 0 else process.returncode}
