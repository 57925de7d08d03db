#!/usr/bin/env python3
"""Chooses what to keep in corpus-min/ from what fuzzing left in corpus/.

    keep.py [TARGET...]       after run.sh, which builds the targets

Of each target: up to 150 inputs of at most 1000 bytes, those that add most to
the edges reached. Inputs whose names do not begin with "auto-" were put there by
hand, findings for example; they stay.
"""
import glob
import hashlib
import heapq
import os
import re
import subprocess
import sys
import tempfile

LARGEST = 1000
MOST = 150

os.chdir(os.path.dirname(os.path.abspath(__file__)))


def edges_of(target):
    """The edges each input of corpus/TARGET reaches: {path: set of numbers}."""
    (program,) = glob.glob("target/*/release/" + target)
    with tempfile.TemporaryDirectory() as tmp:
        inputs, out = tmp + "/in", tmp + "/out"
        os.mkdir(inputs)
        os.mkdir(out)
        for folder in ("corpus", "corpus-min"):
            for path in glob.glob("%s/%s/*" % (folder, target)):
                if os.path.getsize(path) <= LARGEST:
                    os.link(path, inputs + "/" + os.path.basename(path))
        control = tmp + "/control"
        # Hit counters off: one feature for each edge. The control file lists them.
        subprocess.run(
            [program, "-set_cover_merge=1", "-use_counters=0", "-merge_control_file=" + control, out, inputs],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        with open(control) as f:
            lines = f.read().split("\n")
        count = int(lines[0])
        paths = lines[2:2 + count]
        edges = {}
        for line in lines[2 + count:]:
            word, *numbers = line.split() or [""]
            if word == "FT":
                edges[paths[int(numbers[0])]] = set(numbers[1:])
        contents = {}
        for path in edges:
            with open(path, "rb") as f:
                contents[path] = f.read()
    return [(contents[path], found) for path, found in edges.items()]


def best(inputs):
    """Greedy: whoever adds most edges, of equals the smallest."""
    left = set().union(*(found for _, found in inputs))
    # What an input adds only ever shrinks: whoever is still ahead when counted again is best.
    heap = [(-len(found), len(content), content, found) for content, found in inputs]
    heapq.heapify(heap)
    for _ in range(MOST):
        while heap:
            _, size, content, found = heapq.heappop(heap)
            adds = -len(found & left)
            if adds and heap and adds > heap[0][0]:
                heapq.heappush(heap, (adds, size, content, found))
            elif adds:
                left -= found
                yield content
                break


def keep(target):
    folder = "corpus-min/" + target
    os.makedirs(folder, exist_ok=True)
    for path in glob.glob(folder + "/auto-*"):
        os.replace(path, "corpus/%s/%s" % (target, os.path.basename(path)))
    kept = list(best(edges_of(target)))
    for content in kept:
        name = hashlib.sha256(content).hexdigest()[:12]
        with open("%s/auto-%s" % (folder, name), "wb") as f:
            f.write(content)
    print("%-14s %4d inputs, %6d bytes" % (target, len(kept), sum(map(len, kept))))


with open("Cargo.toml") as f:
    every = re.findall(r'^name = "([a-z_]+)"$', f.read(), re.M)
for target in sys.argv[1:] or every:
    keep(target)
