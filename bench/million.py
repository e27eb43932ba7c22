"""A million users: how long it takes to read and publish them, what memory that needs, and what a reader notices of it."""

import os
import subprocess
import threading
import time
from pathlib import Path

import accounts
from sitting import say

MILLION = 1_000_000
MIB = 1024 * 1024


def private_bytes(pid):
    """What a process has in memory of its own, or its share of it; files in memory are counted by themselves."""
    total = 0
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        name, _, value = line.partition(":")
        if name in ("Pss_Anon", "Pss_File"):
            total += int(value.split()[0]) * 1024
    return total


def files_in_memory(pid):
    """{inode: bytes} of the nameless files in memory (memfd_create) that a process has open."""
    found = {}
    for entry in os.scandir(f"/proc/{pid}/fd"):
        if os.readlink(entry.path).startswith("/memfd:"):
            status = os.stat(entry.path)
            found[status.st_ino] = status.st_blocks * 512
    return found


def memory_of_daemon():
    files = {}
    total = 0
    for pid in accounts.processes_of("/run/sqlmapd.pid"):
        try:
            total += private_bytes(pid)
            files |= files_in_memory(pid)
        except (FileNotFoundError, ProcessLookupError):  # the publisher has just ended
            pass
    return total + sum(files.values())


class Peak:
    """The largest sum over sqlmapd's processes, seen every few milliseconds."""

    def __enter__(self):
        self.bytes = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def watch(self):
        while not self.over.wait(0.01):
            self.bytes = max(self.bytes, memory_of_daemon())

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def publish_a_change(number):
    """Seconds from the request until the change is published."""
    accounts.sql(f"UPDATE sqlmap_users SET gecos = 'Change {number}' WHERE uid = 100001")
    begin = time.monotonic()
    subprocess.run(["sqlmapctl", "refresh", "--wait"], check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - begin


def floor_seconds(sitting):
    """The two queries that sqlmapd makes, as bare statements whose rows nobody looks at."""
    where = (accounts.SOCKET, accounts.DATABASE, *accounts.IDENTITY)
    return sum(float(sitting.run("any CPU", "prepared_floor", *where, "list", accounts.query(query))[0])
               for query in ("getpwent", "getgrent")) / 1e3


def watch_a_reader(sitting, number):
    reader = sitting.start("any CPU", "nss_lookup", "sqlmap", "pause", MILLION, stdin=subprocess.PIPE)
    time.sleep(1)
    publish_a_change(number)
    time.sleep(0.2)
    return sitting.result(reader)


def measure(sitting, daemon, present, runs):
    say("making a million users")
    accounts.add_users(present, MILLION, memberships=0)
    daemon.publish()
    for run in range(runs):
        say(f"sqlmapd, {MILLION:,} users, run {run + 1} of {runs}")
        sitting.go_to("any CPU")
        before = memory_of_daemon()
        with Peak() as peak:
            seconds = publish_a_change(2 * run)
        size = accounts.newest_snapshot().stat().st_size
        sitting.record("million seconds", "sqlmapd", seconds)
        sitting.record("million seconds", "floor", floor_seconds(sitting))
        sitting.record("million memory", "before", before / MIB)
        sitting.record("million memory", "peak", peak.bytes / MIB)
        sitting.record("million memory", "file", size / MIB)
        longest, idle = watch_a_reader(sitting, 2 * run + 1)
        sitting.record("million pause", "sqlmap", longest)
        sitting.record("million pause", "idle", idle)
