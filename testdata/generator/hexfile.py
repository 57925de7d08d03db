"""Reads testdata/handmade/NAME.hex: bytes written by hand, with a comment for every field.

    file   = { line }
    line   = { item } [ "#" any text ] newline         items are separated by blanks or stand together
    item   = hex | string | "crc" | "zerocrc"
    hex    = digit digit { digit digit }               an even number of 0-9 a-f A-F
    string = '"' { character } '"'                     ASCII 0x20..0x7E except '"'; no escapes; "#" is allowed
    crc     appends the CRC-64 of all bytes so far, 8 bytes, little-endian
    zerocrc appends eight zero bytes, the trailer of a file saved with rdbchecksum no
"""
import re

ITEM = re.compile(r'[ \t]+|#.*|"(?P<string>[\x20-\x21\x23-\x7e]*)"|(?P<word>zerocrc|crc)|(?P<hex>(?:[0-9a-fA-F]{2})+)')


def crc64(data, crc=0):
    """CRC-64 of the RDB trailer: polynomial ad93d23594c935a9, reflected, from 0, not inverted."""
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x95AC9329AC4BC9B5 if crc & 1 else 0)
    return crc


def parse(text, name="hex"):
    """The bytes. A ValueError names the line that is not of this format."""
    out = bytearray()
    for number, line in enumerate(text.split("\n"), 1):
        at = 0
        while at < len(line):
            item = ITEM.match(line, at)
            if item is None:
                raise ValueError("%s:%d: not hex, string, crc, zerocrc or comment: %r" % (name, number, line[at:]))
            at = item.end()
            if item["string"] is not None:
                out += item["string"].encode("ascii")
            elif item["word"] == "crc":
                out += crc64(out).to_bytes(8, "little")
            elif item["word"] == "zerocrc":
                out += bytes(8)
            elif item["hex"]:
                out += bytes.fromhex(item["hex"])
    return bytes(out)


def read(path):
    with open(path, encoding="ascii") as f:
        return parse(f.read(), path)
