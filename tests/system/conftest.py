"""System tests run as root inside scripts/sandbox, with the data of one generation of Aegir loaded and its views installed.

What they change stays in the sandbox, which ends with them.
"""

import os
from pathlib import Path

import pytest

pytest.register_assert_rewrite("ftp_logins", "logins")

import expected
from database import Database


def pytest_addoption(parser):
    parser.addoption("--aegir", type=int, choices=(1, 3), required=True, help="the generation of the data that is loaded")


@pytest.fixture(scope="session")
def accounts(request):
    """The accounts that must be there, by name; their home directories exist, as Aegir makes them."""
    rows = expected.accounts(request.config.getoption("--aegir"))
    for account in rows.values():
        home = Path(account.home)
        home.mkdir(parents=True)
        (home / "settings.php").write_text(f"the site {account.name}\n")
        os.chmod(home, 0o750)
        for path in (home, home / "settings.php"):
            os.chown(path, expected.UID, expected.GID)
    return rows


@pytest.fixture
def database():
    return Database()
