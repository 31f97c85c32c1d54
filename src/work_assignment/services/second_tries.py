"""Tries again, oldest first, what found nobody, as soon as capacity or availability came back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from work_assignment.domain.records import RecordKey
from work_assignment.domain.runs.facts import CurrentRecord, Gathered, Rulebook
from work_assignment.domain.runs.outcomes import RequestSource
from work_assignment.domain.runs.sweeps import Page, Place, Scope, Sweep
from work_assignment.domain.statuses import PASSING
from work_assignment.services import telemetry
from work_assignment.services.blocks import Blocks
from work_assignment.services.comebacks import Comebacks
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
    Records of a sweep that is going on are its own.
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
        """Try what waits while somebody who is back has room; says whether all was looked at."""
        if self._shop.mode != "on":
            self._comebacks.followed()
            return True
        if self._shop.sweeps is not None:
            self._sweeps = self._shop.sweeps.going_on()
        after: dict[str, Place] = {}
        looked_at = tries = 0
        while looked_at < MOST:
            if not may_go_on():
                return False
            now = self._shop.clock()  # before reading, as in every block
            rulebook = self._gatherer.rulebook()
            rulebook, gathered = self._gatherer.gather_page(_page(rulebook, after))
            room = self._comebacks.still_have_room(rulebook.definitions, gathered, now)
            if not gathered.reached or not room:
                break
            if self._try(rulebook, gathered, now) and tries < _TRIES:
                tries += 1
                continue
            after |= gathered.reached
            looked_at += len(gathered.waiting)
            tries = 0
        if looked_at >= MOST:
            _log.info("somebody is back; what is behind the oldest %d waits on", looked_at)
        if self._sweeps:
            self._comebacks.is_put_off = True  # they may have passed by what could be given now
        else:
            self._comebacks.followed()
        return True

    def _try(self, rulebook: Rulebook, gathered: Gathered, now: datetime) -> bool:
        """Decide a page; says whether some of it must be decided anew."""
        taken = claimed(gathered.sellers, now)
        sorted_out = Triage()
        for current in gathered.waiting:
            last = gathered.last_runs.get(current.key)
            if (
                last is None
                or last.status not in PASSING
                or current.record.id in taken
                or current.key in self._blocks.unwritable
                or self._is_a_sweeps(current)
            ):
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

    def _is_a_sweeps(self, current: CurrentRecord) -> bool:
        return any(_takes(sweep, current) for sweep in self._sweeps)


def _page(rulebook: Rulebook, after: dict[str, Place]) -> Page:
    definitions = rulebook.definitions
    scope = Scope({kind: definitions.in_scope_since(kind) for kind in definitions.record_types})
    return Page(scope, after, PAGE, failed_only=True)


def _takes(sweep: Sweep, current: CurrentRecord) -> bool:
    """Whether a sweep takes this record up, as far as its row says."""
    key: RecordKey = current.key
    if sweep.record_type not in (None, key.table):
        return False
    if sweep.cursor.is_default:
        return current.record.segment_id is None
    return sweep.segment_id is None or current.record.segment_id in (None, sweep.segment_id)
