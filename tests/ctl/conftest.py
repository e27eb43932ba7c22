"""Each command of sqlmapctl, in scripts/sandbox: sqlmapd runs, and the accounts of accounts.sql are published."""

import pytest

pytest.register_assert_rewrite("ctl")
