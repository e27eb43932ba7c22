"""People of the archive, those who knock at the inbox, and further sshds that lock them in otherwise."""

import itertools
import os
import re
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import asked
from sandbox import wait_until

PORT = 9000
HOMES = Path("/srv/inbox")
SSHD_CONFIG = Path("/etc/ssh/sshd_inbox_config")
SERVICE = Path("/etc/pam.d/sshd-inbox")
DENY = Path("/etc/ssh/sshd_config.d/inbox.conf")
CONFIG = Path("/etc/sqlmapd/sqlmapd.toml")
OFFSET, GID = 100000, 100000
NOBODY = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "--"]
DAY = "DATEDIFF(CURDATE(), '1970-01-01')"

# Whom the archive has beside those of the page: uid, and how the password NAME-pw is stored.
PEOPLE = {"berta": (11, "bcrypt"), "sven": (12, "sha512crypt"), "sina": (13, "sha256crypt"), "mona": (14, "md5crypt"), "yara": (15, "yescrypt")}
# What of them opens nothing, whatever is typed.
SHUT = {"nils": "NULL", "lena": "''", "olle": "'*'", "lars": "CONCAT('!', password)", "cut": "LEFT(password, 40)", "plain": "'plain-pw'"}
KIM, OFF, DES = 31, 32, 33

_addresses = itertools.count()


def sql(statements):
    return asked.sql(statements, "archive")


def flush(*names):
    subprocess.run(["sqlmapctl", "flush", *names], check=True, capture_output=True, timeout=60)


@contextmanager
def changed(statements, back):
    """What the archive has, while sqlmapd is not told."""
    sql(statements)
    try:
        yield
    finally:
        sql(back)
        flush()


def quoted(value):
    return "NULL" if value is None else "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def hash_of(password, scheme):
    if scheme in ("md5crypt", "des"):  # which nobody makes any more
        return subprocess.run(["perl", "-e", "print crypt($ARGV[0], $ARGV[1])", password, {"md5crypt": "$1$saltsalt$", "des": "ab"}[scheme]],
                              capture_output=True, text=True, check=True).stdout
    return subprocess.run(["sqlmapctl", "hash", "--stdin", "--scheme", scheme], input=password + "\n", capture_output=True, text=True,
                          check=True).stdout.strip()


ANSWERS = {1: "SUCCESS", 0: "NOTFOUND", -1: "UNAVAIL", -2: "TRYAGAIN"}


def nss(*keys, prefix=()):
    """What the module says of each name or uid, in a process of its own."""
    script = ("import ctypes, sys\nmodule = ctypes.CDLL('libnss_sqlmap.so.2')\nfor key in sys.argv[1:]:\n"
              "    ask, what = (module._nss_sqlmap_getpwuid_r, ctypes.c_uint(int(key))) if key.isdigit() else"
              " (module._nss_sqlmap_getpwnam_r, key.encode())\n"
              "    print(ask(what, ctypes.create_string_buffer(256), ctypes.create_string_buffer(4096), ctypes.c_size_t(4096),"
              " ctypes.byref(ctypes.c_int())))")
    output = subprocess.run([*prefix, "/usr/bin/python3", "-c", script, *map(str, keys)], capture_output=True, text=True, check=True).stdout
    return [ANSWERS[int(line)] for line in output.split()]


class Key:
    """A key of somebody's, made anew."""

    def __init__(self, directory, name):
        self.path = Path(directory) / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"{name}@desk", "-f", self.path], check=True)
        self.line = self.path.with_suffix(".pub").read_text().strip()

    def add(self, uid, before="", behind=""):
        sql(f"INSERT INTO inbox_keys (uid, ssh_key) VALUES ({uid}, {quoted(before + self.line + behind)})")


def new_address():
    """One of this host, from which nobody has come yet: sqlmapd slows down those from which many passwords were wrong."""
    network, host = divmod(next(_addresses), 250)
    return f"127.1.{network}.{host + 1}"


def client(program, name, *arguments, key=None, password=None, port=PORT, stdin=None):
    """OpenSSH's, which tries the key and then the password, if they are there."""
    options = {"StrictHostKeyChecking": "no", "UserKnownHostsFile": "/dev/null", "LogLevel": "ERROR", "BindAddress": new_address(), "Port": port,
               "KexAlgorithms": "curve25519-sha256", "NumberOfPasswordPrompts": 1, "BatchMode": "no" if password is not None else "yes",
               "IdentitiesOnly": "yes", "IdentityFile": key.path if key else "none"}
    command = [program, *(word for option in options.items() for word in ("-o", "=".join(map(str, option)))), *arguments]
    if password is not None:
        command = ["sshpass", "-e", *command]
    return subprocess.run(command, input=stdin or "", capture_output=True, text=True, timeout=60,
                          env={"PATH": "/usr/bin:/bin", "HOME": "/root", "SSHPASS": password or ""})


def sftp(name, *commands, **how):
    return client("sftp", name, "-b", "-", f"{name}@127.0.0.1", stdin="".join(f"{command}\n" for command in commands), **how)


def is_let_in(name, **how):
    """It raises if the answer is neither yes nor no."""
    result = sftp(name, "pwd", **how)
    if result.returncode == 0:
        assert "Remote working directory: " in result.stdout, result
        return True
    assert "Permission denied" in result.stderr or "Connection closed" in result.stderr, result
    return False


def let_in(attempts):
    """Of [(name, how)] those that are, at once."""
    with ThreadPoolExecutor(12) as threads:
        return [attempt for attempt, yes in zip(attempts, threads.map(lambda attempt: is_let_in(attempt[0], **attempt[1]), attempts)) if yes]


def new_person(uid, name, *, password="(SELECT password FROM inbox_users b WHERE b.username = 'sina')"):
    return changed(f"INSERT INTO inbox_users (uid, username, password) SELECT {uid}, '{name}', {password}",
                   f"DELETE FROM inbox_users WHERE uid = {uid}")


class OtherSshd:
    """One beside, with some lines of its configuration and its session's words otherwise. `commands` change both files; `prefix`: it runs
    elsewhere."""

    def __init__(self, name, port, directory, lines=(), session=None, commands="", prefix=()):
        self.port = port
        program, service = Path("/usr/local/sbin", name), SERVICE.with_name(name)
        program.symlink_to("/usr/sbin/sshd")
        text = SERVICE.read_text()
        service.write_text(re.sub(r"mkhome=.*", session, text) if session else text)
        config = SSHD_CONFIG.read_text()
        for line in [f"Port {port}", *lines]:
            config, count = re.subn(rf"(?m)^{line.split()[0]} .*$", line, config)
            assert count == 1, line
        file = Path(directory, f"{name}.conf")
        file.write_text(config)
        commands = commands.replace(str(SSHD_CONFIG), str(file)).replace(str(SERVICE), str(service))
        subprocess.run(["bash", "-e", "-c", commands], check=True)
        self.log = Path(directory, f"{name}.log")
        self.command = [*prefix, str(program), "-D", "-e", "-f", str(file)]

    def __enter__(self):
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(self.accepts)
        return self

    def accepts(self):
        assert self.process.poll() is None, self.log.read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class OtherHost:
    """A host of another name, with a sqlmapd of its own, that has the same database and the same files."""

    def __init__(self, name, directory):
        self.log = Path(directory, f"{name}.log")
        Path("/var/lib/sqlmapd").mkdir(exist_ok=True)
        # The name comes last: it says that the daemon of this host is out of reach.
        script = ("mount -t tmpfs -o mode=755 tmpfs /run/sqlmapd && mount -t tmpfs -o mode=755 tmpfs /var/lib/sqlmapd && hostname \"$0\" &&"
                  " exec /usr/sbin/sqlmapd --foreground")
        self.command = ["unshare", "--mount", "--uts", "--propagation", "private", "bash", "-c", script, name]

    def __enter__(self):
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.prefix = ["nsenter", "--mount", "--uts", "--target", str(self.process.pid), "--"]
        wait_until(self.answers)
        return self

    def answers(self):
        assert self.process.poll() is None, self.log.read_text()
        in_there = subprocess.run([*self.prefix, "hostname"], capture_output=True, text=True).stdout.strip() == self.command[-1]
        return in_there and subprocess.run([*self.prefix, "sqlmapctl", "status"], capture_output=True).returncode == 0

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def mode_of(path):
    found = os.stat(path, follow_symlinks=False)
    return found.st_uid, found.st_gid, found.st_mode & 0o7777
