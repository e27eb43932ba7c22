"""What must hold of an FTP server that had its accounts from its own SQL, before the move and after it. Each one's test file subclasses FtpMove."""

import ftplib
import io
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from logins import new_address
from old_hosts import FTP_ONLY, PASSWORDS, getent, key_logins, readable_by_all, systemctl

ATTEMPTS = [(name, password) for name in ("alice", "bob", "carol", "dave", "mallory") for password in (f"{name}-pw", "wrong")]
connecting = threading.Lock()  # until the server has greeted: see tests/system/ftp_logins.py


def owner_of_upload(name, password):
    """Whose a file is that who has the password leaves in the home; None if nobody is let in."""
    with ftplib.FTP(timeout=60) as ftp:
        with connecting:
            ftp.connect("127.0.0.1", source_address=(new_address(), 0))
        try:
            ftp.login(name, password)
        except ftplib.error_perm as refusal:
            assert str(refusal).startswith("530"), refusal
            return None
        ftp.storbinary("STOR upload.txt", io.BytesIO(b"uploaded\n"))
        upload = Path("/srv/ftp", name, "upload.txt").stat()
        ftp.delete("upload.txt")
        return upload.st_uid, upload.st_gid


def let_in():
    """The attempts that open a home, all made at once since a server takes its time to refuse, with the owner of what is uploaded there."""
    with ThreadPoolExecutor(len(ATTEMPTS)) as threads:
        owners = threads.map(lambda attempt: owner_of_upload(*attempt), ATTEMPTS)
        return {attempt: owner for attempt, owner in zip(ATTEMPTS, owners) if owner}


class FtpMove:
    heading = None  # of its part of the page
    service = None  # which that part starts
    command = None  # that Debian's own start script or unit runs, in the foreground
    let_in_again = {}  # who was refused by the server's own SQL, but not by sqlmap

    @pytest.fixture(scope="class")
    def moved(self, reader):
        """The page was followed to the part's end; what was seen on the way."""
        Path(f"/etc/systemd/system/{self.service}.service").write_text(f"[Service]\nRuntimeDirectory={self.service}\nExecStart={self.command}\n")
        reader._to_do = [step for step in reader._to_do if step.heading in ("", self.heading)]
        found = SimpleNamespace(exposed="", before=None, shut_out=None)

        def look(step, seen):
            if step.heading == self.heading and found.before is None:
                found.before = let_in()
            if Path("/etc/sqlmapd/sqlmapd.toml").exists():
                found.exposed += readable_by_all("/etc/sqlmapd")
            if FTP_ONLY.exists() and not found.shut_out and getent("-s", "sqlmap", "passwd", "alice"):
                found.shut_out = key_logins()

        reader._tell = look
        reader.follow()
        found.differences = reader.differences()
        found.after = let_in()
        systemctl("stop", "sqlmapd")
        found.without_sqlmapd = let_in()
        return found

    def test_the_page_says_what_happens(self, moved):
        assert moved.differences == ""

    def test_the_old_server_let_in_who_has_the_password_and_is_not_switched_off(self, moved):
        assert moved.before == {("alice", "alice-pw"): (5000, 5000), ("bob", "bob-pw"): (5001, 5000)}

    def test_the_same_passwords_open_the_same_homes_after_the_move_and_no_others_do(self, moved):
        assert moved.after == moved.before | self.let_in_again

    def test_nobody_but_sqlmap_says_who_is_let_in(self, moved):
        assert moved.without_sqlmapd == {}

    def test_no_password_of_the_old_files_can_be_read_by_everybody_any_more(self, moved):
        assert "[database]" in moved.exposed
        assert [word for word in PASSWORDS if word in moved.exposed] == []

    def test_a_key_that_was_uploaded_over_ftp_opens_nothing_and_roots_does_as_before(self, moved):
        assert moved.shut_out == ({"alice"}, set())
