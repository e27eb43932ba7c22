"""What is looked at on a host of doc/migrating.md, whatever it had before."""

import os
import re
import subprocess
from pathlib import Path

KEY = Path("/root/uploaded_key")
NSSWITCH = Path("/etc/nsswitch.conf")
FTP_ONLY = Path("/etc/ssh/sshd_config.d/ftp.conf")
PASSWORDS = ("userpass", "rootpass", "ftp-secret", "pure-secret", "pro-secret", "reader-password", "judge-password")


def getent(*words):
    return subprocess.run(["getent", *words], capture_output=True, text=True).stdout


def systemctl(*words):
    subprocess.run(["/usr/local/sbin/systemctl", *words], check=True)


def readable_by_all(directory):
    return "".join(path.read_text() for path in Path(directory).iterdir() if path.stat().st_mode & 0o044)


def leave_key(home):
    """As its owner does over FTP."""
    if not KEY.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", KEY], check=True)
    keys = Path(home, ".ssh/authorized_keys")
    keys.parent.mkdir(exist_ok=True)
    keys.write_text(KEY.with_suffix(".pub").read_text())
    owner = Path(home).stat()
    for path in (keys.parent, keys):
        os.chown(path, owner.st_uid, owner.st_gid)


def is_let_through(name):
    """Whether sshd forwards a port for whoever has that key."""
    result = subprocess.run(["ssh", "-i", KEY, "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                             "-W", "127.0.0.1:22", f"{name}@127.0.0.1"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert result.stdout.startswith("SSH-2.0") or "Permission denied" in result.stderr, result
    return result.stdout.startswith("SSH-2.0")


def key_logins():
    """Who is shut out, as the page has set sshd up, and without that; all programs ask sqlmap."""
    text, shut = NSSWITCH.read_text(), FTP_ONLY.read_text()
    NSSWITCH.write_text(re.sub(r"(?m)^((?:passwd|group|shadow): +files)(?! sqlmap)", r"\1 sqlmap", text))
    for home in ("/srv/ftp/alice", "/root"):
        leave_key(home)
    try:
        shut_out = {name for name in ("alice", "root") if not is_let_through(name)}
        FTP_ONLY.unlink()
        systemctl("restart", "ssh")
        return shut_out, {name for name in ("alice", "root") if not is_let_through(name)}
    finally:
        NSSWITCH.write_text(text)
        FTP_ONLY.write_text(shut)
        systemctl("restart", "ssh")
