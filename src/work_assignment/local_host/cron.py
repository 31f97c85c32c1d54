"""Timer schedules: NCrontab text, checked strictly, and the times it stands for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from croniter import CroniterBadCronError, CroniterBadDateError, croniter

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


class Field(NamedTuple):
    """One of the six positions. `names` may stand for numbers from `low` on."""

    title: str
    low: int
    high: int
    names: tuple[str, ...] = ()


FIELDS = (
    Field("second", 0, 59),
    Field("minute", 0, 59),
    Field("hour", 0, 23),
    Field("day of month", 1, 31),
    Field("month", 1, 12, MONTHS),
    Field("day of week", 0, 6, WEEKDAYS),
)


class BadSchedule(ValueError):
    """The text is no schedule that Azure's timer would take."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A checked schedule, in UTC; day of month and day of week must both match, as in NCrontab."""

    text: str

    def next_after(self, moment: datetime) -> datetime:
        """The first occurrence strictly later than this moment."""
        start = moment.astimezone(UTC)
        cron = croniter(self.text, start, second_at_beginning=True, day_or=False)
        found: datetime = cron.get_next(datetime)
        return found


def parse_schedule(text: str, *, at: datetime) -> Schedule:
    """Read six cron fields, seconds first. `at` serves to prove that the schedule ever occurs."""
    if ":" in text:
        raise BadSchedule(
            f"'{text}' is a time span; write six cron fields, such as '0 */5 * * * *'"
        )
    parts = text.split()
    if len(parts) == 5:
        raise BadSchedule(f"'{text}' has five fields; Azure wants six, seconds first: '0 {text}'")
    if len(parts) != len(FIELDS):
        raise BadSchedule(f"'{text}' has {len(parts)} fields; Azure wants six, seconds first")
    for field, part in zip(FIELDS, parts, strict=True):
        for item in part.split(","):
            _check_item(field, item, text)
    schedule = Schedule(" ".join(parts).lower())
    try:
        schedule.next_after(at)
    except CroniterBadDateError as exc:
        raise BadSchedule(f"'{text}' never occurs") from exc
    except CroniterBadCronError as exc:
        raise BadSchedule(f"'{text}' cannot be read: {exc}") from exc
    return schedule


def _check_item(field: Field, item: str, text: str) -> None:
    """One comma-separated item: `*`, `a` or `a-b`, each with or without `/step`."""
    span, slash, step = item.partition("/")
    if slash and not (step.isascii() and step.isdecimal() and 0 < int(step) <= field.high):
        raise BadSchedule(f"'{text}': the step in '{item}' ({field.title}) is not usable")
    if span == "*":
        return
    first, dash, last = span.partition("-")
    low = _number(field, first, item, text)
    if dash and _number(field, last, item, text) < low:
        # NCrontab swaps the ends and others wrap around: nobody should have to know which.
        raise BadSchedule(f"'{text}': the range '{item}' ({field.title}) runs backwards")


def _number(field: Field, word: str, item: str, text: str) -> int:
    if word.lower() in field.names:
        return field.names.index(word.lower()) + field.low
    if not (word.isascii() and word.isdecimal() and field.low <= int(word) <= field.high):
        names = f" or {field.names[0]}-{field.names[-1]}" if field.names else ""
        raise BadSchedule(
            f"'{text}': '{item}' is no {field.title}; use {field.low}-{field.high}{names}"
        )
    return int(word)
