"""Whoever is in the inbox: the home, and the way out of it that is none."""

import os
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest
from asked import passwd
from inbox_host import GID, HOMES, OFFSET, OtherSshd, changed, client, flush, is_let_in, mode_of, new_person, sftp


def test_the_first_login_makes_the_home_by_key_or_password_and_the_next_leaves_it_alone(inbox, keys):
    with new_person(71, "gina"), new_person(72, "hugo", password="NULL"):
        keys["stranger"].add(72)
        assert not (HOMES / "gina").exists() and not (HOMES / "hugo").exists()
        for name, uid, how in (("gina", 71, {"password": "sina-pw"}), ("hugo", 72, {"key": keys["stranger"]})):
            assert is_let_in(name, **how)
            assert mode_of(HOMES / name) == (0, 0, 0o755)
            home = HOMES / name / "files"
            assert mode_of(home) == (OFFSET + uid, GID, 0o700) and list(home.iterdir()) == []
            home.joinpath("data").write_text("data")
            home.chmod(0o750)
            assert is_let_in(name, **how)
            assert mode_of(home) == (OFFSET + uid, GID, 0o750) and home.joinpath("data").read_text() == "data"


def test_no_link_in_the_place_of_a_home_is_gone_through(inbox, tmp_path):
    there = tmp_path / "there"
    there.mkdir(mode=0o755)
    with new_person(73, "ivo"), new_person(74, "jan"):
        (HOMES / "ivo").symlink_to(there)
        (HOMES / "jan").mkdir()
        (HOMES / "jan/files").symlink_to(there)
        is_let_in("ivo", password="sina-pw")
        is_let_in("jan", password="sina-pw")
        assert mode_of(there) == (0, 0, 0o755) and list(there.iterdir()) == []
        (HOMES / "ivo").unlink()


def test_a_jail_that_somebody_else_can_change_is_none(inbox):
    with new_person(75, "lea"):
        (HOMES / "lea").mkdir()
        os.chown(HOMES / "lea", OFFSET + 75, GID)
        assert not is_let_in("lea", password="sina-pw")
        assert not (HOMES / "lea/files").exists()


def test_a_home_that_a_row_wants_elsewhere_is_not_made(inbox):
    """Whoever writes the database is not root of the host: a directory there would be the uploader's."""
    elsewhere = Path("/etc/systemd/system/ssh.service.d")
    assert not elsewhere.exists()
    with new_person(76, "ssh.service.d"), changed("UPDATE inbox_hosts SET home = '/etc/systemd/system' WHERE host <> 'inbox2'",
                                                 "UPDATE inbox_hosts SET home = '/srv/inbox' WHERE host <> 'inbox2'"):
        flush()
        assert passwd("ssh.service.d")[5] == f"{elsewhere}/files"
        is_let_in("ssh.service.d", password="sina-pw")
        assert not elsewhere.exists()


def test_uploads_belong_to_the_uploader_with_the_umask(inbox, tmp_path):
    file = tmp_path / "wide"
    file.write_text("data")
    file.chmod(0o777)
    result = sftp("sven", f"put {file} narrow", "mkdir folder", f"put {file} folder/inner", password="sven-pw")
    assert result.returncode == 0, result
    home = HOMES / "sven/files"
    assert [mode_of(home / name) for name in ("narrow", "folder", "folder/inner")] == [(OFFSET + 12, GID, mode) for mode in (0o770, 0o770, 0o770)]


def test_nobody_reaches_anything_outside_of_the_own_directory(inbox, keys, tmp_path):
    (HOMES / "otto/files/secret").write_text("secret")
    (HOMES / "otto/files/secret").chmod(0o666)
    (HOMES / "otto/files").chmod(0o777)
    wanted = ["/etc/passwd", "../../../../etc/passwd", "/srv/inbox/otto/files/secret", "../otto/files/secret", "../../otto/files/secret", "link"]
    commands = ["ls -1 /", "-rm link", "symlink /srv/inbox/otto/files/secret link", *(f"-get {path} {tmp_path}/{i}" for i, path in enumerate(wanted)),
                "-mkdir /outside", "-put /etc/hostname ../outside", "-put /etc/hostname /srv/inbox/otto/files/outside"]
    result = sftp("kim", *commands, key=keys["kim"])
    (HOMES / "otto/files").chmod(0o700)
    assert result.returncode == 0 and [line for line in result.stdout.splitlines() if not line.startswith("sftp>")] == ["/files"], result
    assert list(tmp_path.iterdir()) == [] and list(HOMES.rglob("outside")) == []


PORTS = {"sshd-one": 9101, "sshd-session": 9102, "sshd-free": 9103, "sshd-group": 9104}


@pytest.fixture(scope="module")
def otherwise(inbox, tmp_path_factory):
    """The other lines of the page's table, with the words of the session in several orders; and a home for the group."""
    directory = tmp_path_factory.mktemp("otherwise")
    inside, outside = "ForceCommand internal-sftp -d /%u/files", "ForceCommand internal-sftp -d /srv/inbox/%u/files"
    how = {"sshd-one": (["ChrootDirectory /srv/inbox", inside], "umask=0027 mkhome=/srv/inbox"),
           "sshd-session": (["ChrootDirectory none", inside], "chroot=/srv/inbox mkhome=/srv/inbox umask=0007"),
           "sshd-free": (["ChrootDirectory none", outside], "mkhome=/srv/inbox umask=0077"),
           "sshd-group": ([], "home_mode=0750 umask=0027 mkhome=/srv/inbox")}
    with ExitStack() as stack:
        yield {name: stack.enter_context(OtherSshd(name, PORTS[name], directory, lines, session)) for name, (lines, session) in how.items()}


@pytest.mark.parametrize("name, masked, root", [("sshd-one", 0o750, "/srv/inbox"), ("sshd-session", 0o770, "/srv/inbox"), ("sshd-free", 0o700, "/")])
def test_umask_and_lock_go_together_in_any_way(otherwise, tmp_path, name, masked, root):
    file = tmp_path / "wide"
    file.write_text("data")
    file.chmod(0o777)
    uid = 80 + PORTS[name] % 10
    with new_person(uid, f"new{uid}"):
        there = str(HOMES / f"new{uid}/files").removeprefix("/srv/inbox" if root != "/" else "")
        result = sftp(f"new{uid}", f"put {file} it", "pwd", password="sina-pw", port=PORTS[name])
        assert result.returncode == 0 and f"Remote working directory: {there}\n" in result.stdout, (result, otherwise[name].log.read_text())
        assert mode_of(HOMES / f"new{uid}/files") == (OFFSET + uid, GID, 0o700)
        assert mode_of(HOMES / f"new{uid}/files/it") == (OFFSET + uid, GID, masked)
        sees_the_host = sftp(f"new{uid}", "get /etc/passwd /dev/null", password="sina-pw", port=PORTS[name])
        assert sees_the_host.returncode == (0 if root == "/" else 1)
        if root != "/":
            assert sftp(f"new{uid}", "ls /", password="sina-pw", port=PORTS[name]).returncode == 1
    others = str(HOMES / "clara/files/2026/hello.txt").removeprefix("/srv/inbox" if root != "/" else "")
    assert (HOMES / "clara/files/2026/hello.txt").exists()
    assert sftp("sina", f"get {others} /dev/null", password="sina-pw", port=PORTS[name]).returncode == 1


def test_a_session_that_cannot_be_locked_in_is_none(otherwise, keys):
    """sshd goes on when a session module fails, as far as it can."""
    by_key = {"key": keys["kim"], "port": PORTS["sshd-session"]}
    assert is_let_in("kim", **by_key)
    HOMES.chmod(0o777)
    try:
        assert not is_let_in("kim", **by_key)
    finally:
        HOMES.chmod(0o711)
    assert is_let_in("kim", **by_key)


def test_a_home_has_the_mode_that_is_configured(otherwise):
    with new_person(90, "rosa"):
        assert is_let_in("rosa", password="sina-pw", port=PORTS["sshd-group"])
        assert mode_of(HOMES / "rosa/files") == (OFFSET + 90, GID, 0o750)
        service = ["setpriv", "--reuid", "nobody", "--regid", "inbox", "--clear-groups", "ls"]
        assert subprocess.run([*service, HOMES / "rosa/files"], capture_output=True).returncode == 0
        assert subprocess.run([*service, HOMES / "clara/files"], capture_output=True).returncode != 0


def test_there_is_no_shell_even_where_the_row_has_one_and_nobody_is_locked_in(otherwise, keys):
    with changed("UPDATE inbox_hosts SET shell = '/bin/bash'", "UPDATE inbox_hosts SET shell = '/usr/sbin/nologin'"):
        flush()
        assert passwd("kim")[6] == "/bin/bash"
        result = client("ssh", "kim", "kim@127.0.0.1", "id", key=keys["kim"], port=PORTS["sshd-free"], stdin="\n")
        assert "uid=" not in result.stdout, result
