"""Notices that capacity or availability came back, for which records that found nobody are waiting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from work_assignment.domain.deciding.definitions import Definitions
from work_assignment.domain.defining.sellers import Seller
from work_assignment.domain.records import Owner, SellerId
from work_assignment.domain.runs.facts import Gathered, SellerRow
from work_assignment.services.standings import unexpired
from work_assignment.services.webhook_steps import SELLERS, USERS

PEOPLE = frozenset({SELLERS, USERS})
"""Tables whose rows say who takes assignments, how many and when."""


class Comebacks:
    """Who can take more than before, until a pass over what waits has followed it.

    It is kept from bell to bell. What a process that died knew others find by comparing counts with
    sellers' rows, which are not corrected before that pass; the first look of a process takes
    everybody for back. Those of `freed` are back because records of theirs went, and matter only
    while they have room.
    """

    def __init__(self) -> None:
        self._back: set[SellerId] = set()
        self.freed: set[SellerId] = set()
        self._followed: dict[SellerId, int] = {}
        self._counts: Mapping[SellerId, int] = {}
        self._sellers: Mapping[SellerId, Seller] = {}
        self._barred: frozenset[SellerId] = frozenset()
        self._looked_at: datetime | None = None
        self._put_off_for: frozenset[str] | None = None

    @property
    def is_somebody_back(self) -> bool:
        return bool(self._back or self.freed)

    @property
    def is_put_off(self) -> bool:
        """Whether the next pass is for the timer's bell."""
        return self._put_off_for is not None

    def is_put_off_for(self, sweeps: frozenset[str]) -> bool:
        """Whether it was put off until one of these very sweeps has ended."""
        return bool(sweeps) and self._put_off_for == sweeps

    def put_off(self, sweeps: frozenset[str] = frozenset()) -> None:
        """Some of what waits could not be tried: it is a sweep's, or could not be written."""
        self._put_off_for = sweeps

    def note_freed(
        self,
        owners: Sequence[Owner | None],
        gathered: Gathered,
        definitions: Definitions,
        now: datetime,
    ) -> None:
        """Records of these owners were closed or went elsewhere before the facts were read.

        Only who was full before is back: who had room had it for what waits, too.
        """
        if not (owners and _counts_matter(definitions)):
            return
        lost = Counter(SellerId(o.id) for o in owners if o is not None and o.type == "systemuser")
        for row in gathered.sellers:
            room = _room(row, gathered, definitions, now)
            if room is None or room <= 0 or not lost[row.seller_id]:
                continue
            was_full = row.open_count >= definitions.sellers[row.seller_id].max_capacity
            if was_full or room <= lost[row.seller_id]:
                self.freed.add(row.seller_id)

    def look(self, definitions: Definitions, gathered: Gathered, now: datetime) -> None:
        """Compare with the last look: definitions of sellers, their hours, who is enabled, counts."""
        barred = frozenset(row.seller_id for row in gathered.sellers if row.barred)
        for seller in definitions.sellers.values():
            if self._is_another(seller) or seller.id in self._barred - barred:
                self._back.add(seller.id)
        self._back |= self._at_work_again(definitions, now)
        if _counts_matter(definitions):
            self.freed |= self._given_room(gathered, definitions)
        self._sellers, self._barred, self._looked_at = definitions.sellers, barred, now

    def _is_another(self, seller: Seller) -> bool:
        return seller.takes_assignments and self._sellers.get(seller.id) != seller

    def _at_work_again(self, definitions: Definitions, now: datetime) -> set[SellerId]:
        """Who comes within some rule's hours by now and did not at the last look."""
        before = self._looked_at
        if before is None or before >= now:
            return set()
        windows = _windows(definitions)
        return {
            seller.id
            for seller in definitions.sellers.values()
            if any(
                _works(seller, now, within) and not _works(seller, before, within)
                for within in windows
            )
        }

    def _given_room(self, gathered: Gathered, definitions: Definitions) -> set[SellerId]:
        """Who was full by the count on her row and is not by the records that she owns."""
        found = set()
        for row in gathered.sellers:
            seller = definitions.sellers.get(row.seller_id)
            if seller is None:
                continue
            has = gathered.open_counts.get(row.seller_id, 0)
            is_news = has < self._followed.get(row.seller_id, has + 1)
            if has < seller.max_capacity <= row.open_count and is_news:
                found.add(row.seller_id)
        return found

    def still_have_room(self, definitions: Definitions, gathered: Gathered, now: datetime) -> bool:
        """Whether it is worth while to try more of what waits."""
        self._counts = gathered.open_counts
        if self._back or not _counts_matter(definitions):
            return True
        rooms = (
            _room(row, gathered, definitions, now)
            for row in gathered.sellers
            if row.seller_id in self.freed
        )
        return any(room is not None and room > 0 for room in rooms)

    def followed(self) -> None:
        """What waits was tried with everybody who is back."""
        self._followed |= {seller: self._counts.get(seller, 0) for seller in self.freed}
        self._back.clear()
        self.freed.clear()
        self._put_off_for = None

    def recounted(self) -> None:
        """Sellers' rows say again what is so."""
        self._followed.clear()


def _counts_matter(definitions: Definitions) -> bool:
    return any(rule.uses_capacity for rules in definitions.rules.values() for rule in rules)


def _windows(definitions: Definitions) -> frozenset[timedelta]:
    """Within which times rules want their sellers to work."""
    return frozenset(
        rule.available_within
        for rules in definitions.rules.values()
        for rule in rules
        if rule.available_within is not None
    )


def _works(seller: Seller, at: datetime, within: timedelta) -> bool:
    return seller.calendar.first_working_moment(at, within) is not None


def _room(
    row: SellerRow, gathered: Gathered, definitions: Definitions, now: datetime
) -> int | None:
    """How many more records a seller can take; None for who takes none."""
    seller = definitions.sellers.get(row.seller_id)
    if seller is None or not seller.takes_assignments or row.barred:
        return None
    reserved = sum(entry.shares for entry in unexpired(row, now))
    return seller.max_capacity - gathered.open_counts.get(row.seller_id, 0) - reserved
