"""Names of calendars and of who has one; nobody else spells them."""

from __future__ import annotations

from work_assignment.dataverse.names import LookupName, TableName

CALENDAR = TableName("calendar", "calendars", "calendarid")
EXTENDED_USER_SETTING = TableName(
    "msdyn_extendedusersetting", "msdyn_extendedusersettings", "msdyn_extendedusersettingid"
)


class CalendarColumn:
    """calendar; its rules come only when a single calendar is read with them."""

    NAME = "name"
    HOLIDAY_SCHEDULE = LookupName("holidayschedulecalendarid", "holidayschedulecalendarid")
    RULES = "calendar_calendar_rules"


class CalendarRuleColumn:
    """calendarrule."""

    INNER_CALENDAR = LookupName("innercalendarid", "innercalendarid")
    PATTERN = "pattern"
    START_TIME = "starttime"
    DURATION = "duration"
    OFFSET = "offset"
    RANK = "rank"
    TIME_CODE = "timecode"
    SUB_CODE = "subcode"
    EXTENT_CODE = "extentcode"
    TIME_ZONE_CODE = "timezonecode"
    EFFECTIVE_START = "effectiveintervalstart"
    EFFECTIVE_END = "effectiveintervalend"


class ExtendedUserSettingColumn:
    """msdyn_extendedusersetting, where Dynamics 365 Sales is installed; both hold ids as text."""

    USER = "msdyn_userid"
    CALENDAR = "msdyn_calendarid"
