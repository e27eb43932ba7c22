"""An archive's inbox: doc/uses/inbox.md is followed, and what it says of accounts, names and hosts is looked at more closely."""

import re
import subprocess
from pathlib import Path

import ctl
import pytest
from asked import passwd
from blocks import block
from inbox_host import (CONFIG, GID, HOMES, KIM, NOBODY, OFFSET, OtherHost, OtherSshd, changed, flush, hash_of, is_let_in, let_in, mode_of,
                        new_person, nss, quoted, sql)


def test_the_page_is_true(inbox):
    inbox.assert_true()


def test_an_account_is_the_archives_user_as_this_host_has_them(inbox):
    expected = ["kim", "x", str(OFFSET + KIM), str(GID), "Kim Example", "/srv/inbox/kim/files", "/usr/sbin/nologin"]
    assert passwd("kim") == passwd(OFFSET + KIM) == expected
    assert passwd(KIM) is None and passwd(OFFSET) is None
    assert subprocess.run(["id", "kim"], capture_output=True, text=True).stdout == "uid=100031(kim) gid=100000(inbox) groups=100000(inbox)\n"
    assert subprocess.run(["getent", "group", "inbox", "100000"], capture_output=True, text=True).stdout == "inbox:x:100000:\n" * 2


def test_everybody_may_ask_who_somebody_is_and_nobody_gets_a_list_or_a_hash(inbox):
    assert passwd("kim", NOBODY) == passwd(OFFSET + KIM, NOBODY) == passwd("kim")
    for prefix in ([], NOBODY):
        lines = subprocess.run([*prefix, "getent", "passwd"], capture_output=True, text=True, check=True).stdout.splitlines()
        assert [line.split(":")[0] for line in lines if "/srv/inbox" in line] == ["otto"]
    shadow = {name: [subprocess.run([*prefix, "getent", "shadow", name], capture_output=True, text=True).stdout for prefix in ([], NOBODY)]
              for name in ("berta", "kim", "off")}
    assert shadow == {"berta": ["berta:*:::::::0\n", ""], "kim": ["kim:*:::::::0\n", ""], "off": ["off:!*::::::1:0\n", ""]}


@pytest.mark.parametrize("row, why", [
    (f"({2**32 - 1 - OFFSET}, 'late')", "uid"), (f"({2**32 - 1}, 'over')", "uid"), ("(899999 + 1, 'far')", "uid"),
    ("(41, 'Capital')", "username"), ("(42, 'a b')", "username"), ("(43, '2026')", "username"), ("(44, 'www-data')", "username"),
    ("(45, 'olga')", "username"), ("(46, '../etc')", "username")])
def test_a_row_that_breaks_a_rule_is_no_account_and_check_says_so(inbox, row, why):
    name = re.search(r"'(.*)'", row)[1]
    before = passwd(name)
    with changed(f"INSERT INTO inbox_users (uid, username) VALUES {row}", f"DELETE FROM inbox_users WHERE username = '{name}'"):
        flush()
        assert passwd(name) == before
        warnings = [finding["what"] for finding in ctl.ask("check")["findings"] if finding["subject"] == "getpwent" and finding["level"] == "warning"]
        assert len(warnings) == 1 and warnings[0].startswith(f"1 row is left out: {why}") and name in warnings[0], warnings


@pytest.mark.parametrize("wrong", ["uid_shift = 5", "uid_offset = -1", "home = \"files\""])
def test_a_mistake_in_the_configuration_is_loud(inbox, wrong):
    text = CONFIG.read_text()
    CONFIG.write_text(text.replace("home = \"%h/files\"", wrong))
    result = subprocess.run(["sqlmapd", "--check-config"], capture_output=True, text=True)
    CONFIG.write_text(text)
    line = text.splitlines().index("home = \"%h/files\"") + 1
    assert result.returncode != 0 and f"{CONFIG}:{line}: " in result.stderr and wrong.split()[0] in result.stderr, result


def test_check_has_nothing_to_find_and_no_look_up_reads_a_whole_table(inbox):
    with changed("INSERT INTO inbox_users (uid, username) SELECT seq, CONCAT('user', seq) FROM seq_1000_to_4000;"
                 "INSERT INTO inbox_keys (uid, ssh_key) SELECT seq, 'ssh-ed25519 AAAA' FROM seq_1000_to_4000",
                 "DELETE FROM inbox_users WHERE uid >= 1000"):
        findings = [(finding["area"], finding["subject"]) for finding in ctl.ask("check")["findings"] if finding["level"] != "ok"]
    assert findings == [("data", "passwords"), ("data", "homes")]


def test_a_suffix_is_taken_from_names_that_have_it_and_others_are_nobody(inbox):
    rows = {101: "uma@elixir-europe.org", 102: "uma", 103: "uma@elixir-europe_org", 104: "@elixir-europe.org", 105: "uma@ELIXIR-europe.org"}
    sql("".join(f"INSERT INTO inbox_users (uid, username, password) SELECT {uid}, '{name}', {quoted(hash_of(f'pw-{uid}', 'sha256crypt'))};"
                for uid, name in rows.items()))
    attempts = [(name, {"password": f"pw-{uid}"}) for name in ("uma", "uma@elixir-europe.org") for uid in rows]
    with changed("UPDATE inbox_hosts SET suffix = '@elixir-europe.org'", "UPDATE inbox_hosts SET suffix = '';"
                 "DELETE FROM inbox_users WHERE uid IN (101, 102, 103, 104, 105)"):
        flush()
        assert passwd("uma") == passwd(OFFSET + 101) == ["uma", "x", "100101", "100000", "", "/srv/inbox/uma/files", "/usr/sbin/nologin"]
        assert [passwd(name) for name in ("uma@elixir-europe.org", "uma@elixir-europe_org", "berta", OFFSET + 102, OFFSET + 103)] == [None] * 5
        assert let_in(attempts) == [("uma", {"password": "pw-101"})]
        sql("UPDATE inbox_hosts SET suffix = '%'")
        flush()
        assert passwd("uma") is None
        sql("UPDATE inbox_hosts SET suffix = ''")
        flush()
        assert passwd("uma")[2] == "100102" and passwd("uma@elixir-europe.org")[2] == "100101"


def test_another_host_has_the_same_people_its_own_way(inbox, keys, tmp_path):
    sql("UPDATE inbox_hosts SET expire = -1, suffix = '', shell = '/bin/false' WHERE host = 'inbox2'")
    with OtherHost("inbox2", tmp_path) as host:
        assert passwd("kim", host.prefix) == passwd(500000 + KIM, host.prefix) == [
            "kim", "x", "500031", "500000", "Kim Example", "/data/deposit/kim/files", "/bin/false"]
        assert passwd(OFFSET + KIM, host.prefix) is None and passwd(500000 + KIM) is None
        # The other host's uids are below this one's offset: nobody's, and no mistake of the query.
        assert nss(OFFSET + KIM, 100001, 499999, 500000 + KIM, 999999, prefix=host.prefix) == ["NOTFOUND"] * 3 + ["SUCCESS", "NOTFOUND"]
        assert passwd("kim")[2] == str(OFFSET + KIM)
        assert "deposit:x:500000:" in subprocess.run([*host.prefix, "getent", "group", "deposit"], capture_output=True, text=True).stdout
        Path("/data/deposit").mkdir(parents=True)
        commands = "".join(re.findall(r"(?m)^sed -i .*\|/data/deposit\|.*\n", inbox.text))
        assert commands.count("sed") == 2
        with OtherSshd("sshd-deposit", 9105, tmp_path, commands=commands, prefix=host.prefix) as sshd:
            attempts = [("kim", {"key": keys["kim"], "port": 9105}), ("berta", {"password": "berta-pw", "port": 9105}),
                        ("kim", {"key": keys["stranger"], "port": 9105}), ("berta", {"password": "sven-pw", "port": 9105})]
            assert let_in(attempts) == attempts[:2], sshd.log.read_text()
        assert mode_of("/data/deposit/kim/files") == (500000 + KIM, 500000, 0o700)


def test_a_host_without_a_row_has_no_accounts(inbox, tmp_path):
    with OtherHost("inbox3", tmp_path) as host:
        assert passwd("kim", host.prefix) is None and passwd(OFFSET + KIM, host.prefix) is None
        assert subprocess.run([*host.prefix, "sqlmapctl", "ssh-keys", "kim"], capture_output=True, text=True).stdout == ""
        tried = subprocess.run([*host.prefix, "sqlmapctl", "auth", "sina", "--stdin", "--service", "sshd-inbox"], input="sina-pw\n",
                               capture_output=True, text=True)
        assert tried.returncode == 1 and "user unknown" in tried.stdout, tried


def test_who_is_renamed_keeps_the_uid_and_who_is_deleted_is_nobody(inbox):
    with new_person(95, "vera"):
        assert is_let_in("vera", password="sina-pw")
        sql("UPDATE inbox_users SET username = 'wera' WHERE uid = 95")
        flush()
        assert (passwd("vera"), passwd("wera")[2], passwd(OFFSET + 95)[0]) == (None, str(OFFSET + 95), "wera")
        attempts = [("vera", {"password": "sina-pw"}), ("wera", {"password": "sina-pw"})]
        assert let_in(attempts) == attempts[1:]
        sql("DELETE FROM inbox_users WHERE uid = 95")
        assert let_in(attempts) == []
        flush()
        assert passwd("wera") is None and mode_of(HOMES / "wera/files") == (OFFSET + 95, GID, 0o700)


def test_the_tables_may_be_views_over_the_archives_own(inbox, keys):
    sql("""CREATE TABLE members (id INT UNSIGNED PRIMARY KEY, login VARCHAR(64) COLLATE utf8mb4_bin UNIQUE, full_name VARCHAR(64),
             password_hash VARCHAR(255), active TINYINT, password_changed DATE);
           CREATE TABLE member_keys (member_id INT UNSIGNED, public_key TEXT, KEY (member_id));
           INSERT INTO members SELECT uid, username, gecos, password, enabled, CURDATE() FROM inbox_users;
           INSERT INTO member_keys SELECT uid, ssh_key FROM inbox_keys;
           RENAME TABLE inbox_users TO before_users, inbox_keys TO before_keys""")
    views = block("doc/uses/inbox.md", "DROP TABLE inbox_keys, inbox_users;\n").partition("\n")[2]
    sql(views + Path("/usr/share/sqlmapd/views/inbox.sql").read_text())
    try:
        flush()
        assert passwd("kim")[2:5] == ["100031", "100000", "Kim Example"]
        attempts = [("kim", {"key": keys["kim"]}), ("sven", {"password": "sven-pw"}), ("off", {"key": keys["off"]}),
                    ("sven", {"password": "berta-pw"})]
        assert let_in(attempts) == attempts[:2]
        assert [finding for finding in ctl.ask("check")["findings"] if finding["level"] != "ok" and finding["area"] in ("queries", "servers")] == []
    finally:
        sql("DROP VIEW inbox_users, inbox_keys; DROP TABLE members, member_keys; RENAME TABLE before_users TO inbox_users, before_keys TO inbox_keys")
        flush()


def test_sqlmapctl_puts_the_same_views_in_place(inbox):
    grants = "SHOW GRANTS FOR sqlmap@localhost; SHOW GRANTS FOR sqlmap_auth@localhost"
    before, people = sql(grants), sql("SELECT COUNT(*) FROM inbox_users")
    result = ctl.run("views", "inbox", "--install", "--database", "archive")
    assert result.returncode == 0, result
    assert (sql(grants), sql("SELECT COUNT(*) FROM inbox_users")) == (before, people)
    assert passwd("kim")[2] == str(OFFSET + KIM)
