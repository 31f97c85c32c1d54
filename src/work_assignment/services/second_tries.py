"""Tries again, oldest first, what found nobody, as soon as capacity or availability came back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from work_assignment.domain.errors import Unavailable
from work_assignment.domain.records import RecordKey
from work_assignment.domain.runs.facts import CurrentRecord, Gathered, Result, Rulebook
from work_assignment.domain.runs.outcomes import RequestSource
from work_assignment.domain.runs.sweeps import Page, Place, Scope, Sweep
from work_assignment.domain.statuses import PASSING
from work_assignment.services import telemetry
from work_assignment.services.blocks import Blocks
from work_assignment.services.comebacks import Comebacks
from work_assignment.services.culprits import find_culprits, in_words
from work_assignment.services.gathering import Gatherer
from work_assignment.services.standings import claimed
from work_assignment.services.triage import Triage, chosen_unheard
from work_assignment.services.workshop import Workshop

PAGE = 2000
MOST = 10_000
"""Records that are looked at when somebody is back; what lies behind waits for its schedule."""
_TRIES = 3
"""Of one page, while sellers' rows keep changing."""

_log = telemetry.logger(__name__)


class SecondTries:
    """One pass over the records that found nobody for a reason that can pass.

    Those that find nobody again keep the outcome they have, and nothing is written for them.
    Records of a sweep that is going on are its own; while one is, or where something could not be
    written, another pass is for the timer's bell.
    """

    def __init__(
        self, shop: Workshop, gatherer: Gatherer, blocks: Blocks, comebacks: Comebacks
    ) -> None:
        self._shop = shop
        self._gatherer = gatherer
        self._blocks = blocks
        self._comebacks = comebacks
        self._sweeps: Sequence[Sweep] = ()

    def run(self, may_go_on: Callable[[], bool]) -> bool:
        """Try what waits while somebody who is back has room; False when time is up before."""
        if self._shop.mode != "on":
            self._comebacks.followed()
            return True
        if self._shop.sweeps is not None:
            self._sweeps = self._shop.sweeps.going_on()
        going_on = frozenset(sweep.id for sweep in self._sweeps)
        if self._comebacks.is_put_off_for(going_on):
            return True
        is_complete = self._try_pages(may_go_on)
        if is_complete is None:
            return False
        if going_on or not is_complete:
            self._comebacks.put_off(going_on)
        else:
            self._comebacks.followed()
        return True

    def _try_pages(self, may_go_on: Callable[[], bool]) -> bool | None:
        """Whether all could be tried, and written where it found somebody; None when time is up."""
        after: dict[str, Place] = {}
        looked_at, is_complete = 0, True
        while looked_at < MOST:
            if not may_go_on():
                return None
            now = self._shop.clock()  # before reading, as in every block
            page = _page(self._gatherer.rulebook(), after)
            rulebook, gathered = self._gatherer.gather_page(page)
            has_room = self._comebacks.still_have_room(rulebook.definitions, gathered, now)
            if not gathered.reached or not has_room:
                return is_complete
            is_complete &= self._try_page(rulebook, gathered, now)
            after |= gathered.reached
            looked_at += len(gathered.waiting)
        _log.info("somebody is back; what is behind the oldest %d waits on", looked_at)
        return is_complete

    def _try_page(self, rulebook: Rulebook, gathered: Gathered, now: datetime) -> bool:
        """Decide a page; whether nothing of it is left to be tried again."""
        keys = [current.key for current in gathered.waiting]
        try:
            again = self._decide(gathered.waiting, rulebook, gathered, now)
            for _ in range(_TRIES - 1):
                if not again:
                    break
                again = self._round(keys)
        except Unavailable:
            raise
        except Exception as exc:
            _log.warning("a page fails, looking for what makes it: %s", in_words(exc))
            # They have outcomes, which stay; a sweep notes why they cannot be decided.
            self._blocks.unwritable.update(find_culprits(keys, self._round))
            again = False
        return not again and not self._blocks.put_off.keys() & set(keys)

    def _round(self, keys: Sequence[RecordKey]) -> bool:
        """Decide these anew; says whether some must be decided once more."""
        now = self._shop.clock()
        rulebook, gathered = self._gatherer.gather(keys, waiting=0)
        there = [
            current
            for key in keys
            if (current := gathered.asked.get(key)) is not None
            and current.is_open
            and current.result is Result.FAILED
        ]
        return self._decide(there, rulebook, gathered, now)

    def _decide(
        self,
        records: Iterable[CurrentRecord],
        rulebook: Rulebook,
        gathered: Gathered,
        now: datetime,
    ) -> bool:
        taken = claimed(gathered.sellers, now)
        sorted_out = Triage()
        for current in records:
            last = gathered.last_runs.get(current.key)
            if last is None or last.status not in PASSING or self._is_others(current, taken):
                continue
            if chosen_unheard(current, last, self._blocks.owners_seen):
                sorted_out.by_hand.append(current)
                continue
            sorted_out.decide.append(current)
            sorted_out.tried_before.add(current.key)
            # What has been activated since it came counts for it, as in every new try.
            sorted_out.since[current.record.id] = now
            sorted_out.sources[current.key] = RequestSource.CAME_BACK
        return self._blocks.work_off(rulebook, gathered, sorted_out, now)

    def _is_others(self, current: CurrentRecord, taken: frozenset[str]) -> bool:
        """Whether somebody else sees to it, or it is left alone for a while."""
        return (
            current.record.id in taken
            or current.key in self._blocks.unwritable
            or any(_takes(sweep, current) for sweep in self._sweeps)
        )


def _page(rulebook: Rulebook, after: dict[str, Place]) -> Page:
    definitions = rulebook.definitions
    scope = Scope({kind: definitions.in_scope_since(kind) for kind in definitions.record_types})
    return Page(scope, after, PAGE, failed_only=True)


def _takes(sweep: Sweep, current: CurrentRecord) -> bool:
    """Whether a sweep takes this record up, as far as its row says."""
    key = current.key
    if sweep.record_type not in (None, key.table):
        return False
    if sweep.record_ids is not None:
        return key.id in sweep.record_ids
    if sweep.cursor.is_default:
        return current.record.segment_id is None
    return sweep.segment_id is None or current.record.segment_id in (None, sweep.segment_id)
