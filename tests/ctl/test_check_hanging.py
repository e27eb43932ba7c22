"""`sqlmapctl check` where a file system hangs, where something waits for ever in the place of a file, or where whoever looks is killed: it says
so, and ends."""

import json
import os
import select
import socket
import socketserver
import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import sandbox
from ctl import CONFIG, SECRETS, wait_until
from hung import hung_file_system
from test_check import (HOMES, KEPT, NSSWITCH, SSHD, area, both, database, difference, edited, fixture_healthy, masked,  # noqa: F401
                        nsswitch_hosts, renamed, rows_masked, user)

HUNG = Path("/mnt/hung")
SECONDS = 20


def check():
    """What it says to a program that waits for the end of its output, and its exit status."""
    process = subprocess.Popen(["sqlmapctl", "check", "--json"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    out, error = process.communicate(timeout=SECONDS)
    return json.loads(out), error, process.returncode


def lines(value):
    return rows_masked(masked(f"{f['level']} {f['area']} {f['subject']}: {f['what']}" + (f"; {f['remedy']}" if f["remedy"] else ""))
                       for f in value["findings"])


def left_behind():
    """Processes of sqlmapctl's, by what they have open."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(process / "exe") == "/usr/bin/sqlmapctl":
                found.append([os.readlink(process / "fd" / fd)[:5] for fd in os.listdir(process / "fd")])
        except OSError:
            continue  # it has ended
    return found


def test_a_home_that_hangs_is_named_and_whoever_hangs_there_holds_nothing_up(healthy):
    with hung_file_system(HUNG), user(f"'mallory', 20100, 20000, '{HUNG}/mallory', '/bin/bash', '!'"):
        value, error, status = check()
        held = left_behind()
    assert (status, error) == (0, "")
    assert [line for line in difference(healthy, lines(value)) if area(line[2:]) != "daemon"] == [
        "- ok data users: 8 accounts, read within TIME",
        "- ok data shadow: 8 lines",
        "- ok data passwords: of 8 accounts: 7 strong hashes, 1 locked or NULL",
        "- ok data homes: 8 are there",
        "+ ok data users: 9 accounts, read within TIME",
        "+ ok data shadow: 9 lines",
        "+ ok data passwords: of 9 accounts: 7 strong hashes, 2 locked or NULL",
        f"+ warning data homes: a look at {HUNG}/mallory did not end in time; see whether its file system hangs; those behind it were not looked at"]
    # It has the pipe by which it would have said so, and neither our output nor the database's connections.
    assert held == [["pipe:"]]
    wait_until(lambda: left_behind() == [])


def check_killed_at(call, path):
    """What it says where whoever looks at that file is killed in that system call, as by the kernel when memory is short."""
    process = subprocess.run(["strace", "-f", "-o", "/dev/null", "-P", path, "-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL",
                              "sqlmapctl", "check", "--json"], capture_output=True, text=True, timeout=SECONDS)
    assert process.stderr == ""
    return lines(json.loads(process.stdout))


def test_whoever_is_killed_at_a_home_is_not_taken_to_hang_there(healthy):
    home = HOMES / "erin"
    came = [line for line in difference(healthy, check_killed_at("newfstatat", home)) if area(line[2:]) == "data"]
    assert came == ["- ok data homes: 8 are there",
                    f"+ warning data homes: the process that looked came to its end too early, at {home}; see whether memory is short; those "
                    "behind it were not looked at"]


def test_whoever_is_killed_at_a_servers_name_is_not_taken_to_wait_for_it():
    with nsswitch_hosts("dns"), database("servers", '["localhost:3306"]'):
        said = [line for line in check_killed_at("openat", "/etc/hosts") if area(line) == "servers"]
    assert said == ["error servers localhost:3306: sqlmap cannot sign in: the process that looked its name up came to its end too early; see "
                    "whether memory is short, and which modules the line hosts: of nsswitch.conf names"]


TLS = "a file of the installation, or of [database] tls"
NAMED = f"{CONFIG}, secrets.toml, or a file that they name"


@contextmanager
def leading_into(path, hung):
    """The file is a link into it."""
    with renamed(path):
        path.symlink_to(hung / path.name)
        try:
            yield
        finally:
            path.unlink()


@pytest.mark.parametrize("hanging, of", [
    (lambda hung: database("tls_ca", f'"{hung}/ca.pem"'), TLS),
    (lambda hung: database("tls_key", f'"{hung}/key.pem"'), TLS),
    (lambda hung: both(edited(SECRETS, lambda text: text.replace('password = "sqlmap-read-only-example"', "")),
                       database("password_file", f'"{hung}/password"')), NAMED),
    (lambda hung: leading_into(CONFIG, hung), NAMED),
    (lambda hung: leading_into(SECRETS, hung), NAMED),
    (lambda hung: leading_into(NSSWITCH, hung), str(NSSWITCH)),
    (lambda hung: leading_into(SSHD, hung), "/etc/pam.d, /usr/lib/pam.d, or a file that is included there"),
], ids=["tls_ca", "tls_key", "password_file", "sqlmapd.toml", "secrets.toml", "nsswitch.conf", "pam.d/sshd"])
def test_a_file_that_hangs_is_named_and_nothing_waits_for_it(hanging, of):
    with hung_file_system(HUNG) as hung, hanging(hung):
        began = time.monotonic()
        value, _, status = check()
        took = time.monotonic() - began
    assert (value, status) == ({"error": f"{of}: reading it did not end in time; see whether its file system hangs"}, 3)
    assert took < 10
    wait_until(lambda: left_behind() == [])


@contextmanager
def fifo(path):
    """Whoever opens one for reading waits for a writer. sqlmapd's parent, who looks each second whether its own are in place and makes them
    anew, stands still meanwhile."""
    own = path in (KEPT, CONTROL, SOCKET)
    with sandbox.hung(*[sandbox.pid_in(sandbox.SQLMAPD)] if own else []):
        away = path.rename(f"{path}.away" if own else f"/srv/{path.name}")
        os.mkfifo(path, 0o644)
        try:
            yield
        finally:
            path.unlink()
            away.rename(path)


CONTROL, SOCKET = Path("/run/sqlmapd/control"), Path("/run/sqlmapd/socket")
SHELLS, COMMON, UNIX = Path("/etc/shells"), Path("/etc/pam.d/common-sqlmap"), Path("/etc/pam.d/common-auth")
UNREADABLE = [f"warning {name} all: not asked: the configuration has mistakes; mend that first" for name in ("servers", "queries", "data")]
NO_FILE = "is no regular file; put the file in its place"
GONE = "which is not there; without it libpam refuses everybody: write it, or delete the line"

PIPES = {
    CONFIG: [f"error files {CONFIG}: {NO_FILE}",
             f"error configuration {CONFIG}: is not a regular file; mend it; the file's comments say what is allowed", *UNREADABLE],
    SECRETS: [f"error files {SECRETS}: {NO_FILE}",
              f"error configuration {SECRETS}: is not a regular file; mend it; the file's comments say what is allowed", *UNREADABLE],
    NSSWITCH: [f"error nsswitch {NSSWITCH}: cannot be read: it is not a regular file; write it, with the lines of nsswitch.conf.example, "
               "or run sqlmapctl setup"],
    SHELLS: [f"warning data shells: {SHELLS}: it is not a regular file; write it: see shells(5)"],
    COMMON: [f"error files {COMMON}: {NO_FILE}", f"error pam sshd: includes common-sqlmap, {GONE}"],
    UNIX: [f"error pam sshd: includes common-auth, {GONE}"],
    KEPT: [f"error daemon kept snapshot: {KEPT} {NO_FILE}"],
    CONTROL: [f"error daemon control page: {CONTROL} is not there; systemctl restart sqlmapd; its log says why if it does not stay"],
    SOCKET: [f"error daemon socket: nobody listens at {SOCKET}; systemctl start sqlmapd", "ok daemon control page: generation N, sqlmapd is not running"],
}


@pytest.mark.parametrize("path", PIPES, ids=str)
def test_a_pipe_in_the_place_of_a_file_is_complained_of_and_not_waited_for(path, healthy):
    with fifo(path):
        value, error, status = check()
    came = [line.removeprefix("+ ") for line in difference(healthy, lines(value)) if line.startswith("+")]
    # Without nsswitch.conf the server does not know who root is either, who would see the plans.
    assert [line for line in came if not line.endswith(", reads few rows")] == PIPES[path]
    assert (status, error) == (1 if any(line.startswith("error") for line in came) else 0, "")


class Mute(socketserver.BaseRequestHandler):
    """A server that has no answer to one question, nor to any other behind it."""

    question = b""

    def handle(self):
        with socket.create_connection(("127.0.0.1", 3306)) as server:
            while ready := select.select([self.request, server], [], [])[0]:
                asked = ready[0] is self.request
                data = ready[0].recv(65536)
                if not data:
                    return
                if not asked or self.question not in data:
                    (server if asked else self.request).sendall(data)
                    continue
                while self.request.recv(65536):
                    pass
                return


@pytest.mark.parametrize("question, called", [(b"@@version", "its version"), (b"Ssl_cipher", "its TLS"), (b"SHOW GRANTS", "SHOW GRANTS")])
def test_a_server_that_hangs_at_a_question_is_said_to_and_asked_no_more(monkeypatch, question, called):
    monkeypatch.setattr(Mute, "question", question)
    monkeypatch.setattr(socketserver.ThreadingTCPServer, "daemon_threads", True)
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mute) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        server = f"127.0.0.1:{proxy.server_address[1]}"
        with database("servers", f'["{server}"]\ntls = "off"'):
            value, error, status = check()
        proxy.shutdown()
    said = [line for line in lines(value) if area(line) == "servers"]
    assert said[-1] == f"error servers {server}: {called}: no answer within TIME; see whether the server hangs"
    assert [line for line in said if line.startswith("error")] == said[-1:]
    assert (status, error) == (1, "")


def test_a_pipe_in_the_place_of_a_services_file_is_no_service(healthy):
    with fifo(SSHD):
        value, _, status = check()
    assert (difference(healthy, lines(value)), status) == ([
        "- ok pam sshd: asks sqlmap in auth, account, password, session",
        '+ warning pam services: none asks sqlmap: nobody of the database can log in with a password; write "@include common-sqlmap" in front of '
        'the first "@include common-..." of /etc/pam.d/SERVICE, or run sqlmapctl setup'], 0)
