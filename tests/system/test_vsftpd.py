"""Site owners log in through vsftpd."""

import pytest

import expected
from ftp_logins import FtpLogins
from servers import Vsftpd


class TestVsftpd(FtpLogins):
    server_class = Vsftpd


class VsftpdWithNames(Vsftpd):
    command = [*Vsftpd.command, "-otext_userdb_names=YES"]


@pytest.mark.mode("daemon")
class TestNamesInListings:
    """vsftpd looks them up as the site's user, inside the site's chroot."""

    def test_a_listing_names_owner_and_group(self, accounts, tmp_path):
        lines = []
        with VsftpdWithNames(tmp_path) as server, FtpLogins().login(server, "corp.example", "erin-pw") as ftp:
            ftp.retrlines("LIST", lines.append)
        assert [line.split()[2:4] for line in lines] == [[expected.NAME_OF_UID, expected.GROUP]]
