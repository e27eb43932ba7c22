"""Accounts of sql/views/accounts.sql, which change their own passwords, and what is there to see of it."""

import ftplib
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time
from contextlib import contextmanager
from pathlib import Path

from sandbox import SQLMAPD, sql, start_sqlmapd, stop, wait_until
from secret_scan import used
from servers import ADDRESS

CONFIG = Path("/etc/sqlmapd/sqlmapd.toml")
SNIPPET = Path("/etc/pam.d/common-sqlmap")
LOG = Path("/run/sqlmapd.log")

FIRST_UID, GID = 20000, 20000
SHELL = Path("/usr/local/bin/person-shell")


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **options)


def hash_of(password):
    return used(subprocess.run(["openssl", "passwd", "-6", "-stdin"], input=used(password), capture_output=True, text=True, check=True).stdout.strip())


def set_passwords(**passwords):
    """chpasswd(8)."""
    return run("chpasswd", input="".join(f"{name}:{used(password)}\n" for name, password in passwords.items()))


def log_more():
    """pam_sqlmap says all that it can."""
    text = SNIPPET.read_text()
    SNIPPET.write_text(re.sub(r"(?m)^([a-z]+ .*pam_sqlmap\.so)", r"\1 debug", text))


class People:
    """Each has a home of his own and a shell that says that it has started."""

    def __init__(self, mode):
        self.mode = mode
        SHELL.write_text('#!/bin/sh\nif [ "$1" = -c ]; then shift; exec /bin/sh -c "$@"; fi\nid; pwd; umask; echo The""ShellRan\n')
        SHELL.chmod(0o755)
        sql(f"INSERT IGNORE INTO sqlmap_groups (groupname, gid) VALUES ('customers', {GID})")

    def publish(self):
        if self.mode == "daemon":
            subprocess.run(["sqlmapctl", "refresh", "--wait", "--force"], check=True, stdout=subprocess.DEVNULL, timeout=60)

    def add(self, name, password, home=True, **columns):
        """Makes the account anew; `columns` as SQL."""
        uid = self.uid(name)
        directory = Path("/srv/people") / name
        row = {"username": f"'{name}'", "uid": uid, "gid": GID, "gecos": "''", "homedir": f"'{directory}'", "shell": f"'{SHELL}'",
               "password": f"'{hash_of(password)}'", **columns}
        sql(f"DELETE FROM sqlmap_users WHERE username = '{name}'; "
            f"INSERT INTO sqlmap_users ({', '.join(f'`{column}`' for column in row)}) VALUES ({', '.join(str(value) for value in row.values())})")
        if home:
            directory.mkdir(parents=True, exist_ok=True)
            subprocess.run(["chown", f"+{uid}:+{GID}", directory], check=True)
        self.publish()
        return directory

    @staticmethod
    def uid(name):
        known = sql(f"SELECT uid FROM sqlmap_users WHERE username = '{name}'")
        return int(known or sql(f"SELECT COALESCE(MAX(uid) + 1, {FIRST_UID}) FROM sqlmap_users"))


def stored(name, column="password"):
    value = sql(f"SELECT `{column}` FROM sqlmap_users WHERE username = '{name}'")
    return used(value) if column == "password" else value


def opens(name, password):
    """Whether FTP lets him in; it raises if the answer is neither yes nor no."""
    ftp = ftplib.FTP(timeout=60)
    ftp.connect(ADDRESS)
    try:
        ftp.login(name, used(password))
        ftp.quit()
        return True
    except ftplib.error_perm as refusal:
        assert str(refusal).startswith("530"), refusal
        return False
    finally:
        ftp.close()


def talk(command, *steps, user=None):
    """Runs a program on a terminal of its own: each step is a prompt that must be seen, and what is typed unseen. Returns the whole
    output and the exit status.

    libpam prompts first and turns the echo off then, which drops what was typed meanwhile: so nothing is typed before that.
    """
    pid, terminal = pty.fork()
    if pid == 0:
        if user is not None:
            os.setgroups([])
            os.setresgid(GID, GID, GID)
            os.setresuid(user, user, user)
        os.execvp(command.split()[0], command.split())
    seen, waiting, since = "", list(steps), 0
    give_up = time.monotonic() + 45
    try:
        while time.monotonic() < give_up:
            if waiting and re.search(waiting[0][0], seen[since:]) and not termios.tcgetattr(terminal)[3] & termios.ECHO:
                since = len(seen)
                os.write(terminal, f"{used(waiting.pop(0)[1])}\r".encode())
            if not select.select([terminal], [], [], 0.02)[0]:
                continue
            try:
                seen += os.read(terminal, 65536).decode(errors="replace").replace("\r", "")
            except OSError:  # nobody has the other end open any more
                break
        else:
            os.kill(pid, signal.SIGKILL)
    finally:
        os.close(terminal)
    return seen, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@contextmanager
def configured(mode, *changes):
    """The configuration with (section, key, value) as in TOML; at last all is as it was."""
    before = CONFIG.read_text()
    text = before
    for section, key, value in changes:
        text = re.sub(rf"^{key} = .*\n", "", text, flags=re.MULTILINE)
        assert f"[{section}]\n" in text
        text = text.replace(f"[{section}]\n", f"[{section}]\n{key} = {value}\n", 1)
    CONFIG.write_text(text)
    restart(mode)
    try:
        yield
    finally:
        CONFIG.write_text(before)
        restart(mode)


def restart(mode):
    if mode == "direct":
        return
    stop(SQLMAPD)
    start_sqlmapd()
    wait_until(lambda: run("sqlmapctl", "status").returncode == 0)
