"""sqlmapd on a full or read-only /run/sqlmapd or /var/lib/sqlmapd.

Runs inside scripts/sandbox with sql/views/accounts.sql and sqlmapd.
"""

import subprocess
from contextlib import contextmanager

import pytest

import accounts
import daemon
from hosts import ONE_SECOND, Host, Watch
from sandbox import wait_until

USERS = 200
SITE = "site0"


@pytest.fixture(scope="module", autouse=True)
def sites():
    accounts.make(USERS)
    assert daemon.refresh("--force").returncode == 0


@pytest.fixture
def old_host():
    host = Host()
    assert accounts.edition(host.ask("entry", SITE)[0]) is not None
    yield host
    host.close()


@contextmanager
def on_a_disk_of_its_own(directory):
    """A small one, below the daemon."""
    daemon.stop()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755,size=512k", "small", str(directory)], check=True)
    daemon.start()
    accounts.change(next(NEXT))
    assert daemon.refresh().returncode == 0
    try:
        yield
    finally:
        daemon.stop()
        subprocess.run(["umount", "--lazy", str(directory)], check=True)
        daemon.start()
        assert daemon.refresh("--force").returncode == 0


@contextmanager
def full(directory):
    filler = directory / "filler"
    with filler.open("wb", buffering=0) as file:
        size = 65536
        while size >= 1:
            try:
                file.write(b"x" * size)
            except OSError:
                size //= 2
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def read_only(directory):
    subprocess.run(["mount", "-o", "remount,ro", str(directory)], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(directory)], check=True)


@contextmanager
def covered_read_only(directory):
    """The kernel lets nobody make a mount read-only where a file is open for writing, but a second one above it."""
    subprocess.run(["mount", "--bind", str(directory), str(directory)], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", str(directory)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)  # programs have files of it mapped


NEXT = iter(range(1, 100))
REASONS = {full: "No space left on device", read_only: "Read-only file system", covered_read_only: "Read-only file system"}


def both(host):
    """What a program that was there before sees, and one that was not."""
    seen = []
    for fresh in ([], ["fresh"]):
        answer, seconds = host.ask(*fresh, "entry", SITE)
        assert seconds <= ONE_SECOND
        seen.append(accounts.edition(answer))
    return seen


@pytest.mark.parametrize("fault", [full, covered_read_only])
def test_without_room_in_run_the_accounts_of_before_stay_and_the_log_says_why(old_host, fault):
    with on_a_disk_of_its_own(daemon.RUN):
        # The control page is another one now: a program that was there sees that within a second or so.
        wait_until(lambda: len(set(both(old_host))) == 1)
        before = both(old_host)[0]
        watch = Watch([SITE, "nobody.example", "root"])
        number = next(NEXT)
        log = daemon.Log()
        with fault(daemon.RUN):
            accounts.change(number)
            refused = daemon.refresh()
            assert refused.returncode == 1
            assert "could not be published; see the log" in refused.stderr
            log.wait_for("not published", "/run/sqlmapd", REASONS[fault])
            assert both(old_host) == [before, before]
            # A new account is known all the same: the daemon is asked.
            accounts.add(f"new{number}", 30000 + number)
            for fresh in ([], ["fresh"]):
                assert old_host.ask(*fresh, "entry", f"new{number}")[0] == f"found {30000 + number}:20000:edition {number}:/srv/{number}:/bin/{number}"
        wait_until(lambda: daemon.refresh().returncode == 0)
        assert both(old_host) == [number, number]
        for report in watch.end().values():
            assert {accounts.edition(answer) for answer in report["answers"][SITE]} <= {before, number}
            assert list(report["answers"]["nobody.example"]) == ["absent"]
        assert not list(daemon.RUN.glob(".snapshot*"))


@pytest.mark.parametrize("fault", [full, read_only])
def test_without_room_in_var_only_the_copy_for_the_next_boot_is_old_and_the_log_says_why(old_host, fault):
    with on_a_disk_of_its_own(daemon.STATE):
        watch = Watch([SITE, "nobody.example", "root"])
        number = next(NEXT)
        kept = daemon.PERSISTENT.read_bytes()
        log = daemon.Log()
        with fault(daemon.STATE):
            accounts.change(number)
            assert daemon.refresh().returncode == 0
            assert both(old_host) == [number, number]
            log.wait_for("will not survive a reboot", "/var/lib/sqlmapd", REASONS[fault])
            assert daemon.PERSISTENT.read_bytes() == kept
            daemon.restart()
            assert both(old_host) == [number, number]
            log = daemon.Log()
            log.wait_for("will not survive a reboot", "/var/lib/sqlmapd", REASONS[fault])
        # The data stays the same, and is not published again.
        published = daemon.generation()
        wait_until(lambda: f"edition {number}".encode() in daemon.PERSISTENT.read_bytes())
        log.wait_for("will survive a reboot again")
        assert daemon.generation() == published
        number = next(NEXT)
        accounts.change(number)
        assert daemon.refresh().returncode == 0
        assert both(old_host) == [number, number]
        assert f"edition {number}".encode() in daemon.PERSISTENT.read_bytes()
        for report in watch.end().values():
            assert None not in {accounts.edition(answer) for answer in report["answers"][SITE]}
            assert list(report["answers"]["nobody.example"]) == ["absent"]


def test_a_copy_for_the_next_boot_that_somebody_removes_is_written_again():
    log = daemon.Log()
    daemon.PERSISTENT.unlink()
    log.wait_for("/var/lib/sqlmapd/snapshot is not there any more")
    log.wait_for("will survive a reboot again")
    again = daemon.refresh("--force")
    assert (again.returncode, "nothing has changed" in again.stdout) == (0, True)
    assert daemon.PERSISTENT.read_bytes() == daemon.snapshot().read_bytes()


def test_a_daemon_that_starts_on_a_full_run_says_so_and_starts_when_there_is_room(old_host):
    """Its socket needs no block, its control page does: without one nothing can be published."""
    daemon.stop()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755,size=64k", "small", str(daemon.RUN)], check=True)
    log = daemon.Log()
    try:
        with full(daemon.RUN):
            process = daemon.start(wait=False)
            log.wait_for("/run/sqlmapd", REASONS[full])
            for fresh in ([], ["fresh"]):
                answer, seconds = old_host.ask(*fresh, "entry", SITE)
                assert (accounts.edition(answer) is not None, seconds <= ONE_SECOND) == (True, True)
        wait_until(lambda: daemon.refresh("--force").returncode == 0 and daemon.CONTROL.exists() and daemon.generation() > 0)
        assert process.poll() is None
        assert None not in both(old_host)
    finally:
        daemon.stop()
        subprocess.run(["umount", "--lazy", str(daemon.RUN)], check=True)
        daemon.start()
        assert daemon.refresh("--force").returncode == 0


def test_a_daemon_does_not_start_on_a_read_only_run_and_says_why(old_host):
    """One that runs has its lock and its control page open there; for what becomes read-only then, see covered_read_only."""
    with on_a_disk_of_its_own(daemon.RUN):
        daemon.stop()
        with read_only(daemon.RUN):
            refused = subprocess.run(["/usr/sbin/sqlmapd", "--foreground"], capture_output=True, text=True, timeout=20)
            assert refused.returncode == 1
            assert "/run/sqlmapd" in refused.stderr
            assert REASONS[read_only] in refused.stderr
            for fresh in ([], ["fresh"]):
                answer, seconds = old_host.ask(*fresh, "entry", SITE)
                assert (accounts.edition(answer) is not None, seconds <= ONE_SECOND) == (True, True)
        daemon.start()
