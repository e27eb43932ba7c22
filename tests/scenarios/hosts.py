"""The hosts of a page that is about several, one of them in each line of tests/scenarios/NAME/hosts, which is as /etc/hosts:

    10.0.0.7  web1

Each is a thin container: a network, a host name, an /etc, a /run, a /var and homes of its own, and the /usr of all. They share one wire,
each other's names and nothing else; this system, on which the page is followed, is one more on that wire. Its root may come to
/run/hosts/NAME for their files. They end with it.
"""

import subprocess
from pathlib import Path

FILES = Path("/run/hosts")
BRIDGE = "hosts"
CHECKOUT = Path(__file__).resolve().parents[2]
MINE = "10.0.0.254"

# What they have from this system at first, and what is empty.
COPIED = ["/etc", "/var/lib/pam"]
EMPTY = ["/dev/shm", "/home", "/media", "/mnt", "/opt", "/root", "/run", "/srv", "/tmp", "/var/jail", "/var/lib/mysql", "/var/lib/sqlmapd",
         "/var/log", "/var/mail", "/var/tmp"]
# Run in the host to be, by its name and the checkout, which may lie in what is emptied, and is where the scripts are that it runs; it
# lives as long as the script does.
LIFE = f"""
set -eu
hostname "$1"
cd "$2"
mount -t tmpfs -o mode=755 "$1" /mnt
mkdir /mnt/put-there
for directory in {' '.join(COPIED)}; do
    mkdir -p "/mnt/put-there$directory"
    cp -a "$directory/." "/mnt/put-there$directory"
done
for directory in {' '.join(EMPTY)}; do
    [ "$directory" = /mnt ] || mkdir -p "$directory" "/mnt/put-there$directory"
done
chmod 1777 /mnt/put-there/tmp /mnt/put-there/var/tmp /mnt/put-there/dev/shm
chmod 700 /mnt/put-there/root
mkdir -m 1777 /mnt/put-there/run/lock
mkdir -m 755 /mnt/put-there/run/sshd
for directory in {' '.join(COPIED + [directory for directory in EMPTY if directory != '/mnt'])}; do
    mount --bind "/mnt/put-there$directory" "$directory"
done
mkdir -p "$2"
mount --no-canonicalize --bind . "$2"
echo "$1" > /etc/hostname
ip link set lo up
umount -l /mnt
echo ready
exec sleep infinity
"""


def ip(*words):
    subprocess.run(["ip", *words], check=True)


class Host:
    namespaces = ("--mount", "--net", "--uts")

    def __init__(self, name):
        self.name = name
        self.pid = self.start()

    def start(self):
        """The pid of a process that is there as long as the host is."""
        self.life = subprocess.Popen(["unshare", "--mount", "--net", "--uts", "--propagation", "private",
                                      "sh", "-c", LIFE, "host", self.name, CHECKOUT],
                                     stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True)
        assert self.life.stdout.readline() == "ready\n", f"there is no host {self.name}"
        return self.life.pid

    def plug_in(self, address, number):
        """To the wire that all share."""
        self.address = address
        ip("link", "add", f"wire{number}", "type", "veth", "peer", "name", "eth0", "netns", str(self.pid))
        ip("link", "set", f"wire{number}", "master", BRIDGE, "up")
        network = ["nsenter", f"--target={self.pid}", "--net"]
        subprocess.run([*network, "ip", "address", "add", f"{address}/24", "dev", "eth0"], check=True)
        subprocess.run([*network, "ip", "link", "set", "eth0", "up"], check=True)
        (FILES / self.name).symlink_to(f"/proc/{self.pid}/root")

    @property
    def way(self):
        """What stands in front of a command that is to run there."""
        return ["nsenter", f"--target={self.pid}", *self.namespaces, "env", "-C", "/root"]

    def run(self, *words, **options):
        """Its CompletedProcess; it raises if it fails, unless it is told not to."""
        return subprocess.run([*self.way, *words], **{"check": True, "capture_output": True, "text": True, "timeout": 60, **options})

    def file(self, path):
        """Where this system sees it."""
        return FILES / self.name / str(path).lstrip("/")


def make_hosts(table, kind=Host):
    """Those of the file, by name."""
    ip("link", "add", BRIDGE, "type", "bridge", "forward_delay", "0")
    ip("address", "add", f"{MINE}/24", "dev", BRIDGE)
    ip("link", "set", BRIDGE, "up")
    FILES.mkdir()
    lines = table.read_text(encoding="utf-8")
    with Path("/etc/hosts").open("a", encoding="utf-8") as known:
        known.write(lines)
    hosts = {}
    for number, (address, name) in enumerate(line.split() for line in lines.splitlines()):
        hosts[name] = kind(name)
        hosts[name].plug_in(address, number)
    return hosts
