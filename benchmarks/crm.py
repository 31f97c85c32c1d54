"""How fair: the open opportunities of a CRM export, routed three ways by the same segments and rules.

Sellers have room for 75 opportunities each, as in the demonstration, and then for as few as are
needed at all, where it shows who leaves records behind although there is room.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import yaml

from work_assignment.domain.deciding.assigner import Assigner
from work_assignment.domain.deciding.decisions import Assigned
from work_assignment.domain.deciding.definitions import Definitions, define
from work_assignment.domain.defining.sellers import Standing
from work_assignment.domain.records import Record, RecordId
from work_assignment.samples import CRM_EXPORT_DEFINITIONS
from work_assignment.services.cases.reading import read_case
from work_assignment.services.crm_export import (
    MAX_CAPACITY,
    CrmExport,
    export_definitions,
    opportunity_columns,
    read_export,
)
from work_assignment.services.csv_table import CsvError
from work_assignment.solvers.min_cost_flow import OrToolsFlowSolver

WAYS = ("round robin", "load balancing", "best overall")
NOW = datetime(2026, 3, 4, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Result:
    """What one way made of it: `given` is how many each seller got."""

    way: str
    capacity: int
    seconds: float
    unassigned: int
    given: tuple[int, ...]

    @property
    def jain(self) -> float:
        """Jain's index: 1 when all have the same."""
        return sum(self.given) ** 2 / (len(self.given) * sum(x * x for x in self.given))

    @property
    def gini(self) -> float:
        """The Gini coefficient: 0 when all have the same."""
        ordered, count = sorted(self.given), len(self.given)
        weighted = sum(rank * load for rank, load in enumerate(ordered, 1))
        return 2 * weighted / (count * sum(ordered)) - (count + 1) / count


def results(export: CrmExport) -> Iterator[Result]:
    records = list(_records(export))
    least = -(-len(records) // len(export.sellers))
    for capacity in (MAX_CAPACITY, least):
        for way in WAYS:
            yield _route(way, capacity, _definitions(export, way, capacity), records)


def _route(way: str, capacity: int, definitions: Definitions, records: Sequence[Record]) -> Result:
    standings = {seller_id: Standing(seller_id) for seller_id in definitions.sellers}
    begun = perf_counter()
    assigner = Assigner(definitions, standings, at=NOW, solver=OrToolsFlowSolver(), is_traced=False)
    decisions = assigner.decide_all(records)
    seconds = perf_counter() - begun
    given = Counter(d.recipient.id for d in decisions if isinstance(d, Assigned))
    unassigned = len(decisions) - given.total()
    return Result(way, capacity, seconds, unassigned, tuple(given[s] for s in standings))


def _definitions(export: CrmExport, way: str, capacity: int) -> Definitions:
    """The demonstration's definitions, with one distribution in all rules."""
    case: dict[str, Any] = {"at": NOW.isoformat(), "events": []}
    for file in sorted(CRM_EXPORT_DEFINITIONS.glob("*.yaml")):
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        case |= {key: document[key] for key in ("segments", "rules") if key in document}
    case["rules"] = [rule | {"distribution": way} for rule in case["rules"]]
    case["sellers"] = [
        {"id": form["user"], "attributes": form["attributes"], "max_capacity": capacity}
        for form in export_definitions(export)["sellers"]
    ]
    read = read_case(json.dumps(case), "crm")
    return define(read.segments, read.rules, [entry.seller for entry in read.sellers])


def _records(export: CrmExport) -> Iterator[Record]:
    for number, deal in enumerate(export.open_opportunities()):
        created = NOW - timedelta(hours=1) + timedelta(milliseconds=number)
        yield Record("opportunity", RecordId(deal.id), created, opportunity_columns(deal))


def show(folder: Path) -> Mapping[str, float]:
    """Route the export three ways and print a table."""
    try:
        export = read_export(folder)
    except CsvError as exc:
        sys.exit(f"{folder}: {exc}")
    found = list(results(export))
    records = len(export.open_opportunities())
    lines = [
        f"{records:,} open opportunities, {len(export.sellers)} sellers",
        f"{'room each':>9}  {'way':<15} {'unassigned':>10} {'a seller':>9} {'Jain':>7} "
        f"{'Gini':>6} {'seconds':>8}",
    ]
    figures: dict[str, float] = {}
    for result in found:
        spread = f"{min(result.given)}-{max(result.given)}"
        lines.append(
            f"{result.capacity:>9}  {result.way:<15} {result.unassigned:>10,} {spread:>9} "
            f"{result.jain:>7.4f} {result.gini:>6.3f} {result.seconds:>8.3f}"
        )
        name = f"{result.way}, room for {result.capacity}"
        figures[f"{name}, unassigned"] = result.unassigned
        figures[f"{name}, Jain"] = result.jain
    sys.stdout.write("\n".join(lines) + "\n")
    return figures
