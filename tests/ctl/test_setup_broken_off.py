"""sqlmapctl setup that does not come to its end: killed, interrupted, on a full disk, two at once. No file is half written, root gets in, and
one more command heals it."""

import os
import pty
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from ctl import run, wait_until
from setup_host import (COPIES, NSSWITCH, PAM, common_sqlmap, fixture_fresh, fixture_no_delays, fixture_people,  # noqa: F401 - fixtures
                        pamtester, read_until, system, who)

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


def killed_at(call, number, *words, of=None):
    """sqlmapctl, which is killed as it makes that system call (of that file) for the numberth time. False: it came to its end before."""
    result = subprocess.run(["strace", "-o", "/dev/null", *(["-P", of] if of else []), "-e", f"trace={call}",
                             "-e", f"inject={call}:signal=SIGKILL:when={number}", "sqlmapctl", *words], capture_output=True, timeout=60)
    assert result.returncode in (0, -9, 137), result
    return result.returncode != 0


@pytest.mark.parametrize("undoing", [False, True], ids=["doing", "undoing"])
@pytest.mark.parametrize("services, calls, every", [(["--services", "shell", "su"], ["rename", "unlink"], 1), ([], ["rename"], 5)],
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


SERVICES = ["--services", "shell", "su"]


def begun(fresh):
    """A setup is killed when some of its files are replaced, and not all. Which are."""
    for number in range(1, 30):
        assert killed_at("rename", number, "setup", *SERVICES, "--yes")
        texts = system()
        if replaced := [path for path, seen in fresh.items() if texts[path][0] != seen[0]]:
            return replaced
    raise AssertionError("no file was ever replaced")


def leftovers():
    return [*PAM.glob(".*.sqlmap-new"), *Path("/etc").glob(".*.sqlmap-new"), *COPIES.glob(".*.sqlmap-new")]


@pytest.mark.parametrize("words", [[*SERVICES, "--yes"], ["--undo", "--yes"]], ids=["once more", "back"])
def test_what_a_killed_run_leaves_beside_the_files_goes_with_the_next(fresh, words):
    ever = set()
    for number in range(1, 30):
        killed = killed_at("rename", number, "setup", *SERVICES, "--yes")
        ever |= {path.parent for path in leftovers()}
        assert run("setup", *words).returncode == 0
        assert leftovers() == []
        assert run("setup", "--undo", "--yes").returncode == 0
        assert system() == fresh and list(COPIES.iterdir()) == []
        if not killed:
            break
    assert ever == {PAM, Path("/etc"), COPIES}


def test_copies_that_nothing_tells_of_are_swept_away_and_those_that_undo_needs_are_not(fresh):
    assert run("setup", *SERVICES, "--yes").returncode == 0
    needed = {path: path.read_bytes() for path in COPIES.iterdir()}
    for name in ("etc_pam.d_other.before", "etc_pam.d_other.after", ".index.json.sqlmap-new"):
        (COPIES / name).write_text("of a run that was killed")
    assert run("setup", *SERVICES, "--yes").stdout == "There is nothing to do: all of it is there.\n"
    assert {path: path.read_bytes() for path in COPIES.iterdir()} == needed
    assert run("setup", "--undo", "--yes").returncode == 0
    assert system() == fresh


def test_a_run_that_is_killed_while_it_tries_leaves_no_process_and_no_mount(fresh):
    """The trial hangs in a module of the administrator's; root gives up, with SIGKILL."""
    mark = Path("/usr/local/bin/hang-for-a-test")
    shutil.copy("/bin/sleep", mark)
    common_sqlmap(f"auth required pam_exec.so {mark} 1000\n")
    before, mounts = system(), Path("/proc/self/mountinfo").read_text(encoding="utf-8")

    def hang():
        return [path for path in Path("/proc").glob("[0-9]*/exe") if os.path.lexists(path) and link_of(path) == str(mark)]

    with subprocess.Popen(["sqlmapctl", "setup", "--services", "shell", "--yes"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as setup:
        wait_until(hang)
        setup.kill()
    wait_until(lambda: not hang())
    assert system() == before and Path("/proc/self/mountinfo").read_text(encoding="utf-8") == mounts
    mark.unlink()


def link_of(path):
    """Of a process that may end at this moment."""
    try:
        return os.readlink(path)
    except OSError:
        return ""


BEGUN = "An earlier run did not come to its end. First it is taken back:\n"


def test_an_earlier_run_is_not_taken_back_unasked(fresh):
    begun(fresh)
    before = system()
    for words in ([], ["--json"]):
        result = run("setup", *SERVICES, *words)
        assert result.returncode == 2 and "nothing was changed: there is no terminal to ask on" in result.stdout + result.stderr
        assert {path: seen for path, seen in system().items() if path in fresh} == {path: seen for path, seen in before.items() if path in fresh}


def on_a_terminal(words, *answers):
    """What setup shows and its exit status; each question is answered, and there is no other."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp("sqlmapctl", ["sqlmapctl", "setup", *words])
    shown = b""
    for answer in answers:
        shown += read_until(terminal, b"[y/N] ")
        os.write(terminal, answer.encode() + b"\n")
    shown += read_until(terminal)
    _, ended = os.waitpid(pid, 0)
    os.close(terminal)
    return re.sub(r"\033\[\d*m", "", shown.decode()).replace("\r\n", "\n"), os.waitstatus_to_exitcode(ended)


def test_no_leaves_what_an_earlier_run_has_begun_as_it_is(fresh):
    begun(fresh)
    before = system()
    shown, status = on_a_terminal(SERVICES, "n")
    assert (status, shown.count("[y/N]")) == (1, 1)
    assert BEGUN in shown and shown.endswith("\nNothing was changed.\n")
    assert {path: seen for path, seen in system().items() if path in fresh} == {path: seen for path, seen in before.items() if path in fresh}


def test_what_an_earlier_run_has_begun_is_taken_back_on_a_yes_and_the_new_one_has_a_question_of_its_own(fresh):
    replaced = begun(fresh)
    shown, status = on_a_terminal(SERVICES, "y", "n")
    healed = f"An earlier run did not come to its end. Files that are as before it now: {len(replaced)}.\n"
    assert status == 1
    assert 0 <= shown.index(BEGUN) < shown.index(healed) < shown.index("Change these 3 files? [y/N]") < shown.index("Nothing was changed.\n")
    assert system() == fresh and list(COPIES.iterdir()) == []


def test_an_earlier_run_that_cannot_be_taken_back_ends_setup_and_undo_says_why(fresh):
    """It was to be for all services, and somebody has edited the common files since."""
    assert killed_at("rename", 1, "setup", "--yes", of=PAM / ".common-password.sqlmap-new")
    assert "pam_sqlmap" in (PAM / "common-auth").read_text(encoding="utf-8")
    path, end = PAM / "common-auth", "# end of pam-auth-update config"
    path.write_text(path.read_text(encoding="utf-8").replace(end, "auth optional pam_echo.so mine\n" + end), encoding="utf-8")
    before = {path: seen for path, seen in system().items() if path in fresh}
    result = run("setup", "--yes")
    assert result.returncode == 1, result
    assert result.stderr.endswith("sqlmapctl: an earlier run did not come to its end: sqlmapctl setup --undo\n")
    assert {path: seen for path, seen in system().items() if path in fresh} == before
    undone = run("setup", "--undo", "--yes")
    assert undone.returncode == 1 and "pam-auth-update --force --disable sqlmap sqlmap-password" in undone.stderr


def without_group():
    """Somebody takes sqlmap out of a line: a second setup has something to do."""
    text = NSSWITCH.read_text(encoding="utf-8").replace("group:          files sqlmap systemd", "group:          files systemd")
    NSSWITCH.write_text(text, encoding="utf-8")


def without_room(when, *words):
    """sqlmapctl, which cannot rename a file for the numberth time (`7`), or from then on (`7+`)."""
    return subprocess.run(["strace", "-o", "/dev/null", "-e", "trace=rename", "-e", f"inject=rename:error=ENOSPC:when={when}", "sqlmapctl", *words],
                          capture_output=True, text=True, timeout=60)


FULL = ": No space left on device"


@pytest.mark.parametrize("services", [["--services", "shell", "su"], []], ids=["services", "pam-auth-update"])
def test_a_second_setup_that_fails_leaves_what_the_first_has_done(fresh, services):
    assert run("setup", *services, "--yes").returncode == 0
    complete = system()
    without_group()
    between, copies = system(), {path: path.read_bytes() for path in COPIES.iterdir()}
    failed = 0
    while (result := without_room(failed + 1, "setup", *services, "--yes")).returncode != 0:
        failed += 1
        assert result.returncode == 1 and FULL in result.stderr, result
        assert result.stderr.endswith("\nAll files are as they were before this run.\n")
        assert system() == between and {path: path.read_bytes() for path in COPIES.iterdir()} == copies
    assert failed == 5  # two copies and the index, the file, and the index
    assert system() == complete
    undone = run("setup", "--undo", "--yes")
    assert (undone.returncode, undone.stderr) == (0, f"{NSSWITCH} was changed since: only sqlmap's own words are taken out of it.\n")
    assert system() == fresh and list(COPIES.iterdir()) == []


@pytest.mark.parametrize("next_words", [["--services", "shell", "su"], ["--undo"]], ids=["once more", "back"])
@pytest.mark.parametrize("call", ["rename", "unlink"])
def test_a_second_setup_that_is_killed_forgets_nothing_of_the_first(fresh, call, next_words):
    services = ["--services", "shell", "su"]
    killed, number = True, 0
    while killed:
        number += 1
        assert run("setup", *services, "--yes").returncode == 0
        complete = system()
        without_group()
        killed = killed_at(call, number, "setup", *services, "--yes")
        assert run("setup", *next_words, "--yes").returncode == 0
        if next_words == services:
            assert system() == complete
            assert run("setup", "--undo", "--yes").returncode == 0
        assert system() == fresh and list(COPIES.iterdir()) == []
    assert number > 4


def test_a_disk_that_is_full_also_for_the_way_back_is_told_with_the_files_that_are_changed(fresh):
    words, halves, status = ["setup", "--services", "shell", "su", "--yes"], set(), 1
    number = 0
    while status != 0:
        number += 1
        result = without_room(f"{number}+", *words)
        status = result.returncode
        if status == 0:
            continue
        now = system()
        changed = [path for path, seen in fresh.items() if now[path] != seen]
        halves.add(len(changed))
        *_, first, last = result.stderr.splitlines()
        if changed:
            assert result.stderr.count(FULL) == 2, result
            assert last == (f"Still to be taken back: {' '.join(reversed(changed))}. Once that is mended, sqlmapctl setup begins with it, and "
                            "sqlmapctl setup --undo takes out all that setup has done.")
        else:
            assert FULL in first and last == "All files are as they were before this run."
        assert run("setup", "--undo", "--yes").returncode == 0
        assert system() == fresh and list(COPIES.iterdir()) == []
    assert halves == {0, 1, 2, 3}


def test_undo_on_a_full_disk_says_what_it_has_not_undone(fresh):
    assert run("setup", "--services", "shell", "su", "--yes").returncode == 0
    result = without_room("3+", "setup", "--undo", "--yes")  # behind the index and nsswitch.conf
    assert (result.returncode, result.stderr) == (
        1, f"sqlmapctl: /etc/pam.d/shell{FULL}; it was not replaced\nStill to be taken back: /etc/pam.d/shell /etc/pam.d/su. Once that is mended, "
           "sqlmapctl setup begins with it, and sqlmapctl setup --undo takes out all that setup has done.\n")
    assert run("setup", "--undo", "--yes").returncode == 0
    assert system() == fresh and list(COPIES.iterdir()) == []
