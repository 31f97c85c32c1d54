"""Whether what is told late is still so: whose the records are by now, and which are closed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from work_assignment.domain.records import Owner, RecordKey
from work_assignment.domain.runs.facts import Gathered, Rulebook
from work_assignment.domain.runs.news import Change
from work_assignment.domain.runs.outcomes import Committed, Untold
from work_assignment.services.ports import Facts


class Present:
    """Records as they are when somebody is told of them late."""

    def __init__(self, facts: Facts, rulebook: Rulebook, keys: Collection[RecordKey]) -> None:
        asked = sorted(
            (key for key in keys if key.table in rulebook.columns and _is_id(key.id)),
            key=lambda key: (key.table, key.id),
        )
        self._asked = frozenset(asked)
        self._gathered: Gathered | None = None
        if asked:
            self._gathered = facts.gather(rulebook, asked, waiting=0)

    def still_given(self, committed: Iterable[Committed]) -> list[Committed]:
        """Those that their sellers have yet."""
        return [c for c in committed if self._is_with(c.key, Owner("systemuser", c.seller_id))]

    def still_changed(self, changes: Iterable[Change]) -> list[Change]:
        """Those whose records are with whom they went to, or stayed with."""
        return [change for change in changes if self._is_with(change.key, change.stays_with)]

    def still_untold(self, untold: Iterable[Untold]) -> list[Untold]:
        """Those that there is something to tell of, each with what is left of its block."""
        kept = (replace(u, together=tuple(self.still_given(u.together))) for u in untold)
        return [entry for entry in kept if entry.together or self._is_news(entry)]

    def _is_news(self, untold: Untold) -> bool:
        hers = Owner("systemuser", untold.recipient)
        if untold.is_lost:
            return self._is_open(untold.key) and not self._is_with(untold.key, hers)
        return self._is_with(untold.key, hers)

    def _is_open(self, key: RecordKey) -> bool:
        if self._is_unknown(key):
            return True
        current = None if self._gathered is None else self._gathered.asked.get(key)
        return current is not None and current.is_open

    def _is_with(self, key: RecordKey, owner: Owner | None) -> bool:
        """Whether the record is open and this owner's, as far as anybody can say."""
        if self._gathered is None or self._is_unknown(key):
            return True
        current = self._gathered.asked.get(key)
        return current is not None and current.is_open and current.record.owner == owner

    def _is_unknown(self, key: RecordKey) -> bool:
        """Whether nobody can say: its table is not routed any more, or its row cannot be read."""
        unreadable = () if self._gathered is None else self._gathered.unreadable
        return key not in self._asked or key in unreadable


def keys_of(untold: Sequence[Untold]) -> set[RecordKey]:
    """The records of these runs, and of what came together with them."""
    together = {given.key for entry in untold for given in entry.together}
    return {entry.key for entry in untold} | together


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
