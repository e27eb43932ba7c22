"""Accounts of MariaDB and MySQL open SFTP: doc/uses/database-accounts.md is followed, and what it says is looked at more closely."""

import json
import pwd
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import asked
import ctl
import pytest
from blocks import block
from people import talk
from sandbox import wait_until
from system_log import Syslog
from test_views_mysql import MARIADB_ALONE, PREPARABLE, RESERVED, without_texts

CONFIG = Path("/etc/sqlmapd/sqlmapd.toml")
SSHD = Path("/etc/ssh/sshd_config.d/database-accounts.conf")
VIEWS = Path("/usr/share/sqlmapd/views")
VECTORS = Path(__file__).resolve().parents[2] / "data/hash-vectors.tsv"
DAY = 86400

# The rows of the view, and the passwords that open an account. grace's has expired.
ROWS = [("alice", "mysql_native_password"), ("bob", "mysql_native_password"), ("erin", "ed25519"), ("grace", "mysql_native_password"),
        ("heidi", "mysql_native_password"), ("ivan", "ed25519"), ("ivan", "mysql_native_password")]
RIGHT = [("alice", "alice-db-pw"), ("bob", "bob-db-pw"), ("erin", "erin-db-pw"), ("heidi", "heidi-db-pw"), ("ivan", "ivan-ed"),
         ("ivan", "ivan-native")]
NAMES = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan"]


def sql(statements, database="sftp"):
    return asked.sql(statements, database)


def publish(*options):
    subprocess.run(["sqlmapctl", "refresh", "--wait", *options], check=True, capture_output=True, timeout=60)


def systemctl(*words):
    subprocess.run(["/usr/local/sbin/systemctl", *words], check=True, timeout=60)


def sftp(name, password, path="/", *options):
    """Each name and password come from an address of their own: sqlmapd slows down those from which many passwords were wrong."""
    address = ".".join(str(byte % 250 + 1) for byte in sha256(f"{name}:{password}".encode()).digest()[:3])
    return subprocess.run(["curl", "-sSk", "--path-as-is", "--interface", f"127.{address}", "-u", f"{name}:{password}", *options,
                           f"sftp://127.0.0.1{path}"], capture_output=True, timeout=60)


def is_let_in(attempt):
    """It raises if the answer is neither yes nor no."""
    name, password = attempt
    result = sftp(name, password, f"/{name}/", "-l")
    assert result.returncode in (0, 67), result
    return result.returncode == 0


def let_in(*attempts):
    """Those (name, password) that are."""
    with ThreadPoolExecutor(12) as threads:
        return [attempt for attempt, opened in zip(attempts, threads.map(is_let_in, attempts)) if opened]


def rows(database="sftp"):
    return [tuple(line.split("\t")) for line in sql("SELECT username, plugin FROM nss_mysql", database).splitlines()]


def getent(database, name):
    return subprocess.run(["getent", database, name], capture_output=True, text=True).stdout.strip()


def edit(path, *changes):
    text = Path(path).read_text(encoding="utf-8")
    for pattern, replacement in changes:
        changed_text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
        assert changed_text != text, (path, pattern)
        text = changed_text
    Path(path).write_text(text, encoding="utf-8")


@contextmanager
def changed(statements, *back):
    """On the server, while nobody tells sqlmapd. At last its accounts are as they were, and `back` takes the rest back."""
    sql("CREATE TABLE before_that SELECT * FROM mysql.global_priv")
    try:
        sql(statements)
        yield
    finally:
        sql(";".join(["REPLACE INTO mysql.global_priv SELECT * FROM before_that; FLUSH PRIVILEGES; DROP TABLE before_that", *back]))


def since(name, days):
    """The statement that makes the password of an account that old. As a script might: past the server, which is not told."""
    return (f"UPDATE mysql.global_priv SET Priv = JSON_SET(Priv, '$.password_last_changed', UNIX_TIMESTAMP() - {int(days * DAY)}) "
            f"WHERE User = '{name}' AND Host = 'localhost'")


@pytest.fixture(scope="module")
def log():
    with Syslog() as system_log:
        yield system_log


@pytest.fixture(scope="module")
def host(log, reader):
    """The reader is done, but for what is changed here. Nobody is made to wait who is refused: that is many here, at a time."""
    edit("/etc/pam.d/common-sqlmap", (r"^((?:auth|password) .*pam_sqlmap\.so)", r"\1 nodelay"))
    edit("/etc/pam.d/common-auth", (r"^(auth\t.*pam_unix\.so)", r"\1 nodelay"))
    Path("/etc/ssh/sshd_config.d/many.conf").write_text("MaxStartups 100\n", encoding="utf-8")
    reader.follow(until="Changing a password here")
    with CONFIG.open("a", encoding="utf-8") as config:
        config.write("\n[throttle]\nfailures = 0\n")
    systemctl("reload", "sqlmapd")
    return reader


def test_the_page_is_true(host):
    host.assert_true()


def test_each_account_is_opened_by_what_the_server_has_for_it_and_by_nothing_else(host):
    passwords = ["alice-db-pw", "bob-db-pw", "carol-db-pw", "erin-db-pw", "grace-db-pw", "heidi-db-pw", "heidi-other-pw", "ivan-ed", "ivan-native"]
    hashes = [line.split("\t") for line in sql("SELECT username, password FROM nss_mysql").splitlines()]
    own = [(name, password) for name in NAMES for password in passwords if password.startswith(name)]
    wrong = [(name, passwords[(i + 3) % len(passwords)]) for i, name in enumerate(NAMES)]
    others = [(name, "") for name in ("alice", "dave", "frank")] + [("frank", "invalid"), ("dave", "dave"), ("ivan", "")]
    assert let_in(*own, *wrong, *others, *hashes) == RIGHT
    assert rows() == ROWS


def test_every_row_of_the_table_is_an_account_with_its_ids_and_nobody_else_is(host):
    assert [getent("passwd", name) for name in NAMES] == [
        f"{name}:x:{20001 + i}:{20001 + i}::/home/{name}:/usr/sbin/nologin" for i, name in enumerate(NAMES)]
    assert [getent("passwd", name) for name in ("old", "replica", "boss", "mariadb.sys")] == [""] * 4
    assert let_in(("old", "password"), ("replica", "replica-db-pw"), ("boss", "boss-db-pw")) == []
    assert subprocess.run(["id", "erin"], capture_output=True, text=True).stdout == "uid=20005(erin) gid=20005(erin) groups=20005(erin),20000(customers)\n"


def test_internal_accounts_never_get_in_even_if_the_table_names_them(host):
    internal = ["root", "mysql", "mariadb.sys", "replica", "boss", "old", "_sqlmapd"]
    values = ", ".join(f"('{name}', {20020 + i}, {20020 + i}, '/home/{name}')" for i, name in enumerate(internal))
    with changed("ALTER USER root@localhost IDENTIFIED VIA mysql_native_password USING PASSWORD('root-db-pw') OR unix_socket;"
                 f"INSERT INTO sqlmap_accounts (username, uid, gid, homedir) VALUES {values}", "DELETE FROM sqlmap_accounts WHERE uid > 20009"):
        assert rows() == sorted([*ROWS, ("old", "mysql_old_password")])
        assert let_in(("root", "root-db-pw"), ("mysql", ""), ("mysql", "invalid"), ("mariadb.sys", ""), ("replica", "replica-db-pw"),
                      ("boss", "boss-db-pw"), ("old", "password"), ("_sqlmapd", "")) == []
        publish()
        assert [pwd.getpwnam(name).pw_uid < 1000 for name in ("root", "mysql", "_sqlmapd")] == [True] * 3
    publish()


def test_the_old_form_of_passwords_opens_only_what_the_configuration_lets_it_open(host):
    before = CONFIG.read_text(encoding="utf-8")
    with changed("INSERT INTO sqlmap_accounts (username, uid, gid, homedir) VALUES ('old', 20010, 20010, '/home/old')",
                 "DELETE FROM sqlmap_accounts WHERE uid = 20010"):
        assert let_in(("old", "password")) == []
        edit(CONFIG, (r"^schemes = \[", 'schemes = ["mysql-old", '))
        systemctl("reload", "sqlmapd")
        wait_until(lambda: is_let_in(("old", "password")))
        assert let_in(("old", "Password"), ("old", "")) == []
        CONFIG.write_text(before, encoding="utf-8")
        systemctl("reload", "sqlmapd")
        wait_until(lambda: not is_let_in(("old", "password")))
    publish()


@pytest.mark.parametrize("statement", [
    "SET PASSWORD FOR alice@localhost = PASSWORD('another')",
    "ALTER USER alice@localhost IDENTIFIED VIA ed25519 USING PASSWORD('another')",
    "ALTER USER alice@localhost IDENTIFIED VIA unix_socket OR mysql_native_password USING PASSWORD('another')",
    "CREATE OR REPLACE USER alice@localhost IDENTIFIED BY 'another'",
    # A script of old, which does not tell the server.
    "UPDATE mysql.global_priv SET Priv = JSON_SET(Priv, '$.authentication_string', PASSWORD('another')) WHERE CONCAT(User, '@', Host) = 'alice@localhost'",
])
def test_a_password_that_was_changed_is_valid_at_the_next_login_and_the_old_one_is_not(host, statement):
    assert let_in(("alice", "alice-db-pw"), ("alice", "another")) == [("alice", "alice-db-pw")]
    with changed(statement):
        assert let_in(("alice", "alice-db-pw"), ("alice", "another")) == [("alice", "another")]
    assert let_in(("alice", "alice-db-pw"), ("alice", "another")) == [("alice", "alice-db-pw")]


def test_what_a_customer_sets_in_phpmyadmin_is_valid_at_once(host):
    with changed("ALTER USER alice@localhost IDENTIFIED BY 'alice-db-pw'"):
        subprocess.run(["mariadb", "--no-defaults", "-u", "alice", "-palice-db-pw", "-e", "SET PASSWORD = PASSWORD('my own')"], check=True)
        assert let_in(("alice", "alice-db-pw"), ("alice", "my own")) == [("alice", "my own")]


@pytest.mark.parametrize("statement, back", [
    ("ALTER USER alice@localhost ACCOUNT LOCK", ""),
    ("ALTER USER alice@localhost PASSWORD EXPIRE", ""),
    ("ALTER USER alice@localhost IDENTIFIED VIA unix_socket", ""),
    ("ALTER USER alice@localhost IDENTIFIED VIA mysql_native_password USING 'invalid'", ""),
    ("ALTER USER alice@localhost IDENTIFIED BY ''", ""),
    ("DROP USER alice@localhost", ""),
    ("GRANT SUPER ON *.* TO alice@localhost", ""),
    ("GRANT REPLICATION SLAVE ON *.* TO alice@localhost", ""),
    ("UPDATE sqlmap_accounts SET enabled = 0 WHERE username = 'alice'", "UPDATE sqlmap_accounts SET enabled = 1 WHERE username = 'alice'"),
    ("DELETE FROM sqlmap_accounts WHERE username = 'alice'",
     "INSERT INTO sqlmap_accounts (username, uid, gid, homedir) VALUES ('alice', 20001, 20001, '/home/alice')"),
])
def test_whom_the_server_or_the_table_shuts_out_is_out_at_once_and_stays_the_owner_of_the_files(host, statement, back):
    with changed(statement, back):
        assert let_in(("alice", "alice-db-pw"), ("alice", "")) == []
        assert Path("/home/alice/hello.txt").owner() == "alice"
    assert let_in(("alice", "alice-db-pw")) == [("alice", "alice-db-pw")]


def test_of_two_accounts_of_one_name_the_one_with_the_pinned_host_counts(host):
    attempts = [("heidi", "heidi-db-pw"), ("heidi", "heidi-other-pw")]
    assert let_in(*attempts) == attempts[:1]
    with changed("UPDATE sqlmap_accounts SET host = '%' WHERE username = 'heidi'", "UPDATE sqlmap_accounts SET host = 'localhost' WHERE username = 'heidi'"):
        assert let_in(*attempts) == attempts[1:]
    with changed("UPDATE sqlmap_accounts SET host = '192.0.2.1' WHERE username = 'heidi'",
                 "UPDATE sqlmap_accounts SET host = 'localhost' WHERE username = 'heidi'"):
        assert let_in(*attempts) == []


def test_a_password_expires_when_the_server_says_so_and_not_before(host):
    """The server's own word, for the same password, is asked beside sshd's."""
    def both(name):
        server = subprocess.run(["mariadb", "--no-defaults", "-u", name, f"-p{name}-db-pw", "-e", "SELECT 1"], capture_output=True, text=True)
        assert server.returncode == 0 or "1820" in server.stderr or "1862" in server.stderr, server
        return server.returncode == 0, is_let_in((name, f"{name}-db-pw"))

    def aged(name, days):
        sql(since(name, days) + "; FLUSH PRIVILEGES")
        return both(name)

    with changed("ALTER USER alice@localhost PASSWORD EXPIRE DEFAULT; ALTER USER bob@localhost PASSWORD EXPIRE NEVER",
                 "SET GLOBAL default_password_lifetime = 0"):
        assert [aged("heidi", days) for days in (89, 89.9, 90.1, 400)] == [(True, True), (True, True), (False, False), (False, False)]
        assert [aged(name, 400) for name in ("alice", "bob")] == [(True, True)] * 2
        sql("SET GLOBAL default_password_lifetime = 30")
        assert [aged("alice", days) for days in (29.9, 30.1)] == [(True, True), (False, False)]
        assert aged("bob", 400) == (True, True)
        sql(since("alice", 25))
        assert getent("shadow", "alice") == f"alice:*:{int(time.time() - 25 * DAY) // DAY}::30:7:::0"
        assert getent("shadow", "bob").split(":")[4] == ""


def test_shadow_lines_are_roots_and_have_no_hash(host):
    assert [re.sub(r":\d{5}:", ":DAY:", getent("shadow", name)) for name in ("alice", "carol", "grace", "heidi")] == [
        "alice:*:DAY:::7:::0", "carol:!*::::7::1:0", "grace:*:0:::7::1:0", "heidi:*:DAY::90:7:::0"]
    assert subprocess.run(["setpriv", "--reuid=nobody", "--clear-groups", "getent", "shadow", "alice"], capture_output=True).stdout == b""


def sign_in(os_user, *words):
    return subprocess.run(["setpriv", f"--reuid={os_user}", "--clear-groups", "mariadb", "--no-defaults", "--batch", "--skip-column-names",
                           "-u", "_sqlmapd", *words], capture_output=True, text=True)


def test_sqlmapd_signs_in_without_a_password_and_nobody_else_as_it(host):
    assert is_let_in(("alice", "alice-db-pw"))
    assert "_sqlmapd" in sql("SELECT User FROM information_schema.PROCESSLIST").split()
    assert [line for path in CONFIG.parent.iterdir() for line in path.read_text().splitlines() if re.match(r"\s*password", line)] == []
    assert json.loads(sql("SELECT Priv FROM mysql.global_priv WHERE User = '_sqlmapd'"))["plugin"] == "unix_socket"
    for stranger in ("root", "nobody", "20001"):
        assert "ERROR 1698" in sign_in(stranger, "-e", "SELECT 1").stderr
    assert sign_in("_sqlmapd", "-e", "SELECT CURRENT_USER()").stdout == "_sqlmapd@localhost\n"


def test_sqlmapd_sees_the_views_and_nothing_else_of_the_server(host):
    assert sorted(re.findall(r"^GRANT (.*) ON (\S+) TO", sql("SHOW GRANTS FOR _sqlmapd@localhost"), re.MULTILINE)) == sorted(
        [("USAGE", "*.*")] + [("SELECT", f"`sftp`.`nss_{view}`") for view in (
            "getpwnam", "getspnam", "getgrnam", "memsbygid", "gidsbymem", "mysql")])
    for table in ("mysql.global_priv", "mysql.user", "sftp.sqlmap_accounts", "sftp.nss_server_account", "sftp.nss_own_password"):
        assert "ERROR 1142" in sign_in("_sqlmapd", "-e", f"SELECT 1 FROM {table}").stderr, table


def test_nobody_sees_more_than_his_own_directory(host):
    for path in ("/../../../../etc/passwd", "/etc/passwd", "/", "/bob/"):
        result = sftp("alice", "alice-db-pw", path)
        assert (result.returncode in (9, 78), result.stdout) == (True, b""), (path, result)
    result = subprocess.run(["sshpass", "-e", "ssh", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
                             "alice@127.0.0.1", "id"], capture_output=True, text=True, timeout=60, env={"SSHPASS": "alice-db-pw", "PATH": "/usr/bin"})
    assert "uid=" not in result.stdout and result.returncode != 0, result


def test_in_the_chroot_of_a_session_names_resolve_at_once(host):
    began = time.monotonic()
    listing = sftp("alice", "alice-db-pw", "/alice/").stdout.decode()
    took = time.monotonic() - began
    assert re.search(r"^-rw-r----- +\S+ +alice +alice +6 .* hello\.txt$", listing, re.MULTILINE), listing
    assert took < 10, "somebody waited for a socket that is not there"


def complaints(*areas):
    return [(finding["subject"], finding["what"]) for finding in ctl.ask("check")["findings"] if finding["area"] in areas and finding["level"] != "ok"]


def test_sqlmapctl_asks_the_server_as_sqlmapd_does(host):
    assert complaints("servers", "queries") == []
    shown = ctl.run("auth", "ivan", "--stdin", "--service", "sshd", stdin="ivan-native\n").stdout
    assert re.search(r"^1 +- +ed25519 .*mismatch$", shown, re.MULTILINE) and re.search(r"^2 +- +mysql-native .*match$", shown, re.MULTILINE), shown


def test_no_look_up_reads_a_whole_table(host):
    sql("INSERT INTO mysql.global_priv SELECT 'localhost', CONCAT('user', seq), JSON_OBJECT('access', 0, 'plugin', 'mysql_native_password', "
        "'authentication_string', PASSWORD(seq)) FROM seq_1000_to_4000;"
        "INSERT INTO sqlmap_accounts (username, uid, gid, homedir) SELECT CONCAT('user', seq), 21000 + seq, 21000 + seq, CONCAT('/home/user', seq) FROM seq_1000_to_4000")
    try:
        publish()
        assert complaints("queries") == [], "the group in which all are has all rows, and nobody can mend that"
        reads = sql("SELECT gid FROM nss_getgrnam WHERE groupname = 'user1234' INTO @gid; FLUSH STATUS; SELECT username FROM nss_memsbygid WHERE gid = @gid;"
                    "SHOW SESSION STATUS LIKE 'Handler_read%'")
        assert sum(int(line.split()[1]) for line in reads.splitlines()) < 20, reads
        assert let_in(("user1234", "1234"), ("user1234", "1235")) == [("user1234", "1234")]
    finally:
        sql("DELETE FROM sqlmap_accounts WHERE uid > 20009; DELETE FROM mysql.global_priv WHERE User RLIKE '^user[0-9]+$'")
        publish("--force")


def test_sqlmapctl_puts_the_same_views_in_place(host):
    before = sql("SHOW GRANTS FOR _sqlmapd@localhost; SELECT TABLE_NAME, VIEW_DEFINITION FROM information_schema.VIEWS WHERE TABLE_SCHEMA = 'sftp'")
    assert ctl.run("views", "database-accounts", "--install").returncode == 0
    assert sql("SHOW GRANTS FOR _sqlmapd@localhost; SELECT TABLE_NAME, VIEW_DEFINITION FROM information_schema.VIEWS WHERE TABLE_SCHEMA = 'sftp'") == before


SSH = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o PubkeyAuthentication=no"
CURRENT, FRESH, AGAIN = r"urrent.*password: ", r"ew.*password: ", r"etype new.*password: "


@pytest.fixture(scope="module")
def changeable(host):
    """The reader has gone on to passwords that are changed here; sqlmapd knows."""
    host.follow(until="A password for SFTP alone")
    wait_until(lambda: "PAM_NEW_AUTHTOK_REQD" in ctl.run("auth", "grace", "--stdin", "--service", "sshd", "--through-daemon", stdin="grace-db-pw\n").stdout)
    return host


def opens_the_database(name, password):
    return subprocess.run(["mariadb", "--no-defaults", "-u", name, f"-p{password}", "-e", "SELECT 1"], capture_output=True).returncode == 0


def passwd(name, *steps):
    return talk(f"setpriv --reuid={pwd.getpwnam(name).pw_uid} --clear-groups passwd", *steps)


def test_an_expired_password_is_changed_at_an_sftp_login_and_is_the_databases_new_one(changeable):
    changeable.assert_true()
    home = Path("/home/grace")
    home.mkdir(mode=0o755, exist_ok=True)
    (home / "hello.txt").write_text("Hello\n")
    assert not opens_the_database("grace", "grace-db-pw")
    keys = subprocess.run(["ssh-keyscan", "localhost"], capture_output=True, check=True).stdout
    Path("/root/.ssh").mkdir(mode=0o700, exist_ok=True)
    Path("/root/.ssh/known_hosts").write_bytes(keys)
    command, *dialog = block("doc/uses/database-accounts.md", "$ sftp").splitlines()
    output, status = talk(command.removeprefix("$ "), (r"assword: ", "grace-db-pw"), (CURRENT, "grace-db-pw"), (FRESH, "new-Marmalade-8"),
                          (AGAIN, "new-Marmalade-8"), (r"sftp> ", "get /grace/hello.txt /tmp/hello"), (r"sftp> ", "exit"))
    assert (status, Path("/tmp/hello").read_text()) == (0, "Hello\n"), output
    assert [line.strip() for line in output.partition("get /grace")[0].splitlines()] == dialog
    assert let_in(("grace", "grace-db-pw"), ("grace", "new-Marmalade-8")) == [("grace", "new-Marmalade-8")]
    assert (opens_the_database("grace", "grace-db-pw"), opens_the_database("grace", "new-Marmalade-8")) == (False, True)


def test_an_expired_password_lets_nobody_in_who_cannot_be_asked_for_a_new_one(changeable):
    with changed("ALTER USER alice@localhost PASSWORD EXPIRE"):
        output, status = talk(f"sftp {SSH} -o NumberOfPasswordPrompts=1 alice@127.0.0.1:/alice/hello.txt /tmp/none", (r"assword: ", "alice-db-pw"),
                              (CURRENT, "wrong-Grapefruit-9"))
        assert status != 0 and not Path("/tmp/none").exists(), output
        edit(SSHD, (r"keyboard-interactive:pam$", "password"))
        systemctl("reload", "ssh")
        result = subprocess.run(["sshpass", "-e", "sftp", *SSH.split(), "alice@127.0.0.1:/alice/hello.txt", "/tmp/none"], capture_output=True,
                                timeout=60, env={"SSHPASS": "alice-db-pw", "PATH": "/usr/bin"})
        assert result.returncode != 0 and not Path("/tmp/none").exists(), result
        edit(SSHD, (r"AuthenticationMethods password$", "AuthenticationMethods keyboard-interactive:pam"))
        systemctl("reload", "ssh")


def test_passwd_over_ssh_changes_it_and_keeps_the_accounts_other_methods(changeable):
    shell = Path("/etc/ssh/sshd_config.d/0.conf")
    shell.write_text("Match User bob\n  ForceCommand none\n  ChrootDirectory none\n  PermitTTY yes\n", encoding="utf-8")
    systemctl("reload", "ssh")
    with changed("UPDATE sqlmap_accounts SET shell = '/bin/sh' WHERE username = 'bob'",
                 "UPDATE sqlmap_accounts SET shell = '/usr/sbin/nologin' WHERE username = 'bob'"):
        publish()
        output, status = talk(f"ssh -tt {SSH} bob@127.0.0.1 passwd", (r"assword: ", "bob-db-pw"), (CURRENT, "bob-db-pw"),
                              (FRESH, "new-Marmalade-8"), (AGAIN, "new-Marmalade-8"))
        shell.unlink()
        systemctl("reload", "ssh")
        assert status == 0, output
        assert let_in(("bob", "bob-db-pw"), ("bob", "new-Marmalade-8")) == [("bob", "new-Marmalade-8")]
        assert opens_the_database("bob", "new-Marmalade-8")
        assert json.loads(sql("SELECT Priv FROM mysql.global_priv WHERE User = 'bob'"))["auth_or"] == [{}, {"plugin": "unix_socket"}]
    publish()


@pytest.mark.parametrize("name, old, why", [
    ("ivan", "ivan-native", "error 1699"),  # SET PASSWORD is not applicable: unix_socket is his first method
    ("ivan", "ivan-ed", "would not be recognised"),
    ("erin", "erin-db-pw", "would not be recognised"),
])
def test_a_password_that_the_server_cannot_change_so_stays_as_it_is(changeable, log, name, old, why):
    before = sql(f"SELECT Priv FROM mysql.global_priv WHERE User = '{name}'")
    output, status = passwd(name, (CURRENT, old), (FRESH, "new-Marmalade-8"), (AGAIN, "new-Marmalade-8"))
    assert status != 0 and "has not been changed" in output, output
    assert sql(f"SELECT Priv FROM mysql.global_priv WHERE User = '{name}'") == before
    log.wait_for("pam_sqlmap(passwd:chauthtok): password not changed", f"user={name}", why)


def test_the_procedure_changes_no_account_but_those_that_may_log_in(changeable):
    sql("INSERT INTO sqlmap_accounts (username, uid, gid, homedir) VALUES ('boss', 20010, 20010, '/home/boss')")
    for name in ("root", "boss", "old", "carol", "nobody", "alice' OR 1 -- "):
        result = sign_in("_sqlmapd", "sftp", "-e", f"CALL sqlmap_set_password({json.dumps(name)}, PASSWORD('x'))")
        assert "ERROR" in result.stderr, name
    assert opens_the_database("boss", "boss-db-pw")
    sql("DELETE FROM sqlmap_accounts WHERE uid = 20010")


@pytest.fixture(scope="module")
def own_passwords(changeable):
    changeable.follow(until="Take it back")
    return changeable


def test_sqlmapd_has_the_rights_that_it_needs_then_and_no_more(own_passwords):
    assert complaints("servers", "queries") == []


def test_a_password_of_its_own_is_reset_by_a_plain_update(own_passwords):
    own_passwords.assert_true()
    with changed("UPDATE sqlmap_accounts SET password = '' WHERE username = 'dave'"):
        assert let_in(("dave", "only for SFTP"), ("dave", "")) == []
        made = ctl.run("hash", "--stdin", stdin="a reset one\n").stdout.strip()
        sql(f"UPDATE sqlmap_accounts SET password = '{made}' WHERE username = 'dave'")
        assert let_in(("dave", "only for SFTP"), ("dave", "a reset one"), ("erin", "erin-db-pw"), ("erin", "only for SFTP")) == [
            ("dave", "a reset one"), ("erin", "erin-db-pw"), ("erin", "only for SFTP")]


def test_a_password_of_its_own_may_stand_in_the_databases_place_and_be_changed_by_passwd(own_passwords):
    before = CONFIG.read_text(encoding="utf-8")
    shown = own_passwords.path.read_text(encoding="utf-8")
    auth, update = (re.search(rf'`({key} = "[^`]*")`', shown)[1] for key in ("auth", "password_update"))
    grant = re.search(r"`(GRANT SELECT \(username\)[^`]*)`", shown)[1].replace("\n", " ")
    with changed(grant, "UPDATE sqlmap_accounts SET password = '' WHERE username = 'alice'; REVOKE ALL PRIVILEGES ON sqlmap_accounts FROM _sqlmapd@localhost"):
        edit(CONFIG, (r"^auth = .*$", auth), (r"^password_update = .*$", update), (r'^scheme = .*$', 'scheme = "yescrypt"'))
        systemctl("reload", "sqlmapd")
        wait_until(lambda: let_in(("erin", "only for SFTP"), ("erin", "erin-db-pw")) == [("erin", "only for SFTP")])
        output, status = passwd("erin", (CURRENT, "only for SFTP"), (FRESH, "new-Marmalade-8"), (AGAIN, "new-Marmalade-8"))
        assert status == 0, output
        assert let_in(("erin", "only for SFTP"), ("erin", "new-Marmalade-8"), ("erin", "erin-db-pw"), ("alice", "alice-db-pw")) == [("erin", "new-Marmalade-8")]
    CONFIG.write_text(before, encoding="utf-8")
    systemctl("reload", "sqlmapd")
    wait_until(lambda: is_let_in(("alice", "alice-db-pw")))


def test_a_locked_database_account_has_no_other_way_in(own_passwords):
    with changed("ALTER USER erin@localhost ACCOUNT LOCK"):
        assert let_in(("erin", "new-Marmalade-8"), ("erin", "erin-db-pw")) == []


def test_an_account_that_comes_with_a_key_only_has_no_password(own_passwords, tmp_path):
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    for name in ("dave", "carol"):
        keys = Path(f"/home/{name}/.ssh")
        keys.mkdir(parents=True, exist_ok=True)
        (keys / "authorized_keys").write_text(key.with_suffix(".pub").read_text())
    before = SSHD.read_text(encoding="utf-8")
    edit(SSHD, (r"AuthenticationMethods .*$", "AuthenticationMethods publickey"), (r"PubkeyAuthentication no", "PubkeyAuthentication yes"))
    systemctl("reload", "ssh")

    def comes_in(name):
        return subprocess.run(["sftp", "-b", "/dev/null", "-i", key, *SSH.replace("PubkeyAuthentication=no", "IdentitiesOnly=yes").split(),
                               f"{name}@127.0.0.1"], capture_output=True, timeout=60).returncode == 0

    with changed("UPDATE sqlmap_accounts SET password = '*' WHERE username IN ('dave', 'carol')"):
        assert (comes_in("dave"), comes_in("carol")) == (True, False)
    SSHD.write_text(before, encoding="utf-8")
    systemctl("reload", "ssh")
    assert let_in(("dave", "*"), ("dave", "")) == []


def views_of(name):
    """{view: its statement} of a shipped file, and the rest of it."""
    text = (VIEWS / f"{name}.sql").read_text(encoding="utf-8")
    statements = re.findall(r"^CREATE OR REPLACE [^;]*VIEW (\w+) AS[^;]*;", text, re.MULTILINE)
    return {view: re.search(rf"^CREATE OR REPLACE [^;]*VIEW {view} AS[^;]*;", text, re.MULTILINE)[0] for view in statements}, text


def test_the_views_for_mysql_differ_in_what_they_read_and_in_nothing_else():
    (mariadb, mariadb_text), (mysql, mysql_text) = views_of("database-accounts"), views_of("database-accounts-mysql")
    assert list(mariadb) == list(mysql)
    assert {view for view in mysql if mysql[view] != mariadb[view]} == {"nss_server_account", "nss_server_lifetime", "nss_mysql", "nss_getgrnam"}
    for kind in ("CREATE TABLE", "CREATE USER", "GRANT"):
        of_kind = rf"^{kind} [^;]*;"
        assert re.findall(of_kind, mysql_text, re.MULTILINE) == re.findall(of_kind, mariadb_text, re.MULTILINE)


def test_the_views_for_mysql_have_no_word_that_mysql_does_not_know():
    text = re.sub(r"--( .*)?$", "", views_of("database-accounts-mysql")[1], flags=re.MULTILINE)
    statements = [statement.strip() for statement in without_texts(text).split(";") if statement.strip()]
    assert len(statements) > 15
    assert [statement for statement in statements if not re.match(PREPARABLE, statement)] == []
    assert [statement for statement in statements if re.search(MARIADB_ALONE, statement) or re.search(RESERVED, statement)
            or re.search(r"global_priv|JSON_TABLE|JSON_VALUE|unix_socket|information_schema", statement)] == []


def unescaped(text):
    return re.sub(rb"\\x([0-9a-f]{2})", lambda match: bytes([int(match[1], 16)]), text.encode())


# What MySQL 8.0 says with SHOW CREATE TABLE mysql.user and performance_schema.global_variables, of the columns that matter here.
MYSQL_8 = """
CREATE DATABASE mysql8; USE mysql8;
CREATE TABLE user (
  Host char(255) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL DEFAULT '',
  User char(32) COLLATE utf8mb3_bin NOT NULL DEFAULT '',
  Super_priv enum('N','Y') CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci NOT NULL DEFAULT 'N',
  Repl_slave_priv enum('N','Y') CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci NOT NULL DEFAULT 'N',
  plugin char(64) COLLATE utf8mb3_bin NOT NULL DEFAULT 'caching_sha2_password',
  authentication_string text COLLATE utf8mb3_bin,
  password_expired enum('N','Y') CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci NOT NULL DEFAULT 'N',
  password_last_changed timestamp NULL DEFAULT NULL,
  password_lifetime smallint unsigned DEFAULT NULL,
  account_locked enum('N','Y') CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci NOT NULL DEFAULT 'N',
  User_attributes json DEFAULT NULL,
  PRIMARY KEY (Host, User)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_bin;
CREATE TABLE global_variables (VARIABLE_NAME varchar(64) NOT NULL, VARIABLE_VALUE varchar(1024), PRIMARY KEY (VARIABLE_NAME)) CHARSET=utf8mb4;
INSERT INTO global_variables VALUES ('default_password_lifetime', '0');
"""


@pytest.fixture(scope="module")
def mysql_8(own_passwords):
    """Tables of the shape of MySQL 8's, with hashes that it made, and the views for it over them. Nobody here is MySQL."""
    vectors = [line.rstrip("\n").split("\t") for line in VECTORS.open(encoding="utf-8") if line.startswith("caching_sha2")]
    vectors = [(unescaped(password).decode(), unescaped(stored)) for _, password, stored, *_ in vectors]
    assert {password for password, _ in vectors} >= {"foobar", "password"}
    (foobar,) = [stored for password, stored in vectors if password == "foobar"]
    assert any(byte < 32 for byte in foobar), "a salt of MySQL's has any bytes"
    native = b"*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19"
    now = "password_last_changed = UTC_TIMESTAMP()"
    accounts = [("alice", foobar, ""), ("bob", native, "plugin = 'mysql_native_password'"), ("carol", foobar, "account_locked = 'Y'"),
                ("dave", b"", "plugin = 'auth_socket'"), ("erin", vectors[1][1], ""), ("frank", b"", ""), ("grace", foobar, "password_expired = 'Y'"),
                ("heidi", foobar, "password_lifetime = 90, password_last_changed = NOW() - INTERVAL 91 DAY"),
                ("ivan", foobar, """User_attributes = '{"multi_factor_authentication": [{"plugin": "authentication_fido"}]}'"""),
                ("boss", foobar, "Super_priv = 'Y'"), ("replica", foobar, "Repl_slave_priv = 'Y'")]
    sql(MYSQL_8, "mysql")
    for name, stored, more in accounts:
        settings = f"Host = 'localhost', User = '{name}', authentication_string = X'{stored.hex()}'" + (f", {more}" if more else "")
        sql(f"INSERT INTO user SET {settings if 'last_changed' in settings else f'{settings}, {now}'};", "mysql8")
    sql(f"INSERT INTO user SET Host = '%', User = 'alice', authentication_string = X'{vectors[1][1].hex()}'", "mysql8")
    text = (VIEWS / "database-accounts-mysql.sql").read_text(encoding="utf-8")
    sql("CREATE DATABASE sftp8", "mysql")
    sql(text.replace("mysql.user", "mysql8.user").replace("performance_schema.global_variables", "mysql8.global_variables"), "sftp8")
    sql("INSERT INTO sftp8.sqlmap_accounts (username, uid, gid, homedir) SELECT username, uid, gid, homedir FROM sftp.sqlmap_accounts;"
        "INSERT INTO sftp8.sqlmap_accounts (username, uid, gid, homedir) VALUES ('boss', 20010, 20010, '/home/boss'), ('replica', 20011, 20011, '/home/replica');"
        "GRANT SELECT ON sftp8.nss_own_password TO _sqlmapd@localhost")
    edit(CONFIG, (r'^name = "sftp"$', 'name = "sftp8"'))
    systemctl("reload", "sqlmapd")
    wait_until(lambda: is_let_in(("alice", "foobar")))
    return vectors


def test_accounts_of_mysql_8_get_in_with_caching_sha2_and_native_passwords(mysql_8):
    passwords = [password for password, _ in mysql_8]
    assert rows("sftp8") == [("alice", "caching_sha2_password"), ("bob", "mysql_native_password"), ("erin", "caching_sha2_password"),
                             ("grace", "caching_sha2_password"), ("heidi", "caching_sha2_password")]
    attempts = [(name, password) for name in [*NAMES, "boss", "replica"] for password in passwords]
    assert let_in(*attempts, ("frank", ""), ("dave", ""), ("alice", ""), ("alice", "alice-db-pw")) == [
        ("alice", "foobar"), ("bob", "password"), ("erin", mysql_8[1][0])]


def test_expired_passwords_of_mysql_8_are_not_let_in(mysql_8):
    lines = sql("SELECT username, password, lstchg, `max`, expire FROM nss_getspnam WHERE username IN ('alice', 'carol', 'grace', 'heidi')", "sftp8")
    today = int(time.time()) // DAY
    assert [line.split("\t") for line in lines.splitlines()] == [
        ["alice", "*", str(today), "-1", "-1"], ["carol", "!*", "-1", "-1", "1"], ["grace", "*", "0", "-1", "1"], ["heidi", "*", "0", "90", "1"]]


def test_the_reader_can_take_it_back(own_passwords):
    own_passwords.follow()
    own_passwords.assert_true()
