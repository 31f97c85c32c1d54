"""wa doctor: looks at an environment and says what is wrong, where, and what to do."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence

from work_assignment.cli.common import DONE, REFUSED, add_common, connection, print_json
from work_assignment.cli.tables import aligned
from work_assignment.cli.webhooks import KEY_SETTING
from work_assignment.dataverse.checkup_store import CheckupStore
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.definition_store import DefinitionStore
from work_assignment.dataverse.port_errors import in_port_terms
from work_assignment.dataverse.webhook_store import WebhookStore
from work_assignment.domain.runs.facts import Rulebook
from work_assignment.packaged_solution import packaged_columns
from work_assignment.services.checks.findings import Clinic, Level
from work_assignment.services.doctor import Checked, examine
from work_assignment.settings import read_teams

SUMMARY = "check an environment: what is wrong, where, and what to do"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser)


def run(arguments: argparse.Namespace) -> int:
    """Make all checks; 1 when there is a fault."""
    with connection(arguments) as client:
        found = list(examine(_clinic(client)))
    if arguments.json:
        print_json([_data(checked) for checked in found])
    else:
        for line in _lines(found):
            print(line)
    return REFUSED if any(checked.is_fault for checked in found) else DONE


def _clinic(client: DataverseClient) -> Clinic:
    def read_rulebook() -> Rulebook:
        with in_port_terms():
            return DefinitionStore(client).rulebook()

    problem = read_teams(os.environ).trouble
    return Clinic(
        CheckupStore(client),
        WebhookStore(client),
        read_rulebook,
        packaged_columns(),
        problem,
        os.environ.get(KEY_SETTING, ""),
    )


def _lines(found: Sequence[Checked]) -> Iterator[str]:
    rows = [(f.finding.level.value, f.check, f.finding.what) for f in found]
    for line, checked in zip(aligned(rows, to_the_right=()), found, strict=True):
        yield line
        if checked.finding.advice:
            yield f"         -> {checked.finding.advice}"
    faults = sum(checked.is_fault for checked in found)
    warnings = sum(checked.finding.level is Level.WARNING for checked in found)
    yield ""
    yield f"{_count(faults, 'fault')}, {_count(warnings, 'warning')}."


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def _data(checked: Checked) -> dict[str, str]:
    finding = checked.finding
    return {
        "check": checked.check,
        "level": finding.level.value,
        "what": finding.what,
        "advice": finding.advice,
    }
