"""`sqlmapctl check` reads a list for a minute and no longer, however it goes on. The minute is the clock's, which is moved.

SQLMAP_MONOTONIC_CLOCK is the path of what moved_clock.cc becomes.
"""

import json
import os
import re
import struct
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from ctl import CONFIG, sql, wait_until

CLOCK = Path("/etc/sqlmap-moved-clock")
# A row every hundredth of a second, large enough that the server sends it soon, and no account.
SLOW = "SELECT NULL AS username, 'x' AS password, 1 AS uid, 1 AS gid, REPEAT('x', 9000) AS gecos, '/' AS homedir, '/bin/sh' AS shell " \
       "FROM seq_1_to_1000000 WHERE SLEEP(0.01) = 0"
# One step is less than what check waits for a single row: ten seconds.
STEP, STEPS = 9, 6


def set_clock(seconds):
    with CLOCK.open("r+b" if CLOCK.exists() else "wb", buffering=0) as file:  # the same file: it is mapped
        file.write(struct.pack("<q", seconds))


@contextmanager
def a_slow_list():
    before = CONFIG.read_text()
    sql(f"CREATE VIEW slow AS {SLOW}; GRANT SELECT ON slow TO sqlmap@localhost")
    CONFIG.write_text(before + '\n[queries]\ngetpwent = "SELECT * FROM slow"\n')
    try:
        yield
    finally:
        CONFIG.write_text(before)
        sql("REVOKE SELECT ON slow FROM sqlmap@localhost; DROP VIEW slow")


def is_read(state="%"):
    return sql("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'sqlmap' AND info LIKE 'SELECT * FROM slow%' "
               f"AND state LIKE '{state}'") == "1"


def rests(process):
    """How often it has waited for something, which it does for each few rows."""
    return int(re.search(r"^voluntary_ctxt_switches:\t(\d+)$", Path(f"/proc/{process.pid}/status").read_text(), re.MULTILINE)[1])


def goes_on(process):
    """When it has taken rows anew, by the clock as it is now."""
    before = rests(process)
    wait_until(lambda: rests(process) > before + 3)


def test_a_list_that_goes_on_is_read_for_a_minute_and_what_is_behind_that_is_said_not_to_be_looked_at():
    set_clock(0)
    with a_slow_list():
        began = time.monotonic()
        process = subprocess.Popen(["sqlmapctl", "check", "--json"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                                   env=os.environ | {"LD_PRELOAD": os.environ["SQLMAP_MONOTONIC_CLOCK"]})
        wait_until(lambda: is_read("User sleep"))  # no longer prepared, but run
        for step in range(STEPS):
            set_clock((step + 1) * STEP)
            goes_on(process)
            assert is_read(), f"it gave up within {(step + 1) * STEP} s"
        set_clock((STEPS + 1) * STEP)
        out, _ = process.communicate(timeout=20)
        took = time.monotonic() - began
    said = next(f"{f['level']} {f['subject']}: {f['what']}" for f in json.loads(out)["findings"] if f["subject"] == "getpwent" and f["area"] == "data")
    rows, seconds = re.fullmatch(r"warning getpwent: not all looked at: (\d+) rows within (\d+)\.\d s", said).groups()
    assert int(rows) > 4 * STEPS and (STEPS + 1) * STEP <= int(seconds) <= (STEPS + 1) * STEP + took
