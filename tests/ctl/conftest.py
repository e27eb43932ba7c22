"""Each command of sqlmapctl, in scripts/sandbox: sqlmapd runs, and the accounts of accounts.sql are published."""

import pytest

pytest.register_assert_rewrite("ctl", "setup_host")

import ctl  # noqa: E402, F401 - from there on tests/support is found
