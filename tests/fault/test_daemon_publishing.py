"""sqlmapd killed at any point while it publishes: readers see the accounts of before or of after, never none and no mixture.

Runs inside scripts/sandbox with sql/views/accounts.sql and sqlmapd.
"""

import os
import random
import signal
import subprocess
import time

import accounts
import daemon
from hosts import ONE_SECOND, Watch
from sandbox import wait_until

USERS = 2000
KILLS = 300


def seconds_of_a_refresh():
    began = time.monotonic()
    assert daemon.refresh().returncode == 0
    return time.monotonic() - began


def kill_something(turn, window):
    """After a random time: all of the daemon, its child, or whoever is publishing."""
    time.sleep(random.uniform(0, window))  # what is random here is the point at which it dies
    if turn % 3 == 0:
        daemon.kill()
        return "parent"
    child = daemon.child()
    publishers = [pid for pid in daemon.children() if pid != child]
    victim = (publishers or [child])[0] if turn % 3 == 1 else child
    if victim is not None:
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            pass
    return "publisher" if victim in publishers else "child"


def test_killed_anywhere_it_leaves_the_old_accounts_or_the_new_ones():
    random.seed(20261121)
    accounts.make(USERS)
    daemon.refresh("--force")
    accounts.change(1)
    window = seconds_of_a_refresh() * 1.2
    names = [f"site{number}" for number in (0, 1, USERS // 2, USERS - 1)]
    watch = Watch([*names, "nobody.example", "root"])
    killed = {"parent": 0, "child": 0, "publisher": 0}
    for turn in range(KILLS):
        accounts.change(turn + 2)
        asked = subprocess.Popen(["sqlmapctl", "refresh", "--wait"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        killed[kill_something(turn, window)] += 1
        # After a child's second death its parent would wait before the next one: a new parent has no such memory.
        if turn % 3 == 2:
            daemon.kill()
        if turn % 3 != 1:
            daemon.start(wait=False)
        asked.wait(timeout=20)
    wait_until(lambda: daemon.refresh().returncode == 0)
    seen = watch.end()
    last = KILLS + 1
    for which, report in seen.items():
        for number, name in zip((0, 1, USERS // 2, USERS - 1), names):
            answers = report["answers"][name]
            editions = {answer: accounts.edition(answer) for answer in answers}
            assert None not in editions.values(), f"{which} {name}: {editions}"
            assert all(answer == accounts.entry(accounts.FIRST_UID + number, edition) for answer, edition in editions.items())
            assert len(editions) > KILLS / 10, f"{which} {name} saw too few editions to prove anything: {len(editions)}"
        assert list(report["answers"]["nobody.example"]) == ["absent"]
        assert report["back"] == []
        assert report["slowest"] <= ONE_SECOND
    assert killed["parent"] >= KILLS / 3 - 1
    assert killed["publisher"] > 0
    assert subprocess.run(["getent", "passwd", "site0"], capture_output=True, text=True).stdout.count(f"edition {last}:") == 1
    left = sorted(path.name for path in daemon.RUN.iterdir())
    assert [name for name in left if name.startswith(".")] == []
    assert len([name for name in left if name.startswith("snapshot.")]) <= 2
