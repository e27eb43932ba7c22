"""Measures inside a sandbox, and writes the figures.

measure.py MODE --programs DIRECTORY --output FILE [--runs N] [--peer-nss NAME=FILE]...

MODE: direct, daemon: what the sandbox was made with.
"""

import argparse
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True

import daemon  # noqa: E402
import direct  # noqa: E402
import peers  # noqa: E402
from sitting import Sitting, facts  # noqa: E402


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=("direct", "daemon"))
    parser.add_argument("--programs", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--peer-nss", action="append", default=[])
    options = parser.parse_args()
    services = ["sqlmap"]
    for peer in options.peer_nss:
        name, _, module = peer.partition("=")
        peers.install_nss(name, module)
        services.append(name)
    sitting = Sitting(options.programs)
    known = facts(options.runs, services)
    {"direct": direct, "daemon": daemon}[options.mode].measure(sitting, options.runs, services)
    options.output.write_text(json.dumps({"facts": known, "figures": sitting.figures}, indent=1), encoding="ascii")


if __name__ == "__main__":
    main()
