"""The tables of sqlmapd and its snapshot."""

from figures import cell, conditions, number, table, verdicts

SIZES = (1_000, 10_000, 100_000)
FULL = SIZES[-1]
ONE, ANY = PLACES = ("one CPU", "any CPU")
MOST = 1.3
POOL_SIZE = 4
NAMES = {"name": "getpwnam_r", "uid": "getpwuid_r", "group": "getgrnam_r", "gid": "getgrgid_r", "groups": "getgrouplist",
         "miss": "getpwnam_r, no such name, `version` in use"}


def in_memory(figures):
    rows = []
    for kind, name in NAMES.items():
        for size in SIZES:
            what = f"{kind} {size} {ONE}"
            rows.append([f"{name}, {size:,} users", *(figures.cell(what, who) for who in ("minimal", "checked", "sqlmap", "-")),
                         *(f"{figures.ratio(what, 'sqlmap', who):.2f}" for who in ("minimal", "checked")),
                         number(figures.median(f"system calls {kind} {size}", "sqlmap"))])
    return "### Look-up in the snapshot: nanoseconds a call, one CPU\n\n" + table(
        ["", "minimal module, same table", "the same with checks", "libnss_sqlmap", "nscd", "sqlmap / minimal", "sqlmap / with checks",
         "system calls per 1,000"], rows)


def processes(figures):
    rows = []
    for place in PLACES:
        what = f"cold {place}"
        none = figures.median(what, "none")
        rows.append([f"the whole process, {place}", *(figures.cell(what, who) for who in ("none", "minimal", "sqlmap"))])
        rows.append([f"added by the look-up, {place}", "-", *(figures.cell(what, who, 1, none) for who in ("minimal", "sqlmap"))])
    return "### Fresh process: microseconds from posix_spawn to its end, one getpwnam, 100,000 users\n\n" + table(
        ["", "no look-up", "minimal module", "libnss_sqlmap"], rows)


def throughput(figures):
    rows = [["1 thread, look-ups a second", *(figures.cell("threads 1", who) for who in ("minimal", "sqlmap"))],
            ["2 threads, look-ups a second", *(figures.cell("threads 2", who) for who in ("minimal", "sqlmap"))],
            ["getpwent from first to last, 100,000 users, ns per row, one CPU",
             *(figures.cell(f"enumerate {FULL} {ONE}", who, FULL / 1e6) for who in ("minimal", "sqlmap"))]]
    return "### Threads and enumeration\n\n" + table(["", "minimal module", "libnss_sqlmap"], rows)


def questions(figures):
    rows = [[place, *(figures.cell(f"asking {place}", who, 1e3) for who in ("bare", "client", "sqlmapd"))] for place in PLACES]
    return "### A miss that asks sqlmapd, the answer being in its cache: microseconds\n\n" + table(
        ["", "bare exchange with an echo", "the module's client with it", "getpwnam_r with sqlmapd"], rows)


def crowds(figures):
    rows = []
    for what, name, who in (("crowd known", "no look-up", "none"), ("crowd known", "users that are published", "sqlmap"),
                            ("crowd new", "users that the database has had for a moment", "sqlmap")):
        rows.append([name, *(figures.cell(f"{what} {column}", who) for column in ("ms", "failures", "connections"))])
    return "### 1,000 processes at once, `max_connections = 10`, any CPU\n\n" + table(
        ["", "ms until the last ends", "did not find their user", "connections at the peak, the measuring one included"], rows)


def million(figures):
    rows = [["read and publish, seconds", figures.cell("million seconds", "sqlmapd"),
             "the same two SELECTs, streamed: " + figures.cell("million seconds", "floor")],
            ["memory of sqlmapd's processes at the peak, MiB", figures.cell("million memory", "peak"),
             "the file: " + figures.cell("million memory", "file") + "; before: " + figures.cell("million memory", "before")],
            ["a reader's longest call meanwhile, microseconds", figures.cell("million pause", "sqlmap"),
             "no call at all, as long: " + figures.cell("million pause", "idle")]]
    return "### 1,000,000 users, any CPU\n\n" + table(["", "measured", "floor"], rows)


def beyond_the_hash(figures, what, place, who):
    bare = figures.median(f"pam hash {place}", "crypt_r")
    return [value - bare for value in figures.values(f"pam {what} {place}", who)]


def authentication(figures):
    modules = sorted(figures.figures[f"pam later {ONE}"], reverse=True)
    rows = []
    for place in PLACES:
        rows.append([f"whole authentication, {place}", figures.cell(f"pam hash {place}", "crypt_r"),
                     *(figures.cell(f"pam later {place}", who) for who in modules)])
        for what, name in (("later", ""), ("first", ", first one of a process")):
            rows.append([f"beyond the hash{name}, {place}", "-",
                         *(cell(beyond_the_hash(figures, what, place, who)) for who in modules)])
    return "### Authentication: milliseconds, a new PAM handle for each, sha512crypt\n\n" + table(["", "crypt_r alone", *modules], rows)


def against_minimal(figures):
    for kind, name in NAMES.items():
        for size in SIZES:
            what = f"{kind} {size} {ONE}"
            ratio = figures.ratio(what, "sqlmap", "minimal")
            yield (f"{name}, {size:,} users", f"{MOST} times the floor",
                   f"{number(figures.median(what, 'sqlmap'))} ns, {ratio:.2f} times", f"{number(figures.median(what, 'minimal'))} ns",
                   ratio <= MOST)


def others(figures):
    """On one CPU, unless it is about several."""
    calls = max(figures.median(f"system calls {kind} {size}", "sqlmap") for kind in NAMES for size in SIZES)
    yield "system calls per hit or such a miss", "0", f"{calls:.0f} in 1,000", "-", calls == 0
    none, minimal, sqlmap = (figures.median(f"cold {ONE}", who) for who in ("none", "minimal", "sqlmap"))
    yield ("one look-up in a fresh process", "at most 165 us", f"{sqlmap - none:.0f} us", f"minimal module: {minimal - none:.0f} us",
           sqlmap - none <= 165)
    ours, floor = (figures.median("threads 2", who) / figures.median("threads 1", who) for who in ("sqlmap", "minimal"))
    yield "two threads", "at least 1.8 times one", f"{ours:.2f} times", f"minimal module: {floor:.2f} times", ours >= 1.8
    ours, floor = (figures.median(f"enumerate {FULL} {ONE}", who) * 1e6 / FULL for who in ("sqlmap", "minimal"))
    yield "enumeration per row", "at most 150 ns", f"{ours:.0f} ns", f"minimal module: {floor:.0f} ns", ours <= 150
    one, anywhere, bare = (figures.median(f"asking {place}", who) / 1e3 for place, who in ((ONE, "sqlmapd"), (ANY, "sqlmapd"), (ONE, "bare")))
    yield ("a miss that asks the daemon, database excluded", "at most 60 us", f"{one:.1f} us; any CPU: {anywhere:.1f} us",
           f"bare exchange: {bare:.1f} us", one <= 60)
    failures = sum(sum(figures.values(f"crowd {what} failures", "sqlmap")) for what in ("known", "new"))
    peak = max(figures.values("crowd new connections", "sqlmap"))
    yield ("1,000 processes at once against `max_connections=10`", f"0 failures, at most {POOL_SIZE} connections",
           f"{failures:.0f} failures, {peak - 1:.0f} connections", "-", failures == 0 and peak - 1 <= POOL_SIZE)
    seconds, floor = (figures.median("million seconds", who) for who in ("sqlmapd", "floor"))
    yield "1,000,000 users: read and publish", "at most 5 s", f"{number(seconds)} s", f"the SELECTs: {number(floor)} s", seconds <= 5
    peak, size = (figures.median("million memory", who) for who in ("peak", "file"))
    yield "... memory of sqlmapd meanwhile", "at most 2 times the file", f"{peak / size:.2f} times", f"the file: {size:.0f} MiB", peak <= 2 * size
    pause, idle = (figures.median("million pause", who) for who in ("sqlmap", "idle"))
    yield "... a reader's longest call meanwhile", "no pause", f"{number(pause)} us", f"no call at all: {number(idle)} us", pause <= idle + 1_000
    ms, bare = figures.median(f"pam later {ONE}", "pam_sqlmap"), figures.median(f"pam hash {ONE}", "crypt_r")
    yield "authentication beyond the hash", "at most 0.5 ms", f"{number(ms - bare)} ms", f"the hash: {number(bare)} ms", ms - bare <= 0.5


def parts(figures):
    targets = verdicts("sqlmapd and the snapshot against their targets (issue 3)", [*against_minimal(figures), *others(figures)])
    return [targets, conditions(figures, "with sqlmapd"),
            *(part(figures) for part in (in_memory, processes, throughput, questions, crowds, million, authentication))]
