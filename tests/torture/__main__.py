"""Tortures the app for minutes and says what came of it: `dev.py torture --minutes 10`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from random import SystemRandom

from rich.console import Console
from tests.torture.campaign import Options, run
from tests.torture.checks import violations
from tests.torture.proof import PROOFS, deadlocks_in_order, prove
from tests.torture.report import as_data, show
from tests.torture.sabotage import SABOTAGES

from work_assignment.cli.common import Refused, check_writable, end_like_ctrl_c_when_told


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a campaign; 1 when anything was violated."""
    given = _parser().parse_args(arguments)
    end_like_ctrl_c_when_told()
    console = Console(highlight=False, soft_wrap=True, markup=False)
    try:
        if given.json:
            check_writable(given.json)
        if given.prove:
            return _prove_all(console)
        return _run(given, console)
    except Refused as exc:
        console.print(f"torture: {exc}")
        return 1
    except KeyboardInterrupt:
        return 130


def _prove_all(console: Console) -> int:
    """All proofs to their end; 1 when a protection was not missed, or order does not help."""
    unproven = [name for name in PROOFS if not prove(name, console.print)]
    deadlocks = deadlocks_in_order()
    console.print(f"with row-order: {deadlocks:g} deadlocks")
    return 1 if unproven or deadlocks else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dev.py torture", description=__doc__)
    parser.add_argument("--minutes", type=_positive, default=5.0, metavar="N", help="at most")
    parser.add_argument("--seed", type=int, help="the same plan again; default: a new one")
    parser.add_argument("--faults", type=int, metavar="N", help="end after so many faults")
    parser.add_argument(
        "--without",
        action="append",
        choices=sorted(SABOTAGES),
        default=[],
        metavar="PROTECTION",
        help=f"take one out: {', '.join(sorted(SABOTAGES))}",
    )
    parser.add_argument(
        "--prove", action="store_true", help="show that each protection is missed when taken out"
    )
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="leave databases and logs in this new folder"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report there, too")
    return parser


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not number > 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of minutes above 0")
    return number


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise Refused(f"{folder} exists already; --keep needs a new folder") from None
    except OSError as exc:
        raise Refused(f"{folder} cannot be made: {exc.strerror}") from None


def _run(given: argparse.Namespace, console: Console) -> int:
    seed = SystemRandom().randrange(10**6) if given.seed is None else given.seed
    options = Options(
        seed, seconds=given.minutes * 60, faults=given.faults, without=tuple(given.without)
    )
    if given.keep:
        _make(given.keep)
    result = run(options, say=console.print, folder=given.keep)
    found = violations(result.evidence)
    show(console, result, found)
    if given.json:
        given.json.write_text(json.dumps(as_data(result, found), indent=2), encoding="utf-8")
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
