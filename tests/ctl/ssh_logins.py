"""Keys in the database, and a real sshd that asks for them as conf/sshd/sqlmap.conf says."""

import re
import subprocess
import sys
from pathlib import Path

from ctl import CONFIG, sql

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))
from servers import ADDRESS, CONF, Sshd  # noqa: E402

# What stands there as a comment, for whoever wants keys.
OPTIONS = dict(re.findall(r"^  #   ([A-Z]\w+) (.*)$", (CONF / "sshd/sqlmap.conf").read_text(), re.MULTILINE))
QUERY = re.search(r'^#   ssh_keys = "(.*)"$', (CONF / "sqlmapd.toml").read_text(), re.MULTILINE)[1]


def configure(query=QUERY, more=""):
    """sqlmapd.toml as it was, with a query for keys; sqlmapd has not read it yet."""
    begin = CONFIG.read_text().split("\n[queries]")[0]
    CONFIG.write_text(f'{begin}\n[queries]\nssh_keys = "{query}"\n{more}')


class Key:
    """A key of somebody's, made anew."""

    def __init__(self, directory, name, kind="ed25519"):
        self.path = Path(directory) / name
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", f"{name} on desk", "-f", self.path], check=True)
        self.line = self.path.with_suffix(".pub").read_text().strip()
        listed = subprocess.run(["ssh-keygen", "-lf", self.path], check=True, capture_output=True, text=True).stdout
        self.type, self.fingerprint = self.line.split()[0], listed.split()[1]

    def store(self, name, options="", comment=""):
        add(name, f"{options} {self.line}{comment}".strip())


def add(name, text):
    value = text.replace("\\", "\\\\").replace("'", "''")
    sql(f"INSERT INTO sqlmap_keys (username, ssh_key) VALUES ('{name}', '{value}')")


class SshdWithKeys(Sshd):
    files = {}

    def __init__(self, directory):
        super().__init__(directory, {})
        self.command = ["/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", "-o", "UsePAM=yes", "-o", "KbdInteractiveAuthentication=no",
                        "-o", "PasswordAuthentication=no", "-o", "LogLevel=VERBOSE", "-o", "PidFile=none",
                        *(word for option in OPTIONS.items() for word in ("-o", " ".join(option)))]


def ssh(key, name, *command, options=()):
    return subprocess.run(
        ["ssh", "-i", str(key.path), "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
         "-o", "LogLevel=INFO", "-o", "BatchMode=yes", *options, f"{name}@{ADDRESS}", *command],
        capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


def is_let_in(key, name, **options):
    """It raises if the answer is neither yes nor no."""
    result = ssh(key, name, "echo", "the", "command", "ran", **options)
    if result.returncode == 0:
        assert "ran" in result.stdout, result
        return True
    assert "Permission denied (publickey)" in result.stderr or "Connection closed by" in result.stderr, result
    return False
