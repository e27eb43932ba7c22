"""What scripts/demo shows, in the box that it makes for itself."""

import subprocess

from blocks import ROOT, block


def test_the_demonstration_goes_well_and_shows_what_the_readme_does():
    shown = block("README.md", "Who is an account")
    result = subprocess.run(["/usr/bin/python3", ROOT / "scripts/lib/demo.py"], capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result
    left = result.stdout
    for part in shown.split("...\n"):
        assert part in left, result.stdout
        left = left.partition(part)[2]
