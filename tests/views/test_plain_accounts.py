"""Accounts from the plain tables of accounts.sql."""

import re

import aegir
import mariadb_server
import pytest

ACCOUNTS_SQL = (aegir.ROOT / "sql/views/accounts.sql").read_text(encoding="utf-8")
ROWS = """
    INSERT INTO sqlmap_groups (groupname, gid) VALUES ('customers', 20000), ('editors', 20001), ('empty', 20002);
    INSERT INTO sqlmap_users (username, uid, gid, gecos, homedir, shell, password, services, lstchg, `max`)
    VALUES ('alice', 20000, 20000, 'Alice Müller', '/srv/alice', '/bin/bash', '$6$salt$Hash', 'sshd vsftpd', 20000, 90);
    INSERT INTO sqlmap_users (username, uid, gid, homedir) VALUES ('bob@shop.example', 20001, 20000, '/srv/bob');
    INSERT INTO sqlmap_memberships (username, gid) VALUES ('alice', 20001), ('bob@shop.example', 20001), ('alice', 20002)"""
CONFIG = (aegir.ROOT / "conf/sqlmapd.toml").read_text(encoding="utf-8")
SSH_KEYS = aegir.prepared(re.search(r'^#   ssh_keys = "(.*)"$', CONFIG, re.MULTILINE)[1])
REFUSED = r"ERROR (4025|1062|1451|1452|1048|1366|1264|1406)"


@pytest.fixture
def accounts(root, database):
    """A database with two users and three groups."""
    root.run(database, ACCOUNTS_SQL)
    root.run(database, ROWS)
    return database


def test_a_user_is_found_by_name_and_by_uid(identity, accounts):
    alice = {"username": "alice", "password": "x", "uid": "20000", "gid": "20000", "gecos": "Alice Müller",
             "homedir": "/srv/alice", "shell": "/bin/bash"}
    assert identity.ask(accounts, aegir.GETPWNAM, "alice") == [alice]
    assert identity.ask(accounts, aegir.GETPWUID, 20000) == [alice]
    assert len(identity.ask(accounts, aegir.GETPWENT)) == 2
    assert identity.ask(accounts, aegir.GETPWUID, 0) == []


@pytest.mark.parametrize("name", ["ALICE", "Alice", "alicé", "alic", "alice%", ""])
def test_only_the_exact_name_is_the_user(identity, auth, accounts, name):
    assert identity.ask(accounts, aegir.GETPWNAM, name) == []
    assert identity.ask(accounts, aegir.GIDSBYMEM, name) == []
    assert auth.ask(accounts, aegir.GETSPNAM, name) == []
    assert auth.ask(accounts, aegir.AUTH, name) == []


def test_groups_list_their_members_and_users_their_groups(identity, accounts):
    members = {row["member"] for row in identity.ask(accounts, aegir.GETGRNAM, "editors")}
    assert members == {"alice", "bob@shop.example"}
    assert members == {row["username"] for row in identity.ask(accounts, aegir.MEMSBYGID, 20001)}
    assert identity.ask(accounts, aegir.GETGRGID, 20000) == [
        {"groupname": "customers", "password": "x", "gid": "20000", "member": None}]
    assert [row["gid"] for row in identity.ask(accounts, aegir.GETGRENT)] == ["20000", "20001", "20001", "20002"]
    assert {row["gid"] for row in identity.ask(accounts, aegir.GIDSBYMEM, "alice")} == {"20001", "20002"}


def test_the_hash_is_in_the_auth_view_and_not_in_shadow(auth, accounts):
    assert auth.ask(accounts, aegir.AUTH, "alice") == [
        {"username": "alice", "password": "$6$salt$Hash", "status": "1", "services": "sshd vsftpd"}]
    assert auth.ask(accounts, aegir.GETSPNAM, "alice") == [
        {"username": "alice", "password": "*", "lstchg": "20000", "min": "-1", "max": "90", "warn": "-1", "inact": "-1",
         "expire": "-1", "flag": "0"}]


def test_a_new_user_has_no_password_that_opens_it(auth, accounts):
    assert auth.ask(accounts, aegir.AUTH, "bob@shop.example")[0]["password"] == "!"


def test_a_user_that_is_switched_off_keeps_its_files_and_loses_shell_and_login(root, identity, auth, accounts):
    root.run(accounts, "UPDATE sqlmap_users SET enabled = 0 WHERE username = 'alice'")
    assert identity.ask(accounts, aegir.GETPWNAM, "alice")[0]["shell"] == "/usr/sbin/nologin"
    assert auth.ask(accounts, aegir.AUTH, "alice")[0]["status"] == "0"
    [shadow] = auth.ask(accounts, aegir.GETSPNAM, "alice")
    assert (shadow["password"], shadow["expire"]) == ("!*", "1")


def test_running_the_file_again_keeps_every_row(root, identity, accounts):
    before = identity.ask(accounts, aegir.GETPWENT)
    root.run(accounts, ACCOUNTS_SQL)
    assert identity.ask(accounts, aegir.GETPWENT) == before
    assert len(identity.ask(accounts, aegir.GETGRNAM, "editors")) == 2


@pytest.mark.parametrize("name", ["", "Alice", "a:b", "a b", "a\nb", "alice\n", "-rf", ".", "..", "123", "a/b", "a*", "ä",
                                  "alice ", "a,b"])
def test_what_is_no_login_name_cannot_be_stored(root, accounts, name):
    value = mariadb_server.quote(name)
    with pytest.raises(mariadb_server.SqlError, match=REFUSED):
        root.run(accounts, f"INSERT INTO sqlmap_users (username, uid, gid, homedir) VALUES ({value}, 20009, 20000, '/srv/x')")
    with pytest.raises(mariadb_server.SqlError, match=REFUSED):
        root.run(accounts, f"INSERT INTO sqlmap_groups (groupname, gid) VALUES ({value}, 20009)")


@pytest.mark.parametrize("number", [0, 999, -1, 65534, 65535, 4294967294, 4294967295])
def test_neither_root_nor_a_reserved_id_can_be_stored(root, accounts, number):
    with pytest.raises(mariadb_server.SqlError, match=REFUSED):
        root.run(accounts, f"INSERT INTO sqlmap_users (username, uid, gid, homedir) VALUES ('eve', {number}, 20000, '/srv/x')")
    with pytest.raises(mariadb_server.SqlError, match=REFUSED):
        root.run(accounts, f"INSERT INTO sqlmap_groups (groupname, gid) VALUES ('eve', {number})")


@pytest.mark.parametrize("change", [
    "gecos = 'a:b'", "gecos = 'a\\nb'", "homedir = 'srv'", "homedir = '/srv:x'", "shell = ''", "shell = 'bash'", "gid = 20009",
    "enabled = 2", "password = NULL", "expire = -2", "uid = 20001"])
def test_a_field_that_would_break_a_passwd_line_cannot_be_stored(root, accounts, change):
    with pytest.raises(mariadb_server.SqlError, match=REFUSED):
        root.run(accounts, f"UPDATE sqlmap_users SET {change} WHERE username = 'alice'")


def test_a_group_that_is_somebodys_primary_group_cannot_vanish(root, accounts):
    with pytest.raises(mariadb_server.SqlError, match=REFUSED):
        root.run(accounts, "DELETE FROM sqlmap_groups WHERE groupname = 'customers'")


def test_a_deleted_user_leaves_no_membership_behind(root, identity, accounts):
    root.run(accounts, "DELETE FROM sqlmap_users WHERE username = 'alice'")
    assert identity.ask(accounts, aegir.GIDSBYMEM, "alice") == []
    assert {row["member"] for row in identity.ask(accounts, aegir.GETGRENT)} == {"bob@shop.example", None}


def test_a_key_is_its_owners_alone_and_goes_with_him(root, auth, accounts):
    root.run(accounts, "INSERT INTO sqlmap_keys (username, ssh_key) VALUES ('alice', 'ssh-ed25519 one'), ('bob@shop.example', 'ssh-rsa two')")
    assert auth.ask(accounts, SSH_KEYS, "alice") == [{"username": "alice", "ssh_key": "ssh-ed25519 one"}]
    assert auth.ask(accounts, SSH_KEYS, "ALICE") == []
    root.run(accounts, "UPDATE sqlmap_users SET enabled = 0 WHERE username = 'alice'")
    assert auth.ask(accounts, SSH_KEYS, "alice") == []
    root.run(accounts, "DELETE FROM sqlmap_users WHERE username = 'bob@shop.example'")
    assert root.query(accounts, "SELECT username FROM sqlmap_keys") == [{"username": "alice"}]
    with pytest.raises(mariadb_server.SqlError, match=REFUSED):
        root.run(accounts, "INSERT INTO sqlmap_keys (username, ssh_key) VALUES ('nobody-here', 'ssh-ed25519 one')")


def test_every_look_up_uses_an_index_at_ten_thousand_users(root, accounts):
    root.run(accounts, """
        INSERT INTO sqlmap_users (username, uid, gid, homedir)
        SELECT CONCAT('user', seq), seq, 20000, '/srv/x' FROM seq_30001_to_40000;
        INSERT INTO sqlmap_memberships (username, gid)
        SELECT CONCAT('user', seq), 20002 FROM seq_30001_to_40000;
        INSERT INTO sqlmap_keys (username, ssh_key) SELECT CONCAT('user', seq), 'ssh-ed25519 x' FROM seq_30001_to_40000;
        ANALYZE TABLE sqlmap_users, sqlmap_memberships, sqlmap_keys""")
    lookups = [(query, "user30777") for query in (aegir.GETPWNAM, aegir.GETSPNAM, aegir.GIDSBYMEM, aegir.AUTH, SSH_KEYS)]
    lookups += [(aegir.GETPWUID, 30777), (aegir.GETGRNAM, "customers"), (aegir.GETGRGID, 20001)]
    for query, value in lookups:
        for step in root.ask(accounts, f"EXPLAIN {query}", value):
            assert step["type"] in {"const", "ref"}, (query, step)
            assert int(step["rows"]) <= 3, (query, step)
