"""What a person who is refused can learn: the administrator's log tells the reasons apart, and so do PAM's codes; neither what the
client is shown nor the time does.

Runs inside scripts/sandbox, with refusals.sql. `nodelay`, so that the delay of two seconds, which libpam varies, hides nothing.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "system")]

from system_log import Syslog  # noqa: E402

PROGRAM = os.environ["PAM_REFUSALS"]
SERVICE = Path("/etc/pam.d/refusals")
STACK = "auth required pam_sqlmap.so nodelay\naccount required pam_sqlmap.so\n"
PID = Path("/run/mysqld/mysqld.pid")
LOGINS = 7
# Gross differences: a hash more or less, a connection more or less.
TOLERANCE = 0.06

# Who logs in with which password; PAM's codes of the stages auth and account (none: it did not come so far); words of the log.
CASES = {
    "wrong password": ("alice", "wrong", (7, None), "wrong password user=alice"),
    "unknown user": ("stranger", "wrong", (10, None), "user unknown"),
    "slow hash": ("slow", "wrong", (7, None), "wrong password user=slow"),
    "blocked": ("blocked", "alice-pw", (6, None), "blocked user=blocked"),
    "service": ("elsewhere", "alice-pw", (8, None), "service not allowed user=elsewhere"),
    "expired, wrong password": ("expired", "wrong", (7, None), "wrong password user=expired"),
}
EXPIRED = ("expired", "alice-pw", (0, 13), "account expired user=expired")
DOWN = ("alice", "alice-pw", (9, None), "unavailable")


def log_in(name, password):
    """(codes, what the client was shown, seconds of the auth stage), in a fresh process."""
    result = subprocess.run([PROGRAM, name, password], capture_output=True, text=True, check=True, timeout=30)
    auth, account, seconds, shown = result.stdout.split(" ", 3)
    return (int(auth), int(account) if account != "-" else None), shown, float(seconds)


def measured(case):
    """(what the client was shown, the shortest time) of several logins, whose codes and log lines are as they must be."""
    name, password, codes, words = case
    shown, times = set(), []
    with Syslog() as log:
        for _ in range(LOGINS):
            found, messages, seconds = log_in(name, password)
            assert found == codes
            shown.add(messages)
            times.append(seconds)
        log.wait_for("pam_sqlmap(refusals:", words)
    assert len(shown) == 1
    return shown.pop(), min(times)  # a busy machine only adds to it


@pytest.fixture(scope="module", autouse=True)
def service():
    SERVICE.write_text(STACK)


@pytest.fixture(scope="module")
def refusals(service):
    """By case; the database is down at the end, and stays so."""
    outcomes = {words: measured(case) for words, case in CASES.items()}
    os.kill(int(PID.read_text()), signal.SIGKILL)
    outcomes["database down"] = measured(DOWN)
    return outcomes


def test_success_is_not_delayed():
    logins = [log_in("alice", "alice-pw") for _ in range(LOGINS)]
    assert {codes for codes, _, _ in logins} == {(0, 0)}
    assert min(seconds for _, _, seconds in logins) < 0.2


def test_expiry_is_told_by_the_account_stage_to_who_has_the_password():
    measured(EXPIRED)


def test_the_client_is_shown_the_same(refusals):
    assert {shown for shown, _ in refusals.values()} == {"[Password: ]\n"}


def test_no_refusal_is_faster_than_the_floor_or_told_by_its_time(refusals):
    times = {words: seconds for words, (_, seconds) in refusals.items()}
    assert min(times.values()) >= 0.25, times
    assert max(times.values()) - min(times.values()) < TOLERANCE, times
