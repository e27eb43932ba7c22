"""The settings at the top of aegir.sql, and the edits that doc/aegir.md tells an administrator to make."""

import subprocess

import aegir
import mariadb_server
import pytest


@pytest.fixture
def tables(root, database, generation):
    """The sample data without views."""
    root.run(database, aegir.sample(generation))
    return database


def names(client, database, query=aegir.GETPWENT):
    """The accounts of a list, in lower case."""
    return sorted(row["username"].lower() for row in client.ask(database, query))


def test_uid_gid_and_group_are_set_in_one_place(root, identity, auth, tables):
    root.run(tables, aegir.views_with(uid=4294967293, gid=1234, groupname="sites"))
    rows = identity.ask(tables, aegir.GETPWENT)
    assert {(row["uid"], row["gid"]) for row in rows} == {("4294967293", "1234")}
    assert len(identity.ask(tables, aegir.GETPWUID, 4294967293)) == 8
    assert identity.ask(tables, aegir.GETPWUID, 10000) == []
    assert identity.ask(tables, aegir.GETGRGID, 1234)[0]["groupname"] == "sites"
    assert identity.ask(tables, aegir.GETGRNAM, "sites")[0]["gid"] == "1234"
    assert identity.ask(tables, aegir.GETGRNAM, "aegir") == []
    assert identity.ask(tables, aegir.GIDSBYMEM, "bolt.example")[0]["gid"] == "1234"


def test_a_front_end_gets_its_own_sites_and_their_passwords_only(root, identity, auth, tables):
    root.run(tables, aegir.views_with(frontend="web1.example.net"))
    mine = ["aegir.example.net", "dora.example", "old.bolt.example", "www.acme.example"]
    assert names(identity, tables) == mine
    assert names(auth, tables, aegir.GETSPENT) == mine
    assert names(identity, tables, "SELECT username FROM nss_gidsbymem") == mine
    assert set(names(auth, tables, "SELECT username FROM nss_mysql")) == {"www.acme.example"}
    for query in (aegir.GETPWNAM, aegir.GIDSBYMEM):
        assert identity.ask(tables, query, "bolt.example") == []
    for query in (aegir.GETSPNAM, aegir.AUTH):
        assert auth.ask(tables, query, "bolt.example") == []


def test_the_front_end_column_tells_the_hosts_apart_when_one_database_serves_them_all(root, identity, tables):
    root.run(tables, aegir.VIEWS)
    query = f"{aegir.GETPWENT} WHERE frontend = ?"
    assert len(identity.ask(tables, query, "web1.example.net")) == 4
    assert len(identity.ask(tables, query, "web2.example.net")) == 4
    assert identity.ask(tables, query, "db1.example.net") == []


def test_the_control_panels_site_can_be_left_out(root, identity, auth, tables):
    root.run(tables, aegir.views_with(show_hostmaster=0))
    assert "aegir.example.net" not in names(identity, tables)
    assert len(names(identity, tables)) == 7
    assert identity.ask(tables, aegir.GETPWNAM, "aegir.example.net") == []
    assert auth.ask(tables, aegir.GETSPNAM, "aegir.example.net") == []


def test_a_site_of_ones_choice_stands_for_the_uid(root, identity, tables):
    root.run(tables, aegir.views_with(owner="dora.example"))
    assert [row["username"] for row in identity.ask(tables, aegir.GETPWUID_OWNER, 10000)] == ["dora.example"]
    assert identity.ask(tables, aegir.GETPWUID_OWNER, 10001) == []


def test_the_shells_of_open_and_closed_sites_are_settings(root, identity, tables):
    root.run(tables, aegir.views_with(shell="/usr/bin/mysecureshell", no_shell="/usr/sbin/nologin"))
    shells = {row["username"]: row["shell"] for row in identity.ask(tables, aegir.GETPWENT)}
    assert shells["bolt.example"] == "/usr/bin/mysecureshell"
    assert shells["old.bolt.example"] == "/usr/sbin/nologin"


def test_the_documented_edit_reaches_tables_with_a_prefix_in_another_database(root, identity, auth, tables):
    root.run("", f"CREATE DATABASE {tables}_views")
    try:
        for table in root.query(tables, "SHOW TABLES"):
            [table] = table.values()
            root.run(tables, f"RENAME TABLE {table} TO drupal_{table}")
        script = aegir.documented(r"sed -E '(s/\(FROM\|JOIN\).*?)'").replace("aegir.prefix_", f"{tables}.drupal_")
        edited = subprocess.run(["sed", "-E", script], input=aegir.VIEWS, text=True, capture_output=True, check=True).stdout
        root.run(f"{tables}_views", edited)
        assert len(names(identity, f"{tables}_views")) == 8
        assert len(auth.ask(f"{tables}_views", aegir.AUTH, "www.acme.example")) == 3
    finally:
        root.run("", f"DROP DATABASE {tables}_views")


def test_the_documented_edit_gives_a_host_views_and_accounts_that_know_its_own_sites_only(root, tables):
    host = f"{tables}_web1"
    root.run("", f"CREATE DATABASE {host}")
    try:
        script = aegir.documented(r'sed -E "(s/\(FROM\|JOIN\).*?)"').replace("aegir.", f"{tables}.").replace("192.0.2.7", "%")
        edited = subprocess.run(["sed", "-E", script], input=aegir.views_with(frontend="web1.example.net"), text=True, capture_output=True,
                                check=True).stdout
        root.run(host, edited)
        mine = ["aegir.example.net", "dora.example", "old.bolt.example", "www.acme.example"]
        assert names(root, host) == mine
        assert {row["owner"] for row in root.ask(host, aegir.AUTH, "www.acme.example")} == {"alice", "bob@acme.example", "erin"}
        grants = "".join(row[column] for row in root.query("", "SHOW GRANTS FOR 'sqlmap_auth'@'%'") for column in row)
        assert f"`{host}`.`nss_mysql`" in grants and f"`{tables}`" not in grants
    finally:
        root.run("", f"DROP DATABASE {host}; DROP USER 'sqlmap'@'%', 'sqlmap_auth'@'%'")


@pytest.mark.parametrize("kind", ["cluster", "pack"])
def test_the_documented_joins_give_each_member_of_a_cluster_or_pack_its_sites_once(root, identity, tables, kind):
    root.run(tables, f"""
        INSERT INTO node (nid, vid, type, title, uid) VALUES (5, 5, 'server', 'all.example.net', 1);
        INSERT INTO hosting_web_{kind} (vid, nid, web_server_nid) VALUES (5, 5, 2), (5, 5, 3);
        UPDATE hosting_platform SET web_server = 5 WHERE vid = 222""")
    single = "JOIN node wn ON wn.nid = p.web_server\n"
    cluster = aegir.documented(r"(?s)(JOIN node sn ON.*?)```")
    for frontend in ("web1.example.net", "web2.example.net"):
        views = aegir.views_with(frontend=frontend)
        assert single in views
        root.run(tables, views.replace(single, cluster))
        assert len(identity.ask(tables, aegir.GETPWNAM, "bolt.example")) == 1
        assert len(identity.ask(tables, aegir.GETPWNAM, "www.acme.example")) == (frontend == "web1.example.net")


def test_users_that_the_file_makes_are_locked_until_the_administrator_sets_a_password(server, root, tables):
    """A new account without a password must not be one that everybody can use."""
    root.run("", "RENAME USER 'sqlmap'@'localhost' TO 'kept'@'localhost'")
    try:
        root.run(tables, aegir.VIEWS)
        for password in (None, "", "identity-secret"):
            with pytest.raises(mariadb_server.SqlError, match="1045|4151"):
                server.client("sqlmap", password).query(tables, aegir.GETPWENT)
        statement = aegir.documented(r"ALTER USER 'sqlmap'@'localhost' .*;")
        root.run("", statement.replace("...", "new-secret"))
        root.run(tables, aegir.VIEWS)
        assert len(names(server.client("sqlmap", "new-secret"), tables)) == 8
        with pytest.raises(mariadb_server.SqlError, match="1045"):
            server.client("sqlmap", None).query(tables, aegir.GETPWENT)
    finally:
        root.run("", "DROP USER 'sqlmap'@'localhost'; RENAME USER 'kept'@'localhost' TO 'sqlmap'@'localhost'")
