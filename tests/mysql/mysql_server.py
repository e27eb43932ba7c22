"""The real MySQL of mysql.sh, in place of the sandbox's MariaDB: at its socket, and on its port with TLS."""

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path[1:1] = [str(Path(__file__).resolve().parents[1] / folder) for folder in ("support", "ctl", "scenarios", "system")]

from sandbox import MARIADB, stop, wait_until  # noqa: E402

ROOT = Path(os.environ["MYSQL_ROOT"])
DATA = Path("/run/mysqld/data")
PID = Path("/run/mysqld/mysqld.pid")
SOCKET = Path("/run/mysqld/mysqld.sock")
LOG = Path("/run/mysqld/error.log")
MARIADB_SOCKET = Path("/var/lib/mysql/elsewhere.sock")
RUNNING = []  # its Popen; chroot(8) becomes it
# All that it shows to whoever signs in is what the server of a package has; the rest is a disk that need not last, and a small memory.
SERVER = ["mysqld", "--no-defaults", "--user=mysql", f"--datadir={DATA}", f"--pid-file={PID}", f"--socket={SOCKET}", "--tmpdir=/run/mysqld",
          "--port=3306", "--bind-address=127.0.0.1", "--mysqlx=OFF", f"--log-error={LOG}", "--innodb-buffer-pool-size=64M",
          "--innodb-redo-log-capacity=16M", "--skip-log-bin", "--secure-file-priv=NULL"]


def chrooted(*words):
    return ["chroot", str(ROOT), *words]


def make():
    """Once for a sandbox. `mysql` is a command of the host's then, as it is where Debian's packages have brought it."""
    words = Path(f"/proc/{int(MARIADB.read_text())}/cmdline").read_text().rstrip("\0").split("\0")
    stop(MARIADB)
    start_mariadb_elsewhere(words)
    for directory in ("/run/mysqld", "/proc", "/dev"):
        (ROOT / directory[1:]).mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "--rbind", directory, ROOT / directory[1:]], check=True)
    # The server asks for the names of those who sign in: auth_socket.
    for file in ("/etc/passwd", "/etc/group"):
        subprocess.run(["mount", "--bind", file, ROOT / file[1:]], check=True)
    DATA.mkdir()
    shutil.chown(DATA, "mysql")
    subprocess.run(chrooted(*SERVER, "--initialize-insecure"), check=True)
    for program in ("mysql", "mysqladmin"):
        wrapper = Path("/usr/local/bin") / program
        wrapper.write_text(f'#!/bin/sh\nexec chroot {ROOT} {program} --no-defaults "$@"\n')
        wrapper.chmod(0o755)
    start()


def start_mariadb_elsewhere(words):
    """The sandbox's own, to compare with."""
    kept = [word for word in words if not word.startswith(("--socket=", "--pid-file=", "--bind-address=", "--log-error=", "--tmpdir="))]
    subprocess.Popen([*kept, f"--socket={MARIADB_SOCKET}", "--pid-file=/var/lib/mysql/elsewhere.pid", "--skip-networking", "--log-error=/var/lib/mysql/elsewhere.log"],
                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    wait_until(MARIADB_SOCKET.exists, 60)


def start(*arguments):
    PID.unlink(missing_ok=True)
    server = subprocess.Popen(chrooted(*SERVER, *arguments), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              start_new_session=True)
    wait_until(lambda: PID.exists() and answers() or server.poll() is not None, 120)
    assert server.poll() is None, LOG.read_text()[-3000:]
    RUNNING.append(server)


def answers():
    return subprocess.run(["mysqladmin", "-S", SOCKET, "ping"], capture_output=True, check=False).returncode == 0


def end(signal=15):
    server = RUNNING.pop()
    server.send_signal(signal)
    server.wait(60)  # and its number is free: another one's lock file would be believed


@contextlib.contextmanager
def started_with(*arguments):
    """The server with these arguments more, and then without them."""
    end()
    start(*arguments)
    try:
        yield
    finally:
        end()
        start()


def sql(statements, *arguments):
    """As its administrator."""
    return answer(["mysql"], statements, *arguments)


def mariadb(statements, *arguments):
    """What MariaDB says to the same."""
    return answer(["mariadb", "--no-defaults", f"--socket={MARIADB_SOCKET}"], statements, *arguments)


def answer(client, statements, *arguments):
    done = subprocess.run([*client, "--batch", "--skip-column-names", "--default-character-set=utf8mb4", *arguments], input=statements,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{statements}\n{done.stderr}"
    return done.stdout.strip()
