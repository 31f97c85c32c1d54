"""The decider: one worker at a time answers the bell until nothing is left to do.

The lease keeps workers from deciding the same records twice at once; it only saves work. What makes
the result right is `If-Match` on the sellers' rows and on the records.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from work_assignment.domain.errors import Unavailable
from work_assignment.domain.records import RecordKey
from work_assignment.domain.runs.facts import Gathered, Rulebook
from work_assignment.domain.runs.outcomes import Run
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services import telemetry
from work_assignment.services.at_rest import AtRest
from work_assignment.services.bell import TIMER
from work_assignment.services.blocks import Blocks
from work_assignment.services.comebacks import PEOPLE, Comebacks
from work_assignment.services.culprits import Culprits, find_culprits, in_words
from work_assignment.services.events import OWNER
from work_assignment.services.gathering import Gatherer, with_asked_as_waiting
from work_assignment.services.giving_up import give_up, note_undecidable, note_unwritable
from work_assignment.services.inbox import Inbox
from work_assignment.services.lull import SHORTEST as LATER
from work_assignment.services.lull import Lull
from work_assignment.services.notifying import Teller
from work_assignment.services.ports import RunReport
from work_assignment.services.recent import Recent
from work_assignment.services.related_changes import Done, RelatedChanges
from work_assignment.services.second_tries import SecondTries
from work_assignment.services.settling import Settler
from work_assignment.services.standings import claimed
from work_assignment.services.triage import Triage, is_noted_wrong, triage
from work_assignment.services.workshop import Workshop

LEASE = "decider"
TIME_BUDGET = timedelta(minutes=8)
"""A worker hands over before the function's own time ends."""
AWAY = timedelta(seconds=30)
"""When Dataverse is asked again after it could not be."""
_GROWTH = 4
_MOST_PASSED_OVER = 4000
"""Records that are read and left alone, to reach those behind them."""
_LOOKS_AT_NOTES = 3
"""How often a choice by hand is noted anew, where the log names another owner after all."""
PATIENCE = 3
"""Rounds without any progress before the rest is left to the next bell."""

_log = telemetry.logger(__name__)


class Decider:
    """Answers the bell. What its gatherer keeps of the definitions is kept between bells, too."""

    def __init__(self, workshop: Workshop) -> None:
        self._shop = workshop
        self._culprits = Culprits(workshop.monotonic)
        self._lull = Lull(workshop.monotonic)
        self._recent = Recent()
        self._comebacks = Comebacks()
        self._at_rest = AtRest(workshop.monotonic)
        self._gatherer = Gatherer(workshop.facts, workshop.monotonic)

    def answer(self, *, thorough: bool = False) -> RunReport:
        """Work until nothing is left to do; return at once when another worker is at it.

        That one may have just looked for the last time, so the bell then rings once more. `thorough`
        (the timer's bell) also finishes what workers that died had left. When Dataverse cannot be
        asked, or the storage be used, the events stay, and the bell is rung again later.
        """
        report = RunReport()
        if self._shop.mode == "off":
            return report
        try:
            self._answer(report, thorough=thorough)
        except Unavailable as exc:
            report.away = str(exc)
            _log.warning("the work waits: %s", exc)
            self._ring_again(exc.retry_after or AWAY)
        return report

    def _answer(self, report: RunReport, *, thorough: bool) -> None:
        lease = self._shop.leases.acquire(LEASE)
        if lease is None:
            report.busy = True
            self._shop.bell.ring_in(LATER, TIMER if thorough else "another worker was at it")
            return
        try:
            session = _Session(
                self._shop,
                report,
                self._gatherer,
                self._culprits,
                self._recent,
                self._lull,
                self._comebacks,
                self._at_rest,
            )
            session.run(lease.renew, thorough=thorough)
        finally:
            lease.release()

    def _ring_again(self, delay: timedelta) -> None:
        try:
            self._shop.bell.ring_in(delay, "Dataverse or the storage was away")
        except Unavailable as exc:
            _log.warning("the bell cannot be rung, the timer rings: %s", exc)


class _Session:
    """One worker's time with the lease."""

    def __init__(
        self,
        shop: Workshop,
        report: RunReport,
        gatherer: Gatherer,
        culprits: Culprits,
        recent: Recent,
        lull: Lull,
        comebacks: Comebacks,
        at_rest: AtRest,
    ) -> None:
        self._shop = shop
        self._report = report
        self._culprits = culprits
        self._inbox = Inbox(shop.queues, shop.facts.own_user_id(), shop.monotonic)
        self._done = Done(self._inbox)
        self._recent = recent
        self._comebacks = comebacks
        self._at_rest = at_rest
        self._noted: set[RecordKey] = set()
        self._blocks = Blocks(shop, self._done, report, note=self._note)
        self._blocks.unwritable |= culprits.now()
        self._lull = lull
        self._gatherer = gatherer
        self._until = shop.monotonic() + TIME_BUDGET.total_seconds()
        self._may_go_on: Callable[[], bool] = lambda: shop.monotonic() < self._until
        self._related = RelatedChanges(
            shop,
            gatherer,
            self._blocks,
            self._done,
            may_go_on=lambda: self._may_go_on(),
            keep=self._inbox.keep,
        )
        self._has_looked = False
        self._size = shop.block_size
        self._has_recounted = False
        self._held_by_others = 0

    def _note(self, run: Run) -> None:
        self._recent.add(run.key)
        if run.status is RoutingStatus.ASSIGNED_BY_HAND:
            self._noted.add(run.key)

    def run(self, keep_lease: Callable[[], bool], *, thorough: bool) -> None:
        self._may_go_on = lambda: self._shop.monotonic() < self._until and keep_lease()
        try:
            more = self._work(thorough=thorough)
            more |= not self._try_again(thorough=thorough)
            if thorough:
                self._revisit()
                self._blocks.tell_the_untold()
        except Unavailable:
            # After another error the events stay hidden: they may have caused it, and are counted.
            self._inbox.put_back(LATER)
            raise
        self._give_up_on_the_troubled()
        self._report.given_up += give_up(self._shop, self._inbox)
        if self._progress():
            self._lull.end()
        asked_to_wait = timedelta(seconds=self._blocks.retry_after)
        delay = max(self._lull.wait(), asked_to_wait)
        left = self._inbox.put_back(delay)
        if more or left or self._report.held:
            self._shop.bell.ring_in(delay, "more to do")

    def _give_up_on_the_troubled(self) -> None:
        """Leave alone for a while what cannot be written: at once, or as it is tried time and again."""
        waiting = {}
        for key, why in self._blocks.troubled.items():
            if not self._culprits.was_tried(key):
                continue
            if self._inbox.holds(key):
                self._inbox.give_up_on(key, why)
            else:
                waiting[key] = why
            self._blocks.unwritable.add(key)
        if waiting:
            note_unwritable(self._shop, waiting)
        for key in self._blocks.unwritable - self._culprits.now():
            self._culprits.add(key)

    def _work(self, *, thorough: bool) -> bool:
        """Round after round; says whether there is more that the next bell must see to."""
        idle = 0
        taken, news = self._take()
        # A bell for nothing but old news needs no look; one for nothing at all is about what waits.
        more = thorough or news > 0 or taken == 0
        while more and idle < PATIENCE and self._may_go_on():
            before = self._progress()
            again = self._round(thorough=thorough)
            _, news = self._take()
            more = again or news > 0
            idle = 0 if self._progress() > before else idle + 1
        return more

    def _try_again(self, *, thorough: bool) -> bool:
        """Try what found nobody, if somebody is back who can take it; False when time is up."""
        back = self._comebacks
        if not back.is_somebody_back or (back.is_put_off and not thorough):
            return True
        tries = SecondTries(self._shop, self._gatherer, self._blocks, back)
        return tries.run(self._may_go_on)

    def _revisit(self) -> None:
        """Look again at what was left alone, as it had been moved too often, long enough ago."""
        limit = self._gatherer.rulebook().definitions.policy.flap_limit
        if limit is not None and self._shop.mode == "on":
            now = self._shop.clock()
            self._related.decide(self._at_rest.now(self._shop.facts, now - limit.within), now)

    def _take(self) -> tuple[int, int]:
        """Take events; says how many, and how many of them are news.

        That a record was created is none once it was decided here: while thousands arrive, most are
        found waiting before their events come.
        """
        self._inbox.keep()
        taken = telemetry.count("taken", self._inbox.take(self._size))
        old = [key for key in self._inbox.only_created() if key in self._recent]
        return taken, taken - self._inbox.finish(old)

    def _progress(self) -> int:
        """Rises with whatever makes the next round another than the one before."""
        return self._report.written + self._inbox.finished + len(self._blocks.barred)

    def _round(self, *, thorough: bool) -> bool:
        """Work one block off; says whether another round is worth while."""
        size = self._size
        self._report.rounds += 1
        self._report.given_up += give_up(self._shop, self._inbox)
        asked = self._inbox.portion(size)
        # What workers may die of is worked on without anything that nobody asked for.
        room = 0 if self._inbox.is_suspect(asked) else self._room_for_waiting(len(asked))
        try:
            again = self._work_off(asked, room, thorough=thorough)
        except Unavailable:
            raise
        except Exception as exc:
            self._find_culprits(asked, room, exc)
            return True
        return again or self._inbox.has_more

    def _work_off(self, asked: Sequence[RecordKey], room: int, *, thorough: bool) -> bool:
        size = self._size
        telemetry.note(block="")
        if any(key.table in PEOPLE for key in asked):
            self._gatherer.forget()  # events tell of columns that definitions are made of
        unfollowed = self._follow(asked)
        asked = [key for key in asked if key not in unfollowed]
        now = self._shop.clock()  # before reading: what counts as expired must not be read as live
        rulebook, gathered = self._gatherer.gather(asked, waiting=room)
        self._look_who_is_back(rulebook, gathered, asked, now, thorough=thorough)
        if thorough and self._recount(gathered):
            return True
        self._inbox.drop_echoes(gathered.last_runs)
        pending = self._inbox.pending(rulebook.owner_column or OWNER, frozenset(asked))
        taken = claimed(gathered.sellers, now)
        found = self._without_told(self._without_unwritable(gathered), asked)
        fit = with_asked_as_waiting(found, pending)
        sorted_out = triage(pending, fit, rulebook, self._blocks.owners_seen, taken)
        self._report.waited.update(sorted_out.claimed)
        self._inbox.finish(sorted_out.done)
        self._comebacks.note_freed(sorted_out.freed, gathered, rulebook.definitions, now)
        again = self._blocks.work_off(rulebook, gathered, sorted_out, now)
        self._look_at_notes()
        is_full = len(pending) >= size
        if len(gathered.waiting) >= room > 0:
            free = any(current.record.id not in taken for current in gathered.waiting)
            is_full |= free or (thorough and len(taken) > self._held_by_others)
        self._held_by_others = len(taken) if thorough else 0
        if is_full:
            self._size = min(size * _GROWTH, self._shop.largest_block)
        return again or is_full or bool(unfollowed)

    def _look_at_notes(self) -> None:
        """Note anew whom people chose where the log names another one.

        A note does not touch the record, so that nothing refuses one that comes late: another
        worker may have noted a newer choice before it. Whoever writes last looks after that.
        """
        for _ in range(_LOOKS_AT_NOTES):
            keys = [*self._noted]
            self._noted.clear()
            if not keys or self._shop.mode != "on":
                return
            now = self._shop.clock()
            rulebook, gathered = self._gatherer.gather(keys, waiting=0)
            wrong = [
                current for current in gathered.asked.values() if is_noted_wrong(current, gathered)
            ]
            if wrong:
                self._blocks.work_off(rulebook, gathered, Triage(by_hand=wrong), now)

    def _follow(self, asked: Sequence[RecordKey]) -> frozenset[RecordKey]:
        """Decide what changes of other tables' rows concern; gives those that are not done with."""
        rulebook = self._gatherer.rulebook()
        changed = [key for key in asked if key.table in rulebook.reach.columns]
        if not changed or self._shop.mode == "off":
            return frozenset()
        pending = self._inbox.pending(keys=frozenset(changed))
        followed = self._related.follow(pending, self._inbox.holds)
        self._inbox.finish(
            key for key in followed if key.table not in rulebook.definitions.segments
        )
        return frozenset(changed) - followed

    def _look_who_is_back(
        self,
        rulebook: Rulebook,
        gathered: Gathered,
        asked: Sequence[RecordKey],
        now: datetime,
        *,
        thorough: bool,
    ) -> None:
        """With the timer's bell, and when somebody changed who takes what."""
        is_due = thorough and not self._has_looked
        if is_due or any(key.table in PEOPLE for key in asked):
            self._has_looked = True
            self._comebacks.look(rulebook.definitions, gathered, now)

    def _find_culprits(self, asked: Sequence[RecordKey], room: int, error: Exception) -> None:
        """Decide all but the records that make deciding fail; those are left alone for a while."""
        _log.warning("a block fails, looking for what makes it: %s", in_words(error))
        keys = [*asked, *self._waiting_keys(room, asked)]
        if not keys:
            raise error
        guilty = find_culprits(keys, lambda part: self._work_off(part, 0, thorough=False))
        for key, why in guilty.items():
            if self._inbox.holds(key):
                self._inbox.fail(key, in_words(why))
            else:
                note_undecidable(self._shop, key, in_words(why))
            self._culprits.add(key)
            self._blocks.unwritable.add(key)

    def _waiting_keys(self, room: int, asked: Sequence[RecordKey]) -> list[RecordKey]:
        try:
            _, gathered = self._gatherer.gather([], waiting=room)
        except Unavailable:
            raise
        except Exception as exc:
            _log.error("what waits cannot be read: %s", in_words(exc))
            return []
        waiting = self._without_unwritable(gathered).waiting
        return [current.key for current in waiting if current.key not in asked]

    def _recount(self, gathered: Gathered) -> bool:
        """Correct open counts once; says whether rows are other ones now."""
        if self._has_recounted or self._shop.mode != "on":
            return False
        self._has_recounted = True
        # What shows that somebody has room again stays until that is followed.
        rows = (row for row in gathered.sellers if row.seller_id not in self._comebacks.freed)
        self._comebacks.recounted()
        to_correct = replace(gathered, sellers=tuple(rows))
        return Settler(self._shop, Teller(self._shop)).recount(to_correct)

    def _room_for_waiting(self, pending: int) -> int:
        if self._shop.mode == "dry-run":
            return 0  # records are left as they are, and would be found again for ever
        passed_over = len(self._blocks.unwritable) + self._held_by_others
        return max(self._size - pending, 1) + min(passed_over, _MOST_PASSED_OVER)

    def _without_unwritable(self, gathered: Gathered) -> Gathered:
        """Records that Dataverse would not let us write are found waiting time and again."""
        waiting = (at for at in gathered.waiting if at.key not in self._blocks.unwritable)
        return replace(gathered, waiting=tuple(waiting))

    def _without_told(self, gathered: Gathered, asked: Sequence[RecordKey]) -> Gathered:
        """Records of which events lie here that are not looked at in this round: they might say
        that somebody chose by hand."""
        looked_at = set(asked)
        waiting = (
            current
            for current in gathered.waiting
            if current.key in looked_at or not self._inbox.holds(current.key)
        )
        return replace(gathered, waiting=tuple(waiting))
