"""doc/troubleshooting.md is followed. The rows of its table that have no part of their own below it are brought about here, and each is looked at
by the row's own command; but for the chroot without /run/sqlmapd (../operations) and the image without documentation (tests/packages)."""

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from ctl import CONFIG, sql
from page import Step, bash
from ssh_logins import OPTIONS, QUERY, Key, ssh

SNAPSHOTS = "/run/sqlmapd /var/lib/sqlmapd/snapshot"


def sh(script):
    """What it writes, run as the page's commands are; it raises if it fails."""
    status, seen = bash(Step("", "", script))
    assert status == 0, f"exit status {status} of {script}:\n{seen}"
    return seen


def command(page, symptom):
    """The first one in that row of the table, for alice."""
    row, = re.findall(rf"(?m)^\| [^|]*{re.escape(symptom)}[^|]*\|[^|]*\|([^|]*)\|$", page.text)
    return re.search(r"`([^`]+)`", row)[1].replace("NAME", "alice")


def lets_in(url, name="alice", password="alice-pw"):
    """It raises if the answer is neither yes nor no."""
    result = subprocess.run(["curl", "-sSkl", "-u", f"{name}:{password}", url], capture_output=True, text=True, timeout=60)
    assert result.returncode in (0, 67), result
    return result.returncode == 0


def pam(name, password, *operations, rhost="192.0.2.1"):
    """What libpam says of these operations of the service sshd."""
    result = subprocess.run(["pamtester", "-I", f"rhost={rhost}", "sshd", name, *operations], input=f"{password}\n", capture_output=True, text=True,
                            timeout=60)
    return result.stdout + result.stderr


@contextmanager
def changed(path, change):
    """The file's text, changed by the function; it is as it was at last."""
    path, text = Path(path), Path(path).read_text(encoding="utf-8")
    assert change(text) != text
    path.write_text(change(text), encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(text, encoding="utf-8")


@contextmanager
def without_sqlmapd():
    """It is stopped, and what it has left is removed."""
    sh(f"systemctl stop sqlmapd; rm -r {SNAPSHOTS}")
    try:
        yield
    finally:
        sh("systemctl start sqlmapd; sqlmapctl refresh --wait")


@pytest.fixture(scope="module")
def page(reader):
    reader.follow()
    return reader


def test_the_page_says_what_happens(page):
    page.assert_true()


def test_what_goes_into_a_report_has_no_password_and_no_hash(page):
    files = "".join(open(f"/root/{name}.json", encoding="utf-8").read() for name in ("check", "status"))
    assert '"findings"' in files
    assert [word for word in ("reader-password", "judge-password", "$6$", "$1$") if word in files] == []


def test_a_key_is_not_taken_where_sshd_does_not_ask_for_it_or_the_row_is_no_line_of_authorized_keys(page, tmp_path):
    keys, key = command(page, "a key is not taken"), Key(tmp_path, "desk")

    def opens():
        result = ssh(key, "alice", "id", "-un")
        assert (result.returncode, result.stdout) == (0, "alice\n") or "Permission denied" in result.stderr, result
        return result.returncode == 0

    text = CONFIG.read_text()
    assert text.count('\n#ssh_keys = ""\n') == 1
    CONFIG.write_text(text.replace('\n#ssh_keys = ""\n', f'\nssh_keys = "{QUERY}"\n'))
    sh("systemctl reload sqlmapd")
    key.store("alice")
    assert (sh(keys), opens()) == (f"{key.line}\n", False)
    Path("/etc/ssh/sshd_config.d/keys.conf").write_text(
        "".join(f"{name} {value}\n" for name, value in OPTIONS.items() if name.startswith("AuthorizedKeys")))
    sh("systemctl restart ssh")
    assert opens()
    sql("UPDATE sqlmap_keys SET ssh_key = REPLACE(ssh_key, 'AAAA', 'AAA')")
    assert (sh(keys), opens()) == ("", False)


def test_ftp_refuses_the_right_password_without_a_home_and_with_a_shell_that_pam_shells_does_not_know(page):
    check = command(page, "FTP: refused after the right password")
    assert re.search(r"\| `sqlmapctl check`, rows `homes` and `shells` \|", page.text)
    sh("sed -i '0,/^@include common-/ s/^@include common-/@include common-sqlmap\\n&/' /etc/pam.d/vsftpd && systemctl start vsftpd")
    assert lets_in("ftp://127.0.0.1/")
    sh("mv /srv/people/alice /srv/people/away")
    assert not lets_in("ftp://127.0.0.1/")
    assert "missing: /srv/people/alice;" in sh(f"{check} | grep ' homes '")
    sh("mv /srv/people/away /srv/people/alice")
    assert lets_in("ftp://127.0.0.1/")

    sql("UPDATE sqlmap_users SET shell = '/opt/shell' WHERE username = 'alice'")
    sh("sqlmapctl refresh --wait")
    assert lets_in("ftp://127.0.0.1/")
    with changed("/etc/pam.d/vsftpd", lambda text: f"auth required pam_shells.so\n{text}"):
        assert not lets_in("ftp://127.0.0.1/")
        assert "/opt/shell" in sh(f"{check} | grep ' shells '")
        with changed("/etc/shells", lambda text: f"{text}/opt/shell\n"):
            assert lets_in("ftp://127.0.0.1/")
    sql("UPDATE sqlmap_users SET shell = '/bin/bash' WHERE username = 'alice'")
    sh("sqlmapctl refresh --wait")


@contextmanager
def session_of_alice():
    """Asks the shell of one that stays, who it is."""
    with subprocess.Popen(["sshpass", "-e", "ssh", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
                           "-o", "PubkeyAuthentication=no", "alice@127.0.0.1", "while read -r; do id -Gn; done"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True, env={"PATH": "/usr/bin:/bin", "SSHPASS": "alice-pw"}) as process:
        def groups():
            process.stdin.write("\n")
            process.stdin.flush()
            return process.stdout.readline().split()

        yield groups


def test_a_session_that_is_older_than_the_row_lacks_the_group(page):
    groups = command(page, "a group of an account is missing in a session")
    with session_of_alice() as old:
        assert old() == ["customers", "editors"]
        sql("INSERT INTO sqlmap_groups (groupname, gid) VALUES ('reviewers', 20002);"
            "INSERT INTO sqlmap_memberships (username, gid) VALUES ('alice', 20002)")
        sh("sqlmapctl refresh --wait")
        assert "20002 (reviewers)" in sh(groups)
        assert old() == ["customers", "editors"]
        with session_of_alice() as new:
            assert new() == ["customers", "editors", "reviewers"]


def test_whoever_guesses_is_refused_at_once_and_status_counts_it(page):
    assert "| `sqlmapctl status`, part `logins`;" in page.text
    with ThreadPoolExecutor(12) as threads:
        said = list(threads.map(lambda _: pam("alice", "wrong", "authenticate", rhost="192.0.2.66"), range(12)))
    refused = sum("Have exhausted maximum number of retries" in words for words in said)
    assert refused > 0 and all("successfully" not in words for words in said), said
    logins = dict(re.findall(r"(?m)^  (\S.*\S) +(\d+)$", sh(command(page, "each login is slow")).partition("\nlogins\n")[2]))
    assert (logins["refused unseen"], logins["sources slowed"]) == (str(refused), "1")
    assert "successfully authenticated" in pam("alice", "alice-pw", "authenticate")


def test_an_unknown_name_is_an_operation_that_is_not_supported_where_sqlmapd_has_left_no_list_and_nothing_stands_behind_sqlmap(page):
    warns = "user '{0}' via NSS, assuming it doesn't exist: Operation not supported"
    with changed("/etc/nsswitch.conf", lambda text: text.replace(" systemd", "")):
        with without_sqlmapd():
            assert warns.format("newcomer") in sh("echo 'u newcomer -' | systemd-sysusers -")
        assert "via NSS" not in sh("echo 'u latecomer -' | systemd-sysusers -")


def test_once_the_module_is_removed_a_line_that_is_left_shuts_everybody_out_where_nothing_stands_in_front_of_it(page):
    def otto():
        return pam("otto", "otto-pw", "authenticate", "acct_mgmt")

    sh("useradd -m otto && echo otto:otto-pw | chpasswd && mv /usr/lib/*/security/pam_sqlmap.so /root")
    try:
        assert "account management done" in otto()
        with changed("/etc/pam.d/common-sqlmap", lambda text: re.sub(r"(?m)^account .*pam_localuser.*\n", "", text)):
            assert "account management done" not in otto() and "Module is unknown" in otto()
            found = sh(command(page, "nobody gets in by a service any more"))
            assert re.search(r"(?m)^/etc/pam.d/common-sqlmap:\d+:account .*pam_sqlmap.so$", found), found
            assert "/etc/pam.d/sshd:4:@include common-sqlmap\n" in found
            with changed("/etc/pam.d/sshd", lambda text: text.replace("@include common-sqlmap\n", "")):
                assert "account management done" in otto()
    finally:
        sh("mv /root/pam_sqlmap.so /usr/lib/*/security/")


def test_in_direct_mode_getent_knows_the_accounts_and_su_does_not(page):
    su = ["setpriv", "--reuid", "nobody", "--clear-groups", "su", "alice", "-c", "true"]

    def said():
        return subprocess.run(su, input="wrong\n", capture_output=True, text=True, timeout=60).stderr

    def enable(text):
        return text.replace('\n#password = ""', '\npassword = "reader-password"').replace("\n#enabled = false", "\nenabled = true")

    with without_sqlmapd(), changed(CONFIG, enable):
        assert sh("setpriv --reuid nobody --clear-groups getent passwd alice").startswith("alice:")
        assert "does not exist" in said()
    assert "does not exist" not in said() and "Authentication failure" in said()
