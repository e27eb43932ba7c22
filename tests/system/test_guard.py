"""Who is kept out although the password, or the key, is right: by [access], by the query `access`; and who has to wait: [throttle]."""

import ftplib
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from people import LOG, People, configured, run, sql
from servers import ADDRESS, Sshd, Vsftpd

PASSWORD = "right-Tangerine-7"
QUERY = '"SELECT allowed FROM guard WHERE username = :name AND service = :service"'
# All of them are this host.
HOME, ELSEWHERE, ATTACKER = "127.3.0.1", "127.4.0.1", "127.2.0.66"
GUESSES = 40


@pytest.fixture(scope="module")
def people(request):
    people = People(request.config.getoption("--mode"))
    sql("CREATE TABLE guard (username VARCHAR(64), service VARCHAR(64), allowed TINYINT); GRANT SELECT ON guard TO sqlmap_auth@localhost;"
        "INSERT IGNORE INTO sqlmap_groups (groupname, gid) VALUES ('guests', 20001)")
    for name in ("alice", "bob"):
        people.add(name, PASSWORD)
    sql("INSERT INTO sqlmap_memberships (username, gid) VALUES ('bob', 20001)")
    return people


@pytest.fixture(scope="module", autouse=True)
def ftp(people, tmp_path_factory):
    with Vsftpd(tmp_path_factory.mktemp("vsftpd")) as server:
        yield server


@pytest.fixture(scope="module", autouse=True)
def key(people, tmp_path_factory):
    """A key that opens everybody's account to sshd."""
    path = tmp_path_factory.mktemp("key") / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    opens = Path("/etc/ssh/guard.pub")  # which sshd reads with the rights of each
    opens.write_text(path.with_suffix(".pub").read_text())
    opens.chmod(0o644)

    class ByKey(Sshd):
        files = {}
        command = ["/usr/sbin/sshd", "-D", "-e", "-o", "UsePAM=yes", "-o", "PasswordAuthentication=no",
                   "-o", f"AuthorizedKeysFile={opens}", "-o", "StrictModes=no"]

    with ByKey(tmp_path_factory.mktemp("sshd"), {}):
        yield path


def by_ftp(name, password=PASSWORD, source=HOME):
    """Whether he is let in; it raises if the answer is neither yes nor no."""
    ftp = ftplib.FTP(timeout=60)
    ftp.connect(ADDRESS, source_address=(source, 0))
    try:
        ftp.login(name, password)
        return True
    except ftplib.error_perm as refusal:
        assert str(refusal).startswith("530"), refusal
        return False
    finally:
        ftp.close()


def by_key(key, name):
    result = run("ssh", "-i", str(key), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
                 "-o", "BatchMode=yes", f"{name}@{ADDRESS}", "echo", "the", "command", "ran")
    assert (result.returncode == 0) == ("the command ran" in result.stdout), result.stderr
    return result.returncode == 0


def status():
    return json.loads(run("sqlmapctl", "status", "--json").stdout)


# bob alone is in the group guests; the own group of both is customers.
@pytest.mark.parametrize("name, value, alice, bob", [
    ("deny_users", '["bob"]', True, False),
    ("deny_groups", '["guests"]', True, False),
    ("allow_users", '["alice"]', True, False),
    ("allow_groups", '["guests"]', False, True),
    ("allow_groups", '["customers"]', True, True),
])
def test_the_lists_hold_for_passwords_and_for_keys(people, key, name, value, alice, bob):
    with configured(people.mode, ("access", name, value)):
        assert (by_ftp("alice"), by_key(key, "alice")) == (alice, alice)
        assert (by_ftp("bob"), by_key(key, "bob")) == (bob, bob)


def test_the_query_says_who_may_use_which_service(people, key):
    sql("INSERT INTO guard VALUES ('alice', 'vsftpd', 1), ('alice', 'sshd', 0), ('bob', 'sshd', 1)")
    with configured(people.mode, ("queries", "access", QUERY)):
        assert (by_ftp("alice"), by_key(key, "alice")) == (True, False)
        assert (by_ftp("bob"), by_key(key, "bob")) == (False, True)
        sql("UPDATE guard SET allowed = NULL WHERE username = 'alice'")
        assert (by_ftp("alice"), by_key(key, "alice")) == (False, False)


def test_a_query_that_fails_lets_in_nobody_but_local_people(people, key):
    subprocess.run(["useradd", "--create-home", "guardjoe"], check=True)
    subprocess.run(["chpasswd"], input=f"guardjoe:{PASSWORD}\n", text=True, check=True)
    with configured(people.mode, ("queries", "access", '"SELECT 1 FROM no_such_table WHERE username = :name"')):
        assert (by_ftp("alice"), by_key(key, "alice")) == (False, False)
        assert by_key(key, "guardjoe")


def test_a_flood_of_guesses_from_one_address_is_for_that_address_to_wait(people):
    with configured(people.mode, ("throttle", "failures", "5")):
        assert by_ftp("alice")
        with ThreadPoolExecutor(GUESSES) as threads:
            guesses = [threads.submit(by_ftp, "alice", f"guess {i}", ATTACKER) for i in range(GUESSES)]
            assert by_ftp("bob", source=ELSEWHERE)
            assert by_ftp("alice")
            assert by_ftp("alice", source=ELSEWHERE)
            assert not any(guess.result() for guess in guesses)
        seen = status()
        assert seen["sources_slowed"] == 1
        assert seen["logins_throttled"] >= GUESSES - 12
        assert f"slowed down: logins from {ATTACKER}," in LOG.read_text()
