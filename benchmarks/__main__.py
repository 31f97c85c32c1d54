"""Runs the benchmarks: `python3 dev.py bench [--only NAME] [--rows N] [--json FILE]`.

Those of SELDOM run only when they are asked for: one needs data, the other many minutes.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, cast

NAMES = ("decide", "matching", "business_time", "mock", "million", "crm")
SELDOM = ("million", "crm")


class Benchmark(Protocol):
    """A module that measures something."""

    def show(self) -> Mapping[str, float]:
        """Measure, print a table and give the figures."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python3 dev.py bench", description=__doc__)
    parser.add_argument("--only", choices=NAMES, help="run one of them")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="the CRM export that the benchmark crm is about"
    )
    parser.add_argument(
        "--rows", type=int, metavar="N", help="how many leads million loads (default: 1,000,000)"
    )
    given = parser.parse_args(arguments)
    if given.only == "crm" and given.data is None:
        parser.error("crm needs --data DIR")
    if given.rows is not None and given.rows < 1:
        parser.error("--rows takes a positive number")
    figures = {}
    for name in _names(given):
        sys.stdout.write(f"\n{name}\n")
        module = importlib.import_module(f"benchmarks.{name}")
        option = {"crm": given.data, "million": given.rows}.get(name)
        figures[name] = module.show(option) if option else cast(Benchmark, module).show()
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


def _names(given: argparse.Namespace) -> list[str]:
    if given.only:
        return [given.only]
    return [name for name in NAMES if name not in SELDOM or (name == "crm" and given.data)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
