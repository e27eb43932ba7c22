"""README.md is followed from the database to the login and back, and the table below its picture is looked at more closely."""

import subprocess

import pytest
from sandbox import mariadb_stopped, wait_until

SITE, OWNER, NEW = "shop.acme.example", "alice-pw", "new.acme.example"
NEW_SITE = ("INSERT INTO node (nid, vid, type, title, uid) VALUES (70, 70, 'site', 'new.acme.example', 1);"
            "INSERT INTO hosting_site (vid, nid, client, platform, status) SELECT 70, 70, client, platform, 1 FROM hosting_site WHERE nid = 32")


@pytest.fixture(scope="module")
def followed(reader):
    reader.follow(until="Take it back")
    return reader


def sql(statements):
    subprocess.run(["mariadb", "--no-defaults", "aegir", "-e", statements], check=True)


def uid_of(name):
    """"" if there is no such account."""
    return "".join(subprocess.run(["getent", "passwd", name], capture_output=True, text=True).stdout.split(":")[2:3])


def lets_in(password):
    result = subprocess.run(["curl", "-sSkl", "--ssl-reqd", "-u", f"{SITE}:{password}", "ftp://localhost/"], capture_output=True, text=True)
    assert result.returncode in (0, 67), result
    return result.returncode == 0


def systemctl(verb):
    subprocess.run(["systemctl", verb, "sqlmapd"], check=True)


def test_the_page_is_true(followed):
    followed.assert_true()


def test_while_the_database_is_away_who_was_an_account_is_one_new_names_are_nobody_s_and_no_password_opens(followed):
    subprocess.run(["sqlmapctl", "refresh", "--wait"], check=True, capture_output=True)  # the next reading is half a minute away
    sql(NEW_SITE)
    with mariadb_stopped():
        assert (uid_of(SITE), uid_of(NEW), lets_in(OWNER), uid_of("root")) == ("950", "", False, "0")
    wait_until(lambda: uid_of(NEW) == "950")
    wait_until(lambda: lets_in(OWNER))
    sql("UPDATE hosting_site SET status = -2 WHERE nid = 70")


def test_while_the_daemon_is_away_as_well_it_is_the_same(followed):
    with mariadb_stopped():
        systemctl("stop")
        assert (uid_of(SITE), uid_of("nobody.acme.example"), lets_in(OWNER), uid_of("root")) == ("950", "", False, "0")
        systemctl("start")
    wait_until(lambda: lets_in(OWNER))


def test_a_password_is_asked_anew_each_time_so_that_who_is_blocked_is_blocked_now(followed):
    assert lets_in(OWNER)
    sql("UPDATE users SET status = 0 WHERE name = 'alice'")
    assert not lets_in(OWNER)
    sql("UPDATE users SET status = 1 WHERE name = 'alice'")
    assert lets_in(OWNER)


def test_what_was_set_up_can_be_taken_back(followed):
    followed.follow()
    followed.assert_true()
