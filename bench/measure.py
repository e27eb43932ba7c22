"""One sitting, inside the sandbox: runs every benchmark program with every module, in random order, and writes the figures.

measure.py --programs DIRECTORY --output FILE [--runs N] [--peer-nss NAME=FILE]...

What is compared runs one after the other in each run, in random order, so that a slow minute of the machine meets all of it.
"""

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
from collections import defaultdict
from functools import partial
from pathlib import Path
from statistics import median

sys.dont_write_bytecode = True

import accounts  # noqa: E402
import peers  # noqa: E402

SIZES = (1_000, 10_000, 100_000)
FULL = SIZES[-1]
CPUS = sorted(os.sched_getaffinity(0))
PLACES = {"one CPU": {CPUS[0]}, "any CPU": set(CPUS)}

SPAWN_ROUNDS = 100
CROWD = 200
AUTHENTICATIONS = 10  # in one process, after its first one
PAM_PROCESSES = 9


class Sitting:
    def __init__(self, programs):
        self.programs = programs
        self.figures = defaultdict(lambda: defaultdict(list))  # [what][who] = one value for each run
        self.place = None

    def go_to(self, place):
        if place != self.place:
            accounts.put_server_on(PLACES[place])
            os.sched_setaffinity(0, PLACES[place])
            self.place = place

    def run(self, place, program, *arguments):
        self.go_to(place)
        command = [self.programs / program, *map(str, arguments)]
        result = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if result.returncode != 0:
            sys.exit(f"measure: {program} {' '.join(map(str, arguments[:2]))}... failed")
        return result.stdout.split()

    def record(self, what, who, value):
        self.figures[what][who].append(float(value))

    def hot(self, mode, size, place, service):
        self.record(f"{mode} {size} {place}", service, self.run(place, "nss_lookup", service, mode, size)[0])

    def hot_floor(self, size, place):
        ns = self.floor(place, "hot", accounts.query("getpwnam"), size)[0]
        self.record(f"hot {size} {place}", "floor", ns)

    def floor(self, place, *arguments):
        return self.run(place, "prepared_floor", accounts.SOCKET, accounts.DATABASE, *accounts.IDENTITY, *arguments)

    def enumerate(self, size, place, service):
        ms, rows, kib = self.run(place, "nss_lookup", service, "enumerate")
        self.expect_rows(service, rows, size)
        self.record(f"enumerate {size} {place}", service, ms)
        self.record(f"enumerate memory {size}", service, kib)

    def enumerate_floor(self, size, place):
        ms, rows = self.floor(place, "list", accounts.query("getpwent"))
        self.expect_rows("the floor", rows, size)
        self.record(f"enumerate {size} {place}", "floor", ms)

    @staticmethod
    def expect_rows(who, rows, size):
        if int(rows) != size:
            sys.exit(f"measure: {who} listed {rows} of {size} users")

    def cold(self, place, services):
        """Here spawn itself takes turns."""
        answer = self.run(place, "spawn", "rounds", SPAWN_ROUNDS, "user000777", "none", *services)
        for service, us in zip(answer[::2], answer[1::2]):
            self.record(f"cold {place}", service, us)

    def crowd(self, service):
        accounts.forget_peak_connections()
        ms, failures = self.run("any CPU", "spawn", "crowd", CROWD, FULL, service)
        self.record("crowd ms", service, ms)
        self.record("crowd failures", service, failures)
        self.record("crowd connections", service, accounts.peak_connections())

    def threads(self, count, service):
        per_second = self.run("any CPU", "nss_lookup", service, "threads", FULL, count)[0]
        self.record(f"threads {count}", service, per_second)

    def authenticate(self, place, directory, service):
        answers = [self.run(place, "pam_auth", directory, service, "user000777", accounts.PASSWORD, AUTHENTICATIONS)
                   for _ in range(PAM_PROCESSES)]
        for what, values in zip(("first", "later"), zip(*answers)):
            self.record(f"pam {what} {place}", service, median(map(float, values)))

    def bare_hash(self, place):
        ms = self.run(place, "bare_hash", accounts.HASH, accounts.PASSWORD, AUTHENTICATIONS * PAM_PROCESSES)[0]
        self.record(f"pam hash {place}", "crypt_r", ms)

    def comparisons(self, size, services, pam_directory, pam_services):
        """Lists of measurements that are to be compared with each other."""
        for place in PLACES:
            yield [partial(self.hot_floor, size, place), *(partial(self.hot, "hot", size, place, service) for service in services)]
            if size > SIZES[0]:
                yield [partial(self.enumerate_floor, size, place),
                       *(partial(self.enumerate, size, place, service) for service in services)]
        if size == FULL:
            yield from self.full_comparisons(services, pam_directory, pam_services)

    def full_comparisons(self, services, pam_directory, pam_services):
        for mode in ("uid", "miss", "groups"):
            yield [partial(self.hot, mode, FULL, "one CPU", service) for service in services]
        for count in (1, 8):
            yield [partial(self.threads, count, service) for service in services]
        yield [partial(self.crowd, service) for service in ("none", *services)]
        for place in PLACES:
            yield [partial(self.cold, place, services)]
            yield [partial(self.bare_hash, place),
                   *(partial(self.authenticate, place, pam_directory, service) for service in pam_services)]

    def take_turns(self, comparisons):
        random.shuffle(comparisons)
        for comparison in comparisons:
            random.shuffle(comparison)
            for measurement in comparison:
                measurement()


def machine():
    system = platform.freedesktop_os_release()
    kind = "VM" if " hypervisor" in Path("/proc/cpuinfo").read_text(encoding="ascii") else "machine"
    return f"{len(CPUS)}-core {system['ID'].title()} {system['VERSION_ID']} {kind}"


def facts(runs, services):
    return {
        "runs": runs,
        "services": services,
        "machine": machine(),
        "mariadb": accounts.sql("SELECT VERSION()").strip(),
        "glibc": platform.libc_ver()[1],
        "load": os.getloadavg()[0],
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--peer-nss", action="append", default=[])
    options = parser.parse_args()
    services = ["sqlmap"]
    for peer in options.peer_nss:
        name, _, module = peer.partition("=")
        peers.install_nss(name, module)
        services.append(name)
    sitting = Sitting(options.programs)
    known = facts(options.runs, services)
    accounts.make_groups()
    with tempfile.TemporaryDirectory() as directory:
        pam_services = peers.pam_services(Path(directory))
        present = 0
        for size in SIZES:
            accounts.add_users(present, size)
            present = size
            comparisons = list(sitting.comparisons(size, services, directory, pam_services))
            for run in range(options.runs):
                print(f"{size:,} users, run {run + 1} of {options.runs}", file=sys.stderr, flush=True)
                sitting.take_turns(comparisons)
    options.output.write_text(json.dumps({"facts": known, "figures": sitting.figures}, indent=1), encoding="ascii")


if __name__ == "__main__":
    main()
