"""Runs the benchmarks: `python3 dev.py bench [--only NAME] [--rows N] [--all] [--json FILE]`.

Those of SELDOM run only when they are asked for: one needs data, the others many minutes.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol, cast

NAMES = (
    "sweep",
    "pressure",
    "burst",
    "resegment",
    "webhook",
    "decide",
    "matching",
    "business_time",
    "mock",
    "backlog",
    "million",
    "crm",
)
SELDOM = ("backlog", "million", "crm")
SIZED = ("sweep", "pressure", "burst", "resegment", "backlog", "million")
"""Those whose number of leads can be chosen."""


class Benchmark(Protocol):
    """A module that measures something."""

    def show(self, *arguments: Any, **options: Any) -> Mapping[str, Any]:
        """Measure, print a table and give the figures."""


def main(arguments: list[str]) -> int:
    given = _read(arguments)
    figures = {}
    for name in _names(given):
        begun = perf_counter()
        sys.stdout.write(f"\n{name}\n")
        sys.stdout.flush()
        module = cast(Benchmark, importlib.import_module(f"benchmarks.{name}"))
        figures[name] = module.show(*_sizes(name, given), **_options(name, given))
        sys.stdout.write(f"({perf_counter() - begun:.0f} s)\n")
        sys.stdout.flush()
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


def _read(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 dev.py bench", description=__doc__)
    parser.add_argument("--only", choices=NAMES, help="run one of them")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="the CRM export that the benchmark crm is about"
    )
    parser.add_argument(
        "--rows",
        type=int,
        metavar="N",
        help=f"with --only: how many leads there are; for {', '.join(SIZED)}",
    )
    parser.add_argument(
        "--all", action="store_true", help="backlog sweeps every lead, not only the first 10,000"
    )
    given = parser.parse_args(arguments)
    if given.only == "crm" and given.data is None:
        parser.error("crm needs --data DIR")
    if given.rows is not None and given.rows < 1:
        parser.error("--rows takes a positive number")
    if given.rows is not None and given.only not in SIZED:
        parser.error(f"--rows goes with --only {', '.join(SIZED)}")
    if given.all and given.only != "backlog":
        parser.error("--all goes with --only backlog")
    return given


def _sizes(name: str, given: argparse.Namespace) -> tuple[Any, ...]:
    if name == "crm":
        return (given.data,)
    if given.rows is None:
        return ()
    return ((given.rows,),) if name == "backlog" else (given.rows,)


def _options(name: str, given: argparse.Namespace) -> dict[str, Any]:
    return {"every_one": True} if name == "backlog" and given.all else {}


def _names(given: argparse.Namespace) -> list[str]:
    if given.only:
        return [given.only]
    return [name for name in NAMES if name not in SELDOM or (name == "crm" and given.data)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
