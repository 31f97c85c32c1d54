"""How dates are counted: the time zone, the first day of the week, the fiscal year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo
from enum import Enum

SUNDAY = 6


class FiscalPeriod(Enum):
    """Into what a fiscal year is divided; the numbers are `organization.fiscalperiodtype`."""

    ANNUALLY = 2000
    SEMI_ANNUALLY = 2001
    QUARTERLY = 2002
    MONTHLY = 2003
    FOUR_WEEKS = 2004


@dataclass(frozen=True, slots=True)
class FiscalYear:
    """When the fiscal year starts and how it is divided.

    `named_after_end` says that the year bears the number of the calendar year in which it ends.
    """

    start_month: int = 1
    start_day: int = 1
    period: FiscalPeriod = FiscalPeriod.QUARTERLY
    named_after_end: bool = False


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What "today", "this week" and "this fiscal year" mean. Monday is 0 in `week_start`.

    The defaults are those of a new Dataverse organisation.
    """

    zone: tzinfo = UTC
    week_start: int = SUNDAY
    fiscal_year: FiscalYear = FiscalYear()
