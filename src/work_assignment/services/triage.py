"""What each record needs: a decision, a note that somebody chose by hand, or nothing. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from work_assignment.domain.records import Owner, RecordKey
from work_assignment.domain.runs.facts import CurrentRecord, Gathered, LastRun, Result, Rulebook
from work_assignment.domain.runs.outcomes import RequestSource
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.inbox import Pending

CLOCKS_DIFFER = timedelta(minutes=2)
"""How far Dataverse's clock, which events carry, may be from ours, and a decision from its facts."""

_NAMES_OWNER = (RoutingStatus.ASSIGNED, RoutingStatus.ASSIGNED_BY_HAND)

LATE = timedelta(hours=1)
"""How late an event may come and still tell of a choice that ours did not know of."""


@dataclass(slots=True)
class Triage:
    """Records sorted by what they need.

    `since` holds, for records that were updated after a failed try, the moment that counts for
    activations; `tried_before` are those whose failure need not be written again where it is the same;
    `freed` are the owners who have one record less; those in `as_new` are decided as if they had just
    come, and of those in `answered` the log is to say too that nothing changes; `give_back` are records that we gave away although somebody had chosen an owner of
    whom we hear only now; `claimed` are in another worker's hands; `done` are events that ask for nothing.
    """

    decide: list[CurrentRecord] = field(default_factory=list)
    since: dict[str, datetime] = field(default_factory=dict)
    sources: dict[RecordKey, RequestSource] = field(default_factory=dict)
    by_hand: list[CurrentRecord] = field(default_factory=list)
    give_back: list[tuple[CurrentRecord, Owner]] = field(default_factory=list)
    closed: list[CurrentRecord] = field(default_factory=list)
    deleted: list[RecordKey] = field(default_factory=list)
    claimed: list[RecordKey] = field(default_factory=list)
    done: list[RecordKey] = field(default_factory=list)
    tried_before: set[RecordKey] = field(default_factory=set)
    freed: list[Owner | None] = field(default_factory=list)
    as_new: set[RecordKey] = field(default_factory=set)
    answered: set[RecordKey] = field(default_factory=set)


def triage(
    pending: Sequence[Pending],
    gathered: Gathered,
    rulebook: Rulebook,
    owners_seen: Mapping[RecordKey, Owner | None],
    claimed: Collection[str] = frozenset(),
) -> Triage:
    """Sort what events ask for, then what was found waiting.

    `claimed` are the ids of records that another worker is about to commit. `owners_seen` are the
    owners of records whose last write found them changed: another owner now means that somebody
    chose by hand in between.
    """
    sorted_out = Triage()
    for entry in pending:
        if entry.key.id in claimed:
            sorted_out.claimed.append(entry.key)
        else:
            _sort_event(sorted_out, entry, gathered, rulebook, owners_seen)
    asked = {entry.key for entry in pending}
    for current in gathered.waiting:
        if current.key in asked:
            continue
        if current.record.id in claimed:
            sorted_out.claimed.append(current.key)
        elif _owner_changed(current, owners_seen):
            sorted_out.by_hand.append(current)
        else:
            sorted_out.decide.append(current)
            sorted_out.sources[current.key] = RequestSource.FOUND_WAITING
    return sorted_out


def _sort_event(
    sorted_out: Triage,
    entry: Pending,
    gathered: Gathered,
    rulebook: Rulebook,
    owners_seen: Mapping[RecordKey, Owner | None],
) -> None:
    key = entry.key
    if key.table not in rulebook.definitions.segments:
        sorted_out.done.append(key)
        return
    if key in gathered.unreadable:
        sorted_out.done.append(key)  # it was said where it was read
        return
    current = gathered.asked.get(key)
    if current is None:
        last = gathered.last_runs.get(key)
        (sorted_out.deleted if last is None else sorted_out.done).append(key)
        sorted_out.freed.append(last.owner if last else None)
        return
    routed_before = current.result is not Result.UNDECIDED
    in_scope_since = rulebook.definitions.in_scope_since(key.table)
    if not routed_before and current.record.created_at < in_scope_since:
        sorted_out.done.append(key)  # switching on never re-owns history
    elif current.is_open and (chosen := _chosen_before_us(entry, current, gathered)) is not None:
        sorted_out.give_back.append((current, chosen))
    elif _by_hand(entry, current, gathered, owners_seen):
        sorted_out.by_hand.append(current)  # closed ones too: it counts when they are open again
        sorted_out.freed.append(_whose_it_was(current, gathered))
    elif not current.is_open:
        if routed_before:
            sorted_out.done.append(key)
        else:
            sorted_out.closed.append(current)
        sorted_out.freed.append(current.record.owner)
    elif _is_stale(entry, gathered) or not _may_be_decided(current, rulebook):
        sorted_out.done.append(key)
    else:
        sorted_out.decide.append(current)
        _note_source(sorted_out, entry, routed_before)


def _whose_it_was(current: CurrentRecord, gathered: Gathered) -> Owner | None:
    """Who had a record before somebody gave it to another one, or closed it, by hand."""
    last = gathered.last_runs.get(current.key)
    is_another = last is not None and last.owner != current.record.owner
    return last.owner if last is not None and is_another else None


def _may_be_decided(current: CurrentRecord, rulebook: Rulebook) -> bool:
    """Whether there is anything to decide: a record that has its owner can only move."""
    if current.result is not Result.SUCCEEDED:
        return True
    segments = rulebook.definitions.segments[current.key.table]
    return any(s.allow_move_in and s.id != current.record.segment_id for s in segments)


def _note_source(sorted_out: Triage, entry: Pending, routed_before: bool) -> None:
    if routed_before:
        sorted_out.since[entry.key.id] = entry.newest_at
    sorted_out.sources[entry.key] = RequestSource.NEW if entry.is_new else RequestSource.UPDATED


def _by_hand(
    entry: Pending,
    current: CurrentRecord,
    gathered: Gathered,
    owners_seen: Mapping[RecordKey, Owner | None],
) -> bool:
    if _owner_changed(current, owners_seen):
        return True
    if entry.was_found and _is_with_another(current, gathered):
        return True
    if entry.by_hand_at is None or current.record.owner is None:
        return False  # a column for owners that was emptied is nobody's choice
    if current.result is not Result.SUCCEEDED:
        # We have not touched the owner, so whoever chose, however long ago, chose this one.
        return entry.names_owner or not _is_with_creator(current)
    last = gathered.last_runs.get(entry.key)
    return entry.names_owner and (last is None or entry.by_hand_at >= _known_until(last, current))


def _is_with_another(current: CurrentRecord, gathered: Gathered) -> bool:
    """Whether a record has another owner than the run log says, and was written since."""
    last = gathered.last_runs.get(current.key)
    if last is None or last.owner is None or current.record.owner in (None, last.owner):
        return False
    # A run that is newer than the record as we read it was written by another worker in between.
    if current.modified_at is None or last.written_at is None:
        return True
    return current.modified_at >= last.written_at


def _chosen_before_us(entry: Pending, current: CurrentRecord, gathered: Gathered) -> Owner | None:
    """The owner whom somebody chose shortly before our assignment, which did not know of it.

    Only while the record is still with the seller we chose: any later change is somebody's wish.
    And only the owner we took it from: whoever was chosen before that one was not the last word.
    The times compared are Dataverse's, as our decision's own would not tell what came before its
    facts were read; what was written in between would have found us out.
    """
    last = gathered.last_runs.get(entry.key)
    if last is not None and last.given_by is not None:
        last = last.given_by  # a move since left the record with whom we had given it to
    if last is None or last.status is not RoutingStatus.ASSIGNED or last.seller_id is None:
        return None
    written_at = last.written_at or last.decided_at
    until = written_at + timedelta(seconds=1)  # Dataverse cuts it to seconds
    if entry.by_hand_at is None or not written_at - LATE <= entry.by_hand_at < until:
        return None
    ours = Owner("systemuser", last.seller_id)
    is_still_ours = current.result is Result.SUCCEEDED and current.record.owner == ours
    is_overruled = entry.owner_named == last.previous_owner != ours
    return entry.owner_named if is_still_ours and is_overruled else None


def _known_until(last: LastRun, current: CurrentRecord) -> datetime:
    """Dataverse cuts moments to seconds: the choice that was noted would else be newer than itself.

    While the record is with the seller we chose, only what came after our write is news. When it is
    with another one than the log says, whatever clocks say, somebody chose after that was written.
    """
    if last.status in _NAMES_OWNER and last.owner is not None:
        if current.record.owner != last.owner:
            return datetime.min.replace(tzinfo=UTC)
        if last.status is RoutingStatus.ASSIGNED and last.written_at is not None:
            return last.written_at + timedelta(seconds=1)
    noted = last.status is RoutingStatus.ASSIGNED_BY_HAND
    return last.decided_at + timedelta(seconds=1 if noted else 0)


def _is_with_creator(current: CurrentRecord) -> bool:
    owner = current.record.owner
    return owner is not None and owner.id == current.record.created_by


def _is_stale(entry: Pending, gathered: Gathered) -> bool:
    """An event from before the last decision asks for what that decision already knew."""
    last = gathered.last_runs.get(entry.key)
    if last is None:
        return False
    if last.status is RoutingStatus.UNDONE and last.written_at is not None:
        # Both times are Dataverse's. What came before must not have the record routed again.
        return entry.newest_at < last.written_at
    return entry.newest_at + CLOCKS_DIFFER < last.decided_at


def is_noted_wrong(current: CurrentRecord, gathered: Gathered) -> bool:
    """Whether the log's last word is a choice by hand, of another owner than the record has."""
    last = gathered.last_runs.get(current.key)
    if last is None or last.status is not RoutingStatus.ASSIGNED_BY_HAND:
        return False
    return current.result is Result.SUCCEEDED and current.record.owner != last.owner


def chosen_unheard(
    current: CurrentRecord, last: LastRun | None, owners_seen: Mapping[RecordKey, Owner | None]
) -> bool:
    """Whether somebody chose another owner since we last looked, though no event has told us."""
    owner = current.record.owner
    if current.key in owners_seen:
        return owners_seen[current.key] != owner
    if current.result is Result.UNDECIDED or last is None or None in (owner, last.owner):
        return False
    return last.owner != owner


def _owner_changed(current: CurrentRecord, owners_seen: Mapping[RecordKey, Owner | None]) -> bool:
    """Whether somebody chose an owner between a try of ours and now.

    A record that has succeeded meanwhile was assigned by one of us: we write owner and result
    together, and nobody else writes the result.
    """
    if current.result is Result.SUCCEEDED or current.key not in owners_seen:
        return False
    return owners_seen[current.key] != current.record.owner
