"""What sellers are told: one notification a record, or one for all that a block brought them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID, uuid5

from work_assignment.domain.records import Owner, SellerId
from work_assignment.domain.runs.outcomes import Committed, Notice, Run, Untold
from work_assignment.domain.statuses import RoutingStatus

_NOTICES = UUID("6b2d5f0e-5d0a-5c55-9a39-3f7f1f3f8a02")
_NAMED = 3
"""Records that a notification names where it tells of many."""


def notice(run: Run) -> Notice:
    """The notification for the new owner of a record, or for whom it was taken back from."""
    is_lost = run.status is RoutingStatus.UNDONE
    told = run.previous_owner if is_lost else run.owner
    if told is None:
        raise ValueError(f"run {run.id} has nobody to tell")
    recipient = SellerId(told.id)
    return late_notice(Untold(run.id, recipient, run.key, run.record_name, run.reason, is_lost))


def late_notice(untold: Untold) -> Notice:
    """The same for a run that was read back: the id follows from run, recipient and kind.

    What her block brought her together is told together, under the id that it would have had then.
    """
    block = untold.together[0].block if untold.together else ""
    for brought in block_notices(block, untold.together):
        if brought.block_runs != (untold.run_id,):
            return replace(brought, run_id=untold.run_id)
    kind = "taken back" if untold.is_lost else "assigned"
    title = "No longer yours" if untold.is_lost else f"New {untold.key.table}"
    said = untold.reason if untold.is_lost else _why(untold.reason)
    return Notice(
        id=_notice_id(untold.run_id, untold.recipient, kind),
        recipient=untold.recipient,
        title=f"{title}: {untold.record_name}",
        body=said,
        records=(untold.key,),
        run_id=untold.run_id,
    )


def block_notices(block: str, committed: Iterable[Committed]) -> list[Notice]:
    """What to tell the sellers to whom a block brought records that were not theirs before.

    Each hears once: of her one record, or of how many there are. The id follows from block,
    recipient and kind, so that whoever settles the block tells the same.
    """
    by_seller: dict[SellerId, list[Committed]] = {}
    for given in committed:
        if given.previous_owner != Owner("systemuser", given.seller_id):
            by_seller.setdefault(given.seller_id, []).append(given)
    return [_block_notice(block, seller, given) for seller, given in sorted(by_seller.items())]


def _block_notice(block: str, seller: SellerId, given: Sequence[Committed]) -> Notice:
    in_order = sorted(given, key=lambda entry: (entry.record_name.casefold(), entry.key.id))
    return Notice(
        id=_notice_id(block, seller, "assigned"),
        recipient=seller,
        title=_title(in_order),
        body=_body(in_order),
        records=tuple(entry.key for entry in in_order),
        block_runs=tuple(entry.run_id for entry in in_order),
    )


def _title(given: Sequence[Committed]) -> str:
    if len(given) == 1:
        return f"New {given[0].key.table}: {given[0].record_name}"
    tables = {entry.key.table for entry in given}
    what = f"new {tables.pop()} records" if len(tables) == 1 else "new records"
    return f"{len(given)} {what}"


def _body(given: Sequence[Committed]) -> str:
    if len(given) == 1:
        return _why(given[0].reason)
    names = [entry.record_name or entry.key.id for entry in given[:_NAMED]]
    others = len(given) - len(names)
    listed = ", ".join(names) + (f" and {others} more" if others else "")
    return f"They were assigned to you: {listed}."


def _why(reason: str) -> str:
    return f"It was assigned to you. {reason}"


def _notice_id(what: str, recipient: SellerId, kind: str) -> str:
    return str(uuid5(_NOTICES, f"{what} {recipient} {kind}"))
