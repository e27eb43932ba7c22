"""Site owners log in through Pure-FTPd."""

from ftp_logins import FtpLogins
from servers import PureFtpd


class TestPureFtpd(FtpLogins):
    server_class = PureFtpd
