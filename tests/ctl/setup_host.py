"""A host for `sqlmapctl setup`: its files as Debian leaves them before each test, and people with passwords of their own."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

NSSWITCH = Path("/etc/nsswitch.conf")
PAM = Path("/etc/pam.d")
STATE = Path("/var/lib/pam")
PROFILES = Path("/usr/share/pam-configs")
COPIES = Path("/var/lib/sqlmapd/setup")
MODULES = Path("/usr/lib/x86_64-linux-gnu")
ROOT_PASSWORD, LOCAL_PASSWORD = "root of this box", "a person of this box"
LOCAL = "lena"
DEBIAN = """\
# /etc/nsswitch.conf
#
# Example configuration of GNU Name Service Switch functionality.

passwd:         files systemd
group:          files systemd
shadow:         files systemd
gshadow:        files systemd

hosts:          files dns
"""
SERVICE = "# a service as Debian writes them\n@include common-auth\n@include common-account\n@include common-session\n"


def system():
    """All that setup may touch: text, owner and mode of each file, and no file more or less."""
    files = [NSSWITCH, *PAM.iterdir(), *STATE.iterdir(), *Path("/etc").glob(".*sqlmap*")]
    return {str(path): (path.read_bytes(), path.stat().st_uid, path.stat().st_gid, path.stat().st_mode) for path in sorted(files)}


def pam_auth_update(*arguments):
    subprocess.run(["pam-auth-update", *arguments], check=True, env={"DEBIAN_FRONTEND": "noninteractive", "PATH": os.environ["PATH"]})


@pytest.fixture(scope="session", autouse=True, name="no_delays")
def fixture_no_delays():
    """A refusal does not cost seconds, by whomever: pam_unix, pam_sqlmap, su."""
    seen = (STATE / "seen").read_bytes()
    for path in (*PROFILES.glob("sqlmap*"), PROFILES / "unix", PAM / "common-sqlmap"):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"(?m)^(.*pam_(?:unix|sqlmap)\.so)", r"\1 nodelay", text), encoding="utf-8")
    pam_auth_update("--package")
    (STATE / "seen").write_bytes(seen)  # nobody has run setup yet
    assert "pam_unix.so nodelay" in (PAM / "common-auth").read_text(encoding="utf-8")
    defaults = Path("/etc/login.defs")
    defaults.write_text(re.sub(r"(?m)^FAIL_DELAY.*", "FAIL_DELAY 0", defaults.read_text(encoding="utf-8")), encoding="utf-8")


@pytest.fixture(scope="session", autouse=True, name="people")
def fixture_people():
    subprocess.run(["useradd", "--create-home", "--shell", "/bin/bash", LOCAL], check=True)
    subprocess.run(["chpasswd"], input=f"root:{ROOT_PASSWORD}\n{LOCAL}:{LOCAL_PASSWORD}\n", text=True, check=True)


@pytest.fixture(autouse=True, name="fresh")
def fixture_fresh(tmp_path):
    """A host as Debian leaves it, and what setup keeps is empty."""
    NSSWITCH.unlink(missing_ok=True)
    NSSWITCH.write_text(DEBIAN, encoding="utf-8")
    NSSWITCH.chmod(0o644)
    (PAM / "shell").write_text(SERVICE, encoding="utf-8")
    shutil.rmtree(COPIES, ignore_errors=True)
    for directory in (PAM, STATE):
        shutil.copytree(directory, tmp_path / directory.name)
    modules = {path: path.read_bytes() for path in (MODULES / "security/pam_sqlmap.so", MODULES / "libnss_sqlmap.so.2")}
    before = system()
    yield before
    for directory in (PAM, STATE):
        for path in directory.iterdir():
            path.unlink()
        shutil.copytree(tmp_path / directory.name, directory, dirs_exist_ok=True)
    for path, content in modules.items():
        if not path.exists():
            path.write_bytes(content)


def read_until(terminal, words=None):
    """What is shown until then, or until whoever wrote it is gone."""
    shown = b""
    while words is None or words not in shown:
        try:
            shown += os.read(terminal, 65536)
        except OSError:
            break
    return shown


def who(name):
    return subprocess.run(["getent", "passwd", name], capture_output=True, text=True).stdout


def pamtester(service, name, *operations, stdin=""):
    return subprocess.run(["pamtester", service, name, *operations], input=stdin, capture_output=True, text=True, timeout=60)


def common_sqlmap(line):
    path = PAM / "common-sqlmap"
    path.write_text(line + path.read_text(encoding="utf-8"), encoding="utf-8")
