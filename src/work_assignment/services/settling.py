"""The end of a block: shares and turns given back, and the sellers told, once for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from work_assignment.domain.defining.rounds import EVERYWHERE, Turn
from work_assignment.domain.errors import Unavailable
from work_assignment.domain.records import Owner, SellerId
from work_assignment.domain.runs.facts import Gathered, SellerRow
from work_assignment.domain.runs.outcomes import Committed, Outcome, Run, Settlement
from work_assignment.services import telemetry
from work_assignment.services.notifying import Teller
from work_assignment.services.standings import expired_blocks, recounted
from work_assignment.services.workshop import Workshop

_log = telemetry.logger(__name__)


class Settler:
    """Settles blocks: one's own when they are committed, and those of workers that died."""

    def __init__(self, shop: Workshop, teller: Teller) -> None:
        self._outcomes = shop.outcomes
        self._teller = teller
        self._tried: set[str] = set()

    def settle(
        self,
        block: str,
        committed: Sequence[Committed],
        rows: Sequence[SellerRow] = (),
        *,
        refused: Collection[str] = (),
    ) -> None:
        """Settle a block that committed this; `refused` are records that Dataverse kept from their
        sellers, and `rows` sellers' rows as last written.

        When Dataverse is away what is committed is committed, and what is not stays reserved:
        nobody decides it anew before the reservations expire and its turns are back.
        """
        settlement = _settlement(committed, refused)
        try:
            notices = self._teller.of_block(block, committed)
            self._outcomes.settle(block, settlement, notices, rows)
        except Unavailable as exc:
            _log.warning("block %s is settled when its reservations expire: %s", block, exc)

    def recount(self, gathered: Gathered) -> bool:
        """Correct open counts, as people close and take records too; says whether rows changed."""
        wrong = recounted(gathered.sellers, gathered.open_counts)
        return bool(wrong) and self._outcomes.reserve(wrong) is not None

    def settle_the_dead(self, gathered: Gathered, now: datetime) -> bool:
        """Settle blocks whose worker died, each once; says whether there were any.

        Before anything more is decided: the turns they give back are to count, and their records
        come again. While they cannot be settled it raises Unavailable, so that nothing is.
        """
        dead = expired_blocks(gathered.sellers, now) - self._tried
        if not dead:
            return False
        committed = self._outcomes.committed(dead)
        shares = {
            (entry.block, row.seller_id) for row in gathered.sellers for entry in row.reservations
        }
        for block in sorted(dead):
            _log.warning("block %s is settled for a worker that died", block)
            theirs = [entry for entry in committed if entry.block == block]
            # Who has no share of it any more was told when hers was settled.
            untold = [entry for entry in theirs if (block, entry.seller_id) in shares]
            notices = self._teller.of_dead_block(block, untold)
            self._outcomes.settle(block, _settlement(theirs), notices)
            self._tried.add(block)
        return True


def turns_given(outcomes: Iterable[Outcome], *, by_rule: bool) -> dict[SellerId, dict[str, Turn]]:
    """The turns that sellers take, by the ids of the records they come with."""
    given: dict[SellerId, dict[str, Turn]] = {}
    for outcome in outcomes:
        seller = _seller(outcome.run)
        if seller is not None:
            round_ = outcome.run.rule_id if by_rule else None
            turn = Turn(outcome.turn, round_ or EVERYWHERE)
            given.setdefault(seller, {})[outcome.run.key.id] = turn
    return given


def committed_of(runs: Iterable[Run]) -> list[Committed]:
    """The assignments to sellers among these runs, which are written."""
    return [
        Committed(
            block=run.block,
            run_id=run.id,
            key=run.key,
            record_name=run.record_name,
            seller_id=seller,
            rule_id=run.rule_id,
            previous_owner=run.previous_owner,
            names=run.names,
        )
        for run in runs
        if (seller := _seller(run)) is not None
    ]


def _seller(run: Run) -> SellerId | None:
    """The seller to whom a run assigns its record."""
    if not run.assigns or run.owner is None or run.owner.type != "systemuser":
        return None
    return SellerId(run.owner.id)


def _settlement(committed: Sequence[Committed], refused: Collection[str] = ()) -> Settlement:
    spent = frozenset(entry.key.id for entry in committed) | frozenset(refused)
    return Settlement(spent, _opened(committed))


def _opened(committed: Sequence[Committed]) -> Counter[SellerId]:
    """How many records each seller has that she did not own before."""
    return Counter(
        entry.seller_id
        for entry in committed
        if entry.previous_owner != Owner("systemuser", entry.seller_id)
    )
