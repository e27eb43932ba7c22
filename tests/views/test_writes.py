"""The examples of conf/sqlmapd.toml for the tables of accounts.sql: what they write, and what their grants leave forbidden."""

import re

import aegir
import mariadb_server
import pytest

from test_plain_accounts import ACCOUNTS_SQL, ROWS

CONFIG = (aegir.ROOT / "conf/sqlmapd.toml").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r'^#   (\w+) = "((?:UPDATE|INSERT) .*)"$', CONFIG, re.MULTILINE))
EVENTS = ["session_open", "session_close", "auth_success", "auth_failure"]
EVENT = {"name": "alice", "service": "sshd", "rhost": "2001:db8::1", "tty": "ssh", "host": "web1", "pid": 4711,
         "message": "wrong password: \"it's\" wrong ö€😀"}
DENIED = r"ERROR (1142|1143)"


@pytest.fixture
def accounts(root, database):
    """A database with alice and bob."""
    root.run(database, ACCOUNTS_SQL)
    root.run(database, ROWS)
    return database


def write(client, database, query, values):
    """Runs a query of [queries] with its parameters bound; returns how many rows it changed."""
    names = re.findall(r":(\w+)", query)
    bound = [values[name] for name in names]
    statement = re.sub(r":\w+", "?", query)
    script = [*mariadb_server.prepare(statement, *bound), mariadb_server.execute(*bound), "SELECT ROW_COUNT() AS changed"]
    return int(re.search(r"(\d+)\D*$", client.run(database, ";\n".join(script) + ";"))[1])


def test_the_five_queries_are_shown():
    assert set(EXAMPLES) == {"password_update", *EVENTS}


def test_a_new_password_is_stored_with_its_day_and_for_one_account(root, auth, accounts):
    rest = "SELECT username, uid, gid, homedir, services, enabled, `max` FROM sqlmap_users"
    before = root.query(accounts, rest)
    assert write(auth, accounts, EXAMPLES["password_update"], {"name": "alice", "hash": "$y$new", "days": 20500}) == 1
    assert root.query(accounts, "SELECT username, password, lstchg FROM sqlmap_users ORDER BY username") == [
        {"username": "alice", "password": "$y$new", "lstchg": "20500"},
        {"username": "bob@shop.example", "password": "!", "lstchg": "-1"}]
    assert root.query(accounts, rest) == before


@pytest.mark.parametrize("name", ["ALICE", "alice%", "nobody", ""])
def test_a_new_password_for_nobody_is_stored_nowhere(auth, accounts, name):
    assert write(auth, accounts, EXAMPLES["password_update"], {"name": name, "hash": "$y$new", "days": 20500}) == 0


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_is_one_row_with_all_that_is_known(root, auth, accounts, event):
    assert write(auth, accounts, EXAMPLES[event], EVENT) == 1
    [row] = root.query(accounts, "SELECT *, ABS(TIMESTAMPDIFF(SECOND, time, NOW())) < 60 AS now FROM sqlmap_log")
    assert row["now"] == "1"
    assert {key: row[key] for key in ("event", "username", "service", "rhost", "tty", "host", "pid", "message")} == {
        "event": event, "username": EVENT["name"], **{key: str(value) for key, value in EVENT.items() if key != "name"}}


@pytest.mark.parametrize("statement", [
    "SELECT password FROM sqlmap_users", "SELECT uid FROM sqlmap_users", "UPDATE sqlmap_users SET uid = 20005",
    "UPDATE sqlmap_users SET username = 'mallory' WHERE username = 'alice'", "UPDATE sqlmap_users SET shell = '/bin/sh'",
    "UPDATE sqlmap_users SET enabled = 1", "UPDATE sqlmap_users SET expire = -1", "DELETE FROM sqlmap_users",
    "INSERT INTO sqlmap_users (username, password) VALUES ('mallory', '')",
    "UPDATE sqlmap_groups SET gid = 20009", "INSERT INTO sqlmap_memberships VALUES ('alice', 20000)",
    "SELECT message FROM sqlmap_log", "DELETE FROM sqlmap_log", "UPDATE sqlmap_log SET username = ''",
    "INSERT INTO sqlmap_log (event, time) VALUES ('auth_success', '2001-01-01')", "TRUNCATE TABLE sqlmap_log"])
def test_the_privileged_user_can_change_nothing_else(auth, accounts, statement):
    with pytest.raises(mariadb_server.SqlError, match=DENIED):
        auth.query(accounts, statement)


@pytest.mark.parametrize("query", ["password_update", *EVENTS])
def test_the_account_of_the_readable_file_can_write_nothing(identity, accounts, query):
    with pytest.raises(mariadb_server.SqlError, match=DENIED):
        write(identity, accounts, EXAMPLES[query], {**EVENT, "hash": "$y$new", "days": 20500})
