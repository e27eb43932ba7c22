"""README.md is followed by somebody who builds from source: with the blocks of "From source" in place of `apt install` and `apt purge`.

What takes ten minutes is done before: the build directory that these tests come from is where the page puts it.
"""

import shutil
from pathlib import Path

import pytest
from blocks import ROOT, block
from page import Reader, Step, bash

INSTEAD = {"apt install ./build/packages/": block("README.md", "apt-get install"), "apt purge ": block("README.md", "grep -r sqlmap")}


class Builder(Reader):
    """Has nothing of sqlmap but the checkout."""

    kinds = ("sh", "shell")

    def _bash(self, step):
        for beginning, text in INSTEAD.items():
            if step.script.startswith(beginning):
                step = Step(step.heading, "", f"cd {ROOT}\n{text}")
        return bash(step)

    def wrote(self, beginning):
        (seen,) = [seen for step, seen in self.seen if step.script.startswith(beginning)]
        return seen


@pytest.fixture(scope="module")
def built():
    """He has sites that log in."""
    shutil.rmtree("/var/lib/apt/lists")  # the packages are there, and no network that has newer ones
    reader = Builder("readme")
    reader.follow(until="Take it back")
    return reader


def test_who_builds_has_what_the_packages_have(built):
    built.assert_true()
    assert "\nninja: no work to do.\n" in built.wrote("apt install"), "it was to be built before"


def test_what_was_built_can_be_taken_back(built):
    installed = [Path(line) for line in (ROOT / "build/release/install_manifest.txt").read_text().splitlines()]
    assert Path("/usr/sbin/sqlmapd") in installed and [path for path in installed if not path.exists()] == []
    built.follow()
    built.assert_true()
    assert "nothing is left\n" in built.wrote("apt purge")
    assert [path for path in (*installed, *map(Path, ("/etc/sqlmapd", "/var/lib/sqlmapd", "/run/sqlmapd"))) if path.exists()] == []
