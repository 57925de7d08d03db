"""Writes the layouts inside RDB values from elements: lengths, strings, listpacks, ziplists, intsets, zipmaps.

Right unless told otherwise: damage is done to the result (mutation.py), or by asking for it here.
"""
import struct


def length(n):
    """A length as servers write it."""
    if n < 64:
        return bytes([n])
    if n < 1 << 14:
        return struct.pack(">H", 0x4000 | n)
    if n < 1 << 32:
        return b"\x80" + struct.pack(">I", n)
    return b"\x81" + struct.pack(">Q", n)


def string(data):
    """A length and the bytes."""
    return length(len(data)) + data


def integer(n):
    """A string in the integer encoding that fits, or as text."""
    for code, form, bits in ((0xC0, "<b", 8), (0xC1, "<h", 16), (0xC2, "<i", 32)):
        if -1 << bits - 1 <= n < 1 << bits - 1:
            return bytes([code]) + struct.pack(form, n)
    return string(b"%d" % n)


def _as_integer(element):
    """The number, if these bytes are the one way to write it."""
    if len(element) <= 20 and element.lstrip(b"-").isdigit():
        n = int(element)
        if b"%d" % n == element and -1 << 63 <= n < 1 << 63:
            return n
    return None


def _listpack_element(element):
    n = _as_integer(element)
    if n is None:
        if len(element) < 64:
            body = bytes([0x80 | len(element)]) + element
        elif len(element) < 4096:
            body = struct.pack(">H", 0xE000 | len(element)) + element
        else:
            body = b"\xf0" + struct.pack("<I", len(element)) + element
    elif 0 <= n < 128:
        body = bytes([n])
    elif -4096 <= n < 4096:
        body = struct.pack(">H", 0xC000 | n & 0x1FFF)
    else:
        for code, size in ((0xF1, 2), (0xF2, 3), (0xF3, 4), (0xF4, 8)):
            if -1 << size * 8 - 1 <= n < 1 << size * 8 - 1:
                body = bytes([code]) + n.to_bytes(size, "little", signed=True)
                break
    back, n = bytes([len(body) & 0x7F]), len(body) >> 7
    while n:  # read backwards: the byte before has the next seven bits, and this one says so
        back = bytes([n & 0x7F]) + bytes([back[0] | 0x80]) + back[1:]
        n >>= 7
    return body + back


def listpack(elements):
    body = b"".join(map(_listpack_element, elements)) + b"\xff"
    return struct.pack("<IH", 6 + len(body), min(len(elements), 0xFFFF)) + body


def _ziplist_element(element):
    n = _as_integer(element)
    if n is None:
        if len(element) < 64:
            return bytes([len(element)]) + element
        if len(element) < 1 << 14:
            return struct.pack(">H", 0x4000 | len(element)) + element
        return b"\x80" + struct.pack(">I", len(element)) + element
    if 0 <= n <= 12:
        return bytes([0xF1 + n])
    for code, size in ((0xFE, 1), (0xC0, 2), (0xF0, 3), (0xD0, 4), (0xE0, 8)):
        if -1 << size * 8 - 1 <= n < 1 << size * 8 - 1:
            return bytes([code]) + n.to_bytes(size, "little", signed=True)
    raise ValueError(element)


def ziplist(elements):
    body, before, tail = b"", 0, 10
    for element in elements:
        tail = 10 + len(body)
        entry = bytes([before]) if before < 254 else b"\xfe" + struct.pack("<I", before)
        entry += _ziplist_element(element)
        before = len(entry)
        body += entry
    return struct.pack("<IIH", 11 + len(body), tail, min(len(elements), 0xFFFF)) + body + b"\xff"


def intset(numbers, width):
    """Numbers as given: a right one is ascending, without repetition."""
    form = {2: "<h", 4: "<i", 8: "<q"}[width]
    return struct.pack("<II", width, len(numbers)) + b"".join(struct.pack(form, n) for n in numbers)


def zipmap(pairs):
    out = bytes([min(len(pairs), 254)])
    for field, value in pairs:
        for text, free in ((field, b""), (value, b"\0")):
            out += (bytes([len(text)]) if len(text) < 254 else b"\xfe" + struct.pack("<I", len(text))) + free + text
    return out + b"\xff"


def lzf(data):
    """LZF that repeats nothing but runs of the byte before."""
    out, literal, at = b"", b"", 0

    def flushed():
        return b"".join(bytes([len(literal[i:i + 32]) - 1]) + literal[i:i + 32] for i in range(0, len(literal), 32))
    while at < len(data):
        run = 0
        while at and run < 264 and at + run < len(data) and data[at + run] == data[at - 1]:
            run += 1
        if run < 3:
            literal += data[at:at + 1]
            at += 1
            continue
        out += flushed()
        literal = b""
        out += bytes([run - 2 << 5, 0]) if run < 9 else bytes([0xE0, run - 9, 0])
        at += run
    return out + flushed()
