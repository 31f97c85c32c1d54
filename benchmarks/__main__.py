"""Runs the benchmarks: `python3 dev.py bench [--only NAME] [--json FILE]`."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, cast

NAMES = ("decide", "matching", "business_time", "crm")


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
    given = parser.parse_args(arguments)
    names = (given.only,) if given.only else NAMES
    figures = {}
    for name in names:
        if name == "crm" and given.data is None:
            if given.only:
                parser.error("crm needs --data DIR")
            continue
        sys.stdout.write(f"\n{name}\n")
        module = importlib.import_module(f"benchmarks.{name}")
        figures[name] = module.show(given.data) if name == "crm" else cast(Benchmark, module).show()
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
