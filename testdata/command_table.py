#!/usr/bin/env python3
"""Writes aof/src/commands/table.rs from what running servers say of their commands.

    python3 testdata/command_table.py --servers .servers

Each server is started on the loopback address without persistence, asked for
COMMAND, and stopped. Arity and key positions are theirs; nothing is by hand.
"""
import argparse
import pathlib
import socket
import subprocess
import tempfile
import time

# In the order of `Release` in aof/src/commands.rs.
SERVERS = [
    ("redis-6.0-bullseye", "Redis 6.0"),
    ("redis-7.0-bookworm", "Redis 7.0"),
    ("redis-8.0-sid", "Redis 8.0"),
    ("valkey-8.0-bpo12", "Valkey 8.0"),
    ("valkey-8.1-trixie", "Valkey 8.1"),
    ("valkey-9-sid", "Valkey 9.1"),
]
HERE = pathlib.Path(__file__).resolve().parent
TABLE = HERE.parent / "aof" / "src" / "commands" / "table.rs"


def reply(stream):
    line = stream.readline().rstrip(b"\r\n")
    kind, rest = line[:1], line[1:]
    if kind == b"+":
        return rest.decode()
    if kind == b"-":
        raise RuntimeError(rest.decode())
    if kind == b":":
        return int(rest)
    if kind == b"$":
        if rest == b"-1":
            return None
        data = stream.read(int(rest) + 2)
        return data[:-2].decode()
    if kind == b"*":
        return [reply(stream) for _ in range(max(0, int(rest)))]
    raise RuntimeError("unknown reply %r" % line)


def ask(port):
    with socket.create_connection(("127.0.0.1", port)) as sock:
        stream = sock.makefile("rwb")
        stream.write(b"*1\r\n$7\r\nCOMMAND\r\n")
        stream.flush()
        return reply(stream)


def commands_of(program, port):
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder,
             "--save", "", "--appendonly", "no"],
            stdout=subprocess.DEVNULL)
        try:
            for _ in range(100):
                try:
                    return ask(port)
                except (OSError, RuntimeError):
                    time.sleep(0.1)
            raise SystemExit("%s does not answer" % program)
        finally:
            server.kill()
            server.wait()


def pairs(flat):
    return dict(zip(flat[::2], flat[1::2]))


def key_spec(spec):
    """One key specification as Rust source; None where the server has no rule."""
    spec = pairs(spec)
    begin, find = pairs(spec["begin_search"]), pairs(spec["find_keys"])
    if "not_key" in spec["flags"]:
        return None
    if begin["type"] == "index":
        start = "Begin::Index(%d)" % pairs(begin["spec"])["index"]
    elif begin["type"] == "keyword":
        rule = pairs(begin["spec"])
        start = 'Begin::Keyword { word: b"%s", from: %d }' % (rule["keyword"], rule["startfrom"])
    else:
        return None
    rule = pairs(find["spec"]) if find["spec"] else {}
    if find["type"] == "range":
        search = "Find::Range { last: %d, step: %d, limit: %d }" % (
            rule["lastkey"], rule["keystep"], rule["limit"])
    elif find["type"] == "keynum":
        search = "Find::KeyNum { count: %d, first: %d, step: %d }" % (
            rule["keynumidx"], rule["firstkey"], rule["keystep"])
    else:
        return None
    return "KeySpec { begin: %s, find: %s }" % (start, search)


def collect(commands, into, index, detailed):
    for command in commands:
        name, arity, flags = command[0].lower(), command[1], command[2]
        entry = into.setdefault(name, {"arity": [0] * len(SERVERS), "write": False, "keys": {}})
        entry["arity"][index] = arity
        entry["write"] |= "write" in flags
        if detailed:
            specs = [key_spec(spec) for spec in command[8]]
            entry["keys"][index] = tuple(s for s in specs if s)
            entry["unknown"] = entry.get("unknown", False) or None in specs
            collect(command[9], into, index, detailed)
        else:
            entry["old"] = command[3:6]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", default=".servers", help="folder that get-servers.sh filled")
    parser.add_argument("--port", type=int, default=23461, help="first of six free ports")
    options = parser.parse_args()
    table = {}
    for index, (folder, label) in enumerate(SERVERS):
        program = pathlib.Path(options.servers) / folder / "run"
        commands = commands_of(str(program), options.port + index)
        collect(commands, table, index, len(commands[0]) > 8)
        print("%s: %d commands" % (label, len(commands)))
    containers = {name.split("|")[0] for name in table if "|" in name}
    lines = [
        "//! Made by `testdata/command_table.py` from running servers. Do not edit.",
        "",
        "use super::spec::{Begin, Find, KeySpec, Spec};",
        "",
        "/// By name. Arities in the order of `Release`; 0 where it is unknown.",
        "#[rustfmt::skip]",
        "pub(super) const TABLE: &[Spec] = &[",
    ]
    for name, entry in sorted(table.items()):
        kinds = set(entry["keys"].values())
        if len(kinds) > 1:
            print("key positions of %s differ: %s" % (name, entry["keys"]))
        if entry.get("unknown"):
            print("%s has keys no rule finds" % name)
        newest = max(entry["keys"], default=None)
        keys = entry["keys"][newest] if newest is not None else ()
        if newest is None:
            print("only in Redis 6.0: %s, keys %s" % (name, entry["old"]))
        lines.append("    Spec { name: b\"%s\", write: %s, container: %s, arity: %s, keys: &[%s] }," % (
            name, str(entry["write"]).lower(), str(name in containers).lower(),
            entry["arity"], ", ".join(keys)))
    lines.append("];")
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text("\n".join(lines) + "\n")
    print("%d entries in %s" % (len(table), TABLE.name))


if __name__ == "__main__":
    main()
