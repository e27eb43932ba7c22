"""The host of the fault tests: a local account, a PAM service of its own, and programs that ask."""

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "support"))

import daemon  # noqa: E402
from hosts import FOUND, LOCAL, LOCAL_PASSWORD, SITE, Host  # noqa: E402
from sandbox import sql  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def host_set_up():
    subprocess.run(["useradd", "--no-create-home", LOCAL], check=True)
    subprocess.run(["chpasswd"], input=f"{LOCAL}:{LOCAL_PASSWORD}", text=True, check=True)
    # The sandbox's server writes its log lazily; what these tests kill must come back with its data.
    sql("SET GLOBAL innodb_flush_log_at_trx_commit = 1; FLUSH ENGINE LOGS")
    # The files as they are installed, but for the seconds of delay after a refused login.
    stack = "".join(Path(f"/etc/pam.d/common-{part}").read_text() for part in ("sqlmap", "auth", "account"))
    for module in ("pam_sqlmap.so", "pam_unix.so"):
        stack = stack.replace(module, f"{module} nodelay")
    Path("/etc/pam.d/fault").write_text(stack)
    if daemon.is_here():
        daemon.never_throttle()


@pytest.fixture
def old_host():
    """Was there before the fault, and has connections."""
    host = Host()
    assert host.ask("user", SITE)[0] == FOUND
    yield host
    host.close()


@pytest.fixture
def fresh_hosts():
    """Makes programs that look up for the first time."""
    with ExitStack() as stack:
        def make():
            host = Host()
            stack.callback(host.close)
            return host

        yield make
