"""Each command of sqlmapctl, in scripts/sandbox: sqlmapd runs, and the accounts of accounts.sql are published."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "support"))
pytest.register_assert_rewrite("ctl")
