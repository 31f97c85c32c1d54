"""Rows of calendars with their rules, read as the calendars that decisions use; pure.

A root rule says on which days (Microsoft Learn: "Calendar entities"), the rules of its inner
calendar, the leaves, at which hours. What Microsoft does not document is read as real environments
were seen to store it: a single day outranks closures and those a recurrence, then the lower rank
wins; a break lies on top of working hours; a calendar observes closures by a yearly rule that
points at the calendar of closures.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from work_assignment.dataverse.calendar_names import CALENDAR, CalendarColumn, CalendarRuleColumn
from work_assignment.dataverse.calendar_patterns import (
    Kind,
    Pattern,
    day_of,
    days_of,
    last_day_of,
    read_pattern,
)
from work_assignment.dataverse.choices import ExtentCode, SubCode, TimeCode
from work_assignment.dataverse.messages import Row
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.hours.availability import (
    EVERY_DAY,
    MIDNIGHT,
    Calendar,
    Interval,
    Override,
    WorkingHours,
    local_moment,
)
from work_assignment.domain.hours.time_zones import time_zone_of_code

_MINUTES_A_DAY = 24 * 60
_DAY = timedelta(days=1)
_LONGEST_DURATION = 100 * 366 * _MINUTES_A_DAY
_FIRST_YEAR, _LAST_YEAR = 1753, 9000  # the first is Dataverse's own


@dataclass(frozen=True, slots=True)
class _Rule:
    """A row of calendarrule; lengths are minutes, and so is `offset`, from midnight."""

    pattern: Pattern
    start: datetime | None
    effective_start: datetime | None
    effective_end: datetime | None
    duration: int
    offset: int
    has_offset: bool
    rank: int
    zone: tzinfo | None
    time_code: int | None
    sub_code: int | None
    extent: int
    inner_calendar: str | None

    def from_its_start(self) -> _Rule:
        """A leaf that has no offset begins at the time of day of its start."""
        if self.has_offset or self.start is None:
            return self
        return replace(self, offset=self.start.hour * 60 + self.start.minute)

    @property
    def is_break(self) -> bool:
        return self.time_code == TimeCode.UNAVAILABLE and self.sub_code == SubCode.BREAK

    @property
    def is_away(self) -> bool:
        return self.time_code in (TimeCode.BUSY, TimeCode.UNAVAILABLE) and not self.is_break

    @property
    def end(self) -> int:
        return self.offset + self.duration

    @property
    def whole_days(self) -> int:
        """How many whole days it lasts from midnight on; 0 when it lasts parts of days."""
        whole = not self.offset and self.duration % _MINUTES_A_DAY == 0
        return self.duration // _MINUTES_A_DAY if whole else 0

    def effective_days(self, zone: tzinfo) -> tuple[date | None, date | None]:
        first = None if self.effective_start is None else day_of(self.effective_start, zone)
        return first, None if self.effective_end is None else last_day_of(self.effective_end)


def inner_calendars(row: Row) -> Iterator[str]:
    """The ids of the calendars that a calendar's rules and its holiday schedule refer to."""
    referring = [*(row.get(CalendarColumn.RULES) or ()), row]
    columns = (CalendarRuleColumn.INNER_CALENDAR.value, CalendarColumn.HOLIDAY_SCHEDULE.value)
    for source in referring:
        for column in columns:
            if source.get(column):
                yield str(source[column]).lower()


def calendar_from_rows(row: Row, inner: Mapping[str, Row]) -> Calendar:
    """Read a calendar; `inner` has the rows of those it refers to by their ids.

    Raises DefinitionError, naming the calendar, for what cannot be honoured.
    """
    where = f"calendar '{row.get(CalendarColumn.NAME) or ''}' ({row[CALENDAR.primary_id]})"
    rules = _rules(row, where)
    layers: dict[tuple[Kind, int], list[Override]] = defaultdict(list)
    for rule in rules:
        layers[rule.pattern.kind, -rule.rank].append(_override(rule, inner, where))
    schedule = row.get(CalendarColumn.HOLIDAY_SCHEDULE.value)
    if schedule:
        zone = next((rule.zone for rule in rules if rule.zone), UTC)
        closed = _closures(_found(str(schedule).lower(), inner, where), zone, where)
        layers[Kind.CLOSURES, 0].append(Override(time_off=tuple(closed)))
    ordered = [_together(layers[key]) for key in sorted(layers)]
    if any(layer.hours for layer in ordered):
        ordered[0] = replace(ordered[0], replaced=())  # below it is nothing to replace
    return Calendar(overrides=tuple(ordered))


def _together(overrides: Sequence[Override]) -> Override:
    """Rules of the same sort and rank add up."""
    return Override(
        tuple(hours for override in overrides for hours in override.hours),
        tuple(days for override in overrides for days in override.replaced),
        tuple(hours for override in overrides for hours in override.free),
        tuple(off for override in overrides for off in override.time_off),
    )


def _override(rule: _Rule, inner: Mapping[str, Row], where: str) -> Override:
    zone = rule.zone or UTC
    if rule.pattern.kind is Kind.CLOSURES:
        return Override(time_off=tuple(_observed(rule, zone, inner, where)))
    start = None if rule.start is None else day_of(rule.start, zone)
    days = days_of(rule.pattern, start, rule.effective_days(zone), zone, where)
    leaves = _leaves(rule, inner, where)
    work = [leaf for leaf in leaves if leaf.time_code == TimeCode.AVAILABLE]
    away = [leaf for leaf in leaves if leaf.is_away]
    pauses = [leaf for leaf in leaves if leaf.is_break]
    single = rule.pattern.kind is Kind.SINGLE
    hides = rule.extent == ExtentCode.SUBTRACT_RECURRENCE_INTERVALS
    return Override(
        hours=tuple(_hours(leaf, rule, days, pauses, where) for leaf in work),
        replaced=(_lasting(days, rule, rule),) if hides else (),
        free=() if single else tuple(_hours(leaf, rule, days, (), where) for leaf in away),
        time_off=tuple(_time_off(leaf, rule, days, where) for leaf in away) if single else (),
    )


def _leaves(rule: _Rule, inner: Mapping[str, Row], where: str) -> list[_Rule]:
    """The rules that say at which hours: those of the inner calendar, or a rule that has none."""
    if rule.inner_calendar is None:
        leaves = [rule]
    else:
        leaves = _rules(_found(rule.inner_calendar, inner, where), where)
        leaves = [leaf.from_its_start() for leaf in leaves]
    for leaf in leaves:
        if leaf is not rule and (leaf.inner_calendar or leaf.pattern.kind is not Kind.SINGLE):
            raise DefinitionError(where, "a rule of an inner calendar has a calendar or recurs")
        if leaf.time_code not in set(TimeCode):
            raise DefinitionError(where, f"the time code {leaf.time_code} is not supported")
        if leaf.duration <= 0 or leaf.offset < 0:
            raise DefinitionError(where, f"a rule lasts {leaf.duration} minutes")
    return leaves


def _number_of_days(rule: _Rule, leaf: _Rule) -> int:
    """How many whole days a leaf of a single day lasts: as many as its root, if that says more."""
    if rule.pattern.kind is not Kind.SINGLE or not leaf.whole_days:
        return 0
    return max(leaf.whole_days, rule.whole_days)


def _lasting(days: WorkingHours, rule: _Rule, leaf: _Rule) -> WorkingHours:
    """The days of a rule; a single day becomes as many as its leaf lasts."""
    number = _number_of_days(rule, leaf)
    if number < 2 or days.first_day is None:
        return days
    return replace(days, days=EVERY_DAY, last_day=days.first_day + (number - 1) * _DAY)


def _hours(
    leaf: _Rule, rule: _Rule, days: WorkingHours, pauses: Iterable[_Rule], where: str
) -> WorkingHours:
    """The hours of a leaf on each of the days, less what pauses lie on top."""
    start, end = leaf.offset, leaf.end
    if _number_of_days(rule, leaf):
        end = _MINUTES_A_DAY
    if start >= _MINUTES_A_DAY or end - start > _MINUTES_A_DAY:
        raise DefinitionError(where, f"hours of {leaf.duration} minutes from {start} on")
    breaks = ((max(pause.offset, start), min(pause.end, end)) for pause in pauses)
    return replace(
        _lasting(days, rule, leaf),
        start=_clock(start),
        end=_clock(end),
        breaks=tuple((_clock(begun), _clock(over)) for begun, over in breaks if begun < over),
    )


def _time_off(leaf: _Rule, rule: _Rule, days: WorkingHours, where: str) -> Interval:
    """When a leaf of a single day is free, which may last longer than that day."""
    if days.first_day is None:
        raise DefinitionError(where, "a rule for a single day has no start")
    end = _number_of_days(rule, leaf) * _MINUTES_A_DAY or leaf.end
    return Interval(
        _after(days.first_day, leaf.offset, days.zone), _after(days.first_day, end, days.zone)
    )


def _observed(
    rule: _Rule, zone: tzinfo, inner: Mapping[str, Row], where: str
) -> Iterator[Interval]:
    """The closures that a yearly rule points at, as far as it is effective."""
    if rule.inner_calendar is None:
        raise DefinitionError(where, "a yearly rule points at no calendar of closures")
    first, last = rule.effective_days(zone)
    if rule.start is not None:
        first = max(filter(None, (first, day_of(rule.start, zone))))
    for closed in _closures(_found(rule.inner_calendar, inner, where), zone, where):
        start, end = closed.start, closed.end
        if first is not None:
            start = max(start, local_moment(first, MIDNIGHT, zone))
        if last is not None:
            end = min(end, local_moment(last + _DAY, MIDNIGHT, zone))
        if start < end:
            yield Interval(start, end)


def _closures(row: Row, zone: tzinfo, where: str) -> Iterator[Interval]:
    """The closures of a calendar; those that last whole days do so in the zone."""
    for rule in _rules(row, where):
        own = rule.zone or zone
        if rule.pattern.kind is not Kind.SINGLE or rule.time_code == TimeCode.AVAILABLE:
            raise DefinitionError(where, "a closure that recurs, or has hours, is not supported")
        first, last = rule.effective_days(own)
        if rule.start is not None and rule.whole_days:
            first = day_of(rule.start, own)
            last = first + (rule.whole_days - 1) * _DAY
        elif rule.start is not None and rule.duration > 0:
            yield Interval(rule.start, rule.start + timedelta(minutes=rule.duration))
            continue
        if first is None or last is None:
            raise DefinitionError(where, "a closure has no duration and no effective interval")
        yield Interval(_after(first, 0, own), _after(last + _DAY, 0, own))


def _after(day: date, minutes: int, zone: tzinfo) -> datetime:
    """The local time so many minutes of the clock after a day's midnight."""
    return local_moment(day + minutes // _MINUTES_A_DAY * _DAY, _clock(minutes), zone)


def _clock(minutes: int) -> time:
    return time(minutes % _MINUTES_A_DAY // 60, minutes % 60)


def _found(calendar: str, inner: Mapping[str, Row], where: str) -> Row:
    if calendar not in inner:
        raise DefinitionError(where, f"it refers to the calendar {calendar}, which does not exist")
    return inner[calendar]


def _rules(row: Row, where: str) -> list[_Rule]:
    rules = row.get(CalendarColumn.RULES)
    if not isinstance(rules, list):
        raise DefinitionError(
            where, f"the rules of calendar {row[CALENDAR.primary_id]} are missing"
        )
    return [_rule(rule, where) for rule in rules]


def _rule(row: Row, where: str) -> _Rule:
    inner = row.get(CalendarRuleColumn.INNER_CALENDAR.value)
    return _Rule(
        pattern=read_pattern(row.get(CalendarRuleColumn.PATTERN), where),
        start=_beginning(row, CalendarRuleColumn.START_TIME, where),
        effective_start=_beginning(row, CalendarRuleColumn.EFFECTIVE_START, where),
        effective_end=_moment(row, CalendarRuleColumn.EFFECTIVE_END, where),
        duration=_duration(row, where),
        offset=row.get(CalendarRuleColumn.OFFSET) or 0,
        has_offset=row.get(CalendarRuleColumn.OFFSET) is not None,
        rank=row.get(CalendarRuleColumn.RANK) or 0,
        zone=_zone(row.get(CalendarRuleColumn.TIME_ZONE_CODE), where),
        time_code=row.get(CalendarRuleColumn.TIME_CODE),
        sub_code=row.get(CalendarRuleColumn.SUB_CODE),
        extent=_extent(row, where),
        inner_calendar=None if inner is None else str(inner).lower(),
    )


def _duration(row: Row, where: str) -> int:
    duration: int = row.get(CalendarRuleColumn.DURATION) or 0
    if duration > _LONGEST_DURATION:
        raise DefinitionError(where, f"a rule lasts {duration} minutes")
    return duration


def _extent(row: Row, where: str) -> int:
    extent: int | None = row.get(CalendarRuleColumn.EXTENT_CODE)
    if extent is None:
        return ExtentCode.SUBTRACT_RECURRENCE_INTERVALS
    if extent not in set(ExtentCode):
        raise DefinitionError(where, f"the extent code {extent} is not supported")
    return extent


def _zone(code: int | None, where: str) -> tzinfo | None:
    """The zone of a rule; a negative code leaves it to the rule above."""
    if code is None or code < 0:
        return None
    zone = time_zone_of_code(code)
    if zone is None:
        raise DefinitionError(where, f"there is no time zone with the code {code}")
    return zone


def _beginning(row: Row, column: str, where: str) -> datetime | None:
    """A moment from which days are counted, and so not in a year where dates end."""
    moment = _moment(row, column, where)
    if moment is not None and moment.year > _LAST_YEAR:
        raise DefinitionError(where, f"{column} lies in the year {moment.year}")
    return moment


def _moment(row: Row, column: str, where: str) -> datetime | None:
    text = row.get(column)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, TypeError, OverflowError) as exc:
        raise DefinitionError(where, f"{column} is no moment: {text!r}") from exc
    if moment.year < _FIRST_YEAR:
        raise DefinitionError(where, f"{column} lies in the year {moment.year}")
    return moment
