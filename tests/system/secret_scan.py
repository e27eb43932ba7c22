"""Every password and every hash that the tests used, looked for in all that was written down meanwhile."""

import re
from pathlib import Path

_used = set()


def used(secret):
    """Notes a password or a hash, and returns it."""
    if secret:
        _used.add(secret)
        if "$" in secret:  # the part of a hash that is worth something to whoever finds it
            _used.add(secret.rsplit("$", 1)[1])
    return secret


def expect_no_secret(*texts):
    """In the texts, in sqlmapd's and MariaDB's own output, in /var/log."""
    passwords_of_the_database = [password for file in ("sqlmapd.toml", "secrets.toml")
                                 for password in re.findall(r'^password = "(.+)"', Path("/etc/sqlmapd", file).read_text(), re.MULTILINE)]
    assert len(passwords_of_the_database) == 2
    files = [Path("/run/mysqld/error.log"), Path("/run/mysqld/output.log")]
    if Path("/run/sqlmapd.pid").exists():
        files.append(Path("/run/sqlmapd.log"))
    files += (path for path in Path("/var/log").rglob("*") if path.is_file())
    written = {path: path.read_text(errors="replace") for path in files}
    written.update((f"text {number}", text) for number, text in enumerate(texts))
    assert len(_used) > 4
    for secret in (*_used, *passwords_of_the_database):
        for place, text in written.items():
            assert secret not in text, f"in {place}"
