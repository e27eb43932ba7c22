"""sqlmapctl setup: nsswitch.conf and pam.d with sqlmap in them and without it, and root at home in both."""

import os
import pty
import pwd
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from ctl import PASSWORD, ask, run

NSSWITCH = Path("/etc/nsswitch.conf")
PAM = Path("/etc/pam.d")
STATE = Path("/var/lib/pam")
COPIES = Path("/var/lib/sqlmapd/setup")
MODULES = Path("/usr/lib/x86_64-linux-gnu")
ROOT_PASSWORD, LOCAL_PASSWORD = "root of this box", "a person of this box"
LOCAL = "lena"
OURS = "@include common-sqlmap"

DEBIAN = """\
# /etc/nsswitch.conf
#
# Example configuration of GNU Name Service Switch functionality.

passwd:         files systemd
group:          files systemd
shadow:         files systemd
gshadow:        files systemd

hosts:          files dns
"""

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
SERVICE = "# a service as Debian writes them\n@include common-auth\n@include common-account\n@include common-session\n"


def system():
    """All that setup may touch: text, owner and mode of each file, and no file more or less."""
    files = [NSSWITCH, *PAM.iterdir(), *STATE.iterdir(), *Path("/etc").glob(".*sqlmap*")]
    return {str(path): (path.read_bytes(), path.stat().st_uid, path.stat().st_gid, path.stat().st_mode) for path in sorted(files)}


@pytest.fixture(scope="session", autouse=True)
def people():
    subprocess.run(["useradd", "--create-home", "--shell", "/bin/bash", LOCAL], check=True)
    subprocess.run(["chpasswd"], input=f"root:{ROOT_PASSWORD}\n{LOCAL}:{LOCAL_PASSWORD}\n", text=True, check=True)


@pytest.fixture(autouse=True)
def fresh(tmp_path):
    """A host as Debian leaves it, and what setup keeps is empty."""
    NSSWITCH.unlink(missing_ok=True)
    NSSWITCH.write_text(DEBIAN, encoding="utf-8")
    NSSWITCH.chmod(0o644)
    (PAM / "shell").write_text(SERVICE, encoding="utf-8")
    shutil.rmtree(COPIES, ignore_errors=True)
    for directory in (PAM, STATE):
        shutil.copytree(directory, tmp_path / directory.name)
    modules = {path: path.read_bytes() for path in (MODULES / "security/pam_sqlmap.so", MODULES / "libnss_sqlmap.so.2")}
    before = system()
    yield before
    for directory in (PAM, STATE):
        for path in directory.iterdir():
            path.unlink()
        shutil.copytree(tmp_path / directory.name, directory, dirs_exist_ok=True)
    for path, content in modules.items():
        if not path.exists():
            path.write_bytes(content)


def read_until(terminal, words=None):
    """What is shown until then, or until whoever wrote it is gone."""
    shown = b""
    while words is None or words not in shown:
        try:
            shown += os.read(terminal, 65536)
        except OSError:
            break
    return shown


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


def who(name):
    return subprocess.run(["getent", "passwd", name], capture_output=True, text=True).stdout


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
Tried with the new files, in a process of its own: N answers about root are as before.

/etc/nsswitch.conf  before: /var/lib/sqlmapd/setup/etc_nsswitch.conf.before
/etc/pam.d/shell    before: /var/lib/sqlmapd/setup/etc_pam.d_shell.before
/etc/pam.d/su       before: /var/lib/sqlmapd/setup/etc_pam.d_su.before
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
    subprocess.run(["pam-auth-update", "--package"], check=True, env={"DEBIAN_FRONTEND": "noninteractive", "PATH": os.environ["PATH"]})
    assert system() == changed
    assert run("setup", "--yes").stdout == "There is nothing to do: all of it is there.\n"
    assert run("setup", "--undo", "--yes").returncode == 0
    assert system() == fresh
    assert_locals_only()


def pamtester(service, name, *operations, stdin=""):
    return subprocess.run(["pamtester", service, name, *operations], input=stdin, capture_output=True, text=True, timeout=60)


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
    local = (line.split(":") for line in Path("/etc/passwd").read_text(encoding="utf-8").splitlines())
    person = pwd.getpwnam(next(name for name, _, uid, *_ in local if 1000 <= int(uid) < 60000))
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
    }
    undone = ask("setup", "--undo", "--yes")
    assert (list(undone), undone["remarks"], undone["done"]) == (["changes", "remarks", "done"], [], True)
    assert system() == fresh


def common_sqlmap(line):
    path = PAM / "common-sqlmap"
    path.write_text(line + path.read_text(encoding="utf-8"), encoding="utf-8")


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
auth sufficient pam_unix.so
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
    FAILLOCK.write_text(f"dir = {directory}\neven_deny_root\ndeny = 3\n" if directory != "/run/faillock" else "even_deny_root\n", encoding="utf-8")
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
     '/etc/pam.d/shell: line 1, "auth [success=3 default=ignore] pam_unix.so", skips modules of the common-* files that get more of them, '
     'and would land elsewhere; write it without a number, or name the services instead: sqlmapctl setup --services sshd'),
    (lambda: NSSWITCH.write_text("passwd: files [!UNAVAIL=return] systemd\n"), ["shell"], 3,
     '/etc/nsswitch.conf: passwd: nothing behind "files [!unavail=return]" is ever asked for a name that is not there; take the return away'),
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
    subprocess.run(["pam-auth-update", "--enable", "mkhomedir"], check=True, env={"DEBIAN_FRONTEND": "noninteractive", "PATH": os.environ["PATH"]})
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
    assert result.stdout.endswith("\n\n/etc/pam.d/shell is without sqlmap again.\n/etc/nsswitch.conf is without sqlmap again.\n")
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
    subprocess.run(["pam-auth-update", "--force", "--disable", "sqlmap", "sqlmap-password"], check=True,
                   env={"DEBIAN_FRONTEND": "noninteractive", "PATH": os.environ["PATH"]})
    assert "pam_sqlmap" not in path.read_text(encoding="utf-8")
    assert run("setup", "--undo", "--yes").returncode == 0
    assert list(COPIES.iterdir()) == []
    assert_locals_only()


def test_undo_that_keeps_root_out_says_so_and_is_done_on_a_yes_alone(fresh):
    (PAM / "shell").write_text("account required pam_deny.so\n" + SERVICE, encoding="utf-8")
    assert run("setup", "--services", "shell", "--yes").returncode == 0
    (PAM / "shell").write_text((PAM / "shell").read_text(encoding="utf-8").replace("account required pam_deny.so\n", ""), encoding="utf-8")
    before = (PAM / "shell").read_text(encoding="utf-8")
    (COPIES / "etc_pam.d_shell.after").write_text(before, encoding="utf-8")
    refused = run("setup", "--undo")
    mind = "Mind: with the files that undo leaves, pam.d/shell: the account of root: authentication failure; now: success\n"
    assert (refused.returncode, refused.stderr) == (
        2, mind + "sqlmapctl: nothing was changed: there is no terminal to ask on; --yes does it unasked\n")
    assert (PAM / "shell").read_text(encoding="utf-8") == before
    done = run("setup", "--undo", "--yes")
    assert (done.returncode, done.stderr) == (0, mind)
    assert (PAM / "shell").read_text(encoding="utf-8") == "account required pam_deny.so\n" + SERVICE


@pytest.mark.parametrize("signal", ["SIGINT", "SIGHUP", "SIGTERM"])
def test_a_signal_between_two_files_changes_all_of_them_or_none(fresh, signal):
    for number in range(6, 12):
        result = subprocess.run(["strace", "-o", "/dev/null", "-e", "trace=rename", "-e", f"inject=rename:signal={signal}:when={number}",
                                 "sqlmapctl", "setup", "--services", "shell", "su", "--yes"], capture_output=True, timeout=60)
        assert result.returncode != 0, f"it was not sent: {result}"
        changed = {path for path, seen in system().items() if fresh[path] != seen}
        assert changed in (set(), {"/etc/nsswitch.conf", "/etc/pam.d/shell", "/etc/pam.d/su"})
        assert run("setup", "--undo", "--yes").returncode == 0
        assert system() == fresh


def killed_at(call, number, *words):
    """sqlmapctl, which is killed as it makes that system call for the numberth time. False: it came to its end before."""
    result = subprocess.run(["strace", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={number}",
                             "sqlmapctl", *words], capture_output=True, timeout=60)
    assert result.returncode in (0, -9, 137), result
    return result.returncode != 0


@pytest.mark.parametrize("undoing", [False, True], ids=["doing", "undoing"])
@pytest.mark.parametrize("services, calls, every", [(["--services", "shell", "su"], ["rename", "unlink"], 1), ([], ["rename"], 4)],
                         ids=["services", "pam-auth-update"])
def test_wherever_the_power_fails_root_gets_in_and_one_more_command_heals_it(fresh, services, calls, every, undoing):
    assert run("setup", *services, "--yes").returncode == 0
    complete = system()
    assert run("setup", "--undo", "--yes").returncode == 0
    for call in calls:
        killed, number = True, 1
        while killed:
            if undoing:
                assert run("setup", *services, "--yes").returncode == 0
            killed = killed_at(call, number, "setup", *(["--undo"] if undoing else services), "--yes")
            texts = {path: seen[0] for path, seen in system().items()}
            assert all(texts[path] in (seen[0], complete[path][0]) for path, seen in fresh.items()), "a file is half written"
            assert who("root").startswith("root:x:0:0:") and pamtester("shell", "root", "acct_mgmt").returncode == 0
            # What an administrator does then: once more, or back.
            if number % 2:
                assert run("setup", *services, "--yes").returncode == 0
                assert system() == complete
            assert run("setup", "--undo", "--yes").returncode == 0
            assert system() == fresh
            number += every
        assert number > 3, "it was never killed"


def test_two_at_once_do_not_mix(fresh):
    assert run("setup", "--services", "shell", "--yes").returncode == 0
    with subprocess.Popen(["flock", COPIES, "sh", "-c", "echo held; read line"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        before = system()
        result = run("setup", "--undo", "--yes")
        assert (result.returncode, result.stderr) == (3, "sqlmapctl: /var/lib/sqlmapd/setup: another setup is running\n")
        assert system() == before
        holder.communicate("\n")
    assert run("setup", "--undo", "--yes").returncode == 0
    assert system() == fresh


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
