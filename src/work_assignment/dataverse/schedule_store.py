"""Schedules as Dataverse has them: segments, what settings say, what each was last swept for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo

from work_assignment.dataverse import fetch, messages
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.definition_choices import SEGMENT_STATE
from work_assignment.dataverse.errors import AggregateTooLarge
from work_assignment.dataverse.mapping import moment
from work_assignment.dataverse.messages import Row
from work_assignment.dataverse.names import (
    SEGMENT,
    SETTING,
    SWEEP,
    Common,
    SegmentColumn,
    SettingColumn,
    SweepColumn,
    SystemUserColumn,
)
from work_assignment.dataverse.queries import Expand, Query, eq
from work_assignment.dataverse.questions import Questions
from work_assignment.dataverse.unavailable import away_means_unavailable
from work_assignment.domain.defining.definition_rows import SETTINGS_NAME, SettingsRow
from work_assignment.domain.defining.schedules import Schedule, read_schedule
from work_assignment.domain.defining.stored_json import read_json
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.hours.time_zones import time_zone
from work_assignment.domain.records import SegmentId
from work_assignment.domain.runs.sweeps import Trigger
from work_assignment.domain.runs.timetables import SegmentTimes, Timetable

_LOOKED_BACK = timedelta(days=35)
"""How old a newest sweep is looked for: Dataverse puts at most 50,000 rows together."""
_SEGMENT, _NEWEST = "segment", "newest"


class ScheduleStore:
    """Reads schedules; keeps nothing."""

    def __init__(self, client: DataverseClient) -> None:
        self._client = client

    def timetable(self, now: datetime) -> Timetable:
        """All segments with their schedules, in the order of record types and priorities.

        One request, however many segments there are.
        """
        questions = Questions()
        segments = questions.ask(messages.get(_SEGMENTS))
        settings = questions.ask(messages.get(_SETTINGS))
        newest = questions.ask(messages.fetch(SWEEP.entity_set, fetch.render(_newest(now))))
        with away_means_unavailable():
            answers = questions.send(self._client)
            setting = next(iter(answers.rows(settings)), {})
            rows = [*answers.rows(segments), *answers.further_rows(segments)]
            try:
                due = dict(_due_by_segment(answers.rows(newest)))
            except AggregateTooLarge:
                due = {}  # the rows' ids see to it that nothing runs twice
        return Timetable(
            tuple(_segment(row, setting, due) for row in rows),
            setting.get(SettingColumn.SWEEP_LIMIT),
            timedelta(
                days=setting.get(SettingColumn.KEEP_RUNS_DAYS) or SettingsRow().keep_runs_days
            ),
        )


_SEGMENTS = Query(
    SEGMENT.entity_set,
    select=(
        SEGMENT.primary_id,
        SegmentColumn.NAME,
        SegmentColumn.RECORD_TYPE,
        SegmentColumn.PRIORITY,
        SegmentColumn.SCHEDULE,
        Common.STATE,
        Common.STATUS,
        Common.MODIFIED_ON,
    ),
    orderby=(SegmentColumn.RECORD_TYPE, SegmentColumn.PRIORITY, SegmentColumn.NAME),
    expand=(
        Expand(
            SegmentColumn.MANAGER.navigation,
            select=(SystemUserColumn.FULL_NAME, SystemUserColumn.DOMAIN_NAME),
        ),
    ),
)
_SETTINGS = Query(
    SETTING.entity_set,
    select=(
        SettingColumn.EVALUATION_TIME_ZONE,
        SettingColumn.SWEEP_LIMIT,
        SettingColumn.KEEP_RUNS_DAYS,
        Common.MODIFIED_ON,
    ),
    filter=eq(SettingColumn.NAME, SETTINGS_NAME),
)


def _newest(now: datetime) -> fetch.Fetch:
    """What the newest scheduled sweep of each segment was due at."""
    return fetch.Fetch(
        SWEEP.logical_name,
        attributes=(
            fetch.Attribute(SweepColumn.SEGMENT.column, alias=_SEGMENT, group_by=True),
            fetch.Attribute(SweepColumn.DUE_TIME, alias=_NEWEST, aggregate="max"),
        ),
        filter=fetch.all_of(
            fetch.Condition(SweepColumn.TRIGGER_TYPE, "eq", (Trigger.SCHEDULED.value,)),
            fetch.Condition(SweepColumn.DUE_TIME, "ge", (now - _LOOKED_BACK,)),
            # What somebody wrote on a row of his own must not keep a schedule from running.
            fetch.Condition(SweepColumn.DUE_TIME, "le", (now,)),
        ),
    )


def _due_by_segment(rows: Iterable[Row]) -> Iterator[tuple[str, datetime]]:
    for row in rows:
        if row.get(_SEGMENT) and row.get(_NEWEST):
            yield str(row[_SEGMENT]).lower(), moment(row[_NEWEST])


def _segment(row: Row, setting: Row, due: Mapping[str, datetime]) -> SegmentTimes:
    segment_id = str(row[SEGMENT.primary_id])
    schedule, fault = None, None
    try:
        schedule = schedule_of(row, default_zone(setting))
    except DefinitionError as exc:
        fault = exc
    manager = row.get(SegmentColumn.MANAGER.navigation) or {}
    return SegmentTimes(
        id=SegmentId(segment_id),
        name=row.get(SegmentColumn.NAME) or segment_id,
        record_type=row.get(SegmentColumn.RECORD_TYPE) or "",
        priority=row.get(SegmentColumn.PRIORITY),
        state=SEGMENT_STATE.word(row),
        changed_at=_changed_at(row, setting),
        schedule=schedule,
        fault=fault,
        manager=manager.get(SystemUserColumn.FULL_NAME)
        or manager.get(SystemUserColumn.DOMAIN_NAME),
        newest_due=due.get(segment_id.lower()),
    )


def _changed_at(row: Row, setting: Row) -> datetime:
    """When what its schedule says was last written: without a zone of its own, the settings too."""
    own = moment(row[Common.MODIFIED_ON])
    text = row.get(SegmentColumn.SCHEDULE) or ""
    if '"time_zone"' in text or not setting:
        return own
    return max(own, moment(setting[Common.MODIFIED_ON]))


def default_zone(setting: Row) -> tzinfo:
    """The zone of schedules that name none; one of settings that is none is told elsewhere."""
    return time_zone(setting.get(SettingColumn.EVALUATION_TIME_ZONE) or "UTC") or UTC


def schedule_of(row: Row, zone: tzinfo) -> Schedule | None:
    """The schedule of a segment's row; raises DefinitionError for one that cannot be used."""
    where = f"segment '{row.get(SegmentColumn.NAME)}', schedule"
    entry = read_json(row.get(SegmentColumn.SCHEDULE), where)
    return None if entry is None else read_schedule(entry, zone, where)


def broken_schedules(rows: Iterable[Row], zone: tzinfo) -> Iterator[DefinitionError]:
    """What is wrong with the schedules of segments' rows; their segments go on routing."""
    for row in rows:
        try:
            schedule_of(row, zone)
        except DefinitionError as exc:
            yield exc
