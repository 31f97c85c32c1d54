"""Runs rows of the checklist: sends their requests, compares the answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from tests.mock_dataverse.webhooks.receiver import Receiver

from work_assignment.mock_dataverse.server import MockServer

from .checks import find_check
from .expectations import Unmet, check_answer, match
from .table import Row, Step
from .world import World


@dataclass(frozen=True, slots=True)
class Result:
    """How a row ended; `problem` is None when all was as expected, or refused as listed."""

    row: Row
    problem: str | None

    @property
    def passes(self) -> bool:
        return self.problem is None and self.row.refused is None


class Servers:
    """The mocks that rows share; a row that changes more than rows takes one of its own."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._shared: dict[str, MockServer] = {}

    def __enter__(self) -> Servers:
        return self

    def __exit__(self, *details: object) -> None:
        self._stack.close()

    @contextmanager
    def of(self, kind: str) -> Iterator[MockServer]:
        """Yield a mock of a kind: `plain` and `auth` are shared, `own` is the row's alone."""
        if kind == "own":
            with MockServer() as server:
                yield server
            return
        if kind not in self._shared:
            self._shared[kind] = self._stack.enter_context(_started(kind))
        yield self._shared[kind]


def _started(kind: str) -> MockServer:
    match kind:
        case "plain":
            return MockServer()
        case "auth":
            return MockServer(auth=True)
        case _:
            raise ValueError(f"There is no kind of mock called {kind}.")


def run_row(row: Row, servers: Servers) -> Result:
    """Run one row; whatever goes wrong is its problem, and never stops the others."""
    try:
        with servers.of(row.server) as server, _receiver(row) as receiver:
            world = World(server, receiver)
            try:
                _run(row, world)
            finally:
                world.close()
    except (AssertionError, KeyError, IndexError, TypeError, requests.RequestException) as exc:
        return Result(row, str(exc) or repr(exc))
    return Result(row, None)


@contextmanager
def _receiver(row: Row) -> Iterator[Receiver | None]:
    """Yield a receiver for a row that speaks of webhooks."""
    if not any("hook" in str(step.members).lower() for step in row.steps) and row.check is None:
        yield None
        return
    with Receiver() as receiver:
        yield receiver


def _run(row: Row, world: World) -> None:
    if row.check is not None:
        find_check(row.check)(world)
        return
    for number, step in enumerate(row.steps, start=1):
        is_refused = row.refused is not None and number == len(row.steps)
        try:
            _take(step, world, is_refused=is_refused)
        except Unmet as exc:
            raise Unmet(f"step {number}, {step.method} {step.path}: {exc}") from exc


def _take(step: Step, world: World, *, is_refused: bool) -> None:
    if step.method == "HOOK":
        message, _, table = step.path.partition(" ")
        world.register_hook(message, table, world.filled(step["body"] or {}))
        return
    for _ in range(step["times"] or 1):
        answer = world.send(step)
    if is_refused:
        if answer.status_code != 501:
            raise Unmet(f"listed as refused, but answered {answer.status_code}")
        return
    expected = world.filled_expectations(step)
    check_answer(Step(step.method, step.path, expected), answer)
    world.keep(step, answer)
    if "hooks" in step:
        _check_hooks(world.filled(step["hooks"]), world)


def _check_hooks(expected: list[Any], world: World) -> None:
    """Wait for as many deliveries as are expected, and compare them in the order they came."""
    world.hooks(len(expected))
    for index, one in enumerate(expected):
        got = world.delivered[index]
        shown = {"path": got.path, "headers": dict(got.headers), "body": got.context}
        match(shown, one, f"webhook {index + 1}")
