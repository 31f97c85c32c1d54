"""Records that move: where they end, what their run rows say of before, and how often that was."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from tests.torture.evidence import Evidence, Key, RecordRow, RunRow, named
from tests.torture.organization import FLAP_HOURS, FLAP_MOVES, segment_by_columns

from work_assignment.domain.runs.outcomes import RequestSource
from work_assignment.domain.statuses import RoutingStatus

_CHANGES = frozenset({"create", "update"})
_BY_HAND = (RequestSource.RESEGMENTED_BY_HAND, RequestSource.FORCED_BY_HAND)
_NO_SEGMENT = (RoutingStatus.ASSIGNED_BY_HAND, RoutingStatus.UNDONE)
_CUT = 2.0
"""Dataverse keeps whole seconds."""
_HOUR = 3600.0
_History = Sequence[tuple[int, str | None]]
"""What a record had from a version on, in order."""


def records_are_where_they_belong(evidence: Evidence) -> Iterator[str]:
    """Who may move is in the segment that its columns say in the end.

    What a person chose after the last change of them, what found nobody, and what was left alone as
    it moved too often, stay where they are.
    """
    written = {note.row_id: note.seq for note in evidence.notes if note.kind == "run"}
    newest = evidence.newest_runs()
    for key, record in evidence.records.items():
        run = newest.get(key)
        if not record.is_open or record.account is None or run is None:
            continue
        if not run.has_owner or run.status == RoutingStatus.LEFT_ALONE:
            continue
        is_chosen = run.status == RoutingStatus.ASSIGNED_BY_HAND
        if is_chosen and written.get(run.id, 0) > _changed_last(record, evidence):
            continue
        expected = segment_by_columns(record.size, evidence.countries.get(record.account))
        found = evidence.segments.get(record.segment or "", "no segment")
        if found != expected:
            yield f"{named(key)} belongs into {expected} and is in {found}"


def _changed_last(record: RecordRow, evidence: Evidence) -> int:
    """When a column was changed last that decides the record's segment."""
    about = {("columns", record.key[1]), ("country", record.account)}
    seqs = (note.seq for note in evidence.notes if (note.kind, note.row_id) in about)
    return max(seqs, default=0)


def log_and_segment_agree(evidence: Evidence) -> Iterator[str]:
    """A record is in the segment that its newest decision says."""
    decided = {run.key: run for run in evidence.runs if run.is_decision}
    for key, run in decided.items():
        record = evidence.records.get(key)
        if record is None or not record.is_open or record.segment == run.segment:
            continue
        yield (
            f"{named(key)} is in {_segment(evidence, record.segment)}, the log's newest decision,"
            f" {RoutingStatus(run.status).reason!r}, says {_segment(evidence, run.segment)}"
        )


def _segment(evidence: Evidence, segment_id: str | None) -> str:
    return evidence.segments.get(segment_id or "", segment_id or "no segment")


def what_was_before_is_kept(evidence: Evidence) -> Iterator[str]:
    """Owner and segment before, as a decision's row says, are those of the version decided on."""
    owners, segments = _owners(evidence), _segments(evidence)
    for run in evidence.runs:
        version = run.known_version
        if not run.is_decision or version is None:
            continue
        owner = _at(owners[run.key], version)
        if owner != run.previous_owner:
            yield (
                f"{named(run.key)}: run {run.id} says that it was {evidence.name(run.previous_owner)}'s"
                f" before, it was {evidence.name(owner)}'s"
            )
        segment = _at(segments[run.key[1]], version)
        if segment != run.previous_segment:
            yield (
                f"{named(run.key)}: run {run.id} says that it was in"
                f" {_segment(evidence, run.previous_segment)} before, it was in"
                f" {_segment(evidence, segment)}"
            )


def _owners(evidence: Evidence) -> Mapping[Key, _History]:
    found: defaultdict[Key, list[tuple[int, str | None]]] = defaultdict(list)
    for entry in evidence.journal:
        if entry.kind in _CHANGES:
            found[entry.name, entry.row_id].append((entry.version or 0, entry.after))
    return found


def _segments(evidence: Evidence) -> Mapping[str, _History]:
    found: defaultdict[str, list[tuple[int, str | None]]] = defaultdict(list)
    for note in evidence.notes:
        if note.kind == "segment":
            found[note.row_id].append((note.version or 0, note.after))
    return found


def _at(history: _History, version: int) -> str | None:
    place = bisect_right([at for at, _ in history], version)
    return history[place - 1][1] if place else None


def nothing_flaps(evidence: Evidence) -> Iterator[str]:
    """We move a record, or give it to others, so often at most as may be; else it is left alone."""
    histories: defaultdict[Key, list[RunRow]] = defaultdict(list)
    for run in evidence.runs:
        histories[run.key].append(run)
    within = FLAP_HOURS * _HOUR
    slack = 2 * evidence.surroundings.skew + _CUT
    for key, runs in histories.items():
        moved = _moved_at(runs)
        for first, last in zip(moved, moved[FLAP_MOVES:], strict=False):
            if last - first <= within - slack:
                yield f"{named(key)} was moved {FLAP_MOVES + 1} times in {last - first:.0f} s"
        for run in runs:
            lately = [at for at in moved if run.decided_at - at <= within + slack]
            if run.status == RoutingStatus.LEFT_ALONE and len(lately) < FLAP_MOVES:
                yield f"{named(key)} was left alone, though it was moved {len(lately)} times only"


def _moved_at(runs: Sequence[RunRow]) -> list[float]:
    """When we gave it another segment or owner than it had, once it had an owner; not where asked to."""
    found: list[float] = []
    had_owner = False
    for before, run in pairwise([None, *runs]):
        had_owner = had_owner or (before is not None and before.has_owner)
        if run is None or run.source in _BY_HAND:
            continue
        is_given = run.status == RoutingStatus.ASSIGNED and run.owner != run.previous_owner
        moves = run.has_moved and run.status not in _NO_SEGMENT
        if had_owner and (is_given or moves):
            found.append(run.decided_at)
    return found
