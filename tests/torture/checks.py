"""What must hold once everything is quiet, each a function that names every violation."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

from tests.torture.capacity import capacity_is_kept
from tests.torture.choices import choices_are_kept
from tests.torture.evidence import Evidence, Key, RecordRow, RunRow, named
from tests.torture.moves import (
    log_and_segment_agree,
    nothing_flaps,
    records_are_where_they_belong,
    what_was_before_is_kept,
)
from tests.torture.notifications import everybody_is_told_once
from tests.torture.organization import QUIET
from tests.torture.overdue import managers_are_told_once
from tests.torture.sweeps import (
    each_due_time_is_swept_once,
    no_due_time_is_forgotten,
    sweeps_have_ended,
    sweeps_take_turns,
)

from work_assignment.domain.statuses import RoutingStatus

Check = Callable[[Evidence], Iterator[str]]


def each_record_has_one_outcome(evidence: Evidence) -> Iterator[str]:
    """No open record waits for ever, and no outcome is written twice."""
    runs = evidence.newest_runs()
    for key, record in evidence.records.items():
        if record.is_open and record.result is None:
            yield f"{named(key)} is open and has no outcome"
        elif record.is_open and key not in runs:
            yield f"{named(key)} has an outcome that the log does not know"
    versions = Counter((run.key, run.version) for run in evidence.runs)
    for (key, version), count in versions.items():
        if count > 1:
            yield f"{named(key)} has {count} outcomes for one version, {version}"


def log_and_owner_agree(evidence: Evidence) -> Iterator[str]:
    """The newest row of the log says who has the record, unless nobody could know of a choice."""
    for key, run in evidence.newest_runs().items():
        record = evidence.records.get(key)
        if record is None or not record.is_open:
            continue
        problem = _disagreement(record, run, evidence)
        if problem and key[1] not in evidence.surroundings.lost_choices:
            yield f"{named(key)} {problem}"


def _disagreement(record: RecordRow, run: RunRow, evidence: Evidence) -> str:
    has_owner = run.has_owner
    if record.result is not None and (record.result == 0) != has_owner:
        said = "a failure" if record.result else "an owner"
        return f"says {said}, the log says {RoutingStatus(run.status).reason!r}"
    if has_owner and run.owner != record.owner:
        return (
            f"belongs to {evidence.name(record.owner)}, the log's newest row,"
            f" {RoutingStatus(run.status).reason!r}, names {evidence.name(run.owner)}"
        )
    return ""


def round_robin_is_even(evidence: Evidence) -> Iterator[str]:
    """Where nobody interferes, nobody is more than one record ahead."""
    ids = {user for user, name in evidence.names.items() if name in QUIET}
    owned = Counter(dict.fromkeys(ids, 0))
    for (_, row_id), record in evidence.records.items():
        if row_id in evidence.surroundings.quiet and record.owner in ids:
            owned[record.owner] += 1
    if owned and max(owned.values()) - min(owned.values()) > 1:
        shares = ", ".join(f"{evidence.name(user)} {count}" for user, count in owned.items())
        yield f"the quiet pool is uneven: {shares}"


def open_counts_agree(evidence: Evidence) -> Iterator[str]:
    """What sellers' rows say is what can be counted."""
    counted = Counter(record.owner for record in evidence.records.values() if record.is_open)
    for seller in evidence.sellers:
        if evidence.names.get(seller.user) not in QUIET:
            continue
        if (seller.open_count or 0) != counted[seller.user]:
            yield (
                f"the row of {evidence.name(seller.user)} says {seller.open_count} open records,"
                f" there are {counted[seller.user]}"
            )


def no_reservation_is_left(evidence: Evidence) -> Iterator[str]:
    """Whatever was reserved is committed or given back."""
    for seller in evidence.sellers:
        for block in seller.reservations:
            yield f"{evidence.name(seller.user)} still has a reservation of block {block}"


def the_queue_is_empty(evidence: Evidence) -> Iterator[str]:
    """Every event is dealt with."""
    for text in evidence.events:
        yield f"an event is still queued: {text[:200]}"


def poison_is_explained(evidence: Evidence) -> Iterator[str]:
    """What is on the poison queue says why; it is no event, or its record's story is in the log."""
    told = {run.key for run in evidence.runs}
    for message in evidence.poison:
        text, why = _given_up(message)
        key = _record_of(text)
        if not why:
            yield f"poison that does not say why it is there: {message[:200]}"
        elif key is None and text != evidence.surroundings.garbage:
            yield f"poison that nobody can read: {message[:200]}"
        elif key is not None and key not in told:
            yield f"{named(key)} is poison, and the log does not say why"


def _given_up(message: str) -> tuple[str, str]:
    """What was given up, and why."""
    try:
        entry = json.loads(message)
        return str(entry["text"]), str(entry["why"])
    except (ValueError, KeyError, TypeError):
        return message, ""


def _record_of(text: str) -> Key | None:
    try:
        event = json.loads(text)
        return (event["table"], event["record_id"])
    except (ValueError, KeyError, TypeError):
        return None


def databases_are_sound(evidence: Evidence) -> Iterator[str]:
    """SQLite finds nothing wrong with either file."""
    yield from evidence.integrity


def one_outcome_follows_another(evidence: Evidence) -> Iterator[str]:
    """We never assign a record again that we have assigned, unless it moved or somebody asked for it."""
    ours: dict[Key, list[RunRow]] = defaultdict(list)
    for run in evidence.runs:
        ours[run.key].append(run)
    for key, runs in ours.items():
        for before, after in pairwise(runs):
            is_again = before.status == after.status == RoutingStatus.ASSIGNED
            if is_again and not (after.has_moved or after.is_forced):
                yield (
                    f"{named(key)} was assigned to {evidence.name(before.owner)} and again to"
                    f" {evidence.name(after.owner)}"
                )


def nobody_ends_by_himself(evidence: Evidence) -> Iterator[str]:
    """Hosts, workers and the mock only die when they are killed."""
    for name in evidence.surroundings.crashed:
        yield f"{name} ended by itself"


CHECKS: Mapping[str, Check] = {
    "one outcome a record": each_record_has_one_outcome,
    "nothing assigned twice": one_outcome_follows_another,
    "log and owner agree": log_and_owner_agree,
    "capacity kept": capacity_is_kept,
    "round robin even": round_robin_is_even,
    "open counts agree": open_counts_agree,
    "everybody told once": everybody_is_told_once,
    "choices kept": choices_are_kept,
    "records where they belong": records_are_where_they_belong,
    "log and segment agree": log_and_segment_agree,
    "what was before kept": what_was_before_is_kept,
    "nothing flaps": nothing_flaps,
    "each due time swept once": each_due_time_is_swept_once,
    "no due time forgotten": no_due_time_is_forgotten,
    "sweeps take turns": sweeps_take_turns,
    "sweeps ended": sweeps_have_ended,
    "managers told once": managers_are_told_once,
    "no reservation left": no_reservation_is_left,
    "queue empty": the_queue_is_empty,
    "poison explained": poison_is_explained,
    "databases sound": databases_are_sound,
    "nobody ends by himself": nobody_ends_by_himself,
}


def violations(evidence: Evidence) -> dict[str, list[str]]:
    """What each check finds; nothing is an empty list."""
    return {name: list(check(evidence)) for name, check in CHECKS.items()}
