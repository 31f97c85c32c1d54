"""The organization's clock, which can be set, stopped and moved on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2999, 12, 31, tzinfo=UTC)


class TimeOutOfRange(ValueError):
    """A time that the organization cannot have."""


@dataclass(frozen=True, slots=True)
class ClockState:
    """What the clock shows at one moment, and whether it goes."""

    now: datetime
    is_frozen: bool
    is_virtual: bool


@dataclass(frozen=True, slots=True)
class _Setting:
    """How far it is from the real time, or where it stands still."""

    offset: timedelta = timedelta()
    frozen_at: datetime | None = None

    def read(self, real: datetime) -> datetime:
        return real + self.offset if self.frozen_at is None else self.frozen_at


class VirtualClock:
    """A clock that shows the real time until somebody sets it; calling it reads it.

    The setting is one value that is replaced as a whole, so reading needs no lock.
    """

    def __init__(self, real: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._real = real
        self._setting = _Setting()
        self._lock = Lock()

    def __call__(self) -> datetime:
        return self._setting.read(self._real())

    def state(self) -> ClockState:
        setting = self._setting
        return ClockState(
            setting.read(self._real()), setting.frozen_at is not None, setting != _Setting()
        )

    def set(self, moment: datetime | None, *, frozen: bool) -> None:
        """Go on from a moment at real speed, or stand still at it; None is what it shows now."""
        with self._lock:
            real = self._real()
            self._put(real, self._setting.read(real) if moment is None else moment, frozen=frozen)

    def advance(self, by: timedelta) -> None:
        """Move on; a clock that stands still does so again afterwards."""
        with self._lock:
            real, setting = self._real(), self._setting
            try:
                moment = setting.read(real) + by
            except OverflowError as exc:
                raise TimeOutOfRange(f"{by} from now is out of range.") from exc
            self._put(real, moment, frozen=setting.frozen_at is not None)

    def reset(self) -> None:
        """Show the real time again."""
        with self._lock:
            self._setting = _Setting()

    def _put(self, real: datetime, moment: datetime, *, frozen: bool) -> None:
        if not EARLIEST <= moment <= LATEST:
            raise TimeOutOfRange(
                f"{moment:%Y-%m-%d} is out of range, which is {EARLIEST.year} to {LATEST.year}."
            )
        self._setting = _Setting(frozen_at=moment) if frozen else _Setting(offset=moment - real)
