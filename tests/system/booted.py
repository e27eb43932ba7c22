"""systemd as it runs a host, in the sandbox: process 1 of a pid namespace of its own, with a cgroup tree of its own.

It boots what our units need and nothing else of this host: no fstab, no other services.
"""

import os
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from sandbox import wait_until

UNITS = Path("/etc/systemd/system")
RUNTIME_UNITS = Path("/run/systemd/system")
KEPT = ("systemd-journald", "sqlmapd")
CGROUPS = Path("/run/cgroups")
NAME = "sqlmap-test-"
BOOT = """
echo 0 >"$0/cgroup.procs"
exec unshare --pid --mount --cgroup --fork --kill-child --mount-proc sh -c '
    mount -t cgroup2 cgroups /sys/fs/cgroup
    exec env -i container=sandbox PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --unit=booted.target --log-target=null'
"""


class Systemd:
    def __init__(self, process):
        self._process = process
        self._init = None

    def boot(self):
        def child():
            children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
            self._init = children[0] if children else None
            return self._init and Path(f"/proc/{self._init}/comm").read_text() == "systemd\n"

        wait_until(child)
        wait_until(lambda: self.run("systemctl", "is-active", "booted.target", check=False).returncode == 0)

    def entry(self):
        """What stands before a command that runs on the host that is booted."""
        return ["nsenter", "--target", self._init, "--mount", "--pid", "--cgroup"]

    def run(self, *command, check=True):
        """On the host that is booted."""
        result = subprocess.run([*self.entry(), *command], capture_output=True, text=True, timeout=100)
        assert not check or result.returncode == 0, f"{command}: {result.stdout}{result.stderr}\n{self.journal()}"
        return result

    def control(self, *arguments):
        """systemctl."""
        return self.run("systemctl", *arguments).stdout

    def shows(self, unit, name):
        return self.control("show", unit, "--value", "--property", name).strip()

    def process(self, unit="sqlmapd.service"):
        """The main process of a unit, as this namespace sees it; 0: there is none."""
        inside = self.shows(unit, "MainPID")
        for process in Path("/proc").glob("[0-9]*"):
            try:
                text = (process / "status").read_text()
            except OSError:
                continue
            pids = next(line for line in text.splitlines() if line.startswith("NSpid:")).split()[1:]
            if len(pids) > 1 and pids[-1] == inside:
                return int(pids[0])
        return 0

    def journal(self, *selection):
        return self.run("journalctl", "--no-pager", "--output=cat", *selection, check=False).stdout

    @contextmanager
    def drop_in(self, unit, text):
        """More settings for a unit, which is restarted for them."""
        file = RUNTIME_UNITS / f"{unit}.d/test.conf"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        self.control("daemon-reload")
        self.control("restart", unit)
        try:
            yield
        finally:
            file.unlink()
            self.control("daemon-reload")
            self.control("restart", unit)


@contextmanager
def booted():
    _leave_out_the_rest_of_the_host()
    with control_group() as cgroup:
        process = subprocess.Popen(["sh", "-euc", BOOT, cgroup], stdin=subprocess.DEVNULL)
        try:
            systemd = Systemd(process)
            systemd.boot()
            yield systemd
        finally:
            process.kill()
            process.wait()


@contextmanager
def control_group():
    """A directory of cgroup2, for whoever boots in here, and has ended at last."""
    CGROUPS.mkdir()
    subprocess.run(["mount", "-t", "cgroup2", "cgroups", CGROUPS], check=True)
    _remove_cgroups()
    keeper = subprocess.Popen(["sleep", "infinity"])
    top = Path(tempfile.mkdtemp(prefix=NAME, dir=CGROUPS))  # in the one tree that all sandboxes share
    (top / "cgroup.procs").write_text(str(keeper.pid))  # where nobody was in it, anybody would remove it
    try:
        cgroup = top / "booted"
        cgroup.mkdir()
        yield cgroup
    finally:
        keeper.kill()
        keeper.wait()
        wait_until(lambda: _remove_cgroups() or not top.exists())
        subprocess.run(["umount", CGROUPS], check=True)


def _leave_out_the_rest_of_the_host():
    for table in ("/etc/fstab", "/etc/crypttab"):
        Path(table).write_text("")
    subprocess.run(["systemd-machine-id-setup"], check=True, capture_output=True)  # or it would be a first boot
    UNITS.mkdir(parents=True, exist_ok=True)
    for directory in (UNITS, Path("/lib/systemd/system")):
        for unit in directory.glob("*.wants/*"):
            if not unit.name.startswith(KEPT):
                (UNITS / unit.name).unlink(missing_ok=True)
                (UNITS / unit.name).symlink_to("/dev/null")
    (UNITS / "booted.target").write_text("[Unit]\nRequires=basic.target\nAfter=basic.target\n")


def _remove_cgroups():
    """Those in which nobody is, also of a sandbox that was killed."""
    for cgroup in CGROUPS.glob(f"{NAME}*"):
        try:
            if "populated 1" in (cgroup / "cgroup.events").read_text():
                continue
            for directory, _, _ in os.walk(cgroup, topdown=False):
                os.rmdir(directory)
        except OSError:
            pass  # somebody else removes it
