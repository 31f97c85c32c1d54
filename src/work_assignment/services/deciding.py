"""The decider: one worker at a time answers the bell until nothing is left to do.

The lease keeps workers from deciding the same records twice at once; it only saves work. What makes
the result right is `If-Match` on the sellers' rows and on the records.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from work_assignment.domain.errors import Unavailable
from work_assignment.domain.runs.facts import Gathered, Rulebook
from work_assignment.services.bell import TIMER
from work_assignment.services.blocks import Blocks
from work_assignment.services.events import OWNER
from work_assignment.services.gathering import Gatherer
from work_assignment.services.inbox import Inbox
from work_assignment.services.ports import RunReport
from work_assignment.services.standings import claimed
from work_assignment.services.triage import triage
from work_assignment.services.workshop import Workshop

LEASE = "decider"
TIME_BUDGET = timedelta(minutes=8)
"""A worker hands over before the function's own time ends."""
LATER = timedelta(seconds=2)
"""When what could not be finished is tried again."""
AWAY = timedelta(seconds=30)
"""When Dataverse is asked again after it could not be."""
RULEBOOK_KEPT = timedelta(minutes=1)
"""Definitions edited in the app do not change the stamp; they take effect within this time."""
PATIENCE = 3
"""Rounds without any progress before the rest is left to the next bell."""

_log = logging.getLogger(__name__)


class Decider:
    """Answers the bell. Keeps the rulebook between bells, for a while and under its stamp."""

    def __init__(self, workshop: Workshop) -> None:
        self._shop = workshop
        self._rulebook: Rulebook | None = None
        self._read_at = workshop.clock()

    def answer(self, *, thorough: bool = False) -> RunReport:
        """Work until nothing is left to do; return at once when another worker is at it.

        That one may have just looked for the last time, so the bell then rings once more. `thorough`
        (the timer's bell) also finishes what workers that died had left. When Dataverse cannot be
        asked the events stay, and the bell is rung again later.
        """
        report = RunReport()
        if self._shop.mode == "off":
            return report
        lease = self._shop.leases.acquire(LEASE)
        if lease is None:
            report.busy = True
            self._shop.bell.ring_in(LATER, TIMER if thorough else "another worker was at it")
            return report
        try:
            session = _Session(self._shop, report, self._kept_rulebook())
            session.run(lease.renew, thorough=thorough)
            self._keep(session.rulebook)
        except Unavailable as exc:
            report.away = str(exc)
            _log.warning("Dataverse cannot be asked, the work waits: %s", exc)
            self._shop.bell.ring_in(exc.retry_after or AWAY, "Dataverse was away")
        finally:
            lease.release()
        return report

    def _kept_rulebook(self) -> Rulebook | None:
        is_old = self._shop.clock() - self._read_at > RULEBOOK_KEPT
        return None if is_old else self._rulebook

    def _keep(self, rulebook: Rulebook | None) -> None:
        if rulebook is not self._rulebook:
            self._rulebook, self._read_at = rulebook, self._shop.clock()


class _Session:
    """One worker's time with the lease."""

    def __init__(self, shop: Workshop, report: RunReport, rulebook: Rulebook | None) -> None:
        self._shop = shop
        self._report = report
        self._inbox = Inbox(shop.queues, shop.facts.own_user_id())
        self._blocks = Blocks(shop, self._inbox, report)
        self._gatherer = Gatherer(shop.facts, rulebook)

    @property
    def rulebook(self) -> Rulebook | None:
        """The definitions as they were last read."""
        return self._gatherer.rulebook

    def run(self, keep_lease: Callable[[], bool], *, thorough: bool) -> None:
        try:
            more = self._work(keep_lease, thorough=thorough)
            if thorough:
                self._blocks.tell_the_untold()
        except Unavailable:
            # After another error the events stay hidden: they may have caused it, and are counted.
            self._inbox.put_back(LATER)
            raise
        left = self._inbox.put_back(LATER)
        if more or left or self._report.held:
            self._shop.bell.ring_in(LATER, "more to do")

    def _work(self, keep_lease: Callable[[], bool], *, thorough: bool) -> bool:
        """Round after round; says whether there is more that the next bell must see to."""
        until = self._shop.clock() + TIME_BUDGET
        idle = 0
        more = True
        while more and idle < PATIENCE and self._shop.clock() < until and keep_lease():
            before = self._progress()
            again = self._round(thorough=thorough)
            more = self._inbox.take(self._shop.block_size) > 0 or again
            idle = 0 if self._progress() > before else idle + 1
        return more

    def _progress(self) -> int:
        """Rises with whatever makes the next round another than the one before."""
        return self._report.written + self._inbox.finished + len(self._blocks.barred)

    def _round(self, *, thorough: bool) -> bool:
        """Work one block off; says whether another round is worth while."""
        size = self._shop.block_size
        self._report.rounds += 1
        self._inbox.take(size)
        asked = self._inbox.keys()
        room = self._room_for_waiting(len(asked))
        now = self._shop.clock()  # before reading: what counts as expired must not be read as live
        rulebook, gathered = self._gatherer.gather(asked, waiting=room)
        pending = self._inbox.pending(rulebook.owner_column or OWNER)
        taken = claimed(gathered.sellers, now, self._blocks.own_blocks)
        fit = self._without_unwritable(gathered)
        sorted_out = triage(pending, fit, rulebook, self._blocks.owners_seen, taken)
        self._report.held += len(sorted_out.claimed)
        self._inbox.finish(sorted_out.done)
        again = self._blocks.work_off(rulebook, gathered, sorted_out, now)
        if thorough and not sorted_out.decide:
            self._blocks.clean(gathered)
        return again or len(gathered.waiting) >= room > 0 or len(pending) >= size

    def _room_for_waiting(self, pending: int) -> int:
        if self._shop.mode == "dry-run":
            return 0  # records are left as they are, and would be found again for ever
        return max(self._shop.block_size - pending, 1) + len(self._blocks.unwritable)

    def _without_unwritable(self, gathered: Gathered) -> Gathered:
        """Records that Dataverse would not let us write are found waiting time and again."""
        waiting = (at for at in gathered.waiting if at.key not in self._blocks.unwritable)
        return replace(gathered, waiting=tuple(waiting))
