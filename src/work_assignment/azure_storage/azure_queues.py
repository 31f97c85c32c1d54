"""Queues in Azure Storage."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.storage.queue import QueueClient

from work_assignment.azure_storage.azure_account import (
    Opened,
    error_code,
    failures_of,
    queue_service,
)
from work_assignment.azure_storage.errors import (
    MessageLost,
    MessageTooLarge,
    StorageUnavailable,
)
from work_assignment.azure_storage.messages import (
    LARGEST_TEXT,
    Message,
    QueueLength,
    check_delay,
    check_hidden_for,
    check_limit,
    check_name,
    check_renewal,
    checked_text,
)

AT_ONCE = 32
"""What Azure Storage hands out or shows in one request."""
SIDE_BY_SIDE = 8
"""Messages are put, renewed and deleted one a request, so many requests at a time."""

_FOR_EVER = -1  # a message would be gone after a week, unless said otherwise
_LOST = ("MessageNotFound", "PopReceiptMismatch", "QueueNotFound")
_TOO_LARGE = "RequestBodyTooLarge"

_log = logging.getLogger(__name__)

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class AzureQueues:
    """Queues for many threads and processes. A queue comes into being with its first message.

    A message taken is hidden for a while and comes back unless it is deleted: at least once. Times
    count in whole seconds, rounded up. A request whose answer was lost is sent once more, so a
    message may be there twice.
    """

    def __init__(self, connection_string: str) -> None:
        self._service = Opened(queue_service, connection_string)

    def close(self) -> None:
        """Close the connections; the next use opens new ones."""
        self._service.close()

    def put(self, queue: str, text: str, *, delay: timedelta = timedelta(0)) -> None:
        """Add a message that can be taken after `delay`."""
        self.put_many(queue, [text], delay=delay)

    def put_many(
        self, queue: str, texts: Sequence[str], *, delay: timedelta = timedelta(0)
    ) -> None:
        """Add messages, in no order. After StorageUnavailable some of them may be there."""
        check_name(queue)
        check_delay(delay)
        checked = [checked_text(queue, text) for text in texts]
        client = self._client(queue)
        with failures_of(self._service()):
            _side_by_side(lambda text: _send(client, text, delay), checked)

    def receive(self, queue: str, *, limit: int, hidden_for: timedelta) -> list[Message]:
        """Take up to `limit` messages, about those visible longest first, and hide them."""
        check_name(queue)
        check_limit(limit)
        check_hidden_for(hidden_for)
        taken: list[Message] = []
        while len(taken) < limit:
            wanted = min(AT_ONCE, limit - len(taken))
            try:
                some = self._receive(queue, wanted, hidden_for)
            except StorageUnavailable as exc:
                if not taken:
                    raise
                # What was taken is hidden from everybody else, so it must not be dropped here.
                _log.warning("%d of %d messages taken: %s", len(taken), limit, exc)
                break
            taken += some
            if len(some) < wanted:
                break
        return taken

    def _receive(self, queue: str, wanted: int, hidden_for: timedelta) -> list[Message]:
        with failures_of(self._service()):
            try:
                pages = self._client(queue).receive_messages(
                    messages_per_page=wanted, visibility_timeout=_seconds(hidden_for)
                )
                return [_message(one) for one in next(pages.by_page(), ())]
            except ResourceNotFoundError:
                return []

    def peek(self, queue: str, limit: int) -> list[Message]:
        """Show up to `limit` messages that could be taken, 32 at most, and leave them."""
        check_name(queue)
        check_limit(limit)
        with failures_of(self._service()):
            try:
                found = self._client(queue).peek_messages(max_messages=min(AT_ONCE, limit))
                return [_message(one) for one in found]
            except ResourceNotFoundError:
                return []

    def renew(self, queue: str, message: Message, hidden_for: timedelta) -> Message:
        """Hide a message for so long from now on, under a new receipt; no time at all frees it."""
        renewed = self.renew_many(queue, [message], hidden_for)
        if not renewed:
            raise MessageLost(queue, [message.id])
        return renewed[0]

    def renew_many(
        self, queue: str, messages: Sequence[Message], hidden_for: timedelta
    ) -> list[Message]:
        """Hide messages for so long from now on; those that are lost are left out."""
        check_name(queue)
        check_renewal(hidden_for)
        renewed = _side_by_side(lambda one: self._renewed(queue, one, hidden_for), messages)
        return [message for message in renewed if message is not None]

    def _renewed(self, queue: str, message: Message, hidden_for: timedelta) -> Message | None:
        receipt = ""

        def renew(client: QueueClient) -> None:
            nonlocal receipt
            renewed = client.update_message(
                message.id, message.receipt, visibility_timeout=_seconds(hidden_for)
            )
            receipt = str(renewed.pop_receipt)

        is_ours = self._held(queue, message, renew)
        return replace(message, receipt=receipt) if is_ours else None

    def delete(self, queue: str, message: Message) -> None:
        """Delete a message: it is done with."""
        self.delete_many(queue, [message])

    def delete_many(self, queue: str, messages: Sequence[Message]) -> None:
        """Delete messages. Those lost are named in MessageLost once the others are deleted."""
        check_name(queue)

        def delete(message: Message) -> bool:
            return self._held(
                queue, message, lambda client: client.delete_message(message.id, message.receipt)
            )

        done = _side_by_side(delete, messages)
        lost = [message.id for message, was in zip(messages, done, strict=True) if not was]
        if lost:
            raise MessageLost(queue, lost)

    def length(self, queue: str) -> QueueLength:
        """Count messages; of more than 32 Azure does not tell which are hidden: none is said to be."""
        check_name(queue)
        with failures_of(self._service()):
            try:
                client = self._client(queue)
                total = client.get_queue_properties().approximate_message_count or 0
                visible = len(client.peek_messages(max_messages=AT_ONCE))
            except ResourceNotFoundError:
                return QueueLength(0, 0)
        if visible == AT_ONCE:
            return QueueLength(max(total, visible), 0)
        return QueueLength(visible, max(total - visible, 0))

    def oldest(self, queue: str) -> datetime | None:
        """Return when the oldest of the next messages was put; Azure does not tell of hidden ones."""
        return min((message.inserted_at for message in self.peek(queue, AT_ONCE)), default=None)

    def names(self) -> list[str]:
        """List the account's queues."""
        with failures_of(self._service()):
            return sorted(str(queue.name) for queue in self._service().list_queues())

    def _client(self, queue: str) -> QueueClient:
        return self._service().get_queue_client(queue)

    def _held(self, queue: str, message: Message, action: Callable[[QueueClient], object]) -> bool:
        """Do something with a message that is ours; False when it no longer is."""
        if not message.receipt:
            return False
        with failures_of(self._service()):
            try:
                action(self._client(queue))
            except HttpResponseError as exc:
                if error_code(exc) in _LOST:
                    return False
                raise
        return True


def _side_by_side(action: Callable[[Item], Answer], items: Sequence[Item]) -> list[Answer]:
    """Do the same with each, several at a time; the answers are in the same order."""
    if len(items) < 2:
        return [action(item) for item in items]
    with ThreadPoolExecutor(min(SIDE_BY_SIDE, len(items))) as pool:
        return list(pool.map(action, items))


def _send(client: QueueClient, text: str, delay: timedelta) -> None:
    try:
        _send_once(client, text, delay)
    except ResourceNotFoundError:
        with suppress(ResourceExistsError):  # somebody else was faster
            client.create_queue()
        _send_once(client, text, delay)


def _send_once(client: QueueClient, text: str, delay: timedelta) -> None:
    try:
        client.send_message(text, visibility_timeout=_seconds(delay), time_to_live=_FOR_EVER)
    except HttpResponseError as exc:
        if error_code(exc) != _TOO_LARGE:
            raise
        raise MessageTooLarge(str(client.queue_name), len(text.encode()), LARGEST_TEXT) from None


def _message(found: Any) -> Message:
    return Message(
        id=found.id,
        text=found.content or "",
        receipt=found.pop_receipt or "",
        dequeue_count=found.dequeue_count or 0,
        inserted_at=found.inserted_on,
    )


def _seconds(duration: timedelta) -> int:
    return math.ceil(duration.total_seconds())
