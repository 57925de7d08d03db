"""Are two truths the same state? Used to see whether a server comes back to it from its own file."""
import copy
import hashlib
import json


def essence(truth):
    """({db: [key..]}, [library..]) of what must survive a reload: no eviction data, no clock of consumers."""
    out = {}
    for db, content in truth["dbs"].items():
        keys = []
        for key in content["keys"]:
            key = copy.deepcopy({x: key[x] for x in ("key", "type", "value", "pexpireat")})
            if key["type"] == "stream":
                for group in key["value"]["groups"]:
                    group["pel"] = [[p[0], p[1], p[3]] for p in group.get("pel", [])]
                    for consumer in group["consumers"]:
                        consumer.pop("seen_time", None)
                        consumer.pop("active_time", None)
            keys.append(key)
        if keys:
            out[db] = keys
    return out, sorted(f["name"] for f in truth["functions"])


def state(truth):
    """A short name of a state: equal states have equal names."""
    canonical = json.dumps(essence(truth), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def difference(a, b, tolerance_ms=0):
    """None, or a sentence that says where two truths part."""
    (dbs_a, libraries_a), (dbs_b, libraries_b) = essence(a), essence(b)
    if libraries_a != libraries_b:
        return "functions differ: %s / %s" % (libraries_a, libraries_b)
    if sorted(dbs_a) != sorted(dbs_b):
        return "databases differ: %s / %s" % (sorted(dbs_a), sorted(dbs_b))
    for db in dbs_a:
        keys_a = {json.dumps(k["key"]): k for k in dbs_a[db]}
        keys_b = {json.dumps(k["key"]): k for k in dbs_b[db]}
        if set(keys_a) != set(keys_b):
            return "keys of database %s differ: %s" % (db, sorted(set(keys_a) ^ set(keys_b))[:5])
        for name, one in keys_a.items():
            other = keys_b[name]
            at, other_at = one.pop("pexpireat"), other.pop("pexpireat")
            if (at is None) != (other_at is None) or (at is not None and abs(at - other_at) > tolerance_ms):
                return "database %s, %s: expiry %s / %s" % (db, name[:60], at, other_at)
            if one != other:
                return "database %s, %s: value differs" % (db, name[:60])
    return None
