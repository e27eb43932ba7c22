"""conf/aegir/admit-user1: whom the view nss_user1 shows, with either Aegir, of sites with any Drupal."""

import os
import shutil
import subprocess

import aegir
import pytest

ADMIT = aegir.ROOT / "conf/aegir/admit-user1"
USER1 = aegir.AUTH.replace("nss_mysql", "nss_user1")
USERS = "CREATE TABLE users (uid INT PRIMARY KEY, pass VARCHAR({}) NOT NULL, status TINYINT NOT NULL)"
# Drupal's release, how it keeps users, and a hash of user 1, of another length each.
DRUPAL = {
    6: (USERS.format(32), "INSERT INTO users VALUES (0, '', 0), (1, '{hash}', 1), (2, 'x', 1)", "5f807e1813957bd22b735fdd1349a961", "md5"),
    7: (USERS.format(128), "INSERT INTO users VALUES (0, '', 0), (1, '{hash}', 1), (2, 'x', 1)", "$S$D" + "a" * 51, ""),
    8: ("CREATE TABLE users (uid INT PRIMARY KEY); CREATE TABLE users_field_data (uid INT, langcode VARCHAR(12), pass VARCHAR(255), status TINYINT, "
        "default_langcode TINYINT, PRIMARY KEY (uid, langcode))",
        "INSERT INTO users_field_data VALUES (1, 'de', 'x', 1, 0), (1, 'en', '{hash}', 1, 1), (2, 'en', 'x', 1, 1)",
        "$argon2id$v=19$m=65536,t=4,p=1$" + "b" * 22 + "$" + "c" * 43, ""),
}


@pytest.fixture
def admit(server, root, hosting, tmp_path):
    """Runs it as the administrator on Aegir's database; at last nobody is admitted."""
    client = tmp_path / "mariadb"  # of this server, whatever the host's option files say
    client.write_text(f"#!/bin/sh\nexec {shutil.which('mariadb')} --no-defaults --socket={server.socket} --user={server.user} \"$@\"\n")
    client.chmod(0o755)

    def run(*sites):
        environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "AEGIR_DATABASE": hosting}
        return subprocess.run(["bash", ADMIT, *sites], env=environment, capture_output=True, text=True, check=False)

    yield run
    assert run().returncode == 0
    assert root.query("", "SELECT user FROM mysql.user WHERE user LIKE 'sqlmap_user1%'") == []
    assert root.query("", "SELECT routine_name FROM information_schema.routines WHERE routine_name LIKE 'nss_user1%'") == []


@pytest.fixture(params=DRUPAL)
def site(request, root, hosting):
    """The database of corp.example, and what the view must show of it."""
    tables, rows, hash_, scheme = DRUPAL[request.param]
    name = f"{hosting}_site"
    root.run("", f"CREATE DATABASE {name}")
    root.run(name, f"{tables}; {rows.format(hash=hash_)}")
    yield name, {"username": "corp.example", "password": hash_, "scheme": scheme, "status": "1", "drupal_uid": "1",
                 "owner": "user 1 of corp.example", "frontend": "web2.example.net"}
    root.run("", f"DROP DATABASE {name}")


def test_user_1_of_the_named_site_is_shown_and_nobody_else(admit, site, auth, hosting):
    database, row = site
    assert admit(f"corp.example={database}").stderr == ""
    assert auth.ask(hosting, USER1, "corp.example") == [row]
    assert auth.query(hosting, "SELECT * FROM nss_user1") == [row]
    assert auth.ask(hosting, USER1, "bolt.example") == []


def test_aegir_1_has_to_be_told_the_database_and_later_ones_say_it(admit, site, root, auth, hosting, generation):
    database, row = site
    says = "admit-user1: Aegir does not say which database corp.example has; write corp.example=DATABASE\n"
    assert admit("corp.example").stderr == says
    if generation == "aegir3-d7":
        root.run(hosting, f"UPDATE hosting_site SET db_name = '{database}' WHERE nid = 36")
        assert admit("corp.example").stderr == ""
        assert auth.ask(hosting, USER1, "corp.example") == [row]
        root.run(hosting, "UPDATE hosting_site SET db_name = 'another' WHERE nid = 36")
        assert auth.ask(hosting, USER1, "corp.example") == []


def test_both_views_are_asked_by_one_query_through_indices(admit, site, root, auth, hosting):
    database, row = site
    assert admit(f"corp.example={database}").stderr == ""
    query = f"{aegir.AUTH} UNION ALL {USER1}"
    assert {line["owner"] for line in auth.ask(hosting, query, "corp.example", "corp.example")} == {"erin", row["owner"]}
    root.run(hosting, aegir.documented(r"ALTER TABLE hosting_client_user [^;`]*;"))
    steps = [step for step in root.ask(hosting, f"EXPLAIN {USER1}", "corp.example") if step["table"] and not step["table"].startswith("<")]
    assert steps and {step["type"] for step in steps} <= {"const", "eq_ref", "ref", "system"}, steps


@pytest.mark.parametrize("status, rows", [(1, 1), (0, 0), (-1, 0), (-2, 0)])
def test_a_site_that_is_not_enabled_shows_nobody(admit, site, root, auth, hosting, status, rows):
    assert admit(f"corp.example={site[0]}").stderr == ""
    root.run(hosting, f"UPDATE hosting_site SET status = {status} WHERE nid = 36")
    assert len(auth.ask(hosting, USER1, "corp.example")) == rows
