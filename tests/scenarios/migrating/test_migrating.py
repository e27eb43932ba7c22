"""doc/migrating.md is followed from each of the old modules, and what came out is looked at more closely on the way."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from page import bash

KEY = Path("/root/uploaded_key")
NSSWITCH = Path("/etc/nsswitch.conf")
FTP_ONLY = Path("/etc/ssh/sshd_config.d/ftp.conf")


def getent(*words):
    return subprocess.run(["getent", *words], capture_output=True, text=True).stdout


def readable_by_all(directory):
    return "".join(path.read_text() for path in Path(directory).iterdir() if path.stat().st_mode & 0o044)


def pam(service, name, password):
    """Whether its file lets the password in, and the account."""
    return tuple(subprocess.run(["pamtester", service, name, operation], input=f"{password}\n", capture_output=True, text=True, timeout=60).returncode == 0
                 for operation in ("authenticate", "acct_mgmt"))


def leave_key(home):
    """As its owner does over FTP."""
    if not KEY.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", KEY], check=True)
    keys = Path(home, ".ssh/authorized_keys")
    keys.parent.mkdir(exist_ok=True)
    keys.write_text(KEY.with_suffix(".pub").read_text())
    owner = Path(home).stat()
    for path in (keys.parent, keys):
        os.chown(path, owner.st_uid, owner.st_gid)


def is_let_through(name):
    """Whether sshd forwards a port for whoever has that key."""
    result = subprocess.run(["ssh", "-i", KEY, "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                             "-W", "127.0.0.1:22", f"{name}@127.0.0.1"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert result.stdout.startswith("SSH-2.0") or "Permission denied" in result.stderr, result
    return result.stdout.startswith("SSH-2.0")


def key_logins():
    """Who is let through, as the page has set sshd up, and without that; all programs ask sqlmap."""
    text, shut = NSSWITCH.read_text(), FTP_ONLY.read_text()
    NSSWITCH.write_text(re.sub(r"(?m)^((?:passwd|group|shadow): +files)(?! sqlmap)", r"\1 sqlmap", text))
    for home in ("/srv/ftp/alice", "/root"):
        leave_key(home)
    try:
        shut_out = {name for name in ("alice", "root") if not is_let_through(name)}
        FTP_ONLY.unlink()
        subprocess.run(["/usr/local/sbin/systemctl", "restart", "ssh"], check=True)
        return shut_out, {name for name in ("alice", "root") if not is_let_through(name)}
    finally:
        NSSWITCH.write_text(text)
        FTP_ONLY.write_text(shut)
        subprocess.run(["/usr/local/sbin/systemctl", "restart", "ssh"], check=True)


@pytest.fixture(scope="module")
def followed(reader):
    """To the end, with what other users could read of /etc/sqlmapd, and who toor was, after each import; and what else has to be seen on the way."""
    reader.exposed, reader.roots, reader.shut_out, reader.ftp = "", [], {}, None

    def look(step, seen):
        if Path("/etc/sqlmapd/sqlmapd.toml").exists():
            reader.exposed += readable_by_all("/etc/sqlmapd")
        reader.roots.append(getent("-s", "sqlmap", "passwd", "toor") + getent("-s", "sqlmap", "passwd", "0"))
        if FTP_ONLY.exists() and step.heading not in reader.shut_out and getent("-s", "sqlmap", "passwd", "alice"):
            reader.shut_out[step.heading] = key_logins()
        if "--services pure-ftpd" in step.script:
            reader.ftp = {attempt: pam("pure-ftpd", *attempt) for attempt in (("alice", "alice-pw"), ("bob", "bob-pw"), ("alice", "bob-pw"))}

    reader._tell = look
    reader.follow()
    return reader


def test_the_page_says_what_happens(followed):
    followed.assert_true()


def test_no_password_of_the_old_files_can_be_read_by_everybody_any_more(followed):
    assert "[database]" in followed.exposed
    assert [word for word in ("userpass", "rootpass", "ftp-secret", "pure-secret", "reader-password", "judge-password") if word in followed.exposed] == []


def test_a_second_root_of_the_old_tables_is_nobody(followed):
    assert len(followed.roots) > 10
    assert set(followed.roots) == {""}


def test_whoever_was_let_in_by_the_old_module_is_let_in_by_the_new_one_and_nobody_else(followed):
    logins = [seen for step, seen in followed.seen if step.heading == "pam_mysql" and "curl" in step.script]
    before, after = logins
    assert before.splitlines()[-4:] == after.splitlines()[:4] == ["Hello alice", "Hello bob", "curl: (67) Access denied: 530", "exit status 67"]


def test_the_pam_file_of_pure_ftpd_lets_in_who_has_the_password(followed):
    assert {attempt: tries for attempt, tries in followed.ftp.items() if all(tries)}.keys() == {("alice", "alice-pw"), ("bob", "bob-pw")}


def test_a_key_that_was_uploaded_over_ftp_opens_nothing_and_roots_does_as_before(followed):
    assert followed.shut_out == dict.fromkeys(("Pure-FTPd", "ProFTPD"), ({"alice"}, set()))


def test_nothing_asks_an_old_module_at_the_end(followed):
    lines = [line for line in Path("/etc/nsswitch.conf").read_text().splitlines() if line.startswith(("passwd:", "group:", "shadow:"))]
    assert len(lines) == 3
    assert [line for line in lines if "mysql" in line.replace("sqlmap", "") or "extrausers" in line] == []
    assert "pam_mysql" not in Path("/etc/pam.d/vsftpd").read_text()
    assert getent("passwd", "alice").startswith("alice:x:5000:5000:")


@pytest.mark.parametrize("line", ["mallory:x:0:5000::/root:/bin/bash", "mallory:x:5009:27::/srv/people/mallory:/bin/bash", "Mall ory:x:5009:5000::/srv:/bin/bash"])
def test_a_line_that_could_not_be_an_account_leaves_no_half_of_the_others_behind(followed, line):
    step, = (step for step, _ in followed.seen if "START TRANSACTION" in step.script)
    passwd = Path("/var/lib/extrausers/passwd")
    good = passwd.read_text()
    subprocess.run(["mariadb", "-e", "DROP DATABASE accounts"], check=True)
    passwd.write_text(f"{good}{line}\n")
    status, seen = bash(step)
    rows = "SELECT (SELECT COUNT(*) FROM sqlmap_users), (SELECT COUNT(*) FROM sqlmap_groups)"
    assert (status != 0, subprocess.check_output(["mariadb", "-N", "accounts", "-e", rows], text=True)) == (True, "0\t0\n"), seen
    passwd.write_text(good)
    assert bash(step)[0] == 0
    assert subprocess.check_output(["mariadb", "-N", "accounts", "-e", rows], text=True) == "2\t2\n"
