"""A person's choice counts: whom people gave a record to is who has it in the end."""

from __future__ import annotations

from collections.abc import Iterator

from tests.torture.evidence import Evidence, Key
from tests.torture.journal import Entry

from work_assignment.domain.statuses import RoutingStatus


def choices_are_kept(evidence: Evidence) -> Iterator[str]:
    """Nobody but a person changes what a person chose, unless the record moved since, or was forced.

    A choice that our assignment did not know of may be given back later, so only the end counts; a
    choice of which nobody was told could not be known, and one that fell on somebody who was then
    disabled could not be honoured, of which the log tells.
    """
    for (table, row_id), choice in _last_choices(evidence).items():
        record = evidence.records.get((table, row_id))
        if record is None or not record.is_open or record.owner == choice.after:
            continue
        if row_id in evidence.not_given_back and _was_disabled_since(evidence, choice):
            continue
        if _is_overridden(evidence, (table, row_id), choice):
            continue
        if row_id not in evidence.surroundings.lost_choices:
            yield (
                f"{table} {row_id} was given to {evidence.name(choice.after)} by hand and"
                f" belongs to {evidence.name(record.owner)}"
            )


def _last_choices(evidence: Evidence) -> dict[Key, Entry]:
    """What people chose last. Who closes a record leaves it with whom it is, be it opened again."""
    choices: dict[Key, Entry] = {}
    for entry in evidence.journal:
        key = (entry.name, entry.row_id)
        if _is_choice(entry) and entry.by_user != evidence.app:
            choices[key] = entry
        elif _closes(entry) and key in choices and choices[key].after != entry.after:
            del choices[key]
    return choices


def _is_overridden(evidence: Evidence, key: Key, choice: Entry) -> bool:
    """Whether we knew of the choice when we assigned: it moved later, or a person had it forced."""
    return any(
        run.key == key
        and run.status == RoutingStatus.ASSIGNED
        and (run.is_forced or (run.has_moved and run.was_settled))
        and (run.known_version or 0) >= (choice.version or 0)
        for run in evidence.runs
    )


def _closes(entry: Entry) -> bool:
    return entry.kind == "update" and entry.was_open and not entry.is_open


def _was_disabled_since(evidence: Evidence, choice: Entry) -> bool:
    return any(
        entry.kind == "disabled" and entry.row_id == choice.after and entry.seq > choice.seq
        for entry in evidence.journal
    )


def _is_choice(entry: Entry) -> bool:
    """Whoever chooses the owner that a record has, chooses too."""
    return entry.kind == "again" or (entry.kind == "update" and entry.before != entry.after)
