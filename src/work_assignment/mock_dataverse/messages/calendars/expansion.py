"""Turns the rules of a calendar into blocks of time: which rule counts where several overlap."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import IntEnum
from itertools import groupby
from typing import Any, TypeAlias

from ...conditions.time_zone_codes import zone_of
from ...faults import bad_request, not_emulated
from ...storage.rows import RawRow, fetch_row, find_ids
from ...tables.metadata import Catalog
from .patterns import Pattern, days_of, read_pattern
from .spans import Span, clipped, minus

AVAILABLE, FILTER = 0, 3
_LAST_SUB_CODE = 12
_OPEN_END = datetime(9999, 1, 1, tzinfo=UTC)
_MARGIN = timedelta(days=2)  # no zone is further from UTC, no shift longer

Rule: TypeAlias = Mapping[str, Any]


class Extent(IntEnum):
    """What a rule hides of the rules below it (Learn: CalendarRuleExtentCode class)."""

    NOTHING = 0
    ITS_DAY = 1
    ITS_BLOCKS = 2


class Precedence(IntEnum):
    """Kinds of rules, the strongest first: what is said of one day beats holidays and patterns.

    Ranks order rules of one kind, the smaller one first. (Learn numbers kinds the other way round,
    Edit work hour calendars; organizations hold 0 for single days, 1 for holidays, 2 for weeks.)
    """

    SINGLE = 0
    HOLIDAYS = 1
    RECURRING = 2


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of time of one kind."""

    span: Span
    time_code: int
    sub_code: int
    effort: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class _Layer:
    """What one root rule says, and what it hides of weaker ones."""

    precedence: Precedence
    rank: int
    blocks: tuple[Block, ...]
    hidden: tuple[Span, ...]


def expand_rules(
    db: sqlite3.Connection, catalog: Catalog, calendar_id: str, window: Span
) -> list[Block]:
    """List the blocks of a calendar inside a window, in order of time and without overlap
    (but for rules that ask to be transparent)."""
    reader = _Reader(db, catalog)
    layers = [_layer(reader, rule, window) for rule in reader.rules(calendar_id)]
    layers.sort(key=_strength)
    shown: list[Block] = []
    hidden: list[Span] = []
    for _, equals in groupby(layers, _strength):
        together = list(equals)
        shown.extend(_added_up(together, hidden))
        hidden.extend(span for layer in together for span in layer.hidden)
    inside = [(block, part) for block in shown for part in clipped(block.span, window)]
    found = [_with_span(block, part) for block, part in inside]
    return sorted(found, key=lambda block: (block.span, block.time_code))


def _strength(layer: _Layer) -> tuple[Precedence, int]:
    return layer.precedence, layer.rank


def _added_up(layers: Iterable[_Layer], hidden: Iterable[Span]) -> Iterator[Block]:
    """Yield what is left of rules of the same kind and rank, of which none hides another's day:
    their hours add up, and where one says free nobody works."""
    taken = list(hidden)
    blocks = [(block, layer) for layer in layers for block in layer.blocks]
    for block, layer in sorted(blocks, key=lambda item: item[0].time_code == AVAILABLE):
        yield from _cut([block], taken if layer.hidden else hidden)
        if layer.hidden:
            taken.append(block.span)


class _Reader:
    """Reads rules and the calendars that they point at."""

    def __init__(self, db: sqlite3.Connection, catalog: Catalog) -> None:
        self._db = db
        self._rules = catalog.tables["calendarrule"]
        self._calendars = catalog.tables["calendar"]

    def rules(self, calendar_id: str) -> list[RawRow]:
        ids = find_ids(self._db, self._rules, {"calendarid": calendar_id})
        found = (fetch_row(self._db, self._rules, rule_id) for rule_id in ids)
        return [row for row in found if row is not None]

    def name(self, calendar_id: str) -> str:
        row = fetch_row(self._db, self._calendars, calendar_id)
        return (row or {}).get("name") or ""

    def leaves(self, calendar_id: str) -> list[RawRow]:
        """Return the rules of an inner calendar, none of which may go deeper."""
        leaves = self.rules(calendar_id)
        if any(leaf["innercalendarid"] is not None for leaf in leaves):
            raise not_emulated("calendars more than two levels deep")
        return leaves


def _layer(reader: _Reader, rule: Rule, window: Span) -> _Layer:
    pattern = read_pattern(rule["pattern"])
    inner = rule["innercalendarid"]
    if pattern.is_holiday_list:
        precedence, blocks = Precedence.HOLIDAYS, _holidays(reader, rule, window)
        spans = [block.span for block in blocks]
    else:
        precedence = Precedence.SINGLE if pattern.is_single else Precedence.RECURRING
        days = list(_days(rule, pattern, window))
        spans = [_span(rule, day, _start_of(rule).time(), _minutes(rule)) for day in days]
        if inner is None:
            blocks = [_block(rule, span, rule["name"]) for span in spans]
        else:
            blocks = _inner_blocks(reader, rule, inner, days)
    hidden = {
        Extent.NOTHING: [],
        Extent.ITS_DAY: spans,
        Extent.ITS_BLOCKS: [block.span for block in blocks],
    }
    return _Layer(precedence, rule["rank"] or 0, tuple(blocks), tuple(hidden[_extent(rule)]))


def _inner_blocks(
    reader: _Reader, rule: Rule, calendar_id: str, days: Iterable[date]
) -> list[Block]:
    """Lay the leaves of an inner calendar onto each day; breaks lie on top of working time."""
    leaves = [leaf for leaf in reader.leaves(calendar_id) if _code(leaf) != FILTER]
    name = reader.name(calendar_id)
    blocks: list[Block] = []
    for day in days:
        placed = [(leaf, _leaf_span(rule, leaf, day)) for leaf in leaves]
        away = [span for leaf, span in placed if _code(leaf) != AVAILABLE]
        for leaf, span in placed:
            block = _block(leaf, span, name)
            blocks.extend(_cut([block], away if _code(leaf) == AVAILABLE else []))
    return blocks


def _leaf_span(rule: Rule, leaf: Rule, day: date) -> Span:
    """Place a leaf by its minutes from midnight in the zone of the root rule."""
    offset = leaf["offset"]
    if offset is None:
        start = _moment(leaf["starttime"])
        offset = 0 if start is None else start.hour * 60 + start.minute
    zone = _zone(rule)
    midnight = datetime.combine(day, time())
    begin = midnight + timedelta(minutes=offset)
    return Span(_in_utc(begin, zone), _in_utc(begin + timedelta(minutes=_minutes(leaf)), zone))


def _holidays(reader: _Reader, rule: Rule, window: Span) -> list[Block]:
    """List the dated rules of the calendar that a list of holidays points at."""
    if rule["innercalendarid"] is None:
        raise not_emulated("a yearly calendar rule without a calendar of holidays")
    effective = Span(_effective_start(rule), _effective_end(rule))
    blocks = []
    for leaf in reader.leaves(rule["innercalendarid"]):
        pattern = read_pattern(leaf["pattern"])
        if not pattern.is_single:
            raise not_emulated("holidays that recur by themselves")
        start = _start_of(leaf)
        span = _span(leaf, start.date(), start.time(), _minutes(leaf))
        if span.overlaps(effective) and span.overlaps(window):
            blocks.append(_block(leaf, span, leaf["name"]))
    return blocks


def _days(rule: Rule, pattern: Pattern, window: Span) -> Iterator[date]:
    """Yield the days in and around the window on which a rule happens."""
    first = _start_of(rule).date()
    earliest, latest = window.start.date() - _MARGIN, window.end.date() + _MARGIN
    if pattern.is_single:
        yield first
        return
    begin, end = _effective_start(rule), _effective_end(rule)
    for day in days_of(pattern, first, latest):
        midnight = _in_utc(datetime.combine(day, time()), _zone(rule))
        if day >= earliest and begin <= midnight < end:
            yield day


def _span(rule: Rule, day: date, at: time, minutes: int) -> Span:
    begin = datetime.combine(day, at)
    zone = _zone(rule)
    return Span(_in_utc(begin, zone), _in_utc(begin + timedelta(minutes=minutes), zone))


def _zone(rule: Rule) -> tzinfo:
    """Return the zone whose wall clock a rule's times are; without one they are in UTC."""
    code = rule["timezonecode"]
    return UTC if code is None or code < 0 else zone_of(code)


def _in_utc(wall: datetime, zone: tzinfo) -> datetime:
    return wall.replace(tzinfo=zone).astimezone(UTC)


def _moment(text: str | None) -> datetime | None:
    """Read a stored time as the wall clock shows it."""
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=None)


def _start_of(rule: Rule) -> datetime:
    start = _moment(rule["starttime"]) or _moment(rule["effectiveintervalstart"])
    if start is None:
        raise bad_request(
            f"The calendar rule {rule['calendarruleid']} has no starttime, so nobody knows when it"
            " begins."
        )
    return start


def _effective_start(rule: Rule) -> datetime:
    start = _moment(rule["effectiveintervalstart"]) or _start_of(rule)
    return _in_utc(datetime.combine(start.date(), time()), _zone(rule))


def _effective_end(rule: Rule) -> datetime:
    end = _moment(rule["effectiveintervalend"])
    if end is None or end.year >= _OPEN_END.year:
        return _OPEN_END
    return _in_utc(end, _zone(rule))


def _minutes(rule: Rule) -> int:
    return int(rule["duration"] or 0)


def _code(rule: Rule) -> int:
    return rule["timecode"] or AVAILABLE


def _extent(rule: Rule) -> Extent:
    code = rule["extentcode"]
    if code is None:
        return Extent.ITS_DAY
    if code not in list(Extent):
        raise not_emulated(f"the extent code {code} of a calendar rule")
    return Extent(code)


def _block(rule: Rule, span: Span, text: str | None) -> Block:
    effort, code, sub_code = rule["effort"], _code(rule), rule["subcode"] or 0
    if code >= FILTER or sub_code > _LAST_SUB_CODE:
        raise not_emulated(f"the time code {code} with the sub code {sub_code} in a calendar")
    return Block(
        span,
        code,
        sub_code,
        1.0 if effort is None else effort,
        text or "",
    )


def _cut(blocks: Iterable[Block], hidden: Iterable[Span]) -> Iterator[Block]:
    for block in blocks:
        for part in minus(block.span, hidden):
            yield _with_span(block, part)


def _with_span(block: Block, span: Span) -> Block:
    return Block(span, block.time_code, block.sub_code, block.effort, block.text)
