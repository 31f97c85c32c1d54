"""How often records moved is counted right, however many of them move and however often."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from work_assignment.dataverse import last_runs
from work_assignment.dataverse.messages import Row
from work_assignment.dataverse.names import ROUTING_RUN, Common, RoutingRunColumn
from work_assignment.domain.defining.policy import FlapLimit
from work_assignment.domain.runs.facts import LastRun
from work_assignment.domain.runs.flapping import too_often
from work_assignment.domain.statuses import RoutingStatus

NOW = datetime(2026, 3, 4, 9, tzinfo=UTC)
SUCCEEDED = 0


class Log:
    """A run log that answers as Dataverse does: the newest rows of the records asked for."""

    def __init__(self, records: int, moves: int) -> None:
        self.asked = 0
        self._rows = [_row(record, move) for move in range(moves + 1) for record in range(records)]

    def read(self, ids: Sequence[str]) -> list[Row]:
        self.asked += 1
        theirs = [row for row in self._rows if row[RoutingRunColumn.RECORD_ID] in ids]
        theirs.sort(key=lambda row: str(row[Common.CREATED_ON]), reverse=True)
        return theirs[: last_runs.ROWS_AT_ONCE]


def record_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def _row(record: int, move: int) -> Row:
    """A record's first outcome, or one of the moves that follow it every half hour."""
    at = NOW - timedelta(hours=20) + timedelta(minutes=30 * move)
    here, there = ("a", "b") if move % 2 else ("b", "a")
    return {
        ROUTING_RUN.primary_id: f"{record} {move}",
        RoutingRunColumn.RECORD_TYPE: "lead",
        RoutingRunColumn.RECORD_ID: record_id(record),
        RoutingRunColumn.ROUTING_STATUS: RoutingStatus.ASSIGNED.value,
        RoutingRunColumn.SEGMENT.value: here,
        RoutingRunColumn.PREVIOUS_SEGMENT.value: there if move else None,
        RoutingRunColumn.PREVIOUS_RESULT: SUCCEEDED if move else None,
        RoutingRunColumn.REQUEST_SOURCE: 1,
        RoutingRunColumn.DECIDED_ON: at.isoformat(),
        RoutingRunColumn.LAST_ATTEMPT_ON: at.isoformat(),
        RoutingRunColumn.ATTEMPTS: 1,
        RoutingRunColumn.ASSIGNED_SELLER.value: here,
        RoutingRunColumn.PREVIOUS_OWNER: there,
        RoutingRunColumn.PREVIOUS_OWNER_TYPE: "systemuser",
        Common.CREATED_ON: at.isoformat(),
        "@odata.etag": 'W/"1"',
    }


def counted(
    log: Log, records: int, limit: FlapLimit, monkeypatch: pytest.MonkeyPatch
) -> list[LastRun]:
    """Read all records as the facts of a block are read, in one request or more."""

    class Questions:
        def __init__(self) -> None:
            self._asked: list[Sequence[str]] = []

        def ask(self, ids: Sequence[str]) -> int:
            self._asked.append(ids)
            return len(self._asked) - 1

        def send(self, client: object) -> Questions:
            return self

        def rows(self, place: int) -> list[Row]:
            return log.read(self._asked[place])

    monkeypatch.setattr(last_runs, "Questions", Questions)
    monkeypatch.setattr(last_runs, "_request", lambda ids: ids)
    ids = [record_id(number) for number in range(records)]
    found = last_runs.read(None, ids, limit)  # type: ignore[arg-type]  # the log answers instead
    return list(found.values())


@pytest.mark.parametrize(
    ("records", "moves", "most"),
    [(10, 10, 10), (200, 3, 3), (200, 5, 5), (200, 10, 10), (200, 30, 10), (50, 300, 5)],
)
def test_records_that_flap_together_are_each_counted_as_often_as_the_limit_asks(
    records: int, moves: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = FlapLimit(most, timedelta(hours=24 * 365))
    runs = counted(Log(records, moves), records, limit, monkeypatch)

    assert len(runs) == records
    assert all(too_often(run.changed_at, limit, NOW + timedelta(days=200)) for run in runs)


def test_records_that_came_and_stayed_cost_one_question_for_two_hundred(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = Log(200, 0)
    runs = counted(log, 200, FlapLimit(), monkeypatch)

    assert [run.changed_at for run in runs] == [()] * 200
    assert log.asked == 1
