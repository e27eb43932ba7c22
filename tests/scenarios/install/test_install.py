"""doc/install.md is followed; what it does by hand to nsswitch.conf and PAM is what the command of conf/README.md does."""

import subprocess
from pathlib import Path

from blocks import block


def words_of(path):
    return [line.split() for line in Path(path).read_text(encoding="utf-8").splitlines()]


def test_the_page_says_what_happens_and_does_by_hand_what_one_command_does(reader):
    def files():
        return words_of("/etc/nsswitch.conf"), words_of("/etc/pam.d/sshd")

    reader.follow(until="nsswitch.conf and PAM")
    before = files()
    said = subprocess.run(["script", "-qec", block("conf/README.md", "sqlmapctl setup"), "/dev/null"], input="y\n", capture_output=True, text=True)
    by_command = files()
    assert said.returncode == 0 and by_command != before, said
    subprocess.run(["sqlmapctl", "setup", "--undo", "--yes"], check=True, capture_output=True)
    assert files() == before
    reader.follow()
    reader.assert_true()
    assert files() == by_command
