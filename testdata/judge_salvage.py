#!/usr/bin/env python3
"""Do servers load what `rdbkit salvage` makes of damaged files, and are the other keys what they were?

    python3 testdata/judge_salvage.py --data DIR --rdbkit PROGRAM [--servers DIR] [--only A,B] [--seed N] [--files N]

Takes the smallest of DIR/*/SERVER/dump.rdb that SERVER made (as generate.py --random leaves them), damages it --files
times (48), salvages that, and starts SERVER, with sanitize-dump-payload yes, on each new file. The server has to load
it and to hold as many keys in each database as rdbkit says. Of files with one byte changed, all but two keys of the
whole file have to be there, with their DEBUG DIGEST-VALUE, in nine of ten: a byte can give a length or a database's
number another sense that no reader can tell from what was there (docs/salvage.md). Those that are not are told. The last
line is "N passed, N failed"; the exit code is 0 if nothing failed and something passed.
"""
import argparse
import glob
import json
import os
import random
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from generator.hexfile import crc64  # noqa: E402
from generator.server import ServerExit, Server  # noqa: E402
from judge_extract import Asked  # noqa: E402


def one_byte(rng, body):
    at = rng.randrange(9, len(body))
    return body[:at] + bytes([body[at] ^ rng.randrange(1, 256)]) + body[at + 1:]


def hole(rng, body):
    at, size = rng.randrange(9, len(body)), rng.choice([16, 64, 512])
    return (body[:at] + bytes(size) + body[at + size:])[:len(body)]


def lost(rng, body):
    at = rng.randrange(9, len(body))
    return body[:at] + body[at + rng.randrange(1, 200):]


def twice(rng, body):
    at = rng.randrange(9, len(body))
    return body[:at + rng.randrange(1, 400)] + body[at:]


def cut(rng, body):
    return body[:rng.randrange(9, len(body))]


def several(rng, body):
    for _ in range(rng.randrange(2, 9)):
        body = one_byte(rng, body)
    return body


KINDS = [one_byte, one_byte, one_byte, hole, lost, twice, cut, several]


def digests(asked):
    """Of every key, what DEBUG DIGEST-VALUE says, or whether it is there where the server has no such command."""
    found = {}
    for db in asked.databases():
        asked.client.cmd("SELECT", db)
        keys = asked.client.cmd("KEYS", "*")
        for key, digest in zip(keys, asked.client.pipe(["DEBUG", "DIGEST-VALUE", key] for key in keys)):
            found[db, key] = digest[0] if isinstance(digest, list) else True
    return found


def judge(rdbkit, server, conf, broken, whole, work):
    """What is wrong, if anything, and the keys that are not what they were."""
    new = os.path.join(work, "new.rdb")
    if os.path.exists(new):
        os.remove(new)
    args = [rdbkit, "salvage", broken, "-o", new, "--json", "--databases", conf["databases"]]
    done = subprocess.run(args, capture_output=True)
    if done.returncode == 2 and b"nothing can be read" in done.stderr:
        return None, list(whole)
    if done.returncode not in (0, 1):
        return "rdbkit exits with %d: %s" % (done.returncode, done.stderr.decode()), []
    report = json.loads(done.stdout)
    try:
        with Asked(server, conf, new) as asked:
            sizes = asked.told()["sizes"]
            found = digests(asked)
    except ServerExit as e:
        return "the server does not load the result: %s" % e, []
    # Keys past their time are counted by rdbkit and dropped by the server.
    for db, numbers in report["databases"].items():
        keys, expires = numbers["keys"], numbers["expires"]
        if not keys - expires <= sizes.get(int(db), 0) <= keys:
            return "db%s: the server has %d keys, rdbkit says %d" % (db, sizes.get(int(db), 0), keys), []
    return None, [key for key, digest in whole.items() if found.get(key) != digest]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--rdbkit", required=True)
    parser.add_argument("--servers", default=os.path.join(HERE, "..", ".servers"))
    parser.add_argument("--only", help="names of servers, with commas")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--files", type=int, default=48)
    args = parser.parse_args()
    rdbkit = os.path.abspath(args.rdbkit)
    passed = failed = bytes_changed = weak = 0
    dumps = {}
    for dump in glob.glob(os.path.join(args.data, "*", "*", "dump.rdb")):
        dumps.setdefault(os.path.basename(os.path.dirname(dump)), []).append(dump)
    for name in sorted(dumps):
        if args.only and name not in args.only.split(","):
            continue
        dump = min(sorted(dumps[name]), key=os.path.getsize)
        server = Server(os.path.join(args.servers, name), name)
        with open(os.path.join(os.path.dirname(dump), "birth.json"), encoding="utf-8") as f:
            conf = {"databases": json.load(f)["conf"].get("databases", "16"), "sanitize-dump-payload": "yes"}
        with open(dump, "rb") as f:
            body = f.read()[:-8]
        with Asked(server, conf, dump) as asked:
            whole = digests(asked)
        rng = random.Random("%d %s" % (args.seed, name))
        with tempfile.TemporaryDirectory() as work:
            broken = os.path.join(work, "broken.rdb")
            for i in range(args.files):
                kind = KINDS[i % len(KINDS)]
                damaged = kind(rng, body)
                with open(broken, "wb") as f:
                    f.write(damaged + crc64(damaged).to_bytes(8, "little"))
                why, gone = judge(rdbkit, server, conf, broken, whole, work)
                passed, failed = passed + (why is None), failed + (why is not None)
                case = "%s, %s %d, seed %d" % (dump, kind.__name__, i, args.seed)
                if why is not None:
                    print("FAILED %s: %s" % (case, why))
                elif kind is one_byte:
                    bytes_changed += 1
                    weak += len(gone) > 2
                    if len(gone) > 2:
                        print("%s: %d of %d keys are not what they were: %s" % (case, len(gone), len(whole), gone[:4]))
    if bytes_changed:
        enough = weak * 10 <= bytes_changed
        print("one byte changed: in %d of %d files more than two keys are not what they were" % (weak, bytes_changed))
        passed, failed = passed + enough, failed + (not enough)
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(0 if passed and not failed else 1)


if __name__ == "__main__":
    main()
