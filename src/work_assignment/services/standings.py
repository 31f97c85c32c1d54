"""Sellers' rows turned into standings before a block, and into changes after it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from work_assignment.domain.defining.rounds import EVERYWHERE, Turn
from work_assignment.domain.defining.sellers import Seller, Standing
from work_assignment.domain.records import Owner, RuleId, SellerId
from work_assignment.domain.runs.facts import Gathered, Reservation, SellerRow
from work_assignment.domain.runs.outcomes import SellerChange


def stand(
    sellers: Mapping[SellerId, Seller],
    gathered: Gathered,
    barred: Mapping[SellerId, str],
    now: datetime,
) -> dict[SellerId, Standing]:
    """Where each seller stands: her open records, and what others have reserved and not let expire.

    `barred` are sellers whom Dataverse has just refused.
    """
    rows = {row.seller_id: row for row in gathered.sellers}
    return {
        seller_id: _standing(seller_id, rows.get(seller_id), gathered, barred, now)
        for seller_id in sellers
    }


def _standing(
    seller_id: SellerId,
    row: SellerRow | None,
    gathered: Gathered,
    barred: Mapping[SellerId, str],
    now: datetime,
) -> Standing:
    if row is None:
        return Standing(seller_id, barred="is no seller any more")
    return Standing(
        seller_id,
        open_records=gathered.open_counts.get(seller_id, 0),
        reserved=sum(entry.shares for entry in unexpired(row, now)),
        turn=row.order_stamp,
        last_assigned_at=row.last_assigned_at,
        barred=barred.get(seller_id) or row.barred,
        rule_turns=dict(row.rule_stamps),
        unused={round_: list(turns) for round_, turns in row.unused.items()},
    )


def unexpired(row: SellerRow, now: datetime) -> tuple[Reservation, ...]:
    """The row's reservations that still count."""
    return tuple(entry for entry in row.reservations if entry.expires_at > now)


def note_received(
    standings: Mapping[SellerId, Standing], owner: Owner | None, at: datetime, *, opens: int = 0
) -> None:
    """A record given by hand moves its new owner to the end of the round, as one of ours does.

    `opens` is 1 where it is written only now, so that she was not yet counted with it.
    """
    standing = standings.get(SellerId(owner.id)) if owner and owner.type == "systemuser" else None
    if standing is not None:
        standing.receive(1 + max(entry.newest_turn for entry in standings.values()), at)
        standing.open_records += opens


@dataclass(frozen=True, slots=True)
class Block:
    """A block of decisions that reserves together until `expires_at`.

    `given` are the turns that each seller takes, by the ids of the records they come with.
    """

    id: str
    expires_at: datetime
    given: Mapping[SellerId, Mapping[str, Turn]]


def changes(
    rows: Sequence[SellerRow],
    standings: Mapping[SellerId, Standing],
    block: Block,
    *,
    alone: bool,
) -> list[SellerChange]:
    """What to write on the rows of sellers who get something, or came by it, in row-id order.

    A block of one that is committed in the same change set needs no reservation: its share goes
    straight to the open count.
    """
    found = []
    for row in sorted(rows, key=lambda row: row.id):
        standing = standings.get(row.seller_id)
        if standing is None:
            continue
        if standing.turn == row.order_stamp and row.seller_id not in block.given:
            continue
        found.append(_change(row, standing, block, alone=alone))
    return found


def _change(row: SellerRow, standing: Standing, block: Block, *, alone: bool) -> SellerChange:
    reservations = row.reservations  # those of blocks that died stay until they are settled
    records = block.given.get(row.seller_id, {})
    if records and not alone:
        before = {turn.round: _stamp(row, turn.round) for turn in records.values()}
        share = Reservation(block.id, standing.taken, block.expires_at, records, before)
        reservations = (*reservations, share)
    return SellerChange(
        row,
        order_stamp=standing.turn,
        last_assigned_at=standing.last_assigned_at,
        reservations=reservations,
        open_count=_open_count(row, standing) + (standing.taken if alone else 0),
        rule_stamps=dict(standing.rule_turns),
        unused={round_: tuple(turns) for round_, turns in standing.unused.items() if turns},
    )


def _stamp(row: SellerRow, round_: RuleId) -> int:
    return row.order_stamp if round_ == EVERYWHERE else row.rule_stamps.get(round_, 0)


def _open_count(row: SellerRow, standing: Standing) -> int:
    """What was counted, unless other blocks are to add what may be counted already."""
    return row.open_count if row.reservations else standing.open_records


def recounted(rows: Sequence[SellerRow], counts: Mapping[SellerId, int]) -> list[SellerChange]:
    """Rows whose open count is not what was counted, as people close and take records too."""
    return [
        SellerChange(
            row,
            row.order_stamp,
            row.last_assigned_at,
            (),
            counts.get(row.seller_id, 0),
            row.rule_stamps,
            row.unused,
        )
        for row in sorted(rows, key=lambda row: row.id)
        if not row.reservations and row.open_count != counts.get(row.seller_id, 0)
    ]


def claimed(rows: Sequence[SellerRow], now: datetime) -> frozenset[str]:
    """The records of blocks that are not settled: about to be committed, or of an unknown fate.

    Deciding them too would be found out at their commit, but by then turns would have passed.
    """
    return frozenset(
        record for row in rows for entry in unexpired(row, now) for record in entry.records
    )


def expired_blocks(rows: Sequence[SellerRow], now: datetime) -> frozenset[str]:
    """The blocks whose worker died: what they reserved is still there after its time."""
    return frozenset(
        entry.block for row in rows for entry in row.reservations if entry.expires_at <= now
    )
