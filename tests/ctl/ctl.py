"""Runs sqlmapctl as a person and as a program does, and changes what it looks at."""

import json
import os
import re
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

CONFIG = Path("/etc/sqlmapd/sqlmapd.toml")
SECRETS = Path("/etc/sqlmapd/secrets.toml")
PASSWORD = "correct horse"
DAEMON = Path("/run/sqlmapd.pid")
DATABASE = Path("/run/mysqld/mysqld.pid")

# What varies from run to run, and what it is compared as.
MASKS = [
    # Hashes keep what tells their scheme; the rest is salt and what comes of it.
    (r"(\$(?:y|gy|7|2[aby]|wp\$2y|5|6|S|P|argon2id)\$|\{(?:SSHA|PBKDF2-SHA)(?:256|512)\}|pbkdf2_sha256\$)[^\s\"']+", r"\1HASH"),
    (r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?( ?(Z|UTC|[+-]\d\d:?\d\d))?", "DATE"),
    (r"\b\d+(\.\d+)? (ns|us|µs|ms|s|min|h|d|seconds?|minutes?|hours?|days?)\b", "TIME"),
    (r"(\"\w*(?:nanoseconds|microseconds|milliseconds|seconds|_ns|_us|_ms)\": )[\d.]+", r"\1TIME"),
    (r"(?<![\d.])\d+\.\d+\.\d+(?![\d.])(-[\w+~.-]+)?", "VERSION"),
    (r"(\"?\bpid\"?:? +)\d+", r"\1PID"),
    # What `status` counts.
    (r"(\bgeneration\"?:? +)\d+", r"\1N"),
    (r"(?m)^(  (?:crashes|clients now|turned away|readings|remembered|bytes|hits|misses|stale served|queries|shared|without answer|asked|"
     r"waiting|refused unseen|sources slowed|let in offline|(?:user|group|shadow) by (?:name|id)|groups of user|list of [a-z]+|authenticate|"
     r"check account|prepare change|change password|(?:open|close) session|ssh keys|refresh|status|flush) +)\d+$", r"\1N"),
    (r"(?m)^(  (?:accounts|privileged|writes) +)\d+( +)\d+( +\d+ +)\d+$", r"\1N\2N\3N"),
    (r"(?m)((?:TIME +){4})\d+$", r"\1N"),
    (r"\b(DAY|today is day) \d+(, \d{4}-\d\d-\d\d)?", r"\1 N"),
]


def sql(statements):
    return subprocess.run(["mariadb", "--no-defaults", "--default-character-set=utf8mb4", "--batch", "--skip-column-names", "accounts"],
                          input=statements, capture_output=True, text=True, check=True).stdout.strip()


def run(*arguments, stdin="", uid=None, **options):
    """sqlmapctl's CompletedProcess, as another user with `uid`."""
    return subprocess.run(["sqlmapctl", *arguments], input=stdin, capture_output=True, text=True, timeout=120, user=uid, group=uid,
                          extra_groups=None if uid is None else [], **options)


def ask(*arguments, status=0, **options):
    """What it says to a program."""
    result = run(*arguments, "--json", **options)
    assert result.returncode == status, result
    return json.loads(result.stdout)


def wait_until(condition, seconds=30):
    """Until it is true; it is asked anew as fast as its own work allows."""
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "it never came true"
        time.sleep(0.02)


def has_ended(pid):
    """Also if nobody has waited for it yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


@contextmanager
def daemon_stopped():
    """As by its administrator, and at last started anew."""
    pid = int(DAEMON.read_text())
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: has_ended(pid))
    try:
        yield
    finally:
        with open("/run/sqlmapd.log", "ab") as log:
            process = subprocess.Popen(["/usr/sbin/sqlmapd", "--foreground"], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       start_new_session=True)
        DAEMON.write_text(f"{process.pid}\n")
        wait_until(lambda: run("refresh", "--wait").returncode == 0)


@contextmanager
def database_stopped():
    """As by its administrator, and at last started anew, when sqlmapd has read it."""
    pid = int(DATABASE.read_text())
    command = Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0")
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: has_ended(pid))
    try:
        yield
    finally:
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        wait_until(lambda: run("refresh", "--wait").returncode == 0)


def masked(text):
    """The text with what varies replaced by a word; where there was something, two spaces and more count as two."""
    result = text
    for pattern, word in MASKS:
        result = re.sub(pattern, word, result)
    return result if result == text else re.sub(r" {2,}", "  ", result)
