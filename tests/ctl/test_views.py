"""sqlmapctl views: the shipped SQL with values filled in, and put in place beside data that must not be harmed."""

import os
import pty
import re
import signal
import subprocess
from pathlib import Path

import pytest
from ctl import CONFIG, ask, run, sql, wait_until

VIEWS = Path("/usr/share/sqlmapd/views")
SHIPPED = Path(__file__).resolve().parents[2] / "sql/views"
SETS = sorted(path.stem for path in SHIPPED.glob("*.sql"))
DATA = Path(__file__).resolve().parents[1] / "data"
DATABASE = "aegir"
UID = 5000

SITES = ["aegir.example.net", "bolt.example", "corp.example", "dora.example", "old.bolt.example",
         "queued-site-with-a-very-long-name.dora.example", "shop.acme.example", "www.acme.example"]

IN_PLACE = """\
Database aegir on /run/mysqld/mysqld.sock:
view nss_settings                                   in place
view nss_site                                       in place
view nss_getpwnam                                   in place
view nss_getpwuid                                   in place
view nss_getspnam                                   in place
view nss_getgrnam                                   in place
view nss_memsbygid                                  in place
view nss_gidsbymem                                  in place
view nss_mysql                                      in place
grant on nss_getpwnam to 'sqlmap'@'localhost'       in place
grant on nss_getpwuid to 'sqlmap'@'localhost'       in place
grant on nss_getgrnam to 'sqlmap'@'localhost'       in place
grant on nss_memsbygid to 'sqlmap'@'localhost'      in place
grant on nss_gidsbymem to 'sqlmap'@'localhost'      in place
grant on nss_getpwnam to 'sqlmap_auth'@'localhost'  in place
grant on nss_getspnam to 'sqlmap_auth'@'localhost'  in place
grant on nss_mysql to 'sqlmap_auth'@'localhost'     in place

SETTING          BEFORE  NOW
uid              -       5000
gid              -       10000
groupname        -       aegir
frontend         -       ''
show_hostmaster  -       1
owner            -       hostmaster
shell            -       /bin/true
no_shell         -       /bin/false

What 'sqlmap'@'localhost' may do:
  GRANT SELECT ON `aegir`.`nss_getgrnam` TO `sqlmap`@`localhost`
  GRANT SELECT ON `aegir`.`nss_getpwnam` TO `sqlmap`@`localhost`
  GRANT SELECT ON `aegir`.`nss_getpwuid` TO `sqlmap`@`localhost`
  GRANT SELECT ON `aegir`.`nss_gidsbymem` TO `sqlmap`@`localhost`
  GRANT SELECT ON `aegir`.`nss_memsbygid` TO `sqlmap`@`localhost`
  GRANT USAGE ON *.* TO `sqlmap`@`localhost`

What 'sqlmap_auth'@'localhost' may do:
  GRANT SELECT ON `aegir`.`nss_getpwnam` TO `sqlmap_auth`@`localhost`
  GRANT SELECT ON `aegir`.`nss_getspnam` TO `sqlmap_auth`@`localhost`
  GRANT SELECT ON `aegir`.`nss_mysql` TO `sqlmap_auth`@`localhost`
  GRANT USAGE ON *.* TO `sqlmap_auth`@`localhost`
"""


def here(text):
    """Of the grants, those in this test's database: what the accounts may do elsewhere is others' affair."""
    return "".join(line for line in text.splitlines(keepends=True) if "`accounts`." not in line)


def settings_of(shown):
    """The lines of the table of settings."""
    lines = shown.splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith("SETTING "))
    return lines[begin + 1:lines.index("", begin)]


def without_settings(shown):
    return [line for line in shown.splitlines() if line not in settings_of(shown) and not line.startswith("SETTING ")]


def aegir_sql(statements):
    return sql(f"USE {DATABASE};\n{statements}")


def tables():
    return set(aegir_sql("SHOW TABLES").split())


def listed():
    return subprocess.run(["getent", "passwd"], capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.fixture
def aegir():
    """A database with the tables of Aegir 3 and no views."""
    sql(f"DROP DATABASE IF EXISTS {DATABASE}; CREATE DATABASE {DATABASE}")
    for part in ("schema", "data"):
        aegir_sql((DATA / f"aegir3-d7-{part}.sql").read_text(encoding="utf-8"))
    yield
    # Rights outlive what they are on.
    sql(f"DROP DATABASE {DATABASE}; DELETE FROM mysql.tables_priv WHERE db = '{DATABASE}'; FLUSH PRIVILEGES")


@pytest.fixture
def published(aegir):
    """sqlmapd reads that database, as the administrator has it do afterwards."""
    before = CONFIG.read_text(encoding="utf-8")
    pid = int(Path("/run/sqlmapd.pid").read_text(encoding="utf-8"))

    def read(text, name):
        """Until its child with the new configuration has published somebody who is only there."""
        CONFIG.write_text(text, encoding="utf-8")
        os.kill(pid, signal.SIGHUP)

        def is_published():
            subprocess.run(["sqlmapctl", "refresh", "--wait", "--force"], capture_output=True, timeout=60)
            return name in {line.split(":")[0] for line in listed()}

        wait_until(is_published)

    yield lambda: read(before.replace('name = "accounts"', f'name = "{DATABASE}"'), "bolt.example")
    read(before, "alice")


def test_what_there_is_stands_in_a_line_each():
    does = {name: (SHIPPED / f"{name}.sql").read_text(encoding="utf-8").partition("\n")[0].removeprefix("-- ") for name in SETS}
    width = max(map(len, SETS))
    expected = "".join(f"{name:{width}}  {does[name]}\n" for name in SETS)
    for words in ([], ["--list"]):
        result = run("views", *words)
        assert (result.returncode, result.stdout, result.stderr) == (0, expected, "")
    listed_sets = ask("views")
    assert [(entry["name"], entry["does"], entry["file"]) for entry in listed_sets] == [
        (name, does[name], f"/usr/share/sqlmapd/views/{name}.sql") for name in SETS]
    settings = {entry["name"]: entry["settings"] for entry in listed_sets}
    assert settings["accounts"] == {}
    assert settings["aegir"] == {"uid": "10000", "gid": "10000", "groupname": "aegir", "frontend": "", "show_hostmaster": "1",
                                 "owner": "hostmaster", "shell": "/bin/true", "no_shell": "/bin/false"}


def test_without_values_it_is_the_shipped_file_byte_by_byte():
    for name in SETS:
        assert run("views", name).stdout == (VIEWS / f"{name}.sql").read_text(encoding="utf-8")


def test_values_change_their_own_words_and_nothing_else():
    shipped = (VIEWS / "aegir.sql").read_text(encoding="utf-8")
    changed = run("views", "aegir", "--uid", "998", "--gid", "997", "--group", "sites", "--front-end", "web1.example.net").stdout
    lines = [new for old, new in zip(shipped.splitlines(), changed.splitlines(), strict=True) if old != new]
    assert [re.sub(r" +", " ", line.split("--")[0]).strip() for line in lines] == [
        "SELECT 998 AS uid,", "997 AS gid,", "'sites' AS groupname,", "'web1.example.net' AS frontend,"]
    assert ask("views", "aegir", "--uid", "998") == {
        "name": "aegir",
        "settings": {"uid": "998", "gid": "10000", "groupname": "aegir", "frontend": "", "show_hostmaster": "1", "owner": "hostmaster",
                     "shell": "/bin/true", "no_shell": "/bin/false"},
        "sql": shipped.replace("SELECT 10000        AS uid", "SELECT 998          AS uid")}


@pytest.mark.parametrize("words, error", [
    (["nobodys"], f'there are no views called "nobodys"; there are: {" ".join(SETS)}'),
    (["../../../../etc/passwd"], f'there are no views called "../../../../etc/passwd"; there are: {" ".join(SETS)}'),
    (["aegir", "--uid", "0"], '--uid "0" is reserved: no account of a database has it'),
    (["aegir", "--uid", "1; DROP TABLE node"], '--uid "1; DROP TABLE node" is not a number from 1 to 4294967293'),
    (["aegir", "--group", "docker"], '--group "docker" is the name of a group of the system itself'),
    (["aegir", "--front-end", "' OR '1' = '1"], "--front-end \"' OR '1' = '1\" is not the name of a host"),
    (["aegir", "--front-end", "web\033[31m1"], '--front-end "web\\x1b[31m1" is not the name of a host'),
    (["accounts", "--uid", "5000"], "--uid: the views of accounts have no use for it; there is nothing to set"),
    (["--uid", "5000"], "which views? Name them: sqlmapctl views NAME ..."),
    (["aegir", "--install", "--server", "db1:0"], '--server "db1:0" has a port that is not a number from 1 to 65535'),
])
def test_what_cannot_be_meant_is_a_mistake_and_asks_no_server(words, error):
    result = run("views", *words)
    assert (result.returncode, result.stdout, result.stderr) == (2, "", f"sqlmapctl: {error}\n")
    assert ask("views", *words, status=2) == {"error": error}


def test_installed_views_are_accounts_at_once_and_twice_does_no_harm(published):
    first = run("views", "aegir", "--install", "--database", DATABASE, "--uid", str(UID))
    assert (first.returncode, here(first.stdout), first.stderr) == (0, IN_PLACE, "")
    published()
    sites = [line.split(":") for line in listed()]
    assert sorted(site[0].lower() for site in sites if site[2] == str(UID)) == SITES
    before = aegir_sql("SHOW CREATE VIEW nss_getpwnam; SELECT * FROM nss_settings; SELECT username FROM nss_getpwnam")
    again = run("views", "aegir", "--install", "--database", DATABASE, "--uid", str(UID))
    assert (again.returncode, again.stderr) == (0, "")
    assert [line.split() for line in settings_of(again.stdout)] == [
        [name, now, now] for name, _, now in (line.split() for line in settings_of(first.stdout))]
    assert without_settings(again.stdout) == without_settings(first.stdout)
    assert aegir_sql("SHOW CREATE VIEW nss_getpwnam; SELECT * FROM nss_settings; SELECT username FROM nss_getpwnam") == before
    assert not [table for table in tables() if "trial" in table]


def test_a_program_reads_what_was_put_in_place(aegir):
    said = ask("views", "aegir", "--install", "--database", DATABASE, "--gid", "1234")
    assert {key: said[key] for key in ("name", "database", "server")} == {
        "name": "aegir", "database": DATABASE, "server": "/run/mysqld/mysqld.sock"}
    assert said["settings"]["gid"] == "1234"
    assert said["done"] == [re.sub(r" +in place$", "", line) for line in IN_PLACE.splitlines() if line.endswith("in place")]
    assert list(said["grants"]) == ["'sqlmap'@'localhost'", "'sqlmap_auth'@'localhost'"]
    assert "GRANT SELECT ON `aegir`.`nss_mysql` TO `sqlmap_auth`@`localhost`" in said["grants"]["'sqlmap_auth'@'localhost'"]
    assert "IDENTIFIED" not in str(said)


def test_views_that_do_not_fit_the_database_leave_those_that_are_there_alone(aegir):
    assert run("views", "aegir", "--install", "--database", DATABASE, "--uid", str(UID)).returncode == 0
    before = aegir_sql("SHOW CREATE VIEW nss_settings; SHOW CREATE VIEW nss_mysql; SELECT COUNT(*) FROM nss_getpwnam")
    aegir_sql("ALTER TABLE hosting_client_user RENAME COLUMN user TO somebody; ")
    result = run("views", "aegir", "--install", "--database", DATABASE, "--uid", "7000")
    assert (result.returncode, result.stdout, result.stderr) == (
        1, "", "sqlmapctl: view nss_mysql: prepare: error 1054: Unknown column 'cu.user' in 'ON'\n"
        "This was a trial: no view and no right of database aegir has changed.\n")
    aegir_sql("ALTER TABLE hosting_client_user RENAME COLUMN somebody TO user")
    assert aegir_sql("SHOW CREATE VIEW nss_settings; SHOW CREATE VIEW nss_mysql; SELECT COUNT(*) FROM nss_getpwnam") == before
    assert not [table for table in tables() if "trial" in table]


@pytest.fixture
def half_administrator(aegir):
    """May make views, and may neither make users nor give rights."""
    sql(f"CREATE USER 'half'@'localhost' IDENTIFIED BY 'half-secret'; GRANT SELECT, CREATE VIEW, SHOW VIEW, DROP, DELETE ON {DATABASE}.* TO 'half'@'localhost'")
    yield "half"
    sql("DROP USER 'half'@'localhost'")


def test_whoever_may_make_views_but_give_no_rights_changes_nothing(half_administrator):
    before = tables()
    result = run("views", "aegir", "--install", "--database", DATABASE, "--user", half_administrator, "--stdin", stdin="half-secret\n")
    assert (result.returncode, result.stdout, result.stderr) == (
        1, "", "sqlmapctl: user 'sqlmap'@'localhost': execute: error 1227: Access denied; you need (at least one of) the CREATE USER privilege(s) "
        "for this operation\nThis was a trial: no view and no right of database aegir has changed.\n")
    assert tables() == before


def test_a_table_that_is_called_like_a_view_ends_it_before_anything_is_replaced(aegir):
    """The views' other names of the trial would not run into it."""
    assert run("views", "aegir", "--install", "--database", DATABASE, "--uid", str(UID)).returncode == 0
    aegir_sql("DROP VIEW nss_memsbygid; CREATE TABLE nss_memsbygid (a INT)")
    before = aegir_sql("SHOW FULL TABLES; SELECT * FROM nss_settings")
    result = run("views", "aegir", "--install", "--database", DATABASE, "--uid", "7000")
    assert (result.returncode, result.stdout, result.stderr) == (
        1, "", "sqlmapctl: view nss_memsbygid: a table has this name; rename it\n"
        "This was a trial: no view and no right of database aegir has changed.\n")
    assert aegir_sql("SHOW FULL TABLES; SELECT * FROM nss_settings") == before
    aegir_sql("DROP TABLE nss_memsbygid")
    assert run("views", "aegir", "--install", "--database", DATABASE).returncode == 0


def test_a_column_that_cannot_be_granted_ends_it_before_anything_is_replaced(aegir):
    aegir_sql("CREATE TABLE sqlmap_log (id INT PRIMARY KEY, message TEXT)")
    result = run("views", "accounts", "--install", "--database", DATABASE)
    assert (result.returncode, result.stdout, result.stderr) == (
        1, "", "sqlmapctl: grant on sqlmap_log to 'sqlmap_auth'@'localhost': prepare: error 1054: Unknown column 'event' in 'SELECT'\n"
        "This was a trial: no view and no right of database aegir has changed.\n")
    assert not [table for table in tables() if table.startswith("nss_")]


def test_what_is_installed_stays_unless_something_else_is_said(aegir):
    install = ["views", "aegir", "--install", "--database", DATABASE]
    assert ask(*install, "--uid", "998", "--gid", "998", "--front-end", "web1.example", "--shell", "/bin/a b")["settings_before"] is None
    before = aegir_sql("SELECT * FROM nss_settings")
    assert before == "998\t998\taegir\tweb1.example\t1\thostmaster\t/bin/a b\t/bin/false"
    again = ask(*install)
    assert again["settings_before"] == again["settings"]
    assert aegir_sql("SELECT * FROM nss_settings") == before
    result = run(*install, "--uid", "997", "--front-end", "")
    assert result.returncode == 0, result
    assert [re.sub(" +", " ", line) for line in settings_of(result.stdout)][:4] == [
        "uid 998 997", "gid 998 998", "groupname aegir aegir", "frontend web1.example ''"]
    assert aegir_sql("SELECT * FROM nss_settings") == "997\t998\taegir\t\t1\thostmaster\t/bin/a b\t/bin/false"


def test_an_installed_setting_that_nobody_could_give_is_not_put_back(aegir):
    assert run("views", "aegir", "--install", "--database", DATABASE).returncode == 0
    aegir_sql("CREATE OR REPLACE VIEW nss_settings AS SELECT 0 AS uid, 998 AS gid")
    result = run("views", "aegir", "--install", "--database", DATABASE)
    assert (result.returncode, result.stdout, result.stderr) == (
        1, "", "sqlmapctl: what is installed, in nss_settings, cannot stay: --uid \"0\" is reserved: no account of a database has it; "
        "give this option. No view and no right has changed.\n")
    assert run("views", "aegir", "--install", "--database", DATABASE, "--uid", "998").returncode == 0
    assert aegir_sql("SELECT * FROM nss_settings") == "998\t998\taegir\t\t1\thostmaster\t/bin/true\t/bin/false"


def test_installed_settings_that_cannot_be_read_are_not_replaced_unsaid(aegir):
    install = ["views", "aegir", "--install", "--database", DATABASE]
    given = ["--uid", "998", "--gid", "998", "--group", "sites", "--front-end", "", "--show-hostmaster", "0", "--owner", "hostmaster",
             "--shell", "/bin/sh", "--no-shell", "/bin/false"]
    assert run(*install, *given).returncode == 0
    before = aegir_sql("SELECT * FROM nss_settings")
    aegir_sql("CREATE OR REPLACE VIEW nss_settings AS SELECT 1 AS uid UNION SELECT 2")
    result = run(*install)
    assert (result.returncode, result.stdout, result.stderr) == (
        1, "", "sqlmapctl: the settings that are installed, in nss_settings: there are 2 rows, and not one; give uid and all others as "
        "options\nNo view and no right has changed.\n")
    assert run(*install, *given).returncode == 0
    assert aegir_sql("SELECT * FROM nss_settings") == before


def test_a_setting_that_is_null_is_not_taken_for_an_empty_one(aegir):
    """No site has the front end NULL, and all have ''."""
    install = ["views", "aegir", "--install", "--database", DATABASE]
    assert run(*install).returncode == 0
    definition = aegir_sql("SHOW CREATE VIEW nss_settings").split("\t")[1]
    empty = re.search(r"(_\w+)?''( collate \w+)? AS `frontend`", definition, re.IGNORECASE)[0]
    aegir_sql(definition.replace("CREATE ", "CREATE OR REPLACE ", 1).replace(empty, "NULL AS `frontend`"))
    before = aegir_sql("SELECT * FROM nss_settings; SHOW CREATE VIEW nss_settings")
    assert "NULL" in before
    result = run(*install)
    assert (result.returncode, result.stdout, result.stderr) == (
        1, "", "sqlmapctl: the settings that are installed, in nss_settings: frontend: NULL, and no value; give frontend and all others as "
        "options\nNo view and no right has changed.\n")
    assert aegir_sql("SELECT * FROM nss_settings; SHOW CREATE VIEW nss_settings") == before
    assert run(*install, "--front-end", "web1.example").returncode == 0
    assert "\tweb1.example\t" in aegir_sql("SELECT * FROM nss_settings")


def test_ctrl_c_leaves_all_views_or_none_and_no_trial(aegir):
    none, left = tables(), set()
    everything = set()
    for number in (25, 50, 75, 100, 125, 150):
        aegir_sql("".join(f"DROP VIEW {view};" for view in tables() - none))
        result = subprocess.run(["strace", "-o", "/dev/null", "-e", "trace=sendto", "-e", f"inject=sendto:signal=SIGINT:when={number}", "sqlmapctl",
                                 "views", "aegir", "--install", "--database", DATABASE], capture_output=True, text=True, timeout=60)
        assert result.returncode in (-signal.SIGINT, 128 + signal.SIGINT), result
        left.add(frozenset(tables() - none))
        everything |= tables() - none
    assert len(everything) == 9
    assert left == {frozenset(), frozenset(everything)}


def test_a_wrong_password_is_told_without_it(half_administrator):
    result = run("views", "aegir", "--install", "--database", DATABASE, "--user", half_administrator, "--stdin", stdin="wrong-secret\n")
    assert (result.returncode, result.stdout, result.stderr) == (
        3, "", "sqlmapctl: /run/mysqld/mysqld.sock, as half in database aegir: sign in: error 1045: Access denied for user 'half'@'localhost' "
        "(using password: YES)\n")


def test_without_a_terminal_a_password_is_not_taken_from_anywhere_else(half_administrator):
    result = run("views", "aegir", "--install", "--database", DATABASE, "--user", half_administrator, stdin="half-secret\n", start_new_session=True)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("sqlmapctl: there is no terminal to ask for the password")


def test_a_server_that_is_down_and_a_database_that_is_not_there_are_told():
    result = run("views", "aegir", "--install", "--database", DATABASE, "--server", "/run/mysqld/nobody.sock")
    assert (result.returncode, result.stdout, result.stderr) == (
        3, "", "sqlmapctl: /run/mysqld/nobody.sock, as root in database aegir: no socket there: the server does not run, or uses another path\n")
    result = run("views", "aegir", "--install", "--database", "nowhere")
    assert (result.returncode, result.stdout, result.stderr) == (
        3, "", "sqlmapctl: /run/mysqld/mysqld.sock, as root in database nowhere: sign in: error 1049: Unknown database 'nowhere'\n")


def test_whoever_is_not_root_is_not_the_databases_root_either():
    result = run("views", "aegir", "--install", "--database", "accounts", uid=65534)
    assert (result.returncode, result.stdout) == (3, "")
    assert "Access denied for user 'root'@'localhost'" in result.stderr


def test_the_password_is_asked_on_the_terminal_and_not_shown(half_administrator):
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp("sqlmapctl", ["sqlmapctl", "views", "aegir", "--install", "--database", DATABASE, "--user", half_administrator])
    shown = b""
    try:
        while b": " not in shown:
            shown += os.read(terminal, 4096)
        os.write(terminal, b"half-secret\n")
        while True:
            try:
                piece = os.read(terminal, 4096)
            except OSError:
                break
            if not piece:
                break
            shown += piece
    finally:
        _, status = os.waitpid(pid, 0)
        os.close(terminal)
    assert shown.startswith(b"Password of half on /run/mysqld/mysqld.sock: \r\n"), shown
    assert b"half-secret" not in shown
    assert os.waitstatus_to_exitcode(status) == 1 and b"CREATE USER privilege" in shown


def test_the_plain_tables_keep_their_rows():
    before = sql("SELECT * FROM sqlmap_users ORDER BY username")
    assert before
    result = run("views", "accounts", "--install")
    assert (result.returncode, result.stderr) == (0, "")
    assert sql("SELECT * FROM sqlmap_users ORDER BY username") == before
