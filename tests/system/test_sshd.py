"""Site owners log in through OpenSSH, for SFTP and nothing else."""

import os
import shlex
import stat
import subprocess

import pytest

import expected
from logins import SHOP, LoginTable, attempt_all, new_address
from servers import ADDRESS, DIRECTORY_MODE, UPLOAD_MODE, Sshd

PAGE = b"<?php // uploaded\n" * 1000
SSH_OPTIONS = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
               "-o", "PubkeyAuthentication=no", "-o", "NumberOfPasswordPrompts=1"]


@pytest.fixture(scope="module")
def server(accounts, tmp_path_factory):
    with Sshd(tmp_path_factory.mktemp("server"), accounts) as server:
        yield server


def sftp(name, password, *commands):
    """Runs an sftp batch; its result."""
    return subprocess.run(
        ["sshpass", "-e", "sftp", *SSH_OPTIONS, "-o", f"BindAddress={new_address()}", "-o", "BatchMode=no", "-b", "-", f"{name}@{ADDRESS}"],
        input="\n".join(commands) + "\n", capture_output=True, text=True, timeout=60, env={**os.environ, "SSHPASS": password})


def ssh(name, password, *command):
    return subprocess.run(["sshpass", "-e", "ssh", *SSH_OPTIONS, f"{name}@{ADDRESS}", *command],
                          capture_output=True, text=True, timeout=60, env={**os.environ, "SSHPASS": password})


def succeeds(result):
    assert result.returncode == 0, result.stderr
    return result


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "page.php"
    path.write_bytes(PAGE)
    return path


@pytest.mark.parametrize("password", ["alice-pw", "bob-pw", "erin-pw"])
def test_each_owner_of_a_site_uploads_and_downloads(server, accounts, page, tmp_path, password):
    succeeds(sftp(SHOP, password, f"put {page} {password}.php", f"get {password}.php {tmp_path}/back.php"))
    assert (tmp_path / "back.php").read_bytes() == PAGE
    with open(f"{accounts[SHOP].home}/{password}.php", "rb") as file:
        assert file.read() == PAGE


def test_uploads_belong_to_the_site_and_nobody_else_can_read_them(server, accounts, page):
    succeeds(sftp(SHOP, "alice-pw", f"put {page} owner.php", "mkdir owner.d"))
    for name, mode in (("owner.php", UPLOAD_MODE), ("owner.d", DIRECTORY_MODE)):
        found = os.stat(f"{accounts[SHOP].home}/{name}")
        assert (found.st_uid, found.st_gid) == (expected.UID, expected.GID)
        assert stat.S_IMODE(found.st_mode) == mode


def test_curl_uploads_and_downloads(server, accounts, page):
    url = f"sftp://{ADDRESS}/site/curl.php"
    curl = ["curl", "--silent", "--show-error", "--insecure", "--user", f"{SHOP}:erin-pw"]
    subprocess.run([*curl, "--upload-file", page, url], check=True, timeout=60)
    assert subprocess.run([*curl, url], check=True, timeout=60, capture_output=True).stdout == PAGE
    with open(f"{accounts[SHOP].home}/curl.php", "rb") as file:
        assert file.read() == PAGE


class TestLogins(LoginTable):
    def is_let_in(self, server, name, password):
        result = sftp(name, password, "pwd")
        assert result.returncode == 0 or f"{name}@{ADDRESS}: Permission denied (" in result.stderr, result.stderr
        return result.returncode == 0

    @pytest.fixture(scope="class")
    def outcomes(self, server, accounts):
        return attempt_all(accounts, lambda *attempt: self.is_let_in(server, *attempt))


def test_the_user_cannot_leave_the_site(server, accounts, page):
    listing = succeeds(sftp("www.acme.example", "alice-pw", "pwd", "ls -1", "ls -1 /", "ls -1 ../..")).stdout
    shown = [line for line in listing.splitlines() if not line.startswith("sftp>")]
    assert shown == ["Remote working directory: /site", "settings.php", "/site", "../../site"]
    for command in ("get /etc/passwd", "get ../../../../etc/passwd", f"get {accounts[SHOP].home}/settings.php",
                    f"put {page} ../outside.php", f"put {page} /outside.php"):
        assert sftp("www.acme.example", "alice-pw", command).returncode == 1, command


def test_a_listing_names_owner_and_group_without_harm(server):
    lines = succeeds(sftp("corp.example", "erin-pw", "ls -l")).stdout.splitlines()
    assert [line.split()[-1] for line in lines[1:]] == ["settings.php"]


@pytest.mark.parametrize("command", ["id", "cat /etc/passwd", "/bin/sh"])
def test_no_command_runs(server, command):
    assert "uid=" not in ssh(SHOP, "alice-pw", *shlex.split(command)).stdout
    assert "root:" not in ssh(SHOP, "alice-pw", *shlex.split(command)).stdout
