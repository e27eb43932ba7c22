"""An inbox at work, for all tests of this folder, which are run in the order of their files."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from inbox_host import DES, KIM, OFF, PEOPLE, SHUT, Key, flush, hash_of, quoted, sql
from page import Reader

EXAMPLES = Path("/usr/share/doc/sqlmapd/examples/inbox")


@pytest.fixture(scope="session")
def inbox():
    """The reader of the page has an inbox at work, in which those who are refused do not wait: that is many here, at a time."""
    for file, pattern, replacement in ((EXAMPLES / "pam.d/sshd-inbox", r"(?m)^(auth .*pam_sqlmap\.so)", r"\1 nodelay"),
                                       (Path("/etc/pam.d/common-auth"), r"(?m)^(auth\t.*pam_unix\.so)", r"\1 nodelay"),
                                       (EXAMPLES / "sshd_config", r"\Z", "MaxStartups 100\n")):
        text, count = re.subn(pattern, replacement, file.read_text())
        assert count == 1, file
        file.write_text(text)
    reader = Reader("inbox")
    reader.follow(until="Take it back")
    return reader


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    return {name: Key(tmp_path_factory.mktemp("keys"), name) for name in ("kim", "off", "stranger")}


@pytest.fixture(scope="session", autouse=True)
def people(inbox, keys):
    """More of them than on the page, where nothing expires and no name has a suffix."""
    with ThreadPoolExecutor() as threads:
        hashes = dict(zip(PEOPLE, threads.map(lambda name: hash_of(f"{name}-pw", PEOPLE[name][1]), PEOPLE)))
    sql("UPDATE inbox_hosts SET suffix = '', lstchg = -1, `max` = -1, warn = -1;"
        "UPDATE inbox_users SET username = REPLACE(username, '@elixir-europe.org', '');")
    rows = [(uid, name, quoted(hashes[name])) for name, (uid, _) in PEOPLE.items()]
    rows += [(uid, name, f"(SELECT {stored} FROM inbox_users b WHERE b.username = 'sina')") for uid, (name, stored) in enumerate(SHUT.items(), 21)]
    rows += [(KIM, "kim", "NULL"), (OFF, "off", quoted(hashes["sina"])), (DES, "des", quoted(hash_of("des-pw", "des")))]
    for uid, name, stored in rows:
        sql(f"INSERT INTO inbox_users (uid, username, gecos, password) SELECT {uid}, '{name}', '{name.title()} Example', {stored}")
    sql(f"UPDATE inbox_users SET enabled = 0 WHERE uid = {OFF}")
    keys["kim"].add(KIM)
    keys["off"].add(OFF)
    flush()
