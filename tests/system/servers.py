"""The file transfer servers of Debian, each as a context manager: set up with the files of conf/, started, and stopped by pid."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

ADDRESS = "127.0.0.1"
CONF = Path(__file__).resolve().parents[2] / "conf"
CERTIFICATE = Path("/etc/ssl/certs/ssl-cert-snakeoil.pem")
KEY = Path("/etc/ssl/private/ssl-cert-snakeoil.key")
UPLOAD_MODE = 0o640
DIRECTORY_MODE = 0o750


def make_certificate():
    """A certificate for localhost that signs itself, where the examples expect one."""
    KEY.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", KEY, "-out", CERTIFICATE],
        check=True, capture_output=True)
    KEY.chmod(0o600)


class Server:
    """Ready once its port accepts. `files` are copied from conf/ to where conf/README.md says."""

    port = 21
    files = {}
    command = []

    def __init__(self, directory):
        self.log = Path(directory) / "server.log"

    def prepare(self):
        make_certificate()
        for source, target in self.files.items():
            target = Path(target)
            target.parent.mkdir(parents=True, exist_ok=True)
            if (CONF / source).is_dir():
                shutil.copytree(CONF / source, target, dirs_exist_ok=True)
            else:
                shutil.copyfile(CONF / source, target)

    def __enter__(self):
        self.prepare()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True)
        try:
            self.wait_until_it_accepts()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        try:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        except ProcessLookupError:
            self.process.wait()

    def wait_until_it_accepts(self, seconds=20):
        deadline = time.monotonic() + seconds
        while True:
            assert self.process.poll() is None, f"{self.command[0]} ended:\n{self.messages()}"
            try:
                socket.create_connection((ADDRESS, self.port), timeout=1).close()
                return
            except OSError:
                assert time.monotonic() < deadline, f"{self.command[0]} does not accept:\n{self.messages()}"
                time.sleep(0.02)

    def messages(self):
        return self.log.read_text(errors="replace")


class PureFtpd(Server):
    files = {"pure-ftpd/pam.d/pure-ftpd": "/etc/pam.d/pure-ftpd", "pure-ftpd/conf": "/etc/pure-ftpd/conf"}
    command = ["pure-ftpd-wrapper"]

    def prepare(self):
        super().prepare()
        both = Path("/etc/ssl/private/pure-ftpd.pem")
        both.write_text(KEY.read_text() + CERTIFICATE.read_text())
        both.chmod(0o600)


class Vsftpd(Server):
    files = {"vsftpd/pam.d/vsftpd": "/etc/pam.d/vsftpd", "vsftpd/vsftpd.conf": "/etc/vsftpd.conf"}
    command = ["vsftpd", "/etc/vsftpd.conf"]

    def prepare(self):
        super().prepare()
        os.makedirs("/run/vsftpd/empty", exist_ok=True)


class Proftpd(Server):
    files = {"proftpd/pam.d/proftpd": "/etc/pam.d/proftpd", "proftpd/sqlmap.conf": "/etc/proftpd/conf.d/sqlmap.conf"}
    command = ["proftpd", "--nodaemon"]

    def prepare(self):
        super().prepare()
        modules = Path("/etc/proftpd/modules.conf")
        modules.write_text(modules.read_text() + "LoadModule mod_tls.c\n")
        os.makedirs("/run/proftpd", exist_ok=True)


FTP_SERVERS = {"vsftpd": Vsftpd, "pure-ftpd": PureFtpd, "proftpd": Proftpd}


class Sshd(Server):
    """Every account has a chroot that root owns, with the site's directory mounted in it, as the example says."""

    port = 22
    files = {"sshd/sqlmap.conf": "/etc/ssh/sshd_config.d/sqlmap.conf"}
    command = ["/usr/sbin/sshd", "-D", "-e", "-o", "MaxStartups=100"]
    jails = Path("/srv/sftp")

    def __init__(self, directory, accounts):
        super().__init__(directory)
        self.accounts = accounts

    def prepare(self):
        super().prepare()
        for account in self.accounts.values():
            place = self.jails / account.name / "site"
            if not place.is_dir():
                place.mkdir(parents=True)
                subprocess.run(["mount", "--bind", account.home, place], check=True)
        subprocess.run(["ssh-keygen", "-A"], check=True, capture_output=True)
