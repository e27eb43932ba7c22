"""What a session brings: a home that is made when it is first needed, a umask, and rows that tell who was there.

Also saslauthd, which asks for mail servers: password and account stage, and no session.
"""

import os
import re
import signal
import stat
import subprocess
from pathlib import Path

import pytest

import wire
from sandbox import wait_until
from people import GID, SNIPPET, People, configured, log_more, restart, run, sql
from secret_scan import expect_no_secret, used
from servers import ADDRESS, Sshd
from system_log import Syslog

PASSWORD = "right-Persimmon-3"
KEYS = Path("/etc/ssh/keys")
SASLAUTHD_SAYS = Path("/run/saslauthd.log")
SSH = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "NumberOfPasswordPrompts=1"]


class Shells(Sshd):
    files = {}
    command = ["/usr/sbin/sshd", "-D", "-e", "-o", "UsePAM=yes", "-o", "KbdInteractiveAuthentication=yes", "-o", "PasswordAuthentication=yes",
               "-o", f"AuthorizedKeysFile={KEYS}/%u", "-o", "LogLevel=DEBUG3"]


@pytest.fixture(scope="module", autouse=True)
def syslog():
    with Syslog() as log:
        yield log


@pytest.fixture(scope="module")
def people(request):
    return People(request.config.getoption("--mode"))


@pytest.fixture(scope="module")
def server(syslog, tmp_path_factory):
    KEYS.mkdir(parents=True)
    skel = Path("/srv/skel")
    (skel / "public").mkdir(parents=True)
    (skel / "welcome.txt").write_text("welcome\n")
    os.symlink("welcome.txt", skel / "first.txt")
    text = SNIPPET.read_text()
    assert text.count("pam_sqlmap.so ignore_authinfo_unavail") == 1
    SNIPPET.write_text(text.replace("pam_sqlmap.so ignore_authinfo_unavail",
                                    "pam_sqlmap.so ignore_authinfo_unavail mkhome=/srv/people skel=/srv/skel home_mode=0710 umask=0027"))
    log_more()
    Path("/srv/people").mkdir(parents=True, exist_ok=True)
    with Shells(tmp_path_factory.mktemp("sshd"), {}) as server:
        yield server


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    path = tmp_path_factory.mktemp("key") / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    return path


def ssh(name, *command, password=PASSWORD):
    return run("sshpass", "-e", "ssh", *SSH, "-o", "PubkeyAuthentication=no", f"{name}@{ADDRESS}", *command, env={**os.environ, "SSHPASS": used(password)})


def ssh_with_key(name, key, *command):
    return run("ssh", *SSH, "-o", "BatchMode=yes", "-i", key, f"{name}@{ADDRESS}", *command)


def expect_home(home, uid):
    found = home.stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (uid, GID, 0o710)
    for path in ("welcome.txt", "public", "first.txt"):
        inside = (home / path).lstat()
        assert (inside.st_uid, inside.st_gid) == (uid, GID), path
    assert (home / "welcome.txt").read_text() == "welcome\n"
    assert os.readlink(home / "first.txt") == "welcome.txt"


def test_the_first_login_with_a_password_finds_a_home_and_the_next_one_leaves_it_alone(people, server):
    home = people.add("anna", PASSWORD, home=False)
    result = ssh("anna", "pwd; umask; touch mine")
    assert result.stdout.splitlines() == [str(home), "0027"], result.stderr
    expect_home(home, people.uid("anna"))
    (home / "welcome.txt").unlink()
    home.chmod(0o700)
    assert ssh("anna", "ls").stdout.split() == ["first.txt", "mine", "public"]
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_a_login_with_a_key_finds_a_home_too(people, server, key):
    home = people.add("bert", PASSWORD, home=False)
    (KEYS / "bert").write_text(key.with_suffix(".pub").read_text())
    result = ssh_with_key("bert", key, "pwd")
    assert result.stdout.splitlines() == [str(home)], result.stderr
    expect_home(home, people.uid("bert"))


def test_twenty_first_logins_at_once_make_one_whole_home(people, server):
    home = people.add("cora", PASSWORD, home=False)
    logins = [subprocess.Popen(["su", "-", "cora", "-c", "cat welcome.txt; ls -d public"], stdout=subprocess.PIPE, text=True) for _ in range(20)]
    assert {login.communicate()[0] for login in logins} == {"welcome\npublic\n"}
    expect_home(home, people.uid("cora"))
    assert sorted(entry.name for entry in home.parent.iterdir() if entry.name.startswith(".")) in ([], [".sqlmap-new"])


def test_no_home_is_made_outside_of_the_place_for_homes(people, server, syslog):
    for home in ("/srv/elsewhere/dora", "/srv/people/../elsewhere/dora", "/etc/dora"):
        people.add("dora", PASSWORD, home=False, homedir=f"'{home}'")
        assert ssh("dora", "echo in").stdout == "in\n"
        assert not os.path.lexists(home)
    syslog.wait_for("pam_sqlmap(sshd:session)", "home")


def test_the_home_of_somebody_else_is_left_as_it_is(people, server):
    people.add("emil", PASSWORD, home=False)
    home = Path("/srv/people/emil")
    home.mkdir(mode=0o700)
    os.chown(home, 12345, 12345)
    ssh("emil", "true")
    found = home.stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode), list(home.iterdir())) == (12345, 12345, 0o700, [])


def rows(name):
    columns = "event, service, rhost, message"
    return [tuple(line.split("\t")) for line in sql(f"SELECT {columns} FROM sqlmap_log WHERE username = '{name}' ORDER BY id").splitlines()]


def test_each_attempt_and_each_session_has_one_true_row(people, server):
    people.add("fritz", PASSWORD)
    assert ssh("fritz", "true", password="wrong-Kiwi-4").returncode != 0
    assert ssh("fritz", "true").returncode == 0
    wait_until(lambda: len(rows("fritz")) >= 4)
    assert [row[:3] for row in rows("fritz")] == [("auth_failure", "sshd", ADDRESS), ("auth_success", "sshd", ADDRESS),
                                                  ("session_open", "sshd", ADDRESS), ("session_close", "sshd", ADDRESS)]
    assert [row[3].split(":")[0] for row in rows("fritz")] == ["wrong password", "accepted", "session opened", "session closed"]
    assert int(sql("SELECT COUNT(*) FROM sqlmap_log WHERE username = 'fritz' AND pid > 1 AND host <> ''")) == 4


def test_a_local_user_cannot_make_a_row_of_a_login_from_elsewhere(people):
    people.add("hilda", PASSWORD)
    uid = people.uid("hilda")
    question = b"".join(wire.text(field) for field in ("hilda", "sshd", "203.0.113.9", "ssh", "wrong-Medlar-6"))
    assert wire.ask_as(uid, wire.AUTHENTICATE, question) == [(wire.VERDICT, wire.WRONG_PASSWORD)]
    wait_until(lambda: rows("hilda"))
    [(event, *where, message)] = rows("hilda")
    assert (event, where) == ("auth_failure", ["", ""])
    assert message.startswith(f"wrong password, asked by uid {uid} as sshd: ")


def test_a_name_that_nobody_has_is_not_written_down(people, server):
    before = int(sql("SELECT COUNT(*) FROM sqlmap_log WHERE username = ''"))
    assert ssh("secret-typed-as-a-name", "true").returncode != 0
    wait_until(lambda: int(sql("SELECT COUNT(*) FROM sqlmap_log WHERE username = ''")) > before)
    assert "secret-typed" not in sql("SELECT * FROM sqlmap_log")


def test_a_row_that_cannot_be_written_holds_up_nobody_unless_it_is_required(people, server):
    people.add("gerda", PASSWORD)
    sql("RENAME TABLE sqlmap_log TO sqlmap_log_away")
    try:
        assert ssh("gerda", "echo in").stdout == "in\n"
        for query in ("auth_success", "session_open"):
            with configured(people.mode, ("log_rows", "required", f'["{query}"]')):
                assert "in" not in ssh("gerda", "echo in").stdout.splitlines(), query
    finally:
        sql("RENAME TABLE sqlmap_log_away TO sqlmap_log")
    with configured(people.mode, ("log_rows", "required", '["auth_success", "session_open"]')):
        assert ssh("gerda", "echo in").stdout == "in\n"
    assert [row[0] for row in rows("gerda")][:2] == ["auth_success", "session_open"]


def test_a_session_with_a_chroot_is_locked_in_or_refused(people, server):
    jail = Path("/srv/jail")
    for place in ("bin", "usr/bin", "usr/local/bin"):
        (jail / place).mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "--bind", "/usr", jail / "usr"], check=True)
    for link in ("bin", "lib", "lib64"):
        if not (jail / link).is_symlink():
            subprocess.run(["sh", "-c", f"rmdir {jail}/{link} 2>/dev/null; ln -sfn usr/{link} {jail}/{link}"], check=True)
    people.add("hans", PASSWORD)
    text = SNIPPET.read_text()
    try:
        SNIPPET.write_text(text.replace("mkhome=/srv/people", f"chroot={jail}"))
        locked = run("su", "hans", "--shell", "/bin/sh", "-c", "ls -d /etc /usr")
        assert ("/usr\n" in locked.stdout, "/etc\n" in locked.stdout) == (True, False), locked.stderr
        jail.chmod(0o777)
        assert run("su", "hans", "--shell", "/bin/sh", "-c", "echo in").stdout == ""
    finally:
        SNIPPET.write_text(text)
        jail.chmod(0o755)
        subprocess.run(["umount", jail / "usr"], check=True)


@pytest.fixture(scope="module")
def saslauthd(syslog):
    Path("/etc/pam.d/imap").write_text("@include common-sqlmap\nauth required pam_deny.so\naccount required pam_permit.so\n")
    Path("/run/saslauthd").mkdir(exist_ok=True)
    with SASLAUTHD_SAYS.open("wb") as log, subprocess.Popen(["saslauthd", "-d", "-a", "pam", "-n", "3", "-m", "/run/saslauthd"], stdout=log, stderr=log,
                                                            start_new_session=True) as process:
        wait_until(Path("/run/saslauthd/mux").exists)
        yield process
        assert process.poll() is None, "saslauthd has ended"
        os.killpg(process.pid, signal.SIGKILL)  # its handler of SIGTERM logs, and may wait for a lock that it holds itself


def mail_login(name, password):
    result = run("testsaslauthd", "-u", name, "-p", used(password), "-s", "imap")
    assert re.search(r"OK|NO", result.stdout), result
    return "OK" in result.stdout


def test_saslauthd_lets_in_who_knows_the_password_and_nobody_else(people, saslauthd):
    people.add("ida", PASSWORD)
    people.add("jakob", PASSWORD, enabled=0)
    people.add("karla", PASSWORD, services="'sshd'")
    assert mail_login("ida", PASSWORD)
    for name, password in (("ida", "wrong-Kiwi-4"), ("ida", ""), ("jakob", PASSWORD), ("karla", PASSWORD), ("nobody.example", PASSWORD)):
        assert not mail_login(name, password), (name, password)


def test_saslauthd_goes_on_for_hundreds_of_logins_and_through_a_restart(people, saslauthd):
    people.add("ida", PASSWORD)
    for turn in range(200):
        assert mail_login("ida", PASSWORD), turn
        if turn == 100:
            restart(people.mode)


def test_no_password_and_no_hash_is_in_any_log(syslog, server, saslauthd):
    """The last test: everything above is in these logs."""
    hashes = sql("SELECT password FROM sqlmap_users").splitlines()
    assert len(hashes) > 8
    for shown in hashes:
        used(shown)
    assert "debug3: " in server.messages()
    assert "accepted user=anna" in syslog.text()
    expect_no_secret(syslog.text(), server.messages(), SASLAUTHD_SAYS.read_text(), sql("SELECT * FROM sqlmap_log"))
