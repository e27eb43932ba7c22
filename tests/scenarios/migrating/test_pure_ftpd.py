"""From Debian's pure-ftpd-mysql to the same server with PAM."""

import subprocess

from ftp_moves import FtpMove


class TestPureFtpd(FtpMove):
    heading = "Pure-FTPd"
    service = "pure-ftpd-mysql"
    command = "/usr/sbin/pure-ftpd-wrapper mysql"
    let_in_again = {("dave", "dave-pw"): (5003, 5000)}

    def test_debians_package_can_still_be_updated(self, moved):
        result = subprocess.run(["dpkg-reconfigure", "-f", "noninteractive", "pure-ftpd-mysql"], capture_output=True, text=True, timeout=120)
        assert result.returncode == 0, result
