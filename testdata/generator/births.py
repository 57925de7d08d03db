"""Birth certificates: testdata/rdb/SERVER/births.json says how each file of that server came to be."""
import json
import os

NAME = "births.json"
MADE_BY = "testdata/generate.py"


def read(folder):
    path = os.path.join(folder, NAME)
    if not os.path.exists(path):
        return None
    with open(path, encoding="ascii") as f:
        return json.load(f)


def write(folder, births):
    """One key a line, so that a change of one case is a small diff."""
    with open(os.path.join(folder, NAME), "w", encoding="ascii") as f:
        json.dump(births, f, sort_keys=True, indent=1)
        f.write("\n")


def record(folder, server, case, certificate):
    """Adds or replaces the certificate of one case. Another version of the server begins a new list: its old
    files would be attributed to the wrong program."""
    births = read(folder)
    if births is None or births["version"] != server.version_line:
        births = {"server": server.name, "version": server.version_line, "made_by": MADE_BY, "cases": {}}
    births["cases"][case] = certificate
    write(folder, births)
