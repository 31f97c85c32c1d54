"""How many open records sellers have, asked so that no question covers more than Dataverse counts."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.errors import AggregateTooLarge
from work_assignment.dataverse.messages import Request
from work_assignment.dataverse.questions import Answers, Questions
from work_assignment.domain.records import SellerId

TOO_MANY = 50_001
"""What a seller counts as who has more records than Dataverse aggregates at once.

She is full by any capacity that means something, and behind everybody where load is balanced.
"""
ASKED_AGAIN_AFTER = 15 * 60.0
"""Seconds until what was too much for one question is asked as one again: records get closed."""
_SAID_AGAIN_AFTER = 24 * 3600.0
_SELLERS_A_QUESTION = 200

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Group:
    """Sellers whose open records of one table are asked for in one question."""

    table: str
    sellers: tuple[SellerId, ...]

    def halves(self) -> tuple[Group, Group]:
        middle = len(self.sellers) // 2
        return Group(self.table, self.sellers[:middle]), Group(self.table, self.sellers[middle:])


RequestFor = Callable[[Group], Request]
Asked = list[tuple[Group, int | None]]
"""Groups and the places of their questions; None where one was refused lately and is not asked."""


class OpenCounts:
    """Counts, and remembers what was too much for one question; safe to share between threads."""

    def __init__(
        self, client: DataverseClient, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._clock = clock
        self._lock = threading.Lock()
        self._refused: dict[Group, float] = {}
        self._said: dict[Group, float] = {}

    def ask(
        self,
        questions: Questions,
        tables: Iterable[str],
        sellers: Sequence[SellerId],
        request_for: RequestFor,
    ) -> Asked:
        """Add what is to be asked about these sellers to other questions."""
        parts = [
            part
            for table in tables
            for start in range(0, len(sellers), _SELLERS_A_QUESTION)
            for part in self._parts(
                Group(table, tuple(sellers[start : start + _SELLERS_A_QUESTION]))
            )
        ]
        return [
            (part, None if self._was_refused(part) else questions.ask(request_for(part)))
            for part in parts
        ]

    def _parts(self, group: Group) -> Iterator[Group]:
        """A group, or its halves where it was too much lately; one seller is not divided."""
        if len(group.sellers) == 1 or not self._was_refused(group):
            yield group
        else:
            for half in group.halves():
                yield from self._parts(half)

    def total(self, asked: Asked, answers: Answers, request_for: RequestFor) -> dict[SellerId, int]:
        """Add up the answers; groups that were refused are asked about in halves.

        The halves of all of them are one request, so that there are at most eight more.
        """
        found: Counter[SellerId] = Counter()
        refused: list[Group] = []
        for group, place in asked:
            try:
                rows = [] if place is None else answers.rows(place)
            except AggregateTooLarge:
                self._remember(group)
                place, rows = None, []
            if place is None:
                refused.append(group)
            for row in rows:
                found[SellerId(row["owner"])] += row["records"]
        for group in refused:
            if len(group.sellers) == 1:
                found[group.sellers[0]] += TOO_MANY
        halves = [half for group in refused if len(group.sellers) > 1 for half in group.halves()]
        if halves:
            found.update(self._ask_again(halves, request_for))
        return dict(found)

    def _ask_again(self, groups: Sequence[Group], request_for: RequestFor) -> dict[SellerId, int]:
        questions = Questions()
        asked: Asked = [(group, questions.ask(request_for(group))) for group in groups]
        return self.total(asked, questions.send(self._client), request_for)

    def _was_refused(self, group: Group) -> bool:
        with self._lock:
            at = self._refused.get(group)
        return at is not None and self._clock() - at < ASKED_AGAIN_AFTER

    def _remember(self, group: Group) -> None:
        now = self._clock()
        with self._lock:
            self._refused = {
                other: at for other, at in self._refused.items() if now - at < ASKED_AGAIN_AFTER
            }
            self._refused[group] = now
            said = self._said.get(group, -_SAID_AGAIN_AFTER)
            is_news = len(group.sellers) == 1 and now - said >= _SAID_AGAIN_AFTER
            if is_news:
                self._said[group] = now
        if is_news:
            _log.warning(
                "seller %s owns more open rows of %s than Dataverse counts at once (50,000), "
                "and is taken for full",
                group.sellers[0],
                group.table,
            )
