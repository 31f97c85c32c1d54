"""The transactions of requests: at once, or with the rows locked as SQL Server locks them.

With locks on, a write is rehearsed in a transaction that is rolled back, which tells the rows that
it writes. They are locked one after the other, each taking its time, while SQLite is free for
others; then the write is carried out for real, and the locks are given back after its commit. So
who waited sees what was committed meanwhile, and readers never wait.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from ..faults import Fault
from ..resource_paths import read_path
from ..storage.recording import Recorder, RowWrite
from ..storage.row_locks import HeldLocks
from .exchanges import Request, Response
from .sessions import Session, by_current_definitions

T = TypeVar("T")
# Does its steps one after the other and yields what came of each; it may be begun more than once.
Steps: TypeAlias = Callable[[Session], Iterator[T]]

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
# A change of definitions excludes all other writes anyway.
_DEFINITIONS = frozenset(
    {
        "EntityDefinitions",
        "GlobalOptionSetDefinitions",
        "RelationshipDefinitions",
        "DeleteOptionValue",
        "InsertOptionValue",
        "InsertStatusValue",
        "OrderOption",
        "PublishAllXml",
        "PublishXml",
        "UpdateOptionValue",
        "UpdateStateValue",
        "CreateEntities",
        "ReactivateEntityKey",
    }
)


class StepFailed(Exception):
    """Takes the failure of a step out through the transaction, which rolls back."""

    def __init__(self, step: int, fault: Fault) -> None:
        super().__init__(fault.message)
        self.step = step
        self.fault = fault


@dataclass(frozen=True, slots=True)
class _StepWrite:
    """A row that a step writes."""

    step: int
    write: RowWrite


class _NotLocked(Exception):
    """Takes back a transaction that wrote rows which others hold."""

    def __init__(self, writes: Sequence[_StepWrite]) -> None:
        super().__init__(f"{len(writes)} rows are locked by others")
        self.writes = writes


def answer_alone(
    session: Session, request: Request, answer: Callable[[Session, Request], Response]
) -> Response:
    """Answer a request in its own transaction; inside a change set it is already in one."""
    locks = session.organization.store.row_locks
    if not locks.settings.enabled or session.open_db is not None or not _writes_rows(request):
        return by_current_definitions(session, lambda current: answer(current, request))

    def only_step(inner: Session) -> Iterator[Response]:
        yield answer(inner, request)

    try:
        return in_one_transaction(session, only_step)[0]
    except StepFailed as failed:
        raise failed.fault from failed


def in_one_transaction(session: Session, steps: Steps[T]) -> list[T]:
    """Do all steps or none; StepFailed tells which one could not be done."""
    carry_out = _locked if session.organization.store.row_locks.settings.enabled else _at_once
    try:
        return by_current_definitions(session, lambda current: carry_out(current, steps))
    except Fault as fault:  # nothing was begun: others write for too long
        raise StepFailed(0, fault) from fault


def _at_once(session: Session, steps: Steps[T]) -> list[T]:
    with session.organization.writing() as db:
        return _done(session, db, steps, [])


def _locked(session: Session, steps: Steps[T]) -> list[T]:
    with session.organization.store.row_locks.transaction() as held:
        wanted = _rehearsed(session, steps)
        while True:
            _lock(held, wanted)
            try:
                return _carried_out(session, steps, held)
            except _NotLocked as stopped:
                wanted = stopped.writes


def _lock(held: HeldLocks, wanted: Sequence[_StepWrite]) -> None:
    for write in wanted:
        try:
            held.lock(write.write)
        except Fault as fault:
            raise StepFailed(write.step, fault) from fault


def _rehearsed(session: Session, steps: Steps[T]) -> Sequence[_StepWrite]:
    """Return what the steps would write; if one fails, what would have been written before."""
    store, ends = session.organization.store, list[int]()
    with store.rehearsing() as db, store.recording() as recorder:
        with suppress(StepFailed):  # the real run says whether it still fails, and how
            _done(session, db, steps, ends, recorder)
        return _by_step(recorder, ends)


def _carried_out(session: Session, steps: Steps[T], held: HeldLocks) -> list[T]:
    """Do the steps for real; rows that they were not expected to write must be free."""
    organization, ends = session.organization, list[int]()
    with organization.writing() as db:
        with organization.store.recording() as recorder:
            outcome = _done(session, db, steps, ends, recorder)
        busy = [w for w in _by_step(recorder, ends) if not held.lock_if_free(w.write)]
        if busy:
            raise _NotLocked(busy)
    return outcome


def _done(
    session: Session,
    db: sqlite3.Connection,
    steps: Steps[T],
    ends: list[int],
    recorder: Recorder | None = None,
) -> list[T]:
    """Do the steps in an open transaction; `ends` learns how many rows each had written by then."""
    outcomes: list[T] = []
    try:
        for outcome in steps(session.in_change_set(db, session.content_ids)):
            outcomes.append(outcome)
            if recorder is not None:
                ends.append(len(recorder.writes))
    except Fault as fault:
        raise StepFailed(len(outcomes), fault) from fault
    return outcomes


def _by_step(recorder: Recorder, ends: Sequence[int]) -> list[_StepWrite]:
    writes, step = [], 0
    for number, write in enumerate(recorder.writes):
        while step < len(ends) and number >= ends[step]:
            step += 1
        writes.append(_StepWrite(step, write))
    return writes


def _writes_rows(request: Request) -> bool:
    if request.method in _READS:
        return False
    segments = read_path(request.path)
    return not segments or segments[0].name not in _DEFINITIONS
