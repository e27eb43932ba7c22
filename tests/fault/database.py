"""The sandbox's MariaDB, and how it fails: each context manager breaks it, and mends it at its end."""

import itertools
import os
import signal
import socket
import subprocess
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sandbox import MARIADB, has_ended, pid_in, sql, threads_are, wait_until

SOCKET = Path("/run/mysqld/mysqld.sock")
VIEWS = Path(__file__).resolve().parents[2] / "sql/views/aegir.sql"


def server():
    return pid_in(MARIADB)


def command_line():
    words = Path(f"/proc/{server()}/cmdline").read_bytes().decode().rstrip("\0").split("\0")
    return [word for word in words if "flush-log-at-trx-commit" not in word]


def answers():
    return subprocess.run(["mariadb", "--no-defaults", "-e", "SELECT 1"], capture_output=True).returncode == 0


def end_server():
    pid = server()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: has_ended(pid))


@contextmanager
def stopped():
    command = command_line()
    end_server()
    SOCKET.unlink(missing_ok=True)
    try:
        yield
    finally:
        start(command)


def start(command):
    subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                     start_new_session=True)
    wait_until(answers)


@contextmanager
def hung():
    os.kill(server(), signal.SIGSTOP)
    wait_until(lambda: threads_are("T", server()))
    try:
        yield
    finally:
        os.kill(server(), signal.SIGCONT)
        wait_until(answers)


@contextmanager
def hung_and_then_dead():
    command = command_line()
    os.kill(server(), signal.SIGSTOP)
    wait_until(lambda: threads_are("T", server()))
    try:
        yield
    finally:
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
    """What the client library takes for a greeting that asks for a method of its own; then what it makes nothing of."""
    greeting = (b"\x0a\xc1\xd2\0" + b"\1\0\0\0" + b"12345678\0" + b"\xff\xf7\x21\2\0\xff\x81\x15" + bytes(10)
                + b"123456789012\0" + b"noise\0")
    kinds = itertools.cycle((greeting, b"\x0a" + b"\xff" * 200))

    def talk(client, _real, ended):
        try:
            said = next(kinds)
            client.sendall(len(said).to_bytes(3, "little") + b"\0" + said + b"\xff" * 4096)
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
        "CREATE OR REPLACE VIEW nss_getpwnam AS SELECT t.* FROM truth t WHERE SLEEP(3) = 0")
    assert definition
    try:
        yield
    finally:
        end_queries()
        restore_views()
        sql("DROP TABLE truth")


def end_queries():
    """Whatever a look-up waits for: a view in use cannot be changed."""
    for connection in sql("SELECT id FROM information_schema.processlist WHERE user LIKE 'sqlmap%' AND command <> 'Sleep'").split():
        subprocess.run(["mariadb", "--no-defaults", "-e", f"KILL {connection}"], capture_output=True)  # it may have ended


def restore_views():
    subprocess.run(["mariadb", "--no-defaults", "accounts"], input=VIEWS.read_bytes(), check=True)


@contextmanager
def without_a_view():
    sql("DROP VIEW nss_getpwnam")
    try:
        yield
    finally:
        restore_views()


@contextmanager
def without_a_column():
    sql("ALTER TABLE hosting_platform CHANGE publish_path path LONGTEXT")
    try:
        yield
    finally:
        sql("ALTER TABLE hosting_platform CHANGE path publish_path LONGTEXT")
        sql("FLUSH TABLES")


# What a program with a connection does not notice.
NEW_CONNECTIONS_ONLY = (full, garbage, mute, slow)

FAULTS = {fault.__name__: fault for fault in (stopped, hung, hung_and_then_dead, full, garbage, mute, slow, slow_view, without_a_view,
                                              without_a_column)}
