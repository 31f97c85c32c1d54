"""Rows that ask for nothing, written to see whether their events arrive."""

from __future__ import annotations

from datetime import UTC, datetime

from work_assignment.dataverse import messages
from work_assignment.dataverse.choices import State, SweepStatus
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.errors import PreconditionFailed, RowNotFound
from work_assignment.dataverse.names import SWEEP, Common, SweepColumn
from work_assignment.dataverse.unavailable import away_means_unavailable

NAME = "Test of the webhooks"


class ProbeRows:
    """Sweeps that have begun and ended when they are written: nobody carries them out."""

    def __init__(self, client: DataverseClient) -> None:
        self._client = client

    def put(self) -> tuple[str, datetime]:
        """Write one; its id, and what Dataverse's clock says."""
        with away_means_unavailable():
            now = self._now()
            row = {
                SweepColumn.NAME: NAME,
                SweepColumn.MESSAGE: "Written by 'wa webhooks test', which deletes it again",
                SweepColumn.START_TIME: now,
                SweepColumn.END_TIME: now,
                SweepColumn.STATUS: SweepStatus.SKIPPED.value,
                Common.STATE: State.INACTIVE.value,
            }
            asked = messages.create(SWEEP.entity_set, row, returning=(SWEEP.primary_id,))
            written = self._client.send(asked).json
        return str(written[SWEEP.primary_id]), self._now()

    def remove(self, row_id: str) -> None:
        """Delete it; it may be gone already."""
        with away_means_unavailable():
            try:
                self._client.send(messages.delete(SWEEP.entity_set, row_id))
            except (RowNotFound, PreconditionFailed):
                return

    def _now(self) -> datetime:
        return self._client.server_time() or datetime.now(UTC)
