#!/usr/bin/python3
"""`sqlmapctl check`: a healthy host is called healthy line by line; each fault changes the lines that are about it, and no other.

What each fault changes stands in check_faults.txt, see difference(). It is written anew, from the checkout, by

    scripts/sandbox --build BUILD --share tests/ctl --pam sshd --sql sql/views/accounts.sql --sql tests/ctl/accounts.sql \\
        --config tests/ctl/sqlmapd.toml -- tests/ctl/test_check.py --write

Then read what it wrote.
"""

import contextlib
import json
import os
import re
import shutil
import socket
import socketserver
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from ctl import CONFIG, SECRETS, daemon_stopped, read_when_told, run, sql, wait_until
from sandbox import MARIADB, SQLMAPD, hung, pid_in

NSSWITCH = Path("/etc/nsswitch.conf")
SSHD = Path("/etc/pam.d/sshd")
RESOLVER = Path("/etc/resolv.conf")
HOMES = Path("/srv/people")
SERVER = "/run/mysqld/mysqld.sock"
LOG = "INSERT INTO sqlmap_log (event, username, service, rhost, tty, host, pid, message) VALUES " \
      "('auth_failure', :name, :service, :rhost, :tty, :host, :pid, :message)"
WRITES = f"""
[queries]
password_update = "UPDATE sqlmap_users SET password = :hash, lstchg = :days WHERE username = :name"
auth_failure = "{LOG}"
"""
# The tables of somebody who has no constraints, so that rows can be as wrong as they are elsewhere.
LOOSE = """
ALTER TABLE sqlmap_users DROP PRIMARY KEY, ADD KEY name (username), DROP KEY uid, ADD KEY uid (uid),
  MODIFY username VARCHAR(255) NULL COLLATE utf8mb4_bin, MODIFY uid INT UNSIGNED NULL, MODIFY homedir VARCHAR(255) NULL,
  MODIFY password VARCHAR(255) NULL COLLATE utf8mb4_bin;
ALTER TABLE sqlmap_groups DROP PRIMARY KEY, ADD KEY name (groupname), DROP KEY gid, ADD KEY gid (gid);
UPDATE sqlmap_users f JOIN sqlmap_users b ON b.username = 'bob' SET f.password = b.password WHERE f.username = 'frank';
"""


def masked(text):
    """Without what differs from run to run."""
    text = re.sub(r"\b\d+(\.\d+)? (µs|ms|s|min)\b", "TIME", text)
    text = re.sub(r"(?<![\d.])\d+\.\d+\.\d+(?![\d.])[\w.+~-]*", "VERSION", text)
    return re.sub(r"pid \d+", "pid PID", re.sub(r"generation \d+", "generation N", text))


def findings(status=None):
    """Every line, as "level area subject: what; remedy"."""
    result = run("check", "--json")
    value = json.loads(result.stdout)
    levels = [finding["level"] for finding in value["findings"]]
    assert [value["ok"], value["warnings"], value["errors"]] == [levels.count("ok"), levels.count("warning"), levels.count("error")]
    assert result.returncode == (1 if "error" in levels else 0) if status is None else status
    assert result.stderr == ""
    return [masked(f"{f['level']} {f['area']} {f['subject']}: {f['what']}" + (f"; {f['remedy']}" if f["remedy"] else ""))
            for f in value["findings"]]


@contextlib.contextmanager
def edited(path, change=None, mode=None, owner=None):
    """The file with another text (None: without it), mode or owner; then as it was."""
    before, status = path.read_bytes(), path.stat()
    try:
        if change is not None:
            text = change(before.decode())
            path.unlink()
            if text is not None:
                path.write_text(text)
                os.chmod(path, status.st_mode)
        if owner is not None:
            os.chown(path, *owner)
        if mode is not None:
            os.chmod(path, mode)
        yield
    finally:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        path.write_bytes(before)
        os.chown(path, status.st_uid, status.st_gid)
        os.chmod(path, status.st_mode)


@contextlib.contextmanager
def moded(path, mode):
    before = path.stat().st_mode
    os.chmod(path, mode)
    try:
        yield
    finally:
        os.chmod(path, before)


@contextlib.contextmanager
def renamed(path):
    away = path.with_name(path.name + ".away")
    path.rename(away)
    try:
        yield
    finally:
        away.rename(path)


@contextlib.contextmanager
def written(path, text):
    path.write_text(text)
    try:
        yield
    finally:
        path.unlink()


def config(old, new):
    return edited(CONFIG, lambda text: text.replace(old, new))


def database(key, value):
    return config('name = "accounts"\n', f'name = "accounts"\n{key} = {value}\n')


def nsswitch(old, new):
    return edited(NSSWITCH, lambda text: text.replace(old, new))


def nsswitch_hosts(services):
    return edited(NSSWITCH, lambda text: re.sub(r"(?m)^hosts:.*\n", "", text) + f"hosts: files {services}\n")


@contextlib.contextmanager
def changed(statements, back):
    sql(statements)
    try:
        yield
    finally:
        sql(back)


def user(values, username="'mallory'"):
    """One more row, in the order username, uid, gid, homedir, shell, password."""
    return changed(f"INSERT INTO sqlmap_users (username, uid, gid, homedir, shell, password) VALUES ({values})",
                   f"DELETE FROM sqlmap_users WHERE username <=> {username}")


def add_local_person():
    """Who has an account of this host's own, and a group: lena, 1500. For all tests, since sqlmapd reads anew when she comes or goes."""
    for path, line in [("/etc/passwd", "lena:x:1500:1500::/home/lena:/bin/sh\n"), ("/etc/group", "lena:x:1500:\n")]:
        with open(path, "a", encoding="utf-8") as file:
            file.write(line)


def group(name, gid):
    return changed(f"INSERT INTO sqlmap_groups VALUES ('{name}', {gid})", f"DELETE FROM sqlmap_groups WHERE groupname = '{name}'")


def password(value):
    return changed(f"CREATE TABLE kept SELECT password FROM sqlmap_users WHERE username = 'frank';"
                   f"UPDATE sqlmap_users SET password = {value} WHERE username = 'frank'",
                   "UPDATE sqlmap_users SET password = (SELECT password FROM kept) WHERE username = 'frank'; DROP TABLE kept")


def view(name, select):
    """A view that says something else; grants stay."""
    before = sql(f"SHOW CREATE VIEW {name}").split("\t")[1].replace("CREATE ", "CREATE OR REPLACE ", 1)
    return changed(f"CREATE OR REPLACE VIEW {name} AS {select}", before)


@contextlib.contextmanager
def listening(path):
    path.parent.mkdir(exist_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        yield
    shutil.rmtree(path.parent)


def sqlmapd():
    """The parent and the child."""
    parent = pid_in(SQLMAPD)
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [parent, *map(int, children)]


def without_index():
    keys = "ALTER TABLE sqlmap_memberships {}; ANALYZE TABLE sqlmap_memberships;"
    return changed("INSERT INTO sqlmap_memberships SELECT 'alice', 30000 + seq FROM seq_1_to_300;" + keys.format("DROP KEY gid"),
                   "DELETE FROM sqlmap_memberships WHERE gid >= 30000;" + keys.format("ADD KEY gid (gid)"))


class Slow(socketserver.BaseRequestHandler):
    """A server that is far away."""

    def handle(self):
        with socket.create_connection(("127.0.0.1", 3306)) as server:
            def forward():
                with contextlib.suppress(OSError):
                    while data := self.request.recv(65536):
                        server.sendall(data)
                    server.shutdown(socket.SHUT_WR)
            threading.Thread(target=forward, daemon=True).start()
            with contextlib.suppress(OSError):
                while data := server.recv(65536):
                    time.sleep(0.18)  # the distance itself: three of them are half of connect_timeout_ms
                    self.request.sendall(data)


@contextlib.contextmanager
def far_away():
    socketserver.ThreadingTCPServer.daemon_threads = True
    with socketserver.ThreadingTCPServer(("127.0.0.1", 3399), Slow) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        with edited(CONFIG, lambda text: text.replace("[database]\n", '[database]\nservers = ["127.0.0.1:3399"]\ntls = "off"\n')):
            yield
        proxy.shutdown()


def over_tcp(host="127.0.0.1", tls="off"):
    return database("servers", f'["{host}:3306"]\ntls = "{tls}"')


@contextlib.contextmanager
def both(*contexts):
    """The later ones stand on the earlier ones: what sqlmapd would mend at once is broken while it sleeps."""
    with contextlib.ExitStack() as stack:
        for context in contexts:
            stack.enter_context(context)
        yield


@contextlib.contextmanager
def sqlmapd_stopped():
    with hung(*sqlmapd()):
        wait_until(lambda: "no sign of life" in "".join(findings()), seconds=20)
        yield


@contextlib.contextmanager
def damaged(path):
    before = path.read_bytes()
    path.write_bytes(before[:100])
    try:
        yield
    finally:
        path.write_bytes(before)


def grant(what, to, back=None):
    return changed(f"GRANT {what} TO '{to}'@'localhost'", back or f"REVOKE {what} FROM '{to}'@'localhost'")


def revoke(what, of):
    return changed(f"REVOKE {what} FROM '{of}'@'localhost'", f"GRANT {what} TO '{of}'@'localhost'")


PASSWD = "username, 'x' AS password, uid, gid, gecos, homedir, shell"
NSS = Path("/usr/lib/x86_64-linux-gnu/libnss_sqlmap.so.2")
KEPT = Path("/var/lib/sqlmapd/snapshot")
PAM = Path("/usr/lib/x86_64-linux-gnu/security/pam_sqlmap.so")
GOOD = "'/srv/people/alice', '/bin/bash', '!'"
INCLUDE = "@include common-sqlmap\n"

FAULTS = {
    # files, owners and modes
    "everybody may read the secrets": lambda: edited(SECRETS, mode=0o644),
    "a group may read the secrets": lambda: edited(SECRETS, mode=0o640, owner=(0, 100)),
    "a secret stands in the place of a key": lambda: edited(SECRETS, lambda text: '"TOPSECRET1" = 1\n' + text),
    "a user may write the configuration": lambda: edited(CONFIG, owner=(1000, 1000)),
    "a group may write the configuration": lambda: edited(CONFIG, mode=0o664),
    "there is no configuration": lambda: edited(CONFIG, lambda text: None),
    "there are no secrets": lambda: edited(SECRETS, lambda text: None),
    "the NSS module is not there": lambda: renamed(NSS),
    "a user may write the PAM module": lambda: moded(PAM, 0o666),
    "common-sqlmap is not there": lambda: renamed(Path("/etc/pam.d/common-sqlmap")),
    # configuration
    "two mistakes in the configuration": lambda: config("[accounts]", 'colour = "red"\n[accounts]\nmin_uid = "many"'),
    "the privileged account is the other one": lambda: edited(SECRETS, lambda text: text.replace('"sqlmap_auth"', '"sqlmap"').replace("sqlmap-auth", "sqlmap-read-only")),
    # servers
    "there is no server": lambda: database("servers", '["/run/mysqld/other.sock"]'),
    "the first server is not there, the second is": lambda: database("servers", f'["/run/mysqld/other.sock", "{SERVER}"]'),
    "the password is another one": lambda: changed("ALTER USER sqlmap_auth@localhost IDENTIFIED BY 'other'",
                                                   "ALTER USER sqlmap_auth@localhost IDENTIFIED BY 'sqlmap-auth-example'"),
    "the account is locked": lambda: changed("ALTER USER sqlmap_auth@localhost ACCOUNT LOCK",
                                             "ALTER USER sqlmap_auth@localhost ACCOUNT UNLOCK"),
    "the database is another one": lambda: config('"accounts"', '"people"'),
    "there is no TLS": lambda: over_tcp(tls="required"),
    "the server is far away": far_away,
    "the server is read-only": lambda: changed("SET GLOBAL read_only = 1", "SET GLOBAL read_only = 0"),
    # grants
    "sqlmap may read files": lambda: grant("FILE ON *.*", "sqlmap"),
    "sqlmap may do everything": lambda: grant("ALL PRIVILEGES ON *.*", "sqlmap"),
    "sqlmap may read all tables": lambda: grant("SELECT ON accounts.*", "sqlmap"),
    "sqlmap may read the servers' accounts": lambda: grant("SELECT ON mysql.global_priv", "sqlmap"),
    "sqlmap may read the hashes": lambda: grant("SELECT ON accounts.nss_mysql", "sqlmap"),
    "sqlmap may read the table with the hashes": lambda: grant("SELECT ON accounts.sqlmap_users", "sqlmap"),
    "sqlmap may read the column with the hashes": lambda: grant("SELECT (username, password) ON accounts.sqlmap_users", "sqlmap"),
    "sqlmap may read a table that it has no use for": lambda: grant("SELECT ON accounts.sqlmap_memberships", "sqlmap"),
    "sqlmap may read keys": lambda: grant("SELECT ON accounts.sqlmap_keys", "sqlmap"),
    "sqlmap_auth may read a table that it has no use for": lambda: grant("SELECT ON accounts.sqlmap_memberships", "sqlmap_auth"),
    "sqlmap may be of a role": lambda: changed("CREATE ROLE boss; GRANT boss TO sqlmap@localhost", "DROP ROLE boss"),
    "sqlmap_auth may make accounts": lambda: grant("INSERT ON accounts.sqlmap_users", "sqlmap_auth"),
    "sqlmap_auth may make members": lambda: grant("INSERT ON accounts.sqlmap_memberships", "sqlmap_auth"),
    "sqlmap_auth may take other people's uids": lambda: grant("UPDATE (uid, gid) ON accounts.sqlmap_users", "sqlmap_auth"),
    "sqlmap_auth may change uids": lambda: grant(
        "UPDATE ON accounts.sqlmap_users", "sqlmap_auth",
        "REVOKE UPDATE ON accounts.sqlmap_users FROM 'sqlmap_auth'@'localhost';"
        "GRANT UPDATE (password, lstchg) ON accounts.sqlmap_users TO 'sqlmap_auth'@'localhost'"),
    "sqlmap may not read groups": lambda: revoke("SELECT ON accounts.nss_getgrnam", "sqlmap"),
    "sqlmap_auth may not write the log": lambda: changed(
        "REVOKE INSERT (rhost) ON accounts.sqlmap_log FROM 'sqlmap_auth'@'localhost'",
        "GRANT INSERT (rhost) ON accounts.sqlmap_log TO 'sqlmap_auth'@'localhost'"),
    # queries
    "a view is missing": lambda: changed("RENAME TABLE nss_gidsbymem TO away", "RENAME TABLE away TO nss_gidsbymem"),
    "a view has lost a column": lambda: view("nss_getpwnam", "SELECT username, 'x' AS password, uid, gid, gecos, homedir FROM sqlmap_users"),
    "a query does not return what it must": lambda: config("[queries]", '[queries]\ngetpwuid = "SELECT username FROM nss_getpwnam WHERE uid = :uid"'),
    "uids are FLOAT": lambda: view("nss_getpwnam", f"SELECT {PASSWD.replace('uid', 'CAST(uid AS FLOAT) AS uid', 1)} FROM sqlmap_users"),
    "gids are text": lambda: view("nss_getgrnam", "SELECT groupname, 'x' AS password, CAST(gid AS CHAR) AS gid FROM sqlmap_groups"),
    "an index is missing": without_index,
    "an index is missing on a server that explains nothing": lambda: both(over_tcp(), without_index()),
    "a query finds everybody": lambda: config("[queries]", '[queries]\nauth = "SELECT * FROM nss_mysql WHERE username = :name OR 1"'),
    "a query does not find what the list has": lambda: config("[queries]", '[queries]\ngetspnam = "SELECT * FROM nss_getspnam WHERE username = :name AND flag = 1"'),
    # data
    "a name is there twice": lambda: changed("INSERT INTO sqlmap_users SELECT * FROM sqlmap_users WHERE username = 'sven'",
                                             "DELETE FROM sqlmap_users WHERE username = 'sven' LIMIT 1"),
    "a uid is there twice": lambda: user(f"'mallory', 20001, 20000, {GOOD}"),
    "a uid is shared on purpose": lambda: both(user(f"'mallory', 20001, 20000, {GOOD}"), config("[accounts]", "[accounts]\nallow_uids = [20001]")),
    "a group's name is there twice": lambda: changed("INSERT INTO sqlmap_groups VALUES ('editors', 20002)", "DELETE FROM sqlmap_groups WHERE gid = 20002"),
    "a gid is there twice": lambda: changed("INSERT INTO sqlmap_groups VALUES ('writers', 20000)", "DELETE FROM sqlmap_groups WHERE groupname = 'writers'"),
    "a uid is below the limit": lambda: user(f"'mallory', 900, 20000, {GOOD}"),
    "a uid is root's": lambda: user(f"'mallory', 0, 20000, {GOOD}"),
    "a uid is a local account's": lambda: both(config("[accounts]", "[accounts]\nmin_uid = 1\nmin_gid = 1"), user(f"'mallory', 1, 20000, {GOOD}")),
    "a name is a local account's": lambda: user(f"'daemon', 20100, 20000, {GOOD}", "'daemon'"),
    "a uid is a local person's": lambda: user(f"'mallory', 1500, 20000, {GOOD}"),
    "a name is a local person's": lambda: user(f"'lena', 20100, 20000, {GOOD}", "'lena'"),
    "a local person is meant": lambda: both(config("[accounts]", "[accounts]\nallow_uids = [1500]"),
                                            user(f"'lena', 1500, 20000, {GOOD}", "'lena'"), user(f"'mallory', 1500, 20000, {GOOD}")),
    "accounts and groups are in a local person's containers": lambda: both(
        edited(Path("/etc/subuid"), lambda text: "lena:20001:3\n1500:20007:1\nlena:100000:65536\n"),
        edited(Path("/etc/subgid"), lambda text: "lena:20000:65536\n")),
    "a primary group is a local person's": lambda: user(f"'mallory', 20100, 1500, {GOOD}"),
    "a gid is a local group's": lambda: group("writers", 1500),
    "a group's name is a local group's": lambda: group("lena", 20002),
    "a group's name is one of the system's": lambda: group("sudo", 20002),
    "many names and uids are there twice": lambda: changed(
        "INSERT INTO sqlmap_users SELECT * FROM sqlmap_users WHERE username IN ('alice', 'bob', 'carol', 'dave');"
        "INSERT INTO sqlmap_users (username, uid, gid, homedir, shell, password) SELECT CONCAT('x', uid), uid, gid, '/srv/people/alice', '/bin/sh', '!' "
        "FROM sqlmap_users WHERE username IN ('erin', 'frank', 'grace', 'sven')",
        "DELETE FROM sqlmap_users WHERE username LIKE 'x2%'; DELETE FROM sqlmap_users WHERE username = 'alice' LIMIT 1;"
        "DELETE FROM sqlmap_users WHERE username = 'bob' LIMIT 1; DELETE FROM sqlmap_users WHERE username = 'carol' LIMIT 1;"
        "DELETE FROM sqlmap_users WHERE username = 'dave' LIMIT 1"),
    "a uid is NULL": lambda: user(f"'mallory', NULL, 20000, {GOOD}"),
    "a name is NULL": lambda: user(f"NULL, 20100, 20000, {GOOD}", "NULL"),
    "a home is NULL": lambda: user("'mallory', 20100, 20000, NULL, '/bin/bash', '!'"),
    "a name would command the terminal": lambda: user(f"'\\\\033[31mmallory', 20100, 20000, {GOOD}".replace("\\\\033", "\x1b"), "'\x1b[31mmallory'"),
    "a home would command the terminal": lambda: user("'mallory', 20100, 20000, '/srv/\u202e/\u009b31m', '/bin/bash', '!'"),
    "nobody has a primary group": lambda: user(f"'mallory', 20100, 20999, {GOOD}"),
    "a hash is not recognised": lambda: password("'$9$cisco$cisco'"),
    "a hash is cut off": lambda: password("LEFT(password, 20)"),
    "a hash is weak": lambda: password("'$1$saltstri$CVtlMpOHug1.jDUbVpFvB1'"),
    "a hash is weak and accepted": lambda: both(password("'$1$saltstri$CVtlMpOHug1.jDUbVpFvB1'"),
                                                config("[accounts]", '[auth]\nschemes = ["strong", "md5crypt"]\n[accounts]')),
    "a hash is NULL": lambda: password("NULL"),
    "an account has too many rows": lambda: config("[queries]", '[auth]\nmax_rows = 1\n[queries]\nauth = "SELECT * FROM nss_mysql WHERE username = :name UNION ALL SELECT * FROM nss_mysql WHERE username = :name"'),
    "a home is missing": lambda: renamed(HOMES / "erin"),
    "a home is a file": lambda: both(renamed(HOMES / "erin"), written(HOMES / "erin", "")),
    "a shell is not in /etc/shells": lambda: edited(Path("/etc/shells"), lambda text: text.replace("/bin/bash\n", "")),
    "nobody has an account": lambda: view("nss_getpwnam", f"SELECT {PASSWD} FROM sqlmap_users WHERE username = 'nobody'"),
    "there are no lists": lambda: edited(CONFIG, lambda text: text.replace("[queries]", '[queries]\ngetpwent = ""\ngetgrent = ""')
                                         .replace("[snapshot]", "[snapshot]\nenabled = false")),
    # nsswitch
    "there is no line of passwd": lambda: nsswitch("passwd:", "password:"),
    "a line does not name sqlmap": lambda: nsswitch("group: files sqlmap", "group: files"),
    "shadow does not name sqlmap": lambda: nsswitch("shadow: files sqlmap", "shadow: files"),
    "what files finds is thrown away": lambda: nsswitch("group: files sqlmap", "group: files [SUCCESS=continue] sqlmap"),
    "what sqlmap finds is thrown away": lambda: nsswitch("shadow: files sqlmap", "shadow: files sqlmap [SUCCESS=continue] systemd"),
    "a user may write nsswitch.conf": lambda: edited(NSSWITCH, mode=0o666),
    "not everybody may read nsswitch.conf": lambda: edited(NSSWITCH, mode=0o600),
    "sqlmap stands in front": lambda: nsswitch("passwd: files sqlmap", "passwd: sqlmap files"),
    "files is not there": lambda: nsswitch("group: files sqlmap", "group: sqlmap"),
    "[NOTFOUND=return] stands in front": lambda: nsswitch("passwd: files sqlmap", "passwd: files [NOTFOUND=return] sqlmap"),
    "a return when somebody is unavailable": lambda: nsswitch("passwd: files sqlmap", "passwd: files ldap [UNAVAIL=return] sqlmap"),
    "initgroups leaves sqlmap out": lambda: edited(NSSWITCH, lambda text: text + "initgroups: files\n"),
    "gshadow names sqlmap": lambda: nsswitch("gshadow:", "gshadow: sqlmap"),
    "SSSD is asked first": lambda: nsswitch("passwd: files sqlmap", "passwd: files sss sqlmap"),
    "nscd caches": lambda: both(listening(Path("/run/nscd/socket")), written(Path("/etc/nscd.conf"), "enable-cache passwd yes\nenable-cache group no\n")),
    # PAM
    "no service asks sqlmap": lambda: edited(SSHD, lambda text: text.replace(INCLUDE, "")),
    "a service asks in auth alone": lambda: edited(SSHD, lambda text: text.replace(INCLUDE, "auth sufficient pam_sqlmap.so\n")),
    "a service asks in account alone": lambda: edited(SSHD, lambda text: text.replace(INCLUDE, "account required pam_sqlmap.so\n")),
    "pam_unix refuses first": lambda: edited(SSHD, lambda text: "auth required pam_unix.so\n" + text),
    "a service includes what is not there": lambda: edited(SSHD, lambda text: text + "@include common-ldap\n"),
    "a user may write a service's file": lambda: edited(SSHD, mode=0o666),
    "a user may write what a service includes": lambda: edited(Path("/etc/pam.d/common-auth"), mode=0o666),
    "common-auth stands in front": lambda: edited(SSHD, lambda text: "@include common-auth\n" + text),
    "everybody gets in whatever sqlmap says": lambda: edited(SSHD, lambda text: text.replace(INCLUDE, "auth optional pam_sqlmap.so\n"
        "auth required pam_permit.so\naccount optional pam_sqlmap.so\naccount required pam_permit.so\n").replace("@include common-a", "#")),
    "everybody gets in before sqlmap is asked": lambda: edited(SSHD, lambda text: "auth sufficient pam_permit.so\n" + text),
    "the account stage ends before sqlmap is asked": lambda: edited(SSHD, lambda text: "account sufficient pam_permit.so\n" + text),
    "a line steps over sqlmap": lambda: edited(SSHD, lambda text: "auth [default=2] pam_permit.so\n" + text),
    "a module in front is not known": lambda: edited(SSHD, lambda text: "auth sufficient pam_token.so\n" + text),
    # sqlmapd
    "sqlmapd does not run": daemon_stopped,
    "sqlmapd hangs": sqlmapd_stopped,
    "a user may write the control page": lambda: moded(Path("/run/sqlmapd/control"), 0o666),
    "not everybody may read the control page": lambda: moded(Path("/run/sqlmapd/control"), 0o600),
    "the kept snapshot is missing": lambda: both(sqlmapd_stopped(), renamed(KEPT)),
    "the kept snapshot is damaged": lambda: both(sqlmapd_stopped(), damaged(KEPT)),
}

SECTION = re.compile(r"^\[(.+)\]\n((?:[-+ ].*\n)*)", re.MULTILINE)
# The most memory, in KiB, that one run has.
MEASURE = "import resource, subprocess; subprocess.run(['sqlmapctl', 'check'], capture_output=True, check=False);" \
          "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
EXPECTED = Path(__file__).with_name("check_faults.txt")


def area(line):
    return line.split(" ")[1]


def difference(before, after):
    """Lines that are gone, then those that came. An area of which nothing is left is one line."""
    gone = []
    for line in before:
        whole = {other for other in before if area(other) == area(line)}
        text = f"- all of {area(line)}" if len(whole) > 2 and not whole & set(after) else f"- {line}"
        if line not in after and text not in gone:
            gone.append(text)
    return gone + [f"+ {line}" for line in after if line not in before]


def rows_masked(lines):
    """The server guesses how many rows a table has."""
    return [re.sub(r"\b\d+ rows\b", "N rows", line) for line in lines]


def findings_of(of):
    return [line for line in rows_masked(findings()) if area(line) == of]


def make_healthy():
    for kind in ["FOREIGN KEY", "CHECK"]:
        named = sql("SELECT table_name, constraint_name FROM information_schema.table_constraints "
                    f"WHERE constraint_schema = DATABASE() AND constraint_type = '{kind}'")
        for table, name in map(str.split, named.splitlines()):
            sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    sql(LOOSE)
    for host in ["127.0.0.1", "localhost"]:
        for name, password_, views in [("sqlmap", "sqlmap-read-only-example", "nss_getpwnam nss_getgrnam nss_memsbygid nss_gidsbymem"),
                                       ("sqlmap_auth", "sqlmap-auth-example", "nss_getspnam nss_mysql")]:
            sql(f"CREATE USER IF NOT EXISTS {name}@'{host}' IDENTIFIED BY '{password_}';"
                + "".join(f"GRANT SELECT ON {view_} TO {name}@'{host}';" for view_ in views.split()))
    sql("GRANT SELECT (username), UPDATE (password, lstchg) ON sqlmap_users TO sqlmap_auth@'127.0.0.1';"
        "GRANT INSERT (event, username, service, rhost, tty, host, pid, message) ON sqlmap_log TO sqlmap_auth@'127.0.0.1'")
    for name in sql("SELECT username FROM sqlmap_users").split():
        (HOMES / name).mkdir(parents=True)
    add_local_person()
    for name in ["subuid", "subgid"]:  # this machine's own users may have containers
        Path("/etc", name).write_text("")
    # As Debian has it, whether or not openssh-server is installed beside the sandbox.
    SSHD.write_text(INCLUDE + "".join(f"@include common-{part}\n" for part in ["auth", "account", "session", "password"]))
    CONFIG.write_text(CONFIG.read_text() + WRITES)
    read_when_told()


@pytest.fixture(scope="module", name="healthy", autouse=True)
def fixture_healthy():
    make_healthy()
    return rows_masked(findings())


def seen(fault, healthy):
    with FAULTS[fault]():
        return difference(healthy, rows_masked(findings()))


def expected():
    return {name: lines.splitlines() for name, lines in SECTION.findall(EXPECTED.read_text())}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_changes_the_lines_that_are_about_it_and_no_other(fault, healthy):
    assert seen(fault, healthy) == expected()[fault]
    assert rows_masked(findings()) == healthy


def test_each_expected_fault_is_tried():
    assert list(expected()) == ["healthy", *FAULTS]


def test_a_healthy_host_is_called_healthy_line_by_line(healthy):
    assert [f"  {line}" for line in healthy] == expected()["healthy"]


def test_people_see_the_same_lines_aligned_and_a_summary(healthy):
    result = run("check")
    assert (result.returncode, result.stderr) == (0, "")
    *lines, summary = result.stdout.splitlines()
    columns = [re.split(r" {2,}", line) for line in lines]
    assert rows_masked(masked(f"{level} {where} {subject}: {text}") for level, where, subject, text in columns) == healthy
    assert len({line.index(f"  {text}") for line, (_, _, _, text) in zip(lines, columns)}) == 1
    assert summary == f"{len(healthy)} ok, 0 warnings, 0 errors"


@pytest.mark.parametrize("fault", ["a name would command the terminal", "a home would command the terminal"])
def test_a_row_cannot_command_the_terminal_of_whoever_looks(fault):
    with FAULTS[fault]():
        shown = run("check").stdout
    assert "mallory" in shown or "/srv/\\xe2\\x80\\xae/" in shown
    assert [c for c in shown if not c.isprintable() and c != "\n"] == []


def test_no_password_and_no_hash_is_shown():
    hashes = sql("SELECT password FROM sqlmap_users WHERE password LIKE '$%'").split()
    secrets = [*hashes, *sql("SELECT authentication_string FROM mysql.user WHERE user LIKE 'sqlmap%'").split(),
               "sqlmap-auth-example", "sqlmap-read-only-example"]
    assert len(secrets) > 6
    shown = run("check").stdout + run("check", "--json").stdout
    assert [secret for secret in secrets if secret in shown] == []


def test_who_is_not_root_is_told_so_and_nothing_else():
    result = run("check", uid=1000)
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr == "sqlmapctl: only root may look: the secrets and the account that reads hashes are root's; try sudo sqlmapctl check\n"
    assert json.loads(run("check", "--json", uid=1000).stdout) == {"error": result.stderr.removeprefix("sqlmapctl: ").rstrip("\n")}


def test_a_name_that_never_resolves_is_not_waited_for():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent, contextlib.ExitStack() as stack:
        silent.bind(("127.0.0.9", 53))
        stack.enter_context(edited(RESOLVER, lambda text: "nameserver 127.0.0.9\n"))
        stack.enter_context(nsswitch_hosts("dns"))
        stack.enter_context(database("servers", '["db.example.net:3306"]'))
        began = time.monotonic()
        after = findings()
        assert time.monotonic() - began < 4
        assert silent.recv(512)
    assert [line for line in after if area(line) == "servers"] == [
        "error servers db.example.net:3306: sqlmap cannot sign in: its name does not resolve within TIME; "
        "see resolv.conf(5), or write the server's address into /etc/hosts"]


def test_a_server_that_hangs_is_not_waited_for(healthy):
    with hung(pid_in(MARIADB)):
        began = time.monotonic()
        after = findings()
        assert time.monotonic() - began < 5
    wait_until(lambda: findings_of("daemon") == [line for line in healthy if area(line) == "daemon"])
    assert [line for line in after if area(line) == "servers"] == [
        f"error servers {SERVER}: sqlmap cannot sign in: no greeting within TIME; see whether the server hangs"]
    assert {line.split(" ")[0] for line in after if area(line) in {"queries", "data"}} == {"warning"}
    assert [line for line in after if area(line) in {"files", "nsswitch", "pam"}] == [
        line for line in healthy if area(line) in {"files", "nsswitch", "pam"}]


@pytest.fixture(name="many")
def fixture_many():
    with changed("INSERT INTO sqlmap_users (username, uid, gid, homedir, shell, password) SELECT CONCAT('web', seq), 100000 + seq, 20000,"
                 " CONCAT('/srv/people/alice/', seq), '/bin/bash', '*' FROM seq_1_to_99992; ANALYZE TABLE sqlmap_users",
                 "DELETE FROM sqlmap_users WHERE username LIKE 'web%'; ANALYZE TABLE sqlmap_users"):
        yield


@pytest.mark.usefixtures("many")
def test_100000_accounts_take_seconds_and_little_memory(healthy):
    kibibytes = int(subprocess.run(["/usr/bin/python3", "-c", MEASURE], capture_output=True, text=True, check=True).stdout)
    began = time.monotonic()
    after = findings_of("data")
    took = time.monotonic() - began
    print(f"check of 100,000 accounts: {took:.1f} s, {kibibytes // 1024} MiB at most")
    assert took < 20
    assert kibibytes < 96 * 1024
    once = [line for line in healthy if re.match(r"ok data (user names|uids|group names|gids|primary groups|shells):", line)]
    assert after == [
        "ok data users: 100000 accounts, read within TIME",
        "ok data groups: 2 groups, read within TIME",
        "ok data shadow: 100000 lines",
        "ok data passwords: of 1000 accounts out of 100000: 1 strong hash, 999 locked or NULL",
        *once,
        "warning data homes: of 100000: 99992 missing: /srv/people/alice/1, /srv/people/alice/2, /srv/people/alice/3, ...; "
        "make them, or let a login do it: mkhome= of pam_sqlmap.so in doc/pam.md",
    ]


def test_a_list_without_an_end_is_not_read_to_its_end(healthy):
    endless = f"SELECT {PASSWD.replace('username', 'NULL AS username')} FROM sqlmap_users JOIN seq_1_to_100000000"
    with both(changed(f"CREATE VIEW endless AS {endless}; GRANT SELECT ON endless TO sqlmap@localhost",
                      "REVOKE SELECT ON endless FROM sqlmap@localhost; DROP VIEW endless"),
              config("[queries]", '[queries]\ngetpwent = "SELECT * FROM endless"')):
        after = findings_of("data")
    assert after[0] in {f"warning data getpwent: not all looked at: {rows} rows within TIME; see whether the list is meant to be so long, "
                        "or why the server is slow" for rows in ("N", "10000000")}
    assert "ok data groups: 2 groups, read within TIME" in after


def main():
    if sys.argv[1:] != ["--write"]:
        sys.exit(f"usage: {sys.argv[0]} --write, in the sandbox: its first lines say how")
    make_healthy()
    healthy = rows_masked(findings())
    sections = {"healthy": [f"  {line}" for line in healthy]} | {name: seen(name, healthy) for name in FAULTS}
    EXPECTED.write_text("\n".join("".join(f"{line}\n" for line in [f"[{name}]", *lines]) for name, lines in sections.items()))


if __name__ == "__main__":
    main()
