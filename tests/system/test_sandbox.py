"""scripts/sandbox itself, called from outside: what it hands through, what it hides, and that nothing of it stays."""

import os
import signal
import subprocess
from pathlib import Path

import pytest
from sandbox import wait_until

CHECKOUT = Path(__file__).resolve().parents[2]
SANDBOX = CHECKOUT / "scripts/sandbox"
FAILED = 125


def sandbox(*arguments, **options):
    return subprocess.run([SANDBOX, "--plain", *arguments], capture_output=True, text=True, timeout=300, **options)


def processes_with(word):
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if word in (process / "cmdline").read_bytes().decode(errors="replace").split("\0"):
                found.append(process.name)
        except OSError:
            pass
    return found


@pytest.mark.parametrize("command, status", [("exit 0", 0), ("exit 7", 7), ("kill -SEGV $$", 128 + signal.SIGSEGV)])
def test_the_exit_status_is_that_of_the_command(command, status):
    assert sandbox("--", "sh", "-c", command).returncode == status


@pytest.mark.parametrize("arguments, reason", [
    (["--sql", "missing.sql", "--", "true"], "no such file"),
    (["--frobnicate", "x", "--", "true"], "unknown option"), (["true"], "after --"), (["--"], "no command"),
    (["--nsswitch", "passwd", "--", "true"], "not a line"),
    (["--unconfigured", "--pam", "sshd", "--", "true"], "have no place there")])
def test_a_mistake_is_named(arguments, reason):
    result = sandbox(*arguments)
    assert (result.returncode, result.stdout) == (FAILED, "")
    assert reason in result.stderr


def test_broken_sql_is_an_error_and_the_command_does_not_run(tmp_path):
    (tmp_path / "broken.sql").write_text("CREATE TABLE t (i INT);\nSELEKT 1;\n")
    result = sandbox("--sql", "broken.sql", "--", "echo", "ran", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (FAILED, "")
    assert "SELEKT" in result.stderr


def test_input_output_directory_and_environment_are_those_of_the_caller(tmp_path):
    result = sandbox("--", "sh", "-c", "cat; pwd; echo $WORD; umask; echo problem >&2", cwd=tmp_path, input="typed\n",
                     env={**os.environ, "WORD": "said"}, umask=0o027)
    assert result.stdout.splitlines() == ["typed", str(tmp_path), "said", "0027"]
    assert result.stderr == "problem\n"


def test_sql_files_run_in_order_as_root_in_the_database_accounts(tmp_path):
    (tmp_path / "1.sql").write_text("CREATE TABLE t (word TEXT) CHARSET utf8mb4;\n")
    (tmp_path / "2.sql").write_text("INSERT INTO t VALUES ('Söhne'), (CURRENT_USER());\n")
    result = sandbox("--sql", "1.sql", "--sql", "2.sql", "--", "mariadb", "--no-defaults", "--batch", "--skip-column-names",
                     "--default-character-set=utf8mb4", "accounts", "--execute", "SELECT * FROM t", cwd=tmp_path)
    assert result.stdout.splitlines() == ["Söhne", "root@localhost"]


def test_what_the_command_changes_is_gone_unless_the_directory_is_shared(tmp_path):
    shared, private = tmp_path / "shared", tmp_path / "private"
    shared.mkdir()
    private.mkdir()
    files = [str(directory / "file") for directory in (private, shared)] + ["/etc/sandbox-was-here", "/dev/shm/sandbox-was-here"]
    command = 'for file; do echo x >"$file" || exit; done; rm /etc/passwd; userdel nobody; cat "$1"'
    assert sandbox("--share", str(shared), "--", "sh", "-c", command, "sh", *files).stdout == "x\n"
    assert [os.path.exists(file) for file in files] == [False, True, False, False]
    assert os.path.exists("/etc/passwd")


def test_the_network_is_the_sandbox_s_own():
    script = "import socket\nfor _ in range(2): socket.create_server(('127.0.0.1', 22)).close()\nprint(socket.if_nameindex())"
    assert sandbox("--", "/usr/bin/python3", "-c", script).stdout == "[(1, 'lo')]\n"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_nothing_stays_when_the_sandbox_is_killed(number, tmp_path):
    mark = f"86400.{os.getpid()}{int(number)}"
    before = sorted(line.split(" ", 2)[2] for line in Path("/proc/self/mountinfo").read_text().splitlines())
    process = subprocess.Popen([SANDBOX, "--plain", "--", "sh", "-c", f"touch '{tmp_path}/left'; setsid sleep {mark} & sleep {mark}"])
    wait_until(lambda: len(processes_with(mark)) == 2)
    process.send_signal(number)
    process.wait(timeout=30)
    wait_until(lambda: not processes_with(mark))
    assert list(tmp_path.iterdir()) == []
    assert sorted(line.split(" ", 2)[2] for line in Path("/proc/self/mountinfo").read_text().splitlines()) == before
    assert list((CHECKOUT / "build/sandbox/root").iterdir()) == []


def test_a_background_process_of_the_command_ends_with_it():
    mark = f"86401.{os.getpid()}"
    assert sandbox("--", "sh", "-c", f"setsid sleep {mark} >/dev/null 2>&1 & exit 3").returncode == 3
    wait_until(lambda: not processes_with(mark))


def test_several_at_once_do_not_meet(tmp_path):
    (tmp_path / "table.sql").write_text("CREATE TABLE t (i INT);\n")
    command = [SANDBOX, "--plain", "--sql", tmp_path / "table.sql", "--", "sh", "-c", "echo $$ >/tmp/mine; cat /tmp/mine"]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    assert all(process.returncode == 0 for process in processes)
    assert all(output.strip().isdigit() for output in outputs)
