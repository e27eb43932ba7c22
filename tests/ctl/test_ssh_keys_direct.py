"""sqlmapctl ssh-keys on a host without sqlmapd."""

import pytest

from ctl import run, sql
from ssh_logins import Key, SshdWithKeys, configure, is_let_in

DIRECT = "[direct]\nenabled = true\n"


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    key = Key(tmp_path_factory.mktemp("keys"), "desk")
    key.store("alice")
    return key


def said(name, **options):
    result = run("ssh-keys", name, **options)
    return result.returncode, result.stdout, result.stderr


def test_root_asks_the_database_itself_if_direct_mode_is_on(desk):
    configure(more=DIRECT)
    assert said("alice") == (0, desk.line + "\n", "")
    for name in ("bob", "nobody-here", "root"):
        assert said(name) == (0, "", ""), name


def test_without_direct_mode_nobody_can_say(desk):
    configure()
    assert said("alice") == (3, "", "sqlmapctl: sqlmapd is not running, and direct mode is off\n")


def test_the_user_of_the_command_must_be_root(desk):
    configure(more=DIRECT)
    assert said("alice", uid=65534) == (
        3, "", "sqlmapctl: sqlmapd is not running, and only root can ask the database itself: set AuthorizedKeysCommandUser to root\n")


def test_keys_open_accounts_and_a_revoked_one_does_not(desk, tmp_path):
    configure(more=DIRECT)
    with SshdWithKeys(tmp_path):
        assert is_let_in(desk, "alice")
        assert not is_let_in(desk, "bob")
        sql("DELETE FROM sqlmap_keys")
        assert not is_let_in(desk, "alice")
