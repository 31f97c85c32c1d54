"""Sends what waits on the queue `wa-notices`: by e-mail and Teams, again where that may help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Protocol

from work_assignment.domain.defining.notifications import Channel
from work_assignment.domain.errors import Refused, Unavailable
from work_assignment.domain.runs.deliveries import Delivery
from work_assignment.domain.runs.due import length_words
from work_assignment.domain.runs.recipients import Recipient
from work_assignment.services import telemetry
from work_assignment.services.outbox import (
    QUEUE,
    NotADelivery,
    delivery_text,
    in_short,
    read_delivery,
)
from work_assignment.services.poison import envelope, poison_of
from work_assignment.services.ports import Clock, Queues, Recipients
from work_assignment.services.sweep_requests import carried

MOST_TRIES = 5
PAUSES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
)
"""How long is waited after each try that failed, unless longer was asked for."""
LONGEST_PAUSE = timedelta(days=1)
WHILE_OFF = timedelta(minutes=5)
"""When a message is looked at again that came while the app is switched off."""
_MOST_SAID = 1_000

_log = telemetry.logger(__name__)


class Sender(Protocol):
    """One way by which people are told."""

    def send(self, delivery: Delivery, to: Recipient) -> None:
        """Send it, once however often it is asked for, as far as the way can tell.

        Raises Refused where that will not change by itself, and Unavailable where it may.
        """


@dataclass(frozen=True, slots=True)
class NoTeams:
    """Teams, as long as nobody said where its messages go, or not rightly."""

    why: str

    def send(self, delivery: Delivery, to: Recipient) -> None:
        """Refuse it."""
        raise Refused(f"Teams is wished in the settings, but {self.why}")


@dataclass(frozen=True)
class Deliverer:
    """Sends one message at a time; what fails leaves all others as they are.

    A dry run tells of what was done before it; while the app is off nothing is sent, and all waits.
    """

    queues: Queues[Any]
    recipients: Recipients
    senders: Mapping[Channel, Sender]
    clock: Clock
    mode: str = "on"
    _said: set[str] = field(default_factory=set, init=False)

    def deliver(self, text: str) -> None:
        """Send what a message says, or see to it that it is sent later or looked at."""
        if self.mode == "off":
            self.queues.put(QUEUE, carried(text), delay=WHILE_OFF)
            return
        try:
            delivery = read_delivery(text)
        except NotADelivery as exc:
            self._put_aside(text, str(exc), tries=1)
            return
        try:
            self._send(delivery)
        except Unavailable as exc:
            self._later(delivery, exc)
        except Refused as exc:
            self._refused(delivery, str(exc))

    def _send(self, delivery: Delivery) -> None:
        recipient = self.recipients.of([delivery.recipient]).get(delivery.recipient)
        if recipient is None:
            raise Refused(f"there is no user {delivery.recipient} any more")
        if recipient.is_disabled:
            raise Refused(f"user {delivery.recipient} is disabled")
        if delivery.kind in recipient.muted:
            _log.debug("%s is not wished any more", in_short(delivery))
            return
        sender = self.senders.get(delivery.channel)
        if sender is None:
            raise Refused(f"nothing is sent by {delivery.channel.value}")
        sender.send(delivery, recipient)

    def _later(self, delivery: Delivery, error: Unavailable) -> None:
        tries = delivery.tries + 1
        if tries >= MOST_TRIES:
            fresh = delivery_text(replace(delivery, tries=0))
            self._put_aside(fresh, str(error), tries=tries)
            return
        pause = min(max(error.retry_after or timedelta(0), PAUSES[tries - 1]), LONGEST_PAUSE)
        again = delivery_text(replace(delivery, tries=tries))
        self.queues.put(QUEUE, carried(again), delay=pause)
        _log.warning("%s is sent again in %s: %s", in_short(delivery), length_words(pause), error)

    def _put_aside(self, text: str, why: str, *, tries: int) -> None:
        poison = poison_of(QUEUE)
        wrapped = envelope(carried(text), why=why, at=self.clock(), tries=tries)
        self.queues.put(poison, wrapped)
        _log.error("a message of %s goes to %s: %s", QUEUE, poison, why)

    def _refused(self, delivery: Delivery, why: str) -> None:
        """Say a reason once: what is wrong with a setting is wrong with every message."""
        if why in self._said:
            _log.debug("%s is not sent: %s", in_short(delivery), why)
            return
        if len(self._said) >= _MOST_SAID:
            self._said.clear()
        self._said.add(why)
        _log.error("%s is not sent, and others alike: %s", in_short(delivery), why)
