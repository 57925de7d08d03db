"""rdbkit, run as its users run it, and what must be true whatever it was asked to do."""
import hashlib
import json
import os
import shlex
import shutil
import subprocess

LONGEST = 60  # seconds


class Wrong(Exception):
    """rdbkit did not do what it should."""


class Done:
    def __init__(self, command, code, out, err):
        self.command, self.code, self.out, self.err = command, code, out, err

    def told(self):
        return "%s\n  exit %s%s" % (self.command, self.code, ("\n  " + self.err.strip()) if self.err.strip() else "")

    def json(self):
        try:
            return json.loads(self.out)
        except ValueError as e:
            raise Wrong("no JSON (%s): %s\n  %s" % (e, self.told(), self.out[:300])) from e


def run(program, *args):
    """Runs it; a crash or a hang is wrong whatever it was asked."""
    command = [program] + [a if isinstance(a, (bytes, str)) else str(a) for a in args]
    shown = " ".join(shlex.quote(os.fsdecode(c)) for c in command)
    try:
        done = subprocess.run(command, capture_output=True, timeout=LONGEST, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired as e:
        raise Wrong("does not end within %d s: %s" % (LONGEST, shown)) from e
    out = Done(shown, done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))
    if out.code not in (0, 1, 2) or "panicked" in out.err:
        raise Wrong("crashed: %s" % out.told())
    return out


def expect(done, *codes):
    if done.code not in codes:
        raise Wrong("exit code %s expected: %s" % (" or ".join(map(str, codes)), done.told()))
    return done


def fingerprint(path):
    """{name: (size, time of change, SHA-256)} of all that is there."""
    paths = [path] if not os.path.isdir(path) else [
        os.path.join(home, n) for home, _, names in os.walk(path) for n in names]
    out = {}
    for one in paths:
        with open(one, "rb") as f:
            data = f.read()
        out[os.path.relpath(one, path)] = (len(data), os.stat(one).st_mtime_ns, hashlib.sha256(data).hexdigest())
    return out


def unchanged(path, before, done):
    now = fingerprint(path)
    if now != before:
        names = sorted(n for n in set(now) | set(before) if now.get(n) != before.get(n))
        raise Wrong("the source was changed (%s): %s" % (", ".join(names), done.told()))


def copied(source, target):
    """A copy of a folder or a file, times and all."""
    if os.path.isdir(source):
        shutil.copytree(source, target)
    else:
        shutil.copy2(source, target)
    return target


def beside(path):
    """What is in the folder of a path, but it."""
    return sorted(n for n in os.listdir(os.path.dirname(path)) if n != os.path.basename(path))
