"""sqlmapd stopped, frozen, killed, started twice, or given a broken configuration.

Runs inside scripts/sandbox with Aegir's data and sqlmapd.
"""

import os
import random
import signal
import socket
import struct
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import daemon
from hosts import FOUND, LOCAL, LOCAL_PASSWORD, ONE_SECOND, OTHER, PAM_SUCCESS, SITE, Watch
from sandbox import has_ended, sql, wait_until

NOBODY = "nobody.example"
HANGS_SECONDS = 10  # so long the parent waits for a sign of life


@pytest.fixture
def bystanders():
    """Each of them is told the truth all the time, and soon."""
    watch = Watch([SITE, OTHER, NOBODY, "root", LOCAL])
    yield
    for report in watch.end().values():
        assert all(len(answers) == 1 for answers in report["answers"].values()), report
        assert list(report["answers"][NOBODY]) == ["absent"]
        assert all(next(iter(report["answers"][name])).startswith(FOUND) for name in (SITE, OTHER))


@pytest.fixture(autouse=True)
def sites_of_before():
    yield
    sql("DELETE FROM node WHERE title LIKE 'new-%'; DELETE FROM hosting_site WHERE vid >= 9000")
    wait_until(lambda: daemon.refresh("--force").returncode == 0)


def add_site(number):
    """As Aegir does it: like SITE in all but the name."""
    name = f"new-{number}.example"
    fresh = {"nid": 9000 + number, "vid": 9000 + number, "title": f"'{name}'"}
    for table in ("node", "hosting_site"):
        names = sql("SELECT column_name FROM information_schema.columns "
                    f"WHERE table_schema = 'accounts' AND table_name = '{table}'").split()
        sql(f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(str(fresh.get(column, 's.' + column)) for column in names)} "
            f"FROM {table} s JOIN node n ON n.vid = s.vid WHERE n.title = '{SITE}'")
    return name


def expect_logins(host, *, of_the_site, seconds=1.25):
    for fresh in ([], ["fresh"]):
        answer, took = host.ask(*fresh, "login", SITE, "alice-pw")
        assert ((answer == PAM_SUCCESS), took <= seconds) == (of_the_site, True)
        assert host.ask(*fresh, "login", SITE, "wrong")[0] != PAM_SUCCESS
        assert host.ask(*fresh, "login", LOCAL, LOCAL_PASSWORD)[0] == PAM_SUCCESS


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_without_the_daemon_the_last_snapshot_stands_and_nobody_gets_in(bystanders, old_host, number):
    with daemon.stopped(number):
        for fresh in ([], ["fresh"]):
            assert old_host.ask(*fresh, "user", SITE)[0] == FOUND
            assert old_host.ask(*fresh, "user", NOBODY)[0] == "absent"
        expect_logins(old_host, of_the_site=False)
        name = add_site(1)
        assert subprocess.run(["sqlmapctl", "status"], capture_output=True, text=True).stderr.startswith("sqlmapctl: sqlmapd is not running")
    for fresh in ([], ["fresh"]):
        assert old_host.ask(*fresh, "user", name)[0] == FOUND
    expect_logins(old_host, of_the_site=True)


def test_a_clean_stop_leaves_no_socket_and_no_process_and_says_that_it_is_over():
    parent, child = daemon.parent(), daemon.child()
    with daemon.stopped():
        assert not (daemon.RUN / "socket").exists()
        assert has_ended(parent)
        assert has_ended(child)


@pytest.mark.parametrize("who", ["parent", "child", "both"])
def test_a_frozen_daemon_costs_a_look_up_less_than_a_second(bystanders, old_host, who):
    pids = {"parent": [daemon.parent()], "child": [daemon.child()], "both": [daemon.parent(), daemon.child()]}[who]
    with daemon.frozen(*pids):
        for fresh in ([], ["fresh"]):
            for name, answer in ((SITE, FOUND), (NOBODY, "absent")):
                said, seconds = old_host.ask(*fresh, "user", name)
                assert (said, seconds <= ONE_SECOND) == (answer, True)
        answer, seconds = old_host.ask("login", LOCAL, LOCAL_PASSWORD)
        assert answer == PAM_SUCCESS
        if who == "parent":
            expect_logins(old_host, of_the_site=True)
    name = add_site(2)
    for fresh in ([], ["fresh"]):
        assert old_host.ask(*fresh, "user", name)[0] == FOUND
    expect_logins(old_host, of_the_site=True)


def test_a_child_that_hangs_is_replaced_and_the_log_says_so(bystanders, old_host):
    """A login, which may wait for a costly hash, has the longest patience: the next child answers it."""
    hung = daemon.child()
    log = daemon.Log()
    os.kill(hung, signal.SIGSTOP)
    answer, seconds = old_host.ask("login", SITE, "alice-pw")
    assert answer == PAM_SUCCESS
    assert seconds <= HANGS_SECONDS + 2
    log.wait_for("the child hangs, and is ended")
    wait_until(lambda: daemon.child() not in (None, hung))
    expect_logins(old_host, of_the_site=True)


def test_a_parent_that_was_frozen_for_long_does_not_blame_its_child(bystanders):
    child, log = daemon.child(), daemon.Log()
    began = time.monotonic()
    with daemon.frozen(daemon.parent()):
        wait_until(lambda: time.monotonic() - began > HANGS_SECONDS + 1)
    before = daemon.generation()
    add_site(3)
    assert daemon.refresh().returncode == 0
    assert daemon.generation() > before
    assert daemon.child() == child, log.text()


def test_nobody_notices_that_the_child_was_killed(bystanders, old_host):
    """The account that is asked for is new, so that only the daemon can know it."""
    for number in range(10, 30):
        daemon.restart()  # or the next child would be waited for: see the next test
        name = add_site(number)
        child = daemon.child()
        killer = threading.Timer(random.uniform(0, 0.003), os.kill, (child, signal.SIGKILL))
        killer.start()
        answer, seconds = old_host.ask("user", name)
        killer.join()
        assert (answer, seconds <= ONE_SECOND) == (FOUND, True), daemon.log_text()[-1000:]
        wait_until(lambda child=child: daemon.child() not in (None, child))


def test_a_killed_child_is_replaced_within_200_ms():
    wait_until(lambda: daemon.status())
    # The first death in a while: later ones are waited with, so that a crash at the start does not burn the processor.
    daemon.restart()
    log = daemon.Log()
    child = daemon.child()
    os.kill(child, signal.SIGKILL)
    killed = time.monotonic()
    assert answers_status()
    took = time.monotonic() - killed
    assert took <= 0.2
    assert daemon.child() != child
    log.wait_for("the child was ended by signal 9", "the next one starts in 0 ms")


def answers_status():
    """Asks through the socket, without the start of a program: doc in src/common/wire/protocol.h."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        client.connect(str(daemon.RUN / "socket"))
        client.sendall(struct.pack("<IIHH", 0x014d5153, 0, 33, 0))
        return client.recv(4096)


def test_a_child_that_dies_again_and_again_changes_no_answer(bystanders, old_host):
    for _ in range(6):
        wait_until(lambda: daemon.child())
        os.kill(daemon.child(), signal.SIGKILL)
        assert old_host.ask("user", SITE)[0] == FOUND
        assert old_host.ask("fresh", "user", NOBODY)[0] == "absent"
        assert old_host.ask("login", SITE, "wrong")[0] != PAM_SUCCESS
    wait_until(lambda: old_host.ask("login", SITE, "alice-pw")[0] == PAM_SUCCESS)


def test_a_second_daemon_goes_away_and_says_why(bystanders, old_host):
    child = daemon.child()
    second = subprocess.run(["/usr/sbin/sqlmapd", "--foreground"], capture_output=True, text=True, timeout=10)
    assert second.returncode == 1
    assert f"another sqlmapd is running, process {daemon.parent()}" in second.stderr
    assert daemon.child() == child
    expect_logins(old_host, of_the_site=True)


@pytest.mark.parametrize("mistake", ["[acounts]\n", "nonsense", "[snapshot]\nrefresh_seconds = 0\n", "[database]\nname = 1\n"])
def test_a_reload_with_a_mistake_changes_nothing_and_names_the_line(bystanders, old_host, mistake):
    good = daemon.CONFIG.read_text()
    lines = good.count("\n")
    child, log = daemon.child(), daemon.Log()
    daemon.CONFIG.write_text(good + mistake)
    try:
        os.kill(daemon.parent(), signal.SIGHUP)
        log.wait_for(str(daemon.CONFIG))
        log.wait_for("the old one stays in force")
        said = next(line for line in log.text().splitlines() if str(daemon.CONFIG) in line)
        assert int(said.split(f"{daemon.CONFIG}:")[1].split(":")[0]) > lines
        assert daemon.child() == child
        expect_logins(old_host, of_the_site=True)
    finally:
        daemon.CONFIG.write_text(good)


def test_a_good_reload_is_in_force_and_no_question_is_lost_meanwhile(bystanders, old_host):
    good = daemon.CONFIG.read_text()
    child, log = daemon.child(), daemon.Log()
    daemon.write_configuration({"queries": {"auth": '"SELECT * FROM nss_mysql WHERE username = :name AND FALSE"'}})
    try:
        os.kill(daemon.parent(), signal.SIGHUP)
        log.wait_for("the configuration was read again")
        wait_until(lambda: old_host.ask("login", SITE, "alice-pw")[0] != PAM_SUCCESS)
        assert daemon.child() != child
    finally:
        daemon.CONFIG.write_text(good)
        os.kill(daemon.parent(), signal.SIGHUP)
    wait_until(lambda: old_host.ask("login", SITE, "alice-pw")[0] == PAM_SUCCESS)


def test_a_daemon_cannot_start_with_a_broken_file_and_the_snapshot_stands(bystanders, old_host):
    good = daemon.CONFIG.read_text()
    daemon.stop()
    daemon.CONFIG.write_text(good + "nonsense")
    try:
        refused = subprocess.run(["/usr/sbin/sqlmapd", "--foreground"], capture_output=True, text=True, timeout=10)
        assert refused.returncode != 0
        assert f"{daemon.CONFIG}:" in refused.stderr
        assert old_host.ask("fresh", "user", SITE)[0] == FOUND
    finally:
        daemon.CONFIG.write_text(good)
        daemon.start()


def test_whoever_has_su_try_a_costly_hash_again_and_again_keeps_out_nobody_who_comes_from_elsewhere(old_host, fresh_hosts):
    costly = "$2b$14$abcdefghijklmnopqrstuu" + "x" * 31  # a second or so
    attempts = [fresh_hosts() for _ in range(6 * (min(os.cpu_count(), 16) + 1))]
    was, logins = sql("SELECT pass FROM users WHERE uid = 5").strip(), daemon.status()["logins"]
    sql(f"UPDATE users SET pass = '{costly}' WHERE uid = 5")
    try:
        with ThreadPoolExecutor(len(attempts)) as at_once:
            tried = [at_once.submit(host.ask, "login", OTHER, "wrong") for host in attempts]
            wait_until(lambda: daemon.status()["logins"] == logins + len(attempts))
            assert old_host.ask("login", SITE, "alice-pw", "192.0.2.7")[0] == PAM_SUCCESS
            assert sum(attempt.done() for attempt in tried) < len(attempts) / 2
        assert all(attempt.result()[0] != PAM_SUCCESS for attempt in tried)
    finally:
        sql(f"UPDATE users SET pass = '{was}' WHERE uid = 5")
