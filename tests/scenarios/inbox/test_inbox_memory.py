"""What the inbox's host remembers, and what is left of it while the database is away."""

import re
import subprocess
from pathlib import Path

import ctl
from asked import passwd
from inbox_host import CONFIG, HOMES, NOBODY, OFFSET, PORT, changed, flush, is_let_in, let_in, mode_of, nss, sftp, sql
from sandbox import mariadb_stopped, wait_until


def listed():
    """Files that sqlmapd has on a disk."""
    return sorted(str(path) for path in Path("/var/lib/sqlmapd").rglob("*") if path.is_file())


def has_written(text):
    """Whether it stands in a file of sqlmapd's, on a disk or in /run."""
    files = [path for place in ("/run/sqlmapd", "/var/lib/sqlmapd") for path in Path(place).rglob("*") if path.is_file()]
    return any(text.encode() in path.read_bytes() for path in files)


def opens(name, **how):
    wait_until(lambda: is_let_in(name, **how))


def test_what_was_asked_is_remembered_for_the_hour_and_flush_forgets_it(inbox):
    assert re.search(r"(?m)^found_seconds = 3600$", CONFIG.read_text())
    before = passwd("mona")
    with changed("UPDATE inbox_users SET gecos = 'Other' WHERE username = 'mona'",
                 "UPDATE inbox_users SET gecos = 'Mona Example' WHERE username = 'mona'"):
        queries = ctl.ask("status")["queries"]
        assert [passwd("mona") for _ in range(20)] == [before] * 20
        assert ctl.ask("status")["queries"] == queries
        flush("mona")
        assert passwd("mona")[4] == "Other"


def test_whoever_gets_the_name_of_another_is_the_one_before_until_a_flush_and_then_does_not_reach_what_is_left(inbox):
    """Why the page says what is to be done before a name is given away."""
    give = "INSERT INTO inbox_users (uid, username, password) SELECT {}, 'jona', password FROM inbox_users WHERE username = 'sina'"
    sql(give.format(96))
    assert sftp("jona", "put /etc/hostname left", password="sina-pw").returncode == 0
    sql("DELETE FROM inbox_users WHERE uid = 96;" + give.format(97))
    assert passwd("jona")[2] == str(OFFSET + 96)
    flush("jona")
    assert passwd("jona")[2] == str(OFFSET + 97)
    assert sftp("jona", "get left /dev/null", password="sina-pw").returncode == 1
    (HOMES / "jona").rename(HOMES / "jona.was")
    assert sftp("jona", "put /etc/hostname mine", password="sina-pw").returncode == 0
    assert mode_of(HOMES / "jona/files/mine")[0] == OFFSET + 97 and mode_of(HOMES / "jona.was/files/left")[0] == OFFSET + 96
    sql("DELETE FROM inbox_users WHERE uid = 97")


def test_while_the_database_is_away_the_known_stay_known_and_nobody_gets_in(inbox, keys):
    groups = ["id", "-Gn", "berta"]
    known = passwd("berta"), passwd("kim"), passwd(OFFSET + 12), subprocess.run(groups, capture_output=True, text=True).stdout
    assert known[3] == "inbox\n"
    assert nss("berta", "never-asked-before") == ["SUCCESS", "NOTFOUND"]
    with mariadb_stopped():
        assert (passwd("berta"), passwd("kim"), passwd(OFFSET + 12), subprocess.run(groups, capture_output=True, text=True).stdout) == known
        assert passwd("berta", NOBODY) == known[0]
        assert nss("berta", "kim", "asked-now-alone") == ["SUCCESS", "SUCCESS", "UNAVAIL"]
        assert let_in([("berta", {"password": "berta-pw"}), ("kim", {"key": keys["kim"]}), ("asked-now-alone", {"password": "berta-pw"})]) == []
        assert is_let_in("otto", password="otto-pw")
        assert listed() == [] and not has_written("berta")
    opens("berta", password="berta-pw")
    opens("kim", key=keys["kim"])
    assert nss("asked-now-alone") == ["NOTFOUND"]


def test_a_session_outlives_a_restart_of_the_database(inbox, keys, tmp_path):
    done = tmp_path / "done"
    command = ["sftp", "-P", str(PORT), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-i",
               keys["kim"].path, "-b", "-", "kim@127.0.0.1"]
    with done.open("w") as output:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=output, text=True)
    process.stdin.write("mkdir before\n")
    process.stdin.flush()
    wait_until(lambda: (HOMES / "kim/files/before").exists())
    with mariadb_stopped():
        process.stdin.write("mkdir meanwhile\nls -l\n")
        process.stdin.flush()
        wait_until(lambda: (HOMES / "kim/files/meanwhile").exists())
    process.stdin.write("mkdir afterwards\n")
    process.stdin.close()
    assert process.wait(30) == 0, done.read_text()
    assert (HOMES / "kim/files/afterwards").exists()
    opens("kim", key=keys["kim"])


def test_sign_in_while_the_database_is_away_is_what_puts_something_on_the_disk_and_it_is_roots_alone(inbox, keys):
    text = CONFIG.read_text()
    CONFIG.write_text(text.replace("offline_auth_seconds = 0", "offline_auth_seconds = 3600"))
    subprocess.run(["/usr/local/sbin/systemctl", "restart", "sqlmapd"], check=True)
    at_first = listed()
    assert is_let_in("berta", password="berta-pw") and is_let_in("kim", key=keys["kim"])
    wait_until(lambda: listed() != at_first)
    stored = sql("SELECT password FROM inbox_users WHERE username = 'berta'")
    with mariadb_stopped():
        attempts = [("berta", {"password": "berta-pw"}), ("berta", {"password": "sven-pw"}), ("sven", {"password": "sven-pw"}),
                    ("kim", {"key": keys["kim"]})]
        assert let_in(attempts) == attempts[:1]
        files = listed()
        assert {mode_of(path)[0] for path in files} == {0} and {mode_of(path)[2] & 0o077 for path in files} == {0}, files
        assert not any(has_written(secret) for secret in (stored, "berta-pw", "berta"))
    opens("berta", password="berta-pw")
    CONFIG.write_text(text)
    subprocess.run(["/usr/local/sbin/systemctl", "restart", "sqlmapd"], check=True)
    assert listed() == []


def test_no_hash_and_no_password_is_where_others_can_read_it(inbox):
    stored = [line for line in sql("SELECT password FROM inbox_users WHERE password LIKE '$%'").splitlines()]
    secrets = re.findall(r'^password = "(.+)"', Path("/etc/sqlmapd/secrets.toml").read_text(), re.MULTILINE)
    assert len(stored) > 4 and len(secrets) == 2 and mode_of("/etc/sqlmapd/secrets.toml") == (0, 0, 0o600)
    files = [path for place in ("/etc/sqlmapd", "/run/sqlmapd", "/var/lib/sqlmapd", "/var/log") for path in Path(place).rglob("*") if path.is_file()]
    files += [Path("/run/sqlmapd.log"), Path("/run/sshd-inbox.log")]
    texts = {path: path.read_bytes() for path in files if path.name != "secrets.toml"}
    assert {path for path, text in texts.items() for secret in (*stored, *secrets, "berta-pw") if secret.encode() in text} == set()
