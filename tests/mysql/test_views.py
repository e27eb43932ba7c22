"""All sets of views in a real MySQL: what its own client loads, sqlmapctl installs, and what the views then give."""

import subprocess
from pathlib import Path

import pytest
from ctl import run
from mysql_server import SOCKET, mariadb, sql

TESTS = Path(__file__).resolve().parents[1]
NAMES = ["accounts", "aegir", "drupal", "inbox", "sql-infrastructure", "virtual-users", "database-accounts-mysql"]
OPTIONS = {"aegir": ["--uid", "20500", "--gid", "20500"]}


def text(path):
    return Path(path).read_text(encoding="utf-8")


def make_database(ask, name):
    """With what the views need to be there; its name."""
    database = f"views_{name.replace('-', '_')}"
    ask(f"CREATE DATABASE {database} CHARACTER SET utf8mb4")
    if name == "aegir":
        for part in ("schema", "data"):
            ask(text(TESTS / f"data/aegir3-d7-{part}.sql"), database)
    elif name == "drupal":
        ask(text(TESTS / "scenarios/drupal/site10.sql"))
        ask("CREATE VIEW users_field_data AS SELECT uid, name, pass, status, default_langcode FROM drupal.users_field_data", database)
    return database


def fill(ask, name, database):
    if name == "accounts":
        ask(text(TESTS / "ctl/accounts.sql"), database)
    elif name == "drupal":
        ask("INSERT INTO sqlmap_names SELECT DISTINCT uid, CONCAT('user', uid) FROM users_field_data WHERE uid > 0", database)


def rows_of_views(ask, database):
    """Those that the accounts of the database may see, and the settings."""
    views = [line.split("\t")[0] for line in ask("SHOW FULL TABLES WHERE Table_type = 'VIEW'", database).splitlines()]
    return {view: sorted(ask(f"SELECT * FROM {view}", database).splitlines()) for view in views if view.startswith("nss_")}


@pytest.mark.parametrize("name", NAMES)
def test_a_set_of_views_is_loaded_by_the_client_and_by_sqlmapctl_without_a_word_of_the_server(server, name):
    database = make_database(sql, name)
    for _ in "loaded", "once more":
        said = sql(text(f"/usr/share/sqlmapd/views/{name}.sql"), "--show-warnings", database)
        assert [line for line in said.splitlines() if "already exists" not in line] == []
    for _ in "installed", "once more":
        done = run("views", name, "--install", "--server", str(SOCKET), "--database", database, *OPTIONS.get(name, []))
        assert (done.returncode, done.stderr) == (0, "")
        assert "view nss_getpwnam" in done.stdout and " in place" in done.stdout
        assert ("GRANT SELECT ON `" in done.stdout) == (name != "sql-infrastructure")


@pytest.mark.parametrize("name, users", [("accounts", 8), ("aegir", 8), ("drupal", 11)])
def test_the_views_say_on_mysql_what_they_say_on_mariadb(server, name, users):
    database = f"views_{name}"
    fill(sql, name, database)
    make_database(mariadb, name)
    mariadb(subprocess.run(["sqlmapctl", "views", name, *OPTIONS.get(name, [])], capture_output=True, text=True, check=True).stdout, database)
    fill(mariadb, name, database)
    mysql_rows, mariadb_rows = rows_of_views(sql, database), rows_of_views(mariadb, database)
    assert mysql_rows == mariadb_rows
    assert len(mysql_rows["nss_getpwnam"]) == users
