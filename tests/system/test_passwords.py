"""People change their passwords: with passwd, by root, with chpasswd, and at a login with an expired one.

An FTP server, which knows nothing of it, tells which password is right afterwards: vsftpd, and where it matters each of the others.
"""

import re
import subprocess
import time
from pathlib import Path

import pytest

from people import LOG, People, configured, log_more, opens, run, set_passwords, sql, stored, talk
from secret_scan import expect_no_secret, used
from servers import ADDRESS, FTP_SERVERS, Sshd
from system_log import Syslog

OLD, NEW = "old-Tangerine-7", "new-Marmalade-8"
TODAY = int(time.time() // 86400)


@pytest.fixture(scope="module")
def syslog():
    log_more()
    with Syslog() as log:
        yield log


@pytest.fixture(scope="module")
def people(request):
    return People(request.config.getoption("--mode"))


@pytest.fixture(scope="module")
def ftp(syslog, request, tmp_path_factory):
    with FTP_SERVERS[request.config.getoption("--ftp")](tmp_path_factory.mktemp("ftp")) as server:
        yield server


@pytest.fixture(scope="module")
def ssh_server(tmp_path_factory):
    with KeyboardInteractive(tmp_path_factory.mktemp("sshd"), {}) as server:
        yield server


class KeyboardInteractive(Sshd):
    files = {}
    command = ["/usr/sbin/sshd", "-D", "-e", "-o", "UsePAM=yes", "-o", "KbdInteractiveAuthentication=yes", "-o", "PasswordAuthentication=yes",
               "-o", "LogLevel=DEBUG3"]


@pytest.fixture
def alice(people, ftp):
    """Her password is OLD."""
    people.add("alice", OLD)
    return "alice"


def passwd(*steps, name="alice", user=None):
    return talk(f"passwd {name}" if user is None else "passwd", *steps, user=user)


def uid(name):
    return int(sql(f"SELECT uid FROM sqlmap_users WHERE username = '{name}'"))


CURRENT, FRESH, AGAIN = r"urrent.*password: ", r"ew.*password: ", r"etype new.*password: "


@pytest.mark.every_ftp_server
def test_with_passwd_the_old_password_is_worth_nothing_at_once(alice):
    assert opens("alice", OLD)
    output, status = passwd((CURRENT, OLD), (FRESH, NEW), (AGAIN, NEW), user=uid("alice"))
    assert status == 0, output
    assert (opens("alice", OLD), opens("alice", NEW)) == (False, True)
    assert stored("alice").startswith("$y$")
    assert int(stored("alice", "lstchg")) in (TODAY, TODAY + 1)


def test_a_wrong_current_password_changes_nothing(alice):
    before = stored("alice")
    for wrong in ("wrong-Grapefruit-9", "", OLD + "x"):
        output, status = passwd((CURRENT, wrong), user=uid("alice"))
        assert status > 0, output
        assert "New password" not in output
    assert stored("alice") == before
    assert opens("alice", OLD)


def test_two_different_new_passwords_change_nothing(alice):
    before = stored("alice")
    output, status = passwd((CURRENT, OLD), (FRESH, NEW), (AGAIN, NEW + "x"), user=uid("alice"))
    assert status > 0, output
    assert "do not match" in output
    assert stored("alice") == before


def test_nobody_changes_the_password_of_somebody_else(alice, people):
    people.add("mallory", "mallory-Pineapple-1")
    before = stored("alice")
    result = run("passwd", "alice", user=uid("mallory"), group=20000, extra_groups=[], input=f"{OLD}\n{NEW}\n{NEW}\n")
    assert result.returncode != 0
    assert stored("alice") == before


def test_root_sets_a_password_without_the_old_one(alice):
    output, status = passwd((FRESH, NEW), (AGAIN, NEW))
    assert status == 0, output
    assert (opens("alice", OLD), opens("alice", NEW)) == (False, True)


def test_chpasswd_sets_the_passwords_of_many(alice, people):
    people.add("bob", "bob-Cranberry-1")
    result = set_passwords(alice=NEW, bob="bob-Cranberry-2")
    assert result.returncode == 0, result.stderr
    assert stored("alice") != stored("bob")
    assert (opens("alice", NEW), opens("alice", OLD)) == (True, False)
    assert (opens("bob", "bob-Cranberry-2"), opens("bob", "bob-Cranberry-1")) == (True, False)


def test_passwords_of_local_people_are_changed_as_ever():
    subprocess.run(["useradd", "--no-create-home", "localjoe"], check=True)
    before = Path("/etc/shadow").read_text()
    result = set_passwords(localjoe="local-Banana-1")
    assert result.returncode == 0, result.stderr
    assert Path("/etc/shadow").read_text() != before


def test_a_password_that_is_too_young_stays_and_the_person_is_told_how_long(people, ftp):
    people.add("carol", OLD, lstchg=TODAY - 2, min=5)
    output, status = passwd((CURRENT, OLD), user=uid("carol"), name="carol")
    assert status > 0, output
    assert re.search(r"You must wait [23] days before you may change your password\.", output)
    assert opens("carol", OLD)
    assert set_passwords(carol=NEW).returncode == 0, "root need not wait"


@pytest.mark.every_ftp_server
@pytest.mark.parametrize("lstchg, maximum", [(0, -1), (TODAY - 100, 90)])
def test_an_expired_password_is_changed_at_a_login_through_ssh(people, ftp, ssh_server, lstchg, maximum):
    people.add("dave", OLD, lstchg=lstchg, max=maximum)
    assert not opens("dave", OLD), "FTP cannot ask for a new one"
    ssh = (f"ssh -tt -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o PubkeyAuthentication=no "
           f"-o PreferredAuthentications=keyboard-interactive dave@{ADDRESS}")
    output, status = talk(ssh, (r"assword: ", OLD), (CURRENT, OLD), (FRESH, NEW), (AGAIN, NEW))
    assert status == 0, output
    assert "You are required to change your password immediately" in output
    assert "TheShellRan" in output
    assert (opens("dave", OLD), opens("dave", NEW)) == (False, True)
    assert int(stored("dave", "lstchg")) in (TODAY, TODAY + 1)
    output, status = talk(ssh, (r"assword: ", NEW))
    assert (status, "required to change" in output) == (0, False)


def test_an_expired_password_is_changed_at_a_terminal(people, ftp):
    people.add("erin", OLD, lstchg=0)
    output, status = talk("login erin", (r"assword: ", OLD), (CURRENT, OLD), (FRESH, NEW), (AGAIN, NEW))
    assert status == 0, output
    assert "TheShellRan" in output
    assert (opens("erin", OLD), opens("erin", NEW)) == (False, True)


def test_a_wrong_old_password_at_an_expired_login_lets_nobody_in(people, ftp, ssh_server):
    people.add("frank", OLD, lstchg=0)
    ssh = (f"ssh -tt -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o PubkeyAuthentication=no "
           f"-o PreferredAuthentications=keyboard-interactive -o NumberOfPasswordPrompts=1 frank@{ADDRESS}")
    output, status = talk(ssh, (r"assword: ", OLD), (CURRENT, "wrong-Grapefruit-9"))
    assert status > 0, output
    assert "TheShellRan" not in output
    assert int(stored("frank", "lstchg")) == 0


@pytest.fixture
def sudoers():
    file = Path("/etc/sudoers.d/people")
    file.write_text("gina ALL=(root) PASSWD: /usr/bin/id\nDefaults !lecture, !use_pty, passwd_tries=1\n")
    file.chmod(0o440)
    yield
    file.unlink()


def test_an_expired_password_is_changed_before_sudo_does_anything(people, ftp, sudoers):
    people.add("gina", OLD, lstchg=0)
    output, status = talk("sudo -k id -un", (r"assword for gina: ", OLD), (CURRENT, "wrong-Grapefruit-9"), user=uid("gina"))
    assert (status, "root" in output.splitlines()) == (1, False), output
    assert int(stored("gina", "lstchg")) == 0
    output, status = talk("sudo -k id -un", (r"assword for gina: ", OLD), (CURRENT, OLD), (FRESH, NEW), (AGAIN, NEW), user=uid("gina"))
    assert (status, "root" in output.splitlines()) == (0, True), output
    assert "Account or password is expired" in output
    assert (opens("gina", OLD), opens("gina", NEW)) == (False, True)
    output, status = talk("sudo -k id -un", (r"assword for gina: ", NEW), user=uid("gina"))
    assert (status, "expired" in output) == (0, False), output


def test_sudo_that_cannot_ask_for_a_new_password_does_nothing(people, ftp, sudoers):
    people.add("gina", OLD, lstchg=0)
    result = run("sudo", "-k", "-S", "id", "-un", input=f"{OLD}\n", user=uid("gina"), group=20000, extra_groups=[], cwd="/")
    assert (result.returncode, result.stdout) == (1, ""), result.stderr
    assert "unable to change expired password" in result.stderr
    assert int(stored("gina", "lstchg")) == 0


@pytest.mark.parametrize("scheme, form", [("bcrypt", r"\$2[by]\$12\$"), ("sha512crypt", r"\$6\$rounds=100000\$"), ("argon2id", r"\$argon2id\$v=19\$m=65536,t=3,p=1\$"),
                                          ("drupal7", r"\$S\$D"), ("mysql-native", r"\*[0-9A-F]{40}$")])
def test_new_passwords_are_stored_as_the_application_wants_them(alice, people, scheme, form):
    schemes = '["strong", "mysql-native"]'
    with configured(people.mode, ("password", "scheme", f'"{scheme}"'), ("auth", "schemes", schemes)):
        assert set_passwords(alice=NEW).returncode == 0
        assert re.match(form, stored("alice")), scheme
        assert (opens("alice", OLD), opens("alice", NEW)) == (False, True)


@pytest.mark.parametrize("update, why", [
    ("UPDATE sqlmap_users SET password = :hash WHERE username = CONCAT(:name, 'x')", "0 rows"),
    ("UPDATE sqlmap_users SET password = :hash WHERE username = :name OR 1", "rows"),
    ("UPDATE sqlmap_user SET password = :hash WHERE username = :name", "password_update"),
])
def test_an_update_of_other_than_one_row_is_undone_and_said(alice, people, syslog, update, why):
    people.add("bob", "bob-Cranberry-1")
    before = sql("SELECT username, password, lstchg FROM sqlmap_users ORDER BY username")
    with configured(people.mode, ("queries", "password_update", f'"{update}"')):
        output, status = passwd((FRESH, NEW), (AGAIN, NEW))
        assert status > 0, output
        assert "has not been changed" in output
    assert sql("SELECT username, password, lstchg FROM sqlmap_users ORDER BY username") == before
    syslog.wait_for("pam_sqlmap(passwd:chauthtok)", "password not changed", "alice", why)
    assert opens("alice", OLD)


def test_without_a_server_that_can_be_written_the_person_is_told_before_being_asked(alice, people):
    with configured(people.mode, ("database", "writers", '["/run/nowhere.sock"]')):
        assert opens("alice", OLD), "reading goes on"
        output, status = passwd((CURRENT, OLD), user=uid("alice"))
        assert status > 0, output
        assert "no database that can be written" in output
        assert "New password" not in output
    assert opens("alice", OLD)


def test_a_read_only_server_is_no_writer(alice, people, syslog):
    sql("SET GLOBAL read_only = 1")
    try:
        output, status = passwd((FRESH, NEW), (AGAIN, NEW))
        assert status > 0, output
    finally:
        sql("SET GLOBAL read_only = 0")
    syslog.wait_for("pam_sqlmap(passwd:chauthtok)", "unavailable")
    assert "read-only: name the primary in database.writers" in LOG.read_text()
    assert opens("alice", OLD)


@pytest.mark.every_ftp_server
def test_no_password_and_no_hash_is_in_any_log(syslog, ftp, ssh_server):
    """The last test: everything above is in these logs."""
    for shown in sql("SELECT password FROM sqlmap_users").splitlines():
        used(shown)
    assert "debug3: " in ssh_server.messages()
    assert "accepted user=alice" in syslog.text()
    expect_no_secret(syslog.text(), ftp.messages(), ssh_server.messages(), sql("SELECT * FROM sqlmap_log"))
