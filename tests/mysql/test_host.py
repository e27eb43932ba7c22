"""A host whose accounts are in a real MySQL: the list, logins, a new password, TLS, and what `sqlmapctl check` says of it."""

import os
import re
import shutil
import signal
import socketserver
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path
from socket import create_connection

import mysql_server
import pytest
from ctl import CONFIG, SECRETS, run, wait_until
from mysql_server import SOCKET, end, sql, start, started_with
from sandbox import SQLMAPD, SQLMAPD_LOG, pid_in, start_sqlmapd, stop

HERE = Path(__file__).resolve().parent
PASSWORD = "correct horse"  # of tests/ctl/accounts.sql
AUTHORITY = Path("/etc/sqlmapd/mysql-ca.pem")
SECRET = {"sqlmap": "reader's secret", "sqlmap_auth": "judge's secret"}

DATABASE = f"""
[database]
name = "accounts"
servers = ["{SOCKET}"]
"""
ACCOUNTS = """
[accounts]
name_case = "lower"

[throttle]
failures = 0

[snapshot]
refresh_seconds = 86400
"""
LOG = "INSERT INTO sqlmap_log (event, username, service, rhost, tty, host, pid, message) VALUES " \
      "('auth_failure', :name, :service, :rhost, :tty, :host, :pid, :message)"
QUERIES = f"""
[queries]
password_update = "UPDATE sqlmap_users SET password = :hash, lstchg = :days WHERE username = :name"
ssh_keys = "SELECT username, ssh_key FROM nss_ssh_keys WHERE username = :name"
auth_failure = "{LOG}"
"""


def command(*words, **options):
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, **options)


def getent(*words):
    return command("getent", *words).stdout.rstrip("\n")


def publish():
    done = run("refresh", "--wait", "--force")
    assert done.returncode == 0, done


@contextmanager
def configured(database=DATABASE, accounts=ACCOUNTS, queries=QUERIES):
    """The host with this configuration, and then with its usual one."""
    def reload():
        size = SQLMAPD_LOG.stat().st_size
        os.kill(pid_in(SQLMAPD), signal.SIGHUP)
        wait_until(lambda: "the configuration was read again" in SQLMAPD_LOG.read_text()[size:])

    before = CONFIG.read_text()
    CONFIG.write_text(database + accounts + queries)
    try:
        reload()
        yield
    finally:
        CONFIG.write_text(before)
        reload()


def findings(*areas):
    """The lines of `check` about these."""
    return [re.sub(r" +", " ", line) for line in run("check").stdout.splitlines() if line.split()[1] in areas]


def bad(lines):
    return [line for line in lines if not line.startswith("ok ")]


def verdict(name, password):
    said = run("auth", name, "--stdin", "--service", "sshd", "--through-daemon", stdin=f"{password}\n").stdout
    return re.findall(r"(?m)^sqlmapd: authentication .*(PAM_\w+)", said)


@pytest.fixture(scope="module")
def host(server):
    sql("CREATE DATABASE accounts")
    CONFIG.parent.mkdir(exist_ok=True)
    CONFIG.write_text(DATABASE + ACCOUNTS + QUERIES)
    SECRETS.touch(mode=0o600)
    SECRETS.write_text(f'[database]\npassword = "{SECRET["sqlmap"]}"\n\n[privileged]\nuser = "sqlmap_auth"\npassword = "{SECRET["sqlmap_auth"]}"\n')
    assert run("views", "accounts", "--install").returncode == 0
    sql((HERE.parent / "ctl/accounts.sql").read_text(encoding="utf-8"), "accounts")
    for user, secret in SECRET.items():
        secret = secret.replace("'", "''")
        sql(f"ALTER USER {user}@localhost IDENTIFIED BY '{secret}' ACCOUNT UNLOCK; CREATE USER {user}@'127.0.0.1' IDENTIFIED BY '{secret}'")
        for view in ("getpwnam", "getgrnam", "memsbygid", "gidsbymem") if user == "sqlmap" else ("getpwnam", "getspnam", "mysql", "ssh_keys"):
            sql(f"GRANT SELECT ON accounts.nss_{view} TO {user}@'127.0.0.1'")
    sql("GRANT SELECT (username), UPDATE (password, lstchg) ON accounts.sqlmap_users TO sqlmap_auth@'127.0.0.1';"
        "GRANT INSERT ON accounts.sqlmap_log TO sqlmap_auth@'127.0.0.1'")
    shutil.copyfile(mysql_server.DATA / "ca.pem", AUTHORITY)
    AUTHORITY.chmod(0o644)
    assert command("sqlmapd", "--check-config").returncode == 0
    start_sqlmapd()
    wait_until(lambda: run("refresh", "--wait").returncode == 0)
    done = run("setup", "--yes")
    assert done.returncode == 0, done


def test_the_accounts_of_the_database_are_accounts_of_the_host(host):
    assert getent("passwd", "alice") == "alice:x:20000:20000:Alice Example:/srv/people/alice:/bin/bash"
    assert getent("passwd", "20001").startswith("bob:")
    assert getent("shadow", "alice").startswith("alice:*:")
    assert getent("group", "editors") == "editors:x:20001:alice,bob"
    assert command("id", "alice").stdout == "uid=20000(alice) gid=20000(customers) groups=20000(customers),20001(editors)\n"
    assert len([line for line in getent("passwd").splitlines() if "Example" in line]) == 2


def test_a_new_row_is_an_account_at_once_and_a_name_is_what_it_is_byte_by_byte(host):
    sql("INSERT INTO sqlmap_users (username, uid, gid, gecos, homedir) VALUES ('new.one', 20100, 20000, 'Ü ✓', '/srv/people/new.one')", "accounts")
    assert getent("passwd", "new.one") == "new.one:x:20100:20000:Ü ✓:/srv/people/new.one:/usr/sbin/nologin"
    assert [name for name in ("New.One", "new.öne", "new.one ", "new.one'", "new.one\\", "nëw.one") if getent("passwd", name)] == []


def test_a_table_of_the_servers_own_collation_does_not_make_names_alike(host):
    """utf8mb4_0900_ai_ci: to it ANN, Ann and änn are one."""
    sql("CREATE DATABASE plain; CREATE TABLE plain.people (username VARCHAR(64) PRIMARY KEY, hash VARCHAR(255), uid INT UNSIGNED);"
        "INSERT INTO plain.people SELECT 'Bob', password, 21000 FROM accounts.sqlmap_users WHERE username = 'alice';"
        "INSERT INTO plain.people VALUES ('josé', '', 21001), ('ann', '', 21002);"
        "GRANT SELECT ON plain.people TO sqlmap@localhost, sqlmap_auth@localhost")
    assert sql("SELECT username FROM people WHERE username = 'BÖB'", "plain") == "Bob"
    columns = "username, 'x' AS password, uid, 100 AS gid, '' AS gecos, '/home' AS homedir, '/bin/sh' AS shell FROM people"
    queries = f"""
[queries]
getpwnam = "SELECT {columns} WHERE username = :name"
getpwuid = "SELECT {columns} WHERE uid = :uid"
getpwent = "SELECT {columns}"
auth = "SELECT username, hash AS password FROM people WHERE username = :name"
""" + "".join(f'{off} = ""\n' for off in ("getgrnam", "getgrgid", "getgrent", "memsbygid", "gidsbymem", "getspnam", "getspent"))
    exact = ACCOUNTS.replace('"lower"', '"exact"\nname_first = "a-zA-Z"\nname_rest = "a-zA-Z"\nallow_gids = [100]')
    with configured(DATABASE.replace('"accounts"', '"plain"'), exact, queries):
        wait_until(lambda: getent("passwd", "Bob"))
        names = ("Bob", "bob", "BOB", "Böb", "ann", "Ann", "jose", "josé", "ann ")
        assert [name for name in names if getent("passwd", name)] == ["Bob", "ann"]
        assert [name for name in names if verdict(name, PASSWORD) == ["PAM_SUCCESS"]] == ["Bob"]
    sql("REVOKE SELECT ON plain.people FROM sqlmap@localhost, sqlmap_auth@localhost")
    publish()


def test_the_right_password_opens_an_account_and_no_other_does(host):
    assert [verdict("alice", password) for password in (PASSWORD, "Correct horse", "", "x")] == [["PAM_SUCCESS"], *[["PAM_AUTH_ERR"]] * 3]
    assert verdict("carol", PASSWORD) != ["PAM_SUCCESS"]
    assert command("pamtester", "sshd", "alice", "authenticate", "acct_mgmt", input=PASSWORD).returncode == 0
    before = int(sql("SELECT COUNT(*) FROM sqlmap_log WHERE event = 'auth_failure' AND username = 'alice'", "accounts"))
    assert command("pamtester", "sshd", "alice", "authenticate", input="wrong").returncode != 0
    wait_until(lambda: int(sql("SELECT COUNT(*) FROM sqlmap_log WHERE event = 'auth_failure' AND username = 'alice'", "accounts")) == before + 1)


def test_a_password_is_changed_in_the_database(host):
    def change(old, new):
        return command("setpriv", "--reuid=20001", "--regid=20000", "--clear-groups", "pamtester", "passwd", "bob", "chauthtok",
                       input=f"{old}\n{new}\n{new}\n").returncode

    assert change("wrong", "battery staple 1") != 0
    assert change(PASSWORD, "battery staple 1") == 0
    assert [verdict("bob", PASSWORD), verdict("bob", "battery staple 1")] == [["PAM_AUTH_ERR"], ["PAM_SUCCESS"]]
    sql("SET GLOBAL super_read_only = 1")
    try:
        assert change("battery staple 1", "battery staple 2") != 0
        assert "error 1290: the server is read-only: name the primary" in SQLMAPD_LOG.read_text()
        assert [line for line in findings("servers") if "is read-only" in line]
        assert verdict("bob", "battery staple 1") == ["PAM_SUCCESS"]
    finally:
        sql("SET GLOBAL super_read_only = 0; SET GLOBAL read_only = 0")
    assert change("battery staple 1", "battery staple 2") == 0


def test_keys_of_the_database_open_an_account(host):
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJX6Fc9qZtqfM1Qe2NZQqzj0FqQJDGmk3bIZ2Jzvrw0q alice@desk"
    sql(f"INSERT INTO sqlmap_keys (username, ssh_key) VALUES ('alice', '{key}')", "accounts")
    assert run("ssh-keys", "alice").stdout.strip() == key


def test_check_finds_nothing_wrong_with_the_grants_and_the_queries(host):
    lines = findings("configuration", "servers", "queries", "daemon")
    assert bad(lines) == []
    assert [line for line in lines if re.search(r"MySQL [\d.]+\S* answers within", line)]
    assert len([line for line in lines if line.endswith("may do what it needs, and no more")]) == 2
    # It knows how the server finds a row.
    assert [line for line in lines if re.match(r"ok queries getpwnam .*, by PRIMARY of sqlmap_users$", line)]


@pytest.mark.parametrize("grant, says", [
    ("SELECT ON *.*", "sqlmap may do more than it needs: SELECT on *.*"),
    ("SELECT, UPDATE ON accounts.*", "sqlmap may do more than it needs: SELECT, UPDATE on accounts.*"),
    ("SELECT ON accounts.nss_mysql", "error servers /run/mysqld/mysqld.sock sqlmap may select from nss_mysql, with what opens accounts"),
    ("SELECT (username, password) ON accounts.sqlmap_users", "error servers /run/mysqld/mysqld.sock sqlmap may select from sqlmap_users, with what opens"),
    ("UPDATE (uid) ON accounts.sqlmap_users", "sqlmap may do more than it needs: UPDATE (uid) on accounts.sqlmap_users"),
    ("SYSTEM_VARIABLES_ADMIN, CONNECTION_ADMIN ON *.*", "sqlmap may do more than it needs: CONNECTION_ADMIN, SYSTEM_VARIABLES_ADMIN on *.*"),
    ("`app admin`", "sqlmap may be of the role app admin@%, and do what that may"),
])
def test_check_names_what_an_account_may_do_beyond_its_part(host, grant, says):
    sql("CREATE ROLE 'app admin'")
    sql(f"GRANT {grant} TO sqlmap@localhost")
    try:
        assert [line for line in findings("servers") if says in line], findings("servers")
    finally:
        sql(f"REVOKE {grant} FROM sqlmap@localhost; DROP ROLE 'app admin'")
    assert bad(findings("servers")) == []


def test_check_names_a_table_that_is_read_as_a_whole(host):
    sql("SET SESSION cte_max_recursion_depth = 10000; CREATE TABLE slow (username VARCHAR(64), ssh_key TEXT);"
        "INSERT INTO slow WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT CONCAT('u', i), 'x' FROM n;"
        "ANALYZE TABLE slow; GRANT SELECT ON slow TO sqlmap_auth@localhost", "accounts")
    try:
        with configured(queries=QUERIES.replace("nss_ssh_keys", "slow")):
            assert [line for line in findings("queries") if re.search(r"^warning queries ssh_keys reads all of slow \(\d+ rows\) for each look-up", line)]
    finally:
        sql("REVOKE SELECT ON slow FROM sqlmap_auth@localhost; DROP TABLE slow", "accounts")


class Relay(socketserver.ThreadingTCPServer):
    """To the server, with a record of what it was sent."""
    allow_reuse_address = daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 3307), self.Session)
        self.sent = b""

    class Session(socketserver.BaseRequestHandler):
        def handle(self):
            with create_connection(("127.0.0.1", 3306)) as server:
                threading.Thread(target=self.copy, args=(server, self.request), daemon=True).start()
                self.copy(self.request, server, record=True)

        def copy(self, source, to, record=False):
            try:
                while data := source.recv(65536):
                    if record:
                        self.server.sent += data
                    to.sendall(data)
            except OSError:
                pass


@pytest.fixture
def relay():
    with Relay() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def tcp(port, more):
    return DATABASE.replace(f'"{SOCKET}"', f'"127.0.0.1:{port}"') + more


def test_over_tcp_an_account_signs_in_by_tls_also_where_the_server_has_forgotten_it(host, relay):
    """caching_sha2_password: after FLUSH PRIVILEGES the server wants the password itself."""
    with configured(tcp(3307, f'tls = "verify-ca"\ntls_ca = "{AUTHORITY}"\n')):
        for _ in "cold", "warm":
            sql("FLUSH PRIVILEGES")
            publish()
            assert verdict("alice", PASSWORD) == ["PAM_SUCCESS"]
        lines = findings("servers")
        assert [line for line in bad(lines) if "sqlmap_auth may do more" not in line] == []
        assert [line for line in lines if re.search(r"TLS with TLS_\w+, to a server of the authority's, of any name", line)]
    assert relay.sent and b"sqlmap" not in relay.sent


@pytest.mark.parametrize("tls", ["off", "required"])
def test_no_password_is_shown_to_a_server_that_nobody_has_verified(host, relay, tls):
    with configured(tcp(3307, f'tls = "{tls}"\n')):
        sql("FLUSH PRIVILEGES")
        assert run("refresh", "--wait").returncode != 0
        lines = findings("servers")
        assert len([line for line in lines if "cannot sign in: error 5010" in line and "Allowed here: mysql_native_password" in line
                    and 'name a socket, or let [database] tls be "verify"' in line]) == 2, lines
        # Nor is it asked at each look-up: it would ban this host.
        before = int(sql("SHOW GLOBAL STATUS LIKE 'Connections'").split()[1])
        for number in range(30):
            assert getent("passwd", f"nobody.{number}") == ""
        assert int(sql("SHOW GLOBAL STATUS LIKE 'Connections'").split()[1]) - before < 10
        assert getent("passwd", "alice").startswith("alice:")
    assert [secret for secret in SECRET.values() if secret.encode() in relay.sent] == []
    publish()


def test_a_server_of_another_name_is_refused(host):
    with configured(tcp(3306, f'tls = "verify"\ntls_ca = "{AUTHORITY}"\n')):
        assert len([line for line in findings("servers") if "cannot sign in: error 2026: TLS/SSL error" in line]) == 2


@pytest.mark.parametrize("change, says", [
    ("ACCOUNT LOCK", "error 3118: .*; ALTER USER sqlmap ACCOUNT UNLOCK on the server"),
    ("PASSWORD EXPIRE", "error 1862: .*; ALTER USER the password of sqlmap on the server"),
    ("IDENTIFIED BY 'another'", "error 1045: .*; ALTER USER the password of sqlmap on the server"),
    ("WITH MAX_USER_CONNECTIONS 1", "error 1226: .*; raise max_connections on the server"),
])
def test_an_account_that_the_server_turns_away_is_said_to_be_and_does_not_ask_at_each_look_up(host, change, says):
    sql(f"ALTER USER sqlmap@localhost {change}")
    stop(SQLMAPD)
    start_sqlmapd()
    wait_until(lambda: run("status").returncode in (0, 1) and getent("passwd", "alice"))
    try:
        before = int(sql("SHOW GLOBAL STATUS LIKE 'Connections'").split()[1])
        for number in range(30):
            assert getent("passwd", f"nobody.{number}") == ""
        if "CONNECTIONS" not in change:
            assert int(sql("SHOW GLOBAL STATUS LIKE 'Connections'").split()[1]) - before < 10
            assert [line for line in findings("servers") if re.search(f"sqlmap cannot sign in: {says}", line)], findings("servers")
            assert says.partition(":")[0] in run("refresh", "--wait").stderr
    finally:
        secret = SECRET["sqlmap"].replace("'", "''")
        sql(f"ALTER USER sqlmap@localhost IDENTIFIED BY '{secret}' WITH MAX_USER_CONNECTIONS 0 ACCOUNT UNLOCK")
    wait_until(lambda: run("refresh", "--wait").returncode == 0)


def test_what_was_read_stays_while_the_server_is_killed_and_all_is_well_when_it_is_back(host):
    end(signal.SIGKILL)
    assert getent("passwd", "alice").startswith("alice:")
    assert getent("passwd", "nobody.here") == ""
    assert verdict("alice", PASSWORD) == ["PAM_AUTHINFO_UNAVAIL"]
    start()
    wait_until(lambda: verdict("alice", PASSWORD) == ["PAM_SUCCESS"])
    publish()


def test_a_server_with_another_sql_mode_and_time_zone_is_as_good(host):
    modes = "ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,PAD_CHAR_TO_FULL_LENGTH,HIGH_NOT_PRECEDENCE,IGNORE_SPACE"
    with started_with(f"--sql-mode={modes}", "--default-time-zone=+13:00", "--lower-case-table-names=0", "--performance-schema=OFF",
                      "--character-set-server=latin1", "--autocommit=0", "--transaction-isolation=READ-COMMITTED"):
        wait_until(lambda: run("refresh", "--wait").returncode == 0)
        assert getent("passwd", "new.one").split(":")[4] == "Ü ✓"
        assert verdict("alice", PASSWORD) == ["PAM_SUCCESS"]
        assert bad(findings("servers", "queries")) == []
        assert run("views", "accounts", "--install").returncode == 0
    wait_until(lambda: run("refresh", "--wait").returncode == 0)


def test_without_the_daemon_each_process_asks_mysql_itself(host):
    stop(SQLMAPD)
    before = CONFIG.read_text()
    for published in Path("/run/sqlmapd").iterdir():
        published.unlink()
    CONFIG.write_text(DATABASE + f'password = "{SECRET["sqlmap"]}"\n' + ACCOUNTS + "\n[direct]\nenabled = true\n")
    SECRETS.write_text(f'[privileged]\nuser = "sqlmap_auth"\npassword = "{SECRET["sqlmap_auth"]}"\n')
    try:
        assert getent("passwd", "alice").startswith("alice:")
        assert command("id", "alice").stdout.startswith("uid=20000(alice) gid=20000(customers) groups=20000(customers),20001(editors)")
        assert getent("passwd", "Alice ") == ""
        assert len([line for line in getent("passwd").splitlines() if "Example" in line]) == 2
        assert command("pamtester", "sshd", "alice", "authenticate", "acct_mgmt", input=PASSWORD).returncode == 0
    finally:
        CONFIG.write_text(before)
