"""`sqlmapctl refresh` and `flush`: for panels and scripts, which go on when the account that they made resolves."""

import os
import pwd
import re
import signal
import socket
import struct
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest
from ctl import CONFIG, PASSWORD, ask, daemon_stopped, database_stopped, run, sql, wait_until
from sandbox import SQLMAPD, pid_in

NOBODY = 65534
AWAY = "sqlmapd is not running: no socket, or not in a directory that is root's alone"
NEW = "zoe"
HELD_BACK = ("the database has only 0 users and 2 groups left of 8 users and 2 groups: not published, the accounts of before stay. If that is "
             "right, force it (sqlmapctl refresh --force), or raise snapshot.max_shrink_percent")


def uid_of(name):
    """As a process that begins now sees it."""
    result = subprocess.run(["getent", "passwd", name], capture_output=True, text=True)
    return int(result.stdout.split(":")[2]) if result.returncode == 0 else None


def add(name=NEW, uid=20100):
    sql(f"INSERT INTO sqlmap_users (username, uid, gid, homedir, shell) VALUES ('{name}', {uid}, 20000, '/srv/people/{name}', '/bin/bash')")


@pytest.fixture(autouse=True)
def same_people():
    yield
    sql(f"DELETE FROM sqlmap_users WHERE username = '{NEW}'; UPDATE sqlmap_users SET gecos = 'Bob Example' WHERE username = 'bob'")
    assert run("refresh", "--wait").returncode == 0


@contextmanager
def without_snapshot():
    """sqlmapd, which is given, remembers single answers, for long."""
    before = CONFIG.read_text()
    with daemon_stopped():
        CONFIG.write_text(before + "[snapshot]\nenabled = false\n[cache]\nabsent_seconds = 3600\nfound_seconds = 3600\n")
        with subprocess.Popen(["/usr/sbin/sqlmapd", "--foreground"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, start_new_session=True) as started:
            try:
                wait_until(lambda: run("status").returncode == 0)
                yield started
            finally:
                started.terminate()
                CONFIG.write_text(before)


@pytest.mark.parametrize("command", [("refresh", "--wait"), ("flush", NEW), ("flush",)])
def test_a_new_account_resolves_when_it_returns_also_if_somebody_has_asked_for_it_before(command):
    assert uid_of(NEW) is None
    add()
    result = run(*command)
    assert (result.returncode, result.stderr) == (0, "")
    words = f"generation {ask('status')['generation']}: 9 users and 2 groups, "
    forgotten = "" if command[0] == "refresh" else "1 answer forgotten; "
    assert result.stdout.startswith(forgotten + words) and result.stdout.endswith(" s\n") and result.stdout.count("\n") == 1
    asked = ask("status")["questions"]["user_by_name"]
    assert uid_of(NEW) == 20100
    assert ask("status")["questions"]["user_by_name"] == asked, "it is in the snapshot"


@pytest.mark.parametrize("command", [("refresh", "--wait"), ("flush", "bob")])
def test_a_change_is_seen_when_it_returns(command):
    sql("UPDATE sqlmap_users SET gecos = 'Robert' WHERE username = 'bob'")
    assert run(*command).returncode == 0
    assert subprocess.run(["getent", "passwd", "bob"], capture_output=True, text=True).stdout.split(":")[4] == "Robert"


def test_without_a_change_nothing_is_published():
    before = ask("status")["generation"]
    assert run("refresh", "--wait").stdout == "nothing has changed: 8 users and 2 groups\n"
    assert run("flush", "bob").stdout == "0 answers forgotten; nothing has changed: 8 users and 2 groups\n"
    assert ask("refresh", "--wait") == {"said": "nothing has changed: 8 users and 2 groups", "nscd_runs": False}
    assert ask("status")["generation"] == before


def test_without_wait_it_returns_at_once():
    assert run("refresh").stdout == "asked for\n"
    assert ask("refresh", "--force") == {"said": "asked for", "nscd_runs": False}


def test_without_a_snapshot_flush_makes_a_new_account_resolve_by_name_and_by_uid():
    with without_snapshot():
        assert (uid_of(NEW), uid_of("20100"), uid_of("bob")) == (None, None, 20001)
        add()
        assert (uid_of(NEW), uid_of("20100")) == (None, None), "remembered"
        result = run("flush", NEW)
        assert (result.returncode, result.stdout, result.stderr) == (0, "2 answers forgotten\n", "")
        assert uid_of(NEW) == uid_of("20100") == 20100
        assert ask("flush") == {"said": "3 answers forgotten", "nscd_runs": False}
        result = run("refresh", "--wait")
        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr == 'sqlmapctl: there is no snapshot: it is off, or a list query is ""\n'


def test_a_flush_during_a_reload_holds_for_both_children_that_answer():
    with without_snapshot() as sqlmapd, socket.socket(socket.AF_UNIX) as asked:
        assert uid_of(NEW) is None
        name = struct.pack("<H", len(NEW)) + NEW.encode()
        question = struct.pack("<IIHH", 0x014D5153, len(name), 34, 0) + name  # src/common/wire/protocol.h
        # The child of before ends when it has answered what it has begun to read.
        asked.connect("/run/sqlmapd/socket")
        asked.sendall(question[:-1])
        wait_until(lambda: ask("status")["clients"] == 2)
        sqlmapd.send_signal(signal.SIGHUP)
        wait_until(lambda: uid_of(NEW) is None and ask("status")["clients"] == 1 and ask("status")["cache_entries"] == 1)
        add()
        assert uid_of(NEW) is None, "remembered"
        asked.sendall(question[-1:])
        assert b"1 answer forgotten" in b"".join(iter(lambda: asked.recv(4096), b""))
        assert uid_of(NEW) == 20100


def test_what_is_held_back_is_not_published_and_force_is_named():
    sql("CREATE TABLE kept AS SELECT * FROM sqlmap_users; DELETE FROM sqlmap_users")
    try:
        for command in (("refresh", "--wait"), ("flush",), ("flush", "bob")):
            why = HELD_BACK if command[0] == "refresh" else f"0 answers forgotten; not read anew: {HELD_BACK}"
            result = run(*command)
            assert (result.returncode, result.stdout, result.stderr) == (1, "", f"sqlmapctl: {why}\n")
            assert ask(*command, status=1) == {"error": why}
        assert pwd.getpwnam("bob").pw_uid == 20001
        assert run("refresh", "--wait", "--force").returncode == 0
        assert uid_of("bob") is None
    finally:
        sql("INSERT INTO sqlmap_users SELECT * FROM kept; DROP TABLE kept")


@pytest.mark.parametrize("command", [("refresh",), ("refresh", "--wait"), ("flush",), ("flush", "bob")])
def test_it_is_for_root(command):
    result = run(*command, uid=NOBODY)
    assert (result.returncode, result.stdout, result.stderr) == (3, "", "sqlmapctl: only root may ask for that\n")
    assert ask(*command, status=3, uid=NOBODY) == {"error": "only root may ask for that"}


def test_that_there_is_nobody_to_ask_is_said():
    with daemon_stopped():
        for command in (("refresh",), ("refresh", "--wait"), ("flush",)):
            result = run(*command)
            assert (result.returncode, result.stdout, result.stderr) == (3, "", f"sqlmapctl: {AWAY}\n")
            assert ask(*command, status=3) == {"error": AWAY}


def test_a_database_that_is_away_is_said_and_costs_no_published_account():
    with database_stopped():
        for command in (("refresh", "--wait"), ("flush", "bob")):
            result = run(*command)
            assert (result.returncode, result.stdout) == (1, "")
            begins = "sqlmapctl: " if command[0] == "refresh" else "sqlmapctl: 0 answers forgotten; not read anew: "
            assert result.stderr.startswith(begins + "/run/mysqld/mysqld.sock")
        assert uid_of("bob") == 20001


def test_a_login_that_is_remembered_is_forgotten_while_the_database_is_away_and_that_is_said():
    def opens():
        return run("auth", "alice", "--stdin", "--through-daemon", stdin=PASSWORD).returncode == 0

    before = CONFIG.read_text()
    CONFIG.write_text(before + "[cache]\noffline_auth_seconds = 86400\n")
    os.kill(pid_in(SQLMAPD), signal.SIGHUP)
    try:
        wait_until(lambda: ask("status").get("remembered_logins") == 0)
        assert opens()
        wait_until(lambda: ask("status")["remembered_logins"] == 1)
        with database_stopped():
            assert opens()
            result = run("flush", "alice")
            assert (result.returncode, result.stdout) == (1, "")
            assert re.match(r"sqlmapctl: \d answers? forgotten, and the remembered logins of alice; not read anew: /run/mysqld/", result.stderr)
            assert ask("status")["remembered_logins"] == 0
            assert not opens()
            assert uid_of("alice") == 20000
    finally:
        CONFIG.write_text(before)
        os.kill(pid_in(SQLMAPD), signal.SIGHUP)
        wait_until(lambda: "remembered_logins" not in ask("status"))


@pytest.mark.parametrize("name", ["", "x" * 256])
def test_a_script_whose_variable_is_empty_does_not_forget_everything(name):
    result = run("flush", name)
    assert (result.returncode, result.stdout) == (2, "")
    assert "NAME: a name has 1 to 255 bytes" in result.stderr


def test_who_remembers_in_front_of_us_is_named():
    folder = Path("/var/run/nscd")
    folder.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as nscd:
        nscd.bind(str(folder / "socket"))
        nscd.listen()
        result = run("flush", "bob")
        assert (result.returncode, result.stdout) == (0, "0 answers forgotten; nothing has changed: 8 users and 2 groups\n")
        assert result.stderr == "nscd runs, and remembers accounts on its own: nscd --invalidate=passwd; nscd --invalidate=group\n"
        assert ask("refresh")["nscd_runs"] is True
    assert run("refresh").stderr == ""
    (folder / "socket").unlink()
    folder.rmdir()
