"""The completion of sqlmapctl's words in bash: what --help lists is offered, and nothing else."""

import os
import pty
import re
import subprocess
from pathlib import Path

import pytest

COMPLETION = Path("/usr/share/bash-completion/completions/sqlmapctl")


def help_of(*command):
    return subprocess.run(["sqlmapctl", *command, "--help"], capture_output=True, text=True, check=True, timeout=60).stdout


COMMANDS = re.findall(r"^  ([a-z-]+)  ", help_of().partition("Subcommands:\n")[2], re.MULTILINE)


def offered(*words, directory="/"):
    """What bash's completion offers for the last word."""
    script = """
        compopt() { :; }  # there is no completion under way
        source "$1"
        shift
        COMP_WORDS=("$@")
        COMP_CWORD=$(($# - 1))
        _sqlmapctl
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    shown = subprocess.run(["bash", "-c", script, "bash", COMPLETION, "sqlmapctl", *words], capture_output=True, text=True, check=True,
                           timeout=60, cwd=directory)
    assert shown.stderr == ""
    return shown.stdout.split()


def test_every_command_is_offered():
    assert len(COMMANDS) >= 14
    assert offered("") == ["-h", "--help", "--version", *COMMANDS]
    assert offered("ver") == ["verify"]
    assert offered("--v") == ["--version"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_a_command_is_offered_and_none_of_another(command):
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", "\n".join(
        line.split(" ")[0] for line in (text.strip() for text in help_of(command).splitlines()) if line.startswith("-"))))
    assert "--help" in options
    assert set(offered(command, "--")) == options
    assert offered(command, "--hel") == ["--help"]


@pytest.mark.parametrize("words, expected", [
    (("hash", "--scheme", "sha5"), ["sha512crypt", "sha512"]), (("hash", "--scheme", "=", "sha5"), ["sha512crypt", "sha512"]),
    (("hash", "--scheme", "plain"), []), (("hash", "--scheme", "=", "plain"), []),
    (("verify", "--plain-hash-scheme", "pl"), ["plain"]), (("verify", "--json", "--plain-hash-scheme", "mysql-o"), ["mysql-old"]),
    (("user", ""), []), (("user", "al"), []), (("hash", "--cost", ""), []), (("hash", ""), []), (("nonsense", "-"), [])])
def test_values_are_offered_where_there_is_a_list_of_them(words, expected):
    assert offered(*words) == expected


def test_all_values_are_offered_before_one_is_begun():
    schemes = help_of("hash").split(":{")[1].split("}")[0].split(",")
    assert "yescrypt" in schemes
    assert offered("hash", "--scheme", "") == offered("hash", "--scheme", "=") == schemes


def test_files_are_offered_where_one_is_wanted(tmp_path):
    (tmp_path / "old.cfg").touch()
    (tmp_path / "odd").mkdir()
    for words, expected in ((("verify", "--hash-file", "o"), {"old.cfg", "odd"}), (("import", "o"), {"old.cfg", "odd"}),
                            (("import", "--output", "o"), {"odd"}), (("user", "o"), set())):
        assert set(offered(*words, directory=tmp_path)) == expected


def test_a_person_who_types_tab_gets_the_rest_of_the_word():
    child, screen = pty.fork()
    if child == 0:
        os.environ["PS1"] = "ready> "
        os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
    seen = b""

    def until(text):
        nonlocal seen
        while text not in seen:
            seen += os.read(screen, 4096)
        seen = seen.partition(text)[2]

    until(b"ready> ")
    os.write(screen, f"source {COMPLETION}\n".encode())
    until(b"ready> ")
    os.write(screen, b"sqlmapctl has\t--sch\tyes\t")
    until(b"sqlmapctl hash --scheme yescrypt ")
    os.write(screen, b"\x15sqlmapctl hash --scheme=yes\t")
    until(b"--scheme=yescrypt ")
    os.write(screen, b"\x15exit\n")
    os.waitpid(child, 0)
    os.close(screen)
