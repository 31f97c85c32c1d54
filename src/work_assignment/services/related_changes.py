"""Changes of rows that filters look at beside a record: followed to the records they concern."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Protocol

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


class RelatedChanges:
    """Decides the records that a change of another table's row concerns, page after page.

    The event stays until all of them are done with. Whoever takes it up after a worker that died
    begins at the first record: what has moved by then is read and left as it is.
    """

    def __init__(self, shop: Workshop, gatherer: Gatherer, blocks: Blocks, done: Done) -> None:
        self._shop = shop
        self._gatherer = gatherer
        self._blocks = blocks
        self._done = done

    def follow(
        self, changed: Sequence[Pending], is_told_of: Callable[[RecordKey], bool]
    ) -> frozenset[RecordKey]:
        """Follow events that tell of such rows; gives the rows that are done with.

        `is_told_of` says of which records events of their own lie here: those are decided first, and
        the change comes up again after them.
        """
        newest = max(entry.newest_at for entry in changed)
        rows = [entry.key for entry in changed]
        affected = self._shop.facts.affected(self._gatherer.rulebook(), rows)
        left = 0
        for page in _pages(affected):
            unheld = [key for key in page if not is_told_of(key)]
            left += len(page) - len(unheld) + self._decide(unheld, newest)
        if not left:
            return frozenset(rows)
        _log.info("%d records that a change concerns are decided later", left)
        return frozenset()

    def _decide(self, keys: Sequence[RecordKey], changed_at: datetime) -> int:
        """Decide records as if they had changed themselves; says how many could not be."""
        left, tries = list(keys), 0
        while left and tries < _TRIES:
            before = len(left)
            self._or_find_culprits(left, changed_at)
            left = [key for key in left if key not in self._done.seen]
            tries = 0 if len(left) < before else tries + 1
        self._done.seen.clear()
        return len([key for key in left if key not in self._blocks.unwritable])

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


def _pages(keys: Iterator[RecordKey]) -> Iterator[list[RecordKey]]:
    while page := list(islice(keys, PAGE)):
        yield page
