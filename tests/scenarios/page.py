#!/usr/bin/python3
"""Follows a page of doc/uses/ or doc/, or README.md (`readme`), from top to bottom, as its reader does: as root, on a host where sqlmap is installed and nothing is set up.

What is in a page's fences:

    ```sh       commands. The block is one script for bash, which must end with 0, and in which no command may fail, also none in front of
                a pipe (bash -e -o pipefail). A block begins in /root with a shell of its own: files stay, variables and `cd` do not. Files
                that the reader writes are written here, by a here document. A command that is to fail says so:
                `sftp ... || echo "exit status $?"`, or, where its status is not what matters, `sqlmapctl auth ... | grep ... || true`.
    ```text     right behind it: what it writes, output and errors as they come. Compared whole; masked is what varies from run to run
                (see masked). Without it the output is not compared.
    ```shell    commands for a host that gets its programs as Debian packages, which this one does not: tests/packages runs them. Here they
                are there to be read, as in any other fence. What no test runs is named in test_page.py, with the reason.

Words behind the `sh` say where, for a page of several hosts: ```sh on web1. They are those of the file `hosts` beside its test (see
hosts.py); a test may bring another `run` that knows how to get there.
What is not worth showing stands in a comment of its own, <!-- run: COMMANDS --> or <!-- run on web1: COMMANDS -->.

    page.py NAME            in the sandbox: walks through the page aloud; 0 if all is as it says. `scripts/demo NAME` does this
    page.py NAME --write    fills in the ```text blocks that are not true; then read what it wrote, it is what people will believe
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[1:1] = [str(HERE.parent / folder) for folder in ("ctl", "system", "support")]

import ctl  # noqa: E402
import servers  # noqa: E402
from hosts import make_hosts  # noqa: E402

PAGES = HERE.parents[1] / "doc/uses"  # and the two folders above it
PART = re.compile(r"^```(?P<kind>\w*)(?P<where>[^\n]*)\n(?P<text>.*?)^```$|^<!-- run(?P<at> [^\n:]*)?: (?P<run>.*?) -->$|^##+ (?P<heading>[^\n]*)$",
                  re.MULTILINE | re.DOTALL)
MASKS = [
    (r"SHA256:[A-Za-z0-9+/]{43}", "FINGERPRINT"),
    (r"\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d ( \d{4}|\d\d:\d\d)\b", "DATE"),
    (r"(\w+\[)\d+\]", r"\1PID]"),
    # What systemctl says of links, on a host that has systemd.
    (r"(?m)^(Created symlink|Removed \"|Synchronizing state of|Executing: /lib/systemd/systemd-sysv-install).*\n", ""),
    # How much is well depends on what else the host has: sqlmapctl check.
    (r"(?m)^\d+ ok(?=, \d+ warning)", "N ok"),
]


def masked(text):
    for pattern, word in MASKS:
        text = re.sub(pattern, word, text)
    return ctl.masked(text)


@dataclass
class Step:
    heading: str  # what it stands under
    where: str  # "" is this host
    script: str
    hidden: bool = False  # no reader sees it
    shown: str | None = None  # what the page says that it writes
    place: tuple[int, int] | None = None  # of that, in the page


def steps_of(text, kinds=("sh",)):
    """The steps of a page that are in such fences, in its order."""
    steps, heading, end = [], "", 0
    for part in PART.finditer(text):
        if part["heading"] is not None:
            heading = part["heading"]
        elif part["run"] is not None:
            steps.append(Step(heading, (part["at"] or "").strip(), part["run"], hidden=True))
        elif part["kind"] in kinds:
            steps.append(Step(heading, part["where"].strip(), part["text"]))
        elif part["kind"] == "text":
            assert steps and not steps[-1].hidden and text[end:part.start()].strip() == "", f"it has no commands in front of it:\n{part[0]}"
            steps[-1].shown, steps[-1].place = part["text"], part.span("text")
        end = part.end()
    return steps


def bash(step, way=()):
    """Runs it here, or where `way` leads: its exit status, and what it wrote. What it leaves running has no part in either."""
    environment = {"HOME": "/root", "USER": "root", "LOGNAME": "root", "SHELL": "/bin/bash", "LC_ALL": "C.UTF-8",
                   "DEBIAN_FRONTEND": "noninteractive", "TESTS": str(HERE.parent),  # the latter is for what is not shown
                   "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
    with tempfile.TemporaryFile() as output:
        status = subprocess.run([*way, "bash", "-e", "-o", "pipefail", "-c", step.script], cwd="/root", env=environment,
                                stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=120, check=False).returncode
        output.seek(0)
        seen = output.read().decode()
    return status, seen + ("" if seen == "" or seen.endswith("\n") else "\n")


def install_what_debian_does():
    """What the packages of a Debian host make when they are installed, and the sandbox left out; and systemctl."""
    subprocess.run(["ssh-keygen", "-A"], check=True, capture_output=True)
    if not servers.KEY.exists():
        servers.make_certificate()
    systemctl = Path("/usr/local/sbin/systemctl")
    if not systemctl.exists():
        systemctl.symlink_to(HERE / "systemctl")


def make_a_service_of_mariadb():
    """Of the sandbox's own: it can be stopped, and started as it was."""
    pid = Path("/run/mysqld/mysqld.pid").read_text()
    words = Path(f"/proc/{pid.strip()}/cmdline").read_text().split("\0")[:-1]
    Path("/etc/systemd/system").mkdir(parents=True, exist_ok=True)
    Path("/etc/systemd/system/mariadb.service").write_text(f"[Service]\nExecStart={shlex.join(words)}\n")
    Path("/run/mariadb.pid").write_text(pid)


def path_of(name):
    """Of the page."""
    paths = (PAGES / f"{name}.md", PAGES.parent / f"{name}.md", PAGES.parents[1] / f"{name.upper()}.md")
    return next(path for path in paths if path.exists())


class Reader:
    """Follows the page of that name. `run` is as bash() is; `tell` hears of each step that was done, and what it wrote.

    `hosts` are those of the page beside this one, by name.
    """

    kinds = ("sh",)

    def __init__(self, name, run=None, tell=lambda step, seen: None):
        self.path = path_of(name)
        self.text = self.path.read_text(encoding="utf-8")
        self.seen = []  # (step, what it wrote), of those that were done
        self._run, self._tell = run or self._bash, tell
        self._to_do = steps_of(self.text, self.kinds)
        assert self._to_do, f"{self.path} has no commands"
        self.prepare(HERE / name / "hosts")

    def prepare(self, table):
        """This host, and those of the table, if the page has one."""
        install_what_debian_does()
        if table.exists():
            self.hosts = make_hosts(table)
        else:
            self.hosts = {}
            make_a_service_of_mariadb()

    def _bash(self, step):
        return bash(step, self.hosts[step.where.removeprefix("on ")].way if step.where else ())

    def follow(self, until=None):
        """Goes on to the heading `until`, which is left for later, or to the end."""
        headings = [step.heading for step in self._to_do]
        assert until is None or until in headings, f"{self.path} has no commands under {until!r} any more; there are {headings}"
        while self._to_do and self._to_do[0].heading != until:
            step = self._to_do.pop(0)
            status, seen = self._run(step)
            assert status == 0, f"exit status {status} under {step.heading!r} of {self.path}:\n{step.script}\n{seen}"
            self.seen.append((step, seen))
            self._tell(step, seen)

    def differences(self):
        """Where the page was not true so far, for people; "" if nowhere."""
        return "".join(f"{self.path.name}, {step.heading}:\n{step.script}--- the page shows\n{step.shown}--- it wrote\n{seen}\n"
                       for step, seen in self.seen if not is_true(step, seen))

    def assert_true(self):
        """So far."""
        if differences := self.differences():
            raise AssertionError(differences)

    def write(self):
        """The page with what was written in place of what is not true."""
        text = self.text
        for step, seen in reversed(self.seen):
            if not is_true(step, seen):
                text = text[:step.place[0]] + seen + text[step.place[1]:]
        self.path.write_text(text, encoding="utf-8")


def is_true(step, seen):
    return step.shown is None or masked(step.shown) == masked(seen)


def tell_aloud():
    """A `tell` for people."""
    last = ""

    def tell(step, seen):
        nonlocal last
        if step.hidden:
            return
        if step.heading != last:
            print(f"\n{step.heading}\n{'-' * len(step.heading)}")
            last = step.heading
        prompt = f"{step.where}# ".lstrip()
        print(f"\n{prompt}" + step.script.rstrip().replace("\n", f"\n{' ' * len(prompt)}"))
        print(seen, end="")
        if not is_true(step, seen):
            print(f"--- FAILED: the page shows\n{step.shown}---")
        sys.stdout.flush()

    return tell


def walk(reader, write=False):
    """The exit status: 0 if all is as the page says."""
    try:
        reader.follow()
    except AssertionError as error:
        print(f"\nFAILED: {error}")
        return 1
    if write:
        reader.write()
    elif reader.differences():
        print(f"\nNot everything is as {reader.path.name} says: see FAILED above.")
        return 1
    print(f"\nEverything is as {reader.path.name} says.")
    return 0


def main():
    name, *rest = sys.argv[1:] or sys.exit(f"usage: {sys.argv[0]} NAME [--write]")
    return walk(Reader(name, tell=tell_aloud()), write=rest == ["--write"])


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
