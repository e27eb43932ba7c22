"""A plain Drupal site: doc/uses/drupal.md is followed, and what it says is looked at more closely, also with Drupal 7 and 6."""

import dataclasses
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import asked
import ctl
import pytest
from asked import passwd
from page import bash
from sandbox import wait_until

CONFIG = Path("/etc/sqlmapd/sqlmapd.toml")
VIEWS = Path("/usr/share/sqlmapd/views/drupal.sql")

# The accounts that the page makes, with their uids and the passwords of the site. frida is blocked there.
PASSWORDS = {"anna": "anna-pw", "bruno": "bruno-pw", "carla.diaz@example.org": "carla-pw", "dirk": "dirk-pw", "elise": "élise-pässwörd",
             "guel": "guel-pw", "hanna": "hanna-pw"}
UIDS = {"anna": 20002, "bruno": 20003, "carla.diaz@example.org": 20004, "dirk": 20005, "elise": 20006, "frida": 20007, "guel": 20009,
        "hanna": 20011}
# What the site calls users that are called otherwise here, or are no accounts.
SITE_NAMES = {"admin": "admin-pw", "Bruno Weiß": "bruno-pw", "Dirk": "dirk-pw", "élise": "élise-pässwörd", "www-data": "www-data-pw",
              "gül+news@example.org": "guel-pw", "2026": "digits-pw", "ivan": "ivan-pw", "ANNA": "anna-pw", "": "anna-pw"}


def sql(statements, database="sftp"):
    return asked.sql(statements, database)


def publish(*options):
    subprocess.run(["sqlmapctl", "refresh", "--wait", *options], check=True, capture_output=True, timeout=60)


def curl(name, password, *arguments):
    """Each name and password come from an address of their own: sqlmapd slows down those from which many passwords were wrong, and all
    from which an account with many wrong passwords was never let in."""
    address = ".".join(str(byte % 250 + 1) for byte in sha256(f"{name}:{password}".encode()).digest()[:3])
    return subprocess.run(["curl", "-sSk", "--interface", f"127.{address}", "-u", f"{name}:{password}", *arguments], capture_output=True,
                          text=True, timeout=60)


def is_let_in(protocol, name, password):
    """It raises if the answer is neither yes nor no."""
    options = {"ftp": ["--ssl-reqd", "ftp://127.0.0.1/"], "sftp": ["-l", f"sftp://127.0.0.1/{quote(name)}/"]}[protocol]
    result = curl(name, password, *options)
    assert result.returncode in (0, 67), result
    return result.returncode == 0


def outcomes(attempts):
    """Those (protocol, name, password) that are let in."""
    tries = [(protocol, *attempt) for attempt in attempts for protocol in ("ftp", "sftp")]
    with ThreadPoolExecutor(24) as threads:
        return {attempt for attempt, let_in in zip(tries, threads.map(lambda attempt: is_let_in(*attempt), tries)) if let_in}


def open_doors(name, password):
    return sorted(protocol for protocol, *_ in outcomes([(name, password)]))


def both_doors(passwords):
    return {(protocol, name, password) for name, password in passwords.items() for protocol in ("ftp", "sftp")}


@contextmanager
def changed(statements, back):
    """On the site, while sqlmapd is not told."""
    sql(statements)
    try:
        yield
    finally:
        sql(back)
        publish()


def edit(path, pattern, replacement):
    text = Path(path).read_text(encoding="utf-8")
    changed_text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    assert changed_text != text, path
    Path(path).write_text(changed_text, encoding="utf-8")


@pytest.fixture(scope="module")
def site(reader):
    """The reader has a site of Drupal 10 at work, and the servers make nobody wait who is refused: that is many here, at a time."""
    edit("/etc/pam.d/common-sqlmap", r"^(auth .*pam_sqlmap\.so)", r"\1 nodelay")
    edit("/etc/pam.d/common-auth", r"^(auth\t.*pam_unix\.so)", r"\1 nodelay")
    Path("/etc/ssh/sshd_config.d/many.conf").write_text("MaxStartups 100\n", encoding="utf-8")
    reader.follow(until="Names in a field of the site")
    edit("/etc/vsftpd.conf", r"\Z", "delay_failed_login=0\n")
    subprocess.run(["/usr/local/sbin/systemctl", "restart", "vsftpd"], check=True)
    return reader


def test_the_page_is_true(site):
    site.assert_true()


def test_a_password_of_the_site_opens_its_own_account_and_no_other(site):
    names = list(PASSWORDS)
    others = [(name, PASSWORDS[names[i - 1]]) for i, name in enumerate(names)]
    assert outcomes([*PASSWORDS.items(), *others, ("anna", "ANNA-PW"), ("anna", ""), ("frida", "frida-pw")]) == both_doors(PASSWORDS)


def test_no_name_of_the_site_is_bent_into_an_account(site):
    assert outcomes(SITE_NAMES.items()) == set()
    assert {name: passwd(name) for name in SITE_NAMES if name != "www-data" and passwd(name)} == {}
    assert passwd("www-data")[2] == "33"
    listed = subprocess.run(["getent", "passwd"], capture_output=True, text=True, check=True).stdout.splitlines()
    assert {line.split(":")[0]: int(line.split(":")[2]) for line in listed if "/srv/sftp/" in line} == UIDS
    assert [line for line in listed if line.startswith("hanna:")] == ["hanna:x:20011:20001:hanna,,,:/srv/sftp/hanna:/usr/sbin/nologin"]


def test_user_1_is_no_account_whatever_the_table_says(site):
    with changed("INSERT INTO sqlmap_names VALUES (0, 'nobody.else'), (1, 'chief')", "DELETE FROM sqlmap_names WHERE uid < 2"):
        publish()
        assert passwd("chief") is None and passwd("nobody.else") is None
        assert open_doors("chief", "admin-pw") == []


def test_without_a_whole_hash_nobody_gets_in(site):
    stored = ["NULL", "''", "'*'", "'!'", "'dirk-pw'", "LEFT(pass, 40)", "MD5('guel-pw')", "'x'"]
    uids = [uid - 20000 for uid in UIDS.values()]
    cases = " ".join(f"WHEN {uid} THEN {value}" for uid, value in zip(uids, stored, strict=True))
    sql("CREATE TABLE before_that SELECT * FROM users_field_data")
    with changed(f"UPDATE users_field_data SET pass = CASE uid {cases} END WHERE uid IN ({', '.join(map(str, uids))})",
                 "UPDATE users_field_data u JOIN before_that b USING (uid, default_langcode) SET u.pass = b.pass; DROP TABLE before_that"):
        assert outcomes([*PASSWORDS.items(), *((name, "") for name in UIDS), ("anna", "x"), ("carla.diaz@example.org", "*")]) == set()
    assert outcomes(PASSWORDS.items()) == both_doors(PASSWORDS)


def test_who_is_blocked_is_out_at_once_and_stays_the_owner_of_the_files(site):
    with changed("UPDATE users_field_data SET status = 0 WHERE uid = 2", "UPDATE users_field_data SET status = 1 WHERE uid = 2"):
        assert open_doors("anna", "anna-pw") == []
        publish()
        assert passwd("anna") == ["anna", "x", "20002", "20001", "anna,,,", "/srv/sftp/anna", "/usr/sbin/nologin"]
        assert subprocess.run(["getent", "shadow", "anna"], capture_output=True, text=True).stdout == "anna:!*:1:0:99999:0::1:0\n"
        assert Path("/srv/sftp/anna").owner() == "anna"
    assert open_doors("anna", "anna-pw") == ["ftp", "sftp"]


def test_a_password_that_was_changed_on_the_site_is_valid_at_once_and_the_old_one_is_not(site):
    before = sql("SELECT pass FROM users_field_data WHERE uid = 2")
    with changed("UPDATE users_field_data a JOIN users_field_data b ON b.uid = 5 SET a.pass = b.pass WHERE a.uid = 2",
                 f"UPDATE users_field_data SET pass = '{before}' WHERE uid = 2"):
        assert outcomes([("anna", "anna-pw"), ("anna", "dirk-pw")]) == both_doors({"anna": "dirk-pw"})


def test_a_user_who_takes_another_name_on_the_site_stays_who_he_is(site):
    with changed("UPDATE users_field_data SET name = 'root: or, \"bruno\"\n' WHERE uid = 2",
                 "UPDATE users_field_data SET name = 'anna' WHERE uid = 2"):
        publish()
        assert passwd("anna") == ["anna", "x", "20002", "20001", 'root  or  "bruno" ,,,', "/srv/sftp/anna", "/usr/sbin/nologin"]
        assert open_doors("anna", "anna-pw") == ["ftp", "sftp"]


def test_a_new_row_is_an_account_at_once_and_one_that_is_gone_lets_nobody_in(site):
    sql("INSERT INTO sqlmap_names VALUES (12, 'ivan.rossi')")
    assert passwd("ivan.rossi")[2:4] == ["20012", "20001"]
    assert open_doors("ivan.rossi", "ivan-pw") == ["ftp", "sftp"]
    home = Path("/srv/sftp/ivan.rossi")
    assert (home.owner(), home.group(), home.stat().st_mode & 0o7777) == ("ivan.rossi", "drupal", 0o700)
    sql("DELETE FROM sqlmap_names WHERE uid = 12")
    assert open_doors("ivan.rossi", "ivan-pw") == []
    publish()
    assert passwd("ivan.rossi") is None and home.stat().st_uid == 20012


def test_a_local_account_is_not_taken_over_by_a_row_with_its_name(site):
    subprocess.run(["useradd", "--uid", "5012", "ivan"], check=True)
    with changed("INSERT INTO sqlmap_names VALUES (12, 'ivan')", "DELETE FROM sqlmap_names WHERE uid = 12"):
        publish()
        assert passwd("ivan")[2] == "5012"
        assert open_doors("ivan", "ivan-pw") == []
        warnings = [finding["what"] for finding in ctl.ask("check")["findings"] if finding["subject"] == "getpwent"]
        assert any("username is a local account's" in what and "(ivan)" in what for what in warnings), warnings
    subprocess.run(["userdel", "ivan"], check=True)


def test_an_id_beyond_the_range_of_the_host_is_refused_and_never_another_one(site):
    more = "(10000, 'en', 'Nick', 1, 0, 0, 1), (4294947297, 'en', 'Root', 1, 0, 0, 1)"
    with changed(f"INSERT INTO drupal.users_field_data (uid, langcode, name, status, created, access, default_langcode) VALUES {more}; "
                 "INSERT INTO sqlmap_names VALUES (10000, 'nick'), (4294947297, 'nora')",
                 "DELETE FROM sqlmap_names WHERE uid > 9999; DELETE FROM users_field_data WHERE uid > 9999"):
        publish()
        assert passwd("nick") is None and passwd("nora") is None
        left_out = [finding["what"] for finding in ctl.ask("check")["findings"] if "left out" in finding["what"]]
        assert left_out == ["2 rows are left out: uid 30000 is outside what [accounts] allows (nick, nora)"]


def test_tables_with_a_prefix_are_read_by_the_command_of_the_page(site):
    view, = re.findall(r'^mariadb sftp -e "CREATE (VIEW .*)"$', site.text, re.MULTILINE)
    prefixed, = re.findall(r"second line reads `([^`]*)`", site.text)
    with changed("RENAME TABLE drupal.users_field_data TO drupal.web_users_field_data",
                 f"RENAME TABLE drupal.web_users_field_data TO drupal.users_field_data; CREATE OR REPLACE {view}"):
        assert open_doors("anna", "anna-pw") == []
        sql("CREATE OR REPLACE " + view.replace("drupal.users_field_data", prefixed))
        assert open_doors("anna", "anna-pw") == ["ftp", "sftp"]


def test_whoever_has_the_sites_database_makes_no_account_and_changes_nothing_but_passwords(site):
    """As after a break-in: with the rights that a site's own database account has, on all of its database."""
    sql("CREATE USER site@localhost IDENTIFIED BY 'site-pw'; GRANT ALL ON drupal.* TO site@localhost")

    def as_the_site(statement):
        return subprocess.run(["mariadb", "--no-defaults", "-u", "site", "-psite-pw", "drupal", "-e", statement], capture_output=True, text=True).stderr

    for statement in ("INSERT INTO sftp.sqlmap_names VALUES (12, 'ivan.rossi')", "UPDATE sftp.sqlmap_names SET uid = 12 WHERE uid = 2",
                      "CREATE OR REPLACE VIEW sftp.nss_settings AS SELECT 1", "CREATE OR REPLACE VIEW sftp.nss_getpwnam AS SELECT 1",
                      "CREATE OR REPLACE VIEW sftp.users_field_data AS SELECT 1", "SELECT * FROM sftp.nss_getpwnam", "DROP DATABASE sftp"):
        assert re.search(r"ERROR (1044|1142)", as_the_site(statement)), statement
    for mine in ("sqlmap_names AS SELECT 12 AS uid, 'ivan.rossi' AS unix_name", "nss_getpwnam AS SELECT 'ivan.rossi' AS username"):
        assert as_the_site(f"CREATE TABLE {mine}") == ""  # which nobody reads
    before = passwd("anna")
    publish()
    assert passwd("ivan.rossi") is None and passwd("anna") == before
    assert open_doors("ivan.rossi", "ivan-pw") == []
    sql("DROP TABLE sqlmap_names, nss_getpwnam; DROP USER site@localhost", "drupal")


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/../../../../etc/passwd", "ftp://127.0.0.1/../bruno/hello.txt",
                                 "sftp://127.0.0.1/../../../../etc/passwd", "sftp://127.0.0.1/bruno/hello.txt", "sftp://127.0.0.1/"])
def test_nobody_sees_more_than_his_own_directory(site, url):
    assert is_let_in("sftp", "anna", "anna-pw") and Path("/srv/sftp/bruno/hello.txt").exists()
    result = curl("anna", "anna-pw", "--path-as-is", url)
    assert (result.returncode in (9, 78), result.stdout) == (True, ""), result


def test_sftp_is_all_that_ssh_gives(site):
    environment = {"SSHPASS": "anna-pw", "PATH": "/usr/bin"}
    result = subprocess.run(["sshpass", "-e", "ssh", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
                             "LogLevel=ERROR", "anna@127.0.0.1", "id"], capture_output=True, text=True, timeout=60, env=environment)
    assert "uid=" not in result.stdout and result.returncode != 0, result


def test_while_the_views_are_missing_accounts_stay_and_nobody_gets_in(site):
    sql("DROP VIEW nss_mysql; DROP VIEW nss_getpwnam")
    assert open_doors("anna", "anna-pw") == []
    assert passwd("anna")[2] == "20002"
    sql(VIEWS.read_text(encoding="utf-8"))
    publish()
    assert open_doors("anna", "anna-pw") == ["ftp", "sftp"]


def test_sqlmapctl_puts_the_same_views_in_place_and_their_settings(site):
    def grants():
        return sorted(sql("SHOW GRANTS FOR sqlmap@localhost; SHOW GRANTS FOR sqlmap_auth@localhost").splitlines())

    before = grants()
    assert ctl.run("views", "drupal", "--install").returncode == 0
    assert grants() == before
    assert sql("SELECT * FROM nss_settings") == "1\tdrupal\t/srv/sftp\t/usr/sbin/nologin\t/usr/sbin/nologin"
    assert ctl.run("views", "drupal", "--install", "--home", "/srv/elsewhere", "--group", "guests").returncode == 0
    publish()
    assert passwd("anna")[5] == "/srv/elsewhere/anna"
    assert ctl.run("views", "drupal", "--install", "--home", "/srv/sftp", "--group", "drupal").returncode == 0
    publish()
    assert passwd("anna")[5] == "/srv/sftp/anna"


# Users of a site that has many, all of them accounts, and those of the page among them.
MANY = {
    "sftp": """
        INSERT INTO drupal.users_field_data (uid, langcode, name, status, created, access, default_langcode)
        SELECT seq, 'en', CONCAT('User ', seq), 1, 0, 0, 1 FROM seq_1000_to_4000;
        INSERT INTO sqlmap_names SELECT seq, CONCAT('user', seq) FROM seq_1000_to_4000""",
    "sftp7": """
        INSERT INTO drupal7.users (uid, name, status) SELECT seq, CONCAT('User ', seq), 1 FROM seq_1000_to_4000;
        INSERT INTO sqlmap_names SELECT seq, CONCAT('user', seq) FROM seq_1000_to_4000""",
}
FEW = {
    "sftp": "DELETE FROM sqlmap_names WHERE uid >= 1000; DELETE FROM drupal.users_field_data WHERE uid >= 1000",
    "sftp7": "DELETE FROM sqlmap_names WHERE uid >= 1000; DELETE FROM drupal7.users WHERE uid >= 1000",
}


def whole_tables(database):
    """What check finds about the look-ups, with 3000 accounts more."""
    sql(MANY[database], database)
    try:
        publish()
        return [(finding["subject"], finding["what"]) for finding in ctl.ask("check")["findings"]
                if finding["area"] == "queries" and finding["level"] != "ok"]
    finally:
        sql(FEW[database], database)
        publish("--force")


def test_no_look_up_reads_a_whole_table(site):
    assert whole_tables("sftp") == []


def test_names_may_stand_in_a_field_of_the_site_where_none_is_there_twice(site):
    site.follow(until="Drupal 6 and 7")
    site.assert_true()
    assert outcomes(PASSWORDS.items()) == both_doors(PASSWORDS)
    field = "INSERT INTO drupal.user__field_unix_name (entity_id, revision_id, delta, field_unix_name_value) VALUES (12, 12, 0, '{}')"
    with pytest.raises(subprocess.CalledProcessError) as error:
        sql(field.format("anna"))
    assert "Duplicate entry 'anna'" in error.value.stderr
    with changed(field.format("ivan.rossi"), "DELETE FROM drupal.user__field_unix_name WHERE entity_id = 12"):
        assert open_doors("ivan.rossi", "ivan-pw") == ["ftp", "sftp"]


def use(database, schemes, who):
    """sqlmapd reads this database, and has published `who`."""
    text = CONFIG.read_text(encoding="utf-8")
    for key, value in (("name", f'"{database}"'), ("schemes", schemes)):
        before = next(line for line in text.splitlines() if line.startswith(f"{key} = "))
        text = text.replace(before, f"{key} = {value}")
    CONFIG.write_text(text, encoding="utf-8")
    subprocess.run(["/usr/local/sbin/systemctl", "reload", "sqlmapd"], check=True)

    def has_published():
        publish("--force")
        return passwd(who) is not None

    wait_until(has_published)


def test_drupal_7_with_its_own_hashes_and_those_of_its_forerunners(site):
    site.follow(until="Take it back")
    use("sftp7", '"strong"', "nina")
    left_out = [finding["what"] for finding in ctl.ask("check")["findings"] if finding["subject"] == "getpwent" and finding["level"] == "warning"]
    assert left_out == ["1 row is left out: username breaks the name rules of [accounts] (Otto Äußerlich)"]
    sql("UPDATE sqlmap_names SET unix_name = 'otto' WHERE uid = 3", "sftp7")
    right = {"nina": "nina-pw", "otto": "otto-pw", "petra@example.org": "petra-pw"}
    assert outcomes([*right.items(), ("nina", "otto-pw"), ("quinn", "quinn-pw"), ("admin", "admin-pw"), ("anna", "anna-pw")]) == both_doors(right)
    assert passwd("otto") == ["otto", "x", "20003", "20001", "Otto Äußerlich,,,", "/srv/sftp/otto", "/usr/sbin/nologin"]
    assert whole_tables("sftp7") == []


def test_drupal_6_with_bare_md5_where_the_administrator_says_so(site):
    for step, _ in site.seen:
        if step.heading == "Drupal 6 and 7":
            status, seen = bash(dataclasses.replace(step, script=re.sub(r"(drupal|sftp)7", r"\g<1>6", step.script)))
            assert status == 0, seen
    sql("UPDATE sqlmap_names SET unix_name = 'sven' WHERE uid = 3", "sftp6")
    right = {"rosa": "rosa-pw", "sven": "sven-pw"}
    use("sftp6", '"strong"', "rosa")
    assert outcomes(right.items()) == set()
    use("sftp6", '["strong", "md5"]', "rosa")
    assert outcomes([*right.items(), ("rosa", "sven-pw"), ("tilda", "tilda-pw"), ("admin", "admin6-pw")]) == both_doors(right)


def test_what_was_set_up_is_taken_back(site):
    site.follow()
    site.assert_true()
    assert "sqlmap" not in Path("/etc/nsswitch.conf").read_text() + Path("/etc/pam.d/sshd").read_text() + Path("/etc/pam.d/vsftpd").read_text()
    assert Path("/srv/sftp/anna/hello.txt").read_text() == "Hello\n"
