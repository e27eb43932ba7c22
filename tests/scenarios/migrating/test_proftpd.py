"""From ProFTPD's mod_sql to PAM."""

from ftp_moves import FtpMove


class TestProftpd(FtpMove):
    heading = "ProFTPD"
    service = "proftpd"
    command = "/usr/sbin/proftpd --nodaemon"
