"""Sellers' rows turned into standings before a block, and into changes after it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from work_assignment.domain.defining.sellers import Seller, Standing
from work_assignment.domain.records import Owner, RuleId, SellerId
from work_assignment.domain.runs.facts import Gathered, Reservation, SellerRow
from work_assignment.domain.runs.outcomes import SellerChange, Settlement, Turns


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
    )


def unexpired(row: SellerRow, now: datetime) -> tuple[Reservation, ...]:
    """The row's reservations that still count."""
    return tuple(entry for entry in row.reservations if entry.expires_at > now)


def note_received(
    standings: Mapping[SellerId, Standing], owner: Owner | None, at: datetime
) -> None:
    """A record given by hand moves its new owner to the end of the round, as one of ours does."""
    standing = standings.get(SellerId(owner.id)) if owner and owner.type == "systemuser" else None
    if standing is not None:
        standing.turn = 1 + max(entry.turn for entry in standings.values())
        standing.last_assigned_at = at


@dataclass(frozen=True, slots=True)
class Block:
    """A block of decisions that reserves together until `expires_at`.

    `given` are the ids of the records that each seller gets.
    """

    id: str
    expires_at: datetime
    given: Mapping[SellerId, tuple[str, ...]]


def changes(
    rows: Sequence[SellerRow],
    standings: Mapping[SellerId, Standing],
    block: Block,
    now: datetime,
    *,
    alone: bool,
) -> list[SellerChange]:
    """What to write on the rows of sellers whose turn has moved, in row-id order.

    A block of one that is committed in the same change set needs no reservation: its share goes
    straight to the open count.
    """
    found = []
    for row in sorted(rows, key=lambda row: row.id):
        standing = standings.get(row.seller_id)
        if standing is None or standing.turn == row.order_stamp:
            continue
        found.append(_change(row, standing, block, now, alone=alone))
    return found


def _change(
    row: SellerRow, standing: Standing, block: Block, now: datetime, *, alone: bool
) -> SellerChange:
    reservations = unexpired(row, now)
    records = block.given.get(row.seller_id, ())
    if records and not alone:
        share = Reservation(block.id, standing.taken, block.expires_at, records)
        reservations = (*reservations, share)
    return SellerChange(
        row,
        order_stamp=standing.turn,
        last_assigned_at=standing.last_assigned_at,
        reservations=reservations,
        open_count=standing.open_records + standing.taken if alone else None,
        rule_stamps=dict(standing.rule_turns),
    )


Given = tuple[int, RuleId | None]
"""The order stamp that an assignment gives, and the rule it was given by."""


def settlements(
    changed: Sequence[SellerChange], committed: Mapping[SellerId, Sequence[Given]]
) -> dict[SellerId, Settlement]:
    """What the block comes to for each seller; `committed` is what was committed to her."""
    found = {}
    for change in changed:
        given = committed.get(change.row.seller_id, ())
        found[change.row.seller_id] = Settlement(
            committed=len(given),
            written=Turns(change.order_stamp, change.rule_stamps),
            settled=Turns(
                max((turn for turn, _ in given), default=change.row.order_stamp),
                {rule: _settled(rule, change.row, given) for rule in change.rule_stamps},
            ),
        )
    return found


def _settled(rule: RuleId, row: SellerRow, given: Sequence[Given]) -> int:
    """The rule's order stamp after what was committed, or the one before the block."""
    turns = (turn for turn, by in given if by == rule)
    return max(turns, default=row.rule_stamps.get(rule, 0))


def claimed(rows: Sequence[SellerRow], now: datetime, own: Collection[str]) -> frozenset[str]:
    """The records that other workers' blocks are about to commit; `own` are our blocks' ids.

    Deciding them too would be found out at their commit, but by then turns would have passed.
    """
    return frozenset(
        record
        for row in rows
        for entry in unexpired(row, now)
        if entry.block not in own
        for record in entry.records
    )


def leftovers(rows: Sequence[SellerRow], now: datetime) -> list[SellerChange]:
    """Rows with reservations whose worker died, with these taken out."""
    return [
        SellerChange(
            row,
            row.order_stamp,
            row.last_assigned_at,
            unexpired(row, now),
            rule_stamps=row.rule_stamps,
        )
        for row in sorted(rows, key=lambda row: row.id)
        if len(unexpired(row, now)) != len(row.reservations)
    ]
