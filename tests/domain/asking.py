"""Asks one operator about one value."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from work_assignment.domain.filtering.operators import OPERATORS, ColumnKind, Needs, Operands
from work_assignment.domain.filtering.reckoning import Reckoning
from work_assignment.domain.filtering.trees import Tree
from work_assignment.domain.records import Value

BERLIN = ZoneInfo("Europe/Berlin")
IN_BERLIN = Reckoning(zone=BERLIN)
WEDNESDAY = datetime(2026, 3, 4, 15, 30, tzinfo=UTC)  # 16:30 in Berlin


def holds(
    operator: str,
    value: Value,
    *texts: str,
    kind: ColumnKind | None = None,
    at: datetime = WEDNESDAY,
    tree: Tree | None = None,
    reckoning: Reckoning = IN_BERLIN,
) -> bool:
    """Whether an operator holds for a value; the kind is that of the value unless given."""
    known = OPERATORS[operator]
    made = known.make(Operands(kind or _kind(value), texts, reckoning))
    match known.needs:
        case Needs.MOMENT:
            made = made(at)
        case Needs.TREE:
            made = made(tree)
    answer = made(value)
    assert isinstance(answer, bool)
    return answer


def _kind(value: Value) -> ColumnKind:
    if isinstance(value, datetime):
        return ColumnKind.MOMENT
    return ColumnKind.DAY if isinstance(value, date) else ColumnKind.TEXT


def berlin(text: str) -> datetime:
    """A moment by the clocks of Berlin, in UTC as columns hold it."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)
