"""Everybody who is to hear of a record is told so, once: alone, or with others of the same block."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tests.torture.evidence import Evidence, Key, Notification, RunRow
from tests.torture.journal import Entry
from tests.torture.wordings import ASSIGNED, MOVED, told_in

from work_assignment.domain.statuses import RoutingStatus

_RECORD = re.compile(r"[?&]id=([0-9a-f-]{36})")
_LATE = 1500.0
"""Seconds of the run in which what a worker that died had written is told by another one."""
_ON_ITS_WAY = 30.0
"""Seconds of real time in which a block may be written that was read before somebody followed."""


@dataclass(slots=True)
class _Ear:
    """One person and kind: of which records she must hear, of which she may, and what she heard."""

    must: Counter[str] = field(default_factory=Counter)
    may: Counter[str] = field(default_factory=Counter)
    told: list[Notification] = field(default_factory=list)


_Ears = Mapping[tuple[str, str], _Ear]


def everybody_is_told_once(evidence: Evidence) -> Iterator[str]:
    """Each person is told of as many records as she has to hear of, and of none besides.

    Of what is told late, for a worker that died, only what is so yet: a record that went on to others,
    or was closed, meanwhile need not be told of.
    """
    ears: defaultdict[tuple[str, str], _Ear] = defaultdict(_Ear)
    for run in evidence.runs:
        if run.is_untold:
            yield f"{run.key[0]} {run.key[1]}: somebody was not told of run {run.id}"
    _note_new_owners(evidence, ears)
    _note_others(evidence, ears)
    for notification in evidence.notifications:
        kind, _ = told_in(notification.title)
        if not kind:
            yield f"nobody knows what {notification.title!r} tells"
        elif kind in (ASSIGNED, MOVED):
            ears[notification.recipient, kind].told.append(notification)
    for who, kind in sorted(ears):
        yield from _compare(f"{evidence.name(who)} ({kind})", ears[who, kind])


def _note_new_owners(evidence: Evidence, ears: _Ears) -> None:
    history = _changes(evidence)
    for run in evidence.runs:
        if run.status == RoutingStatus.ASSIGNED and run.owner != run.previous_owner:
            is_sure = run.owner not in evidence.mutes and not _goes_on(run, history, evidence)
            _note(ears[str(run.owner), ASSIGNED], run, is_sure=is_sure)


_History = Mapping[Key, Sequence[Entry]]


def _changes(evidence: Evidence) -> _History:
    """How records changed hands or were closed or deleted, in order."""
    found: defaultdict[Key, list[Entry]] = defaultdict(list)
    for entry in evidence.journal:
        if entry.before != entry.after or entry.was_open != entry.is_open:
            found[entry.name, entry.row_id].append(entry)
    return found


def _goes_on(run: RunRow, history: _History, evidence: Evidence) -> bool:
    """Whether the record was not for long with whom the run left it."""
    around = evidence.surroundings
    later = [
        e
        for e in history.get(run.key, ())
        if (e.version or 0) > (run.known_version or 0) or e.kind == "delete"
    ]
    of_the_run = (
        1 if run.status == RoutingStatus.ASSIGNED and run.owner != run.previous_owner else 0
    )
    return any(around.run_time(e.at) - run.decided_at <= _LATE for e in later[of_the_run:])


def _note_others(evidence: Evidence, ears: _Ears) -> None:
    """Whose a settled record was, and who follows one, hear when it changes hands or segment."""
    followed, history = _followed(evidence), _changes(evidence)
    written = {note.row_id: note for note in evidence.notes if note.kind == "run"}
    unsure = evidence.mutes | {e.row_id for e in evidence.journal if e.kind == "disabled"}
    for run in evidence.runs:
        changes_hands = run.status == RoutingStatus.ASSIGNED and run.owner != run.previous_owner
        if not run.is_decision or not (changes_hands or run.has_moved):
            continue
        new_owner = run.owner if changes_hands else None
        people: dict[str, bool] = {}
        if run.id in written:
            for who, (seq, at) in followed.get(run.key[1], {}).items():
                note = written[run.id]
                if seq < note.seq:
                    people[who] = note.at - at > _ON_ITS_WAY
        if run.was_settled and run.previous_owner in evidence.names:
            people[str(run.previous_owner)] = True
        for who, is_sure in people.items():
            if who != new_owner:
                is_sure = is_sure and who not in unsure and not _goes_on(run, history, evidence)
                _note(ears[who, MOVED], run, is_sure=is_sure)


def _followed(evidence: Evidence) -> Mapping[str, Mapping[str, tuple[int, float]]]:
    """Who follows each record since when."""
    found: defaultdict[str, dict[str, tuple[int, float]]] = defaultdict(dict)
    for note in evidence.notes:
        if note.kind == "follow" and note.after is not None:
            found[note.row_id].setdefault(note.after, (note.seq, note.at))
    return found


def _note(ear: _Ear, run: RunRow, *, is_sure: bool) -> None:
    ear.may[run.key[1]] += 1
    ear.must[run.key[1]] += is_sure


def _compare(who: str, ear: _Ear) -> Iterator[str]:
    several = [entry for entry in ear.told if _records_named(entry) != 1]
    alone = Counter(
        found[1]
        for entry in ear.told
        if entry not in several and (found := _RECORD.search(entry.data))
    )
    for record, count in (alone - ear.may).items():
        yield f"{who} was told {count} times too often of record {record}"
    named = sum(map(_records_named, several))
    most, least = (ear.may - alone).total(), (ear.must - alone).total()
    if not least <= named <= most:
        range_ = str(most) if least == most else f"{least} to {most}"
        yield (
            f"{who} was told of {alone.total()} records alone, and together of {named}"
            f" where it should be {range_}"
        )


def _records_named(notification: Notification) -> int:
    return told_in(notification.title)[1]
