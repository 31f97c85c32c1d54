"""Queues with their items and members, calendars with their rules, who works by which calendar."""

from __future__ import annotations

from ..columns import any_of, choice, double, lookup, memo, moment, text, whole, yes_no
from ..definitions import together
from ..metadata import CascadeDelete
from ..system_columns import ORGANIZATION_OWNED, UNOWNED
from ..table_builder import define, define_intersect

# An administrator decides which tables are enabled for queues; leads and opportunities are not at
# first (IsValidForQueue), here they are.
QUEUE_ENABLED = ("lead", "opportunity", "task", "phonecall", "email", "appointment")

QUEUE = define(
    "Queue",
    2020,
    "queues",
    "Queue",
    "Queues",
    (
        text("Name", "Name", 200, required=True),
        memo("Description", "Description"),
        text("EMailAddress", "Incoming Email", 100),
        choice("QueueViewType", "Type", {0: "Public", 1: "Private"}, default=0),
        choice(
            "IncomingEmailFilteringMethod",
            "Convert Incoming Email To Activities",
            {
                0: "All email messages",
                1: "Email messages in response to Dynamics 365 email",
                2: "Email messages from Dynamics 365 Leads, Contacts and Accounts",
                3: "Email messages from Dynamics 365 records that are email enabled",
                4: "No email messages",
            },
            default=0,
        ),
        whole("NumberOfItems", "Queue items", computed=True),
        whole("NumberOfMembers", "No. of Members", computed=True),
        lookup(
            "BusinessUnitId",
            "Business Unit",
            "businessunit",
            "business_unit_queues",
            cascade=CascadeDelete.NO_CASCADE,
            computed=True,
        ),
    ),
    name="Name",
)

QUEUE_ITEM = define(
    "QueueItem",
    2029,
    "queueitems",
    "Queue Item",
    "Queue Items",
    (
        text("Title", "Title", 300),
        any_of(
            "ObjectId",
            "Object",
            {table: f"{table.capitalize()}_QueueItem" for table in QUEUE_ENABLED},
        ),
        whole("ObjectTypeCode", "Type"),
        lookup(
            "QueueId",
            "Queue",
            "queue",
            "queue_entries",
            cascade=CascadeDelete.CASCADE,
            required=True,
        ),
        any_of(
            "WorkerId",
            "Worked By",
            {"systemuser": "systemuser_queueitem_workerid", "team": "team_queueitem_workerid"},
            cascade=CascadeDelete.REMOVE_LINK,
        ),
        moment("WorkerIdModifiedOn", "Worked By (modified on)", computed=True),
        moment("EnteredOn", "Entered Queue", computed=True),
        whole("Priority", "Priority", 0, 1_000_000_000),
        text("Sender", "From", 250),
        text("ToRecipients", "To Recipients", 500),
    ),
    name="Title",
    ownership=ORGANIZATION_OWNED,
)

CALENDAR = define(
    "Calendar",
    4003,
    "calendars",
    "Calendar",
    "Calendars",
    (
        text("Name", "Calendar Name", 160),
        memo("Description", "Description"),
        choice(
            "Type",
            "Type",
            {
                -1: "Inner calendar type",
                0: "Default",
                1: "Customer Service",
                2: "Holiday Schedule",
            },
            default=0,
        ),
        yes_no("IsShared", "Is Shared"),
        lookup(
            "BusinessUnitId",
            "Business Unit",
            "businessunit",
            "business_unit_calendars",
            cascade=CascadeDelete.NO_CASCADE,
        ),
        lookup("PrimaryUserId", "Primary User", "systemuser", "calendar_primary_user"),
        lookup(
            "HolidayScheduleCalendarId",
            "Holiday Schedule",
            "calendar",
            "calendar_customercalendar_holidaycalendar",
        ),
    ),
    name="Name",
    ownership=UNOWNED,
    states=(),
)

CALENDAR_RULE = define(
    "CalendarRule",
    4004,
    "calendarrules",
    "Calendar Rule",
    "Calendar Rules",
    (
        text("Name", "Name", 160),
        memo("Description", "Description"),
        lookup(
            "CalendarId",
            "Calendar",
            "calendar",
            "calendar_calendar_rules",
            cascade=CascadeDelete.CASCADE,
        ),
        lookup(
            "InnerCalendarId",
            "Inner Calendar",
            "calendar",
            "inner_calendar_calendar_rules",
        ),
        text("Pattern", "Recurrence pattern", 256),
        text("GroupDesignator", "Group Designator", 160),
        whole("TimeCode", "Time Code"),
        whole("SubCode", "Sub Code"),
        whole("Duration", "Duration"),
        whole("Offset", "Offset", -2_147_483_648),
        whole("Rank", "Rank"),
        whole("TimeZoneCode", "Time Zone Code", -2_147_483_648),
        whole("ExtentCode", "Extent Code"),
        double("Effort", "Effort", 0, 1_000_000_000),
        moment("StartTime", "Start Time"),
        moment("EndTime", "End Time"),
        moment("EffectiveIntervalStart", "Effective Interval Start"),
        moment("EffectiveIntervalEnd", "Effective Interval End"),
        yes_no("IsModified", "Is Modified"),
        yes_no("IsSelected", "Is Selected"),
        yes_no("IsSimple", "Is Simple"),
        yes_no("IsVaried", "Is Varied"),
    ),
    name="Name",
    ownership=UNOWNED,
    states=(),
)

# The calendar that Sales reads a seller's availability from; both ids are text there (Learn, table
# reference: Extended User Setting).
EXTENDED_USER_SETTING = define(
    "msdyn_extendedusersetting",
    10_610,
    "msdyn_extendedusersettings",
    "Extended User Setting",
    "Extended User Settings",
    (
        text("msdyn_Name", "Name", 100),
        text("msdyn_UserId", "User", 100),
        text("msdyn_CalendarId", "Calendar", 100),
    ),
    name="msdyn_Name",
)

SCHEDULING = together(
    (
        QUEUE,
        QUEUE_ITEM,
        define_intersect(
            "QueueMembership",
            1213,
            "queuememberships",
            "queuemembership_association",
            "queue",
            "systemuser",
        ),
        CALENDAR,
        CALENDAR_RULE,
        EXTENDED_USER_SETTING,
    )
)
