"""One check: its log, its server, its own random choices, its own folder; and how rdbkit is called for it."""
import os
import shutil
import traceback

from .logset import LogSet
from .oracle import Oracle
from .running import FOLDER, SINGLE
from .tool import Wrong, beside, copied, expect, fingerprint, run, unchanged


class Job:
    def __init__(self, program, server, path, rng, work):
        self.program, self.server, self.path, self.random, self.work = program, server, path, rng, work
        os.makedirs(work)
        self.oracle = Oracle(server, work)
        self._log = None

    @property
    def log(self):
        if self._log is None:
            self._log = LogSet(self.path)
        return self._log

    def named(self, *parts):
        """A place for a log: below a folder of its own, by the name a server knows."""
        folder = os.path.join(self.work, *parts)
        os.makedirs(folder)
        return os.path.join(folder, SINGLE if os.path.isfile(self.path) else FOLDER)

    def copy(self, name):
        """A copy of the log in a folder of its own."""
        return copied(self.path, self.named(name))

    def surgery(self, command, *options, codes=(0,)):
        """Runs `rdbkit aof COMMAND` on a copy, to a new place or in place; (path of the result, what was said).
        In one of three, --dry-run is first asked, and must leave everything alone."""
        source = self.copy("source")
        before = fingerprint(source)
        call = ("aof", command, source)
        if self.random.random() < 0.3:
            done = run(self.program, *call, "--dry-run", *options)
            unchanged(source, before, done)
            expect(done, *codes)
            if beside(source):
                raise Wrong("--dry-run left %s: %s" % (beside(source), done.told()))
        if self.random.random() < 0.2:
            done = expect(run(self.program, *call, "--in-place", *options), *codes)
            if 0 not in codes:
                unchanged(source, before, done)
            return source, done
        target = self.named("target")
        done = expect(run(self.program, *call, "-o", target, *options), *codes)
        unchanged(source, before, done)
        if beside(source):
            raise Wrong("left beside the source: %s: %s" % (beside(source), done.told()))
        if beside(target) or os.path.exists(target) != (done.code == 0):
            raise Wrong("in the place of the result: %s: %s" % (sorted(os.listdir(os.path.dirname(target))), done.told()))
        return target, done


def outcome(job, check, keep):
    """(why it failed or None, what could not be compared or None); the folder of a failed one is kept under `keep`."""
    try:
        return None, check(job)
    except Wrong as wrong:
        why = str(wrong)
    except Exception:
        why = "the check itself failed: " + traceback.format_exc()
    finally:
        if os.path.isdir(os.path.join(job.work, "oracle")):
            shutil.rmtree(os.path.join(job.work, "oracle"), ignore_errors=True)
    shutil.rmtree(keep, ignore_errors=True)
    shutil.copytree(job.work, keep)
    return why.replace(job.work, keep) + "\n  kept: " + keep, None
