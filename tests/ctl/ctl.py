"""Runs sqlmapctl as a person and as a program does, and changes what it looks at."""

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "support"))

from sandbox import SQLMAPD, mariadb_stopped, pid_in, sql, start_sqlmapd, stop, wait_until  # noqa: E402, F401 - tests take sql from here

CONFIG = Path("/etc/sqlmapd/sqlmapd.toml")
SECRETS = Path("/etc/sqlmapd/secrets.toml")
PASSWORD = "correct horse"

# What varies from run to run, and what it is compared as.
MASKS = [
    # Hashes keep what tells their scheme; the rest is salt and what comes of it.
    (r"(\$(?:y|gy|7|2[aby]|wp\$2y|5|6|S|P|argon2id)\$|\{(?:SSHA|PBKDF2-SHA)(?:256|512)\}|pbkdf2_sha256\$)[^\s\"']+", r"\1HASH"),
    (r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?( ?(Z|UTC|[+-]\d\d:?\d\d))?", "DATE"),
    # What is said besides where the machine is busy elsewhere, of a query that took a quarter of a second or longer.
    (r"\n\ndatabase: slow query: [^\n]* took (?:2[5-9]\d|[3-9]\d\d|\d{4,}) ms\n\Z", "\n"),
    (r"(?m)^database: slow query: .* took (?:2[5-9]\d|[3-9]\d\d|\d{4,}) ms\n", ""),
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


def run(*arguments, stdin="", uid=None, **options):
    """sqlmapctl's CompletedProcess, as another user with `uid`."""
    return subprocess.run(["sqlmapctl", *arguments], input=stdin, capture_output=True, text=True, timeout=120, user=uid, group=uid,
                          extra_groups=None if uid is None else [], **options)


def ask(*arguments, status=0, **options):
    """What it says to a program."""
    result = run(*arguments, "--json", **options)
    assert result.returncode == status, result
    return json.loads(result.stdout)


def read_when_told():
    """From now on sqlmapd reads the database when it is told to, and not in the middle of something that a test has broken on purpose."""
    CONFIG.write_text(CONFIG.read_text() + "\n[snapshot]\nrefresh_seconds = 86400\n")
    os.kill(pid_in(SQLMAPD), signal.SIGHUP)
    wait_until(lambda: "every 86400 s" in run("check").stdout)
    assert run("refresh", "--wait").returncode == 0


@contextmanager
def daemon_stopped():
    """As by its administrator, and at last started anew."""
    stop(SQLMAPD)
    try:
        yield
    finally:
        start_sqlmapd()
        wait_until(lambda: run("refresh", "--wait").returncode == 0)


@contextmanager
def database_stopped():
    """As by its administrator, and at last started anew, when sqlmapd has read it."""
    try:
        with mariadb_stopped():
            yield
    finally:
        wait_until(lambda: run("refresh", "--wait").returncode == 0)


def masked(text):
    """The text with what varies replaced by a word; where there was something, two spaces and more count as two."""
    result = text
    for pattern, word in MASKS:
        result = re.sub(pattern, word, result)
    return result if result == text else re.sub(r" {2,}", "  ", result)
