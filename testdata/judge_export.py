#!/usr/bin/env python3
"""Do servers take what `rdbkit export` makes of their files, and do they hold the same then?

    python3 testdata/judge_export.py --data DIR --rdbkit PROGRAM [--servers DIR] [--only A,B]

Takes every DIR/*/SERVER/dump.rdb that SERVER made (as generate.py --random leaves them). SERVER loads the file and
tells all it holds, with DEBUG DIGEST. Then it is started empty and sent the commands of `--format restore` and
`--format resp`, from files and through pipes; once more with --replace over what is there already; and once with its
own `cli --pipe`. No command may fail, and what it tells must be the same: of resp, without the times at which
consumers were seen last, and without pending entries that are not in their stream any more, which must have been
named. Each other server takes both formats, too (--for): no command may fail, and strings, lists, sets and sorted
sets are the same, hashes and streams as far as that server has words for them. NDJSON is compared with what the
server tells, value by value, without a server's help. The last line is "N passed, N failed"; the exit code is 0 if
nothing failed and something passed.
"""
import base64
import copy
import json
import os
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from generator import truth  # noqa: E402
from generator.client import ReplyError, encode  # noqa: E402
from generator.server import Server  # noqa: E402
from judge_extract import Asked, arguments, dumps  # noqa: E402

END = b"all was sent"


def export(rdbkit, dump, flags, piped):
    if piped:
        with open(dump, "rb") as source:
            return subprocess.run([rdbkit, "export", "-", "-q"] + flags, stdin=source, capture_output=True)
    return subprocess.run([rdbkit, "export", dump, "-q"] + flags, capture_output=True)


def send(client, commands):
    """Sends bytes as they are; the errors among the replies."""
    sender = threading.Thread(target=client.socket.sendall, args=(commands + encode(["ECHO", END]),))
    sender.start()
    errors = []
    while True:
        reply = client.read()
        if reply == END:
            break
        if isinstance(reply, ReplyError):
            errors.append(str(reply))
    sender.join()
    client.cmd("SELECT", 0)
    return errors


def told(asked):
    said = truth.read(asked.client, asked.server)
    if not tells_expiries(asked.server):
        for key in (key for db in said["dbs"].values() for key in db["keys"]):
            key["pexpireat"] = to_second(key["pexpireat"])
    kept = {"functions": said["functions"], "digest": truth.digest(asked.client), "dbs": {}}
    for db, said in said["dbs"].items():
        kept["dbs"][db] = {key["key"]: {name: key.get(name) for name in ("type", "value", "pexpireat")}
                           for key in map(hashable, said["keys"])}
    return kept


def tells_expiries(server):
    """Before 7.0 they are reckoned from what is left, while the clock goes on."""
    return server.has((7, 0))


def to_second(ms):
    return ms and round(ms, -3)


def hashable(key):
    """Names of more than 4096 bytes are told by their hashes."""
    name = key["key"]
    return dict(key, key=name if isinstance(name, str) else json.dumps(name, sort_keys=True))


def streams(said):
    return [key["value"] for db in said["dbs"].values() for key in db.values() if key["type"] == "stream"]


def timeless(said):
    """Without when consumers were seen, which no command can set."""
    said = copy.deepcopy(said)
    for stream in streams(said):
        for group in stream["groups"]:
            for consumer in group["consumers"]:
                consumer.pop("seen_time", None)
                consumer.pop("active_time", None)
    return said


def without_gone(said):
    """Without pending entries that are not in their stream; and how many those were."""
    said, gone = timeless(said), 0
    for stream in streams(said):
        there = {entry[0] for entry in stream["entries"]}
        for group in stream["groups"]:
            before = len(group["pel"])
            group["pel"] = [row for row in group["pel"] if row[0] in there]
            gone += before - len(group["pel"])
            for consumer in group["consumers"]:
                consumer["pending"] = [i for i in consumer["pending"] if i in there]
    return said, gone


def first_difference(a, b, at=""):
    if isinstance(a, dict) and isinstance(b, dict):
        for name in sorted(set(a) | set(b), key=str):
            if a.get(name) != b.get(name):
                return first_difference(a.get(name), b.get(name), "%s.%s" % (at, name))
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, (x, y) in enumerate(zip(a, b)):
            if x != y:
                return first_difference(x, y, "%s[%d]" % (at, i))
    return "%s: wanted %.300r, got %.300r" % (at, a, b)


def compare(wanted, got):
    return None if wanted == got else first_difference(wanted, got)


def judge_same(rdbkit, server, conf, dump, wanted, restore, piped):
    """Into an empty server of the same release, and again with --replace."""
    flags = ["--format", "restore" if restore else "resp"]
    done = export(rdbkit, dump, flags, piped)
    want, gone = (timeless(wanted), 0) if restore else without_gone(wanted)
    if done.returncode != (1 if gone else 0):
        return "rdbkit exits with %d: %s" % (done.returncode, done.stderr.decode())
    with Asked(server, conf, None) as asked:
        errors = send(asked.client, done.stdout)
        if errors:
            return "%d commands failed, first: %s" % (len(errors), errors[0])
        got = told(asked)
        if restore:
            # Times of consumers travel in the payload.
            why = compare(wanted, got)
        else:
            why = compare(want, timeless(got))
        if why:
            return why
        again = export(rdbkit, dump, flags + ["--replace"], piped)
        errors = send(asked.client, again.stdout)
        if errors:
            return "with --replace %d commands failed, first: %s" % (len(errors), errors[0])
        why = compare(want, timeless(told(asked)))
        return why and "after --replace: " + why


def judge_cli(rdbkit, server, conf, dump, wanted):
    """Through the server's own client."""
    done = export(rdbkit, dump, ["--format", "restore"], False)
    with Asked(server, conf, None) as asked:
        ran = subprocess.run([server.program("cli"), "-p", str(server.port), "--pipe"], input=done.stdout,
                             capture_output=True)
        if ran.returncode != 0 or b"errors: 0" not in ran.stdout:
            return "cli --pipe says: %s %s" % (ran.stdout.decode(), ran.stderr.decode())
        return compare(timeless(wanted), timeless(told(asked)))


def plainer(said, field_expiry):
    """What every server can be asked to be like: scores as numbers; of streams the entries."""
    said = copy.deepcopy(said)
    said = {"dbs": said["dbs"]}
    for db in said["dbs"].values():
        for key in db.values():
            if key["type"] == "zset":
                key["value"] = sorted([[member, repr(float(score))] for member, score in key["value"]])
            elif key["type"] == "stream":
                key["value"] = key["value"]["entries"]
            elif key["type"] == "hash" and not field_expiry:
                key["value"] = [[field, value, None] for field, value, _ in key["value"]]
    return said


def judge_other(rdbkit, other, conf, dump, wanted, restore):
    release = "%s:%d.%d" % (("valkey" if other.is_valkey else "redis",) + other.version[:2])
    done = export(rdbkit, dump, ["--format", "restore" if restore else "resp", "--for", release], False)
    if done.returncode not in (0, 1) or (done.returncode == 1) != (b"left out" in done.stderr):
        return "rdbkit exits with %d: %s" % (done.returncode, done.stderr.decode())
    with Asked(other, conf, None) as asked:
        errors = send(asked.client, done.stdout)
        if errors:
            return "%d commands failed, first: %s" % (len(errors), errors[0])
        field_expiry = other.has((7, 4), (9, 0))
        return compare(plainer(wanted, field_expiry), plainer(told(asked), field_expiry))


def octets(text):
    """Bytes as NDJSON has them, as the truth has them."""
    data = base64.b64decode(text["base64"]) if isinstance(text, dict) else text.encode()
    return truth.text(data)


def number(text):
    # A server that packs a sorted set when it loads makes 0 of -0.
    return repr(float(text) + 0.0)


def of_json(key):
    """A value of NDJSON in the words of the truth."""
    value, kind = key["value"], key["type"]
    if kind == "string":
        return octets(value)
    if kind == "list":
        return [octets(x) for x in value]
    if kind == "set":
        # By bytes; what is long is told by its hash.
        members = [base64.b64decode(x["base64"]) if isinstance(x, dict) else x.encode() for x in value]
        return [truth.text(x) for x in sorted(members)]
    if kind == "zset":
        return sorted(([octets(x["member"]), number(x["score"])] for x in value), key=repr)
    if kind == "hash":
        return sorted(([octets(x["field"]), octets(x["value"]), x["expire_ms"]] for x in value), key=repr)
    if kind == "stream":
        return [[e["id"], [octets(x) for pair in e["fields"] for x in pair]] for e in value["entries"]]
    return value


def judge_ndjson(rdbkit, server, dump, wanted, piped):
    done = export(rdbkit, dump, ["--format", "ndjson", "--skip-expired"], piped)
    if done.returncode != 0:
        return "rdbkit exits with %d: %s" % (done.returncode, done.stderr.decode())
    got, want = {}, {}
    for line in done.stdout.splitlines():
        key = json.loads(line)
        name = hashable({"key": octets(key["key"])})["key"]
        at = key["expire_ms"] if tells_expiries(server) else to_second(key["expire_ms"])
        got.setdefault(key["db"], {})[name] = {"type": key["type"], "pexpireat": at, "value": of_json(key)}
    for db, keys in wanted["dbs"].items():
        want[int(db)] = {}
        for name, key in keys.items():
            key = copy.deepcopy(key)
            if key["type"] == "zset":
                key["value"] = sorted(([m, number(s)] for m, s in key["value"]), key=repr)
            elif key["type"] == "hash":
                key["value"] = sorted(key["value"], key=repr)
            elif key["type"] == "stream":
                key["value"] = key["value"]["entries"]
            want[int(db)][name] = key
    return compare({db: keys for db, keys in want.items() if keys}, got)


def main():
    args = arguments(__doc__)
    counts = [0, 0]
    rdbkit = os.path.abspath(args.rdbkit)

    def judged(title, why):
        counts[why is not None] += 1
        if why is not None:
            print("FAILED %s: %s" % (title, why), flush=True)

    for dump, name, server, conf in dumps(args):
        with Asked(server, conf, dump) as asked:
            wanted = told(asked)
        for restore in (True, False):
            for piped in (False, True):
                title = "%s, %s%s" % (dump, "restore" if restore else "resp", ", piped" if piped else "")
                judged(title, judge_same(rdbkit, server, conf, dump, wanted, restore, piped))
        judged("%s, cli --pipe" % dump, judge_cli(rdbkit, server, conf, dump, wanted))
        for piped in (False, True):
            judged("%s, ndjson" % dump, judge_ndjson(rdbkit, server, dump, wanted, piped))
        for other in sorted(os.listdir(os.path.dirname(os.path.dirname(dump)))):
            if other == name:
                continue
            other = Server(os.path.join(args.servers, other), other)
            for restore in (True, False):
                title = "%s for %s, %s" % (dump, other.name, "restore" if restore else "resp")
                judged(title, judge_other(rdbkit, other, conf, dump, wanted, restore))
    print("%d passed, %d failed" % tuple(counts))
    sys.exit(0 if counts[0] and not counts[1] else 1)


if __name__ == "__main__":
    main()
