"""What is published when: changed, unchanged, shrunken and empty tables, the query `version`, and a thousand processes at once.

Runs inside scripts/sandbox with sql/views/accounts.sql and sqlmapd.
"""

import os
import signal
import subprocess
import time

import pytest

import accounts
import daemon
from hosts import ONE_SECOND, Host
from sandbox import sql, wait_until

USERS = 20
POOL_SIZE = 4  # the default


@pytest.fixture(scope="module", autouse=True)
def sites():
    accounts.make(USERS)
    assert daemon.refresh("--force").returncode == 0


@pytest.fixture
def host():
    host = Host()
    assert host.ask("entry", "site0")[0].startswith("found")
    yield host
    host.close()


def both(host, name):
    answers = []
    for fresh in ([], ["fresh"]):
        answer, seconds = host.ask(*fresh, "entry", name)
        assert seconds <= ONE_SECOND
        answers.append(answer)
    assert answers[0] == answers[1]
    return answers[0]


@pytest.mark.parametrize("left", [0, 1, USERS // 2 - 1])
def test_a_table_that_has_shrunk_is_not_believed_until_it_is_forced(host, left):
    sql("CREATE TABLE kept AS SELECT * FROM sqlmap_users")
    log = daemon.Log()
    try:
        sql(f"DELETE FROM sqlmap_users WHERE uid >= {accounts.FIRST_UID + left}")
        refused = daemon.refresh()
        assert refused.returncode == 1
        for text in (refused.stderr, log.text()):
            assert f"only {left} user" in text
            assert "sqlmapctl refresh --force" in text
        for number in (0, USERS - 1):
            assert both(host, f"site{number}").startswith("found")
        forced = daemon.refresh("--force")
        assert (forced.returncode, f"{left} user" in forced.stdout) == (0, True)
        assert both(host, f"site{USERS - 1}") == "absent"
        if left:
            assert both(host, "site0").startswith("found")
    finally:
        sql("INSERT IGNORE INTO sqlmap_users SELECT * FROM kept; DROP TABLE kept")
        assert daemon.refresh().returncode == 0
    assert both(host, f"site{USERS - 1}").startswith("found")


def test_a_loss_within_the_limit_is_believed(host):
    sql("CREATE TABLE kept AS SELECT * FROM sqlmap_users")
    try:
        sql(f"DELETE FROM sqlmap_users WHERE uid >= {accounts.FIRST_UID + USERS // 2}")
        assert daemon.refresh().returncode == 0
        assert both(host, f"site{USERS - 1}") == "absent"
    finally:
        sql("INSERT IGNORE INTO sqlmap_users SELECT * FROM kept; DROP TABLE kept")
        assert daemon.refresh().returncode == 0


def test_a_read_that_breaks_off_is_not_taken_for_few_accounts(host):
    """The groups cannot be read: the users alone are no snapshot."""
    sql("RENAME TABLE sqlmap_groups TO away")
    try:
        before = daemon.generation()
        assert daemon.refresh("--force").returncode == 1
        assert daemon.generation() == before
        assert both(host, "site0").startswith("found")
        assert subprocess.run(["getent", "group", "sites"], capture_output=True).returncode == 0
    finally:
        sql("RENAME TABLE away TO sqlmap_groups")
    assert daemon.refresh().returncode == 0


def test_a_new_account_resolves_before_any_refresh_and_a_deleted_one_goes_with_the_next():
    with daemon.configured(snapshot={"refresh_seconds": 86400}):
        host = Host()
        try:
            before = daemon.generation()
            assert both(host, "fresh1") == "absent"
        finally:
            host.close()
        host = Host()
        try:
            accounts.add("fresh2", 40002)
            assert host.ask("fresh", "user", "fresh2")[0] == "found 40002"
            assert daemon.generation() == before
            # Whoever was found so is in the snapshot soon.
            wait_until(lambda: daemon.generation() > before)
            assert both(host, "fresh2").startswith("found 40002:")
            accounts.remove("fresh2")
            assert daemon.refresh().returncode == 0
            assert both(host, "fresh2") == "absent"
        finally:
            host.close()


def test_a_name_that_was_absent_resolves_when_the_refresh_that_was_waited_for_is_over(host):
    assert both(host, "late1") == "absent"
    accounts.add("late1", 40011)
    assert daemon.refresh().returncode == 0
    assert both(host, "late1").startswith("found 40011:")
    accounts.remove("late1")
    assert daemon.refresh().returncode == 0


def test_with_the_query_version_nothing_is_read_until_it_changes(host):
    with daemon.configured(queries={"version": '"SELECT number FROM version"'}):
        sql("CREATE TABLE version (number INT); INSERT INTO version VALUES (1); GRANT SELECT ON version TO sqlmap@localhost")
        try:
            assert daemon.refresh().returncode == 0
            published = daemon.generation()
            reads = daemon.status()["reads"]
            queries = polls()
            wait_until(lambda: polls() >= queries + 4)
            assert daemon.status()["reads"] == reads
            # A miss is the snapshot's own word as long as the version was asked for in time: the daemon is not asked, or by a machine's pause alone.
            for fresh in ([], ["fresh"]):
                assert sum(asks_the_daemon(host, *fresh) for _ in range(20)) < 5
            assert both(host, "nobody.example") == "absent"
            accounts.change(7)
            queries = polls()
            wait_until(lambda: polls() >= queries + 2)
            assert daemon.status()["reads"] == reads
            assert accounts.edition(both(host, "site0")) != 7
            sql("UPDATE version SET number = 2")
            wait_until(lambda: accounts.edition(host.ask("entry", "site0")[0]) == 7)
            assert accounts.edition(both(host, "site0")) == 7
            assert daemon.generation() > published
            assert daemon.status()["reads"] == reads + 1
            # Without an answer to `version` nothing is confirmed, and nothing published is lost.
            log = daemon.Log()
            sql("DROP TABLE version")
            log.wait_for("version")
            wait_until(lambda: asks_the_daemon(host))
            assert both(host, "nobody.example") == "absent"
            assert accounts.edition(both(host, "site0")) == 7
        finally:
            sql("DROP TABLE IF EXISTS version")


def polls():
    """How often the database was asked for the version."""
    return int(sql("SHOW GLOBAL STATUS LIKE 'Com_stmt_execute'").split()[1])


def asks_the_daemon(host, *fresh):
    before = daemon.status()["queries"]
    host.ask(*fresh, "entry", f"nobody{time.monotonic_ns()}")
    return daemon.status()["queries"] > before


@pytest.mark.parametrize("snapshot, uid", [("true", 0), ("false", 0), ("false", 65534)])
def test_a_thousand_processes_at_once_are_served_by_a_pool_of_few_connections(snapshot, uid):
    """max_connections=10: most of them would be refused if each asked the database itself. One user's processes are no fewer."""
    limit = int(sql("SELECT @@max_connections"))
    with daemon.configured(snapshot={"enabled": snapshot}, cache={"found_seconds": 0, "absent_seconds": 0, "stale_seconds": 0}):
        sql("SET GLOBAL max_connections = 10; FLUSH STATUS")
        try:
            names = [f"site{number % USERS}" for number in range(1000)]
            programs = [subprocess.Popen(["getent", "passwd", name], stdout=subprocess.PIPE, text=True, user=uid) for name in names]
            answers = [program.communicate()[0] for program in programs]
            assert [name for name, answer in zip(names, answers) if not answer.startswith(f"{name}:x:{accounts.FIRST_UID + int(name[4:])}:")] == []
            used = int(sql("SHOW GLOBAL STATUS LIKE 'Max_used_connections'").split()[1])
            assert used <= POOL_SIZE + 1  # and the one that asks here
        finally:
            sql(f"SET GLOBAL max_connections = {limit}")


def test_a_panel_that_waits_while_the_configuration_is_read_again_is_told_when_its_account_is_there(host):
    for turn in range(10):
        accounts.change(100 + turn)
        asked = subprocess.Popen(["sqlmapctl", "refresh", "--wait"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        os.kill(daemon.parent(), signal.SIGHUP)
        out, error = asked.communicate(timeout=30)
        assert (asked.returncode, error) == (0, ""), out
        assert accounts.edition(both(host, "site0")) == 100 + turn
