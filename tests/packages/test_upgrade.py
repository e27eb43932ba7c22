"""From one version to the next, on a host that systemd runs and people are logging in to."""

import subprocess
import threading
from pathlib import Path

import pytest

from booted import booted
from packages import ALL, Packages, checked, gets_in, includers_added, installed_version, local_people_get_in, run
from sandbox import sql, wait_until

SERVICE, SOCKET = "sqlmapd.service", "sqlmapd.socket"
EXAMPLES = Path("/usr/share/doc/sqlmapd/examples")
CONFIG = Path("/etc/sqlmapd")
INCLUDED = Path("/etc/pam.d/common-sqlmap")
PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def host(request):
    """The first version is installed, configured and in use."""
    old = Packages(request.config.getoption("--packages"))
    old.install(*ALL)
    hashed = checked("sqlmapctl", "hash", "--stdin", input=f"{PASSWORD}\n").strip()
    sql(f"""INSERT INTO sqlmap_groups (groupname, gid) VALUES ('customers', 20000);
            INSERT INTO sqlmap_users (username, uid, gid, homedir, shell, password)
            VALUES ('alice', 20000, 20000, '/srv/alice', '/bin/sh', '{hashed}')""")
    (CONFIG / "sqlmapd.toml").write_text('[database]\nname = "accounts"\n')
    checked("install", "-m", "600", EXAMPLES / "secrets.toml", CONFIG)
    includers_added("login")
    with booted() as host:
        host.control("enable", "--now", SERVICE)
        host.run("sqlmapctl", "refresh", "--wait")
        assert gets_in("login", "alice")
        yield host


@pytest.fixture(scope="module")
def upgraded(host, request):
    """What was seen while the next version was installed."""
    INCLUDED.write_text(INCLUDED.read_text() + "# here we added a line\n")
    nsswitch = Path("/etc/nsswitch.conf")
    nsswitch.write_text(nsswitch.read_text() + "# and here\n")
    seen = {
        "versions": {name: installed_version(name) for name in ALL},
        "daemon": host.process(),
        "socket": host.shows(SOCKET, "ActiveEnterTimestampMonotonic"),
        "nsswitch": nsswitch.read_text(),
    }
    seen["directory"] = request.config.getoption("--next")
    waiting = subprocess.Popen(["pamtester", "login", "alice", "authenticate", "acct_mgmt"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
    wait_until(lambda: "pam_sqlmap.so" in Path(f"/proc/{waiting.pid}/maps").read_text())
    over = threading.Event()
    seen["look-ups"], seen["logins"] = [], []

    def go_on(answers, ask):
        while not over.is_set():
            answers.append(ask())

    threads = [threading.Thread(target=go_on, args=arguments) for arguments in (
        (seen["look-ups"], lambda: run("getent", "passwd", "alice").returncode == 0),
        (seen["logins"], lambda: gets_in("login", "alice")))]
    for thread in threads:
        thread.start()
    try:
        Packages(seen["directory"], host.entry()).install(*ALL)
        wait_until(lambda: host.process() not in (0, seen["daemon"]))
        host.run("sqlmapctl", "refresh", "--wait")
    finally:
        over.set()
        for thread in threads:
            thread.join()
    seen["waiting"] = waiting.communicate(f"{PASSWORD}\n", timeout=60)[0], waiting.returncode
    return seen


def test_the_next_version_is_installed(upgraded):
    for name, before in upgraded["versions"].items():
        assert run("dpkg", "--compare-versions", installed_version(name), "gt", before).returncode == 0


def test_nobody_was_unknown_or_kept_out_while_it_was_installed(upgraded):
    assert len(upgraded["look-ups"]) > 10 and all(upgraded["look-ups"])
    assert len(upgraded["logins"]) > 2 and all(upgraded["logins"])


def test_who_was_asked_for_the_password_before_it_gets_in_after_it(upgraded):
    said, status = upgraded["waiting"]
    assert status == 0, said


def test_the_daemon_is_the_new_one_behind_the_same_socket(host, upgraded):
    assert host.process() not in (0, upgraded["daemon"])
    assert not Path(f"/proc/{upgraded['daemon']}").exists()
    assert host.shows(SOCKET, "ActiveEnterTimestampMonotonic") == upgraded["socket"]
    assert host.shows(SERVICE, "NRestarts") == "0"


def test_what_the_administrator_wrote_is_as_before(upgraded):
    assert INCLUDED.read_text().endswith("# here we added a line\n")
    assert Path("/etc/nsswitch.conf").read_text() == upgraded["nsswitch"]


def test_removed_it_runs_no_more_and_names_stay_until_it_is_purged(host, upgraded):
    packages = Packages(upgraded["directory"], host.entry())
    packages.remove("sqlmapd")
    assert [host.shows(unit, "ActiveState") for unit in (SERVICE, SOCKET)] == ["inactive", "inactive"]
    assert run("getent", "passwd", "alice").returncode == 0
    assert not gets_in("login", "alice") and local_people_get_in("login")
    packages.install("sqlmapd")
    host.control("start", SERVICE)
    assert gets_in("login", "alice")
    packages.purge(*ALL)
    assert run("getent", "passwd", "alice").returncode == 2
    assert local_people_get_in("login")
    assert not list(Path("/etc/systemd/system").rglob("sqlmapd*"))
