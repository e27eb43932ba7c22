"""What every FTP server must do with the site accounts. Each server's test file subclasses FtpLogins."""

import ftplib
import io
import os
import ssl
import stat
import subprocess
import threading

import pytest

import expected
from logins import SHOP, LoginTable, attempt_all, new_address
from servers import ADDRESS, CERTIFICATE, DIRECTORY_MODE, UPLOAD_MODE

PAGE = b"<?php // uploaded\n" * 1000


class Tls(ftplib.FTP_TLS):
    """Explicit FTPS which verifies the server and protects the data."""

    def __init__(self):
        super().__init__(context=ssl.create_default_context(cafile=CERTIFICATE), timeout=60)


class FtpLogins(LoginTable):
    server_class = None
    # One at a time until the server has greeted: Pure-FTPd's listen(2) queue holds eight, and a connection that the kernel
    # drops there is never answered.
    connecting = threading.Lock()

    @pytest.fixture(scope="class")
    def server(self, accounts, tmp_path_factory):
        with self.server_class(tmp_path_factory.mktemp("server")) as server:
            yield server

    def login(self, server, name, password, client=None):
        ftp = client or ftplib.FTP(timeout=60)
        with self.connecting:
            ftp.connect(ADDRESS, server.port, source_address=(new_address(), 0))
        try:
            ftp.login(name, password)
        except Exception:
            ftp.close()
            raise
        if isinstance(ftp, ftplib.FTP_TLS):
            ftp.prot_p()
        return ftp

    def is_let_in(self, server, name, password):
        try:
            self.login(server, name, password).quit()
            return True
        except ftplib.error_perm as refusal:
            assert str(refusal).startswith("530")
            return False

    @pytest.fixture(scope="class")
    def outcomes(self, server, accounts):
        return attempt_all(accounts, lambda *attempt: self.is_let_in(server, *attempt))

    @pytest.mark.parametrize("password", ["alice-pw", "bob-pw", "erin-pw"])
    def test_each_owner_of_a_site_uploads_and_downloads(self, server, accounts, password):
        with self.login(server, SHOP, password) as ftp:
            ftp.storbinary(f"STOR {password}.php", io.BytesIO(PAGE))
            received = io.BytesIO()
            ftp.retrbinary(f"RETR {password}.php", received.write)
        assert received.getvalue() == PAGE
        with open(f"{accounts[SHOP].home}/{password}.php", "rb") as file:
            assert file.read() == PAGE

    def test_uploads_belong_to_the_site_and_nobody_else_can_read_them(self, server, accounts):
        with self.login(server, SHOP, "alice-pw") as ftp:
            ftp.storbinary("STOR owner.php", io.BytesIO(PAGE))
            ftp.mkd("owner.d")
        for name, mode in (("owner.php", UPLOAD_MODE), ("owner.d", DIRECTORY_MODE)):
            found = os.stat(f"{accounts[SHOP].home}/{name}")
            assert (found.st_uid, found.st_gid) == (expected.UID, expected.GID)
            assert stat.S_IMODE(found.st_mode) == mode

    def test_the_user_cannot_leave_the_site(self, server, accounts):
        with self.login(server, "www.acme.example", "alice-pw") as ftp:
            assert ftp.pwd() == "/"
            for place in ("..", "../..", "/..", "/../../../.."):
                ftp.cwd("/")
                try:
                    ftp.cwd(place)
                except ftplib.error_perm:
                    pass
                assert [name for name in ftp.nlst() if name not in (".", "..")] == ["settings.php"]
            for path in ("/etc/passwd", "../../../../../../etc/passwd", "../shop.acme.example/settings.php"):
                with pytest.raises(ftplib.error_perm, match="^550"):
                    ftp.retrbinary(f"RETR {path}", lambda _: None)
            for path in ("../outside.php", "/../outside.php"):
                try:
                    ftp.storbinary(f"STOR {path}", io.BytesIO(PAGE))
                    ftp.delete("/outside.php")
                except ftplib.error_perm:
                    pass
        sites = os.path.dirname(accounts["www.acme.example"].home)
        assert sorted(os.listdir(sites)) == sorted(os.path.basename(account.home) for account in accounts.values()
                                                   if os.path.dirname(account.home) == sites)

    def test_a_listing_shows_the_files(self, server):
        lines = []
        with self.login(server, "corp.example", "erin-pw") as ftp:
            ftp.retrlines("LIST", lines.append)
        assert [line.split()[-1] for line in lines if not line.startswith("total")] == ["settings.php"]

    def test_uploads_work_over_tls(self, server, accounts):
        with self.login(server, SHOP, "bob-pw", Tls()) as ftp:
            ftp.storbinary("STOR tls.php", io.BytesIO(PAGE))
            received = io.BytesIO()
            ftp.retrbinary("RETR tls.php", received.write)
        assert received.getvalue() == PAGE
        with pytest.raises(ftplib.error_perm, match="^530"):
            self.login(server, SHOP, "wrong", Tls())

    def test_curl_uploads_over_tls(self, server, accounts, tmp_path):
        page = tmp_path / "curl.php"
        page.write_bytes(PAGE)
        subprocess.run(["curl", "--silent", "--show-error", "--ssl-reqd", "--cacert", CERTIFICATE, "--upload-file", page,
                        "--user", f"{SHOP}:erin-pw", f"ftp://{ADDRESS}/"], check=True, timeout=60)
        with open(f"{accounts[SHOP].home}/curl.php", "rb") as file:
            assert file.read() == PAGE
