#!/usr/bin/python3
"""doc/sqlmapctl.md shows what sqlmapctl says: each screen of the page is made anew and compared, whole.

A screen is a block that begins with ```console. In it each line that begins with "$ " is a command for bash, which goes on in the
next line after a backslash; below it stands what it wrote, standard error first, up to the next command or the end of the block:

    ```console
    $ sqlmapctl user alice
    $ echo "correct horse" | sqlmapctl auth alice --stdin; echo "exit status $?"
    ```

What has to happen before, and is not worth showing, stands in a comment of its own in front of the block:

    <!-- run: mariadb accounts -e "DELETE FROM sqlmap_users WHERE username = 'bob'" && sqlmapctl refresh --wait -->

It must succeed, and so must the one behind the block that takes it back, because all of the page runs in one sandbox, in its order, on
the accounts of accounts.sql, as root, in an empty directory. $TESTS is the directory of this file. What varies from run to run is masked
before screens are compared: see MASKS of ctl.py, where a line for what your command shows may be missing. Where something was masked,
two spaces and more count as two. Commands that are not built yet have no block.

To add a command: write its section's text with the commands alone in the blocks, and have the screens filled in, from the checkout:

    scripts/sandbox --build BUILD --share doc --sql sql/views/accounts.sql --sql tests/ctl/accounts.sql --config tests/ctl/sqlmapd.toml \\
        -- tests/ctl/test_screens.py --write

which changes no screen that is true but for what is masked. Then read what it wrote: it is what people will believe.
"""

import difflib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from ctl import masked

TESTS = Path(__file__).resolve().parent
PAGE = TESTS.parents[1] / "doc/sqlmapctl.md"
BLOCK = re.compile(r"(?P<fence>^```console\n)(?P<screen>.*?)(?=^```$)|^<!-- run: (?P<run>.*?) -->$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)\n", re.MULTILINE)


def bash(command, directory):
    environment = {**os.environ, "TESTS": str(TESTS), "LC_ALL": "C.UTF-8"}
    return subprocess.run(["bash", "-c", command], cwd=directory, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=120, check=False)


def shown_and_seen(screen, directory):
    """Of each command of a screen: the command, what the page says that it writes, and what it writes now."""
    commands = list(COMMAND.finditer(screen))
    assert commands and commands[0].start() == 0, f"a screen begins with a command:\n{screen}"
    ends = [command.start() for command in commands[1:]] + [len(screen)]
    for command, end in zip(commands, ends):
        seen = bash(command[1], directory).stdout
        yield command[1], screen[command.end():end], seen + ("" if seen == "" or seen.endswith("\n") else "\n")


def true_screen(screen, directory):
    """The screen as it should stand on the page: what is shown stays if it differs in nothing but what is masked."""
    return "".join(f"$ {command}\n{shown if masked(shown) == masked(seen) else seen}"
                   for command, shown, seen in shown_and_seen(screen, directory))


def true_page(text, directory):
    """The whole page with true screens."""
    def block(match):
        if match["run"] is None:
            return match["fence"] + true_screen(match["screen"], directory)
        before = bash(match["run"], directory)
        assert before.returncode == 0, (match["run"], before.stdout)
        return match[0]
    return BLOCK.sub(block, text)


@pytest.fixture(scope="module", name="page")
def fixture_page():
    return PAGE.read_text(encoding="utf-8")


def test_no_screen_of_the_page_shows_what_sqlmapctl_does_not_say(page, tmp_path):
    differences = difflib.unified_diff(page.splitlines(True), true_page(page, tmp_path).splitlines(True), "doc/sqlmapctl.md", "sqlmapctl")
    if whole := "".join(differences):
        pytest.fail(whole, pytrace=False)


def test_every_command_has_a_section(page):
    listed = subprocess.run(["sqlmapctl", "--help"], capture_output=True, text=True, check=True).stdout.partition("Subcommands:\n")[2]
    commands = re.findall(r"^  ([a-z-]+) ", listed, re.MULTILINE)
    headings = re.findall(r"^## (.*)$", page, re.MULTILINE)
    assert commands
    assert [name for name in commands if not any(f"`{name}`" in heading for heading in headings)] == []


@pytest.mark.parametrize("one, other", [
    ("took 0.3 ms", "took 12 ms"), ("alice  31 µs  bash", "alice  1234 µs   bash"), ("$6$rounds=5000$a$b", "$6$rounds=5000$c$d"),
    ('"nanoseconds": 12,', '"nanoseconds": 9999,'), ("MariaDB 10.11.19-MariaDB-0+deb12u1", "MariaDB 11.8.1"), ("pid 12", "pid 4711")])
def test_what_varies_is_no_difference(one, other):
    assert masked(one) == masked(other)


@pytest.mark.parametrize("one, other", [
    ("uid 20000", "uid 20001"), ("alice  bash", "alice   bash"), ("127.0.0.1", "127.0.0.2"), ("$6$a", "$5$a"), ("found 12 users", "found 13 users")])
def test_what_does_not_vary_is_a_difference(one, other):
    assert masked(one) != masked(other)


@pytest.mark.parametrize("file", ["test_screens.py", "test_check.py"])
def test_what_writes_expected_texts_anew_can_be_run_by_itself(file):
    result = subprocess.run([TESTS / file], capture_output=True, text=True, env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"})
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == f"usage: {TESTS / file} --write, in the sandbox: its first lines say how\n"


def main():
    if sys.argv[1:] != ["--write"]:
        sys.exit(f"usage: {sys.argv[0]} --write, in the sandbox: its first lines say how")
    before = PAGE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as directory:
        after = true_page(before, directory)
    if PAGE.read_text(encoding="utf-8") != before:
        sys.exit(f"{PAGE} was changed meanwhile: try again")
    PAGE.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    main()
