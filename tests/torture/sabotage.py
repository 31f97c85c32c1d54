"""The protections of the engine, each taken out on its own: what a run must then find out."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import uuid4

from work_assignment.dataverse import messages
from work_assignment.dataverse.batches import Batch, ChangeSet, ChangeSetResult
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.names import SELLER
from work_assignment.dataverse.outcome_store import OutcomeStore
from work_assignment.services import recording, settling
from work_assignment.services.inbox import Inbox
from work_assignment.services.intake import QUEUE


def without_if_match() -> None:
    """Rows are written whatever has become of them since they were read."""
    update = messages.update

    def unconditional(*values: Any, version: str, **options: Any) -> Any:
        return update(*values, version="*", **options)

    _replace(messages, "update", unconditional)


def without_run_key() -> None:
    """Every run row gets an id by chance. The mock leaves out the table's alternate key, too."""

    def another(self: recording.Writer, key: object, version: str) -> str:
        return str(uuid4())

    _replace(recording.Writer, "_run_id", another)


def without_settling() -> None:
    """What a block reserved is never given back, neither by its worker nor by the timer."""

    def leave(*_: Any, **__: Any) -> list[Any]:
        return []

    _replace(OutcomeStore, "settle", leave)
    _replace(settling.Settler, "settle_the_dead", leave)


def without_delete_after_commit() -> None:
    """Events leave the queue as soon as they are taken, before anything is written."""
    sort_in = Inbox._sort_in

    def taken(self: Inbox[Any], message: Any, hidden_at: float) -> bool:
        is_kept = sort_in(self, message, hidden_at)
        self._queues.delete_many(QUEUE, [message])
        return is_kept

    def forgotten(self: Inbox[Any], messages: Sequence[Any]) -> None:
        return None

    _replace(Inbox, "_sort_in", taken)
    _replace(Inbox, "_delete", forgotten)


def without_row_order() -> None:
    """Sellers' rows are touched in a random order within each change set."""
    send_batch, dice = DataverseClient.send_batch, random.Random()  # noqa: S311 - disorder, no secret

    def disordered(self: DataverseClient, batch: Batch, **options: Any) -> list[Any]:
        orders = [_order(part, dice) for part in batch.parts]
        parts = tuple(map(_reordered, batch.parts, orders))
        answers = send_batch(self, _with_parts(batch, parts), **options)
        return [_put_back(a, order) for a, order in zip(answers, orders, strict=True)]

    _replace(DataverseClient, "send_batch", disordered)


def _replace(owner: object, name: str, other: Callable[..., Any]) -> None:
    """Put another function in the place of one that must be there."""
    if not hasattr(owner, name):
        raise TypeError(f"{owner!r} has no {name} any more: the sabotage would be none")
    setattr(owner, name, other)


def _with_parts(batch: Batch, parts: Sequence[Any]) -> Batch:
    return Batch(parts, continue_on_error=batch.continue_on_error)


def _order(part: Any, dice: random.Random) -> list[int]:
    """Where each request of a change set goes: those of sellers' rows change places."""
    if not isinstance(part, ChangeSet):
        return []
    places = list(range(len(part.requests)))
    sellers = [n for n in places if part.requests[n].path.startswith(f"{SELLER.entity_set}(")]
    for place, other in zip(sellers, dice.sample(sellers, len(sellers)), strict=True):
        places[place] = other
    return places


def _reordered(part: Any, order: Sequence[int]) -> Any:
    return ChangeSet([part.requests[n] for n in order]) if order else part


def _put_back(answer: Any, order: Sequence[int]) -> Any:
    """The answers in the order that was asked for."""
    if not order or not isinstance(answer, ChangeSetResult) or not answer.responses:
        return answer
    if len(answer.responses) != len(order):
        return answer
    came = dict(zip(order, answer.responses, strict=True))
    return ChangeSetResult(tuple(came[n] for n in range(len(order))))


SABOTAGES: Mapping[str, Callable[[], None]] = {
    "if-match": without_if_match,
    "run-key": without_run_key,
    "settling": without_settling,
    "delete-after-commit": without_delete_after_commit,
    "row-order": without_row_order,
}
"""By the name that `--without` takes."""
