"""Small texts by name in Azure Storage, for what processes have to tell each other."""

from __future__ import annotations

from contextlib import suppress

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from work_assignment.azure_storage.azure_account import Opened, blob_service, failures_of

CONTAINER = "wa-notes"


class AzureNotes:
    """Notes for many threads and processes, one blob each; the last one written counts."""

    def __init__(self, connection_string: str) -> None:
        self._service = Opened(blob_service, connection_string)

    def close(self) -> None:
        """Close the connections; the next use opens new ones."""
        self._service.close()

    def read(self, name: str) -> str | None:
        """Read a note; None when there is none."""
        blob = self._service().get_blob_client(CONTAINER, name)
        with failures_of(self._service()):
            try:
                content: bytes = blob.download_blob().readall()
            except ResourceNotFoundError:
                return None
        return content.decode()

    def write(self, name: str, text: str) -> None:
        """Write a note over the one there is."""
        blob = self._service().get_blob_client(CONTAINER, name)
        with failures_of(self._service()):
            try:
                blob.upload_blob(text.encode(), overwrite=True)
            except ResourceNotFoundError:
                with suppress(ResourceExistsError):
                    self._service().create_container(CONTAINER)
                blob.upload_blob(text.encode(), overwrite=True)
