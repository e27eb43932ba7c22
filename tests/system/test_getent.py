"""What getent, id and the file tools say about the site accounts: all of what facts about the data promise, and nothing else."""

import pwd
import subprocess

import pytest

import expected

ROOT_LINE = "root:x:0:0:"


def run(*command, user=None, check=True):
    result = subprocess.run(command, capture_output=True, text=True, user=user, timeout=30,
                            **({"group": "nogroup", "extra_groups": []} if user else {}))
    if check:
        assert result.returncode == 0, f"{command}: status {result.returncode}, {result.stderr}"
    return result


def getent(map_name, *keys, **options):
    """Its status, and the lines that it printed."""
    result = run("getent", map_name, "--", *keys, check=False, **options)
    return result.returncode, result.stdout.splitlines()


FOUND, NOT_FOUND = 0, 2


def test_every_account_resolves_by_name(accounts):
    for account in accounts.values():
        assert getent("passwd", account.name) == (FOUND, [account.passwd_line])


def test_everybody_may_ask(accounts):
    for account in accounts.values():
        assert getent("passwd", account.name, user="nobody") == (FOUND, [account.passwd_line])


def test_the_uid_resolves_to_always_the_same_account(accounts):
    line = accounts[expected.NAME_OF_UID].passwd_line
    for _ in range(3):
        assert getent("passwd", str(expected.UID)) == (FOUND, [line])


def test_an_enumeration_lists_local_accounts_and_then_each_site_once(accounts):
    status, lines = getent("passwd")
    with open("/etc/passwd", encoding="utf-8") as file:
        local = file.read().splitlines()
    assert status == FOUND
    assert lines[:len(local)] == local
    assert sorted(lines[len(local):]) == sorted(account.passwd_line for account in accounts.values())


def test_several_keys_are_answered_one_by_one(accounts):
    shop, bolt = accounts["shop.acme.example"], accounts["bolt.example"]
    status, lines = getent("passwd", "root", shop.name, "nobody.example", str(expected.UID), bolt.name)
    assert status == NOT_FOUND
    assert lines[0].startswith(ROOT_LINE)
    assert lines[1:] == [shop.passwd_line, bolt.passwd_line, bolt.passwd_line]


@pytest.mark.parametrize("name", expected.NAMES_THAT_MUST_NOT_RESOLVE, ids=lambda name: repr(name)[:30])
def test_a_name_that_is_not_exactly_an_account_does_not_resolve(accounts, name):
    """Asked together with one that does, so that a database that is away is not taken for a "no"."""
    known = accounts["bolt.example"]
    assert getent("passwd", name, known.name) == (NOT_FOUND, [known.passwd_line])
    assert getent("shadow", name, known.name) == (NOT_FOUND, [known.shadow_line])
    assert getent("group", name, expected.GROUP) == (NOT_FOUND, [f"{expected.GROUP}:x:{expected.GID}:"])


@pytest.mark.parametrize("uid", ["1", "999", "9999", "10001", "65534", "65535", "4294967294", "4294967295", "4294967296", "-1"])
def test_no_other_number_is_an_account_of_the_database(uid, accounts):
    names = [line.split(":")[0] for line in getent("passwd", uid)[1]]
    assert not set(names) & set(accounts)


def test_root_sees_shadow_rows_without_usable_hashes(accounts):
    for account in accounts.values():
        assert getent("shadow", account.name) == (FOUND, [account.shadow_line])
    lines = getent("shadow")[1]
    with open("/etc/shadow", encoding="utf-8") as file:
        local = file.read().splitlines()
    assert len(lines) == len(local) + len(accounts)
    assert sorted(lines[len(local):]) == sorted(account.shadow_line for account in accounts.values())


def test_nobody_else_sees_shadow_rows(accounts):
    assert getent("shadow", user="nobody")[1] == []
    for name in accounts:
        assert getent("shadow", name, user="nobody") == (NOT_FOUND, [])


def test_the_one_group_resolves_by_name_and_number_and_has_no_members():
    line = f"{expected.GROUP}:x:{expected.GID}:"
    assert getent("group", expected.GROUP) == (FOUND, [line])
    assert getent("group", str(expected.GID)) == (FOUND, [line])
    with open("/etc/group", encoding="utf-8") as file:
        local = file.read().splitlines()
    assert getent("group") == (FOUND, [*local, line])
    assert getent("group", "10001") == (NOT_FOUND, [])


def test_every_account_is_in_the_one_group_and_no_other(accounts):
    for name in accounts:
        assert getent("initgroups", name) == (FOUND, [f"{name:<21} {expected.GID}"])


def test_local_users_are_in_no_group_of_the_database():
    assert str(expected.GID) not in getent("initgroups", "root")[1][0].split()
    assert str(expected.GID) not in run("id", "-G", "www-data").stdout.split()
    assert run("id", "root").stdout == "uid=0(root) gid=0(root) groups=0(root)\n"


def test_id_and_groups_know_every_account(accounts):
    for name in accounts:
        owner = f"{expected.UID}({expected.NAME_OF_UID})"
        assert run("id", name).stdout == \
            f"uid={owner} gid={expected.GID}({expected.GROUP}) groups={expected.GID}({expected.GROUP})\n"
        assert run("groups", name).stdout == f"{name} : {expected.GROUP}\n"
    for name in ("Shop.Acme.Example", "nobody.example"):
        assert run("id", name, check=False).returncode == 1


def test_a_process_of_the_account_knows_its_own_name(accounts):
    home = accounts[expected.NAME_OF_UID].home
    result = subprocess.run(["whoami"], capture_output=True, text=True, user=expected.UID, group=expected.GID,
                            extra_groups=[], cwd=home, check=True)
    assert result.stdout == f"{expected.NAME_OF_UID}\n"


def test_ls_and_find_name_owner_and_group_of_a_site(accounts):
    home = accounts["shop.acme.example"].home
    owner, group = run("ls", "-l", f"{home}/settings.php").stdout.split()[2:4]
    assert (owner, group) == (expected.NAME_OF_UID, expected.GROUP)
    assert run("find", home, "-printf", "%u:%g\n").stdout.splitlines() == [f"{expected.NAME_OF_UID}:{expected.GROUP}"] * 2
    assert run("find", home, "-user", "shop.acme.example", "-name", "settings.php").stdout == f"{home}/settings.php\n"
    assert run("find", home, "-nouser", "-o", "-nogroup").stdout == ""
    assert run("stat", "-c", "%U:%G", home).stdout == f"{expected.NAME_OF_UID}:{expected.GROUP}\n"


def test_files_can_be_given_to_an_account_by_name(tmp_path, accounts):
    file = tmp_path / "file"
    file.touch()
    run("chown", "www.acme.example:aegir", str(file))
    assert (file.stat().st_uid, file.stat().st_gid) == (expected.UID, expected.GID)
    assert run("chown", "www.nobody.example", str(file), check=False).returncode == 1


def test_a_shell_expands_the_home_of_an_account(accounts):
    for account in accounts.values():
        assert run("bash", "-c", f"echo ~{account.name}").stdout == f"{account.home}\n"


def test_a_long_lived_process_sees_a_new_site_and_misses_a_deleted_one(database, accounts):
    account = accounts["dora.example"]
    assert pwd.getpwnam(account.name).pw_dir == account.home
    with database.renamed(account.name, "new.dora.example"):
        assert pwd.getpwnam("new.dora.example").pw_uid == expected.UID
        database.publish()
        assert pwd.getpwnam("new.dora.example").pw_uid == expected.UID
        with pytest.raises(KeyError):
            pwd.getpwnam(account.name)
    assert pwd.getpwnam(account.name).pw_dir == account.home


def test_a_site_that_came_and_went_between_two_reads_is_gone(database, accounts):
    """All accounts are as they were when they were read, and yet somebody has been told of this one."""
    with database.created("new.acme.example", like="shop.acme.example"):
        assert getent("passwd", "new.acme.example")[0] == FOUND
    database.publish()
    assert getent("passwd", "new.acme.example", "bolt.example")[1:] == ([accounts["bolt.example"].passwd_line],)


def test_no_row_can_be_uid_0(database, accounts):
    with database.settings(uid=0, gid=0, groupname="root"):
        database.publish("--force")
        for name in accounts:
            assert getent("passwd", name) == (NOT_FOUND, [])
            assert run("id", name, check=False).returncode == 1
        with open("/etc/passwd", encoding="utf-8") as file:
            assert getent("passwd")[1] == file.read().splitlines()
        assert getent("group", "root") == (FOUND, ["root:x:0:"])
    assert getent("passwd", "bolt.example") == (FOUND, [accounts["bolt.example"].passwd_line])
