"""nscd(8) in front of the module: what it asks it remembers for everybody."""

import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

import expected

SHOP = "shop.acme.example"
SOCKET = Path("/run/nscd/socket")
CONFIGURATION = """
paranoia no
enable-cache passwd yes
positive-time-to-live passwd 600
negative-time-to-live passwd 600
check-files passwd no
"""


@contextmanager
def nscd():
    SOCKET.parent.mkdir(parents=True, exist_ok=True)
    Path("/var/cache/nscd").mkdir(parents=True, exist_ok=True)
    configuration = Path("/etc/nscd.conf")
    configuration.write_text(CONFIGURATION)
    daemon = subprocess.Popen(["nscd", "--foreground", "--config-file", configuration], stderr=subprocess.DEVNULL)
    try:
        give_up = time.monotonic() + 30
        while not SOCKET.exists():
            assert daemon.poll() is None and time.monotonic() < give_up
            time.sleep(0.01)
        yield
    finally:
        daemon.terminate()
        daemon.wait(timeout=30)


def passwd(name):
    found = subprocess.run(["getent", "passwd", name], capture_output=True, text=True, timeout=60)
    return found.returncode, found.stdout.split(":")[:1]


def remembered_by_nscd():
    """How many look-ups in passwd nscd has answered or remembered for the next time."""
    statistics = subprocess.run(["nscd", "--statistics"], capture_output=True, text=True, check=True, timeout=60).stdout
    cache = statistics.split("passwd cache:")[1].split(" cache:")[0]
    return sum(int(line.split()[0]) for line in cache.splitlines() if "cache hits" in line or "cache misses" in line)


@pytest.mark.mode("direct")
def test_a_database_that_was_down_for_a_moment_is_not_ten_minutes_of_no_such_user(database):
    with nscd():
        with database.hung():
            assert passwd(SHOP) == (2, [""])
        give_up = time.monotonic() + 30
        while passwd(expected.NAME_OF_UID)[0] != 0:  # recovered
            assert time.monotonic() < give_up
        assert passwd(SHOP) == (0, [SHOP])
        assert remembered_by_nscd() > 0  # or this test says nothing


@pytest.mark.mode("daemon")
def test_a_hung_database_is_not_noticed(database):
    with nscd():
        with database.hung():
            assert passwd(SHOP) == (0, [SHOP])
        assert remembered_by_nscd() > 0
