"""The files that all processes map, damaged: cut, flipped, removed, or replaced by something else.

Runs inside scripts/sandbox with Aegir's data and sqlmapd. Damage to a file in place is done while nobody mends it, so that the
module alone has to see it. src/common/snapshot has the unit tests of every byte; here the real module reads them.

A file that is *cut in place* while a process has it mapped costs that process a SIGBUS at its next look-up: the kernel knows no
other answer, and only root can do that (doc/snapshot-format.md). sqlmapd never does: it writes another file and renames it. So fresh
processes meet the cut files here, and old ones those that were put in their place.
"""

import os
import random
import shutil
import socket
import subprocess

import pytest

import daemon
from hosts import FOUND, LOCAL, ONE_SECOND, OTHER, SITE, Watch
from sandbox import sql, wait_until

NOBODY = "nobody.example"


def as_directory(path):
    path.mkdir()


def as_full_directory(path):
    path.mkdir()
    (path / "precious").touch()


def as_fifo(path):
    os.mkfifo(path)


def as_link(path):
    aside = path.parent / "aside"
    aside.write_bytes(daemon_made[path.name.split(".")[0]])
    aside.chmod(0o444)
    path.symlink_to(aside)


def as_dangling_link(path):
    path.symlink_to("/nonexistent")


def as_socket(path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def as_device(path):
    os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))


def as_nothing(_path):
    pass


def as_empty_file(path):
    path.write_bytes(b"")


def as_noise(path):
    path.write_bytes(random.randbytes(8192))


def as_half(path):
    whole = daemon_made[path.name.split(".")[0]]
    path.write_bytes(whole[:len(whole) // 2])


def as_one_that_others_can_write_to(path):
    path.write_bytes(daemon_made[path.name.split(".")[0]])
    path.chmod(0o666)


def as_somebody_elses(path):
    path.write_bytes(daemon_made[path.name.split(".")[0]])
    os.chown(path, 12345, 12345)


IN_ITS_PLACE = [as_directory, as_full_directory, as_fifo, as_link, as_dangling_link, as_socket, as_device, as_nothing, as_empty_file, as_noise, as_half,
                as_one_that_others_can_write_to, as_somebody_elses]

daemon_made = {}  # what the files were, by the first part of their names


def remove(path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def replace(path, what):
    daemon_made[path.name.split(".")[0]] = path.read_bytes()
    remove(path)
    what(path)


@pytest.fixture(autouse=True)
def whole_again():
    yield
    daemon.stop()
    for path in [*daemon.RUN.iterdir(), *daemon.STATE.iterdir()]:
        remove(path)
    daemon.start()
    wait_until(lambda: daemon.refresh("--force").returncode == 0)


def asked(host, name):
    """Of a program that was there before and of a fresh one."""
    answers = []
    for fresh in ([], ["fresh"]):
        answer, seconds = host.ask(*fresh, "user", name)
        assert seconds <= ONE_SECOND
        answers.append(answer.split()[0] if answer.startswith("unavailable") else answer)
    return answers


def expect_right_or_unavailable(host, name, right):
    assert set(asked(host, name)) <= {right, "unavailable"}
    assert asked(host, LOCAL)[0].startswith("found")


@pytest.mark.parametrize("what", IN_ITS_PLACE)
@pytest.mark.parametrize("file", ["snapshot", "control", "persistent"])
def test_whatever_stands_in_its_place_while_the_daemon_runs_everybody_is_told_the_truth(old_host, file, what):
    watch = Watch([SITE, OTHER, NOBODY, "root", LOCAL])
    path = {"snapshot": daemon.snapshot(), "control": daemon.CONTROL, "persistent": daemon.PERSISTENT}[file]
    before = daemon.parent()
    log = daemon.Log()
    replace(path, what)
    for _ in range(3):
        assert asked(old_host, SITE) == [FOUND, FOUND]
        assert asked(old_host, NOBODY) == ["absent", "absent"]
    if (file, what) == ("control", as_full_directory):
        # Somebody's files are in it, so that it stays; whoever has put it there is told.
        log.wait_for("cannot put in place /run/sqlmapd/control", "Directory not empty")
        remove(path)
    sql("UPDATE hosting_platform SET publish_path = CONCAT(publish_path, 'x')")
    try:
        wait_until(lambda: daemon.refresh().returncode == 0)
        wait_until(lambda: all("x/sites/" in old_host.ask(*fresh, "entry", SITE)[0] for fresh in ([], ["fresh"])))
    finally:
        sql("UPDATE hosting_platform SET publish_path = SUBSTR(publish_path, 1, CHAR_LENGTH(publish_path) - 1)")
    assert daemon.parent() == before
    for which, report in watch.end().items():
        assert list(report["answers"][NOBODY]) == ["absent"], which
        assert all(answer.startswith(FOUND) for name in (SITE, OTHER) for answer in report["answers"][name]), (which, report)


@pytest.mark.parametrize("what", IN_ITS_PLACE)
@pytest.mark.parametrize("file", ["snapshot", "control", "persistent"])
def test_whatever_stands_in_its_place_while_there_is_no_daemon_nobody_is_absent(old_host, file, what):
    path = {"snapshot": daemon.snapshot(), "control": daemon.CONTROL, "persistent": daemon.PERSISTENT}[file]
    daemon.stop()
    if file == "persistent":
        for left in list(daemon.RUN.iterdir()):
            remove(left)  # as after a reboot
    replace(path, what)
    assert asked(old_host, SITE)[0] == FOUND
    expect_right_or_unavailable(old_host, SITE, FOUND)
    assert asked(old_host, NOBODY)[1] in ("absent", "unavailable")
    daemon.start()
    wait_until(lambda: asked(old_host, SITE) == [FOUND, FOUND])


def test_no_flipped_bit_makes_a_wrong_answer(old_host):
    """Each byte in turn; the old program has the file mapped, so that it reads the damage at once."""
    random.seed(1)
    path = daemon.snapshot()
    daemon.stop()
    entry = {fresh: old_host.ask(*fresh, "entry", SITE)[0] for fresh in ((), ("fresh",))}
    damage = 0
    with path.open("r+b", buffering=0) as file:
        for at, byte in enumerate(path.read_bytes()):
            os.pwrite(file.fileno(), bytes([byte ^ 1 << random.randrange(8)]), at)
            for fresh, right in entry.items():
                answer, seconds = old_host.ask(*fresh, "entry", SITE)
                assert answer == right or answer.startswith("unavailable"), f"byte {at}: {answer}"
                assert seconds <= ONE_SECOND
                damage += answer != right
                answer, _ = old_host.ask(*fresh, "entry", NOBODY)
                assert answer == "absent" or answer.startswith("unavailable"), f"byte {at}: {answer}"
            os.pwrite(file.fileno(), bytes([byte]), at)
    assert damage > 0
    assert [old_host.ask(*fresh, "entry", SITE)[0] for fresh in entry] == list(entry.values())


def test_with_the_daemon_no_flipped_bit_makes_an_account_unavailable(old_host):
    random.seed(2)
    path = daemon.snapshot()
    whole = path.read_bytes()
    with path.open("r+b", buffering=0) as file:
        for at in range(0, len(whole), 7):
            os.pwrite(file.fileno(), bytes([whole[at] ^ 1 << random.randrange(8)]), at)
            assert asked(old_host, SITE) == [FOUND, FOUND], at
            assert asked(old_host, NOBODY) == ["absent", "absent"], at
            os.pwrite(file.fileno(), whole[at:at + 1], at)


def test_no_length_of_a_snapshot_that_was_cut_makes_an_answer(old_host):
    path = daemon.snapshot()
    whole = path.read_bytes()
    daemon.stop()
    for length in [*range(0, len(whole), 97), len(whole) - 1, len(whole) + 1]:
        other = path.with_name("other")
        other.write_bytes((whole + b"\0")[:length])
        other.chmod(0o444)
        other.rename(path)
        assert asked(old_host, SITE)[0] == FOUND  # it has the whole one
        assert old_host.ask("fresh", "user", SITE)[0].startswith("unavailable"), length
        assert old_host.ask("fresh", "user", NOBODY)[0].startswith("unavailable"), length
    daemon.start()
    wait_until(lambda: asked(old_host, SITE) == [FOUND, FOUND])


@pytest.mark.parametrize("user", ["nobody", "_sqlmapd", LOCAL])
def test_nobody_but_root_can_cut_write_or_replace_what_all_processes_map(user):
    """Whoever has a file mapped that is cut dies of SIGBUS: of the daemon, not even the process that talks to the network may do that."""
    program = """
import os, sys
def allowed(call, *arguments):
    try:
        call(*arguments)
        return True
    except OSError:
        return False
for path in sys.argv[1:]:
    directory = os.path.dirname(path)
    done = [allowed(os.truncate, path, 0), allowed(os.open, path, os.O_RDWR), allowed(os.chmod, path, 0o666), allowed(os.unlink, path),
            allowed(os.rename, path, path + "x"), allowed(os.open, directory + "/x", os.O_CREAT | os.O_WRONLY), allowed(os.chmod, directory, 0o777)]
    print(path, *done)
"""
    files = [str(path) for path in (daemon.snapshot(), daemon.CONTROL, daemon.PERSISTENT)]
    result = subprocess.run(["/usr/bin/python3", "-c", program, *files], capture_output=True, text=True, user=user, extra_groups=[], check=True)
    assert result.stdout.splitlines() == [f"{file}{' False' * 7}" for file in files]


def test_the_daemon_never_changes_a_file_that_somebody_has_mapped():
    """It writes another one in its place, and says so in the control page, which is never replaced."""
    opened = [(path.open("rb"), path.read_bytes()) for path in (daemon.snapshot(), daemon.PERSISTENT)]
    control = daemon.CONTROL.stat().st_ino
    before = daemon.generation()
    try:
        for _ in range(2):
            sql("UPDATE hosting_platform SET publish_path = CONCAT(publish_path, 'x')")
            assert daemon.refresh().returncode == 0
        daemon.restart()
        daemon.kill()
        daemon.start()
        assert daemon.generation() >= before + 2
    finally:
        sql("UPDATE hosting_platform SET publish_path = SUBSTR(publish_path, 1, CHAR_LENGTH(publish_path) - 2)")
    for file, whole in opened:
        with file:
            assert file.read() == whole
    assert daemon.CONTROL.stat().st_ino == control


def test_a_daemon_that_finds_a_damaged_snapshot_says_so_and_takes_the_other_one():
    log = daemon.Log()
    path = daemon.snapshot()
    daemon.stop()
    path.write_bytes(path.read_bytes()[:-8])
    daemon.start()
    log.wait_for(str(path))
    assert subprocess.run(["getent", "passwd", SITE], capture_output=True).returncode == 0


def test_a_run_directory_that_was_emptied_is_mended_and_the_log_says_what_was_gone(old_host):
    log = daemon.Log()
    for path in list(daemon.RUN.iterdir()):
        remove(path)
    for _ in range(3):
        assert asked(old_host, SITE)[0] == FOUND
        assert asked(old_host, SITE)[1] == FOUND  # the file on the disk, until it is mended
    for name in ("control", "socket"):
        log.wait_for(f"/run/sqlmapd/{name}", "is not there any more")
    wait_until(lambda: daemon.status() and daemon.snapshot().exists())
    assert asked(old_host, SITE) == [FOUND, FOUND]
    assert asked(old_host, NOBODY) == ["absent", "absent"]
