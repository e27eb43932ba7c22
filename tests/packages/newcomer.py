"""newcomer.sh's second half, where there is no network: boots the hosts of a page, installs there what it was told, and follows it."""

import argparse
import re
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[1:1] = [str(TESTS / folder) for folder in ("scenarios", "support", "system")]

from booted import control_group  # noqa: E402
from hosts import Host, make_hosts  # noqa: E402
from page import Reader, Step, bash, tell_aloud, walk  # noqa: E402
from sandbox import wait_until  # noqa: E402

ROOTS = Path("/run/roots")
SCENARIOS = TESTS / "scenarios/CMakeLists.txt"

# Run with the root directory of the host to be, its control group, its name, and the tests, which steps that nobody sees read.
BOOT = """
echo 0 >"$2/cgroup.procs"
exec unshare --pid --mount --cgroup --net --uts --ipc --fork --kill-child sh -euc '
    hostname "$3"
    cd "$1"
    mkdir -p ".$4"
    mount --bind "$4" ".$4"
    mount -t proc proc proc
    mount -t sysfs -o ro sysfs sys
    mount -t tmpfs cgroups sys/fs/cgroup
    mount -t cgroup2 cgroups sys/fs/cgroup
    mount -t tmpfs -o mode=755 run run
    mount -t tmpfs -o mode=755 dev dev
    for node in null.1.3 zero.1.5 full.1.7 random.1.8 urandom.1.9 tty.5.0; do
        mknod -m 666 $(echo dev/$node | sed "s/[.]/ c /; s/[.]/ /")
    done
    mkdir dev/pts dev/shm
    mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
    ln -s pts/ptmx dev/ptmx
    ln -s /proc/self/fd dev/fd
    mkdir .outside
    pivot_root . .outside
    umount -l .outside
    rmdir .outside
    exec env -i container=sandbox PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --log-target=null
' "$0" "$@"
"""


class BootedHost(Host):
    """Its root directory is a Debian, its process 1 is systemd."""

    namespaces = ("--all",)
    layers = []  # what each is made of, the uppermost first
    cgroups = None  # where each has its own
    lives = []  # of all that were started

    def start(self):
        root = self._root()
        (root / "etc/hostname").write_text(f"{self.name}\n")
        (root / "etc/hosts").write_text(f"127.0.0.1 localhost\n::1 localhost\n127.0.1.1 {self.name}\n")
        cgroup = self.cgroups / self.name
        cgroup.mkdir()
        life = subprocess.Popen(["sh", "-euc", BOOT, "host", root, cgroup, self.name, TESTS], stdin=subprocess.DEVNULL)
        self.lives.append(life)
        children = Path(f"/proc/{life.pid}/task/{life.pid}/children")
        wait_until(lambda: any(Path(f"/proc/{child}/comm").read_text() == "systemd\n" for child in children.read_text().split()))
        return int(children.read_text())

    def _root(self):
        parts = [ROOTS / self.name / part for part in ("upper", "work", "root")]
        for part in parts:
            part.mkdir(parents=True)
        upper, work, root = parts
        subprocess.run(["mount", "-t", "overlay", "-o", f"lowerdir={':'.join(self.layers)},upperdir={upper},workdir={work}", "host", root],
                       check=True)
        return root

    def await_boot(self):
        def state():
            return self.run("systemctl", "is-system-running", check=False).stdout.strip()

        wait_until(lambda: state() in ("running", "degraded"))
        assert state() == "running", self.run("systemctl", "--failed", "--no-pager").stdout


class Newcomer(Reader):
    """Has hosts on which `install` was run, and nothing else; the README says that itself."""

    kinds = ("sh", "shell")

    def __init__(self, name, install, tell):
        self._name, self._install = name, install
        super().__init__(name, tell=tell)

    def prepare(self, table):
        if table.exists():
            self.hosts = make_hosts(table, BootedHost)
        else:
            self.hosts = {"": BootedHost("server1")}
        for host in self.hosts.values():
            host.await_boot()
            if table.exists():
                with host.file("/etc/hosts").open("a") as known:
                    known.write(table.read_text())
            if self._name != "readme":
                status, seen = bash(Step("", "", self._install), host.way)
                assert status == 0 and "failure" not in seen, f"{self._install}: exit status {status}\n{seen}"
        for file in tables_of(self._name):
            with file.open() as statements:
                next(iter(self.hosts.values())).run("mariadb", "--default-character-set=utf8mb4", stdin=statements)

    def _bash(self, step):
        """On each of several hosts, on this one, or, on a page of several, beside them all."""
        for name in step.where.removeprefix("on ").split(", "):
            host = self.hosts.get(name)
            status, seen = bash(step, host.way if host else ())
            if status != 0:
                seen += host.run("journalctl", "--no-pager", "--lines=30").stdout if host else ""
                break
        return status, seen


def tables_of(name):
    """What the reader's databases have already: the --sql of its line."""
    line = re.search(rf"^sqlmap_\w+\({name}\b(.*)\)$", SCENARIOS.read_text(), re.MULTILINE)
    return [TESTS.parent / file for file in re.findall(r"--sql (\S+)", line[1])]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("page")
    parser.add_argument("layers", nargs=2)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--install", required=True)
    options = parser.parse_args()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    BootedHost.layers = options.layers[::-1]
    with control_group() as BootedHost.cgroups:
        try:
            return walk(Newcomer(options.page, options.install, tell_aloud()), options.write)
        finally:
            for life in BootedHost.lives:
                life.kill()
                life.wait()


if __name__ == "__main__":
    sys.exit(main())
