"""What scripts/demo shows, in the box that it makes for itself."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_the_demonstration_goes_well_and_shows_what_the_readme_does():
    shown = re.search(r"```\n(Who is an account.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)[1]
    result = subprocess.run(["/usr/bin/python3", ROOT / "scripts/lib/demo.py"], capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result
    left = result.stdout
    for part in shown.split("...\n"):
        assert part in left, result.stdout
        left = left.partition(part)[2]
