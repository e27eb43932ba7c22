"""`sqlmapctl status`: what people, programs and Prometheus see of a sqlmapd that is well, and of one that is not."""

import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import threading
import time
import tomllib
from contextlib import contextmanager
from pathlib import Path

import pytest
from ctl import SECRETS, ask, daemon_stopped, database_stopped, masked, run, sql, wait_until
from prometheus_client.parser import text_string_to_metric_families

NOBODY = 65534
SOCKET = "/run/sqlmapd/socket"
PASSWORD_OF_OURS = tomllib.loads(SECRETS.read_text())["privileged"]["password"]
AWAY = "sqlmapd is not running: no socket, or not in a directory that is root's alone"

DAEMON = """sqlmapd
  version  VERSION
  pid  PID
  since  DATE, TIME ago
  counts since  DATE, TIME ago
  crashes  N
"""
ACCOUNTS = """
accounts
  snapshot  published
  generation  N
  users  8
  groups  2
  read  DATE, TIME ago
  as of  DATE, TIME ago
  last reading  good
"""
FOR_ROOT = """
servers
  pool  server  state
  accounts  /run/mysqld/mysqld.sock  up
  privileged  /run/mysqld/mysqld.sock  -
  writes  /run/mysqld/mysqld.sock  -

connections to the database
  pool  open  in use  at most  waited for
  accounts  N  N  4  N
  privileged  N  N  4  N
  writes  N  N  4  N

answers in memory
  remembered  N
  bytes  N
  hits  N
  misses  N
  stale served  N
  queries  N
  shared  N
  without answer  N

questions
  kind  asked
  user by name  N
  refresh  N
  status  N

how long it takes, of the last five to ten minutes
  of  half  90 %  99 %  slowest  count
  query  TIME  TIME  TIME  TIME  N
  lookup  TIME  TIME  TIME  TIME  N

logins
  asked  N
  waiting  N
  refused unseen  N
  sources slowed  N
  let in offline  N
"""


@pytest.fixture
def fresh():
    """A sqlmapd that nobody has asked anything but to read."""
    with daemon_stopped():
        pass


def families():
    result = run("status", "--prometheus")
    assert result.returncode == 0, result
    return {family.name: family for family in text_string_to_metric_families(result.stdout)}, result


def samples(family):
    return {tuple(sample.labels.values()): sample.value for sample in family.samples}


def test_root_sees_all_of_it(fresh):
    for _ in range(2):
        subprocess.run(["getent", "passwd", "nobody.of.ours"], check=False)
    result = run("status")
    assert (result.returncode, result.stderr) == (0, "")
    assert masked(result.stdout) == (DAEMON + "  clients now  N\n  turned away  N\n" + ACCOUNTS + "  readings  N\n  the last took  TIME\n" + FOR_ROOT)
    seen = ask("status")
    assert seen["pool"]["accounts"] == {"open": 1, "in_use": 0, "limit": 4, "waits": 0}
    assert (seen["users"], seen["groups"], seen["queries"], seen["cache_hits"]) == (8, 2, 1, 1)
    assert seen["cache_misses"] == seen["cache_entries"] == 1
    assert seen["questions"]["user_by_name"] == seen["latency"]["lookup"]["count"] == 2
    assert 0 < seen["latency"]["query"]["p50"] <= seen["latency"]["query"]["max"] < 1
    assert 0 <= time.time() - seen["checked_time"] < 60
    assert seen["snapshot_time"] <= seen["checked_time"]
    assert seen["start_time"] <= seen["child_start_time"] <= time.time()


def test_others_see_that_it_runs_and_what_is_published_and_nothing_of_the_database():
    result = run("status", uid=NOBODY)
    assert (result.returncode, result.stderr) == (0, "")
    assert masked(result.stdout) == (
        DAEMON + ACCOUNTS + "\nRoot is told more: servers, connections, answers, questions, latencies and logins.\n")
    assert list(ask("status", uid=NOBODY)) == [
        "version", "pid", "start_time", "child_start_time", "child_restarts", "snapshot", "generation", "users", "groups", "snapshot_time",
        "checked_time", "refresh"]


def test_that_nobody_answers_is_said_in_words_and_by_the_exit_status():
    with daemon_stopped():
        result = run("status")
        assert (result.returncode, result.stdout, result.stderr) == (3, "", f"sqlmapctl: {AWAY}\n")
        assert ask("status", status=3) == {"error": AWAY}
        metrics, result = families()
        assert {name: samples(family) for name, family in metrics.items()} == {"sqlmap_up": {(): 0}}
        assert result.stderr == f"sqlmapctl: {AWAY}\n"


def test_prometheus_reads_what_it_is_given(fresh):
    subprocess.run(["getent", "passwd", "nobody.of.ours"], check=False)
    metrics, result = families()
    assert result.stderr == ""
    assert samples(metrics["sqlmap_up"]) == {(): 1}
    assert all(family.documentation and family.type in {"gauge", "counter", "summary"} for family in metrics.values())
    assert all(name.startswith("sqlmap_") for name in metrics)
    assert metrics["sqlmap_questions"].type == "counter"
    assert samples(metrics["sqlmap_questions"])[("user_by_name",)] == 1
    assert samples(metrics["sqlmap_snapshot_users"]) == {(): 8}
    assert samples(metrics["sqlmap_server_up"]) == {("accounts", "0", "/run/mysqld/mysqld.sock"): 1}
    latency = metrics["sqlmap_latency_seconds"]
    assert latency.type == "summary"
    quantiles = [(sample.labels["of"], sample.labels["quantile"]) for sample in latency.samples if "quantile" in sample.labels]
    assert quantiles == [(of, quantile) for of in ("lookup", "query") for quantile in ("0.5", "0.9", "0.99", "1")]
    # A family begins once, and no sample is there twice.
    names = [line.split()[2] for line in result.stdout.splitlines() if line.startswith("# TYPE ")]
    assert len(names) == len(set(names)) == len(metrics)
    lines = [line.rsplit(" ", 1)[0] for line in result.stdout.splitlines() if not line.startswith("#")]
    assert len(lines) == len(set(lines))


def test_a_database_that_is_away_is_named_with_since_when_and_why():
    with database_stopped():
        assert run("refresh", "--wait").returncode == 1
        seen = ask("status")
        assert (seen["snapshot"], seen["refresh"], seen["users"]) == ("published", "failed", 8)
        assert seen["refresh_since"] <= time.time()
        server = seen["server"]["accounts"][0]
        assert (server["address"], server["state"]) == ("/run/mysqld/mysqld.sock", "failing")
        assert server["since"] <= time.time() and server["error"].startswith("/run/mysqld/mysqld.sock: ")
        page = masked(run("status").stdout)
        assert re.search(r"^  last reading  failed\n  fails since  DATE, TIME ago\n  why  \S.*mysqld.sock", page, re.MULTILINE), page
        assert re.search(r"^  accounts  /run/mysqld/mysqld.sock  failing  DATE, TIME ago  /run/mysqld/mysqld.sock: ", page, re.MULTILINE), page
        metrics, _ = families()
        assert samples(metrics["sqlmap_server_up"])[("accounts", "0", "/run/mysqld/mysqld.sock")] == 0
        assert samples(metrics["sqlmap_refresh_ok"]) == {(): 0}
        hidden = run("status", uid=NOBODY)
        assert "mysqld.sock" not in hidden.stdout and "last reading" in hidden.stdout
    seen = ask("status")
    assert seen["refresh"] == "good" and "refresh_error" not in seen
    assert seen["server"]["accounts"][0] == {"address": "/run/mysqld/mysqld.sock", "state": "up"}


def test_an_account_of_the_database_that_is_refused_is_named_beside_the_one_that_is_not():
    sql("ALTER USER sqlmap_auth@localhost IDENTIFIED BY 'changed elsewhere'")
    try:
        assert subprocess.run(["getent", "shadow", "alice"], capture_output=True).stdout == b""
        seen = ask("status")["server"]
        assert seen["accounts"][0]["state"] == "up"
        refused = seen["privileged"][0]
        assert (refused["state"], "Access denied" in refused["error"]) == ("refused", True), refused
        assert "changed elsewhere" not in str(seen) and PASSWORD_OF_OURS not in str(seen)
        # It is left alone for a moment, which may be over.
        assert 0 < refused.get("next_try", 1) < 6
    finally:
        sql(f"ALTER USER sqlmap_auth@localhost IDENTIFIED BY '{PASSWORD_OF_OURS}'")
    wait_until(lambda: subprocess.run(["getent", "shadow", "alice"], capture_output=True).stdout.startswith(b"alice:"))
    assert ask("status")["server"]["privileged"][0] == {"address": "/run/mysqld/mysqld.sock", "state": "up"}


def test_a_snapshot_that_is_held_back_is_shown_with_what_to_do():
    before = ask("status")
    sql("CREATE TABLE kept AS SELECT * FROM sqlmap_users; DELETE FROM sqlmap_users")
    try:
        assert run("refresh", "--wait").returncode == 1
        seen = ask("status")
        assert (seen["refresh"], seen["users"], seen["generation"]) == ("held_back", 8, before["generation"])
        assert seen["refresh_error"] == (
            "the database has only 0 users and 2 groups left of 8 users and 2 groups: not published, the accounts of before stay. If that is "
            "right, force it (sqlmapctl refresh --force), or raise snapshot.max_shrink_percent")
        assert "  last reading  held back\n" in masked(run("status").stdout)
    finally:
        sql("INSERT INTO sqlmap_users SELECT * FROM kept; DROP TABLE kept")
    assert run("refresh", "--wait").returncode == 0
    assert ask("status")["refresh"] == "good"


def test_a_crash_is_counted():
    before = ask("status")
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            if f"\nPPid:\t{before['pid']}\n" in status.read_text():
                os.kill(int(status.parent.name), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            continue
    wait_until(lambda: run("status").returncode == 0 and ask("status")["child_restarts"] == before["child_restarts"] + 1)
    assert ask("status")["start_time"] == before["start_time"]


# Not from a sqlmapd of ours.


@contextmanager
def somebody_else(text):
    """Answers in the place of sqlmapd, whatever is asked."""
    reply = struct.pack("<IBBH", len(text), 6, 0, 0) + text.encode()  # src/common/wire/protocol.h

    def serve():
        while True:
            connection, _ = listener.accept()
            with connection:
                if not connection.recv(4096):
                    return
                connection.sendall(reply)

    with daemon_stopped(), socket.socket(socket.AF_UNIX) as listener:
        listener.bind(SOCKET)
        listener.listen()
        server = threading.Thread(target=serve)
        server.start()
        try:
            yield
        finally:
            with socket.socket(socket.AF_UNIX) as last:
                last.connect(SOCKET)
            server.join()
            Path(SOCKET).unlink()


def test_figures_that_are_none_are_left_out_and_end_nothing():
    with somebody_else("version 9\nstart_time 99999999999999999999\npid 1.\nusers 5.000000\ngeneration 7\nlast_read_seconds 1\n"
                       "server.accounts.0.state up\nserver.accounts.x.state up\nserver.accounts.00.state up\nserver.0.0.state up\n"
                       "questions.12 3\nquestions.user_by_name 4\n"):
        result = run("status")
        assert (result.returncode, result.stderr) == (0, "")
        assert result.stdout == ("sqlmapd\n  version  9\n\naccounts\n  generation  7\n\nservers\n  pool      state\n  accounts  up\n\n"
                                 "questions\n  kind          asked\n  user by name  4\n")
        value = {"version": "9", "generation": 7, "server": {"accounts": [{"state": "up"}]}, "questions": {"user_by_name": 4}}
        assert ask("status") == value
        with subprocess.Popen(["sqlmapctl", "status", "--watch", "--json"], stdout=subprocess.PIPE, text=True) as process:
            two = "".join(process.stdout.readline() for _ in range(2 * len(json.dumps(value, indent=2).splitlines())))
            process.send_signal(signal.SIGINT)
            process.stdout.read()
        assert (two, process.returncode) == (2 * (json.dumps(value, indent=2) + "\n"), 0)


# --watch

def test_watch_in_a_pipe_is_a_block_for_each_interval_until_it_is_interrupted():
    with subprocess.Popen(["sqlmapctl", "status", "--watch=1"], stdout=subprocess.PIPE, text=True) as process:
        seen = ""
        while seen.count("\nlogins\n") < 3:
            seen += process.stdout.readline()
        process.send_signal(signal.SIGINT)
        seen += process.stdout.read()
    assert process.returncode == 0
    assert "\033" not in seen
    blocks = [masked(block) for block in ("\n\n" + seen.rstrip("\n")).split("\n\nsqlmapd\n")]
    assert blocks[0] == "" and len(blocks) >= 4
    assert {block.split("\n")[0] for block in blocks[1:]} == {"  version  VERSION"}


def test_watch_goes_on_while_sqlmapd_is_away():
    with subprocess.Popen(["sqlmapctl", "status", "--watch", "--json"], stdout=subprocess.PIPE, text=True) as process:
        def next_value():
            text = ""
            while True:
                text += process.stdout.readline()
                try:
                    return json.loads(text)
                except json.JSONDecodeError:
                    continue

        assert next_value()["users"] == 8
        with daemon_stopped():
            while "error" not in (value := next_value()):
                assert value["users"] == 8
            assert value == {"error": AWAY}
        while "error" in next_value():
            pass
        process.send_signal(signal.SIGINT)
        process.stdout.read()
    assert process.returncode == 0


def test_watch_draws_over_itself_on_a_terminal_until_ctrl_c():
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm"
        os.execvp("sqlmapctl", ["sqlmapctl", "status", "--watch"])
    seen = b""
    while seen.count(b"\033[H\033[J") < 3:
        assert select.select([terminal], [], [], 30)[0], seen
        seen += os.read(terminal, 65536)
    os.write(terminal, b"\x03")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(terminal)
    assert b"\033[32mpublished\033[0m" in seen


@pytest.mark.parametrize("options", [
    ["--watch=0"], ["--watch=86401"], ["--watch=often"], ["--watch=5m"], ["--watch=4294967297"], ["--watch=99999999999999999999"],
    ["--prometheus", "--json"], ["--prometheus", "--watch"]])
def test_what_does_not_go_together_is_a_mistake(options):
    result = run("status", *options)
    assert (result.returncode, result.stdout) == (2, "")
