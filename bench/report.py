"""Turns the figures of measure.py into the tables and charts of doc/benchmarks.md.

report.py FILE [--write]

Prints the tables; with --write also puts them into the document, between its two marks, and draws the charts beside it.
"""

import argparse
import json
import re
import sys
from pathlib import Path
from statistics import median

sys.dont_write_bytecode = True

import charts  # noqa: E402

DOCUMENT = Path(__file__).resolve().parents[1] / "doc/benchmarks.md"
MARKS = ("<!-- tables: written by scripts/bench -->", "<!-- tables: end -->")
SIZES = (1_000, 10_000, 100_000)
FULL = SIZES[-1]
PLACES = ("one CPU", "any CPU")
FLAT_KIB = 256


class Figures:
    def __init__(self, sitting):
        self.facts = sitting["facts"]
        self.figures = sitting["figures"]
        self.services = self.facts["services"]

    def median(self, what, who):
        values = self.figures.get(what, {}).get(who)
        return median(values) if values else None

    def ratio(self, what, who, floor):
        """The median of the runs' ratios: the two ran right after each other."""
        return median(a / b for a, b in zip(self.figures[what][who], self.figures[what][floor]))

    def cell(self, what, who, scale=1.0, less=0.0):
        """The median and the range of the runs, divided by `scale`, after `less` is taken off."""
        values = self.figures.get(what, {}).get(who)
        if not values:
            return "-"
        middle, low, high = (number((value - less) / scale) for value in (median(values), min(values), max(values)))
        return middle if low == high else f"{middle} [{low}..{high}]"


def number(value):
    for digits, below in ((2, 10), (1, 100)):
        if abs(value) < below:
            text = f"{value:.{digits}f}"
            return text.rstrip("0").rstrip(".") if float(text) == int(float(text)) else text
    return f"{value:,.0f}"


def module(service):
    return f"libnss_{service}"


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|---|" + "--:|" * (len(header) - 1)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def hot(figures):
    names = {"hot": "getpwnam", "uid": "getpwuid", "miss": "getpwnam, no such name", "groups": "getgrouplist"}
    lines = [("hot", size, place) for place in PLACES for size in SIZES]
    lines[len(SIZES):len(SIZES)] = [(mode, FULL, PLACES[0]) for mode in ("uid", "miss", "groups")]
    rows = []
    for mode, size, place in lines:
        what = f"{mode} {size} {place}"
        ratio = f"{figures.ratio(what, 'sqlmap', 'floor'):.2f}" if mode == "hot" else "-"
        rows.append([f"{names[mode]}, {size:,} users, {place}", figures.cell(what, "floor", 1e3),
                     *(figures.cell(what, service, 1e3) for service in figures.services), ratio])
    return "### Hot look-up: microseconds a call\n\n" + table(
        ["", "bare prepared statement", *map(module, figures.services), "sqlmap / bare"], rows)


def cold(figures):
    rows = []
    for place in PLACES:
        what = f"cold {place}"
        none = figures.median(what, "none")
        rows.append([f"the whole process, {place}", figures.cell(what, "none", 1e3),
                     *(figures.cell(what, service, 1e3) for service in figures.services)])
        rows.append([f"added by the look-up, {place}", "-",
                     *(figures.cell(what, service, 1e3, none) for service in figures.services)])
    return "### Cold process: milliseconds from posix_spawn to its end, one getpwnam\n\n" + table(
        ["", "no look-up", *map(module, figures.services)], rows)


def enumeration(figures):
    rows = []
    for size in SIZES[1:]:
        for place in PLACES:
            what = f"enumerate {size} {place}"
            rows.append([f"{size:,} users, {place}, ms", figures.cell(what, "floor"),
                         *(figures.cell(what, service) for service in figures.services)])
    for size in SIZES[1:]:
        rows.append([f"{size:,} users, peak memory grows by KiB", "-",
                     *(figures.cell(f"enumerate memory {size}", service) for service in figures.services)])
    return "### Enumeration: getpwent from first to last\n\n" + table(
        ["", "bare streamed SELECT", *map(module, figures.services)], rows)


def crowds(figures):
    rows = [[f"{count} thread{'s' if count > 1 else ''}, look-ups a second", "-",
             *(figures.cell(f"threads {count}", service) for service in figures.services)] for count in (1, 8)]
    for what, name in (("crowd ms", "200 processes at once, ms until the last ends"),
                       ("crowd failures", "... of which did not find their user"),
                       ("crowd connections", "... connections at the peak")):
        none = figures.cell(what, "none") if what == "crowd ms" else "-"
        rows.append([name, none, *(figures.cell(what, service) for service in figures.services)])
    return "### Many at once: 100,000 users, any CPU\n\n" + table(["", "no look-up", *map(module, figures.services)], rows)


def pam_modules(figures):
    return sorted(figures.figures.get(f"pam later {PLACES[0]}", {}), reverse=True)


def authentication(figures):
    modules = pam_modules(figures)
    rows = []
    for place in PLACES:
        bare = figures.median(f"pam hash {place}", "crypt_r")
        rows.append([f"whole authentication, {place}", figures.cell(f"pam hash {place}", "crypt_r"),
                     *(figures.cell(f"pam later {place}", name) for name in modules)])
        rows.append([f"beyond the hash, {place}", "-",
                     *(figures.cell(f"pam later {place}", name, 1, bare) for name in modules)])
        rows.append([f"beyond the hash, first one of a process, {place}", "-",
                     *(figures.cell(f"pam first {place}", name, 1, bare) for name in modules)])
    return "### Authentication: milliseconds, a new PAM handle for each, sha512crypt\n\n" + table(
        ["", "crypt_r alone", *modules], rows)


def aims(figures):
    """[(what, aim, seen, whether it is met)]"""
    rows = []
    for size in SIZES:
        ratio = figures.ratio(f"hot {size} {PLACES[0]}", "sqlmap", "floor")
        rows.append((f"hot look-up over a bare prepared statement, {size:,} users", "1.3 times", f"{ratio:.2f} times", ratio <= 1.3))
    small, large = (figures.median(f"enumerate memory {size}", "sqlmap") for size in SIZES[1:])
    rows.append(("enumeration memory, 100,000 users against 10,000", f"flat: within {FLAT_KIB} KiB",
                 f"{large:,.0f} KiB against {small:,.0f} KiB", large - small <= FLAT_KIB))
    for what, name in (("later", "authentication beyond the hash"), ("first", "the same, first one of a process")):
        ms = figures.median(f"pam {what} {PLACES[0]}", "pam_sqlmap") - figures.median(f"pam hash {PLACES[0]}", "crypt_r")
        rows.append((name, "under 3 ms", f"{number(ms)} ms", ms < 3))
    return "### Against the aims, one CPU\n\n" + table(
        ["", "aim", "seen", "met"], [[name, aim, seen, "yes" if met else "**no**"] for name, aim, seen, met in rows])


def conditions(figures):
    facts = figures.facts
    return (f"Medians of {facts['runs']} runs [lowest..highest] in one sitting on a {facts['machine']}; "
            f"MariaDB {facts['mariadb']}, glibc {facts['glibc']}; load average at the start: {facts['load']:.1f}.")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("figures", type=Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    figures = Figures(json.loads(options.figures.read_text(encoding="ascii")))
    parts = (conditions, aims, hot, cold, enumeration, crowds, authentication)
    text = "\n\n".join(part(figures) for part in parts)
    print(text)
    if options.write:
        document = DOCUMENT.read_text(encoding="utf-8")
        begin, end = map(re.escape, MARKS)
        written, count = re.subn(f"(?<={begin}\n).*(?={end})", lambda _: f"\n{text}\n\n", document, flags=re.DOTALL)
        if count != 1:
            sys.exit(f"report: {DOCUMENT} does not have the marks")
        DOCUMENT.write_text(written, encoding="utf-8")
        charts.draw(figures, DOCUMENT.parent)


if __name__ == "__main__":
    main()
