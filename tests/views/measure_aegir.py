#!/usr/bin/python3
"""Prints the table of doc/aegir.md: the median time of each query over 1,000, 10,000 and 100,000 sites.

measure_aegir.py [aegir3-d7 | aegir1-d6]
"""

import datetime
import os
import statistics
import sys

import aegir
import mariadb_server

SIZES = [1000, 10000, 100000]
RUNS = 11
SITE = "site777.client156.example"
INDEX = aegir.documented(r"ALTER TABLE hosting_client_user [^;`]*;")
# what, query, parameter, executions in one run at 1,000 sites and at more
LOOKUPS = [
    ("round trip alone: `SELECT ?`", "SELECT ?", SITE, 500, 500),
    ("getpwnam", aegir.GETPWNAM, SITE, 500, 500),
    ("getpwnam, no such name", aegir.GETPWNAM, "nobody.example", 500, 500),
    ("getspnam", aegir.GETSPNAM, SITE, 500, 500),
    ("gidsbymem", aegir.GIDSBYMEM, SITE, 500, 500),
    ("getgrnam", aegir.GETGRNAM, "aegir", 500, 500),
    ("auth, Aegir's own indices", aegir.AUTH, SITE, 500, 20),
    ("auth, with the index on client", aegir.AUTH, SITE, 500, 500),
    ("getpwuid, built-in query", aegir.GETPWUID, 10000, 20, 1),
    ("getpwuid, `nss_getpwuid`", aegir.GETPWUID_OWNER, 10000, 500, 500),
    ("getpwent, the whole list", aegir.GETPWENT, None, 20, 1),
]


def run_times(root, database, query, value, executions):
    """Milliseconds of one execution, for each run: the client's round trip is in them."""
    values = [] if value is None else [value]
    execute = f"{mariadb_server.execute(*values)};\n"
    clock = "SELECT 'clock', SYSDATE(6);\n"
    script = ";\n".join(mariadb_server.prepare(query, *values)) + ";\n" + execute
    script += (clock + execute * executions) * RUNS + clock
    fields = (line.split("\t") for line in root.run(database, script).split("\n") if line.startswith("clock\t"))
    times = [datetime.datetime.fromisoformat(row[1]) for row in fields if row[1][0].isdigit()]
    return [(end - start).total_seconds() * 1000 / executions for start, end in zip(times, times[1:])]


def measure(root, generation):
    """Returns {what: [median at each size]}."""
    medians = {what: [] for what, *_ in LOOKUPS}
    for sites in SIZES:
        database = f"sites{sites}"
        root.run("", f"CREATE DATABASE {database}")
        root.run(database, aegir.sample(generation))
        root.run(database, f"SET @sites = {sites};\n{aegir.GENERATOR}")
        root.run(database, aegir.VIEWS)
        for what, query, value, at_few, at_many in LOOKUPS:
            if "with the index" in what:
                root.run(database, INDEX)
            executions = at_few if sites == SIZES[0] else at_many
            medians[what].append(statistics.median(run_times(root, database, query, value, executions)))
        root.run("", f"DROP DATABASE {database}")
    return medians


def main():
    """Measures and prints. Client and server share one core: where the scheduler puts them would be half of the result."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    server = mariadb_server.Server()
    try:
        medians = measure(server.root, sys.argv[1] if len(sys.argv) > 1 else aegir.GENERATIONS[-1])
    finally:
        server.stop()
    print("| query, milliseconds | " + " | ".join(f"{sites:,} sites" for sites in SIZES) + " |")
    print("|---|" + "---|" * len(SIZES))
    for what, row in medians.items():
        print(f"| {what} | " + " | ".join(f"{ms:.2f}" if ms < 10 else f"{ms:.0f}" for ms in row) + " |")


if __name__ == "__main__":
    main()
