"""What a sitting measured, and how it is put into tables."""

import json
from statistics import median


class Figures:
    def __init__(self, path):
        sitting = json.loads(path.read_text(encoding="ascii"))
        self.facts = sitting["facts"]
        self.figures = sitting["figures"]
        self.services = self.facts["services"]

    def values(self, what, who):
        return self.figures.get(what, {}).get(who, [])

    def median(self, what, who):
        values = self.values(what, who)
        return median(values) if values else None

    def ratio(self, what, who, floor):
        """The median of the runs' ratios: the two ran right after each other."""
        return median(a / b for a, b in zip(self.values(what, who), self.values(what, floor)))

    def cell(self, what, who, scale=1.0, less=0.0):
        """The median and the range of the runs, divided by `scale`, after `less` is taken off."""
        return cell([(value - less) / scale for value in self.values(what, who)])


def cell(values):
    if not values:
        return "-"
    middle, low, high = map(number, (median(values), min(values), max(values)))
    return middle if low == high else f"{middle} [{low}..{high}]"


def number(value):
    for digits, below in ((2, 10), (1, 100)):
        if abs(value) < below:
            text = f"{value:.{digits}f}"
            return text.rstrip("0").rstrip(".") if float(text) == int(float(text)) else text
    return f"{value:,.0f}"


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|---|" + "--:|" * (len(header) - 1)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def verdicts(title, rows):
    """rows: (what, target, measured, floor, whether it is met)"""
    return f"### {title}\n\n" + table(
        ["", "target", "measured", "floor", "met"],
        [[what, target, measured, floor, "yes" if met else "**no**"] for what, target, measured, floor, met in rows])


def conditions(figures, what):
    facts = figures.facts
    return (f"{facts['date']}, {what}: medians of {facts['runs']} runs [lowest..highest] on a {facts['machine']}; Linux {facts['kernel']}, "
            f"MariaDB {facts['mariadb']}, glibc {facts['glibc']}; load average at the start: {facts['load']:.1f}.")
