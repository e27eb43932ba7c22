"""The sandbox's MariaDB with TLS: authorities, certificates, and the server with one of them."""

import contextlib
import shutil
import socket
import subprocess
from pathlib import Path

from ctl import run, sql, wait_until
from sandbox import MARIADB, stop

FILES = Path("/etc/sqlmapd/tls")


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def make_authority(name):
    FILES.mkdir(exist_ok=True)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", f"/CN={name}",
            "-keyout", FILES / f"{name}.key", "-out", FILES / f"{name}.pem", "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign")


def make_certificate(name, subject_names, *validity):
    """By the authority `ca`; it is for as long as openssl's options say."""
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-keyout", FILES / f"{name}.key",
            "-out", FILES / f"{name}.csr")
    (FILES / f"{name}.ext").write_text(f"subjectAltName={subject_names}\nextendedKeyUsage=serverAuth,clientAuth\n")
    openssl("x509", "-req", "-in", FILES / f"{name}.csr", "-CA", FILES / "ca.pem", "-CAkey", FILES / "ca.key", "-CAcreateserial",
            *validity, "-out", FILES / f"{name}.pem", "-extfile", FILES / f"{name}.ext")
    shutil.chown(FILES / f"{name}.key", "mysql")


@contextlib.contextmanager
def started_with(*arguments):
    """The sandbox's server with these arguments more, and then without them."""
    def start(words):
        stop(MARIADB)
        subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        wait_until(answers)

    def answers():
        with contextlib.suppress(subprocess.CalledProcessError, OSError):
            socket.create_connection(("127.0.0.1", 3306), timeout=1).close()
            return sql("SELECT 1") == "1"

    command = Path(f"/proc/{int(MARIADB.read_text())}/cmdline").read_text().rstrip("\0").split("\0")
    start([*command, *arguments])
    try:
        yield
    finally:
        start(command)
        assert run("refresh", "--wait").returncode == 0


def with_certificate(name):
    return started_with(f"--ssl-cert={FILES}/{name}.pem", f"--ssl-key={FILES}/{name}.key", f"--ssl-ca={FILES}/ca.pem")
