"""sqlmapctl import: what comes out lets in whom the old module let in, and knows whom it knew.

libpam-mysql of Debian stands beside pam_sqlmap: the same users, the same database, one pam.d file with each.
"""

import base64
import hashlib
import json
import os
import pwd
import re
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ctl import CONFIG, SECRETS, ask, run, sql, wait_until
from sandbox import SQLMAPD, start_sqlmapd, stop

RIGHT, WRONG = "correct horse", "battery staple"
OLD_PAM, NEW_PAM = Path("/etc/pam.d/old-module"), Path("/etc/pam.d/new-module")
SHIPPED_PURE_FTPD = Path(__file__).resolve().parents[2] / "conf/pure-ftpd/pam.d/pure-ftpd"
DATABASE_PASSWORD = "old' \"p\\äs=s#word"


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


def mysql_native(password):
    return "*" + hashlib.sha1(hashlib.sha1(password.encode()).digest()).hexdigest().upper()


def ssha(password, salt=b"12345678"):
    return base64.b64encode(hashlib.sha1(password.encode() + salt).digest() + salt).decode()


def hashed(scheme):
    return run("hash", "--scheme", scheme, "--stdin", stdin=RIGHT + "\n").stdout.strip()


def made(text):
    if not text.startswith("("):
        return text
    return hashed(text.strip("()")) if text == "(drupal7)" else sql(f"SELECT {text}")


CRYPT = {"yescrypt": "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$zwtVrjrUCmXcyLTs6oxLTQlzifSUkF8RHJ./tK5KU79",
         "bcrypt": "$2b$10$abcdefghijklmnopqrstuu23JPZtHcGhwXSF41f93o/7vBdDut3Xu",
         "sha512": "$6$saltstring$.r0X7ub5wGR2v4Xz7svCIozfnlorFh19V89t8KC9Umd81uGhFgsyTRNyzQDXDIm17fFcR9z3z7oBNdsyYBbtm/",
         "md5": "$1$saltstri$CVtlMpOHug1.jDUbVpFvB1"}

# crypt number: hashes of RIGHT in the forms that pam_mysql knows.
# A text in brackets is SQL, or a scheme of `sqlmapctl hash`.
HASHES = {
    0: {"plain": RIGHT},
    1: {**CRYPT, "des": f"(ENCRYPT('{RIGHT}', 'ab'))"},
    2: {"native": mysql_native(RIGHT)},
    "2 with use_323_passwd": {"old": f"(OLD_PASSWORD('{RIGHT}'))"},
    3: {"hex": md5(RIGHT)},
    4: {"hex": hashlib.sha1(RIGHT.encode()).hexdigest()},
    5: {"sha512": "(drupal7)"},
    6: {"salted": md5(RIGHT + "salt") + ":salt"},
    7: {"salted": ssha(RIGHT)},
    8: {"hex": hashlib.sha512(RIGHT.encode()).hexdigest()},
    9: {"hex": hashlib.sha256(RIGHT.encode()).hexdigest()},
}


@pytest.fixture(scope="module", autouse=True)
def database():
    """A database as of old: tables, no views, and an account whose password is hard to quote."""
    quoted = DATABASE_PASSWORD.replace("\\", "\\\\").replace("'", "\\'")
    sql(f"""
        CREATE DATABASE auth;
        CREATE USER 'old'@'localhost' IDENTIFIED BY '{quoted}';
        CREATE USER 'old_root'@'localhost' IDENTIFIED BY 'root-password';
        USE auth;
        CREATE TABLE people (login VARCHAR(64) PRIMARY KEY, pass VARCHAR(255), closed INT, web INT NOT NULL DEFAULT 1);
        CREATE TABLE log (msg VARCHAR(64), user VARCHAR(64), host VARCHAR(64), rhost VARCHAR(64), pid INT, at DATETIME);
        GRANT SELECT, INSERT, UPDATE ON auth.* TO 'old'@'localhost';
        GRANT SELECT ON auth.* TO 'old_root'@'localhost';
    """)


@pytest.fixture
def files(tmp_path):
    """Writes the old module's files: name and text."""
    def write(**texts):
        paths = []
        for name, text in texts.items():
            path = tmp_path / name
            path.write_text(text)
            paths.append(str(path))
        return paths
    return write


def configure(tmp_path, *paths):
    """Imports the files, and has a host that never had another configuration run with what comes out. Returns the pam.d lines."""
    new = tmp_path / "new"
    new.mkdir()
    result = run("import", "--output", str(new), *paths)
    assert result.returncode == 0, result
    stop_daemon()
    # These tests type many wrong passwords, and wait for none.
    (CONFIG.write_text((new / "sqlmapd.toml").read_text() + "\n[throttle]\nfailures = 0\n"))
    SECRETS.write_bytes((new / "secrets.toml").read_bytes())
    start_daemon()
    return (new / "pam-snippet").read_text()


def stop_daemon():
    stop(SQLMAPD)
    for directory in (Path("/run/sqlmapd"), Path("/var/lib/sqlmapd")):
        for left in directory.glob("*snapshot*"):
            left.unlink()


def start_daemon():
    start_sqlmapd()
    wait_until(lambda: run("status").returncode == 0)
    run("refresh", "--wait", "--force")


def serve(lines):
    """The imported pam.d file; nobody waits two seconds for a refusal."""
    NEW_PAM.write_text(re.sub(r"(?m)(pam_sqlmap\.so.*)$", r"\1 nodelay", lines))


PAM_LINE = "{type} required {module}.so {arguments}\n"


def pam_file(arguments):
    return "".join(PAM_LINE.format(type=kind, module="pam_mysql", arguments=arguments) for kind in ("auth", "account"))


def config_file(**more):
    keys = {"users.host": "/run/mysqld/mysqld.sock", "users.database": "auth", "users.db_user": "old",
            "users.db_passwd": DATABASE_PASSWORD, "users.table": "people", "users.user_column": "login",
            "users.password_column": "pass", **{key.replace("__", "."): value for key, value in more.items()}}
    return "".join(f"{key} = {value}\n" for key, value in keys.items())


def verdicts(service, user, password):
    """(may authenticate, may use the account)"""
    return tuple(subprocess.run(["pamtester", service, user, operation], input=password + "\n", capture_output=True, text=True,
                                timeout=60).returncode == 0 for operation in ("authenticate", "acct_mgmt"))


# Whom pam_mysql lets in and ours never does, on purpose: for which crypt numbers, and why.
SAFER = {
    "empty": ({0}, "it compares the empty password with the empty column: an account without a password has none"),
    "LOUD": (set(HASHES), "the collation finds loud: LOUD is another account for all that goes by names (pam_access, faillock, logs)"),
}


@pytest.mark.parametrize("number", HASHES, ids=lambda number: f"crypt={number}")
def test_a_password_opens_what_it_opened_with_pam_mysql(tmp_path, files, number):
    hashes = {form: made(text) for form, text in HASHES[number].items()}
    some = next(iter(hashes.values()))
    people = [(form, text, 0, 1) for form, text in hashes.items()]
    people += [("loud", some, 0, 1), ("closed", some, 1, 1), ("must_change", some, 2, 1), ("both", some, 3, 1),
               ("nobody_knows", some, None, 1), ("elsewhere", some, 0, 0),
               ("empty", "", 0, 1), ("unset", None, 0, 1), ("star", "*", 0, 1), ("bang", "!" + some, 0, 1)]
    sql("USE auth; TRUNCATE people; INSERT INTO people VALUES " + ", ".join(
        "('{}', {}, {}, {})".format(name, "NULL" if text is None else f"'{text}'", "NULL" if state is None else state, web)
        for name, text, state, web in people))
    _, service = files(old_conf=config_file(users__password_crypt=str(number)[0], users__use_323_password="323" in str(number),
                                            users__status_column="closed", users__where_clause="web = 1"),
                       vsftpd=pam_file(f"config_file={tmp_path}/old_conf"))
    OLD_PAM.write_text(Path(service).read_text())
    serve(configure(tmp_path, service))

    passwords = [RIGHT, WRONG, "", RIGHT + " ", RIGHT.upper(), RIGHT[:8]]
    asked = [(name, password) for name in [row[0] for row in people] + ["LOUD", "unknown"] for password in passwords]
    with ThreadPoolExecutor(16) as at_once:
        old, new = (dict(zip(asked, at_once.map(lambda pair: verdicts(service, *pair), asked))) for service in (OLD_PAM.name, NEW_PAM.name))
    differs = {pair: (old[pair], new[pair]) for pair in asked if all(old[pair]) != all(new[pair])}
    assert {name for name, _ in differs} == {name for name, (numbers, _) in SAFER.items() if number in numbers}, differs
    assert all(all(old[pair]) for pair in differs), differs
    assert all(all(old[form, RIGHT]) and all(new[form, RIGHT]) for form in hashes)
    assert not any(all(new[name, WRONG]) for name, _ in asked)


def test_what_pam_mysql_wrote_into_its_log_table_is_written_still(tmp_path, files):
    sql(f"USE auth; TRUNCATE people; TRUNCATE log; INSERT INTO people VALUES ('alice', '{CRYPT['sha512']}', 0, 1)")
    columns = "sqllog=yes logtable=log logmsgcolumn=msg logusercolumn=user loghostcolumn=host logrhostcolumn=rhost logpidcolumn=pid logtimecolumn=at"
    service, _ = files(vsftpd=pam_file(f"config_file={tmp_path}/old_conf {columns}"), old_conf=config_file(users__password_crypt=1))
    serve(configure(tmp_path, service))
    assert verdicts(NEW_PAM.name, "alice", WRONG)[0] is False
    assert verdicts(NEW_PAM.name, "alice", RIGHT)[0] is True
    wait_until(lambda: sql("SELECT COUNT(*) FROM auth.log") == "2")
    assert sql("SELECT msg, user, host = @@hostname, TIMESTAMPDIFF(MINUTE, at, NOW()) FROM auth.log ORDER BY msg").splitlines() == [
        "AUTHENTICATION FAILURE\talice\t1\t0", "AUTHENTICATION SUCCESS\talice\t1\t0"]


def test_a_password_that_is_changed_opens_the_account_for_pam_mysql_too(tmp_path, files):
    sql(f"USE auth; TRUNCATE people; INSERT INTO people VALUES ('alice', '{CRYPT['md5']}', 0, 1)")
    text = pam_file(f"config_file={tmp_path}/old_conf")
    service, _ = files(vsftpd=text + PAM_LINE.format(type="password", module="pam_mysql", arguments=f"config_file={tmp_path}/old_conf"),
                       old_conf=config_file(users__password_crypt=1))
    OLD_PAM.write_text(Path(service).read_text())
    serve(configure(tmp_path, service))
    changed = subprocess.run(["pamtester", NEW_PAM.name, "alice", "chauthtok"], input="new-Marmalade-8\nnew-Marmalade-8\n",
                             capture_output=True, text=True, timeout=60)
    assert changed.returncode == 0, changed
    assert [all(verdicts(service, "alice", password)) for service in (OLD_PAM.name, NEW_PAM.name)
            for password in ("new-Marmalade-8", RIGHT)] == [True, False, True, False]


@pytest.mark.parametrize("rows", ["equal to the collation", "of a join"])
def test_of_two_rows_pam_mysql_took_none_and_so_does_what_is_imported(tmp_path, files, rows):
    sql("""USE auth; DROP TABLE IF EXISTS doubled, times;
           CREATE TABLE doubled (login VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, pass VARCHAR(64)); CREATE TABLE times (n INT);
           INSERT INTO doubled VALUES ('carla', 'carlas'); INSERT INTO times VALUES (1)""")
    if rows == "of a join":
        sql("USE auth; INSERT INTO doubled VALUES ('bert', 'berts'); INSERT INTO times VALUES (1)")
    else:
        sql("USE auth; INSERT INTO doubled VALUES ('bert', 'berts'), (CONCAT('b', CONVERT(UNHEX('C3A9') USING utf8mb4), 'rt'), 'others')")
    table = "doubled JOIN times ON n = 1" if rows == "of a join" else "doubled"
    _, service = files(old_conf=config_file(users__table=table, users__password_crypt=0), vsftpd=pam_file(f"config_file={tmp_path}/old_conf"))
    OLD_PAM.write_text(Path(service).read_text())
    serve(configure(tmp_path, service))
    # Of a join, every name has two rows.
    expected = {("bert", "berts"): False, ("bert", "others"): False, ("carla", "carlas"): rows != "of a join", ("carla", "berts"): False}
    for pam in (OLD_PAM, NEW_PAM):
        assert {pair: all(verdicts(pam.name, *pair)) for pair in expected} == expected, pam.name


def test_of_two_rows_pure_ftpd_took_none_and_so_does_what_is_imported(tmp_path, files, tables):
    sql("""USE auth; ALTER TABLE users DROP KEY name, DROP KEY number, MODIFY name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
           UPDATE users SET secret = 'alices' WHERE name = 'alice'; UPDATE users SET secret = 'shops' WHERE name = 'shop@acme.example';
           INSERT INTO users (name, number, home_group, real_name, home, sh, secret)
           VALUES (CONCAT(CONVERT(UNHEX('C3A1') USING utf8mb4), 'lice'), 20009, 20000, '', '/srv/evil', '/bin/sh', 'evil')""")
    serve("auth required pam_sqlmap.so\naccount required pam_sqlmap.so\n")
    configure(tmp_path, *files(conf=pure_ftpd("cleartext", "MYSQLGetUID SELECT number FROM users WHERE name='\\L'")))
    assert {pair: verdicts(NEW_PAM.name, *pair)[0] for pair in (("alice", "alices"), ("alice", "evil"), ("shop@acme.example", "shops"))} == {
        ("alice", "alices"): False, ("alice", "evil"): False, ("shop@acme.example", "shops"): True}


def test_of_two_shadow_lines_only_the_first_opens_the_account(tmp_path, files, tables):
    sql(f"""USE auth; ALTER TABLE users DROP KEY name, DROP KEY number; UPDATE users SET secret = '{CRYPT["md5"]}' WHERE name = 'alice';
            INSERT INTO users (name, number, home_group, real_name, home, sh, secret)
            SELECT name, number, home_group, real_name, home, sh, ENCRYPT('{WRONG}', '$6$salt') FROM users WHERE name = 'alice'""")
    main, root = DIALECTS["libnss-mysql"]
    serve("auth required pam_sqlmap.so\naccount required pam_sqlmap.so\n")
    configure(tmp_path, *files(root_file=root, main_file=main.replace("FROM users WHERE name='%1$s'\n", "FROM users WHERE name='%1$s' ORDER BY id\n")))
    assert [verdicts(NEW_PAM.name, "alice", password)[0] for password in (RIGHT, WRONG)] == [True, False]


def test_the_first_shadow_line_counts_whosever_it_is(tmp_path, files, tables):
    sql(f"""USE auth; ALTER TABLE users DROP KEY name, DROP KEY number, MODIFY name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
            UPDATE users SET name = 'ALICE', secret = '*' WHERE name = 'alice';
            INSERT INTO users (name, number, home_group, real_name, home, sh, secret)
            VALUES ('alice', 20009, 20000, '', '/srv/alice', '/bin/sh', '{CRYPT["md5"]}')""")
    main, root = DIALECTS["libnss-mysql"]
    serve("auth required pam_sqlmap.so\naccount required pam_sqlmap.so\n")
    configure(tmp_path, *files(root_file=root, main_file=main))
    assert [verdicts(NEW_PAM.name, name, RIGHT)[0] for name in ("alice", "ALICE", "Bob.B")] == [False, False, True]


def test_of_two_homes_pure_ftpd_took_none_and_so_does_what_is_imported(tmp_path, files, tables):
    sql("""USE auth; DROP TABLE IF EXISTS homes; CREATE TABLE homes (name VARCHAR(64), home VARCHAR(64));
           INSERT INTO homes VALUES ('alice', '/srv/alice'), ('alice', '/srv/all'), ('shop@acme.example', '/srv/shop')""")
    conf = pure_ftpd("cleartext", "MYSQLGetUID SELECT number FROM users WHERE name='\\L'").replace("home FROM users", "home FROM homes")
    configure(tmp_path, *files(conf=conf))
    assert getent("passwd", "alice") == []
    assert getent("passwd", "shop@acme.example") == ["shop@acme.example:x:20002:20001::/srv/shop:/usr/sbin/nologin"]


def test_two_lines_that_each_kept_somebody_out_are_not_imported_as_one(tmp_path, files):
    line = "auth required pam_mysql.so user=old db=auth table=people usercolumn=login passwdcolumn=pass [where=web = {}]\n"
    (service,) = files(pam=line.format(1) + line.format(0))
    result = run("import", "--output", str(tmp_path), service)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        f"sqlmapctl: nothing was imported:\n  {service}:2: mistake: where: line 1 has another value, and who passed one line had to pass the "
        "other: sqlmap has one query for both. Make them alike, or leave one out, and import again\n")
    assert not (tmp_path / "sqlmapd.toml").exists()


def test_a_key_that_is_a_number_is_nobodys_to_read_or_see(tmp_path, files):
    (service,) = files(pam="auth required pam_mysql.so user=old db=auth table=people usercolumn=login [passwdcolumn=AES_DECRYPT(pass, 0x4b4559)]\n")
    os.chmod(service, 0o600)
    for arguments in ([], ["--json"]):
        result = run("import", *arguments, service)
        assert result.returncode == 0 and "AES_DECRYPT(pass, '***')" in result.stdout and "4b4559" not in result.stdout + result.stderr
    assert run("import", "--output", str(tmp_path), service).returncode == 0
    assert "AES_DECRYPT(pass, 0x4b4559)" in (tmp_path / "sqlmapd.toml").read_text()
    assert stat.S_IMODE((tmp_path / "sqlmapd.toml").stat().st_mode) == 0o600


def test_nobody_is_told_that_all_is_as_it_was(files):
    (main,) = files(main=DIALECTS["libnss-mysql"][0])
    assert run("import", main).stdout.endswith(
        "\nWhat is not as it was:\n"
        "ids below 1000, and those of local accounts, are nobody's unless [accounts] allow_uids and allow_gids name them\n")
    (conf,) = files(conf=pure_ftpd("cleartext", "MYSQLGetUID SELECT number FROM users WHERE name='\\L'"))
    assert [remark["what"] for remark in ask("import", conf)["remarks"] if remark["line"] == 0] == [
        "names of other characters than a-z0-9._@-, such as capital letters, are nobody's, since the queries do not return the name: "
        "see [accounts] name_first and name_rest"]


def test_a_key_that_only_root_could_read_is_nobodys_to_read_or_see(tmp_path, files, tables):
    key = "only-roots-k\u00e9y"
    sql(f"USE auth; ALTER TABLE users MODIFY secret VARBINARY(255); UPDATE users SET secret = AES_ENCRYPT('{CRYPT['sha512']}', '{key}') WHERE name = 'alice'")
    main, root = DIALECTS["libnss-mysql"]
    shadow = re.search(r"^getspnam .*$", main, re.M)[0]
    paths = files(root_file=root + shadow.replace("secret", f"CONVERT(AES_DECRYPT(secret,'{key}') USING utf8)") + "\n", main_file=main.replace(shadow, ""))
    os.chmod(paths[0], 0o600)
    for arguments in ([], ["--json"]):
        result = run("import", *arguments, *paths)
        assert result.returncode == 0 and "only-roots" not in result.stdout + result.stderr
        assert "AES_DECRYPT(secret,'***')" in result.stdout
    assert [(remark["line"], remark["kind"], remark["option"]) for remark in ask("import", *paths)["remarks"]] == [(3, "changed", "getspnam")]
    serve("auth required pam_sqlmap.so\naccount required pam_sqlmap.so\n")
    configure(tmp_path, *paths)
    assert stat.S_IMODE((tmp_path / "new/sqlmapd.toml").stat().st_mode) == 0o600
    # sqlmapd starts with a file that only root may read.
    stop_daemon()
    os.chmod(CONFIG, 0o600)
    try:
        start_daemon()
        assert [all(verdicts(NEW_PAM.name, "alice", password)) for password in (RIGHT, WRONG)] == [True, False]
    finally:
        os.chmod(CONFIG, 0o644)
    # In a file that everybody may read it was no secret.
    os.chmod(paths[0], 0o644)
    assert "AES_DECRYPT(secret,'only-roots" in ask("import", *paths)["sqlmapd_toml"]


USERS = [("alice", 20000, 20000, "Alice Example", "/srv/alice", "/bin/bash", CRYPT["md5"]),
         ("Bob.B", 20001, 20000, "Bob", "/srv/bob", "/bin/sh", CRYPT["sha512"]),
         ("shop@acme.example", 20002, 20001, "", "/srv/shop", "/usr/sbin/nologin", "*")]
GROUPS = [("customers", 20000, ["shop@acme.example"]), ("editors", 20001, ["alice", "Bob.B"]), ("empty", 20002, [])]


@pytest.fixture
def tables():
    sql("""
        USE auth; DROP TABLE IF EXISTS users, grps, members;
        CREATE TABLE users (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(64) UNIQUE, number INT UNIQUE, home_group INT, real_name VARCHAR(64),
                            home VARCHAR(64), sh VARCHAR(64), secret VARCHAR(255), changed INT DEFAULT 15000, lasts INT DEFAULT 99999);
        CREATE TABLE grps (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(64) UNIQUE, number INT UNIQUE);
        CREATE TABLE members (user INT, grp INT);
    """)
    for user in USERS:
        sql("USE auth; INSERT INTO users (name, number, home_group, real_name, home, sh, secret) VALUES ('%s', %d, %d, '%s', '%s', '%s', '%s')" % user)
    for name, gid, members in GROUPS:
        sql(f"USE auth; INSERT INTO grps (name, number) VALUES ('{name}', {gid})")
        for member in members:
            sql(f"USE auth; INSERT INTO members SELECT u.id, g.id FROM users u, grps g WHERE u.name = '{member}' AND g.name = '{name}'")


LIBNSS_MYSQL = r"""
# comment
getpwnam    SELECT name,'x',number,home_group,real_name,home,sh \
            FROM users WHERE name='%1$s' LIMIT 1
getpwuid    SELECT name,'x',number,home_group,real_name,home,sh FROM users WHERE number='%1$u' LIMIT 1
getpwent    SELECT name,'x',number,home_group,real_name,home,sh FROM users
getspnam    SELECT name,secret,changed,0,lasts,7,-1,-1,-1 FROM users WHERE name='%1$s'
getspent    SELECT name,secret,changed,0,lasts,7,-1,-1,-1 FROM users
getgrnam    SELECT name,'x',number FROM grps WHERE name="%1$s"
getgrgid    SELECT name,'x',number FROM grps WHERE number=%1$u
getgrent    SELECT name,'x',number FROM grps;
memsbygid   SELECT u.name FROM users u, members m, grps g WHERE m.user = u.id AND m.grp = g.id AND g.number='%1$u'
gidsbymem   SELECT g.number FROM users u, members m, grps g WHERE m.user = u.id AND m.grp = g.id AND u.name='%1$s'

host        localhost
database    auth
username    old
socket      /run/mysqld/mysqld.sock
"""


def as_maria(text):
    """The same queries as libnss-maria has them."""
    queries = re.findall(r"^(get\w+|\w+by\w+) +(.*)$", text.replace("\\\n", " "), re.M)
    lines = [f'  {name} = "{sql}";' for name, sql in
             ((name, re.sub(r"%1\$[su]", "?", query.replace('"', "'"))) for name, query in queries)]
    password = DATABASE_PASSWORD.replace("\\", "\\\\").replace('"', '\\"')
    return ('database_settings: {\n  database = "auth";\n  username = "old"; /* comment */\n  unix_socket = "/run/mysqld/mysqld.sock";\n'
            f'  password = "{password[:3]}" "{password[3:]}";\n}};\n' "nss_queries: {\n" + "\n".join(lines) + "\n};\n")


NSS_MYSQL = f"""
conf.version = 2;
users.host = unix:/run/mysqld/mysqld.sock;
users.database = auth;
users.db_user = old;
users.db_password = {DATABASE_PASSWORD};
users.table = users u;
users.where_clause =;
users.user_column = u.name;
users.password_column = u.secret;
users.userid_column = u.id;
users.uid_column = u.number;
users.gid_column = u.home_group;
users.realname_column = u.real_name;
users.homedir_column = u.home;
users.shell_column = u.sh;
groups.group_info_table = grps g;
groups.group_name_column = g.name;
groups.groupid_column = g.id;
groups.gid_column = g.number;
groups.members_table = members m;
groups.member_userid_column = m.user;
groups.member_groupid_column = m.grp;
"""
NSS_MYSQL_ROOT = """
shadow.host = unix:/run/mysqld/mysqld.sock;
shadow.database = auth;
shadow.db_user = old_root;
shadow.db_password = root-password;
shadow.table = users u;
shadow.user_column = u.name;
shadow.password_column = u.secret;
shadow.lastchange_column = u.changed;
shadow.min_column = 0;
shadow.max_column = u.lasts;
shadow.warn_column = 7;
shadow.inact_column = -1; # disabled
shadow.expire_column = -1; # disabled
"""
DIALECTS = {
    "libnss-mysql": (LIBNSS_MYSQL + f"password    {DATABASE_PASSWORD}\n", "username old_root\npassword root-password\n"),
    "libnss-mysql with CRLF": ((LIBNSS_MYSQL + f"password    {DATABASE_PASSWORD}\n").replace("\\\n", "").replace("\n", "\r\n"),
                               "username\told_root\r\npassword\troot-password\r\n"),
    "libnss-maria": (as_maria(LIBNSS_MYSQL), 'database_settings: { username = "old_root"; password = "root-password"; };'),
    "nss-mysql": (NSS_MYSQL, NSS_MYSQL_ROOT),
}


def getent(*words):
    result = subprocess.run(["getent", "-s", "sqlmap", *words], capture_output=True, text=True, timeout=30)
    assert result.returncode in (0, 2), result
    return sorted(result.stdout.splitlines())


@pytest.mark.parametrize("dialect", DIALECTS)
def test_getent_knows_whom_the_old_module_knew(tmp_path, files, tables, dialect):
    main, root = DIALECTS[dialect]
    # In either order: what is in them says which is root's.
    paths = files(root_file=root, main_file=main)
    serve("auth required pam_sqlmap.so\naccount required pam_sqlmap.so\n")
    configure(tmp_path, *paths)
    users = {user[0]: "{}:x:{}:{}:{}:{}:{}".format(*user[:6]) for user in USERS}
    groups = {name: f"{name}:x:{gid}:" for name, gid, _ in GROUPS}
    assert getent("passwd") == sorted(users.values())
    for name, uid, *_ in USERS:
        assert getent("passwd", name) == getent("passwd", str(uid)) == [users[name]]
    assert [line.rpartition(":")[0] + ":" for line in getent("group")] == sorted(groups.values())
    for name, gid, members in GROUPS:
        for key in (name, str(gid)):
            (line,) = getent("group", key)
            assert line.startswith(groups[name])
            assert sorted(filter(None, line.rpartition(":")[2].split(","))) == sorted(members)
    for name, *_, secret in USERS:
        assert getent("shadow", name) == [f"{name}:{secret}:15000:0:99999:7:::"]
        assert set(os.getgrouplist(name, 20000)) == {20000} | {gid for _, gid, members in GROUPS if name in members}
    assert getent("passwd", "unknown") == getent("passwd", "20009") == getent("group", "unknown") == []
    assert [all(verdicts(NEW_PAM.name, *pair)) for pair in (("alice", RIGHT), ("alice", WRONG), ("Bob.B", RIGHT), ("shop@acme.example", RIGHT))] == [
        True, False, True, False]


def pure_ftpd(crypt, more=""):
    return f"""
MYSQLSocket      /var/run/mysqld/mysqld.sock
MYSQLUser       old
MYSQLPassword   {DATABASE_PASSWORD}
MYSQLDatabase   auth
MYSQLCrypt      {crypt}
MYSQLGetPW      SELECT secret FROM users WHERE name='\\L'
MYSQLGetGID     SELECT home_group FROM users WHERE name="\\L"
MYSQLGetDir     SELECT home FROM users WHERE name="\\L";
{more}
"""


@pytest.mark.parametrize("crypt, stored", [
    ("cleartext", RIGHT), ("crypt", CRYPT["bcrypt"]), ("md5", md5(RIGHT)), ("sha1", hashlib.sha1(RIGHT.encode()).hexdigest()),
    ("password", mysql_native(RIGHT)), ("ANY", CRYPT["sha512"]), ("any", md5(RIGHT)), ("any", mysql_native(RIGHT)),
    ("argon2", "argon2id"), ("scrypt", "scrypt")])
def test_an_account_of_pure_ftpd_logs_in_and_has_its_home(tmp_path, files, tables, crypt, stored):
    if stored in ("argon2id", "scrypt"):
        stored = hashed(stored)
    sql(f"USE auth; UPDATE users SET secret = '{stored}' WHERE name = 'alice'; UPDATE users SET secret = '' WHERE name = 'Bob.B'")
    serve("auth required pam_sqlmap.so\naccount required pam_sqlmap.so\n")
    configure(tmp_path, *files(conf=pure_ftpd(crypt, "MYSQLGetUID SELECT number FROM users WHERE name='\\L'")))
    assert getent("passwd", "alice") == ["alice:x:20000:20000::/srv/alice:/usr/sbin/nologin"]
    assert getent("passwd", "unknown") == []
    assert [all(verdicts(NEW_PAM.name, *pair)) for pair in (("alice", RIGHT), ("alice", WRONG), ("alice", ""), ("Bob.B", ""), ("unknown", RIGHT))] == [
        True, False, False, False, False]


def test_pure_ftpds_pam_file_lets_in_who_is_imported(tmp_path, files, tables):
    """Behind pam_sqlmap, pam_unix asks for the shadow line."""
    sql(f"USE auth; UPDATE users SET secret = '{CRYPT['bcrypt']}' WHERE name = 'alice'")
    serve(SHIPPED_PURE_FTPD.read_text())
    configure(tmp_path, *files(conf=pure_ftpd("crypt", "MYSQLGetUID SELECT number FROM users WHERE name='\\L'")))
    assert verdicts(NEW_PAM.name, "alice", RIGHT) == (True, True)
    assert verdicts(NEW_PAM.name, "alice", WRONG)[0] is False


def test_one_uid_for_all_of_pure_ftpds_accounts_may_be_that_of_a_local_user(tmp_path, files, tables):
    uid = pwd.getpwnam("www-data").pw_uid
    configure(tmp_path, *files(conf=pure_ftpd("crypt", f"MYSQLDefaultUID {uid}")))
    assert getent("passwd", "alice") == [f"alice:x:{uid}:20000::/srv/alice:/usr/sbin/nologin"]


def test_the_examples_of_debians_packages_are_imported_whole(tmp_path):
    for path, name in (("/etc/pam-mysql.conf", "mysql"), ("/etc/pure-ftpd/db/mysql.conf", "pureftpd")):
        answer = ask("import", path)
        assert f'name = "{name}"' in answer["sqlmapd_toml"]
        assert not [remark for remark in answer["remarks"] if remark["kind"] != "changed"]
        assert "rootpw" not in json.dumps(answer) and "YOUDIDN" not in json.dumps(answer)


def test_no_password_is_shown(files):
    paths = files(main=DIALECTS["libnss-mysql"][0], root=DIALECTS["libnss-mysql"][1])
    for arguments in ([], ["--json"]):
        result = run("import", *arguments, *paths)
        assert result.returncode == 0
        assert "root-password" not in result.stdout + result.stderr and "äs=s" not in result.stdout + result.stderr
        assert "***" in result.stdout


def test_all_files_are_written_or_none(tmp_path, files):
    paths = files(main=DIALECTS["libnss-mysql"][0], root=DIALECTS["libnss-mysql"][1])
    new = tmp_path / "new"
    new.mkdir()
    (new / "pam-snippet").mkdir()
    for force in ([], ["--force"]):
        result = run("import", "--output", str(new), *force, *paths)
        assert result.returncode == 1 and "othing was written" in result.stderr, result
        assert os.listdir(new) == ["pam-snippet"]
    (new / "pam-snippet").rmdir()
    assert run("import", "--output", str(new), *paths).returncode == 0
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in new.iterdir()}
    assert modes == {"sqlmapd.toml": 0o644, "secrets.toml": 0o600, "pam-snippet": 0o644}
    before = {path.name: path.read_bytes() for path in new.iterdir()}
    (new / "sqlmapd.toml").write_text("mine")
    assert run("import", "--output", str(new), *paths).returncode == 1
    assert (new / "sqlmapd.toml").read_text() == "mine"
    (new / "sqlmapd.toml").unlink()
    (new / "sqlmapd.toml").symlink_to("/etc/passwd")
    passwd = Path("/etc/passwd").read_bytes()
    assert run("import", "--force", "--output", str(new), *paths).returncode == 0
    assert Path("/etc/passwd").read_bytes() == passwd
    assert {path.name: path.read_bytes() for path in new.iterdir()} == before
    assert not (new / "sqlmapd.toml").is_symlink()
    assert run("import", "--output", str(tmp_path / "missing"), *paths).returncode == 2


def test_what_is_no_configuration_is_refused_at_once(tmp_path, files):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "noise").write_bytes(os.urandom(1 << 20))
    (tmp_path / "large").write_bytes(b"#" * ((1 << 20) + 1))
    (tmp_path / "nul").write_bytes(b"host localhost\0\n")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "both").write_text("users.host = localhost\n")
    for name, says in (("fifo", "not a regular file"), (".", "not a regular file"), ("noise", "NUL byte"), ("large", "more than 1 MiB"),
                       ("nul", "NUL byte"), ("empty", "no option of an old module"), ("both", "may be of several old modules"),
                       ("missing", "No such file")):
        result = run("import", str(tmp_path / name))
        assert (result.returncode, result.stdout) == (2, ""), name
        assert says in result.stderr, (name, result.stderr)
    assert run("import").returncode == 2
    (secret,) = files(secret=DIALECTS["libnss-mysql"][1])
    os.chmod(secret, 0o600)
    for directory in [tmp_path, *tmp_path.parents[:-2]]:
        os.chmod(directory, 0o755)
    result = run("import", secret, uid=65534)
    assert result.returncode == 3 and "run it as root" in result.stderr, result


def test_what_cannot_be_valid_is_not_written_and_says_where(tmp_path, files):
    new = tmp_path / "new"
    new.mkdir()
    (path,) = files(cfg="host db.example:99999\ndatabase auth\nusername old\npassword s3cret\n")
    result = run("import", "--output", str(new), path)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith(f"sqlmapctl: nothing was imported:\n  {path}:1: mistake: host: it names no server: ")
    assert "s3cret" not in result.stderr and not os.listdir(new)
    assert ask("import", path, status=1)["error"].startswith("nothing was imported:")
