"""Everybody who got a record from us is told so, once: alone, or with others of the same block."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.torture.evidence import Evidence, Notification, RunRow

from work_assignment.domain.statuses import RoutingStatus

_SEVERAL = re.compile(r"^(\d+) ")
_RECORD = re.compile(r"[?&]id=([0-9a-f-]{36})")


def everybody_is_told_once(evidence: Evidence) -> Iterator[str]:
    """Each seller is told of as many records as she was given, and of none that she was not."""
    given: defaultdict[str, list[RunRow]] = defaultdict(list)
    for run in evidence.runs:
        if run.is_untold:
            yield f"{run.key[0]} {run.key[1]}: nobody was told of run {run.id}"
        if _is_to_be_told(run):
            given[str(run.owner)].append(run)
    told: defaultdict[str, list[Notification]] = defaultdict(list)
    for notification in evidence.notifications:
        told[notification.recipient].append(notification)
    for seller in sorted({*given, *told}):
        yield from _compare(evidence, seller, given[seller], told[seller])


def _is_to_be_told(run: RunRow) -> bool:
    return run.status == RoutingStatus.ASSIGNED and run.owner != run.previous_owner


def _compare(
    evidence: Evidence, seller: str, given: list[RunRow], told: list[Notification]
) -> Iterator[str]:
    several = [entry for entry in told if _records_named(entry) != 1]
    alone = Counter(
        found[1] for entry in told if entry not in several and (found := _RECORD.search(entry.data))
    )
    records = Counter(run.key[1] for run in given)
    for record, count in (alone - records).items():
        yield f"{evidence.name(seller)} was told {count} times too often of record {record}"
    rest, named = (records - alone).total(), sum(map(_records_named, several))
    if rest != named:
        yield (
            f"{evidence.name(seller)} was given {records.total()} records: told alone of"
            f" {alone.total()}, together of {named}"
        )


def _records_named(notification: Notification) -> int:
    found = _SEVERAL.match(notification.title)
    return int(found[1]) if found else 1
