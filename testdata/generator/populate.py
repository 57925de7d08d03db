"""What the cases are written with: commands in bulk, seeded random bytes, and the values worth trying."""
import random

from .client import ReplyError

FAR = 4102444800123  # 2100-01-01: an expiry no test run will see
LAST_32_BIT_SECOND = 2147483647000

# integers at the borders of every integer encoding there is
INTS = [0, 1, -1, 9, 12, 13, 63, 64, 127, 128, -127, -128, -129, 255, 256, 4095, 4096, -4096, -4097, 8191, 8192,
        32767, 32768, -32768, -32769, 65535, 65536, 8388607, 8388608, -8388608, -8388609, 16777215, 2147483647,
        2147483648, -2147483648, -2147483649, 4294967295, 4294967296, 9007199254740991, 9007199254740993,
        9223372036854775807, -9223372036854775808]

# text that looks like an integer but must stay text
INT_LIKE = [b"007", b"-0", b"+1", b" 1", b"1 ", b"1e3", b"0x10", b"9223372036854775808", b"-9223372036854775809",
            b"18446744073709551615", b"1.5", b"", b"00", b"-", b"12345678901234567890123"]

# lengths at the borders of every length encoding and of what is compressed
LENGTHS = [0, 1, 2, 3, 4, 11, 12, 13, 19, 20, 21, 31, 32, 43, 44, 45, 62, 63, 64, 65, 127, 128, 252, 253, 254, 255,
           256, 4094, 4095, 4096, 4097, 16382, 16383, 16384, 16385, 65535, 65536]

SCORES = [b"0", b"-0", b"1", b"-1", b"1.5", b"0.1", b"3.3333333333333335", b"1e308", b"-1e308",
          b"1.7976931348623157e308", b"5e-324", b"2.2250738585072014e-308", b"inf", b"-inf", b"9007199254740992",
          b"9007199254740993", b"-9007199254740993", b"1e17", b"1e21", b"123456789012345680000",
          b"0.30000000000000004", b"1e-7", b"255", b"256", b"-32769", b"4294967296", b"9223372036854775807",
          b"-9223372036854775808", b"3.14159265358979312", b"1e100"]

WORDS = ["order", "user", "session", "cart", "price", "europe", "alpha", "beta", "status=ok", "2026-11-20", "lorem",
         "ipsum", "dolor"]

LIBRARY = ("#!lua name=mylib\n"
           "redis.register_function('myfunc', function(keys, args) return redis.call('SET', keys[1], args[1]) end)\n"
           "redis.register_function{function_name='ro', callback=function() return 1 end, flags={'no-writes'}}\n")
LONG_LIBRARY = ("#!lua name=other\nlocal x = 'gr\u00fc\u00df'\n"
                "redis.register_function('echo2', function(keys, args) return args end)\n" + "-- pad\n" * 300)


def packing(entries, value="64"):
    """Settings under which collections of up to so many entries, of so many bytes, are packed into a blob."""
    out = {"set-max-intset-entries": entries}
    for kind in ("hash", "zset", "list", "set"):
        for blob in ("ziplist", "listpack", "zipmap"):
            out["%s-max-%s-entries" % (kind, blob)] = entries
            out["%s-max-%s-value" % (kind, blob)] = value
    return out


def without_aliases(server, conf):
    """7.0 and later know a setting as -ziplist- and as -listpack-: only the second is kept."""
    return {k: v for k, v in conf.items()
            if not ("-ziplist-" in k and k.replace("-ziplist-", "-listpack-") in server.settings)}


class Populator:
    """Fills one server. The same seed and server version give the same data set."""

    def __init__(self, client, server, seed):
        self.client, self.server = client, server
        self.random = random.Random(seed)
        self.known = {}   # (db, key): absolute ms, as it was set
        self.hidden = []  # keys that are in the file, but past when it was saved
        self.db = 0
        self.errors = []  # commands this server refused

    # -- sending

    def run(self, *commands):
        for command, reply in zip(commands, self.client.pipe(commands)):
            if isinstance(reply, ReplyError):
                shown = b" ".join(x if isinstance(x, bytes) else str(x).encode() for x in command)[:100]
                self.errors.append("%s -> %s" % (shown.decode("latin1"), reply))

    def select(self, db):
        self.client.cmd("SELECT", db)
        self.db = db

    def configure(self, settings):
        """CONFIG SET of what this server knows."""
        for name, setting in settings.items():
            self.client.soft("CONFIG", "SET", name, setting)

    def expire_at(self, key, ms):
        name = key if isinstance(key, bytes) else key.encode()
        if self.server.has((2, 6)):
            self.run(("PEXPIREAT", key, ms))
        else:
            ms = min(ms, LAST_32_BIT_SECOND) // 1000 * 1000  # their files hold 32-bit seconds
            self.run(("EXPIREAT", key, ms // 1000))
        self.known[(self.db, name)] = ms

    def add(self, command, key, items, width=1):
        """`command key item..` in chunks; an element is `width` items. Before 2.4 a command took only one."""
        step = width * 100 if self.server.has((2, 4)) else width
        self.run(*((command, key) + tuple(items[i:i + step]) for i in range(0, len(items), step)))

    def hash(self, key, items):
        self.run(*(("HMSET", key) + tuple(items[i:i + 200]) for i in range(0, len(items), 200)))

    def zset(self, key, scored):
        self.add("ZADD", key, [x for pair in scored for x in pair], 2)

    # -- bytes

    def blob(self, length):
        """Bytes that do not compress."""
        return self.random.randbytes(length)

    def text(self, length):
        """Words, which compress well."""
        out, have = [], 0
        while have < length:
            word = self.random.choice(WORDS)
            out.append(word)
            have += len(word) + 1
        return " ".join(out)[:length].encode()

    def elements(self, count):
        """A mix of integers, near-integers, binary and words."""
        out = []
        for i in range(count):
            kind = self.random.randrange(6)
            if kind == 0:
                out.append(b"%d" % self.random.choice(INTS))
            elif kind == 1:
                out.append(b"%d" % self.random.randrange(-70000, 70000))
            elif kind == 2:
                out.append(self.blob(self.random.choice([1, 2, 5, 20, 63])))
            elif kind == 3:
                out.append(self.text(self.random.choice([3, 10, 30, 60])))
            elif kind == 4:
                out.append(self.random.choice(INT_LIKE))
            else:
                out.append(b"e:%d" % i)
        return out
