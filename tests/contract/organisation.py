"""One organisation twice: in the mock, and as the engine reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from work_assignment.bootstrap import connect
from work_assignment.cli import sample_data
from work_assignment.dataverse import mapping, messages
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.messages import Request
from work_assignment.dataverse.queries import Query
from work_assignment.dataverse.schemas import read_schema
from work_assignment.domain.filtering.conditions import compile_filter
from work_assignment.domain.filtering.fetchxml import write_fetchxml
from work_assignment.domain.filtering.filters import Filter
from work_assignment.domain.filtering.reckoning import Reckoning
from work_assignment.domain.filtering.rows import Columns, Rows, Scope
from work_assignment.domain.filtering.schemas import TableSchema, Vocabulary
from work_assignment.mock_dataverse.server import MockServer
from work_assignment.packaged_solution import product_solution
from work_assignment.settings import Credentials

_IDS = UUID("3d1c54a6-67a5-4c0f-9f63-0a2a53d0a3b7")


def uid(name: str) -> str:
    """The id of a row that a test calls by name."""
    return str(uuid5(_IDS, name))


@dataclass
class Clock:
    """The mock's time."""

    now: datetime = field(default_factory=lambda: datetime(2026, 3, 4, 9, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now


class Organisation:
    """The mock behind a client, and what was read of it by `read`."""

    def __init__(self, client: DataverseClient, clock: Clock) -> None:
        self.client = client
        self.clock = clock
        self.schemas: dict[str, TableSchema] = {}
        self._tables: dict[str, list[Columns]] = {}
        self._rows = Rows()

    def write(self, requests: Sequence[Request]) -> None:
        sample_data.write(self.client, requests)

    def read(self, columns: Mapping[str, Sequence[str]]) -> None:
        """Read these columns of all rows of these tables, and their ids."""
        for table, wanted in columns.items():
            schema = self.schemas[table] = read_schema(self.client, table, with_labels=False)
            self._tables[table] = [
                mapping.values_from_row(row, schema, (schema.primary_id, *wanted))
                for row in self.client.rows(Query(schema.entity_set))
            ]
        self._rows = Rows(self._tables)

    def found_by_the_mock(self, table: str, tree: Filter) -> set[str]:
        schema = self.schemas[table]
        text = (
            f'<fetch><entity name="{table}"><attribute name="{schema.primary_id}"/>'
            f"{write_fetchxml(tree)}</entity></fetch>"
        )
        answer = self.client.send(messages.fetch(schema.entity_set, text))
        return {row[schema.primary_id] for row in answer.rows}

    def found_by_the_engine(
        self, table: str, tree: Filter, reckoning: Reckoning | None = None
    ) -> set[str]:
        schema = self.schemas[table]
        known = Vocabulary(table, schema, find=self.schemas.get, reckoning=reckoning or Reckoning())
        condition = compile_filter(tree, "filter", known)
        return {
            str(row[schema.primary_id])
            for row in self._tables[table]
            if condition.holds(row, Scope(self.clock.now, self._rows, row))
        }

    def set(self, entity_set: str, row_id: str, **columns: Any) -> None:
        self.client.send(messages.update(entity_set, row_id, columns, version="*"))


@contextmanager
def running(*solutions: Path) -> Iterator[Organisation]:
    """An organisation with the product's solution and these."""
    clock = Clock()
    with (
        MockServer(solutions=[product_solution(), *solutions], clock=clock) as mock,
        connect(mock.url, Credentials()) as client,
    ):
        yield Organisation(client, clock)
