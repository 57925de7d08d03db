#!/usr/bin/env python3
"""No dependency of what we ship may ask for a newer Rust than the workspace states."""
import json
import subprocess
import sys

def version(text):
    parts = [int(p) for p in text.split(".")]
    return tuple(parts + [0] * (3 - len(parts)))


def main():
    out = subprocess.run(["cargo", "metadata", "--format-version", "1", "--locked"], capture_output=True, text=True)
    if out.returncode:
        sys.exit(out.stderr)
    meta = json.loads(out.stdout)
    ours = [p for p in meta["packages"] if p["id"] in set(meta["workspace_members"])]
    stated = {p["rust_version"] for p in ours}
    if len(stated) != 1 or None in stated:
        sys.exit(f"the workspace states more than one minimum Rust version, or none: {stated}")
    limit = stated.pop()
    asked = [(p["name"], p["version"], p["rust_version"]) for p in meta["packages"] if p["rust_version"]]
    newer = [a for a in asked if version(a[2]) > version(limit)]
    for name, release, rust in newer:
        print(f"{name} {release} asks for Rust {rust}, the workspace states {limit}")
    if not asked:
        sys.exit("no dependency states a Rust version: nothing was compared")
    print(f"minimum Rust version {limit}: {len(asked)} packages compared, {len(newer)} ask for more")
    sys.exit(bool(newer))


if __name__ == "__main__":
    main()
