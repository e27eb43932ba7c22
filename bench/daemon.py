"""With sqlmapd: look-ups in the snapshot, questions to the daemon, and logins through it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import accounts
import million
import peers
from sitting import FULL, PLACES, SIZES, say, take_turns

CONFIGURATION = Path("/etc/sqlmapd/sqlmapd.toml")
KINDS = ("name", "uid", "group", "gid", "groups", "miss")
LONG_KINDS = ("group", "gid")  # thousands of members: fewer of them take as long
BATCHES = {kind: 11 if kind in LONG_KINDS else 101 for kind in KINDS}
ASKING_BATCHES = 11
MINIMAL = ("minimal", "checked")  # bench/minimal_module.cc
NSCD_KINDS = ("name", "uid", "groups")
THREAD_LOOKUPS = 400_000
CROWD = 1_000
CONNECTIONS = 10  # that the server allows while a crowd asks
PATIENCE = 30


class Daemon:
    def __init__(self, sitting):
        self.sitting = sitting

    def configure(self, version):
        """With or without the query `version`, with which sqlmapd knows each second that nothing has changed."""
        line = 'version = "SELECT 1 AS version"' if version else '#version = ""'
        text, count = re.subn(r"^#?version = .*$", line, CONFIGURATION.read_text(encoding="utf-8"), flags=re.MULTILINE)
        if count != 1:
            sys.exit("measure: sqlmapd.toml has no line for the query `version`")
        CONFIGURATION.write_text(text, encoding="utf-8")
        os.kill(int(Path("/run/sqlmapd.pid").read_text(encoding="ascii")), signal.SIGHUP)
        self.await_misses(version)

    def await_misses(self, final):
        """Until a miss in the snapshot is the last word, or is not."""
        end = time.monotonic() + PATIENCE
        while (self.system_calls("miss") == 0) != final:
            if time.monotonic() > end:
                sys.exit(f"measure: a miss still is {'not ' if final else ''}the last word")
            time.sleep(0.2)

    def publish(self):
        subprocess.run(["sqlmapctl", "refresh", "--wait"], check=True, stdout=subprocess.DEVNULL)

    def system_calls(self, kind):
        """Of a thousand look-ups in one process."""
        with tempfile.NamedTemporaryFile("r", encoding="ascii", errors="replace") as trace:
            subprocess.run(["strace", "-o", trace.name, self.sitting.programs / "nss_lookup", "sqlmap", "trace", kind, str(SIZES[0])],
                           check=True)
            _, between, _ = trace.read().split("getppid()")
        return between.count("\n") - 1

    def record_system_calls(self, size):
        for kind in KINDS:
            self.sitting.record(f"system calls {kind} {size}", "sqlmap", self.system_calls(kind))


def install_minimal(programs):
    for service in MINIMAL:
        shutil.copy(programs / f"libnss_{service}.so.2", peers.LIBRARIES)
    subprocess.run(["ldconfig"], check=True)


def give_to_minimal():
    shutil.copy(accounts.newest_snapshot(), "/run/minimal-snapshot")


def in_memory(sitting, size, nscd):
    for kind in KINDS:
        services = ["sqlmap", *MINIMAL, *(["-"] if nscd and kind in NSCD_KINDS else [])]
        yield [partial(sitting.look_up, kind, size, "one CPU", service, BATCHES[kind]) for service in services]


def in_passing(sitting, pam_directory, pam_services):
    yield [partial(sitting.enumerate, FULL, "one CPU", service) for service in ("sqlmap", "minimal")]
    yield [partial(sitting.threads, count, THREAD_LOOKUPS, service) for count in (1, 2) for service in ("sqlmap", "minimal")]
    for place in PLACES:
        yield [partial(sitting.cold, place, ("sqlmap", "minimal"))]
        yield sitting.authentications(place, pam_directory, pam_services)


def ask(sitting, place):
    """A miss, which is in sqlmapd's cache when it is measured."""
    ns = sitting.run(place, "nss_lookup", "sqlmap", "miss", FULL, ASKING_BATCHES)[0]
    sitting.record(f"asking {place}", "sqlmapd", ns)


def exchange(sitting, place):
    bare, look_up = sitting.run(place, "wire_round_trip")
    sitting.record(f"asking {place}", "bare", 1e3 * float(bare))
    sitting.record(f"asking {place}", "client", 1e3 * float(look_up))


def crowds(sitting, present):
    """Processes that all ask at once: for users that are published, and for users that the database has had for a moment."""
    sitting.crowd("crowd known", CROWD, 1, FULL, "sqlmap")
    sitting.crowd("crowd known", CROWD, 1, FULL, "none")
    accounts.add_users(present, present + CROWD)
    sitting.crowd("crowd new", CROWD, present + 1, CROWD, "sqlmap")
    return present + CROWD


def measure(sitting, runs, _services):
    daemon = Daemon(sitting)
    install_minimal(sitting.programs)
    nscd = peers.start_nscd()
    accounts.make_groups()
    present = 0
    with tempfile.TemporaryDirectory() as directory:
        pam_services = peers.pam_services(Path(directory))
        daemon.configure(version=True)
        for size in SIZES:
            accounts.add_users(present, size)
            present = size
            daemon.publish()
            give_to_minimal()
            daemon.await_misses(final=True)
            peers.forget_in_nscd(nscd)
            for run in range(runs):
                say(f"sqlmapd, {size:,} users, run {run + 1} of {runs}")
                take_turns(in_memory(sitting, size, nscd))
                if size == FULL:
                    take_turns(in_passing(sitting, directory, pam_services))
            daemon.record_system_calls(size)
        daemon.configure(version=False)
        accounts.limit_connections(CONNECTIONS)
        for run in range(runs):
            say(f"questions to sqlmapd, run {run + 1} of {runs}")
            take_turns([[partial(step, sitting, place) for step in (ask, exchange)] for place in PLACES])
            present = crowds(sitting, present)
        peers.stop_nscd(nscd)
        daemon.configure(version=True)
    million.measure(sitting, daemon, present, runs)
