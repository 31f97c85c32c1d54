"""Who is told now, in her language, by which ways; and who is told later or not at all."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from work_assignment.domain.defining.notifications import Channel, Kind, Language
from work_assignment.domain.errors import Unavailable
from work_assignment.domain.records import RecordKey, SellerId
from work_assignment.domain.runs.facts import Rulebook
from work_assignment.domain.runs.news import Change
from work_assignment.domain.runs.outcomes import Committed, Notice, Run, Telling, Untold
from work_assignment.domain.runs.recipients import Recipient
from work_assignment.services import telemetry
from work_assignment.services.late_news import Present, keys_of
from work_assignment.services.quiet_hours import quiet_until
from work_assignment.services.telling import (
    Languages,
    block_notices,
    late_notice,
    moved_notices,
    taken_back_notices,
    untold_of,
)
from work_assignment.services.workshop import Workshop

TOLD_AFTER = timedelta(minutes=2)
"""A worker that lives has told by then what it wrote."""

_log = telemetry.logger(__name__)


class Teller:
    """Tells people of what was written; `follow` says how this organisation does."""

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop
        self._rulebook: Rulebook | None = None

    def follow(self, rulebook: Rulebook) -> None:
        """Tell people as this rulebook says from now on."""
        self._rulebook = rulebook

    def of_block(self, block: str, committed: Sequence[Committed]) -> list[Notice]:
        """What is to be told to new owners when a block is settled; what goes other ways is on its way.

        Raises Unavailable where that cannot be.
        """
        people = self._people({entry.seller_id for entry in committed if _is_given(entry)})
        return self._ready(block_notices(block, committed, _languages(people)), people)

    def of_dead_block(self, block: str, committed: Sequence[Committed]) -> list[Notice]:
        """The same for a worker that died: of what is so yet, and noted before it is settled.

        However often settling fails then, nobody is told by e-mail or Teams time and again.
        """
        if not committed:
            return []
        present = self._present({entry.key for entry in committed})
        told = {entry.seller_id for entry in committed if entry.told_outside}
        news = [
            replace(entry, told_outside=entry.seller_id in told)
            for entry in present.still_given(committed)
        ]
        notices = self.of_block(block, news)
        outside = [run for n in notices if n.told_outside for run in n.block_runs[:1]]
        if outside:
            self._shop.outcomes.note_told_outside(outside)
        return notices

    def tell(self, runs: Sequence[Run]) -> None:
        """Tell of runs that are written; what cannot be told now the timer's bell tells."""
        try:
            self._tell_owners([untold_of(run) for run in runs if run.tell is Telling.AT_ONCE])
            changes = [run.change for run in runs if run.others]
            self._tell_others(changes, changes)
        except Unavailable as exc:
            # The runs still say that somebody is to be told.
            _log.warning("people are told of %d runs later: %s", len(runs), exc)

    def tell_untold(self) -> None:
        """Tell what a worker that died did not get to tell, and what is due by now."""
        now = self._shop.clock()
        before = now - TOLD_AFTER
        self._tell_owners_late(self._shop.outcomes.untold(before=before, now=now))
        changes = self._shop.outcomes.untold_changes(before=before, now=now)
        if changes:
            present = self._present({change.key for change in changes})
            self._tell_others(present.still_changed(changes), changes)

    def _tell_owners_late(self, untold: Sequence[Untold]) -> None:
        """Tell of what is so yet; of the rest nobody is to be told any more."""
        if not untold:
            return
        news = self._present(keys_of(untold)).still_untold(untold)
        told = {entry.run_id for entry in news}
        past = [entry for entry in untold if entry.run_id not in told]
        if past:
            _log.info("%d runs are told to nobody: their records went on meanwhile", len(past))
            self._shop.outcomes.tell([replace(late_notice(p), in_app=False) for p in past])
        self._tell_owners(news)

    def _tell_owners(self, untold: Sequence[Untold]) -> None:
        if not untold:
            return
        people = self._people({entry.recipient for entry in untold})
        language = _languages(people)
        notices = [late_notice(entry, language) for entry in untold if not entry.is_lost]
        notices += taken_back_notices([entry for entry in untold if entry.is_lost], language)
        self._shop.outcomes.tell(self._ready(notices, people))

    def _tell_others(self, news: Sequence[Change], changes: Sequence[Change]) -> None:
        """Tell others of the news, which leaves nothing to be told of any of these changes."""
        if not changes:
            return
        people = self._people({person for change in news for person in change.others})
        notices = self._ready(moved_notices(news, _languages(people)), people)
        others = {change.run_id: change.others for change in changes}
        self._shop.outcomes.tell_others(notices, others)

    def _present(self, keys: Collection[RecordKey]) -> Present:
        return Present(self._shop.facts, self._rules, keys)

    def _people(self, ids: Collection[SellerId]) -> Mapping[SellerId, Recipient]:
        return self._shop.recipients.of(ids) if ids else {}

    def _ready(
        self, notices: Sequence[Notice], people: Mapping[SellerId, Recipient]
    ) -> list[Notice]:
        """The notices as they are to be sent: what is not wanted is only to be noted as told.

        Those that go by other ways than the app, and did not before, are on their way when this is
        done.
        """
        if not notices:
            return []
        now, ways = self._shop.clock(), self._rules.notifications.ways
        wanted = [n for n in notices if _is_wanted(n, people.get(n.recipient))]
        later = {n.id: at for n in wanted if (at := quiet_until(self._rules, n.recipient, now))}
        at_once = [notice for notice in wanted if notice.id not in later]
        if fresh := [notice for notice in at_once if not notice.told_outside]:
            self._shop.outbox.put(fresh)
        went = {notice.id for notice in fresh if ways(notice.kind) - {Channel.APP}}
        shown = {n.id for n in at_once if Channel.APP in ways(n.kind)} | later.keys()
        return [
            replace(
                n,
                after=later.get(n.id),
                in_app=n.id in shown,
                told_outside=n.told_outside or n.id in went,
            )
            for n in notices
        ]

    @property
    def _rules(self) -> Rulebook:
        if self._rulebook is None:
            self._rulebook = self._shop.facts.rulebook()
        return self._rulebook


def _is_wanted(notice: Notice, person: Recipient | None) -> bool:
    """Whether somebody is there who wants to hear it.

    Of new owners Dataverse says whether they can be told, and they are waited for. Those who had a
    record before and cannot be told any more are not.
    """
    if person is not None and notice.kind in person.muted:
        return False
    if notice.kind is not Kind.MOVED:
        return True
    if person is None or person.is_disabled:
        why = "she is gone" if person is None else "she is disabled"
        _log.warning("user %s is not told of what moved: %s", notice.recipient, why)
        return False
    return not person.is_application


def _is_given(entry: Committed) -> bool:
    owner = entry.previous_owner
    return owner is None or owner.type != "systemuser" or owner.id != entry.seller_id


def _languages(people: Mapping[SellerId, Recipient]) -> Languages:
    def language(who: SellerId) -> Language:
        person = people.get(who)
        return Language.ENGLISH if person is None else person.language

    return language
