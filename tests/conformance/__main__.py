"""Prints how many rows of the checklist the mock passes, and which it refuses: `dev.py conformance`."""

from __future__ import annotations

import argparse
import sys

from rich.console import Console
from rich.progress import track

from .running import Result, Servers, run_row
from .table import ROWS, read_table


def main() -> int:
    """Run all rows, or those that are named."""
    parser = argparse.ArgumentParser(prog="dev.py conformance", description=__doc__)
    parser.add_argument("rows", nargs="*", type=int, metavar="ROW", help="only these; default all")
    wanted = set(parser.parse_args().rows)
    rows = [row for row in read_table() if not wanted or row.number in wanted]
    console = Console(stderr=True)
    with Servers() as servers:
        results = [
            run_row(row, servers)
            for row in track(rows, "Checking", console=console, transient=True)
        ]
    _show(Console(highlight=False, soft_wrap=True, markup=False), results)
    return 0 if all(result.problem is None for result in results) else 1


def _show(console: Console, results: list[Result]) -> None:
    refused = [result for result in results if result.row.refused and result.problem is None]
    broken = [result for result in results if result.problem is not None]
    passing = sum(result.passes for result in results)
    console.print(
        f"{passing} of {min(len(results), ROWS)} rows pass, {len(refused)} are refused (501)."
    )
    for result in refused:
        console.print(f"  refused {result.row.number:>4}  {result.row.says}: {result.row.refused}")
    for result in broken:
        console.print(
            f"  BROKEN  {result.row.number:>4}  {result.row.says}\n          {result.problem}"
        )


if __name__ == "__main__":
    sys.exit(main())
