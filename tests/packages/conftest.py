"""The Debian packages on a host that has none of sqlmap, in scripts/sandbox --plain. What they change stays in the sandbox."""

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "support"))
sys.path.append(str(Path(__file__).resolve().parents[1] / "system"))

from packages import ALL, Packages


def pytest_configure():
    if b"/scripts/lib/box.sh" not in Path("/proc/1/cmdline").read_bytes():
        pytest.exit("these tests install and purge packages and make a user: run them in scripts/sandbox --plain", returncode=4)


def pytest_addoption(parser):
    parser.addoption("--packages", type=Path, required=True, help="the directory with the packages")
    parser.addoption("--next", type=Path, help="the directory with those of the next version")


@pytest.fixture(scope="session", autouse=True)
def local_people():
    """Root, and somebody with an account of the host's own: whatever is installed or removed, they get in."""
    # The host's policy is no business of what is tested here: services may be started and stopped.
    Path("/usr/sbin/policy-rc.d").unlink(missing_ok=True)
    subprocess.run(["useradd", "--create-home", "--shell", "/bin/sh", "local"], check=True)
    subprocess.run(["chpasswd"], input="local:correct horse\nroot:correct horse\n", text=True, check=True)


@pytest.fixture
def packages(request):
    """Nothing is installed at first, nor afterwards."""
    packages = Packages(request.config.getoption("--packages"))
    yield packages
    packages.purge(*ALL)
