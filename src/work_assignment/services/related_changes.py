"""Changes of rows that filters look at beside a record: followed to the records they concern."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Protocol

from work_assignment.domain.deciding.definitions import Definitions
from work_assignment.domain.errors import Unavailable
from work_assignment.domain.records import RecordKey
from work_assignment.services import telemetry
from work_assignment.services.blocks import Blocks
from work_assignment.services.culprits import find_culprits, in_words
from work_assignment.services.gathering import Gatherer
from work_assignment.services.giving_up import note_undecidable
from work_assignment.services.inbox import Pending
from work_assignment.services.standings import claimed
from work_assignment.services.triage import triage
from work_assignment.services.workshop import Workshop

PAGE = 2000
"""Records decided together."""
_TRIES = 3
"""Of one page without any progress."""

_log = telemetry.logger(__name__)


class _Finishing(Protocol):
    def finish(self, keys: Iterable[RecordKey]) -> object: ...


class Done:
    """Records that are done with, for whoever asked for them; `seen` are those since it was cleared."""

    def __init__(self, asking: _Finishing) -> None:
        self._asking = asking
        self.seen: set[RecordKey] = set()

    def finish(self, keys: Iterable[RecordKey]) -> None:
        """Everything that was asked for these records is written."""
        finished = list(keys)
        self.seen.update(finished)
        self._asking.finish(finished)


@dataclass(slots=True)
class _Rest:
    """The records that are left of changes which were followed together, `changed_at` the latest."""

    changed_at: datetime
    left: set[RecordKey]


class RelatedChanges:
    """Decides the records that changes of other tables' rows concern, page after page.

    A change stays pending until all of them are done with; what is left of it is remembered, as long
    as this session lasts. Whoever takes it up in another one begins at the first record: what has
    moved by then is read and left as it is. Between pages `may_go_on` says whether there is time
    left, and `keep` holds on to what the session has taken.
    """

    def __init__(
        self,
        shop: Workshop,
        gatherer: Gatherer,
        blocks: Blocks,
        done: Done,
        *,
        may_go_on: Callable[[], bool],
        keep: Callable[[], object],
    ) -> None:
        self._shop = shop
        self._gatherer = gatherer
        self._blocks = blocks
        self._done = done
        self._may_go_on = may_go_on
        self._keep = keep
        self._rests: dict[RecordKey, _Rest] = {}

    def follow(
        self, changed: Sequence[Pending], is_told_of: Callable[[RecordKey], bool]
    ) -> frozenset[RecordKey]:
        """Follow events that tell of such rows; gives the rows that are done with.

        `is_told_of` says of which records events of their own lie here: those are decided first, and
        only they come up again after that.
        """
        known = {id(rest): rest for entry in changed if (rest := self._rest(entry)) is not None}
        for rest in known.values():
            rest.left = self._decide(rest.left, rest.changed_at, is_told_of)
        fresh = [entry for entry in changed if self._rest(entry) is None]
        for group in _alike(fresh, self._gatherer.rulebook().definitions):
            self._begin(group, is_told_of)
        done = frozenset(
            entry.key
            for entry in changed
            if (rest := self._rest(entry)) is not None and not rest.left
        )
        for key in done:
            del self._rests[key]
        return done

    def decide(self, keys: Collection[RecordKey], at: datetime) -> None:
        """Decide records as if they had changed at that moment."""
        self._decide(keys, at, lambda key: False)

    def _rest(self, entry: Pending) -> _Rest | None:
        """What is left of a change, if nothing newer happened to the row."""
        rest = self._rests.get(entry.key)
        return rest if rest is not None and entry.newest_at <= rest.changed_at else None

    def _begin(self, group: Sequence[Pending], is_told_of: Callable[[RecordKey], bool]) -> None:
        """Go through all records that changes concern, unless there is no time left."""
        rest = _Rest(max(entry.newest_at for entry in group), set())
        rows = [entry.key for entry in group]
        for page in _pages(self._shop.facts.affected(self._gatherer.rulebook(), rows)):
            if not self._may_go_on():
                return
            self._keep()
            rest.left |= self._decide(page, rest.changed_at, is_told_of)
        if rest.left:
            _log.info("decided later of what a change concerns: %d", len(rest.left))
        self._rests |= dict.fromkeys(rows, rest)

    def _decide(
        self,
        keys: Collection[RecordKey],
        changed_at: datetime,
        is_told_of: Callable[[RecordKey], bool],
    ) -> set[RecordKey]:
        """Decide records as if they had changed themselves; gives those that could not be."""
        held = {key for key in keys if is_told_of(key)}
        left = [key for key in keys if key not in held]
        self._done.seen.clear()
        tries = 0
        while left and tries < _TRIES:
            before = len(left)
            self._or_find_culprits(left, changed_at)
            left = [key for key in left if key not in self._done.seen]
            tries = 0 if len(left) < before else tries + 1
        self._done.seen.clear()
        return held | {key for key in left if key not in self._blocks.unwritable}

    def _or_find_culprits(self, keys: Sequence[RecordKey], changed_at: datetime) -> None:
        """Decide records; where one makes that fail it is noted and left alone, not the others."""
        try:
            self._round(keys, changed_at)
        except Unavailable:
            raise
        except Exception as exc:
            _log.warning("a block fails, looking for what makes it: %s", in_words(exc))
            guilty = find_culprits(keys, lambda part: self._round(part, changed_at))
            for key, why in guilty.items():
                note_undecidable(self._shop, key, in_words(why))
                self._blocks.unwritable.add(key)

    def _round(self, keys: Sequence[RecordKey], changed_at: datetime) -> None:
        now = self._shop.clock()  # before reading, as in every block
        rulebook, gathered = self._gatherer.gather(keys, waiting=0)
        pending = [Pending(key, changed_at, is_new=False, by_hand_at=None) for key in keys]
        taken = claimed(gathered.sellers, now)
        sorted_out = triage(pending, gathered, rulebook, self._blocks.owners_seen, taken)
        self._done.finish([*sorted_out.done, *sorted_out.deleted])
        sorted_out.deleted.clear()
        self._blocks.work_off(rulebook, gathered, sorted_out, now)


def _alike(changed: Iterable[Pending], definitions: Definitions) -> list[list[Pending]]:
    """Changes between which nothing was activated: the same definitions count for all of a group."""
    active = {one.active_since for found in definitions.segments.values() for one in found}
    active |= {rule.active_since for rules in definitions.rules.values() for rule in rules}
    in_order = sorted(active)
    groups: dict[int, list[Pending]] = {}
    for entry in changed:
        groups.setdefault(bisect(in_order, entry.newest_at), []).append(entry)
    return list(groups.values())


def _pages(keys: Iterator[RecordKey]) -> Iterator[list[RecordKey]]:
    while page := list(islice(keys, PAGE)):
        yield page
