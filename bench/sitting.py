"""One sitting: runs the benchmark programs in turns, each on the CPUs that it is given, and keeps their figures."""

import os
import platform
import random
import subprocess
import sys
from collections import defaultdict
from datetime import date
from functools import partial
from pathlib import Path
from statistics import median

import accounts

SIZES = (1_000, 10_000, 100_000)
FULL = SIZES[-1]
CPUS = sorted(os.sched_getaffinity(0))
PLACES = {"one CPU": {CPUS[0]}, "any CPU": set(CPUS)}

NAME = "user0000777"
SPAWN_ROUNDS = 100
AUTHENTICATIONS = 10  # in one process, after its first one
PAM_PROCESSES = 9


class Sitting:
    def __init__(self, programs):
        self.programs = programs
        self.figures = defaultdict(lambda: defaultdict(list))  # [what][who] = one value for each run
        self.place = None

    def go_to(self, place):
        """This process, those that it starts, and the servers; as taskset(1) does it."""
        if place != self.place:
            accounts.put_servers_on(PLACES[place])
            os.sched_setaffinity(0, PLACES[place])
            self.place = place

    def start(self, place, program, *arguments, **options):
        self.go_to(place)
        return subprocess.Popen([self.programs / program, *map(str, arguments)], stdout=subprocess.PIPE, text=True, **options)

    @staticmethod
    def result(process):
        output, _ = process.communicate()
        if process.returncode != 0:
            sys.exit(f"measure: {' '.join(map(str, process.args[:4]))}... failed")
        return output.split()

    def run(self, place, program, *arguments):
        return self.result(self.start(place, program, *arguments))

    def record(self, what, who, value):
        self.figures[what][who].append(float(value))

    def look_up(self, kind, size, place, service, batches):
        self.record(f"{kind} {size} {place}", service, self.run(place, "nss_lookup", service, kind, size, batches)[0])

    def enumerate(self, size, place, service):
        ms, rows, kib = self.run(place, "nss_lookup", service, "enumerate")
        if int(rows) != size:
            sys.exit(f"measure: {service} listed {rows} of {size} users")
        self.record(f"enumerate {size} {place}", service, ms)
        self.record(f"enumerate memory {size}", service, kib)

    def threads(self, count, each, service):
        per_second = self.run("any CPU", "nss_lookup", service, "threads", FULL, count, each)[0]
        self.record(f"threads {count}", service, per_second)

    def cold(self, place, services):
        """Here spawn itself takes turns."""
        answer = self.run(place, "spawn", "rounds", SPAWN_ROUNDS, NAME, "none", *services)
        for service, us in zip(answer[::2], answer[1::2]):
            self.record(f"cold {place}", service, us)

    def crowd(self, what, processes, first, count, service):
        accounts.forget_peak_connections()
        ms, failures = self.run("any CPU", "spawn", "crowd", processes, first, count, service)
        self.record(f"{what} ms", service, ms)
        self.record(f"{what} failures", service, failures)
        self.record(f"{what} connections", service, accounts.peak_connections())

    def authenticate(self, place, directory, service):
        answers = [self.run(place, "pam_auth", directory, service, NAME, accounts.PASSWORD, AUTHENTICATIONS)
                   for _ in range(PAM_PROCESSES)]
        for what, values in zip(("first", "later"), zip(*answers)):
            self.record(f"pam {what} {place}", service, median(map(float, values)))

    def bare_hash(self, place):
        ms = self.run(place, "bare_hash", accounts.HASH, accounts.PASSWORD, AUTHENTICATIONS * PAM_PROCESSES)[0]
        self.record(f"pam hash {place}", "crypt_r", ms)

    def authentications(self, place, directory, services):
        return [partial(self.bare_hash, place), *(partial(self.authenticate, place, directory, service) for service in services)]


def take_turns(comparisons):
    """Each is a list of measurements that are to be compared: they run one after the other, in random order, so that a slow
    minute of the machine meets all of them."""
    comparisons = list(comparisons)
    random.shuffle(comparisons)
    for comparison in comparisons:
        comparison = list(comparison)
        random.shuffle(comparison)
        for measurement in comparison:
            measurement()


def say(text):
    print(text, file=sys.stderr, flush=True)


def machine():
    system = platform.freedesktop_os_release()
    about = Path("/proc/cpuinfo").read_text(encoding="ascii")
    model = next((line.partition(":")[2].strip() for line in about.splitlines() if line.startswith("model name")), platform.machine())
    kind = "VM" if " hypervisor" in about else "machine"
    return f"{len(CPUS)}-core {system['ID'].title()} {system['VERSION_ID']} {kind} ({model})"


def facts(runs, services):
    return {
        "date": date.today().isoformat(),
        "runs": runs,
        "services": services,
        "machine": machine(),
        "kernel": platform.release(),
        "mariadb": accounts.sql("SELECT VERSION()").strip(),
        "glibc": platform.libc_ver()[1],
        "load": os.getloadavg()[0],
    }
