"""A reboot: /run is empty, and the accounts are there before sqlmapd, and sqlmapd before the database.

Runs inside scripts/sandbox with Aegir's data and sqlmapd.
"""

import subprocess

import pytest

import daemon
from database import stopped
from hosts import FOUND, LOCAL, LOCAL_PASSWORD, ONE_SECOND, OTHER, PAM_SUCCESS, SITE, Host, Watch
from sandbox import wait_until

NOBODY = "nobody.example"


@pytest.fixture
def programs():
    """Started after the reboot: none is older."""
    hosts = []

    def make():
        hosts.append(Host())
        return hosts[-1]

    yield make
    for host in hosts:
        host.close()


def expect(host, name, answer):
    for fresh in ([], ["fresh"]):
        said, seconds = host.ask(*fresh, "user", name)
        assert (said, seconds <= ONE_SECOND) == (answer, True)


def everybody():
    return sorted(subprocess.run(["getent", "passwd"], capture_output=True, text=True).stdout.splitlines())


def shut_down():
    daemon.stop()
    for path in daemon.RUN.iterdir():
        path.unlink()
    daemon.RUN.rmdir()


def test_after_a_reboot_everybody_is_known_before_the_daemon_and_the_database_are_there(programs):
    users = everybody()
    with stopped():
        shut_down()
        first = programs()
        watch = Watch([SITE, OTHER, NOBODY, "root", LOCAL])
        expect(first, SITE, FOUND)
        expect(first, NOBODY, "absent")
        assert everybody() == users
        assert first.ask("login", SITE, "alice-pw")[0] != PAM_SUCCESS
        assert first.ask("login", LOCAL, LOCAL_PASSWORD)[0] == PAM_SUCCESS

        log = daemon.Log()
        daemon.start()
        assert daemon.generation() > 0  # it published what was left, without the database
        second = programs()
        for host in (first, second):
            expect(host, SITE, FOUND)
            expect(host, NOBODY, "absent")
            assert host.ask("login", SITE, "alice-pw")[0] != PAM_SUCCESS
        assert everybody() == users
        log.wait_for("reading the accounts", "/run/mysqld/mysqld.sock")
    for host in (first, second, programs()):
        expect(host, SITE, FOUND)
        assert host.ask("login", SITE, "alice-pw")[0] == PAM_SUCCESS
        assert host.ask("login", SITE, "wrong")[0] != PAM_SUCCESS
    wait_until(lambda: daemon.refresh().returncode == 0)
    assert everybody() == users
    for report in watch.end().values():
        assert all(len(answers) == 1 for answers in report["answers"].values()), report
        assert list(report["answers"][NOBODY]) == ["absent"]


def test_on_the_first_boot_ever_nobody_is_absent_before_the_database_has_spoken(programs):
    with stopped():
        shut_down()
        daemon.PERSISTENT.unlink()
        host = programs()
        for _ in range(2):
            for name in (SITE, NOBODY):
                for fresh in ([], ["fresh"]):
                    answer, seconds = host.ask(*fresh, "user", name)
                    assert (answer.split()[0], seconds <= ONE_SECOND) == ("unavailable", True)
            expect(host, "root", "found 0")
            if not daemon.RUN.exists():
                daemon.start()
    expect(host, SITE, FOUND)
    expect(host, NOBODY, "absent")
    wait_until(lambda: daemon.refresh().returncode == 0 and daemon.PERSISTENT.exists())
    expect(host, SITE, FOUND)
