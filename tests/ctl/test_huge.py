"""Beside 100,000 accounts each command says what it says beside 8, as soon. What check, lookup and ssh_keys say of so many, their own tests show."""

import re
import time

import pytest
from ctl import CONFIG, PASSWORD, daemon_stopped, masked, run, sql

COMMANDS = [
    (["refresh", "--wait", "--force"], ""),
    (["refresh", "--wait"], ""),
    (["status"], ""),
    (["status", "--prometheus"], ""),
    (["user", "alice"], ""),
    (["user", "20000"], ""),
    (["group", "editors"], ""),
    (["groups", "alice"], ""),
    (["auth", "alice", "--stdin"], f"{PASSWORD}\n"),
    (["auth", "alice", "--stdin", "--through-daemon"], f"{PASSWORD}\n"),
    (["ssh-keys", "alice"], ""),
    (["flush", "alice"], ""),
    (["views", "accounts", "--install"], ""),
    (["setup", "--services", "su", "--yes"], ""),
    (["setup", "--undo", "--yes"], ""),
]
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPxh0K+O3aB5VVnNQKXBHYvFd6fPj1ZlWLwYcXbqCPUx"
QUERY = '[queries]\nssh_keys = "SELECT username, ssh_key FROM nss_ssh_keys WHERE username = :name"\n'
ALIKE = {  # but for how many there are, and what that costs
    r"\b(8|100000) users\b": "N users",
    r"(?m)^(  users +)(8|100000)$": r"\1N",
    r"\d+ KiB": "N KiB",
    r"\d+ answers? forgotten": "N answers forgotten",
    r"(?m)^(sqlmap_\w+(?:\{[^}]*\})?) .*$": r"\1 N",
}


def seen():
    """What each command says and how long it takes."""
    for words, stdin in COMMANDS:
        began = time.monotonic()
        result = run(*words, stdin=stdin)
        took = time.monotonic() - began
        yield words, result.returncode, alike(masked(result.stdout)), result.stderr, took


def alike(text):
    for pattern, word in ALIKE.items():
        text = re.sub(pattern, word, text)
    return text


@pytest.fixture(name="keys", autouse=True)
def fixture_keys():
    with daemon_stopped():
        CONFIG.write_text(CONFIG.read_text(encoding="utf-8") + QUERY, encoding="utf-8")
    sql(f"INSERT INTO sqlmap_keys (username, ssh_key) SELECT username, CONCAT('{KEY} ', username) FROM sqlmap_users")


def test_a_hundred_thousand_accounts_change_no_answer_and_keep_nobody_waiting():
    list(seen())  # status shows what has ever been asked
    sql("UPDATE sqlmap_users SET gecos = 'so that there is something to read' WHERE username = 'sven'")
    few = list(seen())
    assert [(words, status) for words, status, *_ in few if status != 0] == []
    sql("INSERT INTO sqlmap_users (username, uid, gid, homedir, shell, password) SELECT CONCAT('web', seq), 100000 + seq, 20000,"
        " CONCAT('/srv/people/web', seq), '/bin/bash', '*' FROM seq_1_to_99992;"
        "INSERT INTO sqlmap_memberships SELECT CONCAT('web', seq), 20000 FROM seq_1_to_99992;"
        f"INSERT INTO sqlmap_keys (username, ssh_key) SELECT CONCAT('web', seq), '{KEY}' FROM seq_1_to_99992")
    many = list(seen())
    assert "100000 users" in run("refresh", "--wait").stdout
    for (words, *before, _), (_, *after, took) in zip(few, many):
        assert after == before, words
        assert took < 10, words
