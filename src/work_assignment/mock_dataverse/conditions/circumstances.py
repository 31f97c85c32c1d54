"""What a condition may depend on besides the row: who asks, when, and what is set up for that."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from ..caller import Caller
from ..storage.rows import fetch_row
from ..tables.metadata import Catalog
from .fiscal_calendar import FiscalCalendar, FiscalPeriodType
from .relative_dates import Frame
from .time_zone_codes import zone_of

_NAMED_BY_END = 2
_REPORTING_DEPTH = 3  # what an organization starts with
_FIRST_OF_JANUARY = date(1900, 1, 1)


class Circumstances:
    """Settings are read once, when a condition first needs them; one that is not set has the
    default of its column."""

    def __init__(
        self, db: sqlite3.Connection, catalog: Catalog, caller: Caller, now: datetime
    ) -> None:
        self.db = db
        self.catalog = catalog
        self.caller = caller
        self.now = now

    @cached_property
    def zone(self) -> ZoneInfo:
        """The caller's time zone."""
        return zone_of(self._of_the_user["timezonecode"])

    @property
    def language(self) -> int:
        """The locale id of the caller's user interface language."""
        return int(self._of_the_user["uilanguageid"])

    @property
    def reporting_depth(self) -> int:
        """How many levels of reports count as the caller's."""
        setting = self._of_the_organization.get("maxdepthforhierarchicalsecuritymodel")
        return _REPORTING_DEPTH if setting is None else int(setting)

    @cached_property
    def frame(self) -> Frame:
        """What relative dates are relative to."""
        week_start = self._of_the_organization["weekstartdaycode"]
        return Frame(self.now, self.zone, week_start, self.fiscal)

    @cached_property
    def fiscal(self) -> FiscalCalendar:
        organization = self._of_the_organization
        start = organization["fiscalcalendarstart"]
        return FiscalCalendar(
            start=date.fromisoformat(start) if start else _FIRST_OF_JANUARY,
            period_type=FiscalPeriodType(organization["fiscalperiodtype"]),
            is_named_by_end=organization["fiscalyeardisplaycode"] == _NAMED_BY_END,
        )

    @cached_property
    def _of_the_user(self) -> Mapping[str, Any]:
        return self._settings("usersettings", self.caller.user_id)

    @cached_property
    def _of_the_organization(self) -> Mapping[str, Any]:
        return self._settings("organization", self.caller.organization_id)

    def _settings(self, table_name: str, row_id: str) -> Mapping[str, Any]:
        table = self.catalog.tables[table_name]
        row = fetch_row(self.db, table, row_id) or {}
        return {
            name: column.default if row.get(name) is None else row[name]
            for name, column in table.columns.items()
        }
