"""A real MySQL, in scripts/sandbox --unconfigured: see mysql.sh."""

import pytest

pytest.register_assert_rewrite("mysql_server", "ctl")

import mysql_server  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def server():
    mysql_server.make()
    return mysql_server
