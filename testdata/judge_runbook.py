#!/usr/bin/env python3
"""Does the runbook work, word for word, with real servers?

    python3 testdata/judge_runbook.py --rdbkit PROGRAM [--servers DIR] [--only A,B] [--show] [DOCUMENT...]

Runs every ```sh block of each DOCUMENT (all of docs/runbook and docs/recovery.md), in order and in one shell, in an empty
folder, with `redis-server`, `redis-cli` and the check tools of each server, and rdbkit in the path.

- A command has to succeed. One of which the document says "# exit code N", at the end of its line, has to end with N.
- A ```text block right behind is what the ```sh block prints: all of it, line by line. "..." stands for any text or, as a line,
  for any lines. A second one that begins with ```text NAME holds for servers whose names begin with that. Documents are written
  with Redis 8.0: times and numbers of bytes are those of the day, and with other servers so are names and versions.
- Ports are exchanged for free ones. No server may be left running.
- A document that names `valkey-server` is about two servers: Redis 8.0 as redis-server, and Valkey 9; it is run once.

Each block is one check. A document without blocks, or one that docs/runbook.md does not link to, is a failure. --show
prints what each block printed. The last line is "N passed, N failed"; the exit code is 0 if nothing failed and something passed.
"""
import argparse
import concurrent.futures
import glob
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, HERE)

from generator.server import free_port  # noqa: E402

WRITTEN_WITH, SECOND = "redis-8.0-sid", "valkey-9-sid"
SECONDS = 300
FENCE = re.compile(r"^```(\w*) ?([^\n]*)\n(.*?)^```$", re.M | re.S)
CODE = re.compile(r"^(?P<command>.*\S)\s+# exit code (?P<code>\d+)$", re.M)
PORT = re.compile(r"\b(?:6379|7777|8888)\b")


class Block:
    """Commands, the line they begin at, and what they print, by the beginnings of servers' names, if the document tells."""

    def __init__(self, commands, line):
        self.commands, self.line, self.prints = commands, line, {}

    def printed_by(self, server):
        """What it prints with that server; `None` if the document does not tell."""
        return next((text for name, text in self.prints.items() if name and server.startswith(name)), self.prints.get(""))

    def script(self):
        """The commands for bash -e; a line continued with a backslash is one line."""
        def coded(found):
            return "if %s; then code=0; else code=$?; fi; [ $code = %s ] || { echo \"exit code $code\"; exit 1; }" % (
                found["command"], found["code"])
        return CODE.sub(coded, self.commands.replace("\\\n", " "))


def blocks(text):
    found, before = [], None
    for fence in FENCE.finditer(text):
        language, server, body = fence.groups()
        if language == "sh":
            before = Block(body, text.count("\n", 0, fence.start()) + 1)
            found.append(before)
        elif language == "text" and before is not None:
            before.prints[server] = body
        else:
            before = None
    return found


def expected(prints, server):
    """What a block may print, as a regular expression."""
    def line(text):
        told = re.escape(text)
        told = re.sub(r"\d{4}\\-\d\d\\-\d\dT[\d:]+(?:\\\.\d+)?Z", r"[-\\dT:.]+Z", told)
        told = re.sub(r"[\d,]+(?=\\ bytes?\b)|(?<=\bbyte\\ )[\d,]+", r"[\\d,]+", told)
        if server != WRITTEN_WITH:
            told = re.sub(r"redis:8\\\.0", r"(?:redis|valkey):[\\d.]+", told)
            told = re.sub(r"Redis\\ 8\\\.0\\\.\d+", r"(?:Redis|Valkey) [\\d.]+", told)
            told = re.sub(r"REDIS\\ version\\ \d+", r"(?:REDIS|VALKEY) version \\d+", told)
        return told.replace(r"\.\.\.", ".*") + r"[ ]*\n"
    return "".join(r"(?:.*\n)*?" if text.strip() == "..." else line(text) for text in prints.splitlines())


class Run:
    """A document with a server."""

    def __init__(self, document, server, path):
        self.document, self.server, self.path = document, server, path
        self.name = os.path.relpath(document, ROOT)
        with open(document, encoding="utf-8") as f:
            self.text = f.read()
        self.blocks = blocks(self.text)
        self.ports = {told: str(free_port()) for told in set(PORT.findall(self.text))}
        self.passed, self.said = 0, []

    def fail(self, line, why, more=""):
        self.said.append("FAILED %s:%d with %s: %s" % (self.name, line, self.server, why))
        self.said += ["    " + text for text in more.splitlines()[-40:]]

    def run(self, show):
        if not self.blocks or self.text.count("```sh") != len(self.blocks):
            self.fail(1, "%d blocks of commands, of which %d can be read" % (self.text.count("```sh"), len(self.blocks)))
            return self
        scripts = [PORT.sub(lambda port: self.ports[port[0]], block.script()) for block in self.blocks]
        with tempfile.TemporaryDirectory(prefix="rdbkit-runbook-") as folder:
            work, out = os.path.join(folder, "work"), os.path.join(folder, "out")
            os.mkdir(work)
            os.mkdir(out)
            whole = ["set -e -o pipefail"]
            for at, script in enumerate(scripts):
                whole += ["exec >%s/%d 2>&1" % (out, at), script.rstrip("\n"), "touch %s/%d.ran" % (out, at)]
            env = {"PATH": self.path, "HOME": folder, "TZ": "UTC", "LC_ALL": "C.UTF-8"}
            code = None
            try:
                code = subprocess.run(["bash", "-c", "\n".join(whole)], cwd=work, env=env, timeout=SECONDS,
                                      stdin=subprocess.DEVNULL).returncode
            except subprocess.TimeoutExpired:
                pass
            for at, block in enumerate(self.blocks):
                self.judge(block, os.path.join(out, str(at)), code, show)
            left = servers_of(work)
            if left:
                self.fail(self.blocks[-1].line, "%d servers are left running" % len(left))
        return self

    def judge(self, block, file, code, show):
        if not os.path.exists(file):
            self.fail(block.line, "not run")
            return
        with open(file, encoding="utf-8", errors="replace") as f:
            printed = f.read()
        for told, real in self.ports.items():
            printed = re.sub(r"\b%s\b" % real, told, printed)
        prints = block.printed_by(self.server)
        if show:
            self.said += ["--- %s:%d with %s" % (self.name, block.line, self.server), block.commands + "---", printed]
        if not os.path.exists(file + ".ran"):
            why = "no end after %d seconds" % SECONDS if code is None else "a command failed, exit code %d" % code
            self.fail(block.line, why, printed)
        elif prints is not None and not re.fullmatch(expected(prints, self.server), printed):
            self.fail(block.line, "does not print what the document says, but", printed)
        else:
            self.passed += 1


def servers_of(folder):
    """Processes that work in a folder, which are the servers started there; they are ended."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if (os.readlink("/proc/%s/cwd" % pid) + "/").startswith(folder + "/"):
                os.kill(int(pid), signal.SIGKILL)
                found.append(pid)
        except OSError:
            continue
    for _ in range(100):
        if not any(os.path.exists("/proc/" + pid) for pid in found):
            break
        time.sleep(0.05)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("documents", nargs="*")
    parser.add_argument("--rdbkit", required=True)
    parser.add_argument("--servers", default=os.path.join(ROOT, ".servers"))
    parser.add_argument("--only", help="names of servers, with commas", default="%s,%s" % (WRITTEN_WITH, SECOND))
    parser.add_argument("--show", action="store_true", help="print what each block printed")
    args = parser.parse_args()
    documents = [os.path.abspath(path) for path in args.documents] or (
        sorted(glob.glob(os.path.join(ROOT, "docs", "runbook", "*.md"))) + [os.path.join(ROOT, "docs", "recovery.md")])
    with open(os.path.join(ROOT, "docs", "runbook.md"), encoding="utf-8") as f:
        index = f.read()
    passed = failed = 0
    for document in documents:
        linked = "(%s)" % os.path.relpath(document, os.path.join(ROOT, "docs"))
        passed, failed = passed + (linked in index), failed + (linked not in index)
        if linked not in index:
            print("FAILED %s: docs/runbook.md does not link to it" % document)
    servers = os.path.abspath(args.servers)
    with tempfile.TemporaryDirectory(prefix="rdbkit-runbook-bin-") as tools:
        os.symlink(os.path.abspath(args.rdbkit), os.path.join(tools, "rdbkit"))
        for tool in ("server", "cli"):
            os.symlink(os.path.join(servers, SECOND, "redis-" + tool), os.path.join(tools, "valkey-" + tool))
        named = args.only.split(",")
        judged = [server for server in named if not re.match(r"redis-[0-6]\.", server)]
        for server in set(named) - set(judged):
            print("%s: the runbook is for Redis 7.0 and later" % server)
        runs = []
        for document in documents:
            with open(document, encoding="utf-8") as f:
                two = "valkey-server" in f.read()
            for server in [WRITTEN_WITH] if two else judged:
                path = os.pathsep.join([tools, os.path.join(servers, server), "/usr/local/bin:/usr/bin:/bin"])
                runs.append(Run(document, server, path))
        with concurrent.futures.ThreadPoolExecutor(4) as pool:  # servers and documents mostly wait
            done = list(pool.map(lambda run: run.run(args.show), runs))
    for run in done:
        print("\n".join(run.said + ["%s with %s: %d of %d blocks" % (run.name, run.server, run.passed, len(run.blocks))]))
        fails = sum(line.startswith("FAILED") for line in run.said)
        passed, failed = passed + run.passed, failed + fails
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(0 if passed and not failed else 1)


if __name__ == "__main__":
    main()
