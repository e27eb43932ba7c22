"""The sandbox's sqlmapd: its processes, its log, its files, its configuration."""

import json
import os
import signal
import struct
import subprocess
from contextlib import contextmanager
from pathlib import Path

from sandbox import SQLMAPD, SQLMAPD_LOG, has_ended, pid_in, start_sqlmapd, threads_are, wait_until

RUN = Path("/run/sqlmapd")
STATE = Path("/var/lib/sqlmapd")
CONTROL = RUN / "control"
PERSISTENT = STATE / "snapshot"
CONFIG = Path("/etc/sqlmapd/sqlmapd.toml")

# The configuration of these tests, but for what a test is about. The passwords are in secrets.toml. The same passwords are wrong here
# again and again, and none is to wait for those before.
BASE = {"database": {"name": '"accounts"', "user": '"sqlmap"'}, "accounts": {"name_case": '"lower"'},
        "auth": {"schemes": '["strong", "md5"]'}, "throttle": {"failures": 0}}


def is_here():
    return SQLMAPD.exists()


def parent():
    return pid_in(SQLMAPD)


def children():
    """Of the parent: the child that serves, and now and then a publisher."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            state, ppid = (process / "stat").read_text().rsplit(")", 1)[1].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(ppid) == parent() and state != "Z":
            found.append(int(process.name))
    return found


def child():
    """The one without root's rights."""
    for pid in children():
        try:
            if "\nUid:\t0\t" not in Path(f"/proc/{pid}/status").read_text():
                return pid
        except (FileNotFoundError, ProcessLookupError):
            continue
    return None


def start(wait=True, environment=None):
    """`wait`: until it answers."""
    process = start_sqlmapd(environment)
    _started.append(process)
    if wait:
        wait_until(lambda: status() or process.poll() is not None)
        assert process.poll() is None, log_text()[-2000:]
    return process


_started = []  # whose parent we are: to be waited for


def wait_for_end(pid):
    wait_until(lambda: has_ended(pid))
    for process in _started:
        process.poll()


def stop(number=signal.SIGTERM):
    """Also if there is none any more."""
    pid = parent()
    if has_ended(pid):
        return
    served_by = children()
    os.kill(pid, number)
    for each in [pid, *served_by]:
        wait_for_end(each)


def kill():
    stop(signal.SIGKILL)


def restart(environment=None):
    stop()
    start(environment=environment)


@contextmanager
def stopped(number=signal.SIGTERM):
    stop(number)
    try:
        yield
    finally:
        start()


@contextmanager
def frozen(*pids):
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    for pid in pids:
        wait_until(lambda pid=pid: threads_are("T", pid))
    try:
        yield
    finally:
        for pid in pids:
            if not has_ended(pid):
                os.kill(pid, signal.SIGCONT)


def status():
    """What `sqlmapctl status` says to a program, None if there is nobody to ask."""
    result = subprocess.run(["sqlmapctl", "status", "--json"], capture_output=True, text=True)
    return json.loads(result.stdout) if result.returncode == 0 else None


def refresh(*options):
    return subprocess.run(["sqlmapctl", "refresh", "--wait", *options], capture_output=True, text=True)


def never_throttle():
    """From here on, whatever the configuration was."""
    was = CONFIG.read_text()
    assert was.count("#failures = ") == 1
    stop()
    CONFIG.write_text(was.replace("#failures = ", "failures = 0 # "))
    start()


def log_text():
    return SQLMAPD_LOG.read_text(errors="replace")


class Log:
    """What the daemon says from now on."""

    def __init__(self):
        self._from = len(log_text())

    def text(self):
        return log_text()[self._from:]

    def wait_for(self, *words):
        """Until there is a line with all of these."""
        def said():
            return any(all(word in line for word in words) for line in self.text().splitlines())

        try:
            wait_until(said)
        except AssertionError:
            raise AssertionError(f"no line with {words} in:\n{self.text()}") from None


def generation():
    """Of the control page; doc/snapshot-format.md."""
    return struct.unpack_from("<Q", CONTROL.read_bytes(), 16)[0]


def snapshot():
    return RUN / f"snapshot.{generation()}"


def write_configuration(settings):
    """`settings`: section, key and value as in TOML, beside BASE."""
    sections = {name: BASE.get(name, {}) | settings.get(name, {}) for name in [*BASE, *settings]}
    CONFIG.write_text("".join(f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())
                              for name, keys in sections.items()))


@contextmanager
def configured(**settings):
    """The daemon with other settings."""
    before = CONFIG.read_text()
    stop()
    write_configuration(settings)
    start()
    try:
        yield
    finally:
        stop()
        CONFIG.write_text(before)
        start()
