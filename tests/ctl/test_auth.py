"""sqlmapctl auth: why a login is let in or refused, for each person of accounts.sql, for hostile rows, and when nobody can say."""

import datetime
import os
import signal
import time
from pathlib import Path

import pytest

from ctl import CONFIG, PASSWORD, ask, daemon_stopped, run, sql, wait_until

TODAY = int(time.time() // 86400)
DATE = datetime.date(1970, 1, 1) + datetime.timedelta(days=TODAY)
RUNNING = "sqlmapd is running; it was not asked (--through-daemon)\n"
KEEPS = "keeps the name rules, and is served as it stands here"
# Of whom nothing is limited.
SHADOW = f"""\
SHADOW  VALUE  ON DAY {TODAY}, {DATE}
lstchg  -1     empty: the password does not age
min     -1     it may be changed at any time
max     -1     empty: the password does not age
warn    -1     nobody is warned of that
inact   -1     empty: a change is offered for ever
expire  -1     empty: the account does not close
"""
SECRETS = ["zwtVrjrUCmXcyLTs6oxLTQlzifSUkF8RHJ", "abcdefghijklmnopqrstuu", "r0X7ub5wGR2v4Xz7svCIozfnlorFh19V89t8KC9U", "CVtlMpOHug1", PASSWORD]


def explained(name, *options, password=PASSWORD, **more):
    result = run("auth", name, "--stdin", *options, stdin=password + "\n", **more)
    for secret in SECRETS:
        assert secret not in result.stdout + result.stderr
    assert result.stderr == "", result
    return result.returncode, result.stdout


def steps(user, auth="1 row", access="no rules", shadow="see below", name=KEEPS, host="not in /etc/passwd"):
    return f"name    {name}\nhost    {host}\nuser    {user}\nauth    {auth}\naccess  {access}\nshadow  {shadow}\n"


def person(uid, name):
    return f"uid {uid}, gid 20000, home /srv/people/{name}, shell /bin/bash"


PEOPLE = {
    "alice": (0, steps(person(20000, "alice")) + f"""
ROW  OWNER  SCHEME    STATUS  SERVICES  PASSWORD
1    -      yescrypt  on      all       match

{SHADOW}
STAGE           VERDICT   PAM          WHY
authentication  accepted  PAM_SUCCESS  row 1 match (yescrypt)
account         accepted  PAM_SUCCESS  today is day {TODAY}

{RUNNING}"""),
    "bob": (0, steps(person(20001, "bob")) + f"""
ROW  OWNER  SCHEME  STATUS  SERVICES  PASSWORD
1    -      bcrypt  on      all       match

{SHADOW}
STAGE           VERDICT   PAM          WHY
authentication  accepted  PAM_SUCCESS  row 1 match (bcrypt)
account         accepted  PAM_SUCCESS  today is day {TODAY}

{RUNNING}"""),
    "grace": (1, steps(person(20002, "grace")) + f"""
ROW  OWNER  SCHEME  STATUS  SERVICES  PASSWORD
1    -      -       on      all       no password

{SHADOW}
STAGE           VERDICT         PAM           WHY
authentication  wrong password  PAM_AUTH_ERR  row 1 has no password
account         accepted        PAM_SUCCESS   today is day {TODAY}

{RUNNING}"""),
    "frank": (1, steps(person(20003, "frank")) + f"""
ROW  OWNER  SCHEME    STATUS  SERVICES  PASSWORD
1    -      md5crypt  on      all       scheme not allowed

{SHADOW}
STAGE           VERDICT         PAM           WHY
authentication  wrong password  PAM_AUTH_ERR  row 1 scheme not in auth.schemes (md5crypt)
account         accepted        PAM_SUCCESS   today is day {TODAY}

{RUNNING}"""),
    "sven": (1, steps(person(20004, "sven")) + f"""
ROW  OWNER  SCHEME       STATUS  SERVICES  PASSWORD
1    -      sha512crypt  on      sshd      match

{SHADOW}
STAGE           VERDICT              PAM                    WHY
authentication  service not allowed  PAM_CRED_INSUFFICIENT  row 1 match (sha512crypt), but that row is for other services
account         service not allowed  PAM_CRED_INSUFFICIENT  all rows of the auth query are for other services

{RUNNING}"""),
    "carol": (1, steps("uid 20005, gid 20000, home /srv/people/carol, shell /usr/sbin/nologin") + f"""
ROW  OWNER  SCHEME       STATUS  SERVICES  PASSWORD
1    -      sha512crypt  off     all       match

{SHADOW.replace("expire  -1     empty: the account does not close", f"expire  1      the account is closed since 1970-01-02, {TODAY - 1} days ago")}
STAGE           VERDICT  PAM              WHY
authentication  blocked  PAM_PERM_DENIED  row 1 match (sha512crypt), but that row is switched off
account         blocked  PAM_PERM_DENIED  every row of the auth query is switched off

{RUNNING}"""),
    "dave": (1, steps(person(20006, "dave")) + f"""
ROW  OWNER  SCHEME       STATUS  SERVICES  PASSWORD
1    -      sha512crypt  on      all       match

{SHADOW.replace("expire  -1     empty: the account does not close", f"expire  10000  the account is closed since 1997-05-19, {TODAY - 10000} days ago")}
STAGE           VERDICT          PAM               WHY
authentication  accepted         PAM_SUCCESS       row 1 match (sha512crypt)
account         account expired  PAM_ACCT_EXPIRED  today is day {TODAY}, expire is 10000

{RUNNING}"""),
    "erin": (1, steps(person(20007, "erin")) + f"""
ROW  OWNER  SCHEME       STATUS  SERVICES  PASSWORD
1    -      sha512crypt  on      all       match

{SHADOW.replace("lstchg  -1     empty: the password does not age", "lstchg  0      the password must be changed now")}
STAGE           VERDICT                   PAM                   WHY
authentication  accepted                  PAM_SUCCESS           row 1 match (sha512crypt)
account         password must be changed  PAM_NEW_AUTHTOK_REQD  today is day {TODAY}, lstchg is 0, max is -1, inact is -1

{RUNNING}"""),
}
NOBODY = """
STAGE           VERDICT       PAM               WHY
authentication  user unknown  PAM_USER_UNKNOWN  {0}
account         user unknown  PAM_USER_UNKNOWN  {0}

"""
ABSENT = {"user": "the database has no such user", "auth": "no row: no password opens it", "shadow": "no shadow line: it does not age"}


@pytest.fixture
def configured():
    """sqlmapd.toml with more in it, for sqlmapctl alone: sqlmapd goes on with what it had."""
    before = CONFIG.read_text()
    yield lambda more: CONFIG.write_text(before + more)
    CONFIG.write_text(before)


def test_every_person_of_the_database_is_explained():
    assert {name: explained(name) for name in PEOPLE} == PEOPLE


def test_a_row_for_one_service_opens_that_service():
    assert explained("sven", "--service", "sshd") == (0, steps(person(20004, "sven")) + f"""
ROW  OWNER  SCHEME       STATUS  SERVICES  PASSWORD
1    -      sha512crypt  on      sshd      match

{SHADOW}
STAGE           VERDICT   PAM          WHY
authentication  accepted  PAM_SUCCESS  row 1 match (sha512crypt)
account         accepted  PAM_SUCCESS  today is day {TODAY}

{RUNNING}""")


@pytest.mark.parametrize("password, outcome, why", [
    ("wrong", "mismatch", "row 1 mismatch (yescrypt)"),
    ("", "empty, not allowed", "row 1 empty password not allowed (yescrypt)"),
    ("p" * 2000, "too long", "row 1 password too long (yescrypt)")])
def test_a_wrong_password_is_told_and_not_shown(password, outcome, why):
    assert explained("alice", password=password) == (1, steps(person(20000, "alice")) + f"""
ROW  OWNER  SCHEME    STATUS  SERVICES  PASSWORD
1    -      yescrypt  on      all       {outcome}

{SHADOW}
STAGE           VERDICT         PAM           WHY
authentication  wrong password  PAM_AUTH_ERR  {why}
account         accepted        PAM_SUCCESS   today is day {TODAY}

{RUNNING}""")


def test_names_that_are_nobodys_say_why():
    breaks = "breaks the name rules of [accounts]: the database is not asked"
    nobody = NOBODY.format("no such account") + RUNNING
    assert explained("nobody-here") == (1, steps(**ABSENT) + nobody)
    assert explained("Alice") == (1, steps(**ABSENT, name="nobody's: it is served as alice (accounts.name_case)") + nobody)
    for name in ("a*b", "a" * 300, "\x1b[2J", "a:b"):
        assert explained(name) == (1, f"name  {breaks}\nhost  not in /etc/passwd\n{nobody}"), name
        assert not {"user", "auth", "access", "shadow"} & ask("auth", name, "--stdin", status=1, stdin=PASSWORD).keys(), name
    assert explained("root", "--through-daemon") == (
        1, f"name  {breaks}\nhost  uid 0 of /etc/passwd, a system account: the database is not asked\n"
        + NOBODY.format("a system account of this host") + RUNNING)


def test_a_person_of_this_host_is_asked_about_and_said_to_be_local():
    passwd = Path("/etc/passwd")
    before = passwd.read_text()
    passwd.write_text(before + "localjoe:x:1500:1500::/home/localjoe:/bin/bash\n")
    try:
        host = "uid 1500 of /etc/passwd, which NSS asks first; the password may be in the database"
        assert explained("localjoe") == (1, steps(**ABSENT, host=host) + NOBODY.format("no such account") + RUNNING)
    finally:
        passwd.write_text(before)


def test_hostile_rows_are_shown_and_command_nothing(configured):
    sql("""
        CREATE TABLE hostile (id INT PRIMARY KEY AUTO_INCREMENT, username VARCHAR(255), password VARCHAR(2000), scheme VARCHAR(255),
                              owner VARCHAR(255), status VARCHAR(10), services VARCHAR(255));
        GRANT SELECT ON hostile TO sqlmap_auth@localhost;
        INSERT INTO hostile (username, password, scheme, owner, status, services) VALUES
          ('alice', NULL, '', 'null', '1', ''),
          ('alice', '', '', 'empty', '1', ''),
          ('alice', '!', '', 'locked', '1', ''),
          ('alice', 'no hash at all', '', 'garbage', '1', ''),
          ('alice', '$6$rounds=4999999$saltstring$short', '', 'cut', '1', ''),
          ('alice', '$argon2id$v=19$m=4194304,t=10,p=1$c2FsdHNhbHQ$Dk5LvSzcGzOJDPu5BuVmjgA9r0jKCLwCDzf4fW7G1mA', '', 'costly', '1', ''),
          ('alice', '5f4dcc3b5aa765d61d8327deb882cf99', '', 'bare hex', '1', ''),
          ('alice', '$1$saltstri$CVtlMpOHug1.jDUbVpFvB1', '', 'weak', '1', ''),
          ('alice', '$2b$10$abcdefghijklmnopqrstuu23JPZtHcGhwXSF41f93o/7vBdDut3Xu', 'sha512crypt', 'lies', '1', ''),
          ('alice', '$2b$10$abcdefghijklmnopqrstuu23JPZtHcGhwXSF41f93o/7vBdDut3Xu', '', 'off\x1b[2J\\n\\tx', 'yes', ''),
          ('alice', '$2b$10$abcdefghijklmnopqrstuu23JPZtHcGhwXSF41f93o/7vBdDut3Xu', '', 'other', '1', 'vsftpd, \x1b]0;x\x07'),
          ('alice', '$2b$10$abcdefghijklmnopqrstuu23JPZtHcGhwXSF41f93o/7vBdDut3Xu', NULL, 'dropped', '1', ''),
          ('ALICE', '$2b$10$abcdefghijklmnopqrstuu23JPZtHcGhwXSF41f93o/7vBdDut3Xu', '', 'shouts', NULL, ''),
          ('älice', '$2b$10$abcdefghijklmnopqrstuu23JPZtHcGhwXSF41f93o/7vBdDut3Xu', '', 'somebody else', '1', '')""")
    configured('[queries]\nauth = "SELECT * FROM hostile WHERE username = :name ORDER BY id"\n')
    table = f"""
ROW  OWNER                SCHEME       STATUS  SERVICES              PASSWORD
1    null                 -            on      all                   no password
2    empty                -            on      all                   no password
3    locked               -            on      all                   no password
4    garbage              -            on      all                   unknown scheme
5    cut                  sha512crypt  on      all                   unknown scheme
6    costly               argon2id     on      all                   too costly
7    bare hex             -            on      all                   unknown scheme
8    weak                 md5crypt     on      all                   scheme not allowed
9    lies                 sha512crypt  on      all                   unknown scheme
10   off\\x1b[2J\\x0a\\x09x  bcrypt       off     all                   match
11   other                bcrypt       on      vsftpd, \\x1b]0;x\\x07  match
12   shouts               bcrypt       off     all                   match

{SHADOW}"""
    log = 'log: auth: the row of "alice" is left out: scheme is NULL\n'
    status, shown = explained("alice")
    assert (status, shown) == (1, steps(person(20000, "alice"), auth="12 rows") + table + f"""
STAGE           VERDICT              PAM                    WHY
authentication  service not allowed  PAM_CRED_INSUFFICIENT  12 rows, 1 too costly: other match (bcrypt), but that row is for other services
account         accepted             PAM_SUCCESS            today is day {TODAY}

{log}{RUNNING}""")
    sql("UPDATE hostile SET status = '1' WHERE owner = 'shouts'")
    status, shown = explained("alice")
    assert status == 0
    assert "authentication  accepted  PAM_SUCCESS  12 rows: shouts match (bcrypt)\n" in shown
    assert "11   other                bcrypt       on      vsftpd, \\x1b]0;x\\x07  " in shown
    assert "6    costly               argon2id     on      all                   not tried\n" in shown


def test_rows_beyond_the_limit_are_said_not_to_be_tried(configured):
    sql("""CREATE TABLE many (username VARCHAR(255), password VARCHAR(255)); GRANT SELECT ON many TO sqlmap_auth@localhost;
           INSERT INTO many SELECT 'alice', '!' FROM seq_1_to_30""")
    configured('[auth]\nmax_rows = 2\n[queries]\nauth = "SELECT * FROM many WHERE username = :name"\n')
    assert explained("alice") == (1, steps(person(20000, "alice"), auth="more than 2 rows: the rest is not tried (auth.max_rows)") + f"""
ROW  OWNER  SCHEME  STATUS  SERVICES  PASSWORD
1    -      -       on      all       no password
2    -      -       on      all       no password
3    -      -       on      all       not tried

{SHADOW}
STAGE           VERDICT         PAM           WHY
authentication  wrong password  PAM_AUTH_ERR  more than 2 rows: the rest was not tried (auth.max_rows): row 1 has no password, row 2 has no password
account         accepted        PAM_SUCCESS   today is day {TODAY}

{RUNNING}""")


@pytest.mark.parametrize("rules, query, access, verdict, pam, why", [
    ('deny_users = ["alice"]', "", "access denied by deny_users: access.deny_users names it", "access denied", "PAM_PERM_DENIED",
     "access.deny_users names it"),
    ('allow_groups = ["editors"]', "", "allowed by allow_groups", "accepted", "PAM_SUCCESS", f"today is day {TODAY}"),
    ('deny_groups = ["editors"]\nallow_users = ["alice"]', "", "access denied by deny_groups, allow_users: access.deny_groups names its group editors",
     "access denied", "PAM_PERM_DENIED", "access.deny_groups names its group editors"),
    ("", "SELECT 1 AS allowed FROM nss_getpwnam WHERE username = :name AND :rhost = '192.0.2.1'", "allowed by the query access", "accepted",
     "PAM_SUCCESS", f"today is day {TODAY}"),
    ('allow_users = ["alice"]', "SELECT 0 AS allowed FROM nss_getpwnam WHERE username = :name",
     "access denied by allow_users and the query access: the access query gave a row whose column allowed is not 1", "access denied",
     "PAM_PERM_DENIED", "the access query gave a row whose column allowed is not 1"),
    ("", "SELECT allowed FROM no_such_view WHERE username = :name",
     "undecided by the query access: the access query failed: the database refused the query", "undecided", "PAM_CRED_UNAVAIL",
     "the access query failed: the database refused the query")])
def test_the_rules_of_access_are_explained(configured, rules, query, access, verdict, pam, why):
    configured(f'[access]\n{rules}\n[queries]\naccess = "{query}"\n')
    status, shown = explained("alice", "--rhost", "192.0.2.1")
    shown = "".join(line + "\n" for line in shown.splitlines() if not line.startswith("log: "))
    width = max(len("VERDICT"), len("accepted"), len(verdict))
    pam_width = max(len("PAM_SUCCESS"), len(pam))
    assert shown == steps(person(20000, "alice"), access=access) + f"""
ROW  OWNER  SCHEME    STATUS  SERVICES  PASSWORD
1    -      yescrypt  on      all       match

{SHADOW}
STAGE           {"VERDICT":{width}}  {"PAM":{pam_width}}  WHY
authentication  {"accepted":{width}}  {"PAM_SUCCESS":{pam_width}}  row 1 match (yescrypt)
account         {verdict:{width}}  {pam:{pam_width}}  {why}

{RUNNING}"""
    assert status == {"accepted": 0, "access denied": 1, "undecided": 3}[verdict]


def test_programs_get_all_of_it_as_one_value():
    stage = {"verdict": "service not allowed", "pam": "PAM_CRED_INSUFFICIENT", "offline": False}
    empty = {"lstchg": "empty: the password does not age", "min": "it may be changed at any time", "max": "empty: the password does not age",
             "warn": "nobody is warned of that", "inact": "empty: a change is offered for ever", "expire": "empty: the account does not close"}
    assert ask("auth", "sven", "--stdin", "--rhost", "192.0.2.1", "--tty", "ssh", status=1, stdin=PASSWORD) == {
        "name": "sven", "service": "sqlmapctl", "rhost": "192.0.2.1", "tty": "ssh", "name_allowed": True, "served_as": "sven",
        "local_uid": None, "system_account": False,
        "user": {"answer": "found", "uid": 20004, "gid": 20000, "home": "/srv/people/sven", "shell": "/bin/bash"},
        "auth": {"answer": "found", "max_rows": 16, "rows": [
            {"row": 1, "owner": "", "scheme": "sha512crypt", "enabled": True, "services": "sshd", "serves": False, "password": "match"}]},
        "access": {"lists": [], "query": {"answer": None}, "judged": None},
        "shadow": {"answer": "found", "today": TODAY,
                   "fields": [{"field": field, "value": -1, "meaning": meaning} for field, meaning in empty.items()]},
        "stages": {"authentication": {**stage, "why": "row 1 match (sha512crypt), but that row is for other services"},
                   "account": {**stage, "why": "all rows of the auth query are for other services"}},
        "log": [], "sqlmapd": {"state": "running", "stages": None}}
    unknown = {"verdict": "user unknown", "pam": "PAM_USER_UNKNOWN", "why": "a system account of this host", "offline": False}
    assert ask("auth", "root", "--stdin", status=1, stdin=PASSWORD) == {
        "name": "root", "service": "sqlmapctl", "rhost": "", "tty": "", "name_allowed": False, "served_as": "root", "local_uid": 0,
        "system_account": True, "stages": {"authentication": unknown, "account": unknown}, "log": [],
        "sqlmapd": {"state": "running", "stages": None}}


# Who is asked, and what it leaves behind.


def test_nothing_is_noted_or_counted_unless_sqlmapd_is_asked(configured):
    event = ("INSERT INTO sqlmap_log (event, username, service, rhost, tty, host, pid, message) "
             "VALUES ('%s', :name, :service, :rhost, :tty, :host, :pid, :message)")
    configured(f'[queries]\nauth_success = "{event % "auth_success"}"\nauth_failure = "{event % "auth_failure"}"\n')
    os.kill(int(Path("/run/sqlmapd.pid").read_text()), signal.SIGHUP)
    noted = lambda: sql("SELECT event, username, service, rhost FROM sqlmap_log ORDER BY id").splitlines()  # noqa: E731
    wait_until(lambda: explained("bob", "--through-daemon", "--rhost", "192.0.2.7")[0] == 0 and noted())
    sql("DELETE FROM sqlmap_log")
    for _ in range(12):  # more than [throttle] lets fail for nothing
        assert explained("alice", "--rhost", "192.0.2.8", password="wrong")[0] == 1
    begin = time.monotonic()
    assert explained("alice", "--rhost", "192.0.2.8", "--through-daemon") == (0, steps(person(20000, "alice")) + f"""
ROW  OWNER  SCHEME    STATUS  SERVICES  PASSWORD
1    -      yescrypt  on      all       match

{SHADOW}
STAGE                    VERDICT   PAM          WHY
authentication           accepted  PAM_SUCCESS  row 1 match (yescrypt)
account                  accepted  PAM_SUCCESS  today is day {TODAY}
sqlmapd: authentication  accepted  PAM_SUCCESS  row 1 match (yescrypt)
sqlmapd: account         accepted  PAM_SUCCESS  today is day {TODAY}

sqlmapd was asked as well: for it that was an attempt, counted and noted
""")
    assert time.monotonic() - begin < 5, "it had to wait for its turn"
    wait_until(noted)
    assert noted() == ["auth_success\talice\tsqlmapctl\t192.0.2.8"]
    assert explained("alice", "--rhost", "192.0.2.8", "--through-daemon", password="wrong")[0] == 1
    wait_until(lambda: len(noted()) == 2)
    assert noted()[1] == "auth_failure\talice\tsqlmapctl\t192.0.2.8"


def test_the_exit_status_is_sqlmapds_if_it_is_asked(configured):
    configured('[access]\ndeny_users = ["bob"]\n')  # which sqlmapd has not read
    assert explained("bob")[0] == 1
    status, shown = explained("bob", "--through-daemon")
    assert status == 0
    assert "\naccount                  access denied  PAM_PERM_DENIED  access.deny_users names it\n" in shown
    assert f"\nsqlmapd: account         accepted       PAM_SUCCESS      today is day {TODAY}\n" in shown


def test_without_sqlmapd_the_database_is_explained_and_sqlmapd_cannot_be_asked():
    with daemon_stopped():
        assert explained("bob") == (0, PEOPLE["bob"][1].replace(RUNNING, "sqlmapd is not running\n"))
        result = run("auth", "bob", "--stdin", "--through-daemon", stdin=PASSWORD)
        assert (result.returncode, result.stdout, result.stderr) == (3, "", "sqlmapctl: sqlmapd cannot be asked: it is not there, or silent\n")


def test_while_the_database_is_not_there_nobody_can_say(configured):
    CONFIG.write_text(CONFIG.read_text().replace('name = "accounts"', 'name = "accounts"\nservers = ["/run/mysqld/gone.sock"]'))
    gone = "nobody could say: no database server could be reached"
    status, shown = explained("alice")
    body, log = shown.split("\n\n")[:2], shown.split("\n\n")[2]
    assert (status, "\n\n".join(body)) == (3, steps(gone, auth=gone, shadow=gone) + """
STAGE           VERDICT      PAM                   WHY
authentication  unavailable  PAM_AUTHINFO_UNAVAIL  no database server could be reached
account         unavailable  PAM_AUTHINFO_UNAVAIL  no database server could be reached""")
    lines = log.splitlines()
    assert lines[-1] + "\n" == RUNNING and len(lines) > 1
    assert all(line.startswith("log: ") and "gone.sock" in line for line in lines[:-1])


def test_a_view_that_is_missing_is_named(configured):
    configured('[queries]\nauth = "SELECT * FROM no_such_view WHERE username = :name"\n')
    status, shown = explained("alice")
    assert status == 3
    assert "auth    nobody could say: the database refused the query\n" in shown
    assert "authentication  unavailable  PAM_AUTHINFO_UNAVAIL  the database refused the query\n" in shown
    assert "account         undecided    PAM_CRED_UNAVAIL      the database refused the query\n" in shown
    [log] = [line for line in shown.splitlines() if line.startswith("log: ")]
    assert "no_such_view" in log


def test_only_root_may_ask_and_a_password_must_be_there():
    result = run("auth", "alice", "--stdin", stdin=PASSWORD, uid=20000)
    assert (result.returncode, result.stdout, result.stderr) == (3, "", "sqlmapctl: only root may do this: it asks with the account of secrets.toml\n")
    result = run("auth", "alice", "--stdin")
    assert (result.returncode, result.stdout, result.stderr) == (2, "", "sqlmapctl: there is no password on standard input\n")
    result = run("auth")
    assert (result.returncode, result.stdout) == (2, "")


def test_mistakes_in_the_configuration_come_first(configured):
    configured("[acess]\n")
    result = run("auth", "alice", "--stdin", stdin=PASSWORD)
    assert (result.returncode, result.stdout) == (3, "")
    assert "/etc/sqlmapd/sqlmapd.toml:11: " in result.stderr
