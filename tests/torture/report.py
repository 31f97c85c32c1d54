"""What a run came to, as a table for people and as data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from tests.torture.campaign import Result
from tests.torture.wordings import told_in

from work_assignment.dataverse.choices import SweepStatus
from work_assignment.domain.runs.outcomes import RequestSource
from work_assignment.domain.runs.sweeps import SweepKind, Trigger
from work_assignment.domain.statuses import RoutingStatus

_SHOWN = 12


def as_data(result: Result, found: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The whole report."""
    return {
        "seed": result.options.seed,
        "without": list(result.options.without),
        "seconds": round(result.seconds, 1),
        "faults": dict(result.faults.most_common()),
        "faults_total": result.faults.total(),
        "deeds": dict(result.deeds.most_common()),
        "failed_deeds": dict(result.failed_deeds.most_common()),
        "deaths": dict(result.deaths),
        "locks": result.locks,
        "outcomes": outcomes(result),
        "moves": moves(result),
        "sweeps": sweeps(result),
        "told": told(result),
        "violations": {name: list(texts) for name, texts in found.items()},
        "violations_total": sum(map(len, found.values())),
    }


def outcomes(result: Result) -> dict[str, int]:
    """How many rows of the log say what."""
    counts = Counter(RoutingStatus(run.status).reason for run in result.evidence.runs)
    return dict(counts.most_common())


def moves(result: Result) -> dict[str, int]:
    """How many settled records went to which segment, by what asked for it."""
    evidence = result.evidence
    counts = Counter(
        f"to {evidence.segments.get(run.segment or '', 'no segment')},"
        f" {RequestSource(run.source).name.lower().replace('_', ' ')}"
        for run in evidence.runs
        if run.is_decision and run.was_settled and run.has_moved
    )
    return dict(counts.most_common())


def sweeps(result: Result) -> dict[str, int]:
    """How many sweeps of each kind had which end."""
    counts = Counter(
        f"{SweepKind(sweep.kind).name.lower()}, {Trigger(sweep.trigger).name.lower()},"
        f" {SweepStatus(sweep.status).name.lower().replace('_', ' ')}"
        for sweep in result.evidence.sweeps
    )
    return dict(counts.most_common())


def told(result: Result) -> dict[str, int]:
    """Of how many records people were told, by kind."""
    counts: Counter[str] = Counter()
    for notification in result.evidence.notifications:
        kind, records = told_in(notification.title)
        counts[kind or "unknown"] += records
    return dict(counts.most_common())


def show(console: Console, result: Result, found: Mapping[str, Sequence[str]]) -> None:
    """Print the report."""
    data = as_data(result, found)
    for name in ("faults", "deeds", "deaths", "locks", "outcomes", "moves", "sweeps", "told"):
        table = Table(name, "count")
        for what, count in data[name].items():
            table.add_row(str(what), f"{count:g}")
        console.print(table)
    evidence = result.evidence
    console.print(
        f"Seed {result.options.seed}: {data['faults_total']} faults, {result.deeds.total()} deeds"
        f" ({result.failed_deeds.total()} refused), {len(evidence.records)} records,"
        f" {len(evidence.runs)} outcomes, {len(evidence.notifications)} notifications"
        f" in {result.seconds:.0f} s."
    )
    for name, texts in found.items():
        console.print(f"{'FAILED' if texts else 'holds '}  {name}")
        for text in texts[:_SHOWN]:
            console.print(f"        {text}")
        if len(texts) > _SHOWN:
            console.print(f"        and {len(texts) - _SHOWN} more")
    console.print(f"{data['violations_total']} violations.")
