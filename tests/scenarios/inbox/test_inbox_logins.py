"""Who gets into the inbox: passwords, keys, the door, expiry."""

import subprocess
from pathlib import Path

import pytest
from asked import passwd
from inbox_host import CONFIG, DAY, DENY, GID, HOMES, KIM, PEOPLE, PORT, SHUT, changed, client, flush, hash_of, is_let_in, let_in, quoted, sftp, sql


# Passwords.


def test_a_password_opens_its_own_account_and_no_other(inbox):
    names = list(PEOPLE)
    own = [(name, {"password": f"{name}-pw"}) for name in names]
    others = [(name, {"password": f"{names[i - 1]}-pw"}) for i, name in enumerate(names)]
    wrong = [("sina", {"password": password}) for password in ("", "SINA-PW", "sina-p", "sina-pw ", "*", "x" * 600)]
    nobody = [(name, {"password": "sina-pw"}) for name in ("nobody-here", "Sina", "sin_", "%", "sina' OR '1'='1", "sina@elixir-europe.org")]
    shut = [(name, {"password": password}) for name in SHUT for password in ("sina-pw", "", "plain-pw")]
    other = [("kim", {"password": "sina-pw"}), ("kim", {"password": ""}), ("off", {"password": "sina-pw"}), ("des", {"password": "des-pw"}),
             ("emil", {"password": "emil-pw"})]
    assert let_in([*own, *others, *wrong, *nobody, *shut, *other]) == own


def test_a_new_password_is_valid_at_once_and_the_old_one_is_not(inbox):
    before = sql("SELECT password FROM inbox_users WHERE username = 'sina'")
    with changed(f"UPDATE inbox_users SET password = {quoted(hash_of('new-pw', 'sha256crypt'))} WHERE username = 'sina'",
                 f"UPDATE inbox_users SET password = {quoted(before)} WHERE username = 'sina'"):
        attempts = [("sina", {"password": "sina-pw"}), ("sina", {"password": "new-pw"})]
        assert let_in(attempts) == attempts[1:]


def test_why_somebody_is_refused_is_told_to_root_alone(inbox):
    replies = {name: sftp(name, "pwd", password="wrong-pw").stderr.replace(name, "NAME") for name in ("sina", "nobody-here", "off", "kim")}
    assert len(set(replies.values())) == 1, replies


# Keys.


def test_a_key_opens_the_account_that_has_it_and_no_other(inbox, keys):
    assert let_in([("kim", {"key": keys["kim"]}), ("kim", {"key": keys["stranger"]}), ("berta", {"key": keys["kim"]}), ("off", {"key": keys["off"]}),
                   ("nobody-here", {"key": keys["kim"]})]) == [("kim", {"key": keys["kim"]})]
    told = {name: subprocess.run(["sqlmapctl", "ssh-keys", name], capture_output=True, text=True, check=True).stdout for name in ("kim", "off")}
    assert told == {"kim": keys["kim"].line + "\n", "off": ""}


def test_a_key_that_was_taken_back_opens_nothing_at_the_next_login_and_the_others_do(inbox, keys):
    keys["stranger"].add(KIM)
    both = [("kim", {"key": keys["kim"]}), ("kim", {"key": keys["stranger"]})]
    assert let_in(both) == both
    sql(f"DELETE FROM inbox_keys WHERE uid = {KIM} AND ssh_key LIKE '%stranger@desk'")
    assert let_in(both) == both[:1]
    sql(f"UPDATE inbox_users SET enabled = 0 WHERE uid = {KIM}")
    assert let_in(both) == []
    sql(f"UPDATE inbox_users SET enabled = 1 WHERE uid = {KIM}")


def test_a_key_goes_with_the_person_and_not_to_the_next_one_of_that_name(inbox, keys):
    sql("INSERT INTO inbox_users (uid, username) VALUES (51, 'karl')")
    keys["stranger"].add(51)
    assert is_let_in("karl", key=keys["stranger"])
    sql("DELETE FROM inbox_users WHERE uid = 51; INSERT INTO inbox_users (uid, username) VALUES (52, 'karl')")
    assert not is_let_in("karl", key=keys["stranger"])
    sql("DELETE FROM inbox_users WHERE uid = 52")


@pytest.mark.parametrize("before, behind", [("\n", ""), ("restrict\n", ""), ("", "\n# mine"), ("# ", ""), ("ssh-rsa AAAA\n", ""), ("ssh-rsa ", ""),
                                            ('from="192.0.2.1" ', ""), ('expiry-time="20200101" ', "")])
def test_a_row_that_is_not_one_line_of_authorized_keys_or_forbids_it_opens_nothing_unless_the_rest_is_empty(inbox, keys, before, behind):
    keys["stranger"].add(KIM, before, behind)
    opens = (before, behind) in (("\n", ""), ("", "\n# mine"))
    both = [("kim", {"key": keys["kim"]}), ("kim", {"key": keys["stranger"]})]
    assert let_in(both) == (both if opens else both[:1])
    sql(f"DELETE FROM inbox_keys WHERE uid = {KIM} AND ssh_key LIKE '%stranger@desk%'")


@pytest.mark.parametrize("options", ['command="cat /etc/passwd"', 'environment="LD_PRELOAD=/files/x.so"', 'pty,port-forwarding,permitopen="*:*"',
                                     'tunnel="0",user-rc'])
def test_the_options_of_a_key_give_nothing_that_the_inbox_does_not(inbox, keys, options):
    """Whoever may hand in a key may put options in front of it."""
    keys["stranger"].add(KIM, options + " ")
    how = {"key": keys["stranger"]}
    assert "/files" in sftp("kim", "pwd", **how).stdout
    for arguments in (["-tt", "kim@127.0.0.1", "id"], ["-W", f"127.0.0.1:{PORT}", "kim@127.0.0.1"], ["kim@127.0.0.1"]):
        result = client("ssh", "kim", *arguments, stdin="\n", **how)
        assert result.returncode != 0 and not any(word in result.stdout for word in ("uid=", "root:", "SSH-2.0")), result
    sql(f"DELETE FROM inbox_keys WHERE uid = {KIM} AND ssh_key LIKE '%stranger@desk%'")


def test_a_key_in_the_home_opens_nothing(inbox, keys):
    put = sftp("kim", "mkdir .ssh", "chmod 700 .ssh", f"put {keys['stranger'].path}.pub .ssh/authorized_keys",
               "chmod 600 .ssh/authorized_keys", key=keys["kim"])
    assert put.returncode == 0 and (HOMES / "kim/files/.ssh/authorized_keys").read_text().strip() == keys["stranger"].line
    assert not is_let_in("kim", key=keys["stranger"])


def test_a_wrong_key_falls_back_to_the_password(inbox, keys):
    right = ("sina", {"key": keys["stranger"], "password": "sina-pw"})
    assert let_in([right, ("sina", {"key": keys["stranger"], "password": "wrong"}), ("sina", {"key": keys["stranger"]}),
                   ("kim", {"key": keys["stranger"], "password": "kim-pw"})]) == [right]


# The door.


def test_root_and_local_people_stay_outside_and_members_of_the_group_do_not(inbox, keys):
    for name in ("root", "olga"):
        subprocess.run(["chpasswd"], input=f"{name}:local-pw\n", text=True, check=True)
        authorized = Path("~" + name).expanduser() / ".ssh/authorized_keys"
        authorized.parent.mkdir(exist_ok=True, mode=0o700)
        authorized.write_text(keys["stranger"].line + "\n")
        (HOMES / name).mkdir()  # they could be locked in
    with changed("INSERT INTO inbox_users (uid, username, password) SELECT 61, 'root', password FROM inbox_users WHERE username = 'berta';"
                 f"INSERT INTO inbox_keys (uid, ssh_key) VALUES (61, '{keys['stranger'].line}')", "DELETE FROM inbox_users WHERE uid = 61"):
        assert let_in([(name, {"password": password}) for name in ("root", "olga") for password in ("local-pw", "berta-pw")]
                      + [(name, {"key": keys["stranger"]}) for name in ("root", "olga")]) == []
    assert let_in([("otto", {"password": "otto-pw"}), ("otto", {"password": "local-pw"}), ("otto", {"key": keys["stranger"]})]) == [
        ("otto", {"password": "otto-pw"})]
    Path("/etc/ssh/inbox_keys").mkdir()
    Path("/etc/ssh/inbox_keys/otto").write_text(keys["stranger"].line + "\n")
    assert is_let_in("otto", key=keys["stranger"])


def test_root_is_refused_even_as_a_member_of_the_group(inbox):
    text = Path("/etc/passwd").read_text()
    assert text.startswith("root:x:0:0:")
    Path("/etc/passwd").write_text(text.replace("root:x:0:0:", f"root:x:0:{GID}:", 1))
    try:
        assert not is_let_in("root", password="local-pw")
    finally:
        Path("/etc/passwd").write_text(text)


def test_a_local_account_is_not_taken_over_by_a_row_with_its_name(inbox, keys):
    local = passwd("otto")
    with changed("INSERT INTO inbox_users (uid, username, password) SELECT 62, 'otto', password FROM inbox_users WHERE username = 'berta';"
                 f"INSERT INTO inbox_keys (uid, ssh_key) VALUES (62, '{keys['kim'].line}')", "DELETE FROM inbox_users WHERE uid = 62"):
        flush()
        assert passwd("otto") == local
        right = ("otto", {"password": "otto-pw"})
        assert let_in([("otto", {"password": "berta-pw"}), ("otto", {"key": keys["kim"]}), right]) == [right]


def test_the_hosts_own_sshd_knows_nothing_of_the_archives_people(inbox):
    """Its service does not ask for their passwords."""
    assert not is_let_in("berta", password="berta-pw", port=22)


def test_a_key_that_somebody_uploads_is_none_to_the_hosts_own_sshd(inbox, keys):
    put = sftp("kim", "-mkdir .ssh", f"put {keys['stranger'].path}.pub .ssh/authorized_keys", "chmod 700 .ssh", "chmod 600 .ssh/authorized_keys",
               key=keys["kim"])
    assert put.returncode == 0, put

    def gets_through():
        return "SSH-2.0" in client("ssh", "kim", "-W", f"127.0.0.1:{PORT}", "kim@127.0.0.1", key=keys["stranger"], port=22, stdin="\n").stdout

    assert not gets_through()
    DENY.rename("/etc/ssh/inbox.off")  # what it is for
    subprocess.run(["/usr/local/sbin/systemctl", "restart", "ssh"], check=True)
    try:
        assert gets_through()
    finally:
        Path("/etc/ssh/inbox.off").rename(DENY)
        subprocess.run(["/usr/local/sbin/systemctl", "restart", "ssh"], check=True)


@pytest.mark.parametrize("command", [["id"], ["/bin/sh", "-i"], ["cat", "/etc/passwd"]])
def test_sftp_is_all_that_there_is(inbox, keys, command):
    result = client("ssh", "kim", "kim@127.0.0.1", *command, key=keys["kim"], stdin="\n")
    assert result.returncode != 0 and "uid=" not in result.stdout and "root:" not in result.stdout, result


def test_nothing_is_forwarded(inbox, keys):
    result = client("ssh", "kim", "-W", f"127.0.0.1:{PORT}", "kim@127.0.0.1", key=keys["kim"])
    assert result.returncode != 0 and "SSH-2.0" not in result.stdout, result


# Expiry.

AGES = {  # what the person's row has, and whether it is open by password and by key
    "plain": ("", True),
    "today": (f"expire = {DAY}", False),
    "tomorrow": (f"expire = {DAY} + 1", True),
    "never": ("expire = -1, `max` = -1", True),
    "must": ("lstchg = 0", False),
    "old": (f"lstchg = {DAY} - 31, `max` = 30", False),
    "warned": (f"lstchg = {DAY} - 29, `max` = 30, warn = 7", True),
    "grace": (f"lstchg = {DAY} - 31, `max` = 30, inact = 5", False),
    "dead": (f"lstchg = {DAY} - 40, `max` = 30, inact = 5", False),
    "young": (f"lstchg = {DAY}, `min` = 10", True),
}


def ages(keys, host, names=tuple(AGES)):
    """Who is let in, by password and by key, where the host has these values."""
    for uid, name in enumerate(names, 201):
        sql(f"INSERT INTO inbox_users (uid, username, password) SELECT {uid}, 'age-{name}', password FROM inbox_users WHERE username = 'sina'")
        keys["stranger"].add(uid)
        if AGES[name][0]:
            sql(f"UPDATE inbox_users SET {AGES[name][0]} WHERE uid = {uid}")
    with changed(f"UPDATE inbox_hosts SET {host}",
                 "UPDATE inbox_hosts SET lstchg = -1, `max` = -1, warn = -1, expire = -1; DELETE FROM inbox_users WHERE uid BETWEEN 201 AND 220"):
        attempts = [(f"age-{name}", how) for name in names for how in ({"password": "sina-pw"}, {"key": keys["stranger"]})]
        entered = let_in(attempts)
        return [[name.removeprefix("age-") for name, how in entered if word in how] for word in ("password", "key")]


def test_ageing_of_the_row_holds_for_passwords_and_keys(inbox, keys):
    open_ones = [name for name, (_, is_open) in AGES.items() if is_open]
    assert ages(keys, "host = host") == [open_ones, open_ones]


def test_ageing_of_the_host_holds_for_those_who_have_none_of_their_own(inbox, keys):
    assert ages(keys, f"lstchg = {DAY} - 50, `max` = 40, expire = {DAY} + 9") == [["never", "warned", "young"]] * 2
    assert ages(keys, f"expire = {DAY}", ("plain", "tomorrow", "never")) == [["tomorrow", "never"]] * 2


def test_ageing_may_stand_in_the_hosts_own_configuration(inbox, keys):
    text = CONFIG.read_text()
    assert text.count("lstchg, min, max, warn, inact, expire, flag FROM nss_getspnam WHERE host = :host AND archive_name") == 1
    for columns, is_open in (("1 AS lstchg, min, 365 AS max", False), (f"{DAY} AS lstchg, min, 365 AS max", True)):
        CONFIG.write_text(text.replace("lstchg, min, max, warn, inact, expire, flag FROM nss_getspnam WHERE",
                                       f"{columns}, warn, inact, expire, flag FROM nss_getspnam WHERE"))
        subprocess.run(["/usr/local/sbin/systemctl", "restart", "sqlmapd"], check=True)
        attempts = [("sina", {"password": "sina-pw"}), ("kim", {"key": keys["kim"]})]
        assert let_in(attempts) == (attempts if is_open else []), columns
    CONFIG.write_text(text)
    subprocess.run(["/usr/local/sbin/systemctl", "restart", "sqlmapd"], check=True)
