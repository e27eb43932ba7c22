"""Accounts of a real MySQL open SFTP: doc/uses/database-accounts.md is followed as a reader with MySQL does, and what its section "MySQL" says
is looked at more closely."""

import re
import subprocess
from pathlib import Path

import mysql_server
import page
import pytest
from blocks import block
from ctl import CONFIG, run, wait_until
from mysql_server import sql, started_with

ACCOUNTS = Path(__file__).with_name("accounts.sql")
BOBS = "bob's pass wörd \"\\"
# Of accounts.sql, those that open an account.
RIGHT = [("alice", "alice-db-pw"), ("bob", BOBS), ("erin", "erin-db-pw"), ("heidi", "heidi-db-pw")]
WRONG = [("alice", "alice-other-pw"), ("alice", "Alice-db-pw"), ("alice", ""), ("bob", BOBS.replace("ö", "o")), ("carol", "carol-db-pw"), ("dave", ""),
         ("dave", "dave"), ("erin", "erin-old-pw"), ("frank", ""), ("grace", "grace-db-pw"), ("ivan", "ivan-db-pw"), ("replica", "replica-db-pw"),
         ("boss", "boss-db-pw"), ("sha", "sha-db-pw"), ("root", ""), ("_sqlmapd", "")]


class ReaderWithMysql(page.Reader):
    """His client is called `mysql`; under "The views", he does what the section "MySQL" says."""

    def prepare(self, table):
        page.install_what_debian_does()
        self.hosts = {}
        self.views = block("doc/uses/database-accounts.md", "mysql -e")

    def follow_only(self, *headings, without="\0"):
        for step in [page.Step("The views", "", self.views), *self._to_do]:
            if step.heading in headings and without not in step.script and not (step.heading == "The views" and "mariadb" in step.script):
                step.script = re.sub(r"(?m)^( *)mariadb\b", r"\1mysql", step.script)
                status, seen = page.bash(step)
                assert status == 0, f"exit status {status} under {step.heading!r}:\n{step.script}\n{seen}"
                self.seen.append((step, seen))
        return self

    def wrote(self, piece):
        """What the step wrote that has this piece in it."""
        (seen,) = [seen for step, seen in self.seen if piece in step.script]
        return seen


def verdict(name, password):
    """sqlmapd's, at the authentication and at the account stage."""
    lines = run("auth", name, "--stdin", "--service", "sshd", "--through-daemon", stdin=f"{password}\n").stdout
    return re.findall(r"(?m)^sqlmapd: (?:authentication|account) .*(PAM_\w+)", lines)


def opens(name, password):
    return verdict(name, password) == ["PAM_SUCCESS", "PAM_SUCCESS"]


def let_in(*attempts):
    return [attempt for attempt in attempts if opens(*attempt)]


def sftp(name, password):
    """curl's exit status: 67 is no."""
    return subprocess.run(["curl", "-sSk", "-u", f"{name}:{password}", "-o", "/dev/null", f"sftp://localhost/{name}/"], capture_output=True,
                          timeout=60).returncode


@pytest.fixture(scope="module")
def host(server):
    sql("INSTALL PLUGIN auth_socket SONAME 'auth_socket.so'")
    sql(ACCOUNTS.read_text(encoding="utf-8"))
    reader = ReaderWithMysql("database-accounts").follow_only("The views", "Who is an account", "sqlmapd", "The server")
    with CONFIG.open("a", encoding="utf-8") as config:
        config.write("\n[throttle]\nfailures = 0\n")
    internal = ", ".join(f"('{name}', {20020 + i}, {20020 + i}, '/home/{name}')" for i, name in enumerate(["replica", "boss", "sha"]))
    sql(f"INSERT INTO sftp.sqlmap_accounts (username, uid, gid, homedir) VALUES {internal}")
    subprocess.run(["/usr/local/sbin/systemctl", "reload", "sqlmapd"], check=True)
    wait_until(lambda: run("refresh", "--wait").returncode == 0)
    return reader


def test_the_page_leads_a_reader_with_mysql_to_accounts(host):
    assert sql("SELECT username, plugin FROM sftp.nss_mysql ORDER BY username").splitlines() == [
        f"{name}\tcaching_sha2_password" for name in ("alice", "bob", "erin", "grace", "heidi")]
    assert host.wrote("getent passwd alice") == ("alice:x:20001:20001::/home/alice:/usr/sbin/nologin\n"
                                                 "uid=20001(alice) gid=20001(alice) groups=20001(alice),20000(customers)\n")


def test_sqlmapd_signs_in_without_a_password_and_nobody_else_does(host):
    def signs_in(user):
        return subprocess.run(["chroot", f"--userspec={user}", str(mysql_server.ROOT), "mysql", "--no-defaults", "-u", "_sqlmapd", "-e", "SELECT 1"],
                              capture_output=True, check=False).returncode == 0

    assert [user for user in ("root", "nobody", "_sqlmapd") if signs_in(user)] == ["_sqlmapd"]


def test_each_account_is_opened_by_what_the_server_has_for_it_and_by_nothing_else(host):
    hashes = [tuple(line.split("\t")) for line in sql("SELECT username, HEX(password) FROM sftp.nss_mysql").splitlines()]
    assert let_in(*RIGHT, *WRONG, *hashes) == RIGHT
    assert [sftp(name, password) for name, password in RIGHT[:2]] == [0, 0]
    assert [sftp("alice", "alice-other-pw"), sftp("carol", "carol-db-pw"), sftp("grace", "grace-db-pw")] == [67, 67, 67]


def test_a_customer_uploads_a_file_and_is_shut_out_as_the_page_says(host):
    host.follow_only("Log in", without="attempt").follow_only("From then on")
    said = [(step, seen) for step, seen in host.seen if step.heading in ("Log in", "From then on") and step.shown is not None]
    assert len(said) == 3
    for step, seen in said:
        step.shown = step.shown.replace("mysql-native", "caching-sha2")
        assert page.is_true(step, seen), f"{step.script}\n{seen}"


def test_the_cost_that_a_server_has_for_its_passwords_does_not_keep_anybody_out(host):
    for rounds in (5000, 10000, 26000, 500000):
        with started_with(f"--caching-sha2-password-digest-rounds={rounds}"):
            sql("ALTER USER alice@localhost IDENTIFIED BY 'dearer'")
        stored = sql("SELECT HEX(SUBSTRING(authentication_string, 4, 3)) FROM mysql.user WHERE User = 'alice' AND Host = 'localhost'")
        assert int(bytes.fromhex(stored), 16) * 1000 == rounds
        assert [opens("alice", "dearer"), opens("alice", "Dearer")] == [True, False]
    sql("ALTER USER alice@localhost IDENTIFIED BY 'alice-db-pw'")


@pytest.mark.parametrize("statement", [
    "SET PASSWORD FOR alice@localhost = 'another'",
    "ALTER USER alice@localhost IDENTIFIED BY 'another'",
    "ALTER USER alice@localhost IDENTIFIED BY 'another' RETAIN CURRENT PASSWORD",
    "DROP USER alice@localhost; CREATE USER alice@localhost IDENTIFIED BY 'another'",
])
def test_a_password_that_was_changed_is_valid_at_the_next_login_and_the_old_one_is_not(host, statement):
    assert let_in(("alice", "alice-db-pw"), ("alice", "another")) == [("alice", "alice-db-pw")]
    try:
        sql(statement)
        assert let_in(("alice", "alice-db-pw"), ("alice", "another")) == [("alice", "another")]
    finally:
        sql("DROP USER IF EXISTS alice@localhost; CREATE USER alice@localhost IDENTIFIED BY 'alice-db-pw'")


@pytest.mark.parametrize("statement", [
    "ALTER USER alice@localhost ACCOUNT LOCK",
    "ALTER USER alice@localhost PASSWORD EXPIRE",
    "ALTER USER alice@localhost IDENTIFIED WITH auth_socket",
    "ALTER USER alice@localhost IDENTIFIED BY ''",
    "ALTER USER alice@localhost IDENTIFIED WITH sha256_password BY 'alice-db-pw'",
    "ALTER USER alice@localhost ADD 2 FACTOR IDENTIFIED WITH auth_socket",
    "DROP USER alice@localhost",
    "RENAME USER alice@localhost TO alice@example",
    "GRANT SUPER ON *.* TO alice@localhost",
    "GRANT REPLICATION SLAVE ON *.* TO alice@localhost",
    "UPDATE sftp.sqlmap_accounts SET enabled = 0 WHERE username = 'alice'",
])
def test_whom_the_server_does_not_let_in_any_more_is_shut_out_at_once(host, statement):
    assert opens("alice", "alice-db-pw")
    try:
        sql(statement)
        assert let_in(("alice", "alice-db-pw"), ("alice", "")) == []
        assert subprocess.run(["getent", "passwd", "alice"], capture_output=True).returncode == 0, "whose files are theirs?"
    finally:
        sql("DROP USER IF EXISTS alice@localhost, alice@example; CREATE USER alice@localhost IDENTIFIED BY 'alice-db-pw';"
            "UPDATE sftp.sqlmap_accounts SET enabled = 1")
    assert opens("alice", "alice-db-pw")


def test_passwords_expire_by_the_day_that_the_server_has_for_the_account_or_for_all(host):
    def since(days):
        sql(f"UPDATE mysql.user SET password_last_changed = NOW() - INTERVAL {days} DAY WHERE User IN ('heidi', 'bob')")

    try:
        since(89)
        assert let_in(("heidi", "heidi-db-pw"), ("bob", BOBS)) == [("heidi", "heidi-db-pw"), ("bob", BOBS)]
        since(90)
        assert let_in(("heidi", "heidi-db-pw"), ("bob", BOBS)) == [("bob", BOBS)]
        sql("SET GLOBAL default_password_lifetime = 90")
        assert let_in(("heidi", "heidi-db-pw"), ("bob", BOBS)) == []
        sql("ALTER USER bob@localhost PASSWORD EXPIRE NEVER")
        assert opens("bob", BOBS)
    finally:
        sql("SET GLOBAL default_password_lifetime = DEFAULT")
        since(0)


def test_a_login_does_not_cost_the_customer_an_attempt_at_the_database(host):
    sql("ALTER USER heidi@localhost FAILED_LOGIN_ATTEMPTS 1 PASSWORD_LOCK_TIME 1")
    assert not opens("heidi", "wrong")
    assert opens("heidi", "heidi-db-pw")


def test_check_finds_nothing_but_the_homes(host):
    assert run("refresh", "--wait").returncode == 0  # the last reading may have met a server that was starting
    result = run("check")
    said = [line for line in result.stdout.splitlines() if re.match("(warning|error)", line)]
    assert [line for line in said if " homes " not in line] == []
    assert "_sqlmapd may do what it needs, and no more" in result.stdout
    assert "ok       servers        /run/mysqld/mysqld.sock" in result.stdout


def test_a_password_for_sftp_alone_stands_beside_the_databases(host):
    host.follow_only("A password for SFTP alone")
    assert let_in(("dave", "only for SFTP"), ("alice", "alice-db-pw"), ("carol", "only for SFTP")) == [
        ("dave", "only for SFTP"), ("alice", "alice-db-pw")]
