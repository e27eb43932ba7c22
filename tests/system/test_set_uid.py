"""Set-uid and set-gid programs, started by those whom they are for: su, sudo, passwd, crontab, and screen lockers beside them."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import expected

SHOP = "shop.acme.example"
ME = expected.NAME_OF_UID  # who a process of a site is, as far as getpwuid(3) can tell
PASSWORD = "dave-pw"
NOT_MINE = "alice-pw"
BLOCKED = "carol-pw"
WRONG_PASSWORDS = ("wrong", "", NOT_MINE, BLOCKED)
NOBODY = 65534

in_daemon_mode = pytest.mark.mode("daemon")
in_direct_mode = pytest.mark.mode("direct")


def run(*command, uid=expected.UID, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, user=uid, group=uid, extra_groups=[], cwd="/", **options)


def at_once(attempt, *arguments):
    """attempt(*each), in order. A refusal takes seconds, so none waits for another."""
    with ThreadPoolExecutor(len(arguments)) as threads:
        return list(threads.map(lambda each: attempt(*each), arguments))


# su

SU = """
set timeout 30
spawn su --login {name}
expect {{
  "assword:" {{ send "{password}\\r" }}
  eof {{ exit 5 }}
}}
expect {{
  "TheShellRan" {{ expect eof; exit 0 }}
  -re "Authentication failure|Permission denied" {{ exit 3 }}
  timeout {{ exit 6 }}
  eof {{ exit 7 }}
}}
"""
LET_IN, REFUSED = 0, 3


def su(name, password):
    """As nobody, at a terminal."""
    return run("expect", "-c", SU.format(name=name, password=password), uid=NOBODY)


@in_daemon_mode
@pytest.mark.parametrize("password", ["alice-pw", "bob-pw", "erin-pw"])
def test_anybody_becomes_a_site_by_the_password_of_each_owner(shell_of_sites, accounts, password):
    result = su(SHOP, password)
    assert result.returncode == LET_IN, result.stdout
    assert f"uid={expected.UID}({ME}) gid={expected.GID}({expected.GROUP})" in result.stdout
    assert accounts[SHOP].home in result.stdout


@in_daemon_mode
def test_su_refuses_everybody_else(shell_of_sites):
    results = at_once(su, (SHOP, "wrong"), (SHOP, PASSWORD), (ME, BLOCKED), ("old.bolt.example", PASSWORD), ("root", NOT_MINE))
    assert [result.returncode for result in results] == [REFUSED] * 5, [result.stdout for result in results]


def test_a_set_uid_su_still_serves_local_accounts():
    assert "Authentication failure" in run("su", "root", input="alice-pw\n", uid=NOBODY).stderr


@in_direct_mode
def test_without_the_daemon_su_knows_no_site():
    """Direct mode is never used where AT_SECURE is set."""
    assert "does not exist" in run("su", SHOP, input="alice-pw\n", uid=NOBODY).stderr


# sudo

def sudo(*arguments, password=None, uid=expected.UID):
    """No time stamp stays: each call is asked anew."""
    return run("sudo", "-k", *arguments, uid=uid, input=None if password is None else f"{password}\n")


@pytest.fixture
def sudoers():
    """The site may be www-data with a password, its group root without one, for one command each; nobody may be a site."""
    file = Path("/etc/sudoers.d/sites")
    file.write_text(f"{ME} ALL=(www-data) PASSWD: /usr/bin/id\n%{expected.GROUP} ALL=(root) NOPASSWD: /usr/bin/whoami\n"
                    f"nobody ALL=({SHOP}) NOPASSWD: /usr/bin/id\nDefaults !lecture, !use_pty, passwd_tries=1\n")
    file.chmod(0o440)
    yield
    file.unlink()


@in_daemon_mode
class TestSudo:
    def test_a_sudoer_gives_the_password_of_an_owner(self, sudoers):
        result = sudo("-S", "-u", "www-data", "id", "-un", password=PASSWORD)
        assert (result.returncode, result.stdout) == (0, "www-data\n"), result.stderr

    def test_another_password_is_refused(self, sudoers):
        for result in at_once(lambda password: sudo("-S", "-u", "www-data", "id", password=password), *zip(WRONG_PASSWORDS)):
            assert (result.returncode, result.stdout) == (1, "")
            assert "incorrect password" in result.stderr

    def test_nothing_runs_without_a_password_where_one_is_due(self, sudoers):
        result = sudo("-n", "-u", "www-data", "id")
        assert (result.returncode, result.stdout) == (1, "")
        assert "password is required" in result.stderr

    def test_a_rule_for_the_group_of_the_sites_holds(self, sudoers):
        result = sudo("-n", "whoami")
        assert (result.returncode, result.stdout) == (0, "root\n"), result.stderr

    def test_the_right_password_is_no_right_to_other_commands(self, sudoers):
        result = sudo("-S", "id", password=PASSWORD)
        assert (result.returncode, result.stdout) == (1, "")
        assert "not allowed to execute" in result.stderr

    def test_a_local_user_acts_as_a_site(self, sudoers):
        result = sudo("-n", "-u", SHOP, "id", uid=NOBODY)
        assert result.returncode == 0, result.stderr
        assert result.stdout.startswith(f"uid={expected.UID}({ME}) gid={expected.GID}({expected.GROUP})")


@in_direct_mode
def test_without_the_daemon_sudo_knows_no_site(sudoers):
    result = sudo("-n", "whoami")
    assert (result.returncode, result.stdout) == (1, "")


# passwd and crontab

@in_daemon_mode
def test_passwd_says_how_the_caller_s_own_password_is(accounts):
    """passwd(1) -S: name, locked, last change, and the four periods."""
    for uid, name in ((expected.UID, ME), (0, "old.bolt.example")):
        result = run("passwd", "-S", name, uid=uid)
        assert result.stdout.split() == [name, "L", "1970-01-02", "0", "99999", "0", accounts[name].shadow_line.split(":")[6] or "-1"]


@in_daemon_mode
def test_passwd_tells_nobody_about_others():
    result = run("passwd", "-S", ME, uid=NOBODY)
    assert (result.returncode, result.stdout) == (1, "")


@in_daemon_mode
def test_a_site_keeps_a_table_of_its_own():
    assert run("crontab", "-", input="@yearly true\n").returncode == 0
    try:
        assert run("crontab", "-l").stdout.endswith("@yearly true\n")
        assert run("crontab", "-u", ME, "-l", uid=0).stdout.endswith("@yearly true\n")
    finally:
        run("crontab", "-r")
    assert run("crontab", "-u", SHOP, "-l", uid=0).stderr == f"no crontab for {SHOP}\n"


@in_direct_mode
def test_without_the_daemon_crontab_knows_no_site():
    """It is set-gid: AT_SECURE is set, whoever calls it."""
    assert "unknown" in run("crontab", "-u", SHOP, "-l", uid=0).stderr
    assert run("crontab", "-u", "root", "-l", uid=0).stderr == "no crontab for root\n"


# A screen locker is not set-uid: it asks with the uid of whoever sits there.

@pytest.fixture
def locker():
    file = Path("/etc/pam.d/site-locker")
    file.write_text("@include common-sqlmap\n@include common-auth\n")
    yield file.name
    file.unlink()


def unlock(locker, name, password, uid):
    result = run("pamtester", locker, name, "authenticate", input=f"{password}\n", uid=uid)
    assert result.returncode == 0 or "Authentication failure" in result.stderr or "Authentication service cannot" in result.stderr
    return result.returncode == 0


@in_daemon_mode
def test_a_site_unlocks_its_own_screen(locker):
    assert unlock(locker, ME, PASSWORD, expected.UID)


@in_daemon_mode
def test_another_password_unlocks_nothing(locker):
    assert not any(at_once(unlock, *((locker, ME, password, expected.UID) for password in WRONG_PASSWORDS)))


@in_daemon_mode
def test_nobody_can_try_passwords_of_others(locker):
    """Not even the right one is said to be right."""
    assert not any(at_once(unlock, (locker, ME, PASSWORD, NOBODY), (locker, ME, PASSWORD, expected.UID + 1),
                           (locker, "root", PASSWORD, expected.UID)))


@in_direct_mode
def test_without_the_daemon_only_root_can_check_a_password(locker):
    assert not unlock(locker, ME, PASSWORD, expected.UID)
    assert unlock(locker, ME, PASSWORD, 0)
