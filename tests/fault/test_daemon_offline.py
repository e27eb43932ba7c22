"""Logins while no database server answers: who was let in before is let in with the same password, for a while, and nobody else.

Runs inside scripts/sandbox with sql/views/accounts.sql and sqlmapd; SQLMAP_WALL_CLOCK is the path of what moved_clock.cc becomes.
"""

import os
import stat
import struct
import subprocess
from pathlib import Path

import pytest

import daemon
from database import end_queries, full, hung, stopped
from hosts import PAM_SUCCESS, Host
from sandbox import has_ended, sql, wait_until

FILES = [daemon.STATE / "offline", daemon.STATE / "offline.key"]
WALL = Path("/etc/sqlmap-moved-clock")
HOUR = 3600
FAKED = os.environ | {"LD_PRELOAD": os.environ["SQLMAP_WALL_CLOCK"]}
RIGHT, WRONG, NEW = "quite-right-7", "quite-wrong-7", "quite-new-7"


def hash_of(password):
    return subprocess.run(["openssl", "passwd", "-6", password], capture_output=True, text=True, check=True).stdout.strip()


def change(name, **columns):
    values = ", ".join(f"{column} = '{value}'" for column, value in columns.items())
    sql(f"UPDATE sqlmap_users SET {values} WHERE username = '{name}'")


def set_wall_clock(seconds):
    """sqlmapd's, from now."""
    with WALL.open("r+b" if WALL.exists() else "wb", buffering=0) as file:  # the same file: it is mapped
        file.write(struct.pack("<q", seconds))


def configure(seconds):
    daemon.stop()
    daemon.write_configuration({"cache": {"offline_auth_seconds": seconds}})
    daemon.start(environment=FAKED)


@pytest.fixture(scope="module", autouse=True)
def accounts(host_set_up):
    sql(f"""INSERT INTO sqlmap_groups VALUES ('customers', 20000);
            INSERT INTO sqlmap_users (username, uid, gid, homedir, password) VALUES
              ('alice', 20001, 20000, '/srv', '{hash_of(RIGHT)}'), ('bob', 20002, 20000, '/srv', '{hash_of(RIGHT)}');""")


@pytest.fixture
def host():
    """A program, and a daemon that remembers nothing yet."""
    set_wall_clock(0)
    configure(0)
    configure(HOUR)
    change("alice", password=hash_of(RIGHT), enabled=1, lstchg=-1, max=-1, expire=-1)
    program = Host()
    yield program
    program.close()


def opens(host, password, name="alice"):
    return host.ask("login", name, password)[0] == PAM_SUCCESS


def remembered():
    return daemon.status()["remembered_logins"]


def let_in(host, password=RIGHT):
    """By the database; returns when it is remembered."""
    before = FILES[0].stat().st_ino if FILES[0].exists() else 0
    assert opens(host, password)
    wait_until(lambda: FILES[0].exists() and FILES[0].stat().st_ino != before and remembered() == 1)


def test_who_was_let_in_before_is_let_in_while_the_database_is_away_and_nobody_else(host):
    log = daemon.Log()
    let_in(host)
    with stopped():
        assert opens(host, RIGHT)
        assert not opens(host, WRONG)
        assert not opens(host, RIGHT, "bob")
        daemon.restart(FAKED)
        assert opens(host, RIGHT)
        assert not opens(host, WRONG)
        daemon.kill()
        daemon.start(environment=FAKED)
        assert opens(host, RIGHT)
    wait_until(lambda: opens(host, RIGHT, "bob"))
    assert not opens(host, WRONG)
    for path in FILES:
        status = path.stat()
        assert (stat.S_IMODE(status.st_mode), status.st_uid) == (0o600, 0)
    for text in (FILES[0].read_bytes(), FILES[1].read_bytes(), log.text().encode()):
        for secret in (RIGHT, WRONG):
            assert secret.encode() not in text
    assert b"alice" not in FILES[0].read_bytes()


def test_a_server_that_hangs_does_not_answer_either(host):
    let_in(host)
    with hung():
        assert opens(host, RIGHT)
        assert not opens(host, WRONG)


def test_a_login_survives_a_reload_and_an_end_that_come_at_once(host):
    for end in (lambda: daemon.stop(), lambda: subprocess.run(["kill", "-HUP", str(daemon.parent())], check=True)):
        configure(0)
        configure(HOUR)
        let_in(host)
        before = daemon.child()
        end()
        if not has_ended(daemon.parent()):
            wait_until(lambda before=before: daemon.child() != before and has_ended(before))
        else:
            daemon.start(environment=FAKED)
        with stopped():
            assert opens(host, RIGHT)
        wait_until(lambda: opens(host, RIGHT, "bob"))


def test_a_password_that_was_changed_elsewhere_is_of_no_more_use(host):
    let_in(host)
    change("alice", password=hash_of(NEW))
    assert not opens(host, RIGHT)
    wait_until(lambda: remembered() == 0)
    with stopped():
        assert not opens(host, RIGHT)
        assert not opens(host, NEW)  # nobody has verified it yet
        daemon.restart(FAKED)
        assert not opens(host, RIGHT)
    wait_until(lambda: opens(host, NEW))
    wait_until(lambda: remembered() == 1)
    with stopped():
        assert opens(host, NEW)
        assert not opens(host, RIGHT)


def test_the_new_password_alone_is_remembered_also_if_nobody_has_tried_the_old_one_since(host):
    let_in(host)
    change("alice", password=hash_of(NEW))
    let_in(host, NEW)
    with stopped():
        assert not opens(host, RIGHT)
        assert opens(host, NEW)
        daemon.restart(FAKED)
        assert not opens(host, RIGHT)
        assert opens(host, NEW)


@pytest.mark.parametrize("refusal", [{"enabled": 0}, {"expire": 1}, {"lstchg": 0}])
def test_an_account_that_was_refused_once_is_forgotten(host, refusal):
    let_in(host)
    change("alice", **refusal)
    assert not opens(host, RIGHT)
    change("alice", enabled=1, expire=-1, lstchg=-1)
    with stopped():
        assert not opens(host, RIGHT)
        daemon.restart(FAKED)
        assert not opens(host, RIGHT)


def test_wrong_passwords_of_strangers_do_not_take_it_from_its_owner(host):
    let_in(host)
    for number in range(20):
        assert not opens(host, f"guess-{number}")
    with stopped():
        assert opens(host, RIGHT)


def test_a_server_that_answers_with_an_error_does_answer(host):
    let_in(host)
    sql("RENAME TABLE nss_mysql TO nss_away")
    try:
        assert not opens(host, RIGHT)
    finally:
        end_queries()
        sql("RENAME TABLE nss_away TO nss_mysql")
    wait_until(lambda: opens(host, RIGHT))
    daemon.stop()
    with full():
        daemon.start(environment=FAKED)
        assert not opens(host, RIGHT)
        assert not opens(host, RIGHT)
    wait_until(lambda: opens(host, RIGHT, "bob"))
    # Signed in as nobody whom it knows.
    daemon.stop()
    sql("RENAME USER 'sqlmap_auth'@'localhost' TO 'sqlmap_away'@'localhost'")
    try:
        daemon.start(environment=FAKED)
        for _ in range(3):
            assert not opens(host, RIGHT)
    finally:
        sql("RENAME USER 'sqlmap_away'@'localhost' TO 'sqlmap_auth'@'localhost'")
    wait_until(lambda: opens(host, RIGHT))


def test_a_remembered_password_counts_for_its_time_and_no_longer(host):
    let_in(host)
    with stopped():
        set_wall_clock(HOUR - 120)
        assert opens(host, RIGHT)
        set_wall_clock(HOUR + 1)
        assert not opens(host, RIGHT)
        # A clock that is set back does not bring it back.
        set_wall_clock(0)
        assert not opens(host, RIGHT)
        daemon.restart(FAKED)
        assert not opens(host, RIGHT)
    wait_until(lambda: opens(host, RIGHT))


def test_a_clock_that_is_set_back_makes_nothing_younger(host):
    set_wall_clock(10 * 365 * 86400)
    let_in(host)
    with stopped():
        set_wall_clock(0)
        assert not opens(host, RIGHT)
    wait_until(lambda: opens(host, RIGHT))


def test_a_password_that_grows_too_old_meanwhile_is_not_accepted(host):
    today = int(subprocess.run(["date", "+%s"], capture_output=True, text=True, check=True).stdout) // 86400
    daemon.stop()
    daemon.write_configuration({"cache": {"offline_auth_seconds": 7 * 86400}})
    daemon.start(environment=FAKED)
    change("alice", lstchg=today - 9, max=10)
    let_in(host)
    with stopped():
        assert opens(host, RIGHT)
        set_wall_clock(2 * 86400)
        assert not opens(host, RIGHT)


def test_switched_off_nothing_is_remembered_and_nothing_of_it_is_left(host):
    let_in(host)
    assert all(path.exists() for path in FILES)
    configure(0)
    assert not any(path.exists() for path in FILES)
    assert opens(host, RIGHT)
    with stopped():
        assert not opens(host, RIGHT)
    assert not any(path.exists() for path in FILES)


def test_damaged_files_are_named_and_open_nothing(host):
    for path, damaged in ((FILES[0], b"sqlmapof, perhaps"), (FILES[1], os.urandom(32))):
        configure(0)
        configure(HOUR)
        let_in(host)
        daemon.stop()
        path.write_bytes(damaged)
        log = daemon.Log()
        daemon.start(environment=FAKED)
        log.wait_for("no login from before is remembered")
        with stopped():
            assert not opens(host, RIGHT)
        wait_until(lambda: opens(host, RIGHT, "bob"))
