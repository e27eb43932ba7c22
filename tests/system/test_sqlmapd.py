"""sqlmapd as its host meets it: who may ask it what, what a chroot sees of it, and sqlmapctl."""

import json
import pwd
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

import expected
import wire

pytestmark = pytest.mark.mode("daemon")

SHOP, BOLT = "shop.acme.example", expected.NAME_OF_UID
NOBODY = 65534


def run(*command, uid=0):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, user=uid, group=uid, extra_groups=[])


# Who may ask what

LOGIN = wire.text(BOLT) + wire.text("test") + wire.text("") + wire.text("")
GOOD, BAD = wire.text("dave-pw"), wire.text("wrong")

FOR_EVERYBODY = {
    "user by name": (wire.USER_BY_NAME, wire.text(BOLT)),
    "user by uid": (wire.USER_BY_UID, wire.number(expected.UID)),
    "group by name": (wire.GROUP_BY_NAME, wire.text(expected.GROUP)),
    "group by gid": (wire.GROUP_BY_GID, wire.number(expected.GID)),
    "groups of a user": (wire.GROUPS_OF_USER, wire.text(BOLT)),
    "list of users": (wire.LIST_USERS,),
    "list of groups": (wire.LIST_GROUPS,),
    "status": (wire.STATUS,),
}
FOR_ROOT = {
    "shadow": (wire.SHADOW_BY_NAME, wire.text(BOLT)),
    "list of shadows": (wire.LIST_SHADOWS,),
    "refresh": (wire.REFRESH,),
    "flush": (wire.FLUSH, wire.text(BOLT)),
}
FOR_THE_ACCOUNT = {
    "right password": ((wire.AUTHENTICATE, LOGIN + GOOD), wire.ACCEPTED),
    "wrong password": ((wire.AUTHENTICATE, LOGIN + BAD), wire.WRONG_PASSWORD),
    "account": ((wire.CHECK_ACCOUNT, LOGIN), wire.ACCEPTED),
}
DENIED = [(wire.UNAVAILABLE, wire.NOT_ALLOWED)]


@pytest.mark.parametrize("question", FOR_EVERYBODY.values(), ids=FOR_EVERYBODY)
def test_everybody_may_ask_who_is_an_account(question):
    answers = [wire.ask_as(uid, *question) for uid in (0, expected.UID, NOBODY)]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0][0] not in (wire.ABSENT, wire.UNAVAILABLE)


@pytest.mark.parametrize("question", FOR_ROOT.values(), ids=FOR_ROOT)
def test_only_root_sees_shadow_rows_and_has_accounts_read_anew(question):
    assert wire.ask_as(0, *question)[0][0] in (wire.SHADOW, wire.TEXT)
    for uid in (expected.UID, NOBODY):
        assert wire.ask_as(uid, *question) == DENIED


@pytest.mark.parametrize("question, verdict", FOR_THE_ACCOUNT.values(), ids=FOR_THE_ACCOUNT)
def test_only_root_and_the_account_itself_are_told_about_a_login(question, verdict):
    for uid in (0, expected.UID):
        assert wire.ask_as(uid, *question) == [(wire.VERDICT, verdict)]
    for uid in (NOBODY, expected.UID + 1, 1):
        assert wire.ask_as(uid, *question) == DENIED


def test_a_stranger_cannot_tell_an_account_from_an_unknown_name():
    unknown = wire.text("nobody.example") + wire.text("test") + wire.text("") + wire.text("")
    assert wire.ask_as(NOBODY, wire.AUTHENTICATE, unknown + GOOD) == wire.ask_as(NOBODY, wire.AUTHENTICATE, LOGIN + GOOD) == DENIED


def test_a_set_uid_program_asks_as_its_owner():
    """su and sudo are root's, whoever starts them; a program that has become somebody else is no longer root's."""
    question = FOR_ROOT["shadow"]
    assert wire.ask_as(NOBODY, *question, effective_uid=0)[0][0] == wire.SHADOW
    assert wire.ask_as(0, *question, effective_uid=NOBODY) == DENIED


def test_root_of_a_user_namespace_is_not_root():
    assert run("unshare", "--user", "--map-root-user", "id", "-u", uid=NOBODY).stdout == "0\n"
    result = run("unshare", "--user", "--map-root-user", "sqlmapctl", "refresh", uid=NOBODY)
    assert (result.returncode, result.stdout) == (3, "")


# A chroot

@contextmanager
def mounted(*mounts):
    """mount(8) with each of these arguments; the last one is where."""
    done = []
    try:
        for mount in mounts:
            subprocess.run(["mount", *mount], check=True)
            done.append(mount[-1])
        yield
    finally:
        for place in reversed(done):
            subprocess.run(["umount", place], check=True)


@pytest.fixture
def chroot(tmp_path):
    """The whole system but for what sqlmapd keeps and where it listens."""
    with mounted(("--bind", "/", tmp_path), ("-t", "tmpfs", "none", tmp_path / "run"), ("-t", "tmpfs", "none", tmp_path / "var/lib/sqlmapd")):
        yield tmp_path


def test_what_starts_in_a_chroot_knows_local_accounts_only(chroot, accounts):
    result = run("chroot", chroot, "getent", "passwd", "root", SHOP)
    assert (result.returncode, result.stdout.count("\n")) == (2, 1)
    assert result.stdout.startswith("root:")


def test_a_chroot_that_has_the_daemon_s_directory_knows_all(chroot, accounts, database):
    (chroot / "run/sqlmapd").mkdir()
    with mounted(("--bind", "/run/sqlmapd", chroot / "run/sqlmapd")):
        assert run("chroot", chroot, "getent", "passwd", SHOP).stdout == f"{accounts[SHOP].passwd_line}\n"
        assert run("chroot", chroot, "getent", "shadow", SHOP).stdout == f"{accounts[SHOP].shadow_line}\n"
        with database.renamed("dora.example", "new.dora.example"):
            assert run("chroot", chroot, "getent", "passwd", "new.dora.example").returncode == 0


RESIDENT = """
import os, pwd, sys
known, directory = sys.argv[1:]
pwd.getpwnam(known)
os.chroot(directory)
os.chdir("/")
os.setuid(pwd.getpwnam(known).pw_uid)
for name in sys.stdin:
    try:
        print(pwd.getpwnam(name.strip()).pw_uid, flush=True)
    except KeyError:
        print("unknown", flush=True)
"""


def test_a_process_that_moved_into_a_chroot_goes_on_knowing_accounts(tmp_path, database):
    """Also when all others have long been told of newer ones, whose file is out of its reach."""
    with subprocess.Popen(["/usr/bin/python3", "-c", RESIDENT, BOLT, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True, bufsize=1) as resident:
        def uid_of(name):
            resident.stdin.write(f"{name}\n")
            return resident.stdout.readline().strip()

        assert (uid_of(SHOP), uid_of("nobody.example")) == (str(expected.UID), "unknown")
        with database.renamed("dora.example", "new.dora.example"):
            database.publish()
            assert (uid_of(SHOP), uid_of("new.dora.example")) == (str(expected.UID), "unknown")
        resident.stdin.close()
    assert resident.returncode == 0


# sqlmapctl

def status():
    return json.loads(run("sqlmapctl", "status", "--json").stdout)


def test_everybody_may_ask_how_the_daemon_is(accounts):
    for uid in (0, expected.UID, NOBODY):
        result = run("sqlmapctl", "status", "--json", uid=uid)
        assert (result.returncode, result.stderr) == (0, "")
        seen = json.loads(result.stdout)
        assert (seen["users"], seen["groups"]) == (len(accounts), 1)
        # Where the database is, and who logs in how often, is root's alone.
        assert ("server" in seen, "logins" in seen, "refresh_error" in seen) == (uid == 0, uid == 0, False)


def test_a_refresh_publishes_what_has_changed(database):
    before = status()["generation"]
    with database.renamed("dora.example", "new.dora.example"):
        result = run("sqlmapctl", "refresh", "--wait")
        assert (result.returncode, result.stderr) == (0, "")
        assert status()["generation"] > before
        assert Path(f"/run/sqlmapd/snapshot.{status()['generation']}").exists()


def test_a_refresh_without_a_change_publishes_nothing():
    before = status()["generation"]
    assert run("sqlmapctl", "refresh", "--wait").returncode == 0
    assert status()["generation"] == before


def test_a_refresh_that_would_lose_most_accounts_is_refused_unless_forced(database, accounts):
    with database.settings(uid=0, gid=0, groupname="root"):
        result = run("sqlmapctl", "refresh", "--wait")
        assert (result.returncode, result.stdout) == (1, "")
        assert "--force" in result.stderr
        assert pwd.getpwnam(SHOP).pw_uid == expected.UID
        assert run("sqlmapctl", "refresh", "--wait", "--force").returncode == 0
        with pytest.raises(KeyError):
            pwd.getpwnam(SHOP)


def test_a_refresh_while_the_database_hangs_says_so(database):
    with database.hung():
        result = run("sqlmapctl", "refresh", "--wait")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("sqlmapctl: ")


def test_a_refresh_is_for_root():
    for arguments in ((), ("--wait",), ("--force",)):
        result = run("sqlmapctl", "refresh", *arguments, uid=NOBODY)
        assert (result.returncode, result.stdout) == (3, "")
        assert result.stderr.startswith("sqlmapctl: ")


@pytest.mark.parametrize("command", ["status", "refresh"])
def test_without_a_daemon_sqlmapctl_says_that_there_is_none(command):
    result = run("unshare", "--mount", "sh", "-c", f"mount -t tmpfs none /run && exec sqlmapctl {command}")
    assert (result.returncode, result.stdout) == (3, "")
    assert "not running" in result.stderr


@pytest.mark.parametrize("arguments", [(), ("frobnicate",), ("status", "--frobnicate"), ("status", "refresh", "extra")])
def test_a_mistake_on_the_command_line_is_named(arguments):
    result = run("sqlmapctl", *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert "--help" in result.stderr


@pytest.mark.parametrize("program", ["sqlmapctl", "sqlmapd"])
def test_help_says_what_there_is(program):
    result = run(program, "--help")
    assert (result.returncode, result.stderr) == (0, "")
    assert {"sqlmapctl": "refresh", "sqlmapd": "--check-config"}[program] in result.stdout
