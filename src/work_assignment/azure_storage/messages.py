"""What a message is, and what Azure Storage takes for one; the same on every storage."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from work_assignment.azure_storage.errors import (
    MessageNotText,
    MessageTooLarge,
    QueueNameInvalid,
)
from work_assignment.domain.carried_text import not_carried

LARGEST_TEXT = 64 * 1024
LONGEST_HIDDEN = timedelta(days=7)

_NAME = re.compile(r"(?=.{3,63}\Z)[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it was taken; `receipt` is the right to renew or delete it, empty after a peek."""

    id: str
    text: str
    receipt: str
    dequeue_count: int
    inserted_at: datetime


@dataclass(frozen=True, slots=True)
class QueueLength:
    """How many messages can be taken now, and how many are taken or delayed."""

    visible: int
    hidden: int


class MessageQueues(Protocol):
    """What queues do on either storage; a contract suite says it in full."""

    def put(self, queue: str, text: str, *, delay: timedelta = ...) -> None: ...
    def put_many(self, queue: str, texts: Sequence[str], *, delay: timedelta = ...) -> None: ...
    def receive(self, queue: str, *, limit: int, hidden_for: timedelta) -> list[Message]: ...
    def peek(self, queue: str, limit: int) -> list[Message]: ...
    def renew(self, queue: str, message: Message, hidden_for: timedelta) -> Message: ...
    def renew_many(
        self, queue: str, messages: Sequence[Message], hidden_for: timedelta
    ) -> list[Message]: ...
    def delete(self, queue: str, message: Message) -> None: ...
    def delete_many(self, queue: str, messages: Sequence[Message]) -> None: ...
    def length(self, queue: str) -> QueueLength: ...
    def oldest(self, queue: str) -> datetime | None: ...
    def names(self) -> list[str]: ...
    def close(self) -> None: ...


def check_name(queue: str) -> None:
    if not _NAME.fullmatch(queue):
        raise QueueNameInvalid(queue)


def checked_text(queue: str, text: str) -> str:
    """Give the text back if a queue can carry it."""
    bad = not_carried(text)
    if bad is not None:
        raise MessageNotText(queue, bad)
    size = len(text.encode())
    if size > LARGEST_TEXT:
        raise MessageTooLarge(queue, size, LARGEST_TEXT)
    return text


def check_limit(limit: int) -> None:
    if limit < 1:
        raise ValueError(f"limit has to be at least 1, not {limit}")


def check_delay(delay: timedelta) -> None:
    _check_duration("delay", delay, shortest=timedelta(0))


def check_hidden_for(hidden_for: timedelta) -> None:
    _check_duration("hidden_for", hidden_for, shortest=timedelta(microseconds=1))


def check_renewal(hidden_for: timedelta) -> None:
    _check_duration("hidden_for", hidden_for, shortest=timedelta(0))


def _check_duration(name: str, duration: timedelta, *, shortest: timedelta) -> None:
    if not shortest <= duration <= LONGEST_HIDDEN:
        raise ValueError(f"{name} has to be between {shortest} and 7 days, not {duration}")
