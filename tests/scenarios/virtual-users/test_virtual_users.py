"""Virtual users: doc/uses/virtual-users.md is followed, and each thing that has broken a module of the kind is tried with the real programs."""

import grp
import os
import pwd
import re
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import ctl
import pytest
from blocks import block
from sandbox import hung, wait_until

CONFIG = Path("/etc/sqlmapd/sqlmapd.toml")
SECONDS = 60
TABLE = ["anna", "bruno"]  # the names that the page has written down
NOT_LIKE_THE_PATTERN = ["s12345", "s1234567", "xs123456", "s123456x", "S123456", "s12345a", "s123456.", "anna2", "ann", "upload2", "newcomer", "sshd-x"]


def sql(statements):
    return subprocess.run(["mariadb", "--default-character-set=utf8mb4", "--batch", "--skip-column-names", "virtual"], input=statements,
                          capture_output=True, text=True, check=True).stdout.strip()


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, **options)


def getent(database, *keys, **options):
    """Its lines, split at colons."""
    result = run("getent", database, *keys, **options)
    assert result.returncode in (0, 2), result
    return [line.split(":") for line in result.stdout.splitlines()]


def publish():
    """What sqlmapd remembers is asked anew, too."""
    for command in (["refresh", "--wait", "--force"], ["flush"]):
        result = ctl.run(*command)
        assert result.returncode == 0, result


@contextmanager
def changed(statements, back):
    sql(statements)
    try:
        publish()
        yield
    finally:
        sql(back)
        publish()


@contextmanager
def configured(before, after):
    """With `after` in place of the line `before` of sqlmapd.toml."""
    text = CONFIG.read_text(encoding="utf-8")
    assert text.count(f"{before}\n") == 1

    def start(with_text):
        CONFIG.write_text(with_text, encoding="utf-8")
        subprocess.run(["/usr/local/sbin/systemctl", "restart", "sqlmapd"], check=True, timeout=SECONDS)

    start(text.replace(f"{before}\n", f"{after}\n"))
    try:
        yield
    finally:
        start(text)
        publish()


@contextmanager
def local_account(name, uid):
    subprocess.run(["useradd", "--uid", str(uid), "--create-home", name], check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["userdel", "--remove", name], check=True, capture_output=True)


def curl(url, name, *options):
    return run("curl", "-sSk", *options, "-u", name, url)


def sftp(name, key="anna.key", path="files/", port=2222, options=()):
    """What curl makes of it: 0, or 67, which is a refusal."""
    return curl(f"sftp://127.0.0.1:{port}/{path}", f"{name}:", "--key", f"/root/{key}", "--pubkey", f"/root/{key}.pub", *options)


def by_key(name, **options):
    """Whether he is let in; it raises if the answer is neither yes nor no."""
    result = sftp(name, **options)
    assert result.returncode in (0, 67), result
    return result.returncode == 0


def by_ftp(name, password):
    result = curl("ftp://127.0.0.1/", f"{name}:{password}", "--ssl-reqd")
    assert result.returncode in (0, 67), result
    return result.returncode == 0


@contextmanager
def keys_of(*names):
    """anna's key opens their accounts, too."""
    key = Path("/root/anna.key.pub").read_text(encoding="utf-8").strip()
    sql("".join(f"INSERT INTO virtual_keys (username, ssh_key) VALUES ('{name}', '{key}');" for name in names))
    try:
        yield
    finally:
        sql("".join(f"DELETE FROM virtual_keys WHERE username = '{name}';" for name in names))


@contextmanager
def sshd(port, *options):
    """A further sshd, to whom anna's key opens every account that it lets in."""
    opens = Path("/etc/ssh/opens_all.pub")
    opens.write_text(Path("/root/anna.key.pub").read_text(encoding="utf-8"), encoding="utf-8")
    opens.chmod(0o644)
    with open("/run/sshd-test.log", "ab") as log:
        process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-p", str(port), "-o", f"AuthorizedKeysFile={opens}", "-o",
                                    "AuthorizedKeysCommand=none", "-o", "PidFile=none", *options], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        wait_until(lambda: b"SSH-2.0" in run_banner(port))
        yield
    finally:
        process.terminate()
        process.wait(timeout=SECONDS)


def run_banner(port):
    return subprocess.run(["bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{port} && head -c 7 <&3"], capture_output=True, timeout=SECONDS).stdout


def asked_by_name():
    """How many look-ups by name have come to sqlmapd."""
    questions = ctl.ask("status")["questions"]
    return sum(count for kind, count in questions.items() if "by_name" in kind or kind == "groups_of_user")


@pytest.fixture(scope="module")
def site(reader):
    """The reader has everything at work. vsftpd makes nobody wait who is refused."""
    reader.follow(until="One uid")
    with open("/etc/vsftpd.conf", "a", encoding="utf-8") as file:
        file.write("delay_failed_login=0\n")
    subprocess.run(["/usr/local/sbin/systemctl", "restart", "vsftpd"], check=True)
    return reader


def test_the_page_is_true(site):
    site.follow(until="SFTP with a password, too")
    site.assert_true()


# Who is an account.

def test_a_name_that_nobody_has_allowed_is_nobody(site):
    assert [name for name in NOT_LIKE_THE_PATTERN if getent("passwd", name)] == []
    began = time.monotonic()
    for i in range(200):
        with pytest.raises(KeyError):
            pwd.getpwnam(f"newcomer{i}")
    assert time.monotonic() - began < 2
    for odd in ("s123456\n", "s123456 ", " s123456", "s123456:", "s123456,", "s123456/..", "..", "."):
        with pytest.raises(KeyError):
            pwd.getpwnam(odd)


def test_a_template_alone_allows_nobody(site):
    with changed("UPDATE virtual_templates SET pattern = NULL", "UPDATE virtual_templates SET pattern = 's[0-9]{6}'"):
        assert [name for name in ("s123456", *NOT_LIKE_THE_PATTERN) if getent("passwd", name)] == []
        assert getent("passwd", "anna")
        with keys_of("s123456"):
            assert not by_key("s123456")
    assert getent("passwd", "s123456")


def test_a_pattern_that_is_taken_away_lets_nobody_in_from_then_on_though_sqlmapd_remembers_the_account(site):
    # With each reading of the lists it asks anew: there is none meanwhile.
    with configured("[database]", "[snapshot]\nrefresh_seconds = 86400\n[database]"), keys_of("s123456"):
        wait_until(lambda: getent("passwd", "s123456"))
        assert ctl.run("refresh", "--wait").returncode == 0
        assert by_key("s123456") and by_ftp("s123456", "s123456-pw")
        sql("UPDATE virtual_templates SET pattern = 's[1-9]{6}x'")
        try:
            assert getent("passwd", "s123456") and not by_key("s123456") and not by_ftp("s123456", "s123456-pw")
        finally:
            sql("UPDATE virtual_templates SET pattern = 's[0-9]{6}'")
        assert by_key("s123456") and by_ftp("s123456", "s123456-pw")


@pytest.mark.parametrize("pattern", [".*", ".+", "", "(", "s[0-9]{6}|.*", "s)|(.*", "(?s).*", r"[^\\n]*"])
def test_a_pattern_that_takes_every_name_or_is_none_is_refused(site, pattern):
    with pytest.raises(subprocess.CalledProcessError) as error:
        sql(f"UPDATE virtual_templates SET pattern = '{pattern}'")
    assert "virtual_pattern" in error.value.stderr
    assert getent("passwd", "s123456") and not getent("passwd", "newcomer")


def test_the_lists_have_the_names_of_the_table_and_no_others(site):
    assert getent("passwd", "s234567") and getent("passwd", "s345678")
    publish()
    assert sorted(line[0] for line in getent("passwd") if line[2] == "30000") == [*TABLE, "upload"]
    assert sorted(entry.pw_name for entry in pwd.getpwall() if entry.pw_uid == 30000) == [*TABLE, "upload"]


def test_a_look_up_makes_nothing(site):
    assert [getent("passwd", name)[0][5] for name in ("bruno", "s567890")] == ["/srv/virtual/bruno/files", "/srv/virtual/s567890/files"]
    assert not Path("/srv/virtual/s567890").exists()


def test_a_new_row_is_an_account_at_once_and_one_that_is_gone_lets_nobody_in(site):
    with keys_of("carla"):
        sql("INSERT INTO virtual_names (username, template) VALUES ('carla', 'upload')")
        assert getent("passwd", "carla") == [["carla", "x", "30000", "30000", "", "/srv/virtual/carla/files", "/usr/sbin/nologin"]]
        assert by_key("carla")
        sql("DELETE FROM virtual_names WHERE username = 'carla'")
        assert not by_key("carla")
        publish()
        assert getent("passwd", "carla") == []


def test_whoever_gets_a_name_that_was_given_back_as_the_page_says_has_no_key_and_no_file_of_the_one_before(site):
    with keys_of("bruno"):
        assert sftp("bruno", options=["-T", "/root/hello.txt"]).returncode == 0
        subprocess.run(["bash", "-ec", block("doc/uses/virtual-users.md", "mariadb virtual -e \"DELETE")], check=True)
        assert not by_key("bruno")
        sql("INSERT INTO virtual_names (username, template, gecos) VALUES ('bruno', 'upload', 'Bruno Example')")
        publish()
        assert not by_key("bruno") and not Path("/srv/virtual/bruno").exists()


def test_who_is_switched_off_is_out_at_once_even_if_the_pattern_takes_the_name(site):
    with keys_of("s456789"):
        assert by_key("s456789")
        sql("INSERT INTO virtual_names (username, template, enabled) VALUES ('s456789', 'upload', 0)")
        assert not by_key("s456789")
        publish()
        assert getent("shadow", "s456789")[0][1] == "!*"
        sql("DELETE FROM virtual_names WHERE username = 's456789'")
        publish()
        assert by_key("s456789")


def test_a_further_template_has_its_own_uid_and_of_two_patterns_the_first_template_has_the_name(site):
    more = """INSERT INTO virtual_groups VALUES ('camera', 30010);
              INSERT INTO virtual_templates VALUES ('camera', 30010, 30010, '/srv/camera/%n', '/bin/false', 'vsftpd', 's12.*|cam-[0-9]+');
              INSERT INTO virtual_names (username, template) VALUES ('gate', 'camera')"""
    with changed(more, "DELETE FROM virtual_names WHERE template = 'camera'; DELETE FROM virtual_templates WHERE template = 'camera'; "
                       "DELETE FROM virtual_groups WHERE gid = 30010"):
        assert {name: getent("passwd", name)[0][2] for name in ("anna", "gate", "cam-7", "s123456", "s234567", "30000", "30010")} == {
            "anna": "30000", "gate": "30010", "cam-7": "30010", "s123456": "30010", "s234567": "30000", "30000": "30000", "30010": "30010"}
        assert getent("passwd", "cam-7") == [["cam-7", "x", "30010", "30010", "", "/srv/camera/cam-7", "/bin/false"]]
        assert getent("passwd", "30010")[0][0] == "camera"
    assert getent("passwd", "cam-7") == [] and getent("passwd", "30010") == []


def test_a_name_of_the_table_is_its_own_templates_whatever_pattern_takes_it(site):
    with keys_of("s555555"):
        assert by_key("s555555")
        with changed("INSERT INTO virtual_templates (template, uid, gid, services) VALUES ('quiet', 30011, 30000, ''); "
                     "INSERT INTO virtual_names (username, template) VALUES ('s555555', 'quiet')",
                     "DELETE FROM virtual_names WHERE username = 's555555'; DELETE FROM virtual_templates WHERE template = 'quiet'"):
            assert getent("passwd", "s555555")[0][2] == "30011"
            assert not by_key("s555555")
        assert by_key("s555555")


def test_a_template_outside_the_range_is_refused_and_never_bent(site):
    with changed("INSERT INTO virtual_templates (template, uid, gid, services, pattern) VALUES ('other', 40000, 30000, '', 'x-.*'); "
                 "INSERT INTO virtual_names (username, template) VALUES ('olga', 'other')",
                 "DELETE FROM virtual_names WHERE username = 'olga'; DELETE FROM virtual_templates WHERE template = 'other'"):
        assert [getent("passwd", key) for key in ("olga", "x-1", "other", "40000")] == [[], [], [], []]
        left_out = [finding["what"] for finding in ctl.ask("check")["findings"] if "left out" in finding["what"]]
        assert left_out == ["2 rows are left out: uid 40000 is outside what [accounts] allows (other, olga)"]


def test_nobody_signs_in_with_the_templates_own_name(site):
    with keys_of("upload"), changed("INSERT INTO virtual_names (username, template) VALUES ('upload', 'upload'); "
                                    "UPDATE virtual_templates SET pattern = 'up[a-z]*'",
                                    "DELETE FROM virtual_names WHERE username = 'upload'; UPDATE virtual_templates SET pattern = 's[0-9]{6}'"):
        assert by_key("anna") and getent("passwd", "upwards")
        assert getent("passwd", "upload") == [["upload", "x", "30000", "30000", "", "/nonexistent", "/usr/sbin/nologin"]]
        assert getent("shadow", "upload") == [["upload", "!*", "1", "0", "99999", "0", "", "1", "0"]]
        assert not by_key("upload")


# Whose the uid is.

def owners():
    """What the real programs say."""
    file = "/srv/virtual/anna/files/hello.txt"
    return {getent("passwd", "30000")[0][0], run("stat", "-c", "%U", file).stdout.strip(), run("ls", "-l", file).stdout.split()[2],
            run("find", file, "-printf", "%u").stdout, pwd.getpwuid(30000).pw_name,
            run("setpriv", "--reuid", "30000", "--clear-groups", "whoami").stdout.strip()}


def test_the_uid_is_the_templates_whoever_asks_and_however_short_other_names_are(site):
    with changed("INSERT INTO virtual_names (username, template) VALUES ('al', 'upload'), ('a', 'upload')",
                 "DELETE FROM virtual_names WHERE username IN ('al', 'a')"):
        assert owners() == {"upload"}
        for name in ("al", "anna", "s123456", "root", "nobody"):
            environment = {**os.environ, "LOGNAME": name, "USER": name, "USERNAME": name}
            for uid in (0, 30000, 65534):
                seen = run("getent", "passwd", "30000", env=environment, user=uid, group=uid, extra_groups=[])
                assert seen.stdout == "upload:x:30000:30000::/nonexistent:/usr/sbin/nologin\n", (name, uid)
        with configured("[database]", "[snapshot]\nenabled = false\n[database]"):
            wait_until(lambda: getent("passwd", "s123456"))
            assert ctl.ask("status")["snapshot"] != "published"
            assert owners() == {"upload"}
    assert owners() == {"upload"}


# What has broken others.

def test_useradd_makes_new_accounts_and_takes_them_away(site):
    for command in (["useradd", "newcomer"], ["groupadd", "newcrew"], ["usermod", "--append", "--groups", "newcrew", "newcomer"],
                    ["usermod", "--login", "newname", "newcomer"], ["userdel", "newname"], ["groupdel", "newcrew"], ["groupdel", "newcomer"],
                    ["adduser", "--quiet", "--disabled-password", "--gecos", "", "newcomer"], ["deluser", "--quiet", "newcomer"]):
        result = run(*command)
        assert result.returncode == 0, result
    taken = run("useradd", "anna"), run("useradd", "s654321")
    assert [(result.returncode, result.stderr) for result in taken] == [
        (9, "useradd: user 'anna' already exists\n"), (9, "useradd: user 's654321' already exists\n")]


def test_chown_takes_a_dot_for_a_colon_and_digits_for_a_number(site, tmp_path):
    file = tmp_path / "file"
    file.touch()

    def owner(words):
        result = run("chown", words, str(file))
        assert result.returncode == 0, result
        return file.stat().st_uid, file.stat().st_gid

    with local_account("ann", 5001):
        subprocess.run(["groupadd", "--gid", "5002", "bee"], check=True)
        assert owner("ann.bee") == (5001, 5002)
        assert owner("0:0") == (0, 0)
        assert owner("ann:bee") == (5001, 5002)
        assert owner("123456.654321") == (123456, 654321)
        assert owner("anna.reports") == (30000, 30001)
        assert owner("s123456:upload") == (30000, 30000)
        assert owner("4711") == (4711, 30000)
        subprocess.run(["groupdel", "bee"], check=True)
    assert run("chown", "nobody-here", str(file)).returncode == 1


ODD = ["*", "s12345*", "", ":", "a:b", "a,b", "a b", "123456", "-x", ".", "..", "/", "a/b", "x\n", "pam_unix_non_existent:", "ä", "A" * 300, "s123456/"]


def seconds_for(names):
    began = time.monotonic()
    for name in names:
        with pytest.raises(KeyError):
            pwd.getpwnam(name)
    return time.monotonic() - began


def test_odd_names_are_answered_here_and_at_once(site):
    # While nobody else could answer: it would be waited for.
    parent = int(Path("/run/sqlmapd.pid").read_text(encoding="utf-8"))
    children = [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="utf-8").split()]
    with hung(parent, *children):
        odd = seconds_for(ODD)
        waited = seconds_for(["s333333"])
        assert odd < waited / 2
        assert waited > 0.1
        began = time.monotonic()
        assert run("bash", "-c", "echo ~* ~s12345* ~123456 ~anna").stdout == "~* ~s12345* ~123456 /srv/virtual/anna/files\n"
        assert run("bash", "-c", "ls ~*").stderr == "ls: cannot access '~*': No such file or directory\n"
        assert time.monotonic() - began < 2
    assert getent("passwd", "s333333")


def complete(program, word):
    """What bash-completion makes of `program word` and the Tab key."""
    script = """source /usr/share/bash-completion/bash_completion; _completion_loader "$1"; COMP_WORDS=("$1" "$2"); COMP_CWORD=1; COMP_LINE="$1 $2"
        COMP_POINT=${#COMP_LINE}; "_$1" "$1" "$2" "$1"; printf '%s\n' "${COMPREPLY[@]}" """
    result = run("bash", "-c", script, "bash", program, word)
    assert result.returncode == 0, result
    return sorted(result.stdout.split())


def test_completion_knows_the_names_of_the_table_and_nobody_else(site):
    assert complete("chown", "bru") == ["bruno"] and complete("chown", "anna:rep") == ["reports"] and complete("chown", "up") == ["upload"]
    assert complete("chown", "s12") == [] and complete("chown", "s123456") == []
    assert run("bash", "-c", "compgen -u -- ann; compgen -u -- bru; compgen -u -- s1; compgen -g -- rep").stdout.split() == [
        "anna", "bruno", "reports"]


def test_local_names_win(site):
    with local_account("dora", 5003), changed("INSERT INTO virtual_names (username, template) VALUES ('dora', 'upload')",
                                              "DELETE FROM virtual_names WHERE username = 'dora'"):
        assert getent("passwd", "dora")[0][2] == "5003"
        assert run("id", "dora").stdout == "uid=5003(dora) gid=5003(dora) groups=5003(dora)\n"
        with keys_of("dora"):
            assert not by_key("dora")
        # Also where nsswitch.conf has the wrong order, as soon as sqlmapd has seen the new line of /etc/passwd.
        assert run("getent", "-s", "sqlmap", "passwd", "root").stdout == ""
        wait_until(lambda: run("getent", "-s", "sqlmap", "passwd", "dora").stdout == "")
        assert run("getent", "-s", "sqlmap", "passwd", "anna").stdout
        warnings = [finding["what"] for finding in ctl.ask("check")["findings"] if finding["subject"] == "getpwent"]
        assert any("username is a local account's" in what and "(dora)" in what for what in warnings), warnings


def test_a_local_account_whose_name_the_pattern_takes_stays_who_it_is(site):
    with changed("UPDATE virtual_templates SET pattern = NULL", "UPDATE virtual_templates SET pattern = 's[0-9]{6}'"):
        subprocess.run(["useradd", "--uid", "5004", "s111111"], check=True, capture_output=True)
    try:
        assert run("id", "s111111").stdout == "uid=5004(s111111) gid=5004(s111111) groups=5004(s111111)\n"
        with keys_of("s111111"):
            assert not by_key("s111111")
    finally:
        subprocess.run(["userdel", "s111111"], check=True, capture_output=True)


def test_a_local_account_that_is_called_like_one_of_them_is_not_let_in_by_the_other_modules_password(site):
    """Of the table, with their group, or of the pattern."""
    for name, uid in (("otto", 5005), ("s111111", 5006)):
        with changed("UPDATE virtual_templates SET pattern = NULL", "UPDATE virtual_templates SET pattern = 's[0-9]{6}'"):
            subprocess.run(["useradd", "--uid", str(uid), name], check=True, capture_output=True)
    try:
        with changed("INSERT INTO virtual_names (username, template) VALUES ('otto', 'upload'); INSERT INTO virtual_memberships VALUES ('otto', 30000)",
                     "DELETE FROM virtual_names WHERE username = 'otto'"):
            assert run("id", "-G", "otto").stdout == "5005 30000\n"
            open_to = [(service, name) for service in ("vsftpd", "sshd-virtual") for name in ("anna", "s123456", "otto", "s111111")
                       if run("pamtester", service, name, "acct_mgmt").returncode == 0]
            assert open_to == [(service, name) for service in ("vsftpd", "sshd-virtual") for name in ("anna", "s123456")]
    finally:
        for name in ("otto", "s111111"):
            subprocess.run(["userdel", name], check=True, capture_output=True)


def test_no_name_of_the_system_is_taken_by_a_pattern(site):
    with changed("UPDATE virtual_templates SET pattern = '[a-z-]{2,20}'", "UPDATE virtual_templates SET pattern = 's[0-9]{6}'"):
        assert getent("passwd", "newcomer")
        assert getent("passwd", "root")[0][2] == "0" and getent("passwd", "www-data")[0][2] == "33"
        assert [name for name in ("wheel", "docker", "systemd-x", "sudo", "admin-") if getent("passwd", name)] == ["admin-"]
        with keys_of("root", "docker"):
            assert not by_key("root") and not by_key("docker")


# Groups.

def test_further_groups_come_from_the_table_and_are_those_of_the_session(site):
    assert os.getgrouplist("anna", 30000) == [30000, 30001] and os.getgrouplist("bruno", 30000) == [30000]
    assert os.getgrouplist("s123456", 30000) == [30000]
    assert grp.getgrnam("reports").gr_mem == ["anna"] and grp.getgrgid(30000).gr_mem == []
    assert run("setpriv", "--reuid", "anna", "--regid", "upload", "--init-groups", "id", "-G").stdout == "30000 30001\n"
    with keys_of("bruno"):
        for name in TABLE:
            assert by_key(name)
            shared = Path(f"/srv/virtual/{name}/reports")
            shared.mkdir(exist_ok=True)
            os.chown(shared, 0, 30001)
            shared.chmod(0o2770)
        assert sftp("anna", path="reports/", options=["-T", "/root/hello.txt"]).returncode == 0
        assert sftp("bruno", path="reports/", options=["-T", "/root/hello.txt"]).returncode == 9  # permission denied
    assert Path("/srv/virtual/anna/reports/hello.txt").stat().st_gid == 30001


# Who gets in.

def test_a_key_opens_the_accounts_that_have_it_and_no_other(site):
    assert by_key("anna") and not by_key("bruno") and not by_key("s123456") and not by_key("nobody-here")
    with keys_of("s123456", "s12345"):
        assert by_key("s123456") and not by_key("s12345")
        assert ctl.run("ssh-keys", "s123456").stdout.startswith("ssh-ed25519 ") and ctl.run("ssh-keys", "s12345").stdout == ""
        home = Path("/srv/virtual/s123456/files")
        assert (home.stat().st_uid, home.stat().st_gid, home.stat().st_mode & 0o7777) == (30000, 30000, 0o700)
        assert (home.parent.stat().st_uid, home.parent.stat().st_mode & 0o7777) == (0, 0o755)
    assert not by_key("s123456")
    assert not Path("/srv/virtual/s12345").exists()


def test_each_is_locked_into_the_own_directory(site):
    with keys_of("bruno"):
        assert by_key("bruno") and by_key("anna")
        Path("/srv/virtual/bruno/files/secret").write_text("bruno's", encoding="utf-8")
        for path in ("../bruno/files/secret", "//srv/virtual/bruno/files/secret", "files/../../bruno/files/secret", "../../../etc/passwd"):
            result = sftp("anna", path=path, options=["--path-as-is"])
            assert result.returncode in (9, 78) and result.stdout == "", (path, result)
    for path in ("../anna/files/hello.txt", "..%2f..%2fetc/passwd", "/%2fsrv/virtual/anna/files/hello.txt"):
        result = curl(f"ftp://127.0.0.1/{path}", "s123456:s123456-pw", "--ssl-reqd", "--path-as-is")
        assert result.returncode in (9, 78) and result.stdout == "", (path, result)


def test_a_program_that_one_of_them_marks_set_uid_is_started_by_nobody_of_the_host(site):
    """It would have the uid of all of them."""
    put = sftp("anna", path="files/tool", options=["-T", "/usr/bin/id", "-Q", "-chmod 4755 /files/tool", "-Q", "-chmod 777 /files"])
    assert put.returncode == 0, put
    tool = Path("/srv/virtual/anna/files/tool")
    assert (tool.stat().st_uid, tool.stat().st_mode & 0o7777) == (30000, 0o4755)
    for group in (65534, 33):
        with pytest.raises(PermissionError):
            run(str(tool), "-u", user=65534, group=group, extra_groups=[])
    tool.unlink()
    tool.parent.chmod(0o700)


def test_there_is_no_shell_behind_a_key(site):
    result = run("ssh", "-p", "2222", "-i", "/root/anna.key", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
                 "LogLevel=ERROR", "-o", "BatchMode=yes", "anna@127.0.0.1", "id")
    assert "uid=" not in result.stdout and result.returncode != 0, result


def test_no_password_opens_an_account_but_what_the_other_module_says(site):
    assert by_ftp("s123456", "s123456-pw")
    for name, password in (("s123456", "*"), ("s123456", "x"), ("anna", "*"), ("anna", ""), ("zoe", "zoe-pw"), ("upload", "*"), ("root", "x")):
        assert not by_ftp(name, password), (name, password)
    for name in ("anna", "s123456"):
        assert getent("shadow", name)[0][1] == "*"
        assert run("getent", "shadow", name, user=30000, group=30000, extra_groups=[]).returncode == 2


def test_the_services_of_the_template_are_all_that_it_opens(site):
    with keys_of("s123456"):
        assert by_key("anna") and by_key("s123456") and by_ftp("s123456", "s123456-pw")
        for services, key, ftp in (("vsftpd", False, True), ("sshd-virtual", True, False), ("sshd", False, False), ("", False, False)):
            sql(f"UPDATE virtual_templates SET services = '{services}'")
            assert (by_key("anna"), by_key("s123456"), by_ftp("s123456", "s123456-pw")) == (key, key, ftp), services
        sql("UPDATE virtual_templates SET services = 'sshd-virtual vsftpd'")
        assert by_key("anna") and by_key("s123456") and by_ftp("s123456", "s123456-pw")


def test_the_hosts_own_sshd_is_for_its_own_people(site):
    with local_account("otto", 5005):
        with sshd(2200):
            assert by_key("otto", port=2200, path="")
            assert not any(by_key(name, port=2200, path="") for name in ("anna", "s123456", "upload"))
        # What the line is for.
        Path("/etc/ssh/sshd_config.d/virtual-users.conf").rename("/etc/ssh/virtual-users.off")
        try:
            with sshd(2201, "-o", "ForceCommand=internal-sftp", "-o", "UsePAM=no"):
                assert by_key("anna", port=2201, path="")
        finally:
            Path("/etc/ssh/virtual-users.off").rename("/etc/ssh/sshd_config.d/virtual-users.conf")


def test_another_service_can_keep_them_out_by_the_group(site):
    line, = re.findall(r"`(account required pam_succeed_if[^`]*)`", site.text)
    Path("/etc/pam.d/tickets").write_text(f"{line}\n", encoding="utf-8")
    outcome = {name: run("pamtester", "tickets", name, "acct_mgmt").returncode == 0 for name in ("root", "anna", "s123456")}
    assert outcome == {"root": True, "anna": False, "s123456": False}


def test_an_account_without_a_password_is_not_locked_for_sshd_but_one_that_is_switched_off_is(site):
    # Without PAM, sshd itself looks at the shadow line: '!' is locked, '*' is not.
    options = "-f", "/etc/ssh/sshd_virtual_config", "-o", "UsePAM=no"
    with sshd(2202, *options):
        assert by_key("anna", port=2202)
        with changed("UPDATE virtual_names SET enabled = 0 WHERE username = 'anna'", "UPDATE virtual_names SET enabled = 1"):
            assert not by_key("anna", port=2202)
        assert by_key("anna", port=2202)


# Where the names come from.

def test_a_name_of_the_pattern_makes_sqlmapd_read_the_lists_once_and_not_over_and_over(site):
    def readings():
        return ctl.ask("status")["reads"]

    with configured("[database]", "[cache]\nfound_seconds = 0\n[database]"):
        publish()
        before = readings()
        assert getent("passwd", "s777777")
        wait_until(lambda: readings() > before)
        before, asked = readings(), ctl.ask("status")["cache_misses"]
        for _ in range(100):
            pwd.getpwnam("s777777")
        assert ctl.ask("status")["cache_misses"] == asked + 100
        assert readings() <= before + 1  # the one of each 30 seconds


def test_while_the_database_is_down_who_was_known_still_is_and_nobody_waits(site):
    assert getent("passwd", "s888888")
    with ctl.database_stopped():
        began = time.monotonic()
        assert [getent("passwd", key)[0][2] for key in ("anna", "s888888", "30000")] == ["30000"] * 3
        assert owners() == {"upload"}
        assert getent("passwd", "s999999") == [] and getent("passwd", "newcomer") == []
        assert time.monotonic() - began < 5
        assert not by_key("anna")
    assert getent("passwd", "s999999") and by_key("anna")


def test_with_a_version_the_names_of_the_table_are_found_and_those_of_a_pattern_are_not(site):
    sql("CREATE TABLE edition (n INT); INSERT INTO edition VALUES (1); GRANT SELECT ON edition TO sqlmap@localhost")
    with configured("[queries]", '[queries]\nversion = "SELECT n FROM edition"'):
        wait_until(lambda: getent("passwd", "anna") and not getent("passwd", "s123456"))
        sql("INSERT INTO virtual_names (username, template) VALUES ('emil', 'upload'); UPDATE edition SET n = 2")
        wait_until(lambda: "emil" in [line[0] for line in getent("passwd")])
    sql("DELETE FROM virtual_names WHERE username = 'emil'; DROP TABLE edition; REVOKE SELECT ON edition FROM sqlmap@localhost")
    publish()
    assert getent("passwd", "s123456") and not getent("passwd", "emil")


def test_no_look_up_reads_a_whole_table_and_the_uid_is_still_the_templates(site):
    many = """INSERT INTO virtual_names (username, template) SELECT CONCAT('v', seq), 'upload' FROM seq_1_to_3000;
              INSERT INTO virtual_memberships SELECT CONCAT('v', seq), 30001 FROM seq_1_to_3000;
              INSERT INTO virtual_keys (username, ssh_key) SELECT CONCAT('v', seq), 'x' FROM seq_1_to_3000"""
    with changed(many, "DELETE FROM virtual_keys WHERE ssh_key = 'x'; DELETE FROM virtual_names WHERE username LIKE 'v%'"):
        assert [finding for finding in ctl.ask("check")["findings"] if finding["area"] == "queries" and finding["level"] != "ok"] == []
        assert len([line for line in getent("passwd") if line[2] == "30000"]) == 3003
        assert owners() == {"upload"}
        assert run("id", "v777").stdout == "uid=30000(upload) gid=30000(upload) groups=30000(upload),30001(reports)\n"


def test_check_finds_what_the_page_says_and_nothing_else(site):
    findings = [(finding["area"], finding["subject"]) for finding in ctl.ask("check")["findings"] if finding["level"] != "ok"]
    assert findings == [("data", "homes"), ("pam", "sshd-virtual"), ("pam", "vsftpd")]


def test_sqlmapctl_puts_the_same_views_in_place(site):
    def grants():
        return sorted(sql("SHOW GRANTS FOR sqlmap@localhost; SHOW GRANTS FOR sqlmap_auth@localhost").splitlines())

    before = grants()
    result = ctl.run("views", "virtual-users", "--install")
    assert result.returncode == 0, result
    assert grants() == before
    publish()
    assert getent("passwd", "anna") and getent("passwd", "s123456")


def test_another_module_lets_in_by_sshd_too_and_what_was_set_up_is_taken_back(site):
    site.follow(until="Take it back")
    site.assert_true()
    assert curl("sftp://127.0.0.1:2222/", "s123456:*").returncode == 67
    site.follow()
    site.assert_true()
    assert "sqlmap" not in Path("/etc/nsswitch.conf").read_text(encoding="utf-8")
    assert Path("/srv/virtual/anna/files/hello.txt").read_text(encoding="utf-8") == "Hello\n"
