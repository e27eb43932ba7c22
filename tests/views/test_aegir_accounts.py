"""The accounts of the sample data: who exists, where they live, and whose password opens them."""

import aegir
import mariadb_server
import pytest

WEB1, WEB2 = "web1.example.net", "web2.example.net"
PLATFORMS = {
    "aegir1-d6": {"master": "/var/aegir/hostmaster-6.x-1.12", "one": "/var/aegir/platforms/drupal-6.37",
                  "two": "/var/aegir/platforms/pressflow-6.47"},
    "aegir3-d7": {"master": "/var/aegir/hostmaster-7.x-3.190", "one": "/var/aegir/platforms/drupal-7.98",
                  "two": "/var/aegir/platforms/drupal-7.101"},
}
QUEUED = "queued-site-with-a-very-long-name.dora.example"
# account: stored title, status, front end, platform, client in gecos, who may log in
ACCOUNTS = {
    "aegir.example.net": ("aegir.example.net", 1, WEB1, "master", "admin", []),
    "bolt.example": ("bolt.example", 1, WEB2, "two", "Bolt & Söhne", ["Dave Müller"]),
    "corp.example": ("corp.example", 1, WEB2, "two", "Corp  Holdings", ["erin"]),
    "dora.example": ("dora.example", 1, WEB1, "one", "Dora", []),
    "old.bolt.example": ("old.bolt.example", -1, WEB1, "one", "Bolt & Söhne", []),
    QUEUED: (QUEUED, 0, WEB2, "two", "Dora", []),
    "shop.acme.example": ("Shop.Acme.Example", 1, WEB2, "two", "Acme Widgets  Pty Ltd", ["alice", "bob@acme.example", "erin"]),
    "www.acme.example": ("www.acme.example", 1, WEB1, "one", "Acme Widgets  Pty Ltd", ["alice", "bob@acme.example", "erin"]),
}
# Names that an application might ask for and that belong to nobody.
NOBODY = ["acme.example", "shop.acme-alias.example", "", "*", "%", "example", "bolt.example/", "bolt_example", "10000"]


def passwd(generation, name):
    """The row that getpwnam must find."""
    title, status, _, platform, client, _ = ACCOUNTS[name]
    return {"username": title, "password": "x", "uid": "10000", "gid": "10000", "gecos": f"{client},,,",
            "homedir": f"{PLATFORMS[generation][platform]}/sites/{name}",
            "shell": "/bin/true" if status == 1 else "/bin/false"}


def shadow(name):
    """The row that getspnam must find."""
    title, status = ACCOUNTS[name][:2]
    return {"username": title, "password": "*" if status == 1 else "!*", "lstchg": "1", "min": "0", "max": "99999",
            "warn": "0", "inact": "-1", "expire": "-1" if status == 1 else "1", "flag": "0"}


def by_name(rows):
    """Rows in the order of their names, as a list: a name that comes twice stays visible."""
    return sorted(rows, key=lambda row: row["username"].lower())


@pytest.mark.parametrize("name", ACCOUNTS)
def test_each_site_is_found_by_name_with_its_home_shell_and_owner(identity, hosting, generation, name):
    assert identity.ask(hosting, aegir.GETPWNAM, name) == [passwd(generation, name)]


@pytest.mark.parametrize("name", ACCOUNTS)
def test_each_site_has_a_shadow_row_that_no_password_opens(auth, hosting, name):
    assert auth.ask(hosting, aegir.GETSPNAM, name) == [shadow(name)]


@pytest.mark.parametrize("name", ACCOUNTS)
def test_exactly_the_active_users_of_the_client_open_a_site(auth, root, hosting, generation, name):
    title, _, frontend, _, _, owners = ACCOUNTS[name]
    hashes = {row["name"]: row["pass"] for row in root.query(hosting, "SELECT name, pass FROM users")}
    ids = {row["name"]: row["uid"] for row in root.query(hosting, "SELECT name, uid FROM users")}
    scheme = "md5" if generation == "aegir1-d6" else ""
    rows = auth.ask(hosting, aegir.AUTH, name)
    assert sorted(rows, key=lambda row: int(row["drupal_uid"])) == [
        {"username": title, "password": hashes[owner], "scheme": scheme, "status": "1", "drupal_uid": ids[owner],
         "owner": owner, "frontend": frontend} for owner in owners]


def test_a_list_holds_what_the_look_ups_find_and_nothing_else(identity, auth, hosting, generation):
    names = sorted(ACCOUNTS)
    assert by_name(identity.ask(hosting, aegir.GETPWENT)) == [passwd(generation, name) for name in names]
    assert by_name(auth.ask(hosting, aegir.GETSPENT)) == [shadow(name) for name in names]


def test_no_password_opens_more_than_its_owners_sites(auth, hosting):
    rows = auth.ask(hosting, "SELECT username, owner FROM nss_mysql")
    assert sorted((row["username"].lower(), row["owner"]) for row in rows) == sorted(
        (name, owner) for name, account in ACCOUNTS.items() for owner in account[5])


def test_every_account_is_in_the_one_group_by_its_primary_gid_alone(identity, hosting):
    group = [{"groupname": "aegir", "password": "x", "gid": "10000", "member": None}]
    assert identity.ask(hosting, aegir.GETGRNAM, "aegir") == group
    assert identity.ask(hosting, aegir.GETGRGID, 10000) == group
    assert identity.ask(hosting, aegir.GETGRENT) == group
    assert identity.ask(hosting, aegir.MEMSBYGID, 10000) == []
    assert identity.ask(hosting, aegir.GETGRGID, 0) == []
    assert identity.ask(hosting, aegir.GETGRNAM, "root") == []


def test_groups_of_a_user_are_that_users_groups(identity, hosting):
    for name, account in ACCOUNTS.items():
        assert identity.ask(hosting, aegir.GIDSBYMEM, name) == [{"username": account[0], "gid": "10000"}]
    for name in ("root", "www-data", *NOBODY):
        assert identity.ask(hosting, aegir.GIDSBYMEM, name) == []


@pytest.mark.parametrize("name", NOBODY)
def test_an_alias_a_pattern_or_nothing_is_nobody(identity, auth, hosting, name):
    assert identity.ask(hosting, aegir.GETPWNAM, name) == []
    assert auth.ask(hosting, aegir.GETSPNAM, name) == []
    assert auth.ask(hosting, aegir.AUTH, name) == []


@pytest.mark.parametrize("name", ["BOLT.EXAMPLE", "bolt.example ", "bölt.example"])
def test_a_name_that_only_the_collation_takes_for_equal_comes_back_as_stored(identity, auth, hosting, name):
    """The collation is Aegir's; sqlmap compares the returned name with the asked one, which must therefore not be echoed."""
    for client, query in ((identity, aegir.GETPWNAM), (identity, aegir.GIDSBYMEM), (auth, aegir.GETSPNAM), (auth, aegir.AUTH)):
        assert {row["username"] for row in client.ask(hosting, query, name)} == {"bolt.example"}


def test_the_shared_uid_is_answered_by_one_site(identity, hosting, generation):
    shortest = [row["username"] for row in identity.ask(hosting, aegir.GETPWUID, 10000)]
    assert shortest[:3] == ["bolt.example", "corp.example", "dora.example"]
    assert identity.ask(hosting, aegir.GETPWUID_OWNER, 10000) == [passwd(generation, "aegir.example.net")]
    assert identity.ask(hosting, aegir.GETPWUID_OWNER, 0) == []
    assert identity.ask(hosting, aegir.GETPWUID, 0) == []


def test_running_the_file_again_changes_nothing(root, identity, auth, hosting, generation):
    root.run(hosting, aegir.VIEWS)
    test_a_list_holds_what_the_look_ups_find_and_nothing_else(identity, auth, hosting, generation)


def test_no_view_has_lost_its_definers_rights_or_its_way_to_the_indices(root, hosting):
    views = root.query(hosting, "SELECT table_name AS name, algorithm, security_type FROM information_schema.views "
                                "WHERE table_schema = DATABASE()")
    assert {view["security_type"] for view in views} == {"DEFINER"}
    constant = {"nss_settings", "nss_getgrnam", "nss_memsbygid"}
    assert {view["name"] for view in views if view["algorithm"] != "MERGE"} == constant


def test_an_account_that_is_switched_off_in_aegir_is_closed_at_once(root, identity, auth, hosting):
    changes = [("UPDATE users SET status = 0 WHERE name = 'alice'", ["bob@acme.example", "erin"]),
               ("DELETE FROM hosting_client_user WHERE user = 3", ["erin"]),
               ("UPDATE users SET pass = '' WHERE name = 'erin'", [])]
    for change, owners in changes:
        root.run(hosting, change)
        assert [row["owner"] for row in auth.ask(hosting, aegir.AUTH, "www.acme.example")] == owners
    root.run(hosting, "UPDATE hosting_site SET status = -1 WHERE nid = 36")
    assert auth.ask(hosting, aegir.AUTH, "corp.example") == []
    assert identity.ask(hosting, aegir.GETPWNAM, "corp.example")[0]["shell"] == "/bin/false"
    root.run(hosting, "UPDATE hosting_site SET status = -2 WHERE nid = 36")
    assert identity.ask(hosting, aegir.GETPWNAM, "corp.example") == []


@pytest.mark.parametrize("status, owners", [(1, ["Dave Müller"]), (-1, ["Dave Müller"]), (0, []), (-2, [])])
def test_a_locked_platform_serves_its_sites_and_a_deleted_one_does_not(root, auth, hosting, status, owners):
    root.run(hosting, f"UPDATE hosting_platform SET status = {status} WHERE vid = 222")
    assert [row["owner"] for row in auth.ask(hosting, aegir.AUTH, "bolt.example")] == owners


def test_a_migrated_site_moves_its_home(root, identity, hosting, generation):
    root.run(hosting, "UPDATE hosting_site SET platform = 21 WHERE vid = 233")
    [row] = identity.ask(hosting, aegir.GETPWNAM, "bolt.example")
    assert row["homedir"] == f"{PLATFORMS[generation]['one']}/sites/bolt.example"


def test_user_1_opens_no_site_even_of_a_client_of_theirs(root, auth, hosting):
    root.run(hosting, "INSERT INTO hosting_client_user (user, client) VALUES (1, 11), (1, 12), (1, 13)")
    assert auth.ask(hosting, "SELECT username FROM nss_mysql WHERE drupal_uid = 1 OR owner = 'admin'") == []


def test_no_clients_title_breaks_a_passwd_line(root, identity, hosting):
    title = "a:b,c\x01\t\n\r\x7f\x1b[31m d"
    root.run(hosting, f"UPDATE node SET title = {mariadb_server.quote(title)} WHERE nid = 12")
    [row] = identity.ask(hosting, aegir.GETPWNAM, "bolt.example")
    assert row["gecos"] == "a b c      [31m d,,,"


@pytest.mark.parametrize("path", ["NULL", "''", "'/'", "'relative/path'"])
def test_a_platform_without_a_path_gives_no_home_instead_of_a_wrong_one(root, identity, hosting, path):
    root.run(hosting, f"UPDATE hosting_platform SET publish_path = {path} WHERE vid = 222")
    assert identity.ask(hosting, aegir.GETPWNAM, "bolt.example") == []


def test_a_site_whose_client_is_gone_is_an_account_that_nobody_opens(root, identity, auth, hosting):
    root.run(hosting, "DELETE FROM node WHERE nid = 12; DELETE FROM hosting_client_user WHERE client = 12")
    [row] = identity.ask(hosting, aegir.GETPWNAM, "bolt.example")
    assert row["gecos"] == ",,,"
    assert auth.ask(hosting, aegir.AUTH, "bolt.example") == []


def test_a_leftover_row_makes_no_account_of_a_client(root, identity, hosting):
    root.run(hosting, "INSERT INTO hosting_site (vid, nid, client, platform, status) VALUES (14, 14, 14, 21, 1)")
    assert identity.ask(hosting, aegir.GETPWNAM, "dora") == []
    assert len(identity.ask(hosting, aegir.GETPWENT)) == len(ACCOUNTS)


@pytest.mark.parametrize("name", ["-rf", "..", "a:b", "x" * 255])
def test_a_strange_title_yields_one_row_and_disturbs_no_other(root, identity, hosting, generation, name):
    root.run(hosting, f"UPDATE node SET title = '{name}' WHERE nid = 34")
    [row] = identity.ask(hosting, aegir.GETPWNAM, name)
    assert row["username"] == name
    assert identity.ask(hosting, aegir.GETPWNAM, "bolt.example") == [passwd(generation, "bolt.example")]
    assert len(identity.ask(hosting, aegir.GETPWENT)) == len(ACCOUNTS)


@pytest.mark.parametrize("stored, scheme", [
    ("5F807E1813957BD22B735FDD1349A961", "md5"), ("5f807e1813957bd22b735fdd1349a96", ""),
    ("5f807e1813957bd22b735fdd1349a961f", ""), ("5f807e1813957bd22b735fdd1349a96g", ""), ("$1$abcdefgh$1234567890123456789", "")])
def test_only_what_is_md5_hex_is_called_md5(root, auth, hosting, stored, scheme):
    root.run(hosting, f"ALTER TABLE users MODIFY pass VARCHAR(128); UPDATE users SET pass = '{stored}' WHERE name = 'erin'")
    [row] = auth.ask(hosting, aegir.AUTH, "corp.example")
    assert (row["password"], row["scheme"]) == (stored, scheme)
