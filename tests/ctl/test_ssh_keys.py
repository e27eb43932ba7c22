"""sqlmapctl ssh-keys: what it prints, to whom, and who gets in by it at a real sshd."""

import os
import pty
import pwd
import signal
import subprocess
from pathlib import Path

import pytest

from ctl import CONFIG, ask, run, sql, wait_until
from sandbox import MARIADB, SQLMAPD, hung, pid_in
from ssh_logins import OPTIONS, QUERY, Key, SshdWithKeys, add, configure, is_let_in, ssh

LOG = Path("/run/sqlmapd.log")
ALICE, BOB = 20000, 20001
NOTHING = (0, "", "")


def reload(*arguments, **options):
    """sqlmapd reads sqlmapd.toml anew."""
    configure(*arguments, **options)
    os.kill(pid_in(SQLMAPD), signal.SIGHUP)


@pytest.fixture(scope="module", autouse=True)
def keys_are_asked():
    reload()
    wait_until(lambda: run("ssh-keys", "alice").returncode == 0)


@pytest.fixture(autouse=True)
def no_keys():
    sql("DELETE FROM sqlmap_keys")
    yield


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def desk(directory):
    return Key(directory, "desk")


@pytest.fixture(scope="module")
def laptop(directory):
    return Key(directory, "laptop", "ecdsa")


@pytest.fixture(scope="module")
def sshd(tmp_path_factory):
    with SshdWithKeys(tmp_path_factory.mktemp("sshd")) as server:
        yield server


def said(*arguments, **options):
    result = run("ssh-keys", *arguments, **options)
    return result.returncode, result.stdout, result.stderr


# What is printed.


def test_the_lines_of_an_account_are_printed_as_they_stand_there(desk, laptop):
    desk.store("alice", 'restrict,pty,command="echo \\"a, b\\""', comment=" – müde")
    add("alice", f"# my keys\r\n{laptop.line}\r\n\r\n  # that was it  \n")
    add("alice", f"  {desk.line}  ")
    laptop.store("bob")
    assert said("alice") == (0, f'restrict,pty,command="echo \\"a, b\\"" {desk.line} – müde\n{laptop.line}\n{desk.line}\n', "")
    assert said("bob") == (0, laptop.line + "\n", "")


def test_a_comment_commands_no_terminal_and_sshd_gets_it_as_it_stands_there(desk):
    add("alice", f"{desk.line} \u009b31mred\u009d0;title\u009c\u202egnp – {'m' * 1000}")
    add("alice", desk.line)
    status, out, err = said("alice")
    assert (status, err) == (0, "")
    assert out == f"{desk.line} \u009b31mred\u009d0;title\u009c\u202egnp – {'m' * 1000}\n{desk.line}\n"
    ours, theirs = pty.openpty()
    subprocess.run(["sqlmapctl", "ssh-keys", "alice", desk.type, desk.fingerprint], stdout=theirs, check=True)
    seen = os.read(ours, 65536).decode()
    os.close(theirs)
    os.close(ours)
    shown = out.replace("\u009b", r"\xc2\x9b").replace("\u009d", r"\xc2\x9d").replace("\u009c", r"\xc2\x9c").replace("\u202e", r"\xe2\x80\xae")
    assert seen == shown.replace("\n", "\r\n")


def test_whoever_has_no_key_gets_none_and_that_is_no_failure(desk):
    for name in ("alice", "nobody-here", "Alice", "root", "daemon", "*", "a" * 255, "a" * 256, "ä"):
        assert said(name) == NOTHING, name
    desk.store("carol")  # who is switched off
    assert said("carol") == NOTHING


def test_only_the_key_that_is_offered_is_printed(desk, laptop):
    desk.store("alice", 'from="127.0.0.1"')
    laptop.store("alice")
    desk.store("alice", "cert-authority")
    assert said("alice", desk.type, desk.fingerprint) == (0, f'from="127.0.0.1" {desk.line}\n', "")
    assert said("alice", laptop.type, laptop.fingerprint) == (0, laptop.line + "\n", "")
    assert said("alice", laptop.type, desk.fingerprint) == NOTHING
    assert said("alice", "ssh-ed25519-cert-v01@openssh.com", laptop.fingerprint) == (0, f"cert-authority {desk.line}\n", "")


def test_a_mistake_on_the_command_line_is_told(desk):
    assert said("alice", desk.type, "MD5:00:11") == (
        2, "", 'sqlmapctl: the fingerprint is not "SHA256:" and 43 characters of base64, as sshd\'s %f is: leave sshd\'s FingerprintHash at sha256\n')
    for arguments in ((), ("alice", desk.type), ("alice", desk.type, desk.fingerprint, "more"), ("--json", "alice")):
        status, out, err = said(*arguments)
        assert (status, out) == (2, "") and err, arguments


def test_rows_that_sshd_could_not_read_are_left_out_and_the_log_says_where_they_stand(desk, laptop):
    secret = desk.line.split()[1]
    rows = [desk.line,
            f"ssh-rsa {secret}",
            f"{desk.line} \x1b[2J",
            f"# mine\nssh-ed25519 {secret[:40]}\n",
            f'command="never ends {desk.line}',
            f"{desk.line} {'c' * 17000}",
            f"ssh-ed25519-cert-v01@openssh.com {secret}",
            f"restrict \n{laptop.line}",
            laptop.line]
    whys = ["the key is of another type than the one in front of it", "it has a control character", "the key is cut off",
            "a quote in its options does not end", "it is longer than 16 KiB", "its type of key is unknown", "it has more than one line"]
    for row in rows:
        add("erin", row)
    for bad, why in zip(range(len(whys), 0, -1), whys):
        assert said("erin") == (0, f"{desk.line}\n{laptop.line}\n", "")
        count = "1 row" if bad == 1 else f"{bad} rows"
        assert f'ssh_keys: {count} of "erin" left out, the first: row 2: {why}\n' in LOG.read_text()
        sql("DELETE FROM sqlmap_keys WHERE username = 'erin' ORDER BY id LIMIT 2;"
            f"INSERT INTO sqlmap_keys (id, username, ssh_key) VALUES (1, 'erin', '{desk.line}')")
    assert secret[-30:] not in LOG.read_text() and secret[:30] not in LOG.read_text()


def test_options_that_a_view_puts_in_front_hold_for_all_that_a_customer_writes(sshd, desk, laptop):
    add("alice", f"{desk.line}\n{desk.line}")
    add("alice", f"\n{desk.line}")
    add("alice", f"# mine\r\n{desk.line}")
    add("alice", laptop.line)
    reload("SELECT username, CONCAT('restrict ', ssh_key) AS ssh_key FROM nss_ssh_keys WHERE username = :name")
    try:
        wait_until(lambda: said("alice") == (0, f"restrict {laptop.line}\n", ""))
        assert not is_let_in(desk, "alice")
    finally:
        reload()
        wait_until(lambda: said("alice") == (0, f"{desk.line}\n{desk.line}\n{laptop.line}\n", ""))


def test_a_table_without_end_is_cut_and_the_log_says_so(desk):
    sql(f"INSERT INTO sqlmap_keys (username, ssh_key) SELECT 'frank', CONCAT('{desk.line} ', seq) FROM seq_1_to_6000")
    status, out, _ = said("frank")
    assert (status, out) == (0, "".join(f"{desk.line} {number}\n" for number in range(1, 4097)))
    assert 'ssh_keys: all from row 4097 of "frank" left out: there are more than 4096 rows, or 1 MiB of them\n' in LOG.read_text()
    assert said("frank", desk.type, desk.fingerprint)[1].count("\n") == 4096


@pytest.mark.parametrize("rubbish", ["REPEAT('A', 20000)", "'no key'", "REPEAT('\\n# nothing', 1800)"])
def test_rows_without_a_good_line_cost_no_more_than_rows_with_one_and_the_server_is_not_blamed(desk, rubbish):
    sql(f"INSERT INTO sqlmap_keys (username, ssh_key) SELECT 'frank', {rubbish} FROM seq_1_to_5000")
    add("frank", desk.line)
    desk.store("alice")
    assert said("frank") == NOTHING
    assert said("alice") == (0, desk.line + "\n", "")
    assert ask("status")["server"]["privileged"][0]["state"] == "up"


# Who may ask.


def test_keys_are_for_root_whatever_uid_somebody_shares_with_an_account_or_with_sqlmapd(desk):
    desk.store("alice")
    assert said("alice", uid=pwd.getpwnam(OPTIONS["AuthorizedKeysCommandUser"]).pw_uid) == (0, desk.line + "\n", "")
    for uid in (pwd.getpwnam("_sqlmapd").pw_uid, ALICE, BOB, 65534):
        for name in ("alice", "nobody-here"):
            assert said(name, uid=uid) == (3, "", "sqlmapctl: only root may ask for that\n"), (uid, name)


# Who gets in.


def test_whoever_has_the_key_gets_in_and_nobody_else(sshd, desk, laptop):
    desk.store("alice")
    laptop.store("bob")
    assert ssh(desk, "alice", "id", "-un").stdout == "alice\n"
    assert ssh(laptop, "bob", "id", "-un").stdout == "bob\n"
    for key, name in ((desk, "bob"), (laptop, "alice"), (desk, "grace"), (desk, "nobody-here"), (desk, "root")):
        assert not is_let_in(key, name), (key.type, name)


def test_a_key_that_is_taken_away_opens_nothing_at_the_next_login_and_a_new_one_does_at_once(sshd, desk, laptop):
    desk.store("alice")
    for _ in range(3):
        assert is_let_in(desk, "alice")
        sql("DELETE FROM sqlmap_keys")
        assert not is_let_in(desk, "alice")
        laptop.store("alice")
        assert is_let_in(laptop, "alice")
        assert not is_let_in(desk, "alice")
        sql("DELETE FROM sqlmap_keys")
        desk.store("alice")


def test_restrictions_that_stand_in_the_row_hold(sshd, desk):
    desk.store("alice", 'restrict,command="echo forced: $SSH_ORIGINAL_COMMAND"')
    assert ssh(desk, "alice", "id").stdout == "forced: id\n"
    terminal = ssh(desk, "alice", "tty", options=["-tt"])
    assert "PTY allocation request failed" in terminal.stderr and "/dev/pts" not in terminal.stdout
    sql("DELETE FROM sqlmap_keys")
    desk.store("alice", 'from="192.0.2.0/24"')
    assert not is_let_in(desk, "alice")
    desk.store("alice", 'from="127.0.0.1"')
    assert is_let_in(desk, "alice")
    sql("DELETE FROM sqlmap_keys")
    desk.store("alice", 'expiry-time="20200101"')
    assert not is_let_in(desk, "alice")
    sql("DELETE FROM sqlmap_keys")
    desk.store("alice", "no-such-option-of-sshd")
    assert not is_let_in(desk, "alice")


def test_an_authority_in_the_row_opens_with_what_it_has_signed(sshd, directory, desk, laptop):
    authority = Key(directory, "authority")
    subprocess.run(["ssh-keygen", "-q", "-s", authority.path, "-I", "desk", "-n", "alice", f"{desk.path}.pub"], check=True)
    certificate = ["-o", f"CertificateFile={desk.path}-cert.pub"]
    assert not is_let_in(desk, "alice", options=certificate)
    authority.store("alice", "cert-authority")
    authority.store("bob", 'cert-authority,principals="carol"')
    assert is_let_in(desk, "alice", options=certificate)
    assert not is_let_in(desk, "bob", options=certificate)
    assert not is_let_in(authority, "alice"), "the authority's own key"
    assert not is_let_in(laptop, "alice"), "what nobody signed"


def test_the_account_stage_still_decides(sshd, desk):
    for name in ("dave", "carol"):  # who has left; who is switched off
        desk.store(name)
        assert not is_let_in(desk, name), name
    desk.store("grace")  # who has no password
    assert is_let_in(desk, "grace")


def test_no_row_opens_an_account_of_the_host_unless_the_configuration_names_it(sshd, desk):
    subprocess.run(["useradd", "--uid", "4321", "--password", "*", "wilma"], check=True)
    before = CONFIG.read_text()
    sql("CREATE TABLE everybody (ssh_key TEXT); GRANT SELECT ON everybody TO sqlmap_auth@localhost;"
        f"INSERT INTO everybody VALUES ('{desk.line}')")
    reload("SELECT :name AS username, ssh_key FROM everybody")
    try:
        wait_until(lambda: said("alice") == (0, desk.line + "\n", ""))
        for name in ("root", "daemon", "sshd", "nobody", "_sqlmapd", "wilma"):
            assert said(name) == NOTHING, name
        assert is_let_in(desk, "alice")
        for name in ("root", "wilma"):
            assert not is_let_in(desk, name), name
        CONFIG.write_text(CONFIG.read_text().replace("[accounts]\n", "[accounts]\nallow_uids = [1, 4321]\n"))
        assert said("wilma") == (0, desk.line + "\n", "")
        assert is_let_in(desk, "wilma")
        for name in ("root", "daemon"):
            assert said(name) == NOTHING, name
    finally:
        CONFIG.write_text(before)
        reload()
        wait_until(lambda: said("alice") == NOTHING)


# Who cannot say prints nothing.


def test_while_the_database_does_not_answer_nobody_gets_in_and_nothing_is_printed(sshd, desk):
    desk.store("alice")
    assert is_let_in(desk, "alice")
    with hung(pid_in(MARIADB)):
        status, out, err = said("alice")
        assert (status, out) == (3, "") and err
        assert not is_let_in(desk, "alice")
    wait_until(lambda: said("alice")[0] == 0)
    assert is_let_in(desk, "alice")


def test_a_view_that_cannot_be_read_is_no_list_of_none(desk):
    desk.store("alice")
    sql("REVOKE SELECT ON nss_ssh_keys FROM sqlmap_auth@localhost")
    try:
        assert said("alice") == (3, "", "sqlmapctl: the database refused the query\n")
    finally:
        sql("GRANT SELECT ON nss_ssh_keys TO sqlmap_auth@localhost")
    wait_until(lambda: said("alice") == (0, desk.line + "\n", ""))


def test_without_a_query_that_is_said():
    reload("")
    try:
        expected = (3, "", "sqlmapctl: there is no query for keys: set ssh_keys in [queries] of sqlmapd.toml\n")
        wait_until(lambda: said("alice") == expected)
    finally:
        reload(QUERY)
        wait_until(lambda: said("alice") == NOTHING)


def test_a_query_must_say_whose_each_row_is_and_the_databases_opinion_does_not_count(desk):
    desk.store("alice")
    reload("SELECT username AS whose, ssh_key AS line FROM nss_ssh_keys WHERE username = :name")
    try:
        wait_until(lambda: said("alice") == (0, desk.line + "\n", ""))
        reload("SELECT username, ssh_key AS public_key FROM nss_ssh_keys WHERE username = :name OR :name = 'bob'")
        wait_until(lambda: said("bob") == NOTHING)
        assert said("alice") == (0, desk.line + "\n", ""), "a row of alice is not bob's"
        sql("CREATE TABLE accents (username VARCHAR(64) COLLATE utf8mb4_general_ci, ssh_key TEXT); GRANT SELECT ON accents TO sqlmap_auth@localhost;"
            f"INSERT INTO accents VALUES ('alicé', '{desk.line}')")
        for whose in ("username", "'bob'", "CONCAT(:name, ' ')", "NULL"):
            reload(f"SELECT {whose} AS username, ssh_key FROM accents WHERE username = :name")
            wait_until(lambda: said("alice") == NOTHING)
            reload("SELECT :name AS username, ssh_key FROM accents WHERE username = :name")
            wait_until(lambda: said("alice") == (0, desk.line + "\n", ""))
        assert 'ssh_keys: the row of "?" is left out: username is NULL\n' in LOG.read_text()
        for query, missing in (("SELECT ssh_key FROM nss_ssh_keys WHERE username = :name", "username"),
                               ("SELECT ssh_key AS line FROM nss_ssh_keys WHERE username = :name", "ssh_key"),
                               ("SELECT username, ssh_key AS line FROM nss_ssh_keys WHERE username = :name", "ssh_key")):
            reload(query)
            wait_until(lambda: said("alice") == (3, "", "sqlmapctl: the database refused the query\n"))
            wait_until(lambda: f"the query does not return the column {missing}\n" in LOG.read_text())
            reload()
            wait_until(lambda: said("alice") == (0, desk.line + "\n", ""))
    finally:
        reload()
        wait_until(lambda: said("alice") == (0, desk.line + "\n", ""))
