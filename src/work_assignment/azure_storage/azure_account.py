"""One Azure storage account: clients that fail within seconds, and what their failures mean."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

import requests
from azure.core.exceptions import AzureError, HttpResponseError
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import BlobServiceClient
from azure.storage.blob import LinearRetry as BlobRetry
from azure.storage.queue import LinearRetry as QueueRetry
from azure.storage.queue import QueueServiceClient
from requests.adapters import HTTPAdapter

from work_assignment.azure_storage.errors import StorageUnavailable

CONNECT_SECONDS = 3
ANSWER_SECONDS = 5
"""Dataverse waits a minute for a webhook's answer: a storage that is away must be said before."""
RETRIES = 1
RETRY_AFTER_SECONDS = 1
CONNECTIONS = 32
# Any version may be asked for; one that every storage and emulator of the last years knows.
API_VERSION = "2025-11-05"

# The SDK would note every request, and its address may hold a signature.
_silent = logging.getLogger(f"{__name__}.requests")
_silent.setLevel(logging.WARNING)

Service = TypeVar("Service", QueueServiceClient, BlobServiceClient)


class Opened(Generic[Service]):
    """A client for all threads of one object, made when needed and again after `close`."""

    def __init__(self, make: Callable[[str], Service], connection_string: str) -> None:
        self._make: Callable[[str], Service] = make
        self._connection_string = connection_string
        self._lock = threading.Lock()
        self._service: Service | None = None

    def __call__(self) -> Service:
        with self._lock:
            if self._service is None:
                self._service = self._make(self._connection_string)
            return self._service

    def close(self) -> None:
        """Close its connections."""
        with self._lock:
            service, self._service = self._service, None
        if service is not None:
            service.close()


def queue_service(connection_string: str) -> QueueServiceClient:
    """Make a client for an account's queues; nothing is sent yet."""
    retry = QueueRetry(backoff=RETRY_AFTER_SECONDS, retry_total=RETRIES, random_jitter_range=0)
    return QueueServiceClient.from_connection_string(
        connection_string, retry_policy=retry, **_options()
    )


def blob_service(connection_string: str) -> BlobServiceClient:
    """Make a client for an account's blobs; nothing is sent yet."""
    retry = BlobRetry(backoff=RETRY_AFTER_SECONDS, retry_total=RETRIES, random_jitter_range=0)
    return BlobServiceClient.from_connection_string(
        connection_string, retry_policy=retry, **_options()
    )


@contextmanager
def failures_of(service: QueueServiceClient | BlobServiceClient) -> Iterator[None]:
    """Turn what the SDK raises into StorageUnavailable, without any part of a request in it."""
    try:
        yield
    except AzureError as exc:
        # Not `from exc`: it may hold an address with a signature, and would be logged with it.
        raise StorageUnavailable(service.primary_hostname, _reason(exc)) from None


def error_code(exc: HttpResponseError) -> str:
    """Say which of Azure Storage's errors this is, such as MessageNotFound; empty if it is none."""
    code = getattr(exc, "error_code", None)
    return str(getattr(code, "value", code) or "")


def _options() -> dict[str, Any]:
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=CONNECTIONS))
    transport = RequestsTransport(
        session=session, connection_timeout=CONNECT_SECONDS, read_timeout=ANSWER_SECONDS
    )
    return {"transport": transport, "api_version": API_VERSION, "logger": _silent}


def _reason(exc: AzureError) -> str:
    if isinstance(exc, HttpResponseError) and exc.status_code is not None:
        return f"it answers {exc.status_code} {error_code(exc) or exc.reason or ''}".rstrip()
    # Its text may hold an address; its type tells a refused connection from a name not found.
    cause = _innermost(exc.inner_exception or exc)
    return f"it does not answer ({type(cause).__name__})"


def _innermost(exc: BaseException) -> BaseException:
    seen = {id(exc)}
    while True:
        deeper = exc.__cause__ or exc.__context__
        if deeper is None or id(deeper) in seen:
            return exc
        seen.add(id(deeper))
        exc = deeper
