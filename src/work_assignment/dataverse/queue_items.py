"""Where records lie in queues: an active item each, in one queue at a time."""

from __future__ import annotations

from collections.abc import Collection

from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.names import QUEUE_ITEM, Common, QueueItemColumn
from work_assignment.dataverse.queries import Guid, Query, and_, eq, in_chunks
from work_assignment.domain.records import RecordKey
from work_assignment.domain.runs.sweeps import QueueItem


def queue_items(
    client: DataverseClient, records: Collection[RecordKey]
) -> dict[RecordKey, QueueItem]:
    """The active items of these records; one that waits in no queue has none."""
    by_id = {key.id: key for key in records}
    record, queue = QueueItemColumn.OBJECT.value, QueueItemColumn.QUEUE.value
    worker = QueueItemColumn.WORKER.value
    found: dict[RecordKey, QueueItem] = {}
    for chunk in in_chunks(record, list(map(Guid, by_id))):
        is_active = and_(chunk, eq(Common.STATE, 0))
        for row in client.rows(Query(QUEUE_ITEM.entity_set, (record, queue, worker), is_active)):
            found[by_id[row[record]]] = QueueItem(
                row[QUEUE_ITEM.primary_id], row[queue], row.get(worker) is not None
            )
    return found
