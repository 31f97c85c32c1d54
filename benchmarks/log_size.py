"""What the run log weighs: bytes a row in the mock's SQLite file, with and without explanations.

SQLite keeps text as it comes and adds its indexes; Dataverse's own tables weigh otherwise, so these
figures say what grows and by how much relative to the records, not what a bill will say. The
explanations are those of 20 segments, 40 rules and 50 sellers.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from benchmarks.decide import decided, workload
from work_assignment.dataverse import messages
from work_assignment.dataverse.auth import StaticToken
from work_assignment.dataverse.client import DataverseClient
from work_assignment.domain.deciding.decisions import Assigned, Decision, Unassigned
from work_assignment.domain.deciding.explanations import summary, to_data
from work_assignment.mock_dataverse.server import MockServer

ROWS = 4_000
EXPLANATION = "characters of an explanation"
_AT_ONCE = 1_000
_MILLION = 1_000_000
Row = dict[str, Any]


def measure(rows: int = ROWS) -> Mapping[str, float]:
    """Bytes a row by what is stored, and an explanation's characters."""
    decisions = [d for d in decided(workload(rows), traced=True) if not _is_unchanged(d)]
    bare = [_run(decision, explained=False) for decision in decisions]
    full = [_run(decision, explained=True) for decision in decisions]
    leads = [{"subject": f"Lead {n}", "lastname": f"Person {n}"} for n in range(len(bare))]
    empty = _file_size("lead", "leads", [])
    sizes = {
        "lead": _file_size("lead", "leads", leads),
        "run": _file_size("wa_routingrun", "wa_routingruns", bare),
        "run with explanation": _file_size("wa_routingrun", "wa_routingruns", full),
    }
    figures = {what: (size - empty) / len(bare) for what, size in sizes.items()}
    characters = sum(len(row["wa_explanation"]) for row in full) / len(full)
    return {**figures, EXPLANATION: characters}


def _is_unchanged(decision: Decision) -> bool:
    return not isinstance(decision, Assigned | Unassigned)


def _run(decision: Decision, *, explained: bool) -> Row:
    """A row of the run log as one outcome writes it."""
    text = json.dumps(to_data(decision), ensure_ascii=False, separators=(",", ":"))
    at = "2026-03-04T09:00:00Z"
    row: Row = {
        "wa_routingrunid": str(uuid4()),
        "wa_name": "Person Lastname",
        "wa_recordtype": "lead",
        "wa_recordid": str(uuid4()),
        "wa_recordversion": 'W/"1234567"',
        "wa_reason": summary(decision),
        "wa_block": str(uuid4()),
        "wa_previousowner": str(uuid4()),
        "wa_previousownertype": "systemuser",
        "wa_attempts": 1,
        "wa_decidedon": at,
        "wa_lastattempton": at,
        "wa_tellpending": False,
    }
    return row | ({"wa_explanation": text} if explained else {})


def _file_size(table: str, entity_set: str, rows: Sequence[Row]) -> int:
    """What a database file with these rows holds."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "mock.sqlite"
        with MockServer(file) as mock, DataverseClient(mock.url, StaticToken(None)) as client:
            for part in _parts(rows):
                _create(client, table, entity_set, part)
        with closing(sqlite3.connect(file)) as database:
            pages, free, size = (
                database.execute(f"PRAGMA {what}").fetchone()[0]
                for what in ("page_count", "freelist_count", "page_size")
            )
        return int((pages - free) * size)


def _parts(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), _AT_ONCE):
        yield rows[start : start + _AT_ONCE]


def _create(client: DataverseClient, table: str, entity_set: str, rows: Sequence[Row]) -> None:
    targets = [{"@odata.type": f"Microsoft.Dynamics.CRM.{table}", **row} for row in rows]
    path = f"{entity_set}/Microsoft.Dynamics.CRM.CreateMultiple"
    client.send(messages.Request("POST", path, {}, {"Targets": targets}))


def show() -> Mapping[str, float]:
    """Measure and print a table."""
    figures = dict(measure())
    characters = figures.pop(EXPLANATION)
    lines = [f"{'row':<30} {'bytes':>8} {'MB a million':>13}"]
    lines += [
        f"{what:<30} {size:>8,.0f} {size * _MILLION / 2**20:>13,.0f}"
        for what, size in figures.items()
    ]
    lines.append(f"an explanation has {characters:,.0f} characters on average")
    sys.stdout.write("\n".join(lines) + "\n")
    return {**figures, EXPLANATION: characters}


if __name__ == "__main__":
    show()
