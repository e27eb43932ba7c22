"""sqlmapctl(1) as it is installed: sound, and with the commands and options that there are."""

import re
import subprocess
from pathlib import Path

import pytest

INSTALLED = Path("/usr/share/man/man1/sqlmapctl.1")
SOURCE = Path(__file__).resolve().parents[2] / "doc/man/sqlmapctl.1.scd"
COMMON = {"--help", "--json"}


def output_of(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def options_of(lines):
    """The options that lines of an option list begin with."""
    names = (re.split("  |Excludes:|Needs:", line)[0] for line in lines if line.startswith("-"))
    return {option for name in names for option in re.findall(r"--[a-z][a-z-]*", name)}


def sections():
    """Of each command's section: its heading and its options."""
    text = re.search(r"^# COMMANDS\n(.*?)^# ", SOURCE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)[1]
    for section in text.split("\n## ")[1:]:
        heading, *lines = section.splitlines()
        yield heading, options_of(line.replace("*", "") for line in lines)


def in_help(command):
    """The same out of its --help."""
    text = output_of("sqlmapctl", command, "--help")
    usage = re.search(r"^Usage: sqlmapctl (.*)$", text, re.MULTILINE)[1]
    return usage.replace(" [OPTIONS]", ""), options_of(line.strip() for line in text.splitlines())


COMMANDS = re.findall(r"^  ([a-z-]+)  ", output_of("sqlmapctl", "--help").partition("Subcommands:\n")[2], re.MULTILINE)


def test_the_page_is_sound():
    result = subprocess.run(["mandoc", "-T", "lint", INSTALLED], capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert output_of("mandoc", "-T", "ascii", INSTALLED).count("\n") > 100


def test_every_command_is_in_the_page_in_the_order_of_the_help():
    assert COMMANDS == [heading.split()[0] for heading, _ in sections()]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_page_has_the_operands_and_options_of_a_command_and_no_others(command):
    heading, options = next((heading, options) for heading, options in sections() if heading.split()[0] == command)
    usage, known = in_help(command)
    assert heading == usage
    assert "--help" in known
    assert options == known - COMMON
    assert ("--json" in known) == (command != "ssh-keys")  # as "OPTIONS OF EVERY COMMAND" says
