"""doc/security.md is followed, and its promises are tried by somebody who would like to break them."""

import subprocess
from pathlib import Path


def as_nobody(*words):
    return subprocess.run(["setpriv", "--reuid", "nobody", "--clear-groups", *words], capture_output=True, text=True, input="bob-pw\n")


def test_the_page_says_what_happens(reader):
    reader.follow()
    reader.assert_true()


def test_nothing_that_others_can_read_has_a_hash_or_a_password(reader):
    files = [path for directory in ("/etc/sqlmapd", "/run/sqlmapd", "/var/lib/sqlmapd") for path in Path(directory).rglob("*") if path.is_file()]
    open_to_all = [path for path in files if path.stat().st_mode & 0o044]
    assert len(open_to_all) >= 4
    assert [path for path in open_to_all for word in (b"$6$", b"$1$", b"reader-password", b"judge-password") if word in path.read_bytes()] == []


def test_nobody_but_root_reads_anew_or_asks_for_keys_and_hashes(reader):
    asks, examines = "only root may ask for that", "only root may do this: it asks with the account of secrets.toml"
    for words, why in ((["refresh"], asks), (["flush"], asks), (["ssh-keys", "alice"], asks), (["auth", "alice", "--stdin"], examines)):
        result = as_nobody("sqlmapctl", *words)
        assert (result.returncode, result.stdout, result.stderr) == (3, "", f"sqlmapctl: {why}\n"), words


def test_no_row_puts_anybody_into_a_group_of_the_system(reader):
    subprocess.run(["mariadb", "accounts", "-e", "ALTER TABLE sqlmap_groups DROP CONSTRAINT sqlmap_gid, DROP CONSTRAINT sqlmap_groupname;"
                    "INSERT INTO sqlmap_groups (groupname, gid) VALUES ('sudo', 27), ('helpers', 42);"
                    "INSERT INTO sqlmap_memberships (username, gid) VALUES ('alice', 27), ('alice', 42)"], check=True)
    subprocess.run(["sqlmapctl", "refresh", "--wait"], check=True, capture_output=True)
    assert subprocess.run(["id", "-Gn", "alice"], capture_output=True, text=True).stdout == "customers editors\n"
