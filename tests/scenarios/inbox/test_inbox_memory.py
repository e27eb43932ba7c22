"""What the inbox's host remembers, and what is left of it while the database is away."""

import re
import subprocess
import sys
from pathlib import Path

import ctl
from inbox_host import CONFIG, HOMES, NOBODY, OFFSET, PORT, changed, flush, is_let_in, let_in, mode_of, passwd, sql
from sandbox import mariadb_stopped, wait_until

ANSWERS = {1: "SUCCESS", 0: "NOTFOUND", -1: "UNAVAIL", -2: "TRYAGAIN"}


def nss(*names):
    """What the module says of each, in a process of its own."""
    script = ("import ctypes, sys\nmodule = ctypes.CDLL('libnss_sqlmap.so.2')\nfor name in sys.argv[1:]:\n"
              "    print(module._nss_sqlmap_getpwnam_r(name.encode(), ctypes.create_string_buffer(256), ctypes.create_string_buffer(4096),"
              " ctypes.c_size_t(4096), ctypes.byref(ctypes.c_int())))")
    output = subprocess.run([sys.executable, "-c", script, *names], capture_output=True, text=True, check=True).stdout
    return [ANSWERS[int(line)] for line in output.split()]


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
