"""Aegir on several web servers: doc/uses/aegir.md is followed on three hosts, and what it says is looked at more closely."""

import json
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256

import pytest
from blocks import block
from sandbox import wait_until

WEB1, WEB2, DB1 = "web1.example.net", "web2.example.net", "db1.example.net"
WEBS = (WEB1, WEB2)
ACME, BOLT, CORP, DORA, MASTER, OLD, SHOP = ("www.acme.example", "bolt.example", "corp.example", "dora.example", "aegir.example.net",
                                             "old.bolt.example", "shop.acme.example")
QUEUED = "queued-site-with-a-very-long-name.dora.example"
SITES = (ACME, BOLT, CORP, DORA, MASTER, OLD, QUEUED, SHOP)
ONE, TWO = "/var/aegir/platforms/drupal-7.98/sites/", "/var/aegir/platforms/drupal-7.101/sites/"
# Who has which sites when the page has come to clusters: platform One's are on both.
SHOWN = {WEB1: {MASTER, ACME, BOLT, DORA, OLD}, WEB2: {ACME, BOLT, DORA, OLD, CORP, SHOP, QUEUED}}
PASSWORDS = ("admin-secret", "alice-pw", "bob-pw", "dave-pw", "erin-pw")
# What opens them: www.acme.example is Corp's by then.
OWNERS = {ACME: {"erin-pw"}, BOLT: {"dave-pw"}, CORP: {"erin-pw"}, SHOP: {"alice-pw", "bob-pw", "erin-pw"}}
# Of users 1 of the sites' own, and of a user 2.
OWN = {BOLT: "nina-pw", SHOP: "admin-pw", CORP: "admin6-pw"}
DATABASES = {BOLT: "boltexample", SHOP: "shopacmeexample", CORP: "corpexample"}
SERVER_OF_ONE = "UPDATE hosting_platform SET web_server = {} WHERE nid = 21"


class Fleet:
    def __init__(self, reader):
        self.reader = reader

    def __getitem__(self, name):
        return self.reader.hosts[name]

    def sql(self, statements, database="aegir"):
        return self[DB1].run("mariadb", "--batch", "--skip-column-names", database, input=statements).stdout.strip()

    def publish(self):
        for web in WEBS:
            self[web].run("sqlmapctl", "refresh", "--wait", "--force")

    def passwd(self, host, name):
        """Its fields, None if there is none."""
        result = self[host].run("getent", "passwd", name, check=False)
        assert result.returncode in (0, 2), result
        return result.stdout.rstrip("\n").split(":") if result.returncode == 0 else None

    def listed(self, host):
        return sorted(line.split(":")[0] for line in self[host].run("getent", "passwd").stdout.splitlines() if "/sites/" in line)

    def opens(self, host, name, password):
        """The content of its page, None for a login that is refused. Each name and password come from an address of their own."""
        address = ".".join(str(byte % 250 + 1) for byte in sha256(f"{name}:{password}".encode()).digest()[:3])
        result = self[host].run("curl", "-sSk", "--ssl-reqd", "--interface", f"127.{address}", "-u", f"{name}:{password}",
                                "ftp://127.0.0.1/settings.php", check=False)
        assert result.returncode in (0, 67), result
        return result.stdout.strip() if result.returncode == 0 else None

    def doors(self, *attempts):
        """Those (host, name, password) that are let in."""
        with ThreadPoolExecutor(12) as threads:
            return {attempt for attempt, page in zip(attempts, threads.map(lambda attempt: self.opens(*attempt), attempts)) if page}

    def make_home(self, host, home):
        self[host].run("install", "-d", "-o", "aegir", "-g", "aegir", home)
        self[host].file(f"{home}/settings.php").write_text(f"{home} on {host}\n")

    def refused(self, password, account, statement):
        """The number of the server's error to a statement of a web server's account; "" if there is none."""
        result = self[WEB1].run("mariadb", "--no-defaults", "-h", DB1, "--ssl", "-u", account, f"-p{password}", "aegir", "-e", statement, check=False)
        return "" if result.returncode == 0 else re.search(r"ERROR (\d+)", result.stderr)[1]

    def secrets(self):
        return re.findall(r'^password = "(.*)"$', self[WEB1].file("/etc/sqlmapd/secrets.toml").read_text(), re.MULTILINE)

    @contextmanager
    def changed(self, statements, back, database="aegir"):
        self.sql(statements, database)
        self.publish()
        try:
            yield
        finally:
            self.sql(back, database)
            self.publish()


@pytest.fixture(scope="module")
def fleet(reader):
    """The reader has come to clusters, and those who are refused do not have to wait."""
    reader.follow(until="Log in")
    fleet = Fleet(reader)
    for web in WEBS:
        for path, pattern, line in (("/etc/pam.d/common-sqlmap", r"^(auth .*pam_sqlmap\.so)", r"\1 nodelay"),
                                    ("/etc/pam.d/common-auth", r"^(auth\t.*pam_unix\.so)", r"\1 nodelay"),
                                    ("/etc/vsftpd.conf", r"\Z", "delay_failed_login=0\n")):
            file = fleet[web].file(path)
            file.write_text(re.sub(pattern, line, file.read_text(), flags=re.MULTILINE))
        fleet[web].run("systemctl", "restart", "vsftpd")
    reader.follow(until="The password of the site itself")
    fleet.publish()
    return fleet


@pytest.fixture(scope="module")
def admitted(fleet):
    """bolt.example and shop.acme.example are opened by their own users 1, too, where web2 has them."""
    fleet.reader.follow(until="Take it back")
    fleet.make_home(WEB2, f"{TWO}{CORP}")
    return fleet


# Several front ends


def test_each_front_end_shows_its_own_sites_and_each_once(fleet):
    for web in WEBS:
        assert fleet.listed(web) == sorted(SHOWN[web])
        assert {site for site in SITES if fleet.passwd(web, site)} == SHOWN[web]
        shadow = fleet[web].run("getent", "shadow").stdout.splitlines()
        assert sorted(line.split(":")[0] for line in shadow if re.match(rf"({'|'.join(SITES)}):", line)) == sorted(SHOWN[web])


def test_each_front_end_admits_the_right_passwords_to_its_own_sites_alone(fleet):
    right = {(web, site, password) for web in WEBS for site in SHOWN[web] for password in OWNERS.get(site, ())}
    assert fleet.doors(*((web, site, password) for web in WEBS for site in SITES for password in PASSWORDS)) == right


def test_all_sites_are_the_system_user_that_owns_their_files(fleet):
    for web in WEBS:
        assert {tuple(fleet.passwd(web, site)[2:4]) for site in SHOWN[web]} == {("950", "950")}
        assert fleet[web].run("stat", "-c", "%U %G", ONE + BOLT).stdout == "aegir aegir\n"


def test_a_site_that_is_called_like_a_local_account_opens_it_to_nobody(fleet):
    """A site's name needs no dot. `aegir` would have the uid of that account, a home above all sites, and its shell."""
    names = ("aegir", "root", "www-data")
    before = {(web, name): fleet.passwd(web, name) for web in WEBS for name in names}
    sites = "".join(f"INSERT INTO node (nid, vid, type, title, uid) VALUES ({nid}, {nid}, 'site', '{name}', 1);"
                    f"INSERT INTO hosting_site (vid, nid, client, platform, status) VALUES ({nid}, {nid}, 12, 21, 1);"
                    for nid, name in enumerate(names, 70))
    with fleet.changed(sites, "DELETE FROM hosting_site WHERE nid BETWEEN 70 AND 79; DELETE FROM node WHERE nid BETWEEN 70 AND 79"):
        assert {name for (name,) in (line.split() for line in fleet.sql("SELECT username FROM nss_mysql").splitlines())} >= set(names)
        assert {(web, name): fleet.passwd(web, name) for web in WEBS for name in names} == before
        assert fleet.doors(*((web, name, "dave-pw") for web in WEBS for name in names)) == set()


def ssh(key, name, command):
    """The output on web1, None for a login that is refused."""
    options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "BatchMode=yes", f"IdentityFile={key}", "IdentitiesOnly=yes")
    result = subprocess.run(["ssh", *(word for option in options for word in ("-o", option)), f"{name}@{WEB1}", command], capture_output=True,
                            text=True, timeout=60)
    assert result.returncode == 0 or "Permission denied" in result.stderr, result
    return result.stdout if result.returncode == 0 else None


def test_a_key_that_is_left_in_a_home_opens_no_ssh_and_aegirs_own_key_does(fleet, tmp_path):
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    subprocess.run(["curl", "-sSk", "--ssl-reqd", "--ftp-create-dirs", "-u", f"{ACME}:erin-pw", "-T", key.with_suffix(".pub"),
                    f"ftp://{WEB1}/.ssh/authorized_keys"], check=True)
    own = fleet[WEB1].file("/var/aegir/.ssh/authorized_keys")
    fleet[WEB1].run("install", "-d", "-o", "aegir", "-m", "700", "/var/aegir/.ssh")
    own.write_text(key.with_suffix(".pub").read_text())
    assert (ssh(key, ACME, "id"), ssh(key, "aegir", "id -un")) == (None, "aegir\n")
    # And nothing else than the file of the page keeps it shut.
    file = fleet[WEB1].file("/etc/ssh/sshd_config.d/aegir.conf")
    file.rename(file.with_suffix(".off"))
    fleet[WEB1].run("systemctl", "restart", "ssh")
    assert ssh(key, ACME, "id") == ""
    file.with_suffix(".off").rename(file)
    fleet[WEB1].run("systemctl", "restart", "ssh")
    assert ssh(key, ACME, "id") is None


@contextmanager
def without_local_aegir(fleet):
    """No account of the web servers' own has the uid of the sites."""
    files = [fleet[web].file(path) for web in WEBS for path in ("/etc/passwd", "/etc/group")]
    before = [file.read_text() for file in files]

    def write(texts):
        for file, text in zip(files, texts, strict=True):
            file.write_text(text)
        for web in WEBS:
            fleet[web].run("systemctl", "reload", "sqlmapd")
        fleet.publish()

    write([re.sub(r"(?m)^aegir:.*\n", "", text) for text in before])
    try:
        yield
    finally:
        write(before)


def test_where_no_local_account_has_the_uid_it_is_the_site_that_is_named_and_always_the_same(fleet):
    """nss_settings.owner, from the snapshot, and from the database as well; where that site is not shown, the shortest name."""
    def named(owner):
        fleet[DB1].run("bash", "-ec", f"sqlmapctl views aegir --uid 950 --gid 950 --owner {owner} |"
                       " sed -e \"s/@'localhost'/@'10.0.0.%'/\" -f members.sed | mariadb aegir")
        fleet.publish()

    def owners():
        return [fleet[web].run(*who, "stat", "-c", "%U %G", ONE + BOLT).stdout.split() for web in WEBS for who in ([], ["setpriv", "--reuid=nobody"])]

    with without_local_aegir(fleet):
        assert owners() == [[MASTER, "aegir"]] * 2 + [[BOLT, "aegir"]] * 2
        named(DORA)
        assert owners() == [[DORA, "aegir"]] * 4
        config = fleet[WEB2].file("/etc/sqlmapd/sqlmapd.toml")
        before = config.read_text()
        config.write_text(f"{before}\n[snapshot]\nenabled = false\n")
        fleet[WEB2].run("systemctl", "reload", "sqlmapd")
        wait_until(lambda: json.loads(fleet[WEB2].run("sqlmapctl", "status", "--json").stdout)["snapshot"] != "published")
        assert owners() == [[DORA, "aegir"]] * 4
        config.write_text(before)
        fleet[WEB2].run("systemctl", "reload", "sqlmapd")
        named("hostmaster")
    assert owners() == [["aegir", "aegir"]] * 4


@pytest.mark.parametrize("kind", ["cluster", "pack"])
def test_who_leaves_a_cluster_or_a_pack_loses_its_sites_and_who_comes_gets_them(fleet, kind):
    table = f"hosting_web_{kind}"
    mine = {(web, BOLT, "dave-pw") for web in WEBS}
    fleet.sql(f"INSERT INTO node (nid, vid, type, title, uid) VALUES (61, 61, 'server', 'other.example.net', 1);"
              f"INSERT INTO {table} (vid, nid, web_server_nid) VALUES (61, 61, 2)")
    with fleet.changed(SERVER_OF_ONE.format(61), SERVER_OF_ONE.format(60)):
        assert (fleet.listed(WEB1), fleet.listed(WEB2)) == (sorted(SHOWN[WEB1]), sorted({CORP, SHOP, QUEUED}))
        assert fleet.doors(*mine) == {(WEB1, BOLT, "dave-pw")}
        fleet.sql(f"INSERT INTO {table} (vid, nid, web_server_nid) VALUES (61, 61, 3)")
        fleet.publish()  # web2 remembers for a moment that it has no such site
        assert fleet.doors(*mine) == mine
        fleet.sql(f"DELETE FROM {table} WHERE vid = 61 AND web_server_nid = 2")
        assert fleet.doors(*mine) == {(WEB2, BOLT, "dave-pw")}
        fleet.publish()
        assert (fleet.listed(WEB1), fleet.listed(WEB2)) == ([MASTER], sorted(SHOWN[WEB2]))
    fleet.sql(f"DELETE FROM {table} WHERE vid = 61; DELETE FROM node WHERE nid = 61")
    fleet.publish()
    assert fleet.listed(WEB1) == sorted(SHOWN[WEB1])


# A site moves, or is made again


def test_a_site_on_another_platform_of_its_server_keeps_its_account_and_gets_the_new_home(fleet):
    home = f"/var/aegir/platforms/drupal-7.102/sites/{CORP}"
    fleet.make_home(WEB2, home)
    before = fleet.passwd(WEB2, CORP)
    assert before[5] == TWO + CORP
    fleet.sql("INSERT INTO node (nid, vid, type, title, uid) VALUES (23, 23, 'platform', 'Platform Three', 1);"
              "INSERT INTO hosting_platform (vid, nid, publish_path, web_server, status) VALUES (23, 23, '/var/aegir/platforms/drupal-7.102', 3, 1)")
    with fleet.changed("UPDATE hosting_site SET platform = 23 WHERE nid = 36", "UPDATE hosting_site SET platform = 22 WHERE nid = 36"):
        assert fleet.passwd(WEB2, CORP) == before[:5] + [home] + before[6:]
        assert fleet.opens(WEB2, CORP, "erin-pw") == f"{home} on {WEB2}"
    assert fleet.passwd(WEB2, CORP) == before
    assert fleet.opens(WEB2, CORP, "erin-pw") == f"{TWO.removeprefix('/var/aegir/')}{CORP} on {WEB2}"


def test_a_site_that_gets_another_name_when_it_moves_is_another_account_with_the_same_uid(fleet):
    with fleet.changed("UPDATE node SET title = 'renamed.example' WHERE nid = 36", "UPDATE node SET title = 'corp.example' WHERE nid = 36"):
        fleet.make_home(WEB2, f"{TWO}renamed.example")
        assert fleet.passwd(WEB2, CORP) is None
        assert fleet.passwd(WEB2, "renamed.example")[2] == "950"
        assert fleet.doors((WEB2, CORP, "erin-pw"), (WEB2, "renamed.example", "erin-pw")) == {(WEB2, "renamed.example", "erin-pw")}


def test_a_deleted_site_of_the_same_name_elsewhere_is_on_no_host(fleet):
    """Node 35 is the first corp.example, of platform One."""
    assert fleet.sql("SELECT COUNT(*) FROM node WHERE title = 'corp.example' AND type = 'site'") == "2"
    assert fleet.passwd(WEB1, CORP) is None
    assert fleet.passwd(WEB2, CORP)[5] == TWO + CORP


def test_a_domain_that_comes_and_goes_is_always_its_last_owner_s(fleet):
    attempts = {(WEB2, ACME, password) for password in ("alice-pw", "dave-pw", "erin-pw")}
    again = ("UPDATE hosting_site SET status = -2 WHERE nid = 50; INSERT INTO node (nid, vid, type, title, uid) VALUES (51, 51, 'site', 'www.acme.example', 1);"
             "INSERT INTO hosting_site (vid, nid, client, platform, status) VALUES (51, 51, 12, 21, 1)")
    with fleet.changed(again, "DELETE FROM node WHERE nid = 51; DELETE FROM hosting_site WHERE nid = 51; UPDATE hosting_site SET status = 1 WHERE nid = 50"):
        assert fleet.doors(*attempts) == {(WEB2, ACME, "dave-pw")}
        assert fleet.passwd(WEB2, ACME)[4] == "Bolt & Söhne,,,"
    assert fleet.doors(*attempts) == {(WEB2, ACME, "erin-pw")}


# The site's own user 1


def test_without_further_ado_no_password_of_a_site_itself_opens_anything(fleet):
    assert fleet.doors(*((WEB2, site, password) for site, password in OWN.items())) == set()
    assert fleet.sql("SHOW TABLES LIKE '%user1%'") == ""
    for account, password in zip(("sqlmap", "sqlmap_auth"), fleet.secrets()):
        assert [fleet.refused(password, account, f"SELECT * FROM {table}") for table in ("boltexample.users", "shopacmeexample.users_field_data")] == [
            "1142", "1142"]


def test_the_page_is_true(admitted):
    admitted.reader.assert_true()


def test_user_1_opens_the_own_site_and_nobody_else_does(admitted):
    """anna is user 2 of bolt.example, with the password admin-pw."""
    passwords = {*OWN.values(), "admin-secret", "dave-pw", "x", ""}
    right = {(WEB2, BOLT, "dave-pw"), (WEB2, BOLT, OWN[BOLT]), (WEB2, SHOP, OWN[SHOP])}
    assert admitted.doors(*((WEB2, site, password) for site in (BOLT, SHOP, CORP, DORA) for password in passwords)) == right
    assert admitted.doors((WEB1, BOLT, OWN[BOLT]), (WEB1, SHOP, OWN[SHOP])) == set()  # web1 still asks as ever


def test_a_password_that_user_1_changes_on_the_site_is_valid_at_once_and_the_old_one_is_not(admitted):
    attempts = [(WEB2, BOLT, "nina-pw"), (WEB2, BOLT, "admin-pw")]
    before = admitted.sql("SELECT pass FROM users WHERE uid = 1", "boltexample")
    with admitted.changed("UPDATE users a JOIN users b ON b.uid = 2 SET a.pass = b.pass WHERE a.uid = 1",
                          f"UPDATE users SET pass = '{before}' WHERE uid = 1", "boltexample"):
        assert admitted.doors(*attempts) == {attempts[1]}
    assert admitted.doors(*attempts) == {attempts[0]}


@pytest.mark.parametrize("change, back, database", [
    ("UPDATE users SET status = 0 WHERE uid = 1", "UPDATE users SET status = 1 WHERE uid = 1", "boltexample"),
    ("ALTER TABLE users RENAME COLUMN pass TO word", "ALTER TABLE users RENAME COLUMN word TO pass", "boltexample"),
    ("RENAME TABLE users TO away", "RENAME TABLE away TO users", "boltexample"),
    ("UPDATE hosting_site SET db_name = 'boltexample_0' WHERE nid = 33", "UPDATE hosting_site SET db_name = 'boltexample' WHERE nid = 33", "aegir"),
    ("UPDATE hosting_platform SET status = 0 WHERE nid = 21", "UPDATE hosting_platform SET status = 1 WHERE nid = 21", "aegir")],
    ids=["blocked", "no such column", "no such table", "another database", "platform not enabled"])
def test_user_1_is_out_when_there_is_any_doubt_and_no_other_site_notices(admitted, change, back, database):
    with admitted.changed(change, back, database):
        assert admitted.doors((WEB2, BOLT, OWN[BOLT]), (WEB2, SHOP, OWN[SHOP]), (WEB2, CORP, "erin-pw")) == {
            (WEB2, SHOP, OWN[SHOP]), (WEB2, CORP, "erin-pw")}
    assert admitted.doors((WEB2, BOLT, OWN[BOLT])) == {(WEB2, BOLT, OWN[BOLT])}


def test_a_new_site_of_the_same_name_is_not_the_one_that_was_named(admitted):
    again = ("UPDATE hosting_site SET status = -2 WHERE nid = 33; INSERT INTO node (nid, vid, type, title, uid) VALUES (52, 52, 'site', 'bolt.example', 1);"
             "INSERT INTO hosting_site (vid, nid, client, platform, status, db_name) VALUES (52, 52, 12, 21, 1, 'boltexample')")
    with admitted.changed(again, "DELETE FROM node WHERE nid = 52; DELETE FROM hosting_site WHERE nid = 52; UPDATE hosting_site SET status = 1 WHERE vid = 233"):
        assert admitted.doors((WEB2, BOLT, OWN[BOLT]), (WEB2, BOLT, "dave-pw")) == {(WEB2, BOLT, "dave-pw")}


def test_a_site_that_puts_its_own_program_in_the_place_of_its_users_gains_nothing(admitted):
    """What the table's substitute calls can read what the site can, and no hash of another site."""
    steal = """
        RENAME TABLE users TO away;
        CREATE FUNCTION steal() RETURNS VARCHAR(255) READS SQL DATA SQL SECURITY INVOKER
        RETURN (SELECT pass FROM shopacmeexample.users_field_data WHERE default_langcode = 1);
        CREATE FUNCTION who() RETURNS VARCHAR(255) NO SQL SQL SECURITY INVOKER RETURN CURRENT_USER();
        CREATE SQL SECURITY INVOKER VIEW users AS SELECT 1 AS uid, {}() AS pass, 1 AS status"""
    shown = "SELECT password FROM nss_user1 WHERE username = 'bolt.example' LIMIT 1"
    admitted.sql(steal.format("steal"), "boltexample")
    try:
        assert admitted.doors((WEB2, BOLT, OWN[SHOP]), (WEB2, BOLT, OWN[BOLT]), (WEB2, SHOP, OWN[SHOP])) == {(WEB2, SHOP, OWN[SHOP])}
        assert admitted.sql(shown) == "NULL"
        # Also where the account may call what the site has.
        admitted.sql("GRANT EXECUTE ON boltexample.* TO sqlmap_user1_33@localhost")
        admitted.sql("CREATE OR REPLACE SQL SECURITY INVOKER VIEW users AS SELECT 1 AS uid, who() AS pass, 1 AS status", "boltexample")
        assert admitted.sql(shown) == "sqlmap_user1_33@localhost"
        admitted.sql("CREATE OR REPLACE SQL SECURITY INVOKER VIEW users AS SELECT 1 AS uid, steal() AS pass, 1 AS status", "boltexample")
        assert admitted.sql(shown) == "NULL"
    finally:
        admitted.sql("DROP VIEW IF EXISTS users; DROP FUNCTION IF EXISTS steal; DROP FUNCTION IF EXISTS who; RENAME TABLE away TO users",
                     "boltexample")
        admitted[DB1].run("admit-user1", BOLT, SHOP)


def test_while_a_site_locks_its_users_nobody_signs_in_and_everybody_does_again_after(admitted):
    """What the page says that naming a site costs."""
    attempts = {(WEB2, BOLT, "dave-pw"), (WEB2, CORP, "erin-pw")}
    with subprocess.Popen([*admitted[DB1].way, "mariadb", "--batch", "--skip-column-names", "--unbuffered", "boltexample"], text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as site:
        site.stdin.write("LOCK TABLES users WRITE;\nSELECT 'locked';\n")
        site.stdin.flush()
        assert site.stdout.readline() == "locked\n"
        assert admitted.doors(*attempts) == set()
        site.stdin.close()
    wait_until(lambda: admitted.doors(*attempts) == attempts)


def test_the_grants_are_those_of_the_table(admitted):
    identity, auth = admitted.secrets()
    tables = ("nss_user1", "boltexample.users", "shopacmeexample.users_field_data", "nss_site", "users")
    assert [admitted.refused(auth, "sqlmap_auth", f"SELECT * FROM {table}") for table in tables] == ["", "1142", "1142", "1142", "1142"]
    assert [admitted.refused(identity, "sqlmap", f"SELECT * FROM {table}") for table in tables] == ["1142"] * 5
    assert admitted.refused(auth, "sqlmap_auth", "SELECT nss_user1_33()") == "1370"
    assert admitted.refused(identity, "sqlmap", "SELECT nss_user1_33()") == "1370"
    locked = "SELECT User, LOCATE('\"account_locked\":true', Priv) > 0 FROM mysql.global_priv WHERE User LIKE 'sqlmap_user1%' ORDER BY User"
    assert admitted.sql(locked) == "sqlmap_user1_32\t1\nsqlmap_user1_33\t1"


def test_who_is_not_named_the_next_time_is_out(admitted):
    attempts = {(WEB2, site, password) for site, password in OWN.items()}
    admitted[DB1].run("admit-user1", f"{CORP}={DATABASES[CORP]}", SHOP)
    assert admitted.doors(*attempts) == {(WEB2, site, OWN[site]) for site in (CORP, SHOP)}
    assert admitted.sql("SELECT GROUP_CONCAT(routine_name ORDER BY routine_name) FROM information_schema.routines WHERE routine_schema = 'aegir'") == (
        "nss_user1_32,nss_user1_36")
    admitted[DB1].run("admit-user1", BOLT, SHOP)
    assert admitted.doors(*attempts) == {(WEB2, site, OWN[site]) for site in (BOLT, SHOP)}


@pytest.mark.parametrize("argument, says", [
    ("nobody.example", "Aegir has no site nobody.example, or more than one"), ("' OR 1", "' OR 1 is not SITE or SITE=DATABASE"),
    ("dora.example", "Aegir does not say which database dora.example has; write dora.example=DATABASE"),
    ("dora.example=nowhere", "database nowhere has no table of users")])
def test_a_site_that_cannot_be_admitted_changes_nothing(admitted, argument, says):
    before = admitted.sql("SHOW CREATE VIEW nss_user1")
    result = admitted[DB1].run("admit-user1", argument, check=False)
    assert (result.returncode, result.stderr) == (1, f"admit-user1: {says}\n")
    assert admitted.sql("SHOW CREATE VIEW nss_user1") == before


def test_what_was_set_up_is_taken_back(admitted):
    admitted.reader.follow()
    admitted.reader.assert_true()
    assert admitted.sql("SELECT COUNT(*) FROM mysql.global_priv WHERE User LIKE 'sqlmap_user1%'") == "0"
    assert admitted.sql("SELECT * FROM nss_user1") == ""
    assert "sqlmap" not in admitted[WEB2].file("/etc/nsswitch.conf").read_text()
    assert admitted.opens(WEB1, BOLT, "dave-pw")


def test_the_commands_of_the_guide_make_the_views_for_all_for_one_web_server_and_over_tables_with_a_prefix(admitted):
    """doc/aegir.md, on the database server, with the settings as they are shipped."""
    def follow(commands):
        admitted[DB1].run("bash", "-e", "-o", "pipefail", "-c", commands)

    def sites(database):
        return set(admitted.sql("SELECT LOWER(username) FROM nss_getpwnam", database).split())

    admitted.sql("ALTER TABLE hosting_client_user DROP INDEX client")  # which the page has made
    follow(block("doc/aegir.md", "mariadb aegir < "))
    assert (sites("aegir"), admitted.sql("SELECT DISTINCT uid FROM nss_getpwnam")) == (set(SITES), "10000")
    assert "\tclient\t" in admitted.sql("SHOW INDEX FROM hosting_client_user WHERE Key_name = 'client'")
    admitted.sql(block("doc/aegir.md", "ALTER USER 'sqlmap'"))
    for account in ("sqlmap", "sqlmap_auth"):
        admitted[DB1].run("mariadb", "--no-defaults", "-u", account, "-p...", "aegir", "-e", "SELECT COUNT(*) FROM nss_getpwnam")

    follow(block("doc/aegir.md", "mariadb -e 'CREATE DATABASE sites_web1'"))
    assert sites("sites_web1") == {MASTER}
    grants = admitted.sql("SHOW GRANTS FOR sqlmap_auth@192.0.2.7")
    assert "ON `sites_web1`.`nss_mysql` TO" in grants and "`aegir`" not in grants

    tables = admitted.sql("SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'").splitlines()
    admitted.sql("".join(f"RENAME TABLE {table} TO prefix_{table};" for table in (line.split()[0] for line in tables)) + "CREATE DATABASE accounts")
    follow("cd /usr/share/sqlmapd/views\n" + block("doc/aegir.md", "sed -E 's/(FROM|JOIN)"))
    assert sites("accounts") == set(SITES)
