"""sqlmapctl setup: nsswitch.conf and pam.d with sqlmap in them and without it, and root at home in both."""

import json
import os
import pty
import pwd
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from ctl import PASSWORD, ask, run
from setup_host import (COPIES, DEBIAN, LOCAL, LOCAL_PASSWORD, MODULES, NSSWITCH, PAM, ROOT_PASSWORD, SERVICE,  # noqa: F401 - fixtures
                        common_sqlmap, fixture_fresh, fixture_no_delays, fixture_people, pam_auth_update, pamtester, read_until, system, who)

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))
from servers import ADDRESS, Sshd  # noqa: E402

OURS = "@include common-sqlmap"
NSSWITCH_DIFFERENCE = """\
--- /etc/nsswitch.conf
+++ /etc/nsswitch.conf (new)
@@ -2,9 +2,9 @@
 #
 # Example configuration of GNU Name Service Switch functionality.
 
-passwd:         files systemd
-group:          files systemd
-shadow:         files systemd
+passwd:         files sqlmap systemd
+group:          files sqlmap systemd
+shadow:         files sqlmap systemd
 gshadow:        files systemd
 
 hosts:          files dns
"""
SERVICE_DIFFERENCE = """\
--- /etc/pam.d/shell
+++ /etc/pam.d/shell (new)
@@ -1,4 +1,5 @@
 # a service as Debian writes them
+@include common-sqlmap
 @include common-auth
 @include common-account
 @include common-session
"""


def su(name, password):
    """Whether su lets somebody in who is nobody, on a terminal."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir("/")
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
        os.execvp("su", ["su", name, "-s", "/bin/sh", "-c", "id -un"])
    shown = read_until(terminal, b"assword: ")
    if shown.endswith(b"assword: "):
        os.write(terminal, password.encode() + b"\n")
        shown = read_until(terminal)
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status) == 0 and shown.split()[-1] == name.encode()


def first_person():
    """Of those with an account of this host's own: whom setup tries beside root."""
    local = (line.split(":") for line in Path("/etc/passwd").read_text(encoding="utf-8").splitlines())
    return pwd.getpwnam(next(name for name, _, uid, *_ in local if 1000 <= int(uid) < 60000))


def assert_everybody_gets_in():
    assert su("root", ROOT_PASSWORD) and not su("root", "wrong")
    assert su(LOCAL, LOCAL_PASSWORD) and not su(LOCAL, PASSWORD)
    assert who("alice") == "alice:x:20000:20000:Alice Example:/srv/people/alice:/bin/bash\n"
    assert su("alice", PASSWORD) and not su("alice", "wrong")


def assert_locals_only():
    assert su("root", ROOT_PASSWORD) and not su("root", "wrong")
    assert su(LOCAL, LOCAL_PASSWORD)
    assert who("alice") == "" and not su("alice", PASSWORD)


def test_chosen_services_let_accounts_of_the_database_in_and_undo_leaves_every_byte_as_it_was(fresh):
    assert_locals_only()
    result = run("setup", "--services", "shell", "su", "--yes")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith(NSSWITCH_DIFFERENCE + SERVICE_DIFFERENCE + "--- /etc/pam.d/su\n")
    assert re.sub(r"\d+ answers", "N answers", result.stdout[result.stdout.index("\nTried"):]) == """
Tried with the new files, in a process of its own: N answers about root and a local user are as before.

/etc/nsswitch.conf  before: /var/lib/sqlmapd/setup/etc_nsswitch.conf.1.before
/etc/pam.d/shell    before: /var/lib/sqlmapd/setup/etc_pam.d_shell.1.before
/etc/pam.d/su       before: /var/lib/sqlmapd/setup/etc_pam.d_su.1.before
sqlmapctl setup --undo takes it back.
"""
    assert {path for path, seen in system().items() if fresh[path] != seen} == {"/etc/nsswitch.conf", "/etc/pam.d/shell", "/etc/pam.d/su"}
    assert_everybody_gets_in()

    changed = system()
    again = run("setup", "--services", "shell", "su", "--yes")
    assert (again.returncode, again.stdout, again.stderr) == (0, "There is nothing to do: all of it is there.\n", "")
    assert system() == changed

    undone = run("setup", "--undo", "--yes")
    assert (undone.returncode, undone.stderr) == (0, "")
    assert undone.stdout.endswith("\n\n/etc/nsswitch.conf is without sqlmap again.\n/etc/pam.d/shell is without sqlmap again.\n"
                                  "/etc/pam.d/su is without sqlmap again.\n")
    assert system() == fresh and list(COPIES.iterdir()) == []
    assert_locals_only()
    once_more = run("setup", "--undo", "--yes")
    assert (once_more.returncode, once_more.stdout) == (0, "There is nothing to undo: no file has anything of setup's.\n")


def test_pam_auth_update_lets_accounts_of_the_database_in_everywhere(fresh):
    result = run("setup", "--yes")
    assert (result.returncode, result.stderr) == (0, "")
    assert {path for path, seen in system().items() if fresh[path] != seen} == {
        "/etc/nsswitch.conf", *(f"{directory}{kind}" for directory in ("/etc/pam.d/common-", "/var/lib/pam/")
                                for kind in ("account", "auth", "password", "session", "session-noninteractive")), "/var/lib/pam/seen"}
    assert_everybody_gets_in()
    # pam-auth-update takes it for its own work.
    changed = system()
    pam_auth_update("--package")
    assert system() == changed
    assert run("setup", "--yes").stdout == "There is nothing to do: all of it is there.\n"
    assert run("setup", "--undo", "--yes").returncode == 0
    assert system() == fresh
    assert_locals_only()


def test_the_profile_means_what_common_sqlmap_means(fresh):
    """Each account, good or bad, by the one and by the other; local people can still change their passwords."""
    cases = [("alice", PASSWORD), ("alice", "wrong"), ("grace", PASSWORD), ("carol", PASSWORD), ("dave", PASSWORD), ("sven", PASSWORD),
             ("erin", PASSWORD), ("nobodys", PASSWORD), (LOCAL, LOCAL_PASSWORD), (LOCAL, PASSWORD), ("root", ROOT_PASSWORD), ("root", PASSWORD)]

    def outcomes():
        return {(name, password, operation): pamtester("shell", name, operation, stdin=f"{password}\n").returncode
                for name, password in cases for operation in ("authenticate", "acct_mgmt")}

    assert run("setup", "--services", "shell", "--yes").returncode == 0
    included = outcomes()
    assert run("setup", "--undo", "--yes").returncode == 0
    assert run("setup", "--yes").returncode == 0
    assert outcomes() == included
    assert included["alice", PASSWORD, "authenticate"] == 0 and included["sven", PASSWORD, "acct_mgmt"] != 0
    new = "another of this box"
    changed = subprocess.run(["pamtester", "passwd", LOCAL, "chauthtok"], input=f"{new}\n{new}\n", capture_output=True, text=True, timeout=60)
    assert changed.returncode == 0, changed
    assert su(LOCAL, new)
    subprocess.run(["chpasswd"], input=f"{LOCAL}:{LOCAL_PASSWORD}\n", text=True, check=True)


def test_a_module_that_is_gone_lets_nobody_of_the_database_past_the_account_stage(fresh):
    assert run("setup", "--yes").returncode == 0
    (MODULES / "security/pam_sqlmap.so").unlink()
    assert pamtester("shell", "alice", "acct_mgmt").returncode != 0
    assert pamtester("shell", "root", "acct_mgmt").returncode == 0
    assert su("root", ROOT_PASSWORD) and su(LOCAL, LOCAL_PASSWORD)
    assert run("setup", "--undo", "--yes").returncode == 0
    assert system() == fresh


@pytest.mark.parametrize("answer, status", [("n", 1), ("", 1), ("maybe", 1), ("y", 0)])
def test_on_a_terminal_it_asks_and_takes_only_a_yes(fresh, answer, status):
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp("sqlmapctl", ["sqlmapctl", "setup", "--services", "shell"])
    shown = read_until(terminal, b"[y/N] ")
    assert system() == fresh
    os.write(terminal, answer.encode() + b"\n")
    shown += read_until(terminal)
    _, ended = os.waitpid(pid, 0)
    os.close(terminal)
    assert b"Change these 2 files? [y/N] " in shown and b"\033[32m+@include common-sqlmap\033[0m" in shown
    assert os.waitstatus_to_exitcode(ended) == status
    assert (system() == fresh) == (status == 1)


def test_a_program_says_yes_beforehand_and_gets_one_value(fresh):
    refused = ask("setup", "--services", "shell", status=2)
    assert refused == {"error": "nothing was changed: there is no terminal to ask on; --yes does it unasked"}
    assert system() == fresh
    done = ask("setup", "--services", "shell", "--yes")
    assert list(done) == ["changes", "trials", "done"]
    assert done["changes"] == [{"path": "/etc/nsswitch.conf", "difference": NSSWITCH_DIFFERENCE},
                               {"path": "/etc/pam.d/shell", "difference": SERVICE_DIFFERENCE}]
    trials = {trial["what"]: (trial["before"], trial["after"], trial["good"]) for trial in done["trials"]}
    person = first_person()
    assert trials == {
        "files for the trial alone": ("mounted", "mounted", True),
        "libnss_sqlmap.so.2": ("", "loaded", True),
        "pam_localuser.so": ("", "loaded", True),
        "pam_sqlmap.so": ("", "loaded", True),
        "getent passwd root": (*2 * ("uid 0, gid 0, home /root, shell /bin/bash",), True),
        "id root": (*2 * ("gids 0",), True),
        "getent shadow root": (*2 * ("found",), True),
        f"getent passwd {person.pw_name}": (
            *2 * (f"uid {person.pw_uid}, gid {person.pw_gid}, home {person.pw_dir}, shell {person.pw_shell}",), True),
        f"id {person.pw_name}": (*2 * ("gids " + " ".join(map(str, sorted(os.getgrouplist(person.pw_name, person.pw_gid)))),), True),
        f"getent shadow {person.pw_name}": (*2 * ("found",), True),
        "pam.d/shell: the account of root": (*2 * ("success",), True),
        "pam.d/shell: the right password of root's": (*2 * ("success",), True),
        "pam.d/shell: a wrong password of root's": (*2 * ("authentication failure",), True),
        f"pam.d/shell: the account of {person.pw_name}": (*2 * ("success",), True),
        f"pam.d/shell: the right password of {person.pw_name}'s": (*2 * ("success",), True),
        f"pam.d/shell: a wrong password of {person.pw_name}'s": (*2 * ("authentication failure",), True),
        "the end of all trials": (*2 * ("reached",), True),
    }
    undone = ask("setup", "--undo", "--yes")
    assert (list(undone), undone["remarks"], undone["done"]) == (["changes", "remarks", "done"], [], True)
    assert system() == fresh


def remove(path):
    return lambda: path.unlink()


@pytest.mark.parametrize("harm, error", [
    (remove(MODULES / "security/pam_sqlmap.so"), "pam_sqlmap.so: cannot be loaded"),
    (remove(MODULES / "libnss_sqlmap.so.2"), "libnss_sqlmap.so.2: cannot be loaded: libnss_sqlmap.so.2: cannot open shared object file: "
                                             "No such file or directory"),
    (lambda: common_sqlmap("account required pam_deny.so\n"),
     "pam.d/shell: the account of root: authentication failure; before: success"),
    (lambda: common_sqlmap("auth sufficient pam_permit.so\n"),
     "pam.d/shell: a wrong password of root's: success; before: authentication failure"),
    (lambda: common_sqlmap("auth required pam_exec.so /bin/sleep 1000\n"),
     "pam.d/shell: the right password of root's: no answer; before: success"),
    (lambda: common_sqlmap("auth requisite pam_deny.so\n"),
     "pam.d/shell: the right password of root's: authentication failure; before: success"),
], ids=["no PAM module", "no NSS module", "root is kept out", "everybody is root", "a stack that hangs",
        "root's password is refused"])
def test_files_with_which_root_would_not_get_in_as_before_replace_none(fresh, harm, error):
    harm()
    before = system()
    result = run("setup", "--services", "shell", "--yes")
    assert (result.returncode, result.stderr) == (1, f"sqlmapctl: nothing was changed: with the new files, {error}\n")
    assert system() == before and list(COPIES.iterdir()) == []


FAILLOCK = Path("/etc/security/faillock.conf")
COUNTED = """\
@include common-session
auth required pam_faillock.so preauth
auth sufficient pam_unix.so nodelay
auth [default=die] pam_faillock.so authfail
@include common-account
"""


@pytest.mark.parametrize("directory, there", [("/run/faillock", False), ("/run/faillock", True), ("/var/lib/faillock", True)])
def test_trying_whether_root_gets_in_does_not_count_as_a_failed_login_of_roots(fresh, directory, there):
    kept = FAILLOCK.read_bytes() if FAILLOCK.exists() else None
    tally = Path(directory)
    shutil.rmtree(tally, ignore_errors=True)
    if there:
        tally.mkdir()
    FAILLOCK.write_text("even_deny_root\nnodelay\n" + (f"dir = {directory}\ndeny = 3\n" if directory != "/run/faillock" else ""), encoding="utf-8")
    names = ["one", "two", "three", "four"]
    for name in names:
        (PAM / name).write_text(COUNTED, encoding="utf-8")
    try:
        for words in (["--services", *names], ["--undo"]):
            assert run("setup", *words, "--yes").returncode == 0
            assert list(tally.iterdir()) == [] if there else not tally.exists()
            assert pamtester("one", "root", "authenticate", stdin=f"{ROOT_PASSWORD}\n").returncode == 0
            shutil.rmtree(tally, ignore_errors=True)  # pam_faillock itself makes it at a login
            if there:
                tally.mkdir()
        # And it would have: three of them lock root out.
        for _ in range(3):
            assert pamtester("one", "root", "authenticate", stdin="wrong\n").returncode != 0
        assert pamtester("one", "root", "authenticate", stdin=f"{ROOT_PASSWORD}\n").returncode != 0
    finally:
        shutil.rmtree(tally, ignore_errors=True)
        FAILLOCK.unlink()
        if kept is not None:
            FAILLOCK.write_bytes(kept)


def test_what_a_module_starts_or_writes_in_the_trial_is_gone_with_it(fresh):
    """Files of every kind of directory, and a process that would go on."""
    script = Path("/root/leave-a-trace")
    places = ["/run/trace", "/tmp/trace", "/var/tmp/trace", "/dev/shm/trace", "/etc/trace", "/var/lib/trace", "/root/trace"]
    script.write_text("#!/bin/sh\nfor place in " + " ".join(places) + "; do echo > $place; done 2>/dev/null\nsleep 54321 &\n", encoding="utf-8")
    script.chmod(0o755)
    (PAM / "shell").write_text(f"account optional pam_exec.so {script}\n" + SERVICE, encoding="utf-8")
    assert run("setup", "--services", "shell", "--yes").returncode == 0
    assert [place for place in places if Path(place).exists()] == []
    arguments = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert b"sleep\x0054321\x00" not in arguments
    assert pamtester("shell", "root", "acct_mgmt").returncode == 0
    assert all(Path(place).exists() for place in places), "the script does leave them outside of a trial"
    for place in places:
        Path(place).unlink()


def test_the_trial_hears_sqlmapd_but_not_nscd_which_would_answer_by_the_old_files(fresh):
    socket = Path("/run/nscd/socket")
    socket.parent.mkdir()
    socket.touch()
    (PAM / "shell").write_text("account required pam_exec.so /usr/bin/test -S /run/sqlmapd/socket -a ! -e /var/run/nscd/socket\n" + SERVICE,
                               encoding="utf-8")
    assert pamtester("shell", "root", "acct_mgmt").returncode != 0
    trials = {trial["what"]: trial["after"] for trial in ask("setup", "--services", "shell", "--yes")["trials"]}
    assert trials["pam.d/shell: the account of root"] == "success"
    shutil.rmtree(socket.parent)


def test_without_mounts_of_its_own_nothing_is_tried_and_nothing_changed(fresh):
    for words in (["--services", "shell"], []):
        result = subprocess.run(["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin", "sqlmapctl", "setup", *words, "--yes"],
                                capture_output=True, text=True, timeout=60)
        assert result.returncode in (1, 3), result
        assert "Operation not permitted" in result.stderr
        assert system() == fresh


def link(path, to):
    path.unlink()
    path.symlink_to(to)


def make_link():
    shutil.copy(PAM / "shell", "/root/shell")
    link(PAM / "shell", "/root/shell")


NOT_ROOTS = " is not a plain file or directory that belongs to root and that nobody else can write to"


@pytest.mark.parametrize("harm, services, status, error", [
    (make_link, ["shell"], 3,
     "/etc/pam.d/shell: is a link, and setup changes no file through a link; edit what it leads to by hand"),
    (lambda: os.chown(PAM / "shell", 65534, -1), ["shell"], 3, "/etc/pam.d/shell: /etc/pam.d/shell" + NOT_ROOTS),
    (lambda: (PAM / "shell").chmod(0o664), ["shell"], 3, "/etc/pam.d/shell: /etc/pam.d/shell" + NOT_ROOTS),
    (lambda: NSSWITCH.chmod(0o666), ["shell"], 3, "/etc/nsswitch.conf: /etc/nsswitch.conf" + NOT_ROOTS),
    (lambda: (PAM / "shell").write_text("auth required pam_unix.so\n"), ["shell"], 3,
     '/etc/pam.d/shell: there is no line "@include common-..." to stand in front of'),
    (lambda: (PAM / "shell").write_text("auth [success=3 default=ignore] pam_unix.so\n" + SERVICE), ["shell"], 3,
     '/etc/pam.d/shell: line 1, "auth [success=3 default=ignore] pam_unix.so", skips modules behind the place of sqlmap\'s, and would land '
     'elsewhere; put the line "@include common-sqlmap" in by hand, and add the number of its modules of that type to the jump'),
    (lambda: (PAM / "shell").write_text("auth [success=3 default=ignore] pam_unix.so\n" + SERVICE), [], 3,
     '/etc/pam.d/shell: line 1, "auth [success=3 default=ignore] pam_unix.so", skips modules behind the place of sqlmap\'s, '
     'and would land elsewhere; write it without a number, or name the services instead: sqlmapctl setup --services sshd'),
    (lambda: NSSWITCH.write_text("passwd: files [!UNAVAIL=return] systemd\n"), ["shell"], 3,
     '/etc/nsswitch.conf: passwd: nothing behind "files [!unavail=return]" is ever asked for a name that is not there; take the return away'),
    (lambda: NSSWITCH.write_text("passwd: files [SUCCESS=continue] systemd\n"), ["shell"], 3,
     '/etc/nsswitch.conf: passwd: whoever "files [success=continue]" finds is asked of those behind it, too, and unknown if they do not know him; '
     'take the action away'),
    (lambda: NSSWITCH.write_text("passwd: systemd\n"), ["shell"], 3,
     "/etc/nsswitch.conf: passwd: names neither files nor compat: local accounts must come first"),
    (NSSWITCH.unlink, ["shell"], 3, "/etc/nsswitch.conf: No such file or directory"),
    ((PAM / "common-sqlmap").unlink, ["shell"], 3, "/etc/pam.d/common-sqlmap: No such file or directory"),
    (lambda: None, ["nobodys"], 2, "/etc/pam.d/nobodys: there is no such service"),
    (lambda: None, ["../shadow"], 2, '"../shadow" is not the name of a service'),
    (lambda: None, ["common-auth"], 2,
     "common-auth is not a service, but a part of many: sqlmapctl setup, without --services, is for all of them"),
])
def test_a_file_that_is_not_plainly_roots_or_has_no_place_for_sqlmap_is_left_alone(harm, services, status, error):
    harm()
    before = {path: path.read_bytes() for path in PAM.iterdir()}
    result = run("setup", *(["--services", *services] if services else []), "--yes")
    assert (result.returncode, result.stdout, result.stderr) == (status, "", f"sqlmapctl: {error}\n")
    assert {path: path.read_bytes() for path in PAM.iterdir()} == before


def test_common_files_that_somebody_has_edited_are_not_overwritten(fresh):
    path = PAM / "common-auth"
    path.write_text(path.read_text(encoding="utf-8").replace("# end of pam-auth-update config", "auth optional pam_echo.so mine\n# end of pam-auth-update config"),
                    encoding="utf-8")
    before = system()
    result = run("setup", "--yes")
    assert result.returncode == 3 and result.stdout == ""
    assert result.stderr.startswith("sqlmapctl: /usr/sbin/pam-auth-update: it did not do it: ")
    assert "Local modifications to /etc/pam.d/common-*" in result.stderr
    assert system() == before


def test_only_root_may(fresh):
    for words in (["--services", "shell", "--yes"], ["--undo", "--yes"]):
        result = run("setup", *words, uid=65534)
        assert (result.returncode, result.stdout, result.stderr) == (3, "", "sqlmapctl: only root may change nsswitch.conf and pam.d\n")
    assert system() == fresh


def test_undo_takes_no_more_than_its_own_words_out_of_files_that_were_changed_since(fresh):
    assert run("setup", "--services", "shell", "su", "--yes").returncode == 0
    NSSWITCH.write_text(NSSWITCH.read_text(encoding="utf-8").replace("hosts:          files dns", "hosts: files mdns dns"), encoding="utf-8")
    (PAM / "shell").write_text((PAM / "shell").read_text(encoding="utf-8") + "session optional pam_umask.so\n", encoding="utf-8")
    (PAM / "su").unlink()
    result = run("setup", "--undo", "--yes")
    assert (result.returncode, result.stderr) == (0, """\
/etc/nsswitch.conf was changed since: only sqlmap's own words are taken out of it.
/etc/pam.d/shell was changed since: only sqlmap's own words are taken out of it.
/etc/pam.d/su is gone: there is nothing to undo in it.
""")
    assert NSSWITCH.read_text(encoding="utf-8") == DEBIAN.replace("hosts:          files dns", "hosts: files mdns dns")
    assert (PAM / "shell").read_text(encoding="utf-8") == SERVICE + "session optional pam_umask.so\n"
    assert not (PAM / "su").exists()


def test_undo_leaves_what_pam_auth_update_has_done_for_others_since(fresh):
    assert run("setup", "--yes").returncode == 0
    pam_auth_update("--enable", "mkhomedir")
    result = run("setup", "--undo", "--yes")
    assert (result.returncode, result.stderr) == (0, "/etc/pam.d/common-session was changed since: pam-auth-update takes sqlmap out.\n")
    session = (PAM / "common-session").read_text(encoding="utf-8")
    assert "pam_mkhomedir.so" in session and "sqlmap" not in session
    assert NSSWITCH.read_text(encoding="utf-8") == DEBIAN
    assert_locals_only()


def test_undo_after_two_setups_with_a_change_in_between_leaves_no_sqlmap(fresh):
    assert run("setup", "--services", "shell", "--yes").returncode == 0
    mixed = NSSWITCH.read_text(encoding="utf-8").replace("passwd:         files sqlmap systemd", "passwd:         files")
    NSSWITCH.write_text(mixed, encoding="utf-8")
    assert run("setup", "--services", "shell", "--yes").returncode == 0
    result = run("setup", "--undo", "--yes")
    assert (result.returncode, result.stderr) == (0, "/etc/nsswitch.conf was changed since: only sqlmap's own words are taken out of it.\n")
    assert NSSWITCH.read_text(encoding="utf-8") == DEBIAN.replace("passwd:         files systemd", "passwd:         files")
    assert result.stdout.endswith("\n\n/etc/nsswitch.conf is without sqlmap again.\n/etc/pam.d/shell is without sqlmap again.\n")
    assert list(COPIES.iterdir()) == []


def test_undo_does_not_say_that_sqlmap_is_gone_where_somebody_else_has_put_it(fresh):
    by_hand = DEBIAN.replace("passwd:         files systemd", "passwd:         files sqlmap")
    NSSWITCH.write_text(by_hand, encoding="utf-8")
    assert run("setup", "--services", "shell", "--yes").returncode == 0
    result = run("setup", "--undo", "--yes")
    assert (result.returncode, NSSWITCH.read_text(encoding="utf-8")) == (0, by_hand)
    assert result.stdout.endswith("\n\n/etc/nsswitch.conf still names sqlmap, though not by setup.\n/etc/pam.d/shell is without sqlmap again.\n")


def test_a_line_of_somebodys_in_common_auth_keeps_undo_from_the_common_files_alone(fresh):
    assert run("setup", "--yes").returncode == 0
    path = PAM / "common-auth"
    end = "# end of pam-auth-update config"
    path.write_text(path.read_text(encoding="utf-8").replace(end, "auth optional pam_echo.so mine\n" + end), encoding="utf-8")
    before = system()
    result = run("setup", "--undo", "--yes")
    assert result.returncode == 1 and "pam-auth-update --force --disable sqlmap sqlmap-password" in result.stderr
    assert NSSWITCH.read_text(encoding="utf-8") == DEBIAN
    assert {name for name, seen in system().items() if before[name] != seen} == {"/etc/nsswitch.conf"}
    # What it says to do, and once more.
    pam_auth_update("--force", "--disable", "sqlmap", "sqlmap-password")
    assert "pam_sqlmap" not in path.read_text(encoding="utf-8")
    assert run("setup", "--undo", "--yes").returncode == 0
    assert list(COPIES.iterdir()) == []
    assert_locals_only()


def test_undo_that_keeps_root_out_says_so_and_is_done_on_a_yes_alone(fresh):
    (PAM / "shell").write_text("account required pam_deny.so\n" + SERVICE, encoding="utf-8")
    assert run("setup", "--services", "shell", "--yes").returncode == 0
    (PAM / "shell").write_text((PAM / "shell").read_text(encoding="utf-8").replace("account required pam_deny.so\n", ""), encoding="utf-8")
    before = (PAM / "shell").read_text(encoding="utf-8")
    (COPIES / "etc_pam.d_shell.1.after").write_text(before, encoding="utf-8")
    refused = run("setup", "--undo")
    mind = "Mind: with the files that undo leaves, pam.d/shell: the account of root: authentication failure; now: success\n"
    assert (refused.returncode, refused.stderr) == (
        2, mind + "sqlmapctl: nothing was changed: there is no terminal to ask on; --yes does it unasked\n")
    assert (PAM / "shell").read_text(encoding="utf-8") == before
    done = run("setup", "--undo", "--yes")
    assert (done.returncode, done.stderr) == (0, mind)
    assert (PAM / "shell").read_text(encoding="utf-8") == "account required pam_deny.so\n" + SERVICE


def test_owner_mode_and_attributes_of_a_replaced_file_stay(fresh):
    (PAM / "shell").chmod(0o640)
    os.chown(PAM / "shell", 0, 5)
    subprocess.run(["setcap", "cap_net_raw=ep", PAM / "shell"], check=True)
    attributes = {name: os.getxattr(PAM / "shell", name) for name in os.listxattr(PAM / "shell")}
    assert "security.capability" in attributes
    assert run("setup", "--services", "shell", "--yes").returncode == 0
    assert OURS in (PAM / "shell").read_text(encoding="utf-8")
    status = (PAM / "shell").stat()
    assert (status.st_mode & 0o7777, status.st_uid, status.st_gid) == (0o640, 0, 5)
    assert {name: os.getxattr(PAM / "shell", name) for name in os.listxattr(PAM / "shell")} == attributes


class SshdForAll(Sshd):
    """As an administrator has it who asks PAM for passwords; keys lie where no home is needed."""

    files = {}

    def __init__(self, directory):
        super().__init__(directory, {})
        self.key = Path(directory) / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key], check=True)
        authorized = Path("/etc/ssh/authorized_keys")
        shutil.copyfile(self.key.with_suffix(".pub"), authorized)
        authorized.chmod(0o644)
        options = {"UsePAM": "yes", "PasswordAuthentication": "yes", "KbdInteractiveAuthentication": "no", "PermitRootLogin": "yes",
                   "AuthorizedKeysFile": authorized, "PidFile": "none", "LogLevel": "VERBOSE"}
        self.command = ["/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", *(word for name, value in options.items() for word in ("-o", f"{name}={value}"))]

    def lets_in(self, name, password=None):
        """With this password, or with the key. It raises if the answer is neither yes nor no."""
        how = (["-o", "BatchMode=yes", "-i", self.key] if password is None
               else ["-o", "PreferredAuthentications=password", "-o", "PubkeyAuthentication=no", "-o", "NumberOfPasswordPrompts=1"])
        result = subprocess.run([*(["sshpass", "-e"] if password is not None else []), "ssh", *how, "-o", "IdentitiesOnly=yes",
                                 "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", f"{name}@{ADDRESS}", "id", "-un"],
                                env={**os.environ, "SSHPASS": password or ""}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        if result.returncode == 0:
            assert result.stdout == f"{name}\n", result
            return True
        assert "Permission denied" in result.stderr or "Connection closed by" in result.stderr, (result, self.messages())
        return False


@pytest.mark.parametrize("services", [["--services", "sshd"], []], ids=["sshd alone", "pam-auth-update"])
def test_sshd_lets_accounts_of_the_database_in_until_undo_and_local_ones_and_root_always(fresh, tmp_path, services):
    good = [("root", ROOT_PASSWORD), (LOCAL, LOCAL_PASSWORD), ("alice", PASSWORD), ("root", None), (LOCAL, None), ("alice", None)]
    # carol's password is right, but she is switched off; dave has left, which keeps his key out, too.
    bad = [("root", PASSWORD), (LOCAL, PASSWORD), ("alice", "wrong"), ("carol", PASSWORD), ("dave", None)]
    locals_only = [(name, password) for name, password in good if name != "alice"]
    with SshdForAll(tmp_path) as sshd:
        def let_in(tries):
            return [(name, password) for name, password in tries if sshd.lets_in(name, password)]

        assert let_in(good) == locals_only
        assert run("setup", *services, "--yes").returncode == 0
        assert let_in(good + bad) == good
        assert run("setup", "--undo", "--yes").returncode == 0
        assert system() == fresh
        assert let_in(good) == locals_only


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
@pytest.mark.parametrize("services", [["--services", "shell", "su"], []], ids=["services", "pam-auth-update"])
def test_whatever_the_callers_umask_everybody_can_read_what_everybody_could(fresh, services, umask):
    """And nobody but root the copies, which may be of files that nobody else may read."""
    kept = COPIES.parent.rename("/var/lib/sqlmapd.away")
    try:
        assert run("setup", *services, "--yes", umask=umask).returncode == 0
        assert COPIES.parent.stat().st_mode & 0o7777 == 0o755
        assert {path.name: oct(path.stat().st_mode & 0o7777) for path in (COPIES, *COPIES.iterdir())} == {
            COPIES.name: "0o700", **{path.name: "0o600" for path in COPIES.iterdir()}}
        owners_and_modes = {path: seen[1:] for path, seen in system().items()}
        assert owners_and_modes == {path: seen[1:] for path, seen in fresh.items()}
        assert who("alice") and run("setup", "--undo", "--yes", umask=umask).returncode == 0
        assert system() == fresh
    finally:
        shutil.rmtree(COPIES.parent)
        kept.rename(COPIES.parent)


ABOVE = "# here are the per-package modules"
ELSEWHERE = ", skips modules behind the place of sqlmap's, and would land elsewhere"
INSTEAD = "; write it without a number, or name the services instead: sqlmapctl setup --services sshd"


@pytest.mark.parametrize("kind, line, lets_in", [
    ("auth", "auth [success=ignore default=1] pam_succeed_if.so quiet uid = 0", False),
    ("account", "account [success=ignore default=2] pam_succeed_if.so quiet uid = 0", True),
])
def test_a_jump_in_a_common_file_does_not_come_to_let_people_in_whom_it_kept_out(fresh, kind, line, lets_in):
    """A line of the administrator's above pam-auth-update's own: it counts on those behind it."""
    path = PAM / f"common-{kind}"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(ABOVE, f"{line}\n{ABOVE}"), encoding="utf-8")
    assert (pamtester("shell", LOCAL, "authenticate", stdin=f"{LOCAL_PASSWORD}\n").returncode == 0) == lets_in
    before = system()
    result = run("setup", "--yes")
    number = text[:text.index(ABOVE)].count("\n") + 1
    assert (result.returncode, result.stdout, result.stderr) == (
        3, "", f'sqlmapctl: {path}: line {number}, "{line}"{ELSEWHERE}{INSTEAD}\n')
    assert system() == before and list(COPIES.iterdir()) == []


@pytest.mark.parametrize("include", ["@include company-auth", "auth Include common-auth", "@Include /etc/pam.d/common-auth", "@include linked"])
def test_a_stack_is_seen_to_change_however_it_includes_what_changes(fresh, include):
    (PAM / "company-auth").write_text("@include common-auth\n", encoding="utf-8")
    (PAM / "linked").symlink_to("common-auth")
    tool, jump = PAM / "tool", "auth [success=4 default=ignore] pam_succeed_if.so quiet uid = 54321"
    tool.write_text(f"{jump}\n{include}\n@include common-account\n", encoding="utf-8")
    before = {path: path.read_bytes() for path in PAM.iterdir()}
    result = run("setup", "--yes")
    assert (result.returncode, result.stderr) == (3, f'sqlmapctl: {tool}: line 1, "{jump}"{ELSEWHERE}{INSTEAD}\n')
    assert {path: path.read_bytes() for path in PAM.iterdir()} == before
    tool.write_text(f"{include}\n@include common-account\n", encoding="utf-8")
    trials = {trial["what"] for trial in ask("setup", "--yes")["trials"]}
    assert {f"pam.d/tool: {what}" for what in ("the account of root", "the right password of root's", "a wrong password of root's")} <= trials


def test_undo_says_which_jump_would_land_elsewhere_without_sqlmaps_lines(fresh):
    path, jump = PAM / "shell", "auth [success=4 default=ignore] pam_succeed_if.so quiet uid = 54321"
    assert run("setup", "--services", "shell", "--yes").returncode == 0
    path.write_text(f"{jump}\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    result = run("setup", "--undo", "--yes")
    assert (result.returncode, result.stderr) == (0, f"""\
{path} was changed since: only sqlmap's own words are taken out of it.
Mind: {path}: line 1, "{jump}"{ELSEWHERE}.
""")
    assert path.read_text(encoding="utf-8") == f"{jump}\n" + SERVICE


@pytest.mark.parametrize("line, error", [
    ("auth sufficient pam_succeed_if.so quiet user = {}", "pam.d/shell: a wrong password of {}'s: success; before: authentication failure"),
    ("account required pam_succeed_if.so quiet user != {}", "pam.d/shell: the account of {}: authentication failure; before: success"),
    ("auth requisite pam_succeed_if.so quiet user != {}", "pam.d/shell: the right password of {}'s: authentication failure; before: success"),
])
def test_files_with_which_a_local_user_would_fare_otherwise_replace_none(fresh, line, error):
    name = first_person().pw_name
    common_sqlmap(line.format(name) + "\n")
    before = system()
    result = run("setup", "--services", "shell", "--yes")
    assert (result.returncode, result.stderr) == (1, f"sqlmapctl: nothing was changed: with the new files, {error.format(name)}\n")
    assert system() == before and list(COPIES.iterdir()) == []


def test_no_service_comes_to_ask_sqlmap_twice(fresh):
    assert run("setup", "--services", "shell", "--yes").returncode == 0
    before = system()
    result = run("setup", "--yes")
    assert (result.returncode, result.stdout, result.stderr) == (
        3, "", "sqlmapctl: /etc/pam.d/shell: account asks sqlmap already, and would ask it twice; take that out first, with sqlmapctl setup "
               "--undo if setup has put it there\n")
    assert system() == before
    # What it says to do.
    assert run("setup", "--undo", "--yes").returncode == 0
    assert run("setup", "--yes").returncode == 0


def test_no_service_comes_to_ask_sqlmap_twice_that_has_not_asked_before(fresh):
    (PAM / "outer").write_text("@include common-session\n@include shell\n", encoding="utf-8")
    before = {path: path.read_bytes() for path in PAM.iterdir()}
    result = run("setup", "--services", "shell", "outer", "--yes")
    assert (result.returncode, result.stdout) == (3, "") and result.stderr.startswith("sqlmapctl: /etc/pam.d/outer: account asks sqlmap already")
    assert {path: path.read_bytes() for path in PAM.iterdir()} == before


@pytest.mark.parametrize("first", [[], ["--services", "shell"]], ids=["by pam-auth-update", "by setup"])
def test_a_service_that_asks_sqlmap_already_is_taken_as_done_and_nsswitch_is_set_up(fresh, first):
    assert run("setup", *first, "--yes").returncode == 0
    NSSWITCH.write_text(DEBIAN, encoding="utf-8")
    before = {path: path.read_bytes() for path in PAM.iterdir()}
    value = ask("setup", "--services", "shell", "--yes")
    assert [change["path"] for change in value["changes"]] == [str(NSSWITCH)] and value["done"]
    assert {path: path.read_bytes() for path in PAM.iterdir()} == before


def test_a_service_that_asks_sqlmap_in_vain_is_not_taken_as_done(fresh):
    """libpam refuses whom sqlmap has accepted."""
    text = "auth substack common-sqlmap\nauth substack common-auth\n@include common-account\n"
    (PAM / "shell").write_text(text, encoding="utf-8")
    result = run("setup", "--services", "shell", "--yes")
    assert (result.returncode, result.stdout, result.stderr) == (
        3, "", "sqlmapctl: /etc/pam.d/shell with sqlmap: in auth, pam_deny.so behind pam_sqlmap refuses whom pam_sqlmap accepts; let \"@include "
               "common-sqlmap\" stand in front of that, in place of lines with pam_sqlmap.so\n")
    assert (PAM / "shell").read_text(encoding="utf-8") == text and NSSWITCH.read_text(encoding="utf-8") == DEBIAN


def test_passwd_which_has_no_account_lines_keeps_those_of_the_service_other(fresh):
    text = (PAM / "passwd").read_text(encoding="utf-8")
    assert pamtester("passwd", "root", "acct_mgmt").returncode == 0
    result = run("setup", "--services", "passwd", "--yes")
    assert (result.returncode, result.stderr) == (0, "")
    assert (PAM / "passwd").read_text(encoding="utf-8") == text.replace("@include", "password include common-sqlmap\n@include", 1)
    assert pamtester("passwd", "root", "acct_mgmt").returncode == 0
    said = [f for f in json.loads(run("check", "--json").stdout)["findings"] if f["subject"] == "passwd" and f["area"] == "pam"]
    assert [(f["level"], f["what"]) for f in said] == [("ok", "asks sqlmap in password")]
    # Changed since: sqlmap's own words are taken out.
    with (PAM / "passwd").open("a", encoding="utf-8") as file:
        file.write("# mine\n")
    assert run("setup", "--undo", "--yes").returncode == 0
    assert (PAM / "passwd").read_text(encoding="utf-8") == text + "# mine\n"


@pytest.fixture(name="vendors")
def fixture_vendors():
    """A service that is in the vendor's directory alone, as polkit-1 is."""
    path = Path("/usr/lib/pam.d/vendor")
    path.parent.mkdir(exist_ok=True)
    yield path
    path.unlink()


def test_a_jump_in_a_service_that_the_vendor_brings_does_not_come_to_open_it(fresh, vendors):
    line = f"auth [success=1 default=ignore] pam_succeed_if.so quiet user = {LOCAL}"
    vendors.write_text(f"{line}\n@include common-auth\nauth optional pam_permit.so\naccount required pam_permit.so\n", encoding="utf-8")
    assert pamtester("vendor", LOCAL, "authenticate", stdin=f"{LOCAL_PASSWORD}\n").returncode != 0
    result = run("setup", "--yes")
    assert (result.returncode, result.stdout, result.stderr) == (3, "", f'sqlmapctl: {vendors}: line 1, "{line}"{ELSEWHERE}{INSTEAD}\n')
    assert system() == fresh


def test_a_service_that_the_vendor_brings_is_tried(fresh, vendors):
    vendors.write_text(SERVICE, encoding="utf-8")
    trials = {trial["what"] for trial in ask("setup", "--yes")["trials"]}
    assert {f"pam.d/vendor: {what}" for what in ("the account of root", "the right password of root's", "a wrong password of root's")} <= trials


def test_a_common_file_that_has_become_a_link_keeps_undo_from_all_of_them(fresh, tmp_path):
    """Without common-account's line and with common-auth's, accounts that are switched off would get in."""
    assert run("setup", "--yes").returncode == 0
    path = PAM / "common-auth"
    kept = path.read_bytes()
    (tmp_path / "auth").write_bytes(kept)
    link(path, tmp_path / "auth")
    before = system()
    result = run("setup", "--undo", "--yes")
    assert result.returncode == 1
    assert result.stderr.startswith(f"{path}: is a link, and setup changes no file through a link; edit what it leads to by hand\n"
                                    "sqlmap stays in /etc/pam.d/common-*. Take its lines out by hand, or "), result
    assert {name for name, seen in system().items() if before[name] != seen} == {str(NSSWITCH)}
    path.unlink()
    path.write_bytes(kept)
    assert run("setup", "--undo", "--yes").returncode == 0
    assert system() == fresh


@pytest.mark.parametrize("words", [["--services", "shell"], []], ids=["services", "pam-auth-update"])
def test_a_file_of_pam_d_that_is_too_large_to_be_looked_at_is_not_passed_over(fresh, words):
    """It may include what changes, and libpam reads it."""
    large = PAM / "large"
    large.write_text("#" * (1 << 20) + "\nauth [success=4 default=ignore] pam_permit.so\n@include common-auth\n", encoding="utf-8")
    before = {path: path.read_bytes() for path in PAM.iterdir()}
    result = run("setup", *words, "--yes")
    assert (result.returncode, result.stdout, result.stderr) == (
        3, "", f"sqlmapctl: {large}: it is larger than 1 MiB; what it includes is not known: move it out of there\n")
    assert {path: path.read_bytes() for path in PAM.iterdir()} == before and NSSWITCH.read_text(encoding="utf-8") == DEBIAN


@pytest.mark.parametrize("words", [["--services", "shell"], []], ids=["services", "pam-auth-update"])
def test_what_is_no_file_in_pam_d_is_nothing_to_setup(fresh, words):
    os.mkfifo(PAM / "pipe")
    (PAM / "loop").symlink_to("loop")
    for arguments in (words, ["--undo"]):
        result = run("setup", *arguments, "--yes")
        assert (result.returncode, result.stderr) == (0, "")
    (PAM / "pipe").unlink()
    (PAM / "loop").unlink()
    assert system() == fresh


@pytest.mark.parametrize("place", ["/dev/log", "/run/systemd/journal/dev-log"])
def test_the_system_log_does_not_tell_of_logins_that_nobody_tried(fresh, place):
    Path(place).parent.mkdir(parents=True, exist_ok=True)
    if place != "/dev/log":
        Path("/dev/log").symlink_to(place)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(place)
        log.setblocking(False)
        try:
            for arguments in (["--services", "shell"], ["--undo"]):
                assert run("setup", *arguments, "--yes").returncode == 0
            with pytest.raises(BlockingIOError):
                log.recv(65536)
            # And it would have.
            assert pamtester("shell", "root", "authenticate", stdin="wrong\n").returncode != 0
            assert b"authentication failure" in log.recv(65536)
        finally:
            Path(place).unlink()
            Path("/dev/log").unlink(missing_ok=True)
