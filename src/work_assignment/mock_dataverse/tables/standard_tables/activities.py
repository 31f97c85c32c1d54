"""Activities, and what hangs on a record: notes, notifications, follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..columns import (
    LARGEST_MONEY,
    PARENTAL,
    any_of,
    choice,
    identifier,
    lookup,
    memo,
    moment,
    money,
    text,
    whole,
    yes_no,
)
from ..definitions import Definitions, Part, together
from ..metadata import CascadeDelete
from ..system_columns import State
from ..table_builder import define
from .choices import ACTIVITY_PRIORITIES

_RECORDS = ("account", "contact", "lead", "opportunity", "campaign")


def _activity(
    schema_name: str,
    code: int,
    entity_set_name: str,
    label: str,
    plural_label: str,
    columns: Iterable[Part],
    states: tuple[State, ...],
    *,
    collection: str,
    subject_length: int = 200,
) -> Definitions:
    """Define a kind of activity; its rows hang on a record by the collection `Lead_<collection>`."""
    collections = {record: f"{record.capitalize()}_{collection}" for record in _RECORDS}
    return define(
        schema_name,
        code,
        entity_set_name,
        label,
        plural_label,
        (
            text("Subject", "Subject", subject_length),
            *activity_columns(),
            any_of(
                "RegardingObjectId",
                "Regarding",
                collections,
                suffix=f"_{schema_name.lower()}",
                cascades=PARENTAL,
            ),
            *columns,
        ),
        name="Subject",
        key="ActivityId",
        states=states,
        is_activity=True,
    )


def activity_columns() -> Iterator[Part]:
    """Yield what every kind of activity has beside its subject and what it regards."""
    yield memo("Description", "Description", 1_073_741_823)
    yield text("ActivityTypeCode", "Activity Type", 100, computed=True)
    yield moment("ScheduledStart", "Start Date")
    yield moment("ScheduledEnd", "Due Date")
    yield moment("ActualStart", "Actual Start")
    yield moment("ActualEnd", "Actual End")
    yield moment("SortDate", "Sort Date")
    yield whole("ActualDurationMinutes", "Duration")
    yield whole("ScheduledDurationMinutes", "Scheduled Duration", computed=True)
    yield choice("PriorityCode", "Priority", ACTIVITY_PRIORITIES, default=1)
    yield yes_no("IsBilled", "Is Billed")
    yield yes_no("IsWorkflowCreated", "Is Workflow Created")
    yield yes_no("IsRegularActivity", "Is Regular Activity", default=True, computed=True)
    yield memo("ActivityAdditionalParams", "Additional Parameters", 8192)
    yield identifier("ProcessId", "Process")
    yield identifier("StageId", "(Deprecated) Process Stage")


TASK = _activity(
    "Task",
    4212,
    "tasks",
    "Task",
    "Tasks",
    (
        text("Category", "Category", 250),
        text("Subcategory", "Sub-Category", 250),
        whole("PercentComplete", "Percent Complete", 0, 100),
    ),
    (
        State(
            0,
            "Open",
            (
                (2, "Not Started"),
                (3, "In Progress"),
                (4, "Waiting on someone else"),
                (7, "Deferred"),
            ),
        ),
        State(1, "Completed", ((5, "Completed"),)),
        State(2, "Canceled", ((6, "Canceled"),)),
    ),
    collection="Tasks",
)

PHONE_CALL = _activity(
    "PhoneCall",
    4210,
    "phonecalls",
    "Phone Call",
    "Phone Calls",
    (
        text("PhoneNumber", "Phone Number", 200),
        yes_no("DirectionCode", "Direction", "Incoming", "Outgoing", default=True),
        yes_no("LeftVoiceMail", "Left Voice Mail"),
        text("Category", "Category", 250),
        text("Subcategory", "Sub-Category", 250),
    ),
    (
        State(0, "Open", ((1, "Open"),)),
        State(1, "Completed", ((2, "Made"), (4, "Received"))),
        State(2, "Canceled", ((3, "Canceled"),)),
    ),
    collection="Phonecalls",
)

EMAIL = _activity(
    "Email",
    4202,
    "emails",
    "Email",
    "Email Messages",
    (
        yes_no("DirectionCode", "Direction", "Incoming", "Outgoing", default=True),
        text("Sender", "From", 250),
        text("ToRecipients", "To Recipients", 500),
        text("SubmittedBy", "Submitted By", 250),
        text("MessageId", "Message ID", 320),
        text("InReplyTo", "In Reply To Message", 320),
        text("TrackingToken", "Tracking Token", 50),
        text("MimeType", "Mime Type", 256),
        moment("SentOn", "Date Sent", computed=True),
        moment("PostponeEmailProcessingUntil", "Delay email processing until"),
        moment("DelayedEmailSendTime", "Send Later"),
        moment("LastOpenedTime", "Last Opened Time"),
        yes_no("DeliveryReceiptRequested", "Delivery Receipt Requested"),
        yes_no("ReadReceiptRequested", "Read Receipt Requested"),
        yes_no("FollowEmailUserPreference", "Following", default=True),
        yes_no("Compressed", "Compression", computed=True),
        whole("DeliveryAttempts", "No. of Delivery Attempts", 0, 1_000_000_000),
        whole("OpenCount", "Open Count", computed=True),
        whole("ReplyCount", "Reply Count", computed=True),
        whole("AttachmentOpenCount", "Attachment Open Count", computed=True),
        whole("LinksClickedCount", "Links Clicked Count", computed=True),
        text("Category", "Category", 250),
        text("Subcategory", "Sub-Category", 250),
    ),
    (
        State(0, "Open", ((1, "Draft"), (8, "Failed"))),
        State(
            1,
            "Completed",
            (
                (2, "Completed"),
                (3, "Sent"),
                (4, "Received"),
                (6, "Pending Send"),
                (7, "Sending"),
            ),
        ),
        State(2, "Canceled", ((5, "Canceled"),)),
    ),
    collection="Emails",
    subject_length=800,
)

APPOINTMENT = _activity(
    "Appointment",
    4201,
    "appointments",
    "Appointment",
    "Appointments",
    (
        text("Location", "Location", 200),
        yes_no("IsAllDayEvent", "All Day Event"),
        yes_no("IsOnlineMeeting", "Teams Meeting"),
        text("GlobalObjectId", "Outlook Appointment", 300),
        moment("OriginalStartDate", "Original Start Date", computed=True),
        text("Category", "Category", 250),
        text("Subcategory", "Sub-Category", 250),
    ),
    (
        State(0, "Open", ((1, "Free"), (2, "Tentative"))),
        State(1, "Completed", ((3, "Completed"),)),
        State(2, "Canceled", ((4, "Canceled"),)),
        State(3, "Scheduled", ((5, "Busy"), (6, "Out of Office"))),
    ),
    collection="Appointments",
)

OPPORTUNITY_CLOSE = _activity(
    "OpportunityClose",
    4208,
    "opportunitycloses",
    "Opportunity Close",
    "Opportunity Close Activities",
    (
        lookup(
            "OpportunityId",
            "Opportunity",
            "opportunity",
            "Opportunity_OpportunityClose",
            cascade=CascadeDelete.CASCADE,
            cascades=PARENTAL,
        ),
        money("ActualRevenue", "Actual Revenue", -LARGEST_MONEY),
        text("Category", "Category", 250),
        text("Subcategory", "Sub-Category", 250),
    ),
    (
        State(0, "Open", ((1, "Open"),)),
        State(1, "Completed", ((2, "Completed"),)),
        State(2, "Canceled", ((3, "Canceled"),)),
    ),
    collection="OpportunityCloses",
)

ANNOTATION = define(
    "Annotation",
    5,
    "annotations",
    "Note",
    "Notes",
    (
        text("Subject", "Title", 500),
        memo("NoteText", "Description", 100_000),
        any_of(
            "ObjectId",
            "Regarding",
            {
                table: f"{table.capitalize()}_Annotation"
                for table in (*_RECORDS, "task", "phonecall", "email", "appointment")
            },
            cascades=PARENTAL,
        ),
        text("ObjectTypeCode", "Object Type", 64),
        yes_no("IsDocument", "Is Document"),
        text("FileName", "File Name", 255),
        text("MimeType", "Mime Type", 256),
        whole("FileSize", "File Size (Bytes)", 0, 1_000_000_000, computed=True),
        memo("DocumentBody", "Document", 1_073_741_823),
        text("LangId", "Language ID", 2),
        text("StepId", "Step Id", 32),
    ),
    name="Subject",
    states=(),
)

POST_FOLLOW = define(
    "PostFollow",
    8003,
    "postfollows",
    "Follow",
    "Follows",
    (
        any_of(
            "RegardingObjectId",
            "Regarding",
            {
                table: f"{table}_PostFollows"
                for table in (*_RECORDS, "systemuser", "task", "phonecall", "email", "appointment")
            },
        ),
        yes_no("PostToYammer", "Post To Yammer"),
        text("YammerPostState", "Yammer Post State", 250),
    ),
    name=None,
    states=(),
)

APP_NOTIFICATION = define(
    "appnotification",
    10159,
    "appnotifications",
    "Notification",
    "Notifications",
    (
        text("Title", "Title", 100, required=True),
        memo("Body", "Body", 500),
        choice(
            "IconType",
            "Icon Type",
            {
                100_000_000: "Info",
                100_000_001: "Success",
                100_000_002: "Failure",
                100_000_003: "Warning",
                100_000_004: "Mention",
                100_000_005: "Custom",
            },
            default=100_000_000,
        ),
        choice(
            "ToastType",
            "Toast Type",
            {200_000_000: "Timed", 200_000_001: "Hidden"},
            default=200_000_000,
        ),
        choice("Priority", "Priority", {200_000_000: "Normal", 200_000_001: "High"}, 200_000_000),
        whole("TTLInSeconds", "Expiry (seconds)", 0, default=1_209_600),
        memo("Data", "Data", 5000),
    ),
    name="Title",
    key="appnotificationid",
    states=(),
)

ACTIVITIES = together(
    (
        TASK,
        PHONE_CALL,
        EMAIL,
        APPOINTMENT,
        OPPORTUNITY_CLOSE,
        ANNOTATION,
        POST_FOLLOW,
        APP_NOTIFICATION,
    )
)
