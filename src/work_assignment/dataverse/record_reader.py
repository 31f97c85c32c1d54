"""Rows of routed tables read as records; what cannot be read is logged, collected and left out."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from work_assignment.dataverse import mapping
from work_assignment.dataverse.messages import Row
from work_assignment.dataverse.names import Common
from work_assignment.domain.filtering.schemas import TableSchema
from work_assignment.domain.records import RecordKey
from work_assignment.domain.runs.facts import CurrentRecord, Rulebook
from work_assignment.domain.runs.sweeps import Place

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """Records in the order of their age, and where the last row of each table stands.

    `reached` counts rows that could not be read, too: who reads on begins behind them.
    """

    records: tuple[CurrentRecord, ...] = ()
    reached: Mapping[str, Place] = field(default_factory=dict)


@dataclass(slots=True)
class RecordReader:
    """Reads rows as the definitions need them; `unreadable` collects the keys of those it cannot."""

    rulebook: Rulebook
    unreadable: set[RecordKey] = field(default_factory=set)

    def records(self, schema: TableSchema, rows: Sequence[Row]) -> list[CurrentRecord]:
        """The rows that can be read."""
        return [current for _, current in self._read(schema, rows) if current is not None]

    def oldest(self, tables: Sequence[tuple[TableSchema, Sequence[Row]]], limit: int) -> Found:
        """The oldest rows of tables that each come oldest first.

        Of equal age they stay in Dataverse's order, which is not that of texts.
        """
        read = [
            (schema.table, place, current)
            for schema, rows in tables
            for place, current in self._read(schema, rows)
        ]
        taken = sorted(read, key=lambda entry: entry[1].created_at)[:limit]
        return Found(
            tuple(current for _, _, current in taken if current is not None),
            {table: place for table, place, _ in taken},
        )

    def _read(
        self, schema: TableSchema, rows: Sequence[Row]
    ) -> Iterator[tuple[Place, CurrentRecord | None]]:
        reading = mapping.Reading(
            self.rulebook.columns[schema.table],
            self.rulebook.labelled,
            self.rulebook.owner_column,
            self.rulebook.score_column,
        )
        for row in rows:
            place = Place(mapping.moment(row[Common.CREATED_ON]), row[schema.primary_id])
            try:
                yield place, mapping.record_from_row(row, schema, reading)
            except mapping.BadRow as exc:
                _log.error("a record is left alone: %s", exc)
                self.unreadable.add(RecordKey(schema.table, row[schema.primary_id]))
                yield place, None
