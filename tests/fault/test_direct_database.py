"""The database stopped, hung, killed, full, slow, talking garbage, read-only, or with a view or a column missing.

Each time, from a fresh process and from one that was there before: no call takes over a second, nothing is answered "absent",
local accounts and root are unharmed, nobody is let in, and the first call after the recovery succeeds.

Runs inside scripts/sandbox with Aegir's data.
"""

import os
import pwd
import subprocess
import threading
import time
from pathlib import Path

import pytest

from database import FAULTS, NEW_CONNECTIONS_ONLY, command_line, end_server, hung, restore_views, slow_view, start, stopped
from hosts import FOUND, LOCAL_PASSWORD, ONE_SECOND, OTHER, PAM_SUCCESS, SITE
from sandbox import sql, wait_until


@pytest.fixture(params=FAULTS)
def fault(request):
    return FAULTS[request.param]


def expect_unavailable(host, name):
    answer, seconds = host.ask("user", name)
    assert answer.startswith("unavailable ")
    assert seconds <= ONE_SECOND


def test_a_site_is_unavailable_and_found_again_by_the_first_call_after(fault, old_host, fresh_hosts):
    fresh = fresh_hosts()
    with fault():
        for host in (fresh, old_host, fresh, old_host):
            if host is old_host and fault in NEW_CONNECTIONS_ONLY:
                assert host.ask("user", SITE)[0] == FOUND
            else:
                expect_unavailable(host, SITE)
                expect_unavailable(host, OTHER)
    for host in (old_host, fresh, fresh_hosts()):
        answer, seconds = host.ask("user", SITE)
        assert (answer, seconds <= ONE_SECOND) == (FOUND, True)


def test_local_accounts_and_root_notice_nothing(fault, old_host, fresh_hosts):
    with fault():
        for host in (fresh_hosts(), old_host):
            for name, uid in (("root", 0), ("localjoe", pwd.getpwnam("localjoe").pw_uid)):
                answer, seconds = host.ask("user", name)
                assert answer == f"found {uid}"
                assert seconds <= 0.1
                answer, seconds = host.ask("groups", name)
                assert answer.startswith("ok ")
                assert seconds <= ONE_SECOND
            assert host.ask("login", "localjoe", LOCAL_PASSWORD)[0] == PAM_SUCCESS
            assert host.ask("login", "localjoe", "alice-pw")[0] != PAM_SUCCESS
        assert subprocess.run(["su", "root", "-c", "true"]).returncode == 0


@pytest.mark.parametrize("fault", [fault for name, fault in FAULTS.items() if name not in ("slow_view", "without_a_view")])
def test_nobody_is_let_in_meanwhile_and_the_owner_is_right_after(fault, old_host, fresh_hosts):
    with fault():
        for host in (fresh_hosts(), old_host):
            assert host.ask("login", SITE, "alice-pw")[0] != PAM_SUCCESS
            assert host.ask("login", SITE, "wrong")[0] != PAM_SUCCESS
    for host in (old_host, fresh_hosts()):
        assert host.ask("login", SITE, "alice-pw")[0] == PAM_SUCCESS
        assert host.ask("login", SITE, "wrong")[0] != PAM_SUCCESS


def test_a_server_killed_in_mid_query_is_unavailable(old_host):
    with slow_view():
        command = command_line()
        asking = threading.Thread(target=expect_unavailable, args=(old_host, SITE))
        asking.start()
        wait_until(lambda: "truth" in sql("SELECT info FROM information_schema.processlist WHERE user = 'sqlmap' AND command = 'Execute'")
                   or not asking.is_alive())
        end_server()
        asking.join()
        start(command)
    assert old_host.ask("user", SITE)[0] == FOUND


def test_a_read_only_server_answers(old_host, fresh_hosts):
    sql("SET GLOBAL read_only = 1")
    try:
        for host in (old_host, fresh_hosts()):
            assert host.ask("user", OTHER)[0] == FOUND
            assert host.ask("login", SITE, "bob-pw")[0] == PAM_SUCCESS
    finally:
        sql("SET GLOBAL read_only = 0")


def test_a_name_that_nobody_has_is_absent_only_when_the_database_says_so(old_host, fresh_hosts):
    for host in (old_host, fresh_hosts()):
        assert host.ask("user", "nobody.example")[0] == "absent"
    with stopped():
        for host in (old_host, fresh_hosts()):
            assert host.ask("user", "nobody.example")[0].startswith("unavailable ")


def test_a_hung_server_costs_a_program_its_time_out_once(old_host):
    with hung():
        expect_unavailable(old_host, SITE)
        started = time.monotonic()
        for _ in range(200):
            assert old_host.ask("user", SITE)[0].startswith("unavailable ")
        assert time.monotonic() - started < ONE_SECOND


def test_an_account_of_ours_does_not_pass_the_account_stage_while_its_logins_cannot_be_read(old_host, fresh_hosts):
    """Whoever was verified by a key or by root: a table that is locked must not hide that its owners are blocked."""
    assert subprocess.run(["su", "-s", "/bin/sh", SITE, "-c", "true"]).returncode == 0
    Path("/etc/pam.d/su").write_text(Path("/etc/pam.d/su").read_text().replace("@include common-auth", "@include common-sqlmap\n@include common-auth"))
    assert subprocess.run(["su", "-s", "/bin/sh", SITE, "-c", "true"]).returncode == 0
    definition = sql("SHOW CREATE VIEW nss_mysql").split("\t")[1]
    sql("DROP VIEW nss_mysql")
    try:
        assert old_host.ask("user", SITE)[0] == FOUND
        assert subprocess.run(["su", "-s", "/bin/sh", SITE, "-c", "true"]).returncode != 0
        assert subprocess.run(["su", "root", "-c", "true"]).returncode == 0
    finally:
        sql(definition)
    restore_views()
    assert subprocess.run(["su", "-s", "/bin/sh", SITE, "-c", "true"]).returncode == 0


def test_openssl_reads_nothing_that_the_environment_names(tmp_path):
    """OPENSSL_CONF can load code, and a fifo would hold the look-up for ever."""
    os.mkfifo(tmp_path / "fifo")
    environment = os.environ | {"OPENSSL_CONF": str(tmp_path / "fifo")}
    seen = subprocess.run(["getent", "passwd", SITE], env=environment, capture_output=True, text=True, timeout=20)
    assert seen.stdout.startswith(f"{SITE}:x:10000:")


def test_a_group_with_the_name_of_a_privileged_one_is_nobodys():
    """A row called sudo, with whatever gid, must not be what sudo and sshd take for the group sudo."""
    sql("CREATE OR REPLACE VIEW nss_getgrnam AS SELECT 'sudo' AS groupname, 'x' AS password, 20027 AS gid")
    try:
        for key in ("sudo", "20027"):
            assert "20027" not in subprocess.run(["getent", "group", key], capture_output=True, text=True).stdout
        assert "20027" not in subprocess.run(["getent", "group"], capture_output=True, text=True).stdout
    finally:
        restore_views()


@pytest.mark.parametrize("mistake", ["[acounts]\n", "nonsense", "[database]\nname = 1\n"])
def test_a_mistake_in_sqlmapd_toml_stops_no_program_that_runs(old_host, mistake):
    """The files are looked at every two seconds; what was good once stays in force, for logins too."""
    path = Path("/etc/sqlmapd/sqlmapd.toml")
    good = path.read_text()
    assert old_host.ask("login", SITE, "alice-pw")[0] == PAM_SUCCESS
    path.write_text(good + mistake)
    try:
        until = time.monotonic() + 3
        while time.monotonic() < until:
            assert old_host.ask("user", SITE)[0] == FOUND
            assert old_host.ask("login", SITE, "alice-pw")[0] == PAM_SUCCESS
    finally:
        path.write_text(good)
