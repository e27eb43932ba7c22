"""What people see: colour and progress on a terminal and nowhere else, and help with an example for each command."""

import os
import pty
import re
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from ctl import run, sql
from hung import hung_file_system
from setup_host import read_until

HELP = subprocess.run(["sqlmapctl", "--help"], capture_output=True, text=True, check=True).stdout
COMMANDS = re.findall(r"^  ([a-z-]+) ", HELP.partition("Subcommands:\n")[2], re.MULTILINE)
ERASED = b"\r\033[K"


def on_terminal(*words, **environment):
    """All that a terminal gets."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(words[0], words, {**os.environ, "TERM": "xterm", **environment})
    shown = read_until(terminal)
    os.waitpid(pid, 0)
    os.close(terminal)
    return shown


@contextmanager
def home_that_hangs():
    """For as long as check waits for it, in one system call."""
    with hung_file_system("/mnt/hung") as place:
        sql(f"INSERT INTO sqlmap_users (username, uid, gid, homedir) VALUES ('mallory', 20100, 20000, '{place}/mallory')")
        try:
            yield
        finally:
            sql("DELETE FROM sqlmap_users WHERE username = 'mallory'")


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_has_an_example_of_it(command):
    text = run(command, "--help").stdout
    _, found, examples = re.sub("Examples?[^:\n]*:", "Example:", text).partition("\nExample:")
    assert found and re.search(rf"^.*\bsqlmapctl {command}\b", examples, re.MULTILINE), text


@pytest.mark.parametrize("words", [["check"], ["status"]], ids=" ".join)
def test_colour_is_for_terminals_that_have_it(words):
    words = ["sqlmapctl", *words]
    colour = re.compile(rb"\033\[\d+m")
    assert colour.search(on_terminal(*words, NO_COLOR=""))
    for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert not colour.search(on_terminal(*words, **environment)), environment
    assert not colour.search(on_terminal("sh", "-c", f"{' '.join(words)} < /dev/null 2>&1 | cat"))


def test_what_takes_longer_than_a_second_is_said_meanwhile_and_taken_away_then():
    with home_that_hangs():
        shown = on_terminal("sqlmapctl", "check", NO_COLOR="1")
    before, doing, after = shown.partition(b"looking at homes")
    assert doing and before.endswith(ERASED), shown
    lines = after.rpartition(ERASED)[2].decode().splitlines()
    assert [line for line in lines[:-1] if line.split()[0] not in {"ok", "warning", "error"}] == []
    assert "a look at /mnt/hung/mallory did not end in time" in "".join(lines)


def test_what_takes_longer_than_a_second_is_not_said_to_a_program():
    with home_that_hangs():
        result = run("check", "--json")
    assert result.stderr == "" and "did not end in time" in result.stdout


def test_what_is_done_at_once_is_not_announced():
    shown = on_terminal("sqlmapctl", "groups", "alice", NO_COLOR="1")
    assert shown.startswith(b"name ") and ERASED not in shown


@pytest.mark.parametrize("how", ["KILL", "INT"])
def test_nobody_goes_on_announcing_what_is_given_up(how):
    """Ctrl-C, or a kill, while something is announced."""
    def announced():
        return [path for path in Path("/proc").glob("[0-9]*/exe") if os.path.lexists(path) and os.path.realpath(path) == "/usr/bin/sqlmapctl"]

    with home_that_hangs():
        pid, terminal = pty.fork()
        if pid == 0:
            os.execvp("sqlmapctl", ["sqlmapctl", "check"])
        read_until(terminal, b"looking at homes")
        assert len(announced()) == 3  # the command, who looks, who announces
        subprocess.run(["kill", f"-{how}", str(pid)], check=True)
        os.waitpid(pid, 0)
        waiting = threading.Thread(target=read_until, args=(terminal,), daemon=True)
        waiting.start()
        waiting.join(20)
        assert not waiting.is_alive(), "somebody still has the terminal"
        os.close(terminal)
