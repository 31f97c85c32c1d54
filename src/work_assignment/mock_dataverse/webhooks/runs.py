"""How often the pipeline runs for one write, and under which messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from .operations import (
    ASSIGN,
    MULTIPLE_OF,
    SET_STATE,
    SET_STATE_DYNAMIC,
    UPDATE,
    UPDATE_MULTIPLE,
    Gathering,
    Operation,
)
from .steps import Registered, Step

_STATE = ("statecode", "statuscode")
_OWNER = "ownerid"
# The columns by which rows of tables without an owner belong to somebody.
_OWNER_COLUMNS = {
    "systemuser": ("businessunitid", "parentsystemuserid"),
    "team": ("businessunitid",),
    "businessunit": ("parentbusinessunitid",),
    "equipment": ("businessunitid",),
}
_BOOKKEEPING = ("modifiedon", "modifiedby", "modifiedonbehalfby")


def pipeline_runs(operation: Operation) -> tuple[Operation, ...]:
    """Split an update into its runs: first the other columns, then what says who the row belongs
    to in a table of business units, then its state
    (Learn: Behavior of specialized update operations)."""
    if operation.message != UPDATE:
        return (operation,)
    groups = _special_groups(operation)
    if not groups:
        return (operation,)
    special = frozenset().union(*groups)
    target = operation.target
    others = {name: value for name, value in target.items() if name not in special}
    parts = [others] if _asks_for_something(operation, others) else []
    parts += [_with_bookkeeping(target, group) for group in groups]
    return tuple(_runs(operation, parts)) if len(parts) > 1 else (operation,)


def _special_groups(operation: Operation) -> list[set[str]]:
    table, target = operation.table.logical_name, operation.target
    groups = (
        {n for n in names if n in target} for names in (_OWNER_COLUMNS.get(table, ()), _STATE)
    )
    return [group for group in groups if group]


def _with_bookkeeping(target: Mapping[str, Any], group: set[str]) -> dict[str, Any]:
    kept = group.union(_BOOKKEEPING, (f"{name}__type" for name in _BOOKKEEPING))
    return {name: value for name, value in target.items() if name in kept}


def _asks_for_something(operation: Operation, others: Mapping[str, Any]) -> bool:
    """Tell whether the request set any of these; what only the server sets is read-only."""
    columns = operation.table.columns
    found = (columns.get(name) for name in others if name not in _BOOKKEEPING)
    return any(
        column is not None and column.valid_for_update and not column.is_primary_id
        for column in found
    )


def _runs(operation: Operation, parts: list[dict[str, Any]]) -> Iterator[Operation]:
    """Let each run begin with the row that the one before it has left."""
    before = operation.pre
    for number, part in enumerate(parts, start=1):
        after = operation.post
        if number < len(parts) and before is not None and after is not None:
            rest = {name for later in parts[number:] for name in later if name not in part}
            after = {**after, **{name: before.get(name) for name in rest}}
        yield replace(operation, target=part, pre=before, post=after)
        before = after


def events_of(run: Operation, registered: Registered) -> Iterator[Operation]:
    """List the messages that a run is heard as, of those that anybody listens to.

    A new owner is an Assign too and a new state a SetState (Learn, table reference: the messages of
    a table and their Web API operations); one row is also a list of one (Learn: Use bulk operation
    messages, merged pipelines), unless its list is gathered.
    """
    table = run.table.logical_name
    if registered.of(run.message, table):
        yield run
    for message in _special_messages(run):
        if registered.of(message, table):
            yield replace(run, message=message)
    multiple = MULTIPLE_OF.get(run.message)
    if multiple is not None and run.gathering is None and registered.of(multiple, table):
        yield replace(run, message=multiple, gathering=Gathering(table, [run]))


def _special_messages(run: Operation) -> tuple[str, ...]:
    if run.message != UPDATE:
        return ()
    owner = (ASSIGN,) if run.target.get(_OWNER) is not None else ()
    is_state = any(name in run.target for name in _STATE)
    return (*owner, *((SET_STATE, SET_STATE_DYNAMIC) if is_state else ()))


def heeds(step: Step, operation: Operation) -> bool:
    """Only updates are filtered, by what the request holds, changed or not."""
    if not step.filtering:
        return True
    if operation.message == UPDATE:
        return not step.filtering.isdisjoint(operation.target)
    if operation.message == UPDATE_MULTIPLE and operation.gathering is not None:
        singles = operation.gathering.operations
        return any(not step.filtering.isdisjoint(single.target) for single in singles)
    return True
