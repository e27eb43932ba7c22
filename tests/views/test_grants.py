"""What the two database users can read: everything is tried, and all that is not named here must be refused."""

import re

import aegir
import mariadb_server
import pytest

IDENTITY = {"nss_getpwnam", "nss_getgrnam", "nss_memsbygid", "nss_gidsbymem"}
AUTH = {"nss_getpwnam", "nss_getspnam", "nss_mysql"}
KEYS = {"nss_ssh_keys"}  # of the plain tables alone
# What they let the privileged user do beside reading.
WRITES = {"GRANT SELECT (`username`), UPDATE (`lstchg`, `password`) ON `{}`.`sqlmap_users`",
          "GRANT INSERT (`event`, `host`, `message`, `pid`, `rhost`, `service`, `tty`, `username`) ON `{}`.`sqlmap_log`"}
ACCOUNTS_SQL = (aegir.ROOT / "sql/views/accounts.sql").read_text(encoding="utf-8")
PLAIN_ROWS = """
    INSERT INTO sqlmap_groups (groupname, gid) VALUES ('customers', 20000);
    INSERT INTO sqlmap_users (username, uid, gid, homedir, password)
    VALUES ('alice', 20000, 20000, '/srv/alice', '$6$salt$hash');
    INSERT INTO sqlmap_memberships (username, gid) VALUES ('alice', 20000)"""


@pytest.fixture(params=[*aegir.GENERATIONS, "accounts"])
def installed(request, root, database):
    """Every database that the project ships views for: its name, what each user may read, its hashes."""
    if request.param == "accounts":
        root.run(database, ACCOUNTS_SQL)
        root.run(database, PLAIN_ROWS)
        return database, {"identity": IDENTITY, "auth": AUTH | KEYS}, {"$6$salt$hash"}
    root.run(database, aegir.sample(request.param))
    root.run(database, aegir.VIEWS)
    hashes = {row["pass"] for row in root.query(database, "SELECT pass FROM users WHERE pass <> ''")}
    return database, {"identity": IDENTITY | {"nss_getpwuid"}, "auth": AUTH}, hashes


def relations(root, database):
    """All tables and views of a database."""
    rows = root.query(database, "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()")
    return {row["name"] for row in rows}


def in_order(grant):
    """A grant with the columns of each privilege in alphabetical order; the server has none."""
    return re.sub(r"\((.*?)\)", lambda columns: f"({', '.join(sorted(columns[1].split(', ')))})", grant)


def readable(client, database, names):
    """Those that `client` can select from, with all that it gets to see there."""
    seen = {}
    for name in names:
        try:
            seen[name] = client.query(database, f"SELECT * FROM {name}")
        except mariadb_server.SqlError as error:
            assert "1142" in str(error) or "1143" in str(error), error
    return seen


def fields(seen):
    """Every field of every row."""
    return {field for rows in seen.values() for row in rows for field in row.values()}


def test_any_local_user_can_read_identities_and_not_one_hash_or_table(root, identity, installed):
    database, allowed, hashes = installed
    seen = readable(identity, database, relations(root, database))
    assert set(seen) == allowed["identity"]
    assert hashes and not hashes & fields(seen)


def test_the_privileged_user_reads_its_views_and_not_one_table(root, auth, installed):
    database, allowed, hashes = installed
    seen = readable(auth, database, relations(root, database))
    assert set(seen) == allowed["auth"]
    assert hashes & fields({"nss_mysql": seen["nss_mysql"]})
    assert not hashes & fields({name: rows for name, rows in seen.items() if name != "nss_mysql"})


@pytest.mark.parametrize("user", ["identity", "auth"])
def test_neither_user_can_write_define_or_see_how_a_view_is_made(root, identity, auth, installed, user):
    database, allowed, _ = installed
    client = identity if user == "identity" else auth
    for view in sorted(allowed[user]):
        for statement in (f"UPDATE {view} SET gid = 0", f"DELETE FROM {view}", f"DROP VIEW {view}", f"SHOW CREATE VIEW {view}",
                          f"CREATE OR REPLACE VIEW {view} AS SELECT 1"):
            with pytest.raises(mariadb_server.SqlError, match=r"ERROR (1142|1143|1044|1227)"):
                client.query(database, statement)
    with pytest.raises(mariadb_server.SqlError, match=r"ERROR (1142|1044)"):
        client.query(database, "CREATE TABLE mine (a INT)")
    with pytest.raises(mariadb_server.SqlError, match=r"ERROR (1142|1044)"):
        client.query("mysql", "SELECT * FROM user")


@pytest.mark.parametrize("user", ["sqlmap", "sqlmap_auth"])
def test_the_grants_are_select_on_single_views_and_what_writes_need(root, installed, user):
    database, allowed, _ = installed
    views = allowed["identity" if user == "sqlmap" else "auth"]
    rows = root.query("", f"SHOW GRANTS FOR '{user}'@'localhost'")
    grants = [grant.split(" TO ")[0] for row in rows for grant in row.values()]
    here = {in_order(grant) for grant in grants if f"`{database}`" in grant}
    writes = WRITES if user == "sqlmap_auth" and "sqlmap_log" in relations(root, database) else set()
    assert here == {f"GRANT SELECT ON `{database}`.`{view}`" for view in views} | {grant.format(database) for grant in writes}
    assert {grant for grant in grants if ".*" in grant.replace("`", "")} == {"GRANT USAGE ON *.*"}
