"""Random streams: entries alike and not alike, deleted and trimmed ones, groups, consumers, pending entries."""


def add_entries(p, key):
    """Returns the ids added, ascending."""
    ids, ms, seq = [], p.random.randrange(0, 2**p.random.randrange(1, 48)), 1
    same = [b"field%d" % i for i in range(p.random.randrange(1, 5))]
    for _ in range(p.random.choice([1, 3, 20, 150, 400])):
        if p.random.random() < 0.7:
            ms, seq = ms + p.random.randrange(1, 100000), p.random.randrange(0, 5)
        else:
            seq += p.random.randrange(1, 2**p.random.randrange(1, 40))
        names = same if p.random.random() < 0.8 else [p.bytes(20) for _ in range(p.random.randrange(1, 6))]
        ids.append("%d-%d" % (ms, seq))
        p.run(("XADD", key, ids[-1], *[x for name in names for x in (name, p.bytes(60))]))
    return ids


def remove_entries(p, key, ids):
    if p.random.random() < 0.4:
        p.run(("XDEL", key, *p.random.sample(ids, p.random.randrange(1, len(ids) + 1))))
    if p.random.random() < 0.2:
        p.run(("XTRIM", key, "MAXLEN", p.random.randrange(0, len(ids) + 1)))


def add_groups(p, key, ids):
    for g in range(p.random.randrange(0, 4)):
        group = b"g%d" % g + p.bytes(30)
        p.run(("XGROUP", "CREATE", key, group, p.random.choice(["0", "$", p.random.choice(ids)])))
        for c in range(p.random.randrange(0, 4)):
            consumer = b"c%d" % c + p.bytes(20)
            count = p.random.randrange(1, 60)
            noack = ("NOACK",) if p.random.random() < 0.1 else ()
            p.run(("XREADGROUP", "GROUP", group, consumer, "COUNT", count, *noack, "STREAMS", key, ">"))
            if p.random.random() < 0.5:
                p.run(("XACK", key, group, *p.random.sample(ids, p.random.randrange(1, len(ids) + 1))))
            if p.random.random() < 0.3:
                p.run(("XCLAIM", key, group, b"claimer", 0, *p.random.sample(ids, 1)))
        if p.server.has((6, 2)) and p.random.random() < 0.3:
            p.run(("XGROUP", "CREATECONSUMER", key, group, b"idle"))


def random_stream(p, key):
    ids = add_entries(p, key)
    before = p.random.random() < 0.5
    if before:
        remove_entries(p, key, ids)
    add_groups(p, key, ids)
    if not before:  # leaves pending entries whose entry is gone
        remove_entries(p, key, ids)
    if p.server.has((7, 0)) and p.random.random() < 0.2:
        p.run(("XSETID", key, "%d-0" % 2**60, "ENTRIESADDED", str(10**6), "MAXDELETEDID", ids[-1]))
