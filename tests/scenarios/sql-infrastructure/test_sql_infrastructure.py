"""A fleet with one user database: doc/uses/sql-infrastructure.md is followed on six hosts, and what it says is looked at more closely."""

import os
import re
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, ExitStack
from pathlib import Path

import ctl
import pytest
from sandbox import hung, wait_until

HERE = Path(__file__).resolve().parent
SERVERS = ("db1", "db2", "db3")
# As they are at the end of the page.
ALICE, BOB, INFO = ("alice", "alice-pw-3"), ("bob", "bob-pw"), ("info@example.org", "info-pw")
SFTP, FTP, IMAP = "sftp://localhost/", "ftp://localhost/", "imap://localhost/"
ONE_SECOND = 1.0
DENIED = "1045"

# getpwnam_r's answers to the names of its arguments, with the time that each took.
PROBE = """
import ctypes, sys, time
libc = ctypes.CDLL(None)
libc.__nss_configure_lookup(b"passwd", b"files sqlmap")
def ask(name):
    record, buffer, found = ctypes.create_string_buffer(64), ctypes.create_string_buffer(4096), ctypes.c_void_p()
    begin = time.monotonic()
    error = libc.getpwnam_r(name.encode(), record, buffer, 4096, ctypes.byref(found))
    took = time.monotonic() - begin
    return ("found" if found.value else "unavailable" if error else "absent"), took
"""


class Fleet:
    def __init__(self, reader):
        self.reader = reader
        self.hosts = reader.hosts

    def __getitem__(self, name):
        return self.hosts[name]

    def sql(self, statements, server="db1", database="auth"):
        return self[server].run("mariadb", "--batch", "--skip-column-names", database, input=statements).stdout.strip()

    def pid(self, server):
        return int(self[server].file("/run/mariadb.pid").read_text())

    def systemctl(self, host, *words):
        self[host].run("systemctl", *words)

    def await_replicas(self, *servers):
        """Until they know all that the writer has done."""
        position = self.sql("SELECT @@gtid_binlog_pos")
        for server in servers or SERVERS[1:]:
            assert self.sql(f"SELECT MASTER_GTID_WAIT('{position}', 30)", server) == "0"

    def probe(self, host, *names, script="for name in sys.argv[1:]: print(*ask(name))", **options):
        """For each name found, absent or unavailable, and the seconds that it took; in a fresh process."""
        lines = self[host].run("/usr/bin/python3", "-c", PROBE + script, *names, **options).stdout.splitlines()
        return [(word, float(seconds)) for word, seconds in map(str.split, lines)]

    def getent(self, host, *words):
        """What it writes, None if it finds nothing."""
        result = self[host].run("getent", *words, check=False)
        assert result.returncode in (0, 2) and result.stderr == "", result
        return result.stdout.strip() if result.returncode == 0 else None

    def opens(self, host, name, password, url=SFTP):
        encryption = [] if url == SFTP else ["--ssl-reqd"]
        result = self[host].run("curl", "-sSk", *encryption, "-u", f"{name}:{password}", url, check=False)
        assert result.returncode in (0, 67), result
        return result.returncode == 0

    def doors(self, *attempts):
        """Those (host, name, password, url) that are let in."""
        with ThreadPoolExecutor(16) as threads:
            return {attempt for attempt, let_in in zip(attempts, threads.map(lambda attempt: self.opens(*attempt), attempts)) if let_in}

    def verdict(self, host, service, name, password, user="root"):
        """What PAM says to a program of that user."""
        return self[host].run("setpriv", f"--reuid={user}", "--clear-groups", "pamtester", service, name, "authenticate", "acct_mgmt", check=False,
                              input=f"{password}\n").returncode == 0

    def passwd(self, host, old, new, name="alice"):
        """The exit status of what she does, and what she sees."""
        result = self[host].run("su", name, "-c", "passwd", input=f"{old}\n{new}\n{new}\n", check=False, env={**os.environ, "LC_ALL": "C.UTF-8"})
        return result.returncode, result.stdout + result.stderr

    def signs_in(self, host, account, *options, server="db2", statement="SELECT 1", at=None):
        """"" or the number of the server's error, for a database account of `host` that is used there, or on the host `at`."""
        passwords = re.findall(r'^password = "(.*)"$', self[host].file("/etc/sqlmapd/secrets.toml").read_text(), re.MULTILINE)
        password = passwords[account.endswith("_auth")]
        result = self[at or host].run("mariadb", "--no-defaults", "-h", server, "-u", account, f"-p{password}", *options, "auth", "-e", statement,
                                      check=False)
        # A stranger is told one or the other, and before any TLS if no account is for his address at all.
        denied = re.search(r"ERROR (1045|1698)|\b1130 - Host '[\d.]+' is not allowed", result.stderr)
        return "" if result.returncode == 0 else DENIED if denied else re.search(r"ERROR (\d+)", result.stderr)[1]

    @contextmanager
    def stopped(self, *servers):
        for server in servers:
            self.systemctl(server, "stop", "mariadb")
        try:
            yield
        finally:
            for server in servers:
                self.systemctl(server, "start", "mariadb")

    @contextmanager
    def configured(self, host, *changes):
        """sqlmapd there has begun anew with this configuration, and knows nothing from before. (pattern, line) each."""
        config = self[host].file("/etc/sqlmapd/sqlmapd.toml")
        before = config.read_text()
        text = before
        for pattern, line in changes:
            text, count = re.subn(f"^{pattern}.*$", line, text, flags=re.MULTILINE)
            assert count == 1, pattern
        try:
            config.write_text(text)
            self.begin_anew(host)
            yield
        finally:
            config.write_text(before)
            self.begin_anew(host)
            self[host].run("sqlmapctl", "refresh", "--wait")

    def begin_anew(self, host):
        self.systemctl(host, "stop", "sqlmapd")
        self[host].run("sh", "-c", "rm -rf /run/sqlmapd/* /var/lib/sqlmapd/snapshot")
        self.systemctl(host, "start", "sqlmapd")

    def found_wrong(self, host, area):
        findings = [line for line in self[host].run("sqlmapctl", "check", check=False).stdout.splitlines() if line.startswith("error")]
        return [re.sub(r" {2,}", "  ", line) for line in findings if line.split()[1] == area]


@pytest.fixture(scope="module")
def fleet(reader):
    """The reader has the fleet at work; those who are refused there do not have to wait."""
    reader.follow(until="Take it back")
    fleet = Fleet(reader)
    for host in ("web1", "web2", "mail1"):
        fleet[host].file("/etc/pam.d/unix").write_text("@include common-auth\n@include common-account\n")
        for service in ("common-auth", "common-password", "common-sqlmap", *(["dovecot"] if host == "mail1" else [])):
            fleet[host].run("sed", "-i", "-E", r"s/^((auth|password)\s.*(pam_unix|pam_sqlmap)\.so)/\1 nodelay/", f"/etc/pam.d/{service}")
    return fleet


@pytest.fixture
def carol(fleet):
    """She is in the database for the time of a test, and her password is carol-pw."""
    hash_ = subprocess.run(["openssl", "passwd", "-6", "carol-pw"], capture_output=True, text=True, check=True).stdout.strip()
    fleet.sql(f"""INSERT INTO users (username, uid, homedir, password) VALUES ('carol', 5100, '/var/jail/www/home/carol', '{hash_}');
                  INSERT INTO grouplist (username, gid) VALUES ('carol', 5001)""")
    fleet.await_replicas()
    yield "carol", "carol-pw"
    fleet.sql("DELETE FROM users WHERE username = 'carol'; DELETE FROM grouplist WHERE username = 'carol'")
    fleet.await_replicas()


def test_the_page_is_true(fleet):
    fleet.reader.assert_true()


# Who somebody is


def test_a_person_is_the_same_on_every_host_and_in_no_file_of_any(fleet):
    for host in ("web1", "web2", "mail1"):
        assert fleet[host].run("id", "alice").stdout == "uid=5000(alice) gid=5000(webusers) groups=5000(webusers),5001(shell)\n"
        assert fleet.getent(host, "passwd", "5001") == "bob:x:5001:5000:Bob Example:/var/jail/www/home/bob:/bin/bash"
        assert fleet.getent(host, "group", "5001") == "shell:x:5001:alice"
        own = "".join(fleet[host].file(f"/etc/{name}").read_text() for name in ("passwd", "group", "shadow"))
        assert not re.search("alice|bob|webusers", own)


def test_one_row_opens_ssh_and_ftp_and_no_other_one_does(fleet):
    others = (("alice", "bob-pw"), ("bob", "alice-pw-3"), ("alice", ""), INFO)
    right, wrong = ({("web1", *person, url) for person in people for url in (SFTP, FTP)} for people in ((ALICE, BOB), others))
    assert fleet.doors(*right, *wrong) == right


def test_files_are_given_away_by_name_and_belong_to_the_number(fleet):
    assert fleet["web1"].run("sh", "-c", "touch /srv/gift && chown alice:shell /srv/gift && stat -c '%u %g' /srv/gift").stdout == "5000 5001\n"
    assert fleet["web1"].run("find", "/srv", "-user", "alice", "-group", "shell").stdout == "/srv/gift\n"


@contextmanager
def logged_queries(fleet):
    """A function that gives what all servers have been asked since it was called last."""
    path, read = "/var/lib/mysql/asked.log", dict.fromkeys(SERVERS, 0)

    def asked():
        texts = []
        for server in SERVERS:
            text = fleet[server].file(path).read_text()
            texts.append(text[read[server]:])
            read[server] = len(text)
        return "".join(texts)

    for server in SERVERS:
        fleet.sql(f"SET GLOBAL general_log_file = '{path}'; SET GLOBAL general_log = 1", server)
    try:
        yield asked
    finally:
        for server in SERVERS:
            fleet.sql("SET GLOBAL general_log = 0", server)


def test_the_groups_of_a_new_person_cost_one_query(fleet):
    """A person whom the lists have in the meantime costs none: then the next one is tried."""
    with logged_queries(fleet) as asked:
        for _ in range(5):
            name, = new_people(fleet, 1)
            fleet.sql(f"INSERT INTO grouplist (username, gid) VALUES ('{name}', 5001)")
            fleet.await_replicas()
            asked()
            assert fleet["web1"].run("id", "-G", name).stdout == "5000 5001\n"
            queries = asked()
            if re.search(r"Execute\s.*nss_getpwnam", queries):
                assert len(re.findall(r"Execute\s.*nss_gidsbymem", queries)) == 1, queries
                return
    pytest.fail("the lists had each of them at once")


def test_no_look_up_reads_a_whole_table(fleet):
    fleet.sql("INSERT INTO users (username, homedir) SELECT CONCAT('many', seq), '/nonexistent' FROM seq_1_to_2000;"
              "INSERT INTO auth.groups (name, gid) SELECT CONCAT('group', seq), 20000 + seq FROM seq_1_to_2000;"
              "INSERT INTO grouplist (username, gid) SELECT CONCAT('many', seq), 20000 + seq FROM seq_1_to_2000;"
              "INSERT INTO mailboxes (address) SELECT CONCAT('many', seq, '@example.org') FROM seq_1_to_2000")
    fleet.await_replicas()
    try:
        for host in ("web1", "mail1"):
            fleet[host].run("sqlmapctl", "refresh", "--wait")
            checked = fleet[host].run("sqlmapctl", "check", check=False).stdout.splitlines()
            assert [line for line in checked if re.match(r"(warning|error) +queries", line)] == []
    finally:
        fleet.sql("DELETE FROM users WHERE username LIKE 'many%'; DELETE FROM auth.groups WHERE gid > 20000; DELETE FROM grouplist WHERE gid > 20000;"
                  "DELETE FROM mailboxes WHERE address LIKE 'many%'")
        fleet.await_replicas()
        for host in ("web1", "web2", "mail1"):
            fleet[host].run("sqlmapctl", "refresh", "--wait", "--force")


@pytest.mark.parametrize("host", ["web1", "web2", "mail1"])
def test_check_finds_nothing_wrong(fleet, host):
    lines = fleet[host].run("sqlmapctl", "check").stdout.splitlines()
    warnings = [line for line in lines if line.startswith("warning")]
    # Homes come later, and of pam_unix it does not know.
    assert [line for line in warnings if line.split()[1:3] != ["data", "homes"] and line.split()[1] != "pam"] == []
    assert host != "mail1" or [line for line in warnings if " pam " in line and " dovecot " not in line] == []


# Whoever writes the database is root of no host.


@pytest.fixture
def hostile(fleet):
    """Rows that nobody should believe. Their password is evil-pw."""
    hash_ = subprocess.run(["openssl", "passwd", "-6", "evil-pw"], capture_output=True, text=True, check=True).stdout.strip()
    fleet.sql(f"""INSERT INTO users (username, uid, gid, homedir, password) VALUES
                    ('root', 5201, 5000, '/root', '{hash_}'), ('sync', 5202, 5000, '/root', '{hash_}'), ('sudo', 5203, 5000, '/root', '{hash_}'),
                    ('zero', 5204, 5000, '/root', '{hash_}'), ('daemon-too', 1, 5000, '/root', '{hash_}'),
                    ('primary', 5205, 27, '/root', '{hash_}'), ('member', 5206, 5000, '/etc/systemd/system/ssh.service.d', '{hash_}'),
                    ('upwards', 5207, 5000, '/var/jail/www/home/../../../../etc/upwards', '{hash_}'), ('empty', 5208, 5000, '/srv', '');
                  UPDATE users SET uid = 0 WHERE username = 'zero';
                  INSERT INTO auth.groups (name, gid) VALUES ('sudo', 5900), ('docker', 5901), ('shadow-too', 42), ('root-too', 0);
                  INSERT INTO grouplist (username, gid) SELECT 'member', gid FROM (SELECT 0 AS gid UNION SELECT 27 UNION SELECT 42) ids""")
    fleet.await_replicas()
    fleet["web1"].run("sqlmapctl", "refresh", "--wait")
    yield
    fleet.sql("DELETE FROM users WHERE uid BETWEEN 5200 AND 5299 OR uid < 5000; DELETE FROM auth.groups WHERE gid >= 5900 OR gid < 5000;"
              "DELETE FROM grouplist WHERE username = 'member'")
    fleet.await_replicas()
    for host in ("web1", "web2", "mail1"):
        fleet[host].run("sqlmapctl", "refresh", "--wait", "--force")


def test_no_row_is_a_system_account_or_in_a_group_of_the_system(fleet, hostile):
    sqlmap = ["-s", "sqlmap", "passwd"]
    assert [name for name in ("root", "sync", "sudo", "zero", "daemon-too", "primary", "0", "1") if fleet.getent("web1", *sqlmap, name)] == []
    assert [fleet.getent("web1", "-s", "sqlmap", "shadow", name) for name in ("root", "sync", "sudo")] == [None] * 3
    assert [fleet.getent("web1", "-s", "sqlmap", "group", key) for key in ("sudo", "docker", "shadow-too", "root-too", "0", "42")] == [None] * 6
    assert fleet["web1"].run("id", "member").stdout == "uid=5206(member) gid=5000(webusers) groups=5000(webusers)\n"
    assert [fleet.verdict("web1", "unix", name, "evil-pw") for name in ("root", "sync", "zero", "primary", "member")] == [False] * 4 + [True]


def test_an_empty_password_column_is_no_empty_password(fleet, hostile):
    assert " nullok" in fleet["web1"].file("/etc/pam.d/common-auth").read_text()
    assert fleet.getent("web1", "shadow", "empty").split(":")[1] == "*"
    assert not fleet.verdict("web1", "unix", "empty", "")


def test_a_home_that_a_row_wants_elsewhere_is_not_made_and_the_others_are(fleet, hostile, carol):
    assert fleet.doors(*({("web1", name, "evil-pw", SFTP) for name in ("member", "upwards")} | {("web1", *carol, SFTP)})) == {
        ("web1", "member", "evil-pw", SFTP), ("web1", "upwards", "evil-pw", SFTP), ("web1", *carol, SFTP)}
    listed = fleet["web1"].run("sh", "-c", "ls -d /etc/systemd/system/ssh.service.d /etc/upwards /var/jail/www/home/carol/.profile", check=False).stdout
    assert listed == "/var/jail/www/home/carol/.profile\n"
    assert fleet["web1"].run("stat", "-c", "%u %g %a", "/var/jail/www/home/carol").stdout == "5100 5000 700\n"
    fleet["web1"].run("rm", "-r", "/var/jail/www/home/carol")


# Hashes


def test_a_shadow_line_is_for_root_and_there_is_none_for_anybody_else(fleet):
    assert re.fullmatch(r"alice:\$y\$[^:]+:\d+:0:99999:7:::0", fleet.getent("web1", "shadow", "alice"))
    for user in (65534, 5000):
        assert fleet["web1"].run("setpriv", f"--reuid={user}", "--clear-groups", "getent", "shadow", "alice", check=False).returncode == 2


@pytest.mark.parametrize("account, statement, error", [
    ("web1", "SELECT username FROM nss_getpwnam", ""), ("web1", "SELECT * FROM nss_getspnam", "1142"), ("web1", "SELECT * FROM nss_mysql", "1142"),
    ("web1", "SELECT * FROM nss_mail", "1142"), ("web1", "SELECT username FROM users", "1142"), ("web1", "UPDATE users SET password = ''", "1142"),
    ("web1_auth", "SELECT password FROM nss_getspnam", ""), ("web1_auth", "SELECT * FROM nss_mail", "1142"),
    ("web1_auth", "UPDATE users SET uid = 0 WHERE username = 'alice'", "1143"), ("web1_auth", "DELETE FROM users", "1142"),
    ("web1_auth", "UPDATE users SET password = '!' WHERE username = 'nobody'", "")])
def test_each_account_of_a_host_has_its_part_and_no_more(fleet, account, statement, error):
    assert fleet.signs_in("web1", account, "--ssl-ca=/etc/sqlmapd/ca.pem", "--ssl-verify-server-cert", server="db1", statement=statement) == error


def test_who_is_not_root_does_not_sign_in_through_pam_unix_and_does_through_sqlmapd(fleet):
    fleet["web1"].file("/etc/pam.d/locker").write_text("@include common-auth\naccount required pam_permit.so\n")
    fleet["web1"].file("/etc/pam.d/locker-sqlmap").write_text("auth required pam_sqlmap.so nodelay\naccount required pam_permit.so\n")
    assert [fleet.verdict("web1", "locker", *ALICE, user=user) for user in ("root", "alice")] == [True, False]
    assert fleet.verdict("web1", "locker-sqlmap", *ALICE, user="alice")


# Who may ask


def test_an_account_is_of_use_to_its_own_host_alone_and_with_tls_alone(fleet):
    tls = ["--ssl-ca=/etc/sqlmapd/ca.pem", "--ssl-verify-server-cert"]
    for server in SERVERS:
        assert [fleet.signs_in("web1", account, *tls, server=server) for account in ("web1", "web1_auth")] == ["", ""]
        assert [fleet.signs_in("web1", account, "--skip-ssl", server=server) for account in ("web1", "web1_auth")] == [DENIED, DENIED]
        assert [fleet.signs_in("web1", account, *tls, server=server, at="mail1") for account in ("web1", "web1_auth")] == [DENIED, DENIED]
    for end in ("pem", "key"):  # another one's, of the same authority
        fleet["web2"].file(f"/root/db3.{end}").write_bytes(fleet["db1"].file(f"/root/ca/db3.{end}").read_bytes())
    mine, others = ([f"--ssl-cert={path}.pem", f"--ssl-key={path}.key"] for path in ("/etc/sqlmapd/web2", "/root/db3"))
    for account in ("web2", "web2_auth"):
        assert [fleet.signs_in("web2", account, *tls, *more) for more in ([], others, mine)] == [DENIED, DENIED, ""]


def test_the_password_of_the_replicas_is_of_no_use_to_a_host(fleet):
    signs_in = ["mariadb", "--no-defaults", "-h", "db1", "-u", "replica", "-preplica-pw", "-e", "SELECT 1"]
    tls = ["--ssl-ca=/etc/mysql/tls/ca.pem", "--ssl-verify-server-cert"]
    assert fleet["db2"].run(*signs_in, *tls, check=False).returncode == 0
    for host, options in (("db2", ["--skip-ssl"]), ("web1", ["--ssl-ca=/etc/sqlmapd/ca.pem", "--ssl-verify-server-cert"])):
        refused = fleet[host].run(*signs_in, *options, check=False)
        assert refused.returncode == 1 and re.search(r"ERROR (1045|1698)", refused.stderr), refused


def false_authority(fleet, host):
    fleet[host].run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                    "-subj", "/CN=authority of auth", "-keyout", "/root/false.key", "-out", "/etc/sqlmapd/false.pem")


@pytest.mark.parametrize("changes, error", [
    ([("tls = ", 'tls = "off"')], "error 1045"),
    ([("tls_ca = ", 'tls_ca = "/etc/sqlmapd/false.pem"')], "error 2026"),
    ([("servers = ", 'servers = ["10.0.0.2", "10.0.0.3", "10.0.0.1"]'), ("writers = ", 'writers = ["10.0.0.1"]')], "error 2026"),
], ids=["without TLS", "another authority", "another name"])
def test_a_server_that_is_not_as_it_must_be_is_one_that_does_not_answer(fleet, changes, error):
    false_authority(fleet, "web1")
    with fleet.configured("web1", *changes):
        assert [word for word, _ in fleet.probe("web1", "alice", somebody_else(), "root")] == ["unavailable", "unavailable", "found"]
        wrong = fleet.found_wrong("web1", "servers")
        assert len(wrong) >= 3 and all(error in line for line in wrong), wrong
        assert not fleet.opens("web1", *ALICE)
    assert fleet.opens("web1", *ALICE)


@pytest.mark.parametrize("less", [[("tls = ", 'tls = "verify-ca"')], [("tls = ", 'tls = "required"'), ("tls_ca = ", "")]],
                         ids=["verify-ca", "required"])
def test_less_is_asked_of_a_certificate_where_the_administrator_says_so(fleet, less):
    addresses = [("servers = ", 'servers = ["10.0.0.2", "10.0.0.3", "10.0.0.1"]'), ("writers = ", 'writers = ["10.0.0.1"]')]
    with fleet.configured("web1", *addresses, *less):
        assert [word for word, _ in fleet.probe("web1", "alice", somebody_else())] == ["found", "absent"]


def test_a_host_without_the_certificate_that_it_has_to_show_is_refused(fleet):
    with fleet.configured("web2", ("tls_cert = ", ""), ("tls_key = ", "")):
        assert [word for word, _ in fleet.probe("web2", "alice")] == ["unavailable"]
        assert all("error 1045" in line for line in fleet.found_wrong("web2", "servers"))
    assert [word for word, _ in fleet.probe("web2", "alice")] == ["found"]


def test_a_key_that_sqlmapd_may_not_read_is_called_that(fleet):
    fleet["web2"].run("chmod", "0600", "/etc/sqlmapd/web2.key")
    fleet.begin_anew("web2")
    wait_until(lambda: any("/etc/sqlmapd/web2.key: uid " in line and "may not read it" in line for line in fleet.found_wrong("web2", "daemon")))
    fleet["web2"].run("chmod", "0640", "/etc/sqlmapd/web2.key")
    wait_until(lambda: fleet.getent("web2", "passwd", "alice"))


# Servers fail


def somebody_else():
    """A name that no host has asked for yet, and that is nobody's."""
    return f"nobody{time.monotonic_ns()}"


def new_people(fleet, count):
    """Names that no host has asked for yet, so that each is looked for in the database."""
    names = [f"new{time.monotonic_ns()}" for _ in range(count)]
    fleet.sql("".join(f"INSERT INTO users (username, homedir) VALUES ('{name}', '/nonexistent');" for name in names))
    fleet.await_replicas()
    return names


def test_a_server_that_hangs_costs_one_look_up_half_a_second_and_the_next_ones_nothing(fleet):
    names = new_people(fleet, 8)
    with hung(fleet.pid("db2")):
        answers = fleet.probe("web1", *names[:7])
        assert [word for word, _ in answers] == ["found"] * 7
        assert max(seconds for _, seconds in answers) < ONE_SECOND
        assert max(seconds for _, seconds in answers[2:]) < 0.4, answers
        assert fleet.opens("web1", *ALICE)
    with fleet.stopped("db1", "db3"):
        assert [word for word, _ in fleet.probe("web1", *names[7:])] == ["found"]


@pytest.mark.parametrize("gone", [["db2"], ["db3"], ["db2", "db3"], ["db1", "db2"]], ids="+".join)
def test_as_long_as_one_server_is_left_nobody_notices(fleet, gone):
    names = new_people(fleet, 3)
    with fleet.stopped(*gone):
        for host in ("web1", "web2"):
            answers = fleet.probe(host, *names, somebody_else())
            assert [word for word, _ in answers] == ["found"] * 3 + ["absent"]
            assert max(seconds for _, seconds in answers) < 0.5, answers
        assert fleet.doors(("web1", *ALICE, SFTP), ("web1", *ALICE, FTP)) == {("web1", *ALICE, SFTP), ("web1", *ALICE, FTP)}

def test_without_any_server_people_stay_who_they_are_and_nobody_but_the_hosts_own_signs_in(fleet):
    fleet["web1"].run("sh", "-c", "useradd --create-home --shell /bin/bash local && echo local:local-pw | chpasswd")
    with ExitStack() as stack:
        stack.enter_context(fleet.stopped("db1"))
        stack.enter_context(hung(fleet.pid("db2"), fleet.pid("db3")))
        answers = fleet.probe("web1", "alice", somebody_else(), "root", "local")
        assert [word for word, _ in answers] == ["found", "absent", "found", "found"]  # the list is complete
        assert max(seconds for _, seconds in answers) < ONE_SECOND
        assert max(answers[number][1] for number in (0, 2, 3)) < 0.3, answers
        begin = time.monotonic()
        assert fleet.opens("web1", "local", "local-pw")
        assert time.monotonic() - begin < 5
        assert not fleet.opens("web1", *ALICE)
        fleet.begin_anew("web2")
        assert [word for word, _ in fleet.probe("web2", "alice", somebody_else(), "root")] == ["unavailable", "unavailable", "found"]
    wait_until(lambda: fleet.opens("web1", *ALICE) and fleet.getent("web2", "passwd", "alice"))
    fleet["web1"].run("userdel", "--remove", "local", check=False)


# Passwords change


def test_without_the_writer_everything_goes_on_but_the_change_of_a_password(fleet):
    with fleet.stopped("db1"):
        assert fleet.doors(("web1", *ALICE, SFTP), ("web1", *ALICE, FTP)) == {("web1", *ALICE, SFTP), ("web1", *ALICE, FTP)}
        before = fleet.getent("web1", "shadow", "alice")
        status, seen = fleet.passwd("web1", ALICE[1], "never-mind-4")
        assert status != 0 and "Your password cannot be changed at present: no database that can be written answers." in seen, seen
        assert fleet.getent("web1", "shadow", "alice") == before
    assert fleet.opens("web1", *ALICE)


def test_a_replica_is_never_written(fleet):
    with fleet.configured("web1", ("writers = ", 'writers = ["db2", "db3"]')):
        status, seen = fleet.passwd("web1", ALICE[1], "never-mind-4")
        assert status != 0, seen
    assert fleet.sql("SELECT @@gtid_binlog_pos", "db2") == fleet.sql("SELECT @@gtid_binlog_pos")


def test_the_one_of_the_writers_that_can_be_written_has_the_new_password_and_then_everybody(fleet, carol):
    name, old = carol
    with fleet.configured("web1", ("writers = ", 'writers = ["db2", "db3", "db1"]')):
        status, seen = fleet.passwd("web1", old, "carol-pw-2", name)
        assert status == 0, seen
    fleet.await_replicas()
    assert [fleet.verdict("web2", "unix", name, password) for password in (old, "carol-pw-2")] == [False, True]
    right = {("web1", name, "carol-pw-2", SFTP), ("web1", name, "carol-pw-2", FTP), ("mail1", name, "carol-pw-2", SFTP)}
    assert fleet.doors(*right, ("web1", name, old, SFTP), ("mail1", name, old, SFTP)) == right
    line = fleet.getent("web2", "shadow", name).split(":")
    assert line[1].startswith("$y$") and 0 <= time.time() // 86400 - int(line[2]) <= 1


def test_while_replicas_are_behind_each_is_asked_for_what_it_knows_but_by_the_host_of_the_change(fleet, carol):
    """The table of the page."""
    name, old = carol
    new = "carol-pw-2"
    for host in ("web1", "web2"):
        fleet[host].file("/etc/pam.d/sqlmapd").write_text("auth required pam_sqlmap.so nodelay\naccount required pam_sqlmap.so\n")
    def knows():
        return {(host, service): [fleet.verdict(host, service, name, password) for password in (old, new)]
                for host in ("web1", "web2") for service in ("unix", "sqlmapd")}

    for replica in SERVERS[1:]:
        fleet.sql("STOP SLAVE SQL_THREAD", replica)
    try:
        status, seen = fleet.passwd("web1", old, new, name)
        assert status == 0, seen
        behind = knows()
    finally:
        for replica in SERVERS[1:]:
            fleet.sql("START SLAVE SQL_THREAD", replica)
    fleet.await_replicas()
    the_old, the_new = [True, False], [False, True]
    assert behind == {("web1", "unix"): the_old, ("web1", "sqlmapd"): the_new, ("web2", "unix"): the_old, ("web2", "sqlmapd"): the_old}
    assert set(map(tuple, knows().values())) == {tuple(the_new)}


def test_root_of_a_host_sets_a_password_without_the_old_one(fleet, carol):
    result = fleet["web1"].run("passwd", "carol", input="carol-pw-2\ncarol-pw-2\n", check=False)
    assert result.returncode == 0, result
    fleet.await_replicas()
    assert [fleet.verdict("web2", "unix", "carol", password) for password in ("carol-pw", "carol-pw-2")] == [False, True]


def test_a_wrong_old_password_changes_nothing_and_neither_does_somebody_else(fleet, carol):
    before = fleet.sql("SELECT * FROM users ORDER BY uid")
    assert fleet.passwd("web1", "bob-pw", "never-mind-4", "carol")[0] != 0
    result = fleet["web1"].run("su", "bob", "-c", "passwd carol", input="carol-pw\nnever-mind-4\nnever-mind-4\n", check=False)
    assert result.returncode != 0
    assert fleet.sql("SELECT * FROM users ORDER BY uid") == before


@pytest.mark.parametrize("change", ["expire = 1", "password = CONCAT('!', password)", "password = ''", "password = '*'", "password = 'carol-pw'",
                                    "lstchg = 0", "`max` = 1, inact = 1, lstchg = 1000"])
def test_what_the_shadow_columns_say_holds(fleet, carol, change):
    assert fleet.verdict("web1", "unix", *carol)
    fleet.sql(f"UPDATE users SET {change} WHERE username = 'carol'")
    fleet.await_replicas()
    assert not fleet.verdict("web1", "unix", *carol)
    if "expire" in change:
        assert fleet["web1"].run("pamtester", "unix", "carol", "acct_mgmt", check=False).returncode != 0


# Jails


def test_who_enters_an_empty_jail_goes_on_with_what_it_had_and_who_begins_there_is_not_told_that_somebody_is_nobody(fleet):
    script = """
import os
before = ask("alice")
os.mkdir("/srv/empty"); os.chroot("/srv/empty"); os.chdir("/")
for name in ("alice", "bob"): print(*ask(name))
"""
    assert [word for word, _ in fleet.probe("web1", script=script)] == ["found", "found"]
    begun = ["unshare", "--mount", "sh", "-c",
             'mount -t tmpfs empty /run && mount -t tmpfs empty /var/lib/sqlmapd && exec /usr/bin/python3 -c "$1"', "sh"]
    assert fleet["web1"].run(*begun, PROBE + "print(*ask('alice'))").stdout.split()[0] == "unavailable"


def test_hosts_share_nothing_but_the_database(fleet):
    fleet.systemctl("web1", "stop", "sqlmapd")
    try:
        assert [fleet.verdict(host, "unix", *BOB) for host in ("web1", "web2")] == [False, True]
    finally:
        fleet.systemctl("web1", "start", "sqlmapd")
    assert fleet.verdict("web1", "unix", *BOB)


def test_programs_that_run_outlive_the_servers_they_asked(fleet):
    """One process asks, forks, and asks in both, while all servers are restarted one after the other."""
    script = """
import os
def tell(*names): os.write(1, "".join(ask(name)[0] + "\\n" for name in names).encode())
tell("alice")
sys.stdin.readline()
child = os.fork()
tell("bob", "nobody.there")
os.waitpid(child, 0) if child else os._exit(0)
"""
    process = subprocess.Popen([*fleet["web1"].way, "/usr/bin/python3", "-c", PROBE + script], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               text=True)
    assert process.stdout.readline() == "found\n"
    for server in SERVERS:
        fleet.systemctl(server, "restart", "mariadb")
    fleet.systemctl("web1", "restart", "sqlmapd")
    seen = process.communicate("\n", timeout=30)[0].splitlines()
    assert sorted(seen) == ["absent", "absent", "found", "found"]


# Quotas


def test_quotas_count_by_number_and_are_told_by_name(fleet):
    """On a file system of its own. Whether they are enforced is the kernel's."""
    host = fleet["web1"]
    script = """
set -e
[ -e /dev/loop-control ] || mknod /dev/loop-control c 10 237
for number in 0 1 2 3 4 5 6 7; do [ -e /dev/loop$number ] || mknod /dev/loop$number b 7 $number; done
truncate -s 32M /srv/www.img
mkfs.ext4 -q /srv/www.img
mkdir -p /srv/www
mount -o loop,usrquota /srv/www.img /srv/www
install -d -o alice /srv/www/alice
install -d -o bob /srv/www/bob
su alice -c 'head -c 3145728 /dev/urandom > /srv/www/alice/file'
su bob -c 'head -c 1048576 /dev/urandom > /srv/www/bob/file'
sync -f /srv/www
quotacheck -ucm /srv/www
setquota -u alice 4000 5000 0 0 /srv/www
repquota -u /srv/www
quotaon /srv/www 2>&1 && su alice -c 'head -c 4194304 /dev/urandom > /srv/www/alice/more' 2>&1 || true
"""
    try:
        seen = host.run("bash", "-c", script).stdout
    finally:
        host.run("sh", "-c", "quotaoff /srv/www; umount /srv/www", check=False)
    rows = {line.split()[0]: line.split()[2:5] for line in seen.splitlines() if re.match(r"\w+ +[-+]{2} ", line)}
    assert rows["alice"][1:] == ["4000", "5000"] and 3072 <= int(rows["alice"][0]) < 3100
    assert rows["bob"][1:] == ["0", "0"] and 1024 <= int(rows["bob"][0]) < 1050
    assert "Quota format not supported in kernel" in seen or "quota exceeded" in seen.lower(), seen


# Mailboxes


def test_each_population_has_its_services_and_its_passwords(fleet, carol):
    """Also where a mailbox and a person are called alike."""
    hash_ = subprocess.run(["openssl", "passwd", "-6", "carol-mail"], capture_output=True, text=True, check=True).stdout.strip()
    fleet.sql(f"INSERT INTO mailboxes (address, password) VALUES ('carol', '{hash_}')")
    fleet.await_replicas()
    right = {("mail1", *INFO, IMAP), ("mail1", "carol", "carol-mail", IMAP), ("mail1", *carol, SFTP), ("mail1", *ALICE, SFTP)}
    wrong = {("mail1", *INFO, SFTP), ("mail1", "carol", "carol-mail", SFTP), ("mail1", *carol, IMAP), ("mail1", *ALICE, IMAP),
             ("mail1", "root", "", IMAP)}
    try:
        assert fleet.doors(*right, *wrong) == right
    finally:
        fleet.sql("DELETE FROM mailboxes WHERE address = 'carol'")


def test_a_mailbox_is_nobody_on_any_host(fleet):
    for host in ("web1", "mail1"):
        assert fleet.getent(host, "passwd", "info@example.org") is None
        assert "@" not in fleet[host].run("getent", "passwd").stdout
    assert fleet["mail1"].run("stat", "-c", "%U", "/srv/mail/info@example.org/Maildir").stdout == "vmail\n"


def test_a_mailbox_that_is_switched_off_is_closed_as_soon_as_the_replica_knows(fleet):
    for enabled in (0, 1):
        fleet.sql(f"UPDATE mailboxes SET enabled = {enabled}")
        fleet.await_replicas()
        assert fleet.verdict("mail1", "dovecot", *INFO) == bool(enabled)


def test_smtp_goes_the_same_way(fleet):
    mail = fleet["mail1"]
    mail.file("/etc/pam.d/smtp").write_text(mail.file("/etc/pam.d/dovecot").read_text())
    assert [fleet.verdict("mail1", "smtp", *who) for who in (INFO, ALICE, ("info@example.org", "wrong"))] == [True, False, False]


# The rest


def test_the_tables_of_libnss_mysql_keep_their_rows_and_get_the_views(fleet):
    """As the database of a fleet that ran libnss-mysql; its own file."""
    theirs = (HERE / "libnss-mysql.sql").read_text(encoding="utf-8").replace("auth.", "old.").replace("EXISTS auth;", "EXISTS old;")
    fleet["db1"].run("mariadb", input=theirs)
    before = fleet.sql("SELECT * FROM users; SELECT * FROM old.groups; SELECT * FROM grouplist; SHOW CREATE TABLE users", database="old")
    views = Path("/usr/share/sqlmapd/views/sql-infrastructure.sql").read_text(encoding="utf-8")
    for _ in range(2):
        fleet["db1"].run("mariadb", "old", input=views)
    assert fleet.sql("SELECT * FROM users; SELECT * FROM old.groups; SELECT * FROM grouplist; SHOW CREATE TABLE users", database="old") == before
    assert fleet.sql("SELECT * FROM nss_getpwnam", database="old") == "alice\tx\t5000\t5000\t\t/var/jail/www/home/alice\t/bin/bash"
    hash_ = fleet.sql("SELECT password FROM nss_getspnam", database="old")
    assert ctl.run("verify", "--stdin", "--hash", hash_, stdin="alice-pw\n").returncode == 0
    fleet["db1"].run("mariadb", input="DROP DATABASE old")


def test_what_was_set_up_is_taken_back_on_that_host_alone(fleet):
    fleet["web1"].run("sed", "-i", "s/ nodelay//", "/etc/pam.d/common-auth", "/etc/pam.d/common-password")
    fleet.reader.follow()
    fleet.reader.assert_true()
    files = ("nsswitch.conf", "pam.d/common-password", "pam.d/common-auth", "pam.d/common-session")
    assert "sqlmap" not in "".join(fleet["web1"].file(f"/etc/{file}").read_text() for file in files)
    assert fleet.signs_in("web1", "web1", "--ssl-ca=/etc/sqlmapd/ca.pem", server="db1") == DENIED
    assert fleet.verdict("web2", "unix", *ALICE)
    assert fleet["web1"].run("stat", "-c", "%u", "/var/jail/www/home/alice/hello.txt").stdout == "5000\n"
