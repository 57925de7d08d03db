"""A RESP2 client small enough to read: it speaks to every server generation and keeps bytes as bytes."""
import socket

PIPELINE = 200  # commands in flight: more would fill socket buffers of both sides and deadlock


class ReplyError(Exception):
    """An error reply of the server ("-ERR ...")."""


def encode(args):
    """One command as RESP. A str is sent as UTF-8, an int as decimal text."""
    out = [b"*%d\r\n" % len(args)]
    for arg in args:
        if isinstance(arg, str):
            arg = arg.encode("utf-8")
        elif isinstance(arg, int):
            arg = b"%d" % arg
        out.append(b"$%d\r\n%s\r\n" % (len(arg), arg))
    return b"".join(out)


class Client:
    def __init__(self, port, timeout=60):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.file = self.socket.makefile("rb", 1 << 16)

    def read(self):
        """One reply: bytes, int, None, list, or a ReplyError (returned, not raised)."""
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise EOFError("the server closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest
        if kind == b"-":
            return ReplyError(rest.decode("latin1"))
        if kind == b":":
            return int(rest)
        if kind == b"$":
            length = int(rest)
            return None if length < 0 else self.file.read(length + 2)[:-2]
        if kind == b"*":
            count = int(rest)
            return None if count < 0 else [self.read() for _ in range(count)]
        raise ValueError(line)

    def soft(self, *args):
        """Runs a command; an error reply is returned as a ReplyError."""
        self.socket.sendall(encode(args))
        return self.read()

    def cmd(self, *args):
        """Runs a command; an error reply is raised."""
        reply = self.soft(*args)
        if isinstance(reply, ReplyError):
            raise reply
        return reply

    def pipe(self, commands):
        """Runs many commands and returns their replies in order, errors among them."""
        replies, commands = [], list(commands)
        for i in range(0, len(commands), PIPELINE):
            part = commands[i:i + PIPELINE]
            self.socket.sendall(b"".join(encode(c) for c in part))
            replies += [self.read() for _ in part]
        return replies

    def close(self):
        try:
            self.file.close()
            self.socket.close()
        except OSError:
            pass
