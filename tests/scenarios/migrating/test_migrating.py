"""doc/migrating.md is followed from each of the old modules, but for those with hosts of their own (conftest.py), and what came out is looked at
more closely on the way."""

import subprocess
from pathlib import Path

import pytest
from old_hosts import PASSWORDS, getent, readable_by_all
from page import bash

ELSEWHERE = ("Pure-FTPd", "ProFTPD")


@pytest.fixture(scope="module")
def followed(reader):
    """To the end, with what other users could read of /etc/sqlmapd, and who toor was, after each import."""
    reader.exposed, reader.roots = "", []

    def look(step, seen):
        if Path("/etc/sqlmapd/sqlmapd.toml").exists():
            reader.exposed += readable_by_all("/etc/sqlmapd")
        reader.roots.append(getent("-s", "sqlmap", "passwd", "toor") + getent("-s", "sqlmap", "passwd", "0"))

    reader._tell = look
    reader._to_do = [step for step in reader._to_do if step.heading not in ELSEWHERE]
    reader.follow()
    return reader


def test_the_page_says_what_happens(followed):
    followed.assert_true()


def test_no_password_of_the_old_files_can_be_read_by_everybody_any_more(followed):
    assert "[database]" in followed.exposed
    assert [word for word in PASSWORDS if word in followed.exposed] == []


def test_a_second_root_of_the_old_tables_is_nobody(followed):
    assert len(followed.roots) > 10
    assert set(followed.roots) == {""}


def test_whoever_was_let_in_by_the_old_module_is_let_in_by_the_new_one_and_nobody_else(followed):
    logins = [seen for step, seen in followed.seen if step.heading == "pam_mysql" and "curl" in step.script]
    before, after = logins
    assert before.splitlines()[-4:] == after.splitlines()[:4] == ["Hello alice", "Hello bob", "curl: (67) Access denied: 530", "exit status 67"]


def test_nothing_asks_an_old_module_at_the_end(followed):
    lines = [line for line in Path("/etc/nsswitch.conf").read_text().splitlines() if line.startswith(("passwd:", "group:", "shadow:"))]
    assert len(lines) == 3
    assert [line for line in lines if "mysql" in line.replace("sqlmap", "") or "extrausers" in line] == []
    assert "pam_mysql" not in Path("/etc/pam.d/vsftpd").read_text()
    assert getent("passwd", "alice").startswith("alice:x:5000:5000:")


@pytest.mark.parametrize("line", ["mallory:x:0:5000::/root:/bin/bash", "mallory:x:5009:27::/srv/people/mallory:/bin/bash", "Mall ory:x:5009:5000::/srv:/bin/bash"])
def test_a_line_that_could_not_be_an_account_leaves_no_half_of_the_others_behind(followed, line):
    step, = (step for step, _ in followed.seen if "START TRANSACTION" in step.script)
    passwd = Path("/var/lib/extrausers/passwd")
    good = passwd.read_text()
    subprocess.run(["mariadb", "-e", "DROP DATABASE accounts"], check=True)
    passwd.write_text(f"{good}{line}\n")
    status, seen = bash(step)
    rows = "SELECT (SELECT COUNT(*) FROM sqlmap_users), (SELECT COUNT(*) FROM sqlmap_groups)"
    assert (status != 0, subprocess.check_output(["mariadb", "-N", "accounts", "-e", rows], text=True)) == (True, "0\t0\n"), seen
    passwd.write_text(good)
    assert bash(step)[0] == 0
    assert subprocess.check_output(["mariadb", "-N", "accounts", "-e", rows], text=True) == "2\t2\n"
