"""The clock on the wall set forward and back by years, under sqlmapd and under the programs that ask.

Whatever times a look-up counts CLOCK_MONOTONIC. The wall clock is in two numbers for people (when a snapshot was made, since when
the database is away), and in the ageing of passwords, where it belongs.

Runs inside scripts/sandbox with Aegir's data and sqlmapd; SQLMAP_WALL_CLOCK is the path of what moved_clock.cc becomes.
"""

import os
import struct
from pathlib import Path

import pytest

import daemon
from database import stopped
from hosts import FOUND, ONE_SECOND, PAM_SUCCESS, SITE, Host
from sandbox import sql, wait_until

NOBODY = "nobody.example"
WALL = Path("/etc/sqlmap-moved-clock")
TEN_YEARS = 10 * 365
FAKED = os.environ | {"LD_PRELOAD": os.environ["SQLMAP_WALL_CLOCK"]}


def set_wall_clock(days):
    with WALL.open("r+b" if WALL.exists() else "wb", buffering=0) as file:  # the same file: it is mapped
        file.write(struct.pack("<q", days * 86400))


@pytest.fixture
def faked():
    """The daemon and a program, whose wall clock is right as yet."""
    set_wall_clock(0)
    daemon.restart(FAKED)
    host = Host(FAKED)
    assert host.ask("user", SITE)[0] == FOUND
    yield host
    host.close()
    daemon.restart()


def created():
    """When the published snapshot was made, in days since 1970: doc/snapshot-format.md."""
    return struct.unpack_from("<Q", daemon.snapshot().read_bytes(), 32)[0] // 86400


def heartbeat():
    """In seconds of CLOCK_MONOTONIC: doc/snapshot-format.md."""
    return struct.unpack_from("<q", daemon.CONTROL.read_bytes(), 24)[0]


def expect_all_well(host):
    for fresh in ([], ["fresh"]):
        for name, right in ((SITE, FOUND), (NOBODY, "absent")):
            answer, seconds = host.ask(*fresh, "user", name)
            assert (answer, seconds <= ONE_SECOND) == (right, True)
        assert host.ask(*fresh, "login", SITE, "alice-pw")[0] == PAM_SUCCESS
        assert host.ask(*fresh, "login", SITE, "wrong")[0] != PAM_SUCCESS


@pytest.mark.parametrize("days", [TEN_YEARS, -TEN_YEARS])
def test_a_clock_that_jumps_changes_no_answer_and_stops_no_refresh(faked, days):
    today = created()
    log, child = daemon.Log(), daemon.child()
    set_wall_clock(days)
    expect_all_well(faked)
    sql("UPDATE hosting_platform SET publish_path = CONCAT(publish_path, 'x')")
    try:
        assert daemon.refresh().returncode == 0
        # The clock is really another one over there.
        assert abs(created() - today - days) <= 1
        for fresh in ([], ["fresh"]):
            assert "x/sites/" in faked.ask(*fresh, "entry", SITE)[0]
        beats = heartbeat()
        wait_until(lambda: heartbeat() >= beats + 3)
        expect_all_well(faked)
        set_wall_clock(0)
        expect_all_well(faked)
    finally:
        sql("UPDATE hosting_platform SET publish_path = SUBSTR(publish_path, 1, CHAR_LENGTH(publish_path) - 1)")
    assert daemon.refresh().returncode == 0
    assert daemon.child() == child, log.text()


@pytest.mark.parametrize("days", [TEN_YEARS, -TEN_YEARS])
def test_a_clock_that_jumps_while_the_database_is_down_ends_nothing_that_is_remembered(faked, days):
    log = daemon.Log()
    with stopped():
        set_wall_clock(days)
        for fresh in ([], ["fresh"]):
            for name, right in ((SITE, FOUND), (NOBODY, "absent")):
                answer, seconds = faked.ask(*fresh, "user", name)
                assert (answer, seconds <= ONE_SECOND) == (right, True)
            assert faked.ask(*fresh, "login", SITE, "alice-pw")[0] != PAM_SUCCESS
    set_wall_clock(0)
    wait_until(lambda: daemon.refresh().returncode == 0)
    expect_all_well(faked)
    assert "the child" not in log.text()


@pytest.mark.parametrize("days", [TEN_YEARS, -TEN_YEARS])
def test_a_daemon_that_starts_with_a_wrong_clock_publishes_and_answers(faked, days):
    set_wall_clock(days)
    daemon.restart(FAKED)
    expect_all_well(faked)
    set_wall_clock(0)
    expect_all_well(faked)
