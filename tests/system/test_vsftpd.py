"""Site owners log in through vsftpd."""

from ftp_logins import FtpLogins
from servers import Vsftpd


class TestVsftpd(FtpLogins):
    server_class = Vsftpd
