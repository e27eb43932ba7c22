"""The manual as it is built: sound, whole, and where man(1) looks for it.

pages_test.py CMAKE DIRECTORY SQLMAPD: DIRECTORY is that of doc/man in the build.
"""

import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CMAKE, DIRECTORY, SQLMAPD = "", Path(), ""

PAGES = {"nss_sqlmap.8", "pam_sqlmap.8", "sqlmapctl.1", "sqlmapd.8", "sqlmapd.snapshot.5", "sqlmapd.toml.5"}
FIRST_SECTIONS = ["NAME", "SYNOPSIS", "DESCRIPTION"]


def output_of(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}).stdout


def shown(page):
    """As a terminal shows it, without overstrikes."""
    return re.sub(".\b", "", output_of("mandoc", "-T", "utf8", str(DIRECTORY / page)))


def options_in(text):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))


class Pages(unittest.TestCase):
    def test_mandoc_finds_nothing_wrong_with_any_page(self):
        for page in PAGES:
            with self.subTest(page):
                lint = subprocess.run(["mandoc", "-T", "lint", DIRECTORY / page], capture_output=True, text=True, timeout=60)
                self.assertEqual((lint.returncode, lint.stdout, lint.stderr), (0, "", ""))

    def test_every_page_has_the_sections_that_readers_expect(self):
        for page in PAGES:
            with self.subTest(page):
                sections = re.findall(r"^([A-Z][A-Z .]+)$", shown(page), re.MULTILINE)
                self.assertEqual(sections[:3], FIRST_SECTIONS)
                self.assertEqual(sections[-1], "SEE ALSO")
                self.assertIn("FILES", sections)

    def test_no_markup_is_left_over(self):
        for page in PAGES:
            with self.subTest(page):
                for line in shown(page).splitlines():
                    self.assertNotRegex(line, r"\+\+$|^\s*@(page|example|[a-z_]+$)|```")

    def test_pages_refer_only_to_pages_of_ours_that_there_are(self):
        for page in PAGES:
            with self.subTest(page):
                named = re.findall(r"\b((?:sqlmap|nss_sqlmap|pam_sqlmap)[a-z.]*)\((\d)\)", shown(page))
                self.assertLessEqual({f"{name}.{section}" for name, section in named}, PAGES)
                self.assertTrue(named)

    def test_sqlmapd_has_the_options_of_its_page_and_no_others(self):
        described = shown("sqlmapd.8").partition("\nOPTIONS\n")[2].partition("\nHOW IT WORKS\n")[0]
        terms = "\n".join(line for line in described.splitlines() if re.match(r"^ {5,8}-", line))
        self.assertEqual(options_in(terms), options_in(output_of(SQLMAPD, "--help")))
        synopsis = shown("sqlmapd.8").partition("\nSYNOPSIS\n")[2].partition("\nDESCRIPTION\n")[0]
        self.assertEqual(options_in(synopsis), options_in(terms))

    def test_the_installed_pages_are_found_by_man(self):
        with tempfile.TemporaryDirectory() as prefix:
            output_of(CMAKE, "--install", str(DIRECTORY), "--prefix", prefix)
            found = {path.name for path in Path(prefix).rglob("*") if path.is_file()}
            self.assertEqual(found, PAGES)
            for page in PAGES:
                name, _, section = page.rpartition(".")
                path = output_of("mman", "-M", f"{prefix}/share/man", "-w", section, name).strip()
                self.assertEqual(path, f"{prefix}/share/man/man{section}/{page}")


if __name__ == "__main__":
    CMAKE, DIRECTORY, SQLMAPD = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    unittest.main(argv=sys.argv[:1])
