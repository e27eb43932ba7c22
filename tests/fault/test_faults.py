"""The database stopped, hung, killed, full, slow, talking garbage, read-only, or with a view or a column missing.

Each time, from a fresh process and from one that was there before: no call takes over a second, nothing is answered "absent",
local accounts and root are unharmed, nobody is let in, and the first call after the recovery succeeds.

Runs inside scripts/sandbox with Aegir's data.
"""

import os
import pwd
import signal
import socket
import subprocess
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

SOCKET = Path("/run/mysqld/mysqld.sock")
PID = Path("/run/mysqld/mysqld.pid")
LOOKUP = Path(__file__).with_name("lookup.py")
VIEWS = Path(__file__).resolve().parents[2] / "sql/views/aegir.sql"
SITE = "shop.acme.example"
OTHER = "bolt.example"
FOUND = "found 10000"
PAM_SUCCESS, PAM_AUTHINFO_UNAVAIL = "0", "9"
LOCAL_PASSWORD = "local-pw"
ONE_SECOND = 1.0


class Host:
    """A program that looks accounts up."""

    def __init__(self):
        self._process = subprocess.Popen(["/usr/bin/python3", LOOKUP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *words):
        """The answer, and the seconds that the call took."""
        self._process.stdin.write(" ".join(words) + "\n")
        self._process.stdin.flush()
        answer, seconds = self._process.stdout.readline().rsplit(maxsplit=1)
        return answer, float(seconds)

    def close(self):
        self._process.stdin.close()
        assert self._process.wait(timeout=10) == 0


def sql(statements):
    return subprocess.run(["mariadb", "--no-defaults", "--batch", "--skip-column-names", "accounts"], input=statements,
                          capture_output=True, text=True, check=True).stdout


def server():
    return int(PID.read_text())


def command_line():
    words = Path(f"/proc/{server()}/cmdline").read_bytes().decode().rstrip("\0").split("\0")
    return [word for word in words if "flush-log-at-trx-commit" not in word]


def wait_until(condition):
    give_up = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.01)


def answers():
    return subprocess.run(["mariadb", "--no-defaults", "-e", "SELECT 1"], capture_output=True).returncode == 0


def threads_are(state):
    return all(stat.read_text().rsplit(")", 1)[1].split()[0] == state for stat in Path(f"/proc/{server()}/task").glob("*/stat"))


def end_server():
    pid = server()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{pid}/status").exists() or "State:\tZ" in Path(f"/proc/{pid}/status").read_text())


@contextmanager
def stopped():
    command = command_line()
    end_server()
    SOCKET.unlink(missing_ok=True)
    yield
    start(command)


def start(command):
    subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                     start_new_session=True)
    wait_until(answers)


@contextmanager
def hung():
    os.kill(server(), signal.SIGSTOP)
    wait_until(lambda: threads_are("T"))
    yield
    os.kill(server(), signal.SIGCONT)
    wait_until(answers)


@contextmanager
def hung_and_then_dead():
    command = command_line()
    os.kill(server(), signal.SIGSTOP)
    wait_until(lambda: threads_are("T"))
    yield
    end_server()
    start(command)


@contextmanager
def full():
    limit = int(sql("SELECT @@max_connections"))
    sql("SET GLOBAL max_connections = 10")
    with ExitStack() as stack:
        for _ in range(20):
            holder = stack.enter_context(socket.socket(socket.AF_UNIX))
            holder.connect(str(SOCKET))
            holder.recv(1)
        yield
    wait_until(answers)
    sql(f"SET GLOBAL max_connections = {limit}")


@contextmanager
def in_front_of_the_server(talk):
    """Puts another server on the socket's path; `talk` treats its clients."""
    real = SOCKET.with_name("real.sock")
    SOCKET.rename(real)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(SOCKET))
    listener.listen(64)
    listener.settimeout(0.02)
    ended = threading.Event()

    def serve():
        while not ended.is_set():
            try:
                client, _ = listener.accept()
            except TimeoutError:
                continue
            threading.Thread(target=talk, args=(client, real, ended), daemon=True).start()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        listener.close()
        SOCKET.unlink()
        real.rename(SOCKET)


def garbage():
    def talk(client, _real, ended):
        try:
            client.sendall(b"\x4a\x00\x00\x00\x0a" + os.urandom(4096))
        except OSError:
            pass
        ended.wait()
        client.close()

    return in_front_of_the_server(talk)


def mute():
    def talk(client, _real, ended):
        ended.wait()
        client.close()

    return in_front_of_the_server(talk)


def slow():
    def talk(client, real, ended):
        upstream = socket.socket(socket.AF_UNIX)
        upstream.connect(str(real))

        def carry(source, target):
            try:
                while data := source.recv(4096):
                    if ended.wait(0.4):
                        break
                    target.sendall(data)
            except OSError:
                pass
            for end in (source, target):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

        threading.Thread(target=carry, args=(upstream, client), daemon=True).start()
        carry(client, upstream)

    return in_front_of_the_server(talk)


@contextmanager
def slow_view():
    """Every look-up runs into a view that takes its time."""
    definition = sql("SELECT view_definition FROM information_schema.views WHERE table_schema = 'accounts' AND table_name = 'nss_getpwnam'")
    sql("CREATE TABLE truth AS SELECT * FROM nss_getpwnam; "
        "CREATE OR REPLACE VIEW nss_getpwnam AS SELECT t.* FROM truth t WHERE SLEEP(30) = 0")
    assert definition
    yield
    restore_views()
    sql("DROP TABLE truth")


def restore_views():
    subprocess.run(["mariadb", "--no-defaults", "accounts"], input=VIEWS.read_bytes(), check=True)


@contextmanager
def without_a_view():
    sql("DROP VIEW nss_getpwnam")
    yield
    restore_views()


@contextmanager
def without_a_column():
    sql("ALTER TABLE hosting_platform CHANGE publish_path path LONGTEXT")
    yield
    sql("ALTER TABLE hosting_platform CHANGE path publish_path LONGTEXT")
    sql("FLUSH TABLES")


# What a program with a connection does not notice.
NEW_CONNECTIONS_ONLY = (full, garbage, mute, slow)

FAULTS = {fault.__name__: fault for fault in (stopped, hung, hung_and_then_dead, full, garbage, mute, slow, slow_view, without_a_view,
                                              without_a_column)}


@pytest.fixture(scope="session", autouse=True)
def host_set_up():
    subprocess.run(["useradd", "--no-create-home", "localjoe"], check=True)
    subprocess.run(["chpasswd"], input=f"localjoe:{LOCAL_PASSWORD}", text=True, check=True)
    # The sandbox's server writes its log lazily; what these tests kill must come back with its data.
    sql("SET GLOBAL innodb_flush_log_at_trx_commit = 1; FLUSH ENGINE LOGS")
    # The files as they are installed, but for the seconds of delay after a refused login.
    stack = "".join(Path(f"/etc/pam.d/common-{part}").read_text() for part in ("sqlmap", "auth", "account"))
    for module in ("pam_sqlmap.so", "pam_unix.so"):
        stack = stack.replace(module, f"{module} nodelay")
    Path("/etc/pam.d/fault").write_text(stack)


@pytest.fixture(params=FAULTS)
def fault(request):
    return FAULTS[request.param]


@pytest.fixture
def old_host():
    """Was there before the fault, and has connections."""
    host = Host()
    assert host.ask("user", SITE)[0] == FOUND
    yield host
    host.close()


@pytest.fixture
def fresh_hosts():
    """Makes programs that look up for the first time."""
    with ExitStack() as stack:
        def make():
            host = Host()
            stack.callback(host.close)
            return host

        yield make


def expect_unavailable(host, name):
    answer, seconds = host.ask("user", name)
    assert answer.startswith("unavailable ")
    assert seconds <= ONE_SECOND


def test_a_site_is_unavailable_and_found_again_by_the_first_call_after(fault, old_host, fresh_hosts):
    fresh = fresh_hosts()
    with fault():
        for host in (fresh, old_host, fresh, old_host):
            if host is old_host and fault in NEW_CONNECTIONS_ONLY:
                assert host.ask("user", SITE)[0] == FOUND
            else:
                expect_unavailable(host, SITE)
                expect_unavailable(host, OTHER)
    for host in (old_host, fresh, fresh_hosts()):
        answer, seconds = host.ask("user", SITE)
        assert (answer, seconds <= ONE_SECOND) == (FOUND, True)


def test_local_accounts_and_root_notice_nothing(fault, old_host, fresh_hosts):
    with fault():
        for host in (fresh_hosts(), old_host):
            for name, uid in (("root", 0), ("localjoe", pwd.getpwnam("localjoe").pw_uid)):
                answer, seconds = host.ask("user", name)
                assert answer == f"found {uid}"
                assert seconds <= 0.1
                answer, seconds = host.ask("groups", name)
                assert answer.startswith("ok ")
                assert seconds <= ONE_SECOND
            assert host.ask("login", "localjoe", LOCAL_PASSWORD)[0] == PAM_SUCCESS
            assert host.ask("login", "localjoe", "alice-pw")[0] != PAM_SUCCESS
        assert subprocess.run(["su", "root", "-c", "true"]).returncode == 0


@pytest.mark.parametrize("fault", [fault for name, fault in FAULTS.items() if name not in ("slow_view", "without_a_view")])
def test_nobody_is_let_in_meanwhile_and_the_owner_is_right_after(fault, old_host, fresh_hosts):
    with fault():
        for host in (fresh_hosts(), old_host):
            assert host.ask("login", SITE, "alice-pw")[0] != PAM_SUCCESS
            assert host.ask("login", SITE, "wrong")[0] != PAM_SUCCESS
    for host in (old_host, fresh_hosts()):
        assert host.ask("login", SITE, "alice-pw")[0] == PAM_SUCCESS
        assert host.ask("login", SITE, "wrong")[0] != PAM_SUCCESS


def test_a_server_killed_in_mid_query_is_unavailable(old_host):
    with slow_view():
        command = command_line()
        asking = threading.Thread(target=expect_unavailable, args=(old_host, SITE))
        asking.start()
        wait_until(lambda: "truth" in sql("SELECT info FROM information_schema.processlist WHERE user = 'sqlmap' AND command = 'Execute'")
                   or not asking.is_alive())
        end_server()
        asking.join()
        start(command)
    assert old_host.ask("user", SITE)[0] == FOUND


def test_a_read_only_server_answers(old_host, fresh_hosts):
    sql("SET GLOBAL read_only = 1")
    try:
        for host in (old_host, fresh_hosts()):
            assert host.ask("user", OTHER)[0] == FOUND
            assert host.ask("login", SITE, "bob-pw")[0] == PAM_SUCCESS
    finally:
        sql("SET GLOBAL read_only = 0")


def test_a_name_that_nobody_has_is_absent_only_when_the_database_says_so(old_host, fresh_hosts):
    for host in (old_host, fresh_hosts()):
        assert host.ask("user", "nobody.example")[0] == "absent"
    with stopped():
        for host in (old_host, fresh_hosts()):
            assert host.ask("user", "nobody.example")[0].startswith("unavailable ")


def test_a_hung_server_costs_a_program_its_time_out_once(old_host):
    with hung():
        expect_unavailable(old_host, SITE)
        started = time.monotonic()
        for _ in range(200):
            assert old_host.ask("user", SITE)[0].startswith("unavailable ")
        assert time.monotonic() - started < ONE_SECOND


def test_an_account_of_ours_does_not_pass_the_account_stage_while_its_logins_cannot_be_read(old_host, fresh_hosts):
    """Whoever was verified by a key or by root: a table that is locked must not hide that its owners are blocked."""
    assert subprocess.run(["su", "-s", "/bin/sh", SITE, "-c", "true"]).returncode == 0
    Path("/etc/pam.d/su").write_text(Path("/etc/pam.d/su").read_text().replace("@include common-auth", "@include common-sqlmap\n@include common-auth"))
    assert subprocess.run(["su", "-s", "/bin/sh", SITE, "-c", "true"]).returncode == 0
    definition = sql("SHOW CREATE VIEW nss_mysql").split("\t")[1]
    sql("DROP VIEW nss_mysql")
    try:
        assert old_host.ask("user", SITE)[0] == FOUND
        assert subprocess.run(["su", "-s", "/bin/sh", SITE, "-c", "true"]).returncode != 0
        assert subprocess.run(["su", "root", "-c", "true"]).returncode == 0
    finally:
        sql(definition)
    restore_views()
    assert subprocess.run(["su", "-s", "/bin/sh", SITE, "-c", "true"]).returncode == 0


def test_openssl_reads_nothing_that_the_environment_names(tmp_path):
    """OPENSSL_CONF can load code, and a fifo would hold the look-up for ever."""
    os.mkfifo(tmp_path / "fifo")
    environment = os.environ | {"OPENSSL_CONF": str(tmp_path / "fifo")}
    seen = subprocess.run(["getent", "passwd", SITE], env=environment, capture_output=True, text=True, timeout=20)
    assert seen.stdout.startswith(f"{SITE}:x:10000:")


def test_a_group_with_the_name_of_a_privileged_one_is_nobodys():
    """A row called sudo, with whatever gid, must not be what sudo and sshd take for the group sudo."""
    sql("CREATE OR REPLACE VIEW nss_getgrnam AS SELECT 'sudo' AS groupname, 'x' AS password, 20027 AS gid")
    try:
        for key in ("sudo", "20027"):
            assert "20027" not in subprocess.run(["getent", "group", key], capture_output=True, text=True).stdout
        assert "20027" not in subprocess.run(["getent", "group"], capture_output=True, text=True).stdout
    finally:
        restore_views()


@pytest.mark.parametrize("mistake", ["[acounts]\n", "nonsense", "[database]\nname = 1\n"])
def test_a_mistake_in_sqlmapd_toml_stops_no_program_that_runs(old_host, mistake):
    """The files are looked at every two seconds; what was good once stays in force, for logins too."""
    path = Path("/etc/sqlmapd/sqlmapd.toml")
    good = path.read_text()
    assert old_host.ask("login", SITE, "alice-pw")[0] == PAM_SUCCESS
    path.write_text(good + mistake)
    try:
        until = time.monotonic() + 3
        while time.monotonic() < until:
            assert old_host.ask("user", SITE)[0] == FOUND
            assert old_host.ask("login", SITE, "alice-pw")[0] == PAM_SUCCESS
    finally:
        path.write_text(good)
