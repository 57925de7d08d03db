"""An append-only log as a whole: its files in the order they are loaded, and every command with what it depends on."""
import os
import re
from typing import NamedTuple, Optional

from . import resp

LINE = re.compile(rb'file (?:"([^"]*)"|(\S+)) seq (\d+) type ([bhi])[^\n]*\n')
DATABASES = 16


class File(NamedTuple):
    name: str
    data: bytes
    body: int    # where RESP begins
    units: list  # up to the first that is not whole

    @property
    def whole(self):
        """Offset of the first byte not covered by a whole unit."""
        return self.units[-1].end if self.units else self.body


class Entry(NamedTuple):
    """A command in its place."""
    file: int                # index of its file
    command: resp.Command
    db: int                  # the database it is run in
    multi: Optional[int]     # offset of the MULTI it is queued behind; MULTI and EXEC have it, too
    closed: bool             # whether there is an EXEC

    @property
    def cut_at(self):
        """Where the log is cut to end before this command."""
        return self.command.start if self.multi is None else self.multi


class LogSet:
    """Read from a folder with a manifest, or from a single file."""

    def __init__(self, path, unit_at=resp.unit_at):
        self.path, self.unit_at = path, unit_at
        self.is_single = not os.path.isdir(path)
        if self.is_single:
            self.folder, self.manifest, names = os.path.dirname(path), None, [os.path.basename(path)]
        else:
            self.folder = path
            self.manifest = next(n for n in sorted(os.listdir(path)) if n.endswith(".manifest"))
            names = listed(os.path.join(path, self.manifest))
        self.files = [self._file(n) for n in names]
        self.entries = [e for i, f in enumerate(self.files) for e in entries(i, f.units)]

    def _file(self, name):
        with open(os.path.join(self.folder, name), "rb") as f:
            data = f.read()
        body = resp.preamble(data)
        return File(name, data, body, resp.units_from(data, body, self.unit_at))

    def notes(self):
        """(index of the file, annotation) for each timestamp."""
        return [(i, u) for i, f in enumerate(self.files) for u in f.units
                if isinstance(u, resp.Note) and u.time is not None]

    def commands_before(self, file, offset):
        """All entries of the files before, and those of this file that end at or before an offset."""
        return [e for e in self.entries if e.file < file or (e.file == file and e.command.end <= offset)]

    def is_empty_before(self, file, offset):
        """Whether a log cut there would hold neither an RDB nor a command: rdbkit makes no such log."""
        return not any(f.body for f in self.files[:file + 1]) and not self.commands_before(file, offset)

    def boundary(self, file, offset):
        """An offset moved back to where a unit begins, or its MULTI; the end of the units stays what it is."""
        for entry in self.entries:
            if entry.file == file and (entry.multi if entry.multi is not None else entry.command.start) <= offset < entry.command.end:
                return entry.cut_at
        for unit in self.files[file].units:
            if unit.start <= offset < unit.end:
                return unit.start
        return min(offset, self.files[file].whole)


def listed(manifest):
    """Names of base and increments in the order of loading. Only what servers write is understood."""
    with open(manifest, "rb") as f:
        lines = f.readlines()
    rows = []
    for line in lines:
        found = LINE.fullmatch(line)
        if not found:
            raise ValueError("%s: %r" % (manifest, line))
        rows.append((found[4], os.fsdecode(found[1] if found[1] is not None else found[2])))
    return [n for t, n in rows if t == b"b"] + [n for t, n in rows if t == b"i"]


def entries(index, units):
    """The commands of a file, each with its database and its transaction. A file begins in database 0."""
    db, multi, queued, out = 0, None, [], []
    for command in units:
        if isinstance(command, resp.Note):
            continue
        if multi is None and command.name == b"MULTI":
            multi, queued, db_at_multi = command.start, [command], db
        elif multi is not None:
            queued.append(command)
            if command.name == b"EXEC":
                for one in queued:
                    out.append(Entry(index, one, db, multi, True))
                    db = selected(one, db)
                multi = None
        else:
            out.append(Entry(index, command, db, None, True))
            db = selected(command, db)
    if multi is not None:  # nothing of it is ever run
        out += [Entry(index, one, db_at_multi, multi, False) for one in queued]
    return out


def selected(command, db):
    """The database after a command."""
    if command.name == b"SELECT" and command.args[1].isdigit() and int(command.args[1]) < DATABASES:
        return int(command.args[1])
    return db
