"""Site owners log in through Pure-FTPd."""

import socket
import subprocess

from blocks import block
from ftp_logins import FtpLogins
from servers import PureFtpd


class TestPureFtpd(FtpLogins):
    server_class = PureFtpd


class PureFtpdForATry(PureFtpd):
    """With the certificate that conf/README.md has for that."""

    def prepare(self):
        super().prepare()
        subprocess.run(["bash", "-ec", block("conf/README.md", "openssl req")], check=True, capture_output=True)


def test_it_encrypts_with_the_certificate_that_the_page_makes_for_a_try(tmp_path):
    with PureFtpdForATry(tmp_path) as server:
        shown = subprocess.run(["openssl", "s_client", "-starttls", "ftp", "-connect", f"localhost:{server.port}"], stdin=subprocess.DEVNULL,
                               capture_output=True, text=True, check=True, timeout=60).stdout
    assert f"subject=CN = {socket.gethostname()}\n" in shown and "New, TLSv1.3" in shown
