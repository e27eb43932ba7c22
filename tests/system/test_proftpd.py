"""Site owners log in through ProFTPD."""

from ftp_logins import FtpLogins
from servers import Proftpd


class TestProftpd(FtpLogins):
    server_class = Proftpd
