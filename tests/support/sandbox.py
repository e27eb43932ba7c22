"""The servers of scripts/sandbox, as its administrator starts and stops them, and waiting for what they do."""

import os
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

SQLMAPD = Path("/run/sqlmapd.pid")
SQLMAPD_LOG = Path("/run/sqlmapd.log")
MARIADB = Path("/run/mysqld/mysqld.pid")


def sql(statements):
    return subprocess.run(["mariadb", "--no-defaults", "--default-character-set=utf8mb4", "--batch", "--skip-column-names", "accounts"],
                          input=statements, capture_output=True, text=True, check=True).stdout.strip()


def wait_until(condition, seconds=30):
    """Until it is true; it is asked anew as fast as its own work allows."""
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "it never came true"
        time.sleep(0.01)


def pid_in(pid_file):
    return int(pid_file.read_text())


def has_ended(pid):
    """Also if nobody has waited for it yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def stop(pid_file):
    """Ends the server whose number the file has, and returns when it has ended."""
    pid = pid_in(pid_file)
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: has_ended(pid))


def threads_are(state, pid):
    """All of the process."""
    try:
        stats = [stat.read_text() for stat in Path(f"/proc/{pid}/task").glob("*/stat")]
    except (FileNotFoundError, ProcessLookupError):  # one has just ended
        return False
    return all(stat.rsplit(")", 1)[1].split()[0] == state for stat in stats)


@contextmanager
def hung(*pids):
    """They answer nobody, and go on at last."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    for pid in pids:  # a thread on another processor goes on until that hears of it
        wait_until(lambda pid=pid: threads_are("T", pid))
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def start_sqlmapd(environment=None):
    """Its Popen; it may not answer yet."""
    with SQLMAPD_LOG.open("ab") as log:
        process = subprocess.Popen(["/usr/sbin/sqlmapd", "--foreground"], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   env=environment, start_new_session=True)
    SQLMAPD.write_text(f"{process.pid}\n")
    return process


@contextmanager
def mariadb_stopped():
    """At last it is started anew, and may not answer yet."""
    command = Path(f"/proc/{pid_in(MARIADB)}/cmdline").read_text().rstrip("\0").split("\0")
    stop(MARIADB)
    try:
        yield
    finally:
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
