"""Leases on small blobs in Azure Storage, one blob a name."""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import timedelta

from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.storage.blob import BlobClient, BlobLeaseClient, BlobServiceClient

from work_assignment.azure_storage.azure_account import Opened, blob_service, failures_of
from work_assignment.azure_storage.errors import LeaseLost
from work_assignment.azure_storage.leases import HELD_FOR, Lease

CONTAINER = "wa-leases"
SHORTEST, LONGEST = timedelta(seconds=15), timedelta(seconds=60)

_HELD_BY_ANOTHER = (409, 412)
_LOST = (404, 409, 412)


class AzureLeases:
    """Leases for many threads and processes, each held for `held_for` at a time."""

    def __init__(self, connection_string: str, *, held_for: timedelta = HELD_FOR) -> None:
        if not SHORTEST <= held_for <= LONGEST:
            raise ValueError(
                "a lease has to be held for some time, in Azure 15 to 60 seconds, "
                f"not {held_for.total_seconds():g}"
            )
        self.held_for = held_for
        self._service = Opened(blob_service, connection_string)

    def close(self) -> None:
        """Close the connections; the next use opens new ones."""
        self._service.close()

    def acquire(self, name: str) -> Lease | None:
        """Take a lease that is free or expired; None while somebody holds it."""
        blob = self._blob(name)
        # The id is ours, so that a request sent again after a lost answer finds its own lease.
        lease = Lease(name, str(uuid.uuid4()), self)
        with failures_of(self._service()):
            try:
                try:
                    self._acquire(blob, lease)
                except ResourceNotFoundError:
                    put_blob_where_none_is(self._service(), blob)
                    self._acquire(blob, lease)
            except HttpResponseError as exc:
                if exc.status_code in _HELD_BY_ANOTHER:
                    return None
                raise
        return lease

    def renew(self, lease: Lease) -> None:
        """Hold a lease longer, even one that expired and nobody has taken since."""
        with failures_of(self._service()):
            try:
                BlobLeaseClient(self._blob(lease.name), lease.id).renew()
            except HttpResponseError as exc:
                if exc.status_code in _LOST:
                    raise LeaseLost(lease.name) from None
                raise

    def release(self, lease: Lease) -> None:
        """Let go of a lease; nothing happens when it was lost before."""
        with failures_of(self._service()):
            try:
                BlobLeaseClient(self._blob(lease.name), lease.id).release()
            except HttpResponseError as exc:
                if exc.status_code not in _LOST:
                    raise

    def _acquire(self, blob: BlobClient, lease: Lease) -> None:
        seconds = int(self.held_for.total_seconds())
        BlobLeaseClient(blob, lease.id).acquire(lease_duration=seconds)

    def _blob(self, name: str) -> BlobClient:
        return self._service().get_blob_client(CONTAINER, name)


def put_blob_where_none_is(service: BlobServiceClient, blob: BlobClient) -> None:
    """Create an empty blob, and its container if need be; one that somebody made stays as it is."""
    with suppress(ResourceExistsError):
        service.create_container(blob.container_name)
    with suppress(ResourceExistsError):
        blob.upload_blob(b"", overwrite=False)
