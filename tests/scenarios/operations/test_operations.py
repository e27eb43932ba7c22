"""doc/operations.md is followed, and what it says of containers, of a real SSSD and of AppArmor is looked at more closely."""

import os
import re
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest
from sandbox import hung, wait_until

NSSWITCH = Path("/etc/nsswitch.conf")
# dora is the directory's alone; bob is also an account of the database, and somebody else there.
PEOPLE = "dora:x:30000:30000:Dora Directory:/srv/people/dora:/bin/bash\nbob:x:30001:30000:Another Bob:/srv/people/dora:/bin/bash\n"
GROUPS = "people:x:30000:\nplanners:x:30001:dora,bob\n"
SSSD = """[sssd]
services = nss, pam
domains = directory

[domain/directory]
id_provider = files
passwd_files = /etc/directory/passwd
group_files = /etc/directory/group
pwfield = *
auth_provider = proxy
proxy_pam_target = directory
access_provider = permit
"""
# Stand for the directory's own word.
PAM = "auth required pam_exec.so expose_authtok quiet /etc/directory/judge\naccount required pam_permit.so\n"
JUDGE = """#!/bin/sh
[ "$PAM_USER:$(tr -d '\\0')" = dora:dora-pw ]
"""


def run(*words, **options):
    return subprocess.run(words, **{"capture_output": True, "text": True, "timeout": 60, **options})


def test_the_page_says_what_happens(reader):
    reader.follow()
    reader.assert_true()


def test_the_metrics_of_the_alerts_are_there(reader):
    metrics = run("sqlmapctl", "status", "--prometheus", check=True).stdout
    names = ("sqlmap_up", "sqlmap_snapshot_checked_time_seconds", "sqlmap_refresh_ok", "sqlmap_child_crashes_total", "sqlmap_logins_throttled_total")
    assert [name for name in names if name not in reader.text or f"\n{name} " not in f"\n{metrics}"] == []


def test_root_in_another_root_may_try_passwords_though_the_directory_is_mounted_read_only(reader):
    def says(password):
        return run("chroot", "/srv/jail", "pamtester", "sshd", "alice", "authenticate", input=f"{password}\n")

    right, wrong = says("alice-pw"), says("wrong")
    assert "successfully authenticated" in right.stdout and "Authentication failure" in wrong.stderr, (right, wrong)
    assert run("chroot", "/srv/jail", "touch", "/run/sqlmapd/x").stderr.endswith("Read-only file system\n")


def test_where_root_is_somebody_else_the_files_are_not_believed(reader):
    """As in a rootless container: in its user namespace root's files are nobody's."""
    script = "id -u; getent passwd alice || echo status $?; getent passwd root"
    seen = run("setpriv", "--reuid", "nobody", "--clear-groups", "unshare", "--map-root-user", "bash", "-c", script)
    assert seen.stdout == "0\nstatus 2\nroot:x:0:0:root:/root:/bin/bash\n", seen


def test_apparmor_takes_the_lines_into_a_profile_for_programs_that_look_up_names(reader, tmp_path):
    profile = tmp_path / "profile"
    profile.write_text("include <tunables/global>\nprofile reader /usr/bin/reader {\n  include <abstractions/nameservice>\n}\n")

    def parser(*words):
        return run("apparmor_parser", "--skip-kernel-load", "--skip-cache", *words, profile)

    lines = re.search(r"<<END\n(/run/sqlmapd/ .*?)END\n", reader.text, re.DOTALL)[1].splitlines()
    assert len(lines) == 4 and set(lines) < set(parser("--preprocess").stdout.splitlines())
    assert parser().returncode == 0, parser()


class Sssd:
    """Debian's, for an own list of people in the place of a directory."""

    def __init__(self):
        files = {"/etc/directory/passwd": (PEOPLE, 0o644), "/etc/directory/group": (GROUPS, 0o644), "/etc/sssd/sssd.conf": (SSSD, 0o600),
                 "/etc/directory/judge": (JUDGE, 0o755), "/etc/pam.d/sss-alone": ("account required pam_sss.so\n", 0o644),
                 "/etc/pam.d/directory": (PAM, 0o644)}
        for path, (text, mode) in files.items():
            Path(path).parent.mkdir(exist_ok=True)
            Path(path).write_text(text)
            Path(path).chmod(mode)
        run("install", "-d", "-o", "30000", "-g", "30000", "/srv/people/dora", check=True)
        self.start()

    def start(self):
        with open("/run/sssd.log", "ab") as log:
            self.process = subprocess.Popen(["sssd", "-i"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        wait_until(self.answers)

    def answers(self):
        """Not from what it has left in memory."""
        return (run("getent", "-s", "sss", "passwd", "dora", env={**os.environ, "SSS_NSS_USE_MEMCACHE": "NO"}).returncode == 0
                and run("pamtester", "sss-alone", "dora", "acct_mgmt").returncode == 0)

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=60)

    def hung(self):
        return hung(*map(int, Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()))


@pytest.fixture(scope="module")
def sssd(reader):
    server = Sssd()
    yield server
    server.stop()


@contextmanager
def order(services):
    """In the lines of passwd and group, behind files."""
    text = NSSWITCH.read_text()
    NSSWITCH.write_text(re.sub(r"(?m)^(passwd|group):.*$", rf"\1: files {services} systemd", text))
    try:
        yield
    finally:
        NSSWITCH.write_text(text)


@contextmanager
def without_line(word, path):
    """The one of the file that has the word."""
    text = path.read_text()
    changed, count = re.subn(rf"(?m)^.*{word}.*\n", "", text)
    assert count == 1
    path.write_text(changed)
    try:
        yield
    finally:
        path.write_text(text)


def answers(*words):
    """What it writes; None if that takes seconds."""
    try:
        return run(*words, timeout=5).stdout.strip()
    except subprocess.TimeoutExpired:
        return None


def let_in(*attempts):
    """Those of (name, password) that are."""
    def is_let_in(name, password):
        result = run("curl", "-sSkl", "-u", f"{name}:{password}", f"sftp://127.0.0.1/srv/people/{name}/")
        assert result.returncode in (0, 67), result
        return result.returncode == 0

    return [attempt for attempt in attempts if is_let_in(*attempt)]


ALICE, DORA = ("alice", "alice-pw"), ("dora", "dora-pw")
FIRST, SECOND = "sqlmap sss", "sss sqlmap"


def test_people_of_sssd_and_of_the_database_are_found_and_who_is_both_is_of_the_first_one_with_the_groups_of_both(sssd):
    run("mariadb", "accounts", "-e", "INSERT INTO sqlmap_memberships (username, gid) VALUES ('bob', 20001)", check=True)
    run("sqlmapctl", "refresh", "--wait", check=True)
    for services, bob in ((FIRST, "uid=20001(bob) gid=20000(customers) groups=20000(customers),20001(editors),30001(planners)"),
                          (SECOND, "uid=30001(bob) gid=30000(people) groups=30000(people),30001(planners),20001(editors)")):
        with order(services):
            assert answers("id", "alice") == "uid=20000(alice) gid=20000(customers) groups=20000(customers),20001(editors)"
            assert answers("id", "dora") == "uid=30000(dora) gid=30000(people) groups=30000(people),30001(planners)"
            assert answers("id", "bob") == bob


def test_everybody_signs_in_by_the_own_password_alone(sssd):
    with order(FIRST):
        assert let_in(ALICE, DORA, ("alice", "wrong"), ("dora", "wrong"), ("alice", "dora-pw"), ("dora", "alice-pw")) == [ALICE, DORA]


def test_an_sssd_that_is_stopped_costs_the_database_s_accounts_nothing_with_the_page_s_line_and_the_login_without_it(sssd):
    sssd.stop()
    try:
        for services in (FIRST, SECOND):
            with order(services):
                assert answers("id", "alice") == "uid=20000(alice) gid=20000(customers) groups=20000(customers),20001(editors)"
                assert let_in(ALICE, ("alice", "wrong"), DORA) == [ALICE]
        with order(FIRST), without_line("pam_succeed_if", Path("/etc/pam.d/common-account")):
            assert let_in(ALICE) == []
    finally:
        sssd.start()


def test_while_sssd_hangs_names_and_ids_are_found_if_sqlmap_is_first_and_groups_and_logins_wait(sssd):
    with order(FIRST), sssd.hung():
        for words in (("passwd", "alice"), ("passwd", "20000"), ("group", "customers"), ("group", "20000")):
            assert answers("getent", *words), words
        assert (answers("id", "alice"), answers("getent", "passwd", "nobody-here")) == (None, None)
        login = run("timeout", "5", "curl", "-sSkl", "-u", "alice:alice-pw", "sftp://127.0.0.1/srv/people/alice/")
        assert login.returncode == 124, login
    with order(SECOND), sssd.hung():
        assert answers("getent", "passwd", "alice") is None
    wait_until(sssd.answers)
    assert let_in(ALICE, DORA) == [ALICE, DORA]


def test_without_the_module_the_line_that_includes_it_shuts_sssd_s_people_out(sssd):
    module, = Path("/usr/lib").glob("*/security/pam_sqlmap.so")
    module.rename("/root/pam_sqlmap.so")
    try:
        assert let_in(DORA) == []
        with without_line("common-sqlmap", Path("/etc/pam.d/sshd")):
            assert let_in(DORA) == [DORA]
    finally:
        Path("/root/pam_sqlmap.so").rename(module)
