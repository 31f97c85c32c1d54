"""Attacks the mock for minutes and prints what came of it: `dev.py fuzz --requests 20000`."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from random import SystemRandom

from rich.console import Console
from rich.table import Table
from tests.fuzz.campaign import LoggedErrors, Tally, run_campaign

_CLASSES = ("2xx", "3xx", "4xx", "501, 505", "other 5xx", "closed")
# Not emulated; a version of HTTP that nobody speaks.
_REFUSALS = (501, 505)
_SHOWN = 40


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a campaign; 1 when anything was not as it must be."""
    parser = argparse.ArgumentParser(prog="dev.py fuzz", description=__doc__)
    parser.add_argument("--requests", type=_positive, default=20_000, metavar="N")
    parser.add_argument("--seed", type=int, help="the same attacks again; default: new ones")
    parser.add_argument("--seconds", type=float, default=1200.0, metavar="M", help="at most")
    given = parser.parse_args(arguments)
    seed = SystemRandom().randrange(10**6) if given.seed is None else given.seed
    console = Console(highlight=False, soft_wrap=True, markup=False)
    console.print(f"Seed {seed}.")
    tally, started = Tally(), time.monotonic()
    with LoggedErrors().listening() as errors:
        problems = run_campaign(given.requests, given.seconds, seed, tally)
    _show(console, tally, time.monotonic() - started)
    for text in list(dict.fromkeys(errors.texts))[:_SHOWN]:
        console.print(f"LOGGED {text}")
    for violation in tally.violations[:_SHOWN]:
        console.print(
            f"VIOLATION {violation}".encode("unicode_escape").decode().replace("\\n", "\n")
        )
    console.print("Databases: " + ("; ".join(problems) or "integrity checks are clean."))
    return 1 if problems or tally.violations or errors.texts else 0


def _positive(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of requests: 1 or more")
    return number


def _show(console: Console, tally: Tally, seconds: float) -> None:
    table = Table("requests", "all", *_CLASSES)
    by_kind: dict[str, Counter[str]] = {}
    for (kind, status), count in tally.statuses.items():
        by_kind.setdefault(kind, Counter())[_class(status)] += count
    for kind, counts in sorted(by_kind.items()):
        shown = [str(counts[name] or "") for name in _CLASSES]
        table.add_row(kind, str(counts.total()), *shown)
    console.print(table)
    console.print(
        f"{tally.count} requests in {seconds:.0f} s, {len(tally.violations)} violations."
        " The slowest:"
    )
    for took, attack in tally.top():
        console.print(f"  {took * 1000:6.0f} ms  {str(attack)[:160]!r}")


def _class(status: int) -> str:
    if status == 0:
        return "closed"
    if status in _REFUSALS:
        return "501, 505"
    return "other 5xx" if status >= 500 else f"{status // 100}xx"


if __name__ == "__main__":
    sys.exit(main())
