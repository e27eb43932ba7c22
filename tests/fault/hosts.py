"""Programs that look accounts up, and what they are told about Aegir's data."""

import json
import subprocess
from pathlib import Path

LOOKUP = Path(__file__).with_name("lookup.py")
SITE = "shop.acme.example"
OTHER = "bolt.example"
FOUND = "found 10000"
LOCAL = "localjoe"
LOCAL_PASSWORD = "local-pw"
PAM_SUCCESS, PAM_AUTHINFO_UNAVAIL = "0", "9"
ONE_SECOND = 1.0


class Host:
    """A program that looks accounts up; see lookup.py."""

    def __init__(self, environment=None):
        self._process = subprocess.Popen(["/usr/bin/python3", LOOKUP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                         env=environment)

    def ask(self, *words):
        """The answer, and the seconds that the call took."""
        self._process.stdin.write(" ".join(words) + "\n")
        self._process.stdin.flush()
        answer, seconds = self._process.stdout.readline().rsplit(maxsplit=1)
        return answer, float(seconds)

    def close(self):
        self._process.stdin.close()
        assert self._process.wait(timeout=10) == 0


class Watch:
    """Asks for `names` all the time, in a process that stays and in fresh ones, and holds each answer to what is right."""

    def __init__(self, names):
        self._process = subprocess.Popen(["/usr/bin/python3", LOOKUP, *names], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def end(self):
        """What was seen: `old` and `fresh`, each with `answers` by name, `slowest`, `rounds` and `back`."""
        seen = json.loads(self._process.communicate()[0])
        assert self._process.returncode == 0
        for which, report in seen.items():
            assert "died" not in report, f"the {which} process died: {report}"
            assert report["slowest"] <= ONE_SECOND, f"{which}: a call took {report['slowest']:.3f} s"
            assert report["rounds"] > 0
        return seen
