"""The table of cases: name, settings of the server, how it is filled, and which servers have it."""
from typing import Callable, NamedTuple

from . import features, values
from .populate import packing


class Case(NamedTuple):
    name: str
    conf: dict
    populate: Callable
    about: str
    wanted: Callable = lambda server: True


def nothing(_populator):
    pass


def strings_and_odd(p):
    values.strings(p)
    values.odd_strings(p)


def everything(p):
    values.strings(p)
    values.few_lists(p)
    values.sets(p)
    values.zsets(p)
    values.hashes(p)
    if p.server.has((5, 0)):
        features.streams(p)


has_quicklists = lambda server: server.has((3, 2))
has_streams = lambda server: server.has((5, 0))
has_functions = lambda server: server.has((7, 0))
has_field_ttl = lambda server: server.has((7, 4), (9, 0))
has_lru_setting = lambda server: server.has((2, 8))
has_lfu = lambda server: server.has((4, 0))

CASES = [
    Case("empty", {}, nothing, "no key at all"),
    Case("mini", {}, features.mini, "a few keys of each type, two databases"),
    Case("mini-nochecksum", {"rdbchecksum": "no"}, features.mini, "as mini, with a zeroed checksum"),
    Case("dense", {"rdbcompression": "no", "maxmemory": "300mb", "maxmemory-policy": "allkeys-lfu"}, features.dense,
         "every type and encoding once, not compressed, with LFU counters where the server has them"),
    Case("dense-lzf", {}, features.dense, "as dense, compressed, without LFU counters"),
    Case("strings", {}, strings_and_odd, "integers, near-integers, all length borders, binary keys"),
    Case("strings-nocompress", {"rdbcompression": "no"}, values.strings, "as strings, not compressed"),
    Case("lists", {}, values.lists, "lists at the borders of their encodings"),
    Case("lists-compress1-norle", {"list-compress-depth": "1", "rdbcompression": "no"}, values.few_lists,
         "quicklist nodes compressed in memory, so also in a file that is not compressed", has_quicklists),
    Case("lists-size5", {"list-max-ziplist-size": "5", "list-max-listpack-size": "5", "list-max-ziplist-entries": "5"},
         values.few_lists, "quicklists of many small nodes"),
    Case("lists-plain", {}, values.plain_nodes, "elements of up to 1 MiB"),
    Case("sets", {}, values.sets, "intsets of each width and their upgrades, packed and big sets"),
    Case("zsets", {}, values.zsets, "scores of all kinds, ties, packed and big"),
    Case("hashes", {}, values.hashes, "packed and big hashes at the borders"),
    Case("all-forced-big", packing("0"), everything, "all types, nothing packed"),
    Case("all-forced-packed", packing("100000", "100000000"), everything, "all types, everything packed"),
    Case("streams", {}, features.streams, "streams: deleted and trimmed entries, groups, pending", has_streams),
    Case("streams-node5", {"stream-node-max-entries": "5"}, features.streams, "as streams, nodes of 5", has_streams),
    Case("hash-ttl", {}, features.hash_ttl, "hashes with field expiry, packed and big", has_field_ttl),
    Case("functions", {}, features.functions, "two function libraries, one long", has_functions),
    Case("expires", {}, features.expires, "expiries near and far, keys past when saved"),
    Case("multidb", {}, features.several_databases, "databases 0, 1, 2, 5, 15"),
    Case("manydb", {"databases": "20000"}, features.high_databases, "database numbers up to 19999"),
    Case("lfu", {"maxmemory": "200mb", "maxmemory-policy": "allkeys-lfu"}, features.lfu, "LFU counters", has_lfu),
    Case("lru", {"maxmemory": "200mb", "maxmemory-policy": "allkeys-lru"}, features.lru, "idle times",
         has_lru_setting),
]


def settings_for(server, case):
    """The case's settings, for servers in which they mean something else."""
    conf = dict(case.conf)
    if case.name == "all-forced-big" and not server.has((2, 6), (7, 2)):
        conf = packing("0", "0")  # in 2.2 a limit of 0 entries was not enough
    if case.name == "dense" and not server.has((4, 0)):
        conf.pop("maxmemory-policy")
    return conf
