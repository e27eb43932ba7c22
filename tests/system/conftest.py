"""System tests run as root inside scripts/sandbox, with the data of one generation of Aegir loaded and its views installed.

What they change stays in the sandbox, which ends with them.
"""

import os
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "support"))
pytest.register_assert_rewrite("ftp_logins", "logins")

import expected
from database import VIEWS, Database


def pytest_addoption(parser):
    parser.addoption("--aegir", type=int, choices=(1, 3), help="the generation of the Aegir data that is loaded, if it is that")
    parser.addoption("--ftp", default="vsftpd", help="the FTP server that tells which passwords are right: see servers.FTP_SERVERS")
    parser.addoption("--mode", choices=("daemon", "direct"), default="daemon", help="who asks the database, as the sandbox was told")


def pytest_configure(config):
    config.addinivalue_line("markers", "every_ftp_server: this test is run with each of them")
    config.addinivalue_line("markers", "mode(name): what this test says holds in this mode only")


def pytest_collection_modifyitems(config, items):
    here = config.getoption("--mode")
    elsewhere = [item for item in items if (mark := item.get_closest_marker("mode")) and mark.args != (here,)]
    config.hook.pytest_deselected(items=elsewhere)
    items[:] = [item for item in items if item not in elsewhere]


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
def database(request):
    return Database(request.config.getoption("--mode"))


@pytest.fixture
def shell_of_sites(database):
    """A login shell that says who and where it is."""
    shell = Path("/usr/local/bin/site-shell")
    shell.write_text("#!/bin/sh\nid\npwd\necho The''ShellRan\n")
    shell.chmod(0o755)
    database.run(VIEWS.read_text(encoding="utf-8").replace("'/bin/true'", f"'{shell}'"))
    database.publish()
    yield shell
    database.install_views()
    database.publish()
