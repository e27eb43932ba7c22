"""Ten thousand logins in one process with four threads, against the real database: through sqlmapd, or by direct mode in the process
itself. Every login is as it should be, nothing grows, and no password or hash is written anywhere.

Runs inside scripts/sandbox, with accounts.sql.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "system")]

from secret_scan import expect_no_secret, used  # noqa: E402
from system_log import Syslog  # noqa: E402

PROGRAM = Path(os.environ["PAM_ENDURANCE"])
MODE = os.environ["ENDURANCE_MODE"]
STACK = "auth required pam_sqlmap.so nodelay debug\naccount required pam_sqlmap.so debug\nsession required pam_sqlmap.so debug\n"
PID = Path("/run/sqlmapd.pid")
# The two pools of four that each process may have, beside those that are closed and that the server has not yet ended.
MOST_CONNECTIONS = 24


def sql(statement):
    return subprocess.run(["mariadb", "--no-defaults", "-N", "-B", "accounts", "-e", statement], capture_output=True, text=True, check=True).stdout


def family(pid):
    """A process and its descendants."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in family(int(child)))]


class Daemon:
    """What sqlmapd's processes have; without a daemon, nothing."""

    def __init__(self):
        self.pids = family(int(PID.read_text())) if PID.exists() else []
        self.descriptors = sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in self.pids)
        self.resident_kib = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4 for pid in self.pids)


@pytest.fixture(scope="module")
def played():
    """(syslog's text, sqlmapd when all was warm, and at the end, the libraries of the host)."""
    Path("/etc/pam.d/endurance").write_text(STACK)
    assert PID.exists() == (MODE == "daemon")
    with Syslog() as log, subprocess.Popen([PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as host:
        assert host.stdout.readline() == "warm\n"
        before = Daemon()
        libraries = Path(f"/proc/{host.pid}/maps").read_text()
        said, _ = host.communicate("\n", timeout=600)
        assert host.returncode == 0, said
        yield log.text(), before, Daemon(), libraries


def test_each_of_ten_thousand_logins_is_as_it_should_be_and_the_host_keeps_nothing(played):
    log, _, _, libraries = played
    assert ("/sqlmap/direct.so" in libraries) == (MODE == "direct"), "it is not what this test says it is"
    assert (log.count("(endurance:auth): accepted"), log.count("(endurance:auth): wrong password")) == (10890, 110)
    assert log.count("(endurance:session): accepted") == 2 * 10890


def test_sqlmapd_keeps_nothing_of_them(played):
    _, before, after, _ = played
    assert after.pids == before.pids, "it has ended meanwhile"
    assert after.descriptors <= before.descriptors + 4, "a connection may just be closing"
    assert after.resident_kib <= before.resident_kib + 1024


def test_the_server_never_has_more_connections_than_the_pools(played):
    assert int(sql("SHOW STATUS LIKE 'Max_used_connections'").split()[1]) <= MOST_CONNECTIONS


def test_no_password_and_no_hash_is_in_any_log(played):
    passwords = re.findall(r'"([a-z]+-Mirabelle-\d)"', (TESTS / "endurance/pam_endurance.cc").read_text())
    hashes = sql("SELECT password FROM sqlmap_users").splitlines()
    assert (len(passwords), len(hashes)) == (4, 4)
    for secret in (*passwords, *hashes):
        used(secret)
    expect_no_secret(played[0])
