"""sqlmapctl user, group and groups: what NSS says, who it has it from, and where the others differ."""

import os
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

import ctl
from ctl import ask, masked, run, sql
from sandbox import MARIADB, SQLMAPD, hung, pid_in

PASSWD = Path("/etc/passwd")
GROUP = Path("/etc/group")
NSSWITCH = Path("/etc/nsswitch.conf")

ALICE = """\
name   alice
uid    20000
gid    20000 (customers)
gecos  Alice Example
home   /srv/people/alice
shell  /bin/bash
"""
BOB = ALICE.replace("Alice", "Bob").replace("alice", "bob").replace("uid    20000", "uid    20001")
ALL_AGREE = """
ASKED     ANSWER  TOOK
NSS       found   0 ms  from snapshot
files     absent  0 ms
snapshot  found   0 ms
sqlmapd   found   0 ms
database  found   0 ms
"""


def says(*arguments, status=0, **options):
    """All that it says to a person."""
    result = run(*arguments, **options)
    assert (result.returncode, result.stderr) == (status, ""), result
    return masked(result.stdout)


@pytest.fixture(scope="module", autouse=True)
def fixture_quiet():
    ctl.read_when_told()


def publish():
    assert run("refresh", "--wait").returncode == 0


@contextmanager
def changed(change, back):
    """The database with a change that nobody has read yet; all others have just read it."""
    publish()
    sql(change)
    try:
        yield
    finally:
        sql(back)
        publish()


@contextmanager
def file_with(path, text):
    """The file has this text meanwhile."""
    before = path.read_bytes()
    path.write_text(text, encoding="utf-8")
    try:
        yield
    finally:
        path.write_bytes(before)


def codes(answer):
    return [meaning["code"] for meaning in answer["meanings"]]


def by_source(answer, key):
    return {source["source"]: source[key] for source in answer["sources"]}


@pytest.mark.parametrize("arguments, record", [
    (("user", "alice"), ALICE), (("user", "20001"), BOB),
    (("group", "editors"), "name     editors\ngid      20001\nmembers  alice, bob\n"),
    (("group", "20000"), "name     customers\ngid      20000\nmembers\n"),
    (("groups", "alice"), "name    alice\ngid     20000 (customers)\ngroups  20000 (customers), 20001 (editors)\n"),
    (("groups", "frank"), "name    frank\ngid     20000 (customers)\ngroups  20000 (customers)\n")])
def test_an_account_that_all_agree_on_is_shown_once(arguments, record):
    assert says(*arguments) == masked(record + ALL_AGREE)


def test_programs_get_every_record():
    alice = {"name": "alice", "uid": 20000, "gid": 20000, "gecos": "Alice Example", "home": "/srv/people/alice", "shell": "/bin/bash"}
    answer = ask("user", "alice")
    took = [source.pop("nanoseconds") for source in answer["sources"]]
    assert all(isinstance(one, int) and 0 < one < 10**9 for one in took)
    found = {"answer": "found", "why": None, "record": alice}
    assert answer == {
        "asked": {"name": "alice"}, "answer": "found", "record": alice, "from": "snapshot", "group_names": {"20000": "customers"},
        "sources": [{"source": "nss", **found}, {"source": "files", "answer": "absent", "why": None, "record": None},
                    {"source": "snapshot", **found}, {"source": "sqlmapd", **found}, {"source": "database", **found}],
        "differences": [], "meanings": [], "remarks": []}
    assert list(answer) == ["asked", "answer", "record", "from", "group_names", "sources", "differences", "meanings", "remarks"]
    assert ask("groups", "alice")["record"] == {"name": "alice", "gid": 20000, "gids": [20000, 20001]}
    assert ask("group", "20001")["record"] == {"name": "editors", "gid": 20001, "members": ["alice", "bob"]}


@pytest.mark.parametrize("arguments, who", [
    (("user", "mallory"), "user mallory"), (("user", "4242"), "user 4242"), (("group", "wheelers"), "group wheelers"),
    (("groups", "mallory"), "user mallory"), (("user", "Alice"), "user Alice")])
def test_who_does_not_exist_is_said_not_to_exist(arguments, who):
    result = run(*arguments)
    assert result.returncode == 1
    assert masked(result.stdout) == masked(f"""\
NSS knows no {who}.

ASKED     ANSWER  TOOK
NSS       absent  0 ms
files     absent  0 ms
snapshot  absent  0 ms
sqlmapd   absent  0 ms
database  absent  0 ms
""")
    assert ask(*arguments, status=1)["answer"] == "absent"


@pytest.mark.parametrize("name, shown", [("", ""), ("x" * 5000, "x" * 200 + "..."), ("\x1b[31m*", "\\x1b[31m*"), ("sudo", "sudo")])
def test_what_no_account_of_the_database_may_be_called_is_asked_of_nobody(name, shown):
    assert says("user", name, status=1) == masked(f"""\
NSS knows no user {shown}.

ASKED     ANSWER     TOOK
NSS       absent     0 ms
files     absent     0 ms
snapshot  not asked  no row may have that name: it is the system's, or none
sqlmapd   not asked  no row may have that name: it is the system's, or none
database  not asked  no row may have that name: it is the system's, or none
""")


def test_a_number_that_is_no_id_is_a_mistake():
    assert run("user", "4294967296").stderr == "sqlmapctl: 4294967296 is no id: the largest is 4294967295\n"
    assert ask("group", "99999999999999999999", status=2) == {"error": "99999999999999999999 is no id: the largest is 4294967295"}


@pytest.mark.parametrize("arguments", [["user", "alice"], ["hash", "--list"]])
def test_an_answer_that_could_not_be_written_is_not_taken_for_a_no(arguments):
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(["sqlmapctl", *arguments], stdout=full, stderr=subprocess.PIPE, text=True)
    assert (result.returncode, result.stderr) == (3, "sqlmapctl: standard output: No space left on device\n")


def test_a_change_that_was_not_read_yet_is_named_field_by_field():
    with changed("UPDATE sqlmap_users SET shell = '/bin/zsh', gecos = 'Bob \u202e Example' WHERE username = 'bob'",
                 "UPDATE sqlmap_users SET shell = '/bin/bash', gecos = 'Bob Example' WHERE username = 'bob'"):
        assert says("user", "bob") == masked(BOB + ALL_AGREE + """
FIELD  VALUE                               SAYS
gecos  Bob Example               NSS, snapshot
       Bob \\xe2\\x80\\xae Example  sqlmapd, database
shell  /bin/bash                 NSS, snapshot
       /bin/zsh                  sqlmapd, database

The snapshot is older than the change: sqlmapctl refresh --wait
""")
        answer = ask("user", "bob")
        assert answer["differences"] == [
            {"field": "gecos", "values": [{"value": "Bob Example", "sources": ["nss", "snapshot"]},
                                          {"value": "Bob \u202e Example", "sources": ["sqlmapd", "database"]}]},
            {"field": "shell", "values": [{"value": "/bin/bash", "sources": ["nss", "snapshot"]},
                                          {"value": "/bin/zsh", "sources": ["sqlmapd", "database"]}]}]
        publish()
        assert ask("user", "bob")["differences"] == []


def test_a_member_who_was_added_is_named():
    with changed("INSERT INTO sqlmap_memberships VALUES ('frank', 20001)", "DELETE FROM sqlmap_memberships WHERE username = 'frank'"):
        answer = ask("group", "editors")
        assert answer["differences"][0]["field"] == "members"
        assert {tuple(side["value"]) for side in answer["differences"][0]["values"]} == {("alice", "bob"), ("alice", "bob", "frank")}
        assert ask("groups", "frank")["differences"][0]["field"] == "gids"


def test_an_account_that_is_not_published_yet_resolves_and_it_is_said_how():
    with changed("INSERT INTO sqlmap_users (username, uid, gid, homedir) VALUES ('newcomer', 20100, 20000, '/srv/people/newcomer')",
                 "DELETE FROM sqlmap_users WHERE username = 'newcomer'"):
        assert says("user", "newcomer").split("\n\n")[1:] == [masked("""\
ASKED     ANSWER  TOOK
NSS       found   0 ms  from sqlmapd
files     absent  0 ms
snapshot  absent  0 ms
sqlmapd   found   0 ms
database  found   0 ms"""), """\
The snapshot is older than the change: sqlmapctl refresh --wait. What it does not have is asked of sqlmapd meanwhile.
"""]


def test_an_account_that_is_gone_from_the_database_alone_is_found_and_it_is_said_so():
    with changed("INSERT INTO sqlmap_users (username, uid, gid, homedir) VALUES ('leaver', 20101, 20000, '/srv/people/leaver')",
                 "DELETE FROM sqlmap_users WHERE username = 'leaver'"):
        publish()
        sql("DELETE FROM sqlmap_users WHERE username = 'leaver'")
        answer = ask("user", "leaver")
        assert by_source(answer, "answer")["database"] == "absent"
        assert by_source(answer, "answer")["snapshot"] == answer["answer"] == "found"
        assert codes(answer) in (["not_published"], ["not_read"])  # by whether sqlmapd still remembers it


@contextmanager
def local_alice():
    """As if alice were the host's own. sqlmapd, too, goes by that when it reads: what it then published is mended at last."""
    try:
        with file_with(PASSWD, "alice:x:1501:100:local:/home/alice:/bin/sh\n" + PASSWD.read_text(encoding="utf-8")):
            yield
    finally:
        publish()


def test_a_local_account_that_hides_one_of_the_database_is_found_out():
    with local_alice():
        shown = says("user", "alice").split("\n\n")
        assert shown[0].splitlines()[1] == "uid  1501"
        assert shown[1].splitlines()[1:3] == masked("NSS  found  0 ms  from files\nfiles  found  0 ms").splitlines()
        hides, refused, none = shown[3].split("\n")
        assert hides == "The entry of /etc/passwd hides the one of the database: local ones come first. Rename one of them."
        assert refused.startswith("database: ") and refused.endswith(
            "if the row is to be that one, give it the uid 1501 and add that to accounts.allow_uids in /etc/sqlmapd/sqlmapd.toml")
        assert none == ""
        assert codes(ask("user", "alice")) == ["hidden_by_local"]


def test_groups_of_this_host_are_no_difference():
    with file_with(GROUP, GROUP.read_text(encoding="utf-8") + "helpers:x:1600:alice\n"):
        answer = ask("groups", "alice")
        assert answer["record"]["gids"] == [1600, 20000, 20001]
        assert (answer["differences"], answer["meanings"], answer["from"]) == ([], [], "snapshot")


def test_a_local_user_has_its_groups():
    assert says("groups", "root") == masked("""\
name    root
gid     0 (root)
groups  0 (root)

ASKED     ANSWER  TOOK
NSS       found      0 ms  from files
files     found      0 ms
snapshot  not asked  no row may have that name: it is the system's, or none
sqlmapd   not asked  no row may have that name: it is the system's, or none
database  not asked  no row may have that name: it is the system's, or none
""")


def test_sqlmap_missing_from_nsswitch_conf_is_found_out():
    text = "".join(line for line in NSSWITCH.read_text(encoding="utf-8").splitlines(True) if not line.startswith("passwd:"))
    with file_with(NSSWITCH, text + "passwd: files\n"):
        assert says("user", "alice", status=1) == masked("""\
NSS knows no user alice.

ASKED     ANSWER  TOOK
NSS       absent  0 ms
files     absent  0 ms
snapshot  found   0 ms
sqlmapd   found   0 ms
database  found   0 ms

/etc/nsswitch.conf does not ask sqlmap: add it to the line `passwd:`, or let sqlmapctl setup do it.
""")


def test_a_database_that_hangs_keeps_nobody_waiting():
    with hung(pid_in(MARIADB)):
        answer = ask("user", "alice")
        assert (answer["answer"], answer["from"]) == ("found", "snapshot")
        assert by_source(answer, "answer")["database"] == "unavailable"
        assert by_source(answer, "nanoseconds")["database"] < 2 * 10**9
        assert by_source(answer, "why")["database"] == "the database did not answer in time"


def test_another_user_is_told_all_but_the_database_whose_password_is_not_theirs():
    assert says("user", "alice", uid=65000) == masked(ALICE + ALL_AGREE.replace(
        "database  found   0 ms", "database  not asked  only root may read its password"))
    assert by_source(ask("user", "alice", uid=65000), "answer")["database"] == "not_asked"


def test_a_configuration_with_mistakes_keeps_nobody_from_looking():
    with file_with(ctl.CONFIG, "[database]\nname = 1\n"):
        shown = says("user", "alice")
        assert masked("sqlmapd   found   0 ms\ndatabase  not asked  there is no sound configuration\n") in shown
        assert "the configuration has mistakes:\n  /etc/sqlmapd/sqlmapd.toml:2: " in shown


def test_a_hundred_thousand_accounts_in_one_group_are_counted_and_not_all_shown():
    sql("""INSERT INTO sqlmap_users (username, uid, gid, homedir) SELECT CONCAT('many', seq), 100000 + seq, 20000, '/' FROM seq_1_to_100000;
           INSERT INTO sqlmap_memberships SELECT CONCAT('many', seq), 20001 FROM seq_1_to_100000""")
    publish()
    members = sorted(["alice", "bob", *(f"many{number}" for number in range(1, 100001))])
    shown = says("group", "editors")
    assert shown.splitlines()[2] == "members  " + ", ".join(members[:50]) + ", ... (100002 in all)"
    assert shown.split("\n\n", 1)[1] == masked(ALL_AGREE.lstrip())
    answer = ask("group", "20001")
    assert answer["record"]["members"] == members
    assert ask("user", "many77777")["record"]["uid"] == 177777
    sql("DELETE FROM sqlmap_memberships WHERE username = 'many9'")
    assert "members  100002, with many9  NSS, snapshot" in says("group", "editors")
    sql("DELETE FROM sqlmap_users WHERE username LIKE 'many%'")
    assert run("refresh", "--wait", "--force").returncode == 0


def test_nscd_that_remembers_an_older_answer_is_found_out():
    Path("/run/nscd").mkdir(exist_ok=True)
    Path("/var/cache/nscd").mkdir(parents=True, exist_ok=True)
    Path("/etc/nscd.conf").write_text("paranoia no\nenable-cache passwd yes\npositive-time-to-live passwd 600\ncheck-files passwd no\n",
                                      encoding="utf-8")
    with subprocess.Popen(["nscd", "--foreground"], stderr=subprocess.DEVNULL) as nscd:
        try:
            ctl.wait_until(Path("/run/nscd/socket").exists)
            assert ask("user", "bob")["record"]["shell"] == "/bin/bash"
            with changed("UPDATE sqlmap_users SET shell = '/bin/zsh' WHERE username = 'bob'",
                         "UPDATE sqlmap_users SET shell = '/bin/bash' WHERE username = 'bob'"):
                publish()
                answer = ask("user", "bob")
                assert (answer["record"]["shell"], answer["from"], codes(answer)) == ("/bin/bash", "nscd", ["nscd"])
                assert answer["meanings"][0]["text"].endswith("nscd --invalidate=passwd")
                subprocess.run(["nscd", "--invalidate=passwd"], check=True, timeout=60)
                answer = ask("user", "bob")
                assert (answer["record"]["shell"], codes(answer)) == ("/bin/zsh", [])
        finally:
            nscd.terminate()
    publish()


def test_without_sqlmapd_and_without_its_database_the_snapshot_stands():
    os.kill(pid_in(MARIADB), signal.SIGKILL)
    daemon = pid_in(SQLMAPD)
    os.kill(daemon, signal.SIGTERM)
    ctl.wait_until(lambda: not Path("/run/sqlmapd/socket").exists() or not Path(f"/proc/{daemon}").exists())
    assert says("user", "alice").split("\n\n")[1] == masked("""\
ASKED     ANSWER     TOOK
NSS       found      0 ms  from snapshot
files     absent     0 ms
snapshot  found      0 ms
sqlmapd   no answer  0 ms  it is not running
database  no answer  0 ms  no database server could be reached""")
    assert ask("user", "mallory", status=1)["answer"] == "absent"  # the last snapshot's word


def test_where_nothing_is_left_nobody_says_that_there_is_no_such_account():
    for path in (*Path("/run/sqlmapd").iterdir(), Path("/var/lib/sqlmapd/snapshot")):
        path.unlink(missing_ok=True)
    shown = says("user", "alice", status=3)
    assert shown == masked("""\
NSS cannot say who user alice is.

ASKED     ANSWER     TOOK
NSS       no answer  0 ms  sqlmap is not set up, not running, or has no query for this
files     absent     0 ms
snapshot  no answer  0 ms  there is none
sqlmapd   no answer  0 ms  it is not running
database  no answer  0 ms  no database server could be reached

database: /run/mysqld/mysqld.sock: connect: Connection refused
""")
