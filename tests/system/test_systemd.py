"""sqlmapd as systemd's service, with the units as they are installed."""

import os
import pwd
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

import expected
import wire
from booted import booted
from sandbox import wait_until

pytestmark = pytest.mark.mode("daemon")

SHOP = "shop.acme.example"
SERVICE, SOCKET = "sqlmapd.service", "sqlmapd.socket"
RUN = Path("/run/sqlmapd")
STATE = Path("/var/lib/sqlmapd")
CONFIG = Path("/etc/sqlmapd/sqlmapd.toml")


@pytest.fixture(scope="module")
def host():
    """As after `cmake --install` and a reboot: the sandbox's own sqlmapd, and all that it has made, is gone."""
    os.kill(int(Path("/run/sqlmapd.pid").read_text()), signal.SIGTERM)
    wait_until(lambda: not (RUN / "socket").exists())
    subprocess.run(["userdel", "_sqlmapd"], check=True)
    for directory in (RUN, STATE):
        wait_until(lambda directory=directory: shutil.rmtree(directory, ignore_errors=True) or not directory.exists())
    subprocess.run(["systemd-sysusers", "sqlmapd.conf"], check=True, capture_output=True)
    subprocess.run(["systemctl", "--root=/", "enable", SERVICE], check=True, capture_output=True)
    with booted() as host:
        yield host


@pytest.fixture
def service(host):
    host.control("start", SERVICE)
    host.run("sqlmapctl", "refresh", "--wait")
    return host


def getent(name):
    """The entry; "" if there is none."""
    return subprocess.run(["getent", "passwd", name], capture_output=True, text=True, timeout=20).stdout


def test_the_user_and_the_directories_are_made_by_what_is_installed():
    """Where sqlmapd is not systemd's service, too."""
    user = pwd.getpwnam("_sqlmapd")
    assert (user.pw_shell, user.pw_dir) == ("/usr/sbin/nologin", "/nonexistent")
    assert 0 < user.pw_uid < 1000
    subprocess.run(["systemd-tmpfiles", "--create", "sqlmapd.conf"], check=True)
    for directory in (RUN, STATE):
        status = directory.stat()
        assert (status.st_uid, status.st_gid, oct(status.st_mode)) == (0, 0, "0o40755")


def test_enabling_the_service_enables_its_socket(host):
    assert [host.control("is-enabled", unit).strip() for unit in (SERVICE, SOCKET)] == ["enabled", "enabled"]


def test_a_look_up_starts_the_service_which_answers(host, accounts):
    """The first one, unless the start takes longer than it waits for a daemon that has given no sign of life."""
    host.control("start", SOCKET)
    assert host.shows(SERVICE, "ActiveState") == "inactive"
    wait_until(lambda: getent(SHOP) == f"{accounts[SHOP].passwd_line}\n")
    assert host.shows(SERVICE, "ActiveState") == "active"


def test_a_service_that_has_started_answers(host, accounts):
    host.control("stop", SERVICE, SOCKET)
    for path in [*RUN.iterdir(), *STATE.iterdir()]:
        path.unlink()
    host.control("start", SERVICE)
    assert wire.ask(wire.STATUS)[0][0] == wire.TEXT
    assert getent(SHOP) == f"{accounts[SHOP].passwd_line}\n"
    wait_until(lambda: f"of {len(accounts)} users" in host.shows(SERVICE, "StatusText"))


def test_the_journal_has_the_words_of_both_processes(service):
    for selection in (("--identifier=sqlmapd",), (f"--unit={SERVICE}",)):
        wait_until(lambda selection=selection: "8 users and 1 group" in service.journal(*selection))
    service.control("reload", SERVICE)
    wait_until(lambda: "the configuration was read again" in service.journal("--identifier=sqlmapd"))


def processes(service):
    """Parent and child."""
    parent = service.process()
    child, = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return parent, int(child)


def status(pid):
    return dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())


def test_the_processes_have_the_rights_that_the_unit_leaves_them(service):
    parent, child = (status(pid) for pid in processes(service))
    assert int(parent["CapEff"], 16) == 1 << 5 | 1 << 6 | 1 << 7 | 1 << 8  # KILL, SETGID, SETUID, SETPCAP
    assert int(child["CapEff"], 16) == int(child["CapBnd"], 16) == 0
    for each in (parent, child):
        assert (each["NoNewPrivs"], each["Seccomp"]) == ("1", "2")
    assert {int(uid) for uid in child["Uid"].split()} == {pwd.getpwnam("_sqlmapd").pw_uid}


def test_the_service_can_write_to_its_own_two_directories_only(service):
    def writes(directory):
        command = ["nsenter", "--target", str(service.process()), "--mount", "touch", f"{directory}/written"]
        return subprocess.run(command, capture_output=True).returncode == 0

    assert [directory for directory in ("/etc", "/etc/sqlmapd", "/run", "/usr", "/var/lib", RUN, STATE) if writes(directory)] == [RUN, STATE]


@pytest.mark.parametrize("server", ["127.0.0.1:3306", "localhost:3306"])
def test_a_database_on_the_network_can_be_reached(service, database, server):
    good = CONFIG.read_text()
    lines = [line for line in good.splitlines(keepends=True) if not line.startswith(("servers", "tls"))]
    rename = "RENAME USER sqlmap@'{0}' TO sqlmap@'{1}', sqlmap_auth@'{0}' TO sqlmap_auth@'{1}'"
    lines.insert(lines.index("[database]\n") + 1, f'servers = ["{server}"]\ntls = "off"\n')
    CONFIG.write_text("".join(lines))
    database.run(rename.format("localhost", "%"))
    try:
        service.control("restart", SERVICE)
        service.run("sqlmapctl", "refresh", "--wait")
    finally:
        database.run(rename.format("%", "localhost"))
        CONFIG.write_text(good)
        service.control("restart", SERVICE)


def test_a_host_with_a_local_database_can_do_without_a_network(service, database):
    """The drop-in that a comment in the unit proposes."""
    with service.drop_in(SERVICE, "[Service]\nRestrictAddressFamilies=\nRestrictAddressFamilies=AF_UNIX\nPrivateNetwork=yes\n"):
        service.run("sqlmapctl", "refresh", "--wait")
        with database.renamed("dora.example", "new.dora.example"):
            assert getent("new.dora.example")


SILENT_BUDGET = 0.2  # so long a look-up waits for a daemon that is not there yet


class Watch:
    """Asks all the time, for as long as the context lasts, for an account that is published and for one that only the database has.

    Whoever waited in vain for a start that took long, on a busy machine, knows nothing of the latter.
    """

    def __init__(self, database):
        self._database = database
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self.missed = []
        self.rounds = 0

    def _ask(self):
        while not self._ended.is_set():
            for name in (SHOP, "new.dora.example"):
                started = time.monotonic()
                found = getent(name)
                if not found and (name == SHOP or time.monotonic() - started < SILENT_BUDGET):
                    self.missed.append((name, self.rounds, round(time.monotonic() - started, 3)))
            self.rounds += 1

    def __enter__(self):
        self._renamed = self._database.renamed("dora.example", "new.dora.example")
        self._renamed.__enter__()
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._ended.set()
        self._thread.join()
        self._renamed.__exit__(*error)


@pytest.mark.parametrize("action", ["restart", "reload"])
def test_nobody_notices_that_the_service_is_restarted(service, database, action):
    before = service.process()
    for _ in range(10):
        with Watch(database) as watch:
            wait_until(lambda watch=watch: watch.rounds > 0)
            service.control(action, SERVICE)
            rounds = watch.rounds
            wait_until(lambda watch=watch, rounds=rounds: watch.rounds > rounds + 1)
        assert watch.missed == []
    assert (service.process() == before) == (action == "reload")


def test_a_reload_with_a_mistake_leaves_the_service_as_it_was_and_the_journal_has_the_line(service):
    good, before = CONFIG.read_text(), service.process()
    CONFIG.write_text(good + "[acounts]\n")
    try:
        service.control("reload", SERVICE)
        wait_until(lambda: f"{CONFIG}:{good.count(chr(10)) + 1}:" in service.journal(f"--unit={SERVICE}"))
        wait_until(lambda: service.shows(SERVICE, "ActiveState") == "active")
        assert service.process() == before
    finally:
        CONFIG.write_text(good)


def test_a_service_that_cannot_start_says_why_and_starts_by_itself_when_that_was_mended(service, accounts):
    good = CONFIG.read_text()
    CONFIG.write_text(good + "[acounts]\n")
    try:
        service.run("systemctl", "restart", SERVICE, check=False)
        wait_until(lambda: f"{CONFIG}:{good.count(chr(10)) + 1}:" in service.journal(f"--unit={SERVICE}"))
        for _ in range(10):
            service.run("systemctl", "restart", SERVICE, check=False)
            assert getent(SHOP) == f"{accounts[SHOP].passwd_line}\n"
        wait_until(lambda: int(service.shows(SERVICE, "NRestarts")) > 0)
    finally:
        CONFIG.write_text(good)
    wait_until(lambda: service.shows(SERVICE, "ActiveState") == "active")


def test_a_parent_that_hangs_is_replaced_by_the_watchdog(service, database):
    with service.drop_in(SERVICE, "[Service]\nWatchdogSec=1s\n"):
        hung, child = processes(service)
        os.kill(hung, signal.SIGSTOP)
        wait_until(lambda: service.process() not in (0, hung))
        wait_until(lambda: service.shows(SERVICE, "ActiveState") == "active")
        assert int(service.shows(SERVICE, "NRestarts")) >= 1
        wait_until(lambda: not Path(f"/proc/{child}").exists())
        with database.renamed("dora.example", "new.dora.example"):
            assert getent("new.dora.example")


def test_a_healthy_service_is_left_alone_by_the_watchdog(service):
    with service.drop_in(SERVICE, "[Service]\nWatchdogSec=2s\n"):
        before = service.process()
        began = time.monotonic()
        wait_until(lambda: time.monotonic() - began > 5)
        assert service.process() == before


def test_nobody_notices_that_the_parent_was_killed(service, database):
    for _ in range(3):
        killed = service.process()
        with Watch(database) as watch:
            wait_until(lambda watch=watch: watch.rounds > 0)
            os.kill(killed, signal.SIGKILL)
            wait_until(lambda killed=killed: service.process() not in (0, killed))
            rounds = watch.rounds
            wait_until(lambda watch=watch, rounds=rounds: watch.rounds > rounds + 1)
        assert watch.missed == []


def test_a_stop_is_clean_and_quick_and_the_next_question_starts_the_service(service, accounts, database):
    parent, child = processes(service)
    began = time.monotonic()
    service.control("stop", SERVICE)
    assert time.monotonic() - began < 3
    assert not any(Path(f"/proc/{pid}").exists() for pid in (parent, child))
    assert service.shows(SERVICE, "Result") == "success"
    assert getent(SHOP) == f"{accounts[SHOP].passwd_line}\n"  # the snapshot's word
    assert service.shows(SERVICE, "ActiveState") == "inactive"
    with database.renamed("dora.example", "new.dora.example"):
        wait_until(lambda: getent("new.dora.example"))
    assert service.shows(SERVICE, "ActiveState") == "active"


def test_after_service_and_socket_were_stopped_the_snapshot_stands(service, accounts):
    service.control("stop", SERVICE, SOCKET)
    assert not (RUN / "socket").exists()
    assert getent(SHOP) == f"{accounts[SHOP].passwd_line}\n"
    assert getent("nobody.example") == ""


@pytest.mark.parametrize("what", ["socket", "control", "directory"])
def test_what_is_removed_from_run_comes_back(service, accounts, database, what):
    """systemd keeps a socket that has no name any more, and only systemd may make the directory."""
    if what == "directory":
        shutil.rmtree(RUN)
    else:
        (RUN / what).unlink()
    wait_until(lambda: (RUN / "socket").exists() and (RUN / "control").exists() and list(RUN.glob("snapshot.*")))
    for restarted in (False, True):
        if restarted:
            service.control("restart", SERVICE)
            assert getent(SHOP) == f"{accounts[SHOP].passwd_line}\n"
        with database.renamed("dora.example", "new.dora.example"):
            wait_until(lambda: getent("new.dora.example"))
        assert getent(SHOP) == f"{accounts[SHOP].passwd_line}\n"
