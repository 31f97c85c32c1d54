"""wa decide CASE.json: who gets each record of a case, and why; without Dataverse."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from work_assignment.cli.common import DONE, REFUSED, Refused, add_common, connection
from work_assignment.dataverse.table_definitions import FileTables, LiveTables
from work_assignment.domain.deciding.explanations import to_data
from work_assignment.domain.errors import WorkAssignmentError
from work_assignment.services.cases.expectations import Difference, compare
from work_assignment.services.cases.playing import Decided, play
from work_assignment.services.cases.reading import Case, read_case
from work_assignment.services.cases.tables import Metadata
from work_assignment.services.cases.telling import explanation, output
from work_assignment.solvers.on_demand import FlowSolverOnDemand

SUMMARY = "decide a case from a file, offline: who gets each record, and why"
_STANDARD_INPUT = "-"
_LIVE = "live"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser)
    parser.add_argument(
        "cases",
        metavar="CASE",
        nargs="+",
        help="a file of JSON; - is standard input; with --check several, and folders, too",
    )
    parser.set_defaults(wrong_usage=parser.error)
    parser.add_argument(
        "--metadata",
        metavar="FILE|live",
        help="check the names of columns: EntityDefinitions with Attributes in a file of JSON, "
        "or those of the environment",
    )
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--explain", action="store_true", help="tell how each outcome came about")
    shown.add_argument(
        "--check", action="store_true", help="compare with what the file expects; 1 when it differs"
    )


def run(arguments: argparse.Namespace) -> int:
    """Read the whole case, then decide and print; nothing is decided of a case with mistakes."""
    first, *others = arguments.cases
    if others and not arguments.check:
        arguments.wrong_usage("several cases go with --check")
    if others or (arguments.check and Path(first).is_dir()):
        with _metadata(arguments) as metadata:
            return _check_all(_files(arguments.cases), metadata, as_json=arguments.json)
    text, file = _read(first)
    with _metadata(arguments) as metadata:
        case = read_case(text, file, metadata)
    if arguments.check:
        return _check(case, file, as_json=arguments.json)
    try:
        _print_decided(case, explain=arguments.explain, as_json=arguments.json)
    except BrokenPipeError:
        # Whoever reads has seen enough; what is still buffered must not be tried again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return DONE


def _print_decided(case: Case, *, explain: bool, as_json: bool) -> None:
    decided = play(case, FlowSolverOnDemand(), is_traced=explain)
    if not explain:
        _print_lines(map(output, decided))
    elif as_json:
        _print_lines({**output(one), "trace": to_data(one.decision)} for one in decided)
    else:
        for number, one in enumerate(decided):
            _print_story(one, first=number == 0)
    sys.stdout.flush()


def _read(name: str) -> tuple[str, str]:
    """The text of a case, and the name by which problems call it."""
    try:
        if name == _STANDARD_INPUT:
            return sys.stdin.buffer.read().decode("utf-8-sig"), "standard input"
        return Path(name).read_text(encoding="utf-8-sig"), name
    except OSError as exc:
        raise Refused(f"{name} cannot be read: {exc.strerror}") from None
    except UnicodeDecodeError:
        raise Refused(f"{name} is not written in UTF-8") from None


@contextmanager
def _metadata(arguments: argparse.Namespace) -> Iterator[Metadata | None]:
    if arguments.metadata is None:
        yield None
    elif arguments.metadata == _LIVE:
        with connection(arguments) as client:
            yield LiveTables(client)
    else:
        yield FileTables(*_read(arguments.metadata))


def _print_lines(rows: Iterator[dict[str, Any]]) -> None:
    for row in rows:
        print(json.dumps(row, ensure_ascii=False, separators=(",", ":")))


def _print_story(one: Decided, *, first: bool) -> None:
    if not first:
        print()
    for line in explanation(one):
        print(line)


def _check(case: Case, file: str, *, as_json: bool) -> int:
    differences, decided = _differences(case, file)
    if as_json:
        _print_lines(
            {"place": one.number, "expected": one.expected, "output": one.output}
            for one in differences
        )
    elif differences:
        print("\n".join(map(str, differences)))
    else:
        print(f"{file}: {decided} as expected")
    return REFUSED if differences else DONE


def _differences(case: Case, file: str) -> tuple[list[Difference], int]:
    """What is not as expected, and how many records were decided."""
    if case.expect is None:
        raise Refused(f"{file} has no 'expect' to compare with")
    outputs = [output(one) for one in play(case, FlowSolverOnDemand())]
    return compare(case.expect, outputs), len(outputs)


def _files(names: Sequence[str]) -> list[str]:
    """The files named, and those in folders named, each once."""
    found: dict[str, None] = {}
    for name in names:
        if not Path(name).is_dir():
            found[name] = None
            continue
        inside = sorted(map(str, Path(name).rglob("*.json")))
        if not inside:
            raise Refused(f"{name} has no files of JSON in it")
        found.update(dict.fromkeys(inside))
    return list(found)


def _check_all(files: Sequence[str], metadata: Metadata | None, *, as_json: bool) -> int:
    """Check each file; one line for each that differs or cannot be decided, then how many there are."""
    wrong = 0
    for name in files:
        said = _checked(name, metadata)
        if said is not None:
            wrong += 1
            print(json.dumps(said, ensure_ascii=False) if as_json else _line(**said))
    total = {"files": len(files), "as_expected": len(files) - wrong, "otherwise": wrong}
    if as_json:
        print(json.dumps(total))
    else:
        print(f"{len(files)} files: {len(files) - wrong} as expected, {wrong} not")
    return REFUSED if wrong else DONE


def _checked(name: str, metadata: Metadata | None) -> dict[str, str] | None:
    """What is to be said of one file, if anything is."""
    try:
        text, file = _read(name)
        differences, _ = _differences(read_case(text, file, metadata), file)
    except (Refused, WorkAssignmentError) as exc:
        return {"file": name, "problem": str(exc)}
    if not differences:
        return None
    more = f" (and {len(differences) - 1} more)" if len(differences) > 1 else ""
    return {"file": name, "problem": f"{_flat(str(differences[0]))}{more}"}


def _line(file: str, problem: str) -> str:
    flat = _flat(problem)
    return flat if flat.startswith(file) else f"{file}: {flat}"


def _flat(text: str) -> str:
    return "; ".join(line.strip() for line in text.splitlines())
