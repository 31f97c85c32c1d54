"""Webhook registrations in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from work_assignment.domain.defining.definition_rows import (
    CreateStep,
    EndpointRow,
    MessageTarget,
    StepRow,
    Stored,
    UpdateStep,
    WebhookChange,
    WriteEndpoint,
)

KNOWN = {"lead", "opportunity", "account", "task", "wa_sweep", "wa_seller", "systemuser"}


class MemoryWebhooks:
    """Webhook rows in memory; it offers no events but of the tables it knows."""

    def __init__(self) -> None:
        self.rows: dict[str, EndpointRow] = {}
        self.registered: dict[str, tuple[str, StepRow]] = {}
        self.writes: list[Sequence[WebhookChange]] = []

    def endpoints(self, name: str) -> Sequence[Stored[EndpointRow]]:
        return [Stored(i, "1", row) for i, row in self.rows.items() if row.name == name]

    def steps(self, endpoint_id: str) -> Sequence[Stored[StepRow]]:
        return [
            Stored(i, "1", row) for i, (at, row) in self.registered.items() if at == endpoint_id
        ]

    def targets(
        self, messages: Collection[str], record_types: Collection[str]
    ) -> Mapping[tuple[str, str], MessageTarget]:
        known = KNOWN & set(record_types)
        return {(m, r): MessageTarget(m, f"{m} of {r}") for m in messages for r in known}

    def write(self, changes: Sequence[WebhookChange]) -> None:
        for change in changes:
            match change:
                case WriteEndpoint(row_id, row, creates):
                    assert creates == (row_id not in self.rows)
                    self.rows[row_id] = row
                case CreateStep(row_id, endpoint_id, target, row):
                    assert target.filter_id == f"{row.message} of {row.record_type}"
                    self.registered[row_id] = (endpoint_id, row)
                case UpdateStep(row_id, row):
                    self.registered[row_id] = (self.registered[row_id][0], row)
        self.writes.append(changes)

    def step(self, name: str) -> StepRow:
        (found,) = (row for _, row in self.registered.values() if row.name == name)
        return found

    def disable(self, name: str) -> None:
        """Switch a step off as somebody else would."""
        row_id = self._id(name)
        at, row = self.registered[row_id]
        self.registered[row_id] = (at, replace(row, enabled=False))

    def remove(self, name: str) -> None:
        """Delete a step as somebody else would."""
        del self.registered[self._id(name)]

    def _id(self, name: str) -> str:
        (found,) = (row_id for row_id, (_, row) in self.registered.items() if row.name == name)
        return found
