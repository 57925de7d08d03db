"""Commands in an append-only file, read strictly: exactly what a server writes, nothing else.

This is the oracle's own reader. It shares nothing with rdbkit, and is kept small enough to be seen to be right.
"""
import re
from typing import NamedTuple

from generator.hexfile import crc64

COUNT = re.compile(rb"\*([1-9][0-9]*)\r\n")
LENGTH = re.compile(rb"\$(0|[1-9][0-9]*)\r\n")
NOTE = re.compile(rb"#[^\n]*\n")
TIME = re.compile(rb"#TS:([0-9]+)\r\n")
LOOSE = re.compile(rb"[ \t\v\f\r]*([+-]?[0-9]+)?")
TRAILER = 9  # of an RDB: the end opcode and eight bytes of checksum


class Command(NamedTuple):
    start: int
    end: int
    args: tuple

    @property
    def name(self):
        return self.args[0].upper()


class Note(NamedTuple):
    """An annotation."""
    start: int
    end: int
    text: bytes

    @property
    def time(self):
        """Seconds, or None if it is no timestamp."""
        found = TIME.fullmatch(self.text)
        return int(found[1]) if found else None


def unit_at(data, at):
    """The command or annotation at an offset; None if it is not all there, or not as a server writes it."""
    if data[at:at + 1] == b"#":
        found = NOTE.match(data, at)
        return Note(at, found.end(), found[0]) if found else None
    found = COUNT.match(data, at)
    if not found:
        return None
    args, here = [], found.end()
    for _ in range(int(found[1])):
        found = LENGTH.match(data, here)
        if not found:
            return None
        begin, end = found.end(), found.end() + int(found[1])
        if data[end:end + 2] != b"\r\n":
            return None
        args.append(data[begin:end])
        here = end + 2
    return Command(at, here, tuple(args))


def line_as_server(data, at, mark):
    """(number, where the line ends) as a loading server reads it: up to LF, digits as far as they go, 0 for none. Or None."""
    end = data.find(b"\n", at, at + 1023)
    if data[at:at + 1] != mark or end < 0:
        return None
    return int(LOOSE.match(data, at + 1, end)[1] or 0), end + 1


def unit_as_server(data, at):
    """As `unit_at`, taking what a loading server takes: any two bytes behind an argument, loose numbers, a bare LF."""
    if data[at:at + 1] == b"#":
        return unit_at(data, at)
    head = line_as_server(data, at, b"*")
    if head is None or head[0] < 1:
        return None
    args, here = [], head[1]
    for _ in range(head[0]):
        head = line_as_server(data, here, b"$")
        if head is None or head[0] < 0 or head[1] + head[0] + 2 > len(data):
            return None
        args.append(data[head[1]:head[1] + head[0]])
        here = head[1] + head[0] + 2
    return Command(at, here, tuple(args))


def units_from(data, at, unit_at=unit_at):
    """All units from an offset up to the first that is not whole."""
    out = []
    while at < len(data):
        unit = unit_at(data, at)
        if unit is None:
            break
        out.append(unit)
        at = unit.end
    return out


def preamble(data):
    """How many bytes at the head are an RDB: 0 if there is none, all of them if no end of it is found.

    Its end is where the checksum of all before stands behind an end opcode: no knowledge of records is needed."""
    if not data.startswith((b"REDIS", b"VALKEY")):
        return 0
    crc, summed, at = 0, 0, data.find(b"\xff", TRAILER)
    while 0 <= at <= len(data) - TRAILER:
        crc = crc64(data[summed:at + 1], crc)
        summed = at + 1
        if int.from_bytes(data[at + 1:at + TRAILER], "little") == crc:
            return at + TRAILER
        at = data.find(b"\xff", at + 1)
    return len(data)
