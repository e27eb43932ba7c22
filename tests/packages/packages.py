"""The packages that were built, what they say of themselves, and dpkg."""

import re
import subprocess
from pathlib import Path

ALL = ("libnss-sqlmap", "libpam-sqlmap", "libsqlmap-direct", "sqlmapd")


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=300, **options)


def checked(*command, **options):
    result = run(*command, **options)
    assert result.returncode == 0, f"{command}: {result.stdout}{result.stderr}"
    return result.stdout


class Packages:
    """Those of one directory. `enter` is put before dpkg, for a host that is booted."""

    def __init__(self, directory, enter=()):
        self._files = {}
        self._enter = enter
        for file in directory.glob("*.deb"):
            self._files[file.name.partition("_")[0]] = file
        assert set(ALL) <= set(self._files), f"not all packages are in {directory}"

    def file(self, name):
        return self._files[name]

    def field(self, name, field):
        return checked("dpkg-deb", "--field", self._files[name], field).strip()

    def depends(self, name):
        """The names of the packages without which it cannot be installed."""
        alternatives = self.field(name, "Depends").split(", ")
        return {re.split(r"[ :]", alternative)[0] for alternative in alternatives}

    def contents(self, name):
        """The files, as absolute paths."""
        listed = [line.split(None, 5) for line in checked("dpkg-deb", "--contents", self._files[name]).splitlines()]
        return {line[5].partition(" -> ")[0].removeprefix(".") for line in listed if not line[0].startswith("d")}

    def install(self, *names, options=()):
        """What dpkg and the packages' scripts say."""
        return self._dpkg(*options, "--install", *(self._files[name] for name in names))

    def remove(self, *names):
        return self._dpkg("--remove", *names)

    def purge(self, *names, options=()):
        return self._dpkg(*options, "--purge", *names)

    def _dpkg(self, *arguments):
        # Without an answer to read, a question about a changed file fails, as it does wherever nobody is there to answer.
        result = run(*self._enter, "env", "DEBIAN_FRONTEND=noninteractive", "dpkg", *arguments, stdin=subprocess.DEVNULL)
        said = result.stdout + result.stderr
        assert result.returncode == 0, said
        return said


def installed_version(name):
    return run("dpkg-query", "--show", "--showformat", "${Version}", name).stdout


def gets_in(service, user, password="correct horse"):
    """Through all that a login through this PAM service asks."""
    result = run("pamtester", service, user, "authenticate", "acct_mgmt", "open_session", "close_session", input=f"{password}\n")
    return result.returncode == 0


def local_people_get_in(service):
    """Root, and somebody whom useradd made."""
    return gets_in(service, "root") and gets_in(service, "local")


def includers_added(service):
    """The administrator's line in a service's file."""
    file = Path("/etc/pam.d") / service
    text = file.read_text()
    file.write_text(text.replace("@include common-", "@include common-sqlmap\n@include common-", 1))
    return text
