"""How long a record may still be assigned, in words: "3 h 20 min", and what is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

DASH = "-"


def due_words(due_at: datetime | None, now: datetime) -> str:
    """What is left until a moment, or since when it is over; a dash where there is none."""
    if due_at is None:
        return DASH
    if due_at < now:
        return f"overdue since {moment_words(due_at)}"
    return f"due in {length_words(due_at - now)}"


def length_words(length: timedelta) -> str:
    """A length of time in its two largest units, rounded down: "2 d 3 h", "20 min", "0 min"."""
    minutes = max(int(length.total_seconds()) // 60, 0)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min"


def moment_words(at: datetime) -> str:
    """A moment as an admin reads it."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
