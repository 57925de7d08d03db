"""Makes one case on one server: fills it, saves it, asks it for the truth, and sees that it comes back."""
import hashlib
import json
import os
import shutil
import time

from . import compare, truth
from .cases import settings_for
from .features import mini
from .populate import FAR, LIBRARY, Populator, without_aliases
from .server import Server, no_active_expiry

# settings that matter for loading a file again
RELOAD_SETTINGS = ("databases", "maxmemory", "maxmemory-policy")
SWEEP = 0.3  # seconds in which Redis finds the fields that have expired


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    return folder


def compact(thing):
    """JSON on one line, sorted, ASCII: the same thing always gives the same bytes."""
    return json.dumps(thing, sort_keys=True, separators=(",", ":"), ensure_ascii=True) + "\n"


def seed_text(case_name, seed=None):
    """What seeds a case: the fixtures were made without a --seed."""
    return "%s:%s" % ("corpus" if seed is None else seed, case_name)


class Made:
    """A dump.rdb, its truth, and what its certificate says."""

    def __init__(self, data, told, certificate):
        self.data, self.truth, self.certificate = data, told, certificate

    def write(self, folder, name):
        """NAME.rdb and NAME.truth.json; returns the certificate of both."""
        os.makedirs(folder, exist_ok=True)
        truth_bytes = compact(self.truth).encode()
        for suffix, content in ((".rdb", self.data), (".truth.json", truth_bytes)):
            with open(os.path.join(folder, name + suffix), "wb") as f:
                f.write(content)
        files = {"rdb": {"size": len(self.data), "sha256": hashlib.sha256(self.data).hexdigest()},
                 "truth": {"size": len(truth_bytes), "sha256": hashlib.sha256(truth_bytes).hexdigest()}}
        return dict(self.certificate, **files)


def snapshot(client, server, folder, populator, conf, several=True):
    """SAVE, and the truth around it. What reading would change (LFU, idle) is asked before."""
    meta = truth.eviction_and_encoding(client, several)
    client.cmd("SAVE")
    told = truth.read(client, server, meta, populator.known, several)
    # servers up to 3.2 drop a past key as soon as KEYS meets it: then it is not in the file either
    counted = sum(db["dbsize"] - len(db["keys"]) for db in told["dbs"].values())
    if populator.hidden and counted == len(populator.hidden):
        told["hidden"] = populator.hidden
    with open(os.path.join(folder, "dump.rdb"), "rb") as f:
        data = f.read()
    certificate = {"magic": data[:9].decode("latin1"), "conf": conf, "encodings": truth.encodings(told)}
    if populator.errors:
        certificate["refused_commands"] = populator.errors[:20]
    return Made(data, told, certificate)


def reload(server, work, made, conf):
    """Loads the file into a second run of the same server: "ok", or in what it differs. If it does, the truth
    of the reloaded state replaces the live one: it is what the file says."""
    folder = fresh(os.path.join(work, "reload"))
    with open(os.path.join(folder, "dump.rdb"), "wb") as f:
        f.write(made.data)
    keep = {k: v for k, v in conf.items() if k in RELOAD_SETTINGS or "-max-" in k}
    client = server.start(folder, keep)
    try:
        if server.has((7, 4)):  # it has loaded fields that are past, and is about to find them
            time.sleep(SWEEP)
        no_active_expiry(client)
        again = truth.read(client, server)
        client.close()
    finally:
        server.stop()
    differs = compare.difference(made.truth, again, 0 if server.has((7, 0)) else 2000)
    made.certificate["truth_of"] = "live server"
    made.certificate["reload"] = differs or "ok"
    if differs:
        made.certificate["truth_of"] = "file, as loaded again"
        made.truth = again
    elif "digest" in again:  # the live server's still has the keys and fields that were past when it saved
        made.truth["digest"] = again["digest"]
        for db, told in again["dbs"].items():
            for key, same in zip(made.truth["dbs"][db]["keys"], told["keys"]):
                if "digest" in same:
                    key["digest"] = same["digest"]


def one_case(server, work, case, seed=None):
    if server.settings is None:
        server.learn_settings(work)
    conf = without_aliases(server, settings_for(server, case))
    folder = fresh(os.path.join(work, "live"))
    client = server.start(folder, conf)
    try:
        populator = Populator(client, server, seed_text(case.name, seed))
        case.populate(populator)
        made = snapshot(client, server, folder, populator, conf)
        client.close()
    finally:
        server.stop()
    reload(server, work, made, conf)
    made.certificate["about"] = case.about
    made.certificate["seed"] = seed_text(case.name, seed)
    return made


def wait_for(what, client, command, wanted, seconds=30):
    began = time.monotonic()
    while wanted not in client.cmd(*command):
        if time.monotonic() - began > seconds:
            raise RuntimeError("%s: not within %d s" % (what, seconds))
        time.sleep(0.05)


def cluster(server, work, seed=None):
    """A cluster of one node that owns eight slot ranges: slot records and slot AUX fields."""
    conf = {"cluster-enabled": "yes", "cluster-config-file": "nodes.conf"}
    folder = fresh(os.path.join(work, "live"))
    client = server.start(folder, conf)
    try:
        for first in range(0, 16384, 2048):
            client.soft("CLUSTER", "ADDSLOTS", *range(first, first + 2048))
        wait_for("cluster", client, ("CLUSTER", "INFO"), b"cluster_state:ok")
        p = Populator(client, server, seed_text("cluster", seed))
        p.run(*(("SET", "key:%d" % i, "v%d" % i) for i in range(300)))
        for i in range(40):
            p.run(("RPUSH", "{tag%d}:l" % (i % 5), "a", "b"), ("HMSET", "{tag%d}:h%d" % (i % 5, i), "a", "b"))
        p.run(("SET", "{tag1}:ttl", "x"))
        p.expire_at("{tag1}:ttl", FAR)
        if server.has((7, 0)):
            p.run(("FUNCTION", "LOAD", LIBRARY))
        made = snapshot(client, server, folder, p, conf, several=False)
        client.close()
    finally:
        server.stop()
    made.certificate.update(about="cluster mode, slots in the file", seed=seed_text("cluster", seed),
                            truth_of="live server", reload="not tried")
    return made


def replica(server, work, seed=None):
    """Saved by a replica: AUX fields of the replication state."""
    second = Server(server.home, server.name)
    folder, second_folder = fresh(os.path.join(work, "live")), fresh(os.path.join(work, "live2"))
    client = server.start(folder, {"repl-diskless-sync": "no", "repl-diskless-sync-delay": "0"})
    second.settings = server.settings
    try:
        p = Populator(client, server, seed_text("replica", seed))
        mini(p)
        follower = second.start(second_folder, {})
        follower.cmd("SLAVEOF", "127.0.0.1", server.port)
        wait_for("replica", follower, ("INFO",), b"master_link_status:up")
        p.run(("SET", "after-sync", "1"))
        time.sleep(0.5)
        made = snapshot(follower, second, second_folder, p, {"replicaof": "(another of the same server)"})
        follower.close()
        client.close()
    finally:
        second.stop()
        server.stop()
    made.certificate.update(about="mini, saved by a replica", seed=seed_text("replica", seed),
                            truth_of="live server", reload="not tried")
    return made


TOPOLOGIES = {"cluster": (cluster, lambda server: server.has((3, 2))),
              "replica": (replica, lambda server: server.has((2, 6)))}
