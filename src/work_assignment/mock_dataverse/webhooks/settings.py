"""How webhooks are called: time-outs, and the troubles of a network that can be asked for."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock

from .log import DeliveryLog

_LONGEST_REORDERING = 0.25


@dataclass(frozen=True, slots=True)
class Settings:
    """How long a post may take, how soon the one further attempt comes, who we say we are."""

    timeout: timedelta = timedelta(seconds=60)
    retry_delay: timedelta = timedelta(seconds=1)
    workers: int = 4
    organization_host: str = "localhost"


@dataclass(frozen=True, slots=True)
class Troubles:
    """What happens to asynchronous deliveries on request.

    `duplicates` and `reorder` are the shares of deliveries that are sent twice, or held back for a
    moment so that later ones overtake them; `seed` makes the choice repeatable.
    """

    duplicates: float = 0.0
    reorder: float = 0.0
    delay: timedelta = timedelta(0)
    is_paused: bool = False
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one delivery; `hold` is in seconds."""

    hold: float = 0.0
    is_doubled: bool = False


class Control:
    """The settings of the moment, shared by everything that calls webhooks, and the log."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.log = DeliveryLog()
        self._lock = Lock()
        self._settings = settings or Settings()
        self._troubles = Troubles()
        self._random = random.Random()  # noqa: S311 - chance for tests, not for secrets

    @property
    def settings(self) -> Settings:
        return self._settings

    @property
    def troubles(self) -> Troubles:
        return self._troubles

    def configure(
        self, *, settings: Settings | None = None, troubles: Troubles | None = None
    ) -> None:
        """Replace what is given; new troubles start the choices of their seed afresh."""
        with self._lock:
            if settings is not None:
                self._settings = settings
            if troubles is not None:
                self._troubles = troubles
                self._random = random.Random(troubles.seed)  # noqa: S311 - as above

    def fate(self) -> Fate:
        """Choose what becomes of the next delivery."""
        with self._lock:
            troubles = self._troubles
            hold = troubles.delay.total_seconds()
            if not (troubles.duplicates or troubles.reorder):
                return Fate(hold)
            is_doubled = self._random.random() < troubles.duplicates
            if self._random.random() < troubles.reorder:
                hold += self._random.uniform(0.01, _LONGEST_REORDERING)
            return Fate(hold, is_doubled)
