"""Turns the figures of measure.py into the tables and charts of doc/benchmarks.md.

report.py DAEMON_FIGURES DIRECT_FIGURES [--write]

Prints the tables; with --write also puts them into the document, between its two marks, and draws the charts beside it.
"""

import argparse
import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True

import charts  # noqa: E402
import report_daemon  # noqa: E402
import report_direct  # noqa: E402
from figures import Figures  # noqa: E402

DOCUMENT = Path(__file__).resolve().parents[1] / "doc/benchmarks.md"
MARKS = ("<!-- tables: written by scripts/bench -->", "<!-- tables: end -->")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("daemon", type=Path)
    parser.add_argument("direct", type=Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    daemon, direct = Figures(options.daemon), Figures(options.direct)
    (issue_3, *with_daemon), (issue_2, *without) = report_daemon.parts(daemon), report_direct.parts(direct)
    text = "\n\n".join([issue_3, issue_2, *with_daemon, *without])
    print(text)
    if options.write:
        document = DOCUMENT.read_text(encoding="utf-8")
        begin, end = map(re.escape, MARKS)
        written, count = re.subn(f"(?<={begin}\n).*(?={end})", lambda _: f"\n{text}\n\n", document, flags=re.DOTALL)
        if count != 1:
            sys.exit(f"report: {DOCUMENT} does not have the marks")
        DOCUMENT.write_text(written, encoding="utf-8")
        charts.draw(daemon, direct, DOCUMENT.parent)


if __name__ == "__main__":
    main()
