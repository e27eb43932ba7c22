"""sqlmapd while its database is stopped, hung, killed, full, slow, talking garbage, or lacks a view or a column.

Whoever is published goes on being who they are, for a day and over a restart; nobody is let in; and it is over with the fault.

Runs inside scripts/sandbox with Aegir's data and sqlmapd.
"""

import struct
import subprocess
import time

import pytest

import daemon
from database import FAULTS, NEW_CONNECTIONS_ONLY, restore_views, slow_view, stopped
from hosts import FOUND, LOCAL, LOCAL_PASSWORD, ONE_SECOND, OTHER, PAM_SUCCESS, SITE, Watch
from sandbox import sql, wait_until

NOBODY = "nobody.example"
# A login may take as long as the query and, if it is refused, a quarter of a second more.
LOGIN_SECONDS = 1.25

# What the log says of each fault; the refresh that is asked for meets it if it opens a connection or reads the view.
SAID = {
    "stopped": ("/run/mysqld/mysqld.sock",),
    "hung": ("/run/mysqld/mysqld.sock",),
    "hung_and_then_dead": ("/run/mysqld/mysqld.sock",),
    "without_a_view": ("getpwent", "nss_getpwnam"),
    "without_a_column": ("getpwent", "nss_getpwnam"),
}
# Between the daemon and the database all is well, or it takes the query for a long one.
NOT_NOTICED = (*NEW_CONNECTIONS_ONLY, slow_view)


@pytest.fixture(params=FAULTS)
def fault(request):
    return FAULTS[request.param]


@pytest.fixture(autouse=True)
def all_is_well_before():
    # A read that slow_view holds up would hold up the next one, too.
    wait_until(lambda: daemon.refresh().returncode == 0)


def everybody():
    return subprocess.run(["getent", "passwd"], capture_output=True, text=True).stdout.splitlines()


def test_published_accounts_do_not_notice(fault, old_host):
    users = everybody()
    log = daemon.Log()
    watch = Watch([SITE, OTHER, NOBODY, "root", LOCAL])
    with fault():
        subprocess.run(["sqlmapctl", "refresh"], check=True, capture_output=True)
        for question in (["user", SITE], ["fresh", "user", SITE], ["user", OTHER], ["fresh", "user", OTHER]):
            answer, seconds = old_host.ask(*question)
            assert (answer, seconds <= ONE_SECOND) == (FOUND, True)
        for question in (["user", NOBODY], ["fresh", "user", NOBODY]):
            answer, seconds = old_host.ask(*question)
            assert (answer, seconds <= ONE_SECOND) == ("absent", True)
        assert everybody() == users
        if fault not in NOT_NOTICED:
            log.wait_for("reading the accounts", *SAID[fault.__name__])
    for report in watch.end().values():
        assert all(len(answers) == 1 for answers in report["answers"].values()), report
        assert list(report["answers"][NOBODY]) == ["absent"]
        assert all(next(iter(report["answers"][name])).startswith(FOUND) for name in (SITE, OTHER))


def test_a_new_account_is_found_by_the_first_call_after(fault, old_host):
    with fault():
        for question in (["user", NOBODY], ["fresh", "user", NOBODY]):
            assert old_host.ask(*question)[0] == "absent"
        assert old_host.ask("user", "lateron.example")[0] == "absent"
    before = "CREATE OR REPLACE VIEW nss_getpwnam AS "
    definition = sql("SELECT view_definition FROM information_schema.views "
                     "WHERE table_schema = 'accounts' AND table_name = 'nss_getpwnam'")
    sql(before + definition.replace("\\'", "'").replace("\\\\", "\\") +
        " UNION ALL SELECT 'later.example', 'x', 10000, 10000, '', '/srv', '/bin/false', 1, '', NULL")
    try:
        for question in (["user", "later.example"], ["fresh", "user", "later.example"]):
            answer, seconds = old_host.ask(*question)
            assert (answer, seconds <= ONE_SECOND) == (FOUND, True)
    finally:
        restore_views()


@pytest.mark.parametrize("fault", [fault for name, fault in FAULTS.items() if name not in ("slow_view", "without_a_view")])
def test_nobody_is_let_in_meanwhile_and_the_owner_is_right_after(fault, old_host):
    with fault():
        for fresh in ([], ["fresh"]):
            answer, seconds = old_host.ask(*fresh, "login", SITE, "wrong")
            assert answer != PAM_SUCCESS
            assert seconds <= LOGIN_SECONDS
            answer, seconds = old_host.ask(*fresh, "login", SITE, "alice-pw")
            # The daemon keeps its connections: over them the database goes on saying who is right.
            assert answer != PAM_SUCCESS or fault in NEW_CONNECTIONS_ONLY
            assert seconds <= LOGIN_SECONDS
            assert old_host.ask(*fresh, "login", LOCAL, LOCAL_PASSWORD)[0] == PAM_SUCCESS
            assert old_host.ask(*fresh, "login", LOCAL, "alice-pw")[0] != PAM_SUCCESS
        assert subprocess.run(["su", "root", "-c", "true"]).returncode == 0
    for fresh in ([], ["fresh"]):
        assert old_host.ask(*fresh, "login", SITE, "alice-pw")[0] == PAM_SUCCESS
        assert old_host.ask(*fresh, "login", SITE, "wrong")[0] != PAM_SUCCESS


def test_a_database_that_is_gone_for_long_costs_no_published_account(old_host):
    """All that is remembered for a time is short-lived here, so that its end is seen: the snapshot has none."""
    with daemon.configured(snapshot={"refresh_seconds": 1}, cache={"found_seconds": 1, "absent_seconds": 1, "stale_seconds": 1}):
        users = everybody()
        log = daemon.Log()
        with stopped():
            # Long after the last good read: twice the times above, as the control page's own clock has it.
            wait_until(lambda: log.text().count("reading the accounts") >= 1)
            down = daemon.status()
            wait_until(lambda: seconds_down() >= 4)
            assert down["generation"] == daemon.generation()
            assert everybody() == users
            for question in (["user", SITE], ["fresh", "user", SITE]):
                assert old_host.ask(*question)[0] == FOUND
            daemon.restart()
            assert everybody() == users
            for question in (["user", SITE], ["fresh", "user", SITE]):
                assert old_host.ask(*question)[0] == FOUND
        # A line a day is enough; a line a second would hide the others.
        assert log.text().count("reading the accounts") <= 3, log.text()


def seconds_down():
    """How long the control page says that the database has been away."""
    flags, = struct.unpack_from("<I", daemon.CONTROL.read_bytes(), 40)
    since, = struct.unpack_from("<q", daemon.CONTROL.read_bytes(), 48)
    return time.time() - since if flags & 2 else 0


def test_without_snapshots_an_account_is_remembered_for_its_time_and_then_unavailable_and_never_absent(fresh_hosts):
    """faketime(1) cannot make a day pass for a daemon that counts CLOCK_MONOTONIC: seconds stand for it."""
    with daemon.configured(snapshot={"enabled": "false"}, cache={"found_seconds": 1, "absent_seconds": 1, "stale_seconds": 2}):
        host = fresh_hosts()
        assert host.ask("user", SITE)[0] == FOUND
        assert host.ask("user", NOBODY)[0] == "absent"
        with stopped():
            seen = []

            def forgotten():
                for question in (["fresh", "user", SITE], ["user", SITE]):
                    answer, seconds = host.ask(*question)
                    assert seconds <= ONE_SECOND
                    seen.append(answer.split()[0])
                return seen[-1] == "unavailable"

            wait_until(forgotten)
            assert "absent" not in seen
            assert seen[0] == "found"
            # Who was not there is not remembered for long: the database could have them by now.
            assert host.ask("user", NOBODY)[0].startswith("unavailable")
            assert host.ask("user", LOCAL)[0].startswith("found")
        answer, seconds = host.ask("user", SITE)
        assert (answer, seconds <= ONE_SECOND) == (FOUND, True)


def test_snapshots_that_are_switched_off_are_forgotten_by_programs_that_run_too(old_host):
    """Else a deleted account would live on in them until they end."""
    with daemon.configured(snapshot={"enabled": "false"}, cache={"found_seconds": 0, "absent_seconds": 0, "stale_seconds": 0}):
        with stopped():
            wait_until(lambda: old_host.ask("user", SITE)[0].startswith("unavailable"))
        assert old_host.ask("user", SITE)[0] == FOUND
