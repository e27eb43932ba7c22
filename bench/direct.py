"""Direct mode: there is no daemon, and the asking process queries the database."""

import sys
import tempfile
from functools import partial
from pathlib import Path

import accounts
import peers
from sitting import FULL, PLACES, SIZES, say, take_turns

BATCHES = 21
CROWD = 200
THREAD_LOOKUPS = 4_000


class Floor:
    """The same queries as bare prepared statements."""

    def __init__(self, sitting):
        self.sitting = sitting

    def run(self, place, *arguments):
        return self.sitting.run(place, "prepared_floor", accounts.SOCKET, accounts.DATABASE, *accounts.IDENTITY, *arguments)

    def name(self, size, place):
        self.sitting.record(f"name {size} {place}", "floor", self.run(place, "hot", accounts.query("getpwnam"), size)[0])

    def enumerate(self, size, place):
        ms, rows = self.run(place, "list", accounts.query("getpwent"))
        if int(rows) != size:
            sys.exit(f"measure: the floor listed {rows} of {size} users")
        self.sitting.record(f"enumerate {size} {place}", "floor", ms)


def comparisons(sitting, size, services, pam_directory, pam_services):
    floor = Floor(sitting)
    for place in PLACES:
        yield [partial(floor.name, size, place),
               *(partial(sitting.look_up, "name", size, place, service, BATCHES) for service in services)]
        if size > SIZES[0]:
            yield [partial(floor.enumerate, size, place),
                   *(partial(sitting.enumerate, size, place, service) for service in services)]
    if size != FULL:
        return
    for kind in ("uid", "miss", "groups"):
        yield [partial(sitting.look_up, kind, FULL, "one CPU", service, BATCHES) for service in services]
    for count in (1, 8):
        yield [partial(sitting.threads, count, THREAD_LOOKUPS, service) for service in services]
    yield [partial(sitting.crowd, "crowd", CROWD, 1, FULL, service) for service in ("none", *services)]
    for place in PLACES:
        yield [partial(sitting.cold, place, services)]
        yield sitting.authentications(place, pam_directory, pam_services)


def measure(sitting, runs, services):
    accounts.make_groups()
    with tempfile.TemporaryDirectory() as directory:
        pam_services = peers.pam_services(Path(directory))
        present = 0
        for size in SIZES:
            accounts.add_users(present, size)
            present = size
            for run in range(runs):
                say(f"direct mode, {size:,} users, run {run + 1} of {runs}")
                take_turns(comparisons(sitting, size, services, directory, pam_services))
