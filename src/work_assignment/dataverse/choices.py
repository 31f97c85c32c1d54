"""Values of choice columns; nobody else spells these numbers."""

from __future__ import annotations

from enum import IntEnum, StrEnum

# Choices of this product: numbers below 727000000 are those of Dynamics 365 Sales


class AssignmentResult(IntEnum):
    """wa_assignmentresult; an empty column means not decided yet."""

    SUCCEEDED = 0
    FAILED = 1


class DistributeTo(IntEnum):
    """wa_distributeto."""

    SELLERS = 0
    TEAM = 1
    QUEUE = 2


class MatchType(IntEnum):
    """wa_matchtype."""

    ATTRIBUTES = 0
    LIST = 1
    ANY = 2


class DistributionType(IntEnum):
    """wa_distributiontype: the first two and the last are for sellers."""

    ROUND_ROBIN = 0
    LOAD_BALANCING = 1
    ANY_ONE_TEAM = 2
    NO_TEAM = 3
    ANY_ONE_QUEUE = 4
    NO_QUEUE = 5
    BEST_OVERALL = 727000000


class OnNoSeller(IntEnum):
    """wa_onnoseller."""

    NEXT_RULE = 727000000
    STOP = 727000001


class RoundRobinScope(IntEnum):
    """wa_roundrobinscope."""

    ORGANIZATION = 0
    ASSIGNMENT_RULE = 1


class SegmentStatus(IntEnum):
    """statuscode of wa_segment; only ACTIVE is in state 0."""

    ACTIVE = 1
    INACTIVE = 2
    PAUSED = 727000000
    SHADOW = 727000001


class RuleStatus(IntEnum):
    """statuscode of wa_assignmentrule; only ACTIVE is in state 0."""

    ACTIVE = 1
    INACTIVE = 2
    SHADOW = 727000001


class SweepStatus(IntEnum):
    """statuscode of wa_sweep; the first two are in state 0."""

    IN_PROGRESS = 1
    QUEUED = 727000000
    SUCCEEDED = 2
    FAILED = 727000001
    SKIPPED = 727000002


class RunMode(StrEnum):
    """wa_mode of wa_routingrun: whether the owner was written."""

    ON = "on"
    DRY_RUN = "dry-run"


# Choices of standard tables


class State(IntEnum):
    """statecode of custom tables, accounts, contacts and processing steps: 0 is active or enabled."""

    ACTIVE = 0
    INACTIVE = 1


class TeamType(IntEnum):
    """teamtype of team: all but access teams can own records."""

    OWNER = 0
    ACCESS = 1


class ProcessingStepStatus(IntEnum):
    """statuscode of sdkmessageprocessingstep."""

    ENABLED = 1
    DISABLED = 2


class ProcessingStage(IntEnum):
    """stage of sdkmessageprocessingstep."""

    POST_OPERATION = 40


class ProcessingMode(IntEnum):
    """mode of sdkmessageprocessingstep."""

    SYNCHRONOUS = 0
    ASYNCHRONOUS = 1


class SystemJobStatus(IntEnum):
    """statuscode of asyncoperation."""

    FAILED = 31


class EndpointContract(IntEnum):
    """contract of serviceendpoint."""

    WEBHOOK = 8


class EndpointAuthType(IntEnum):
    """authtype of serviceendpoint, for webhooks."""

    WEBHOOK_KEY = 4
    HTTP_HEADER = 5
    HTTP_QUERY_STRING = 6


class NotificationIcon(IntEnum):
    """icontype of appnotification."""

    WARNING = 100000003


class NotificationPriority(IntEnum):
    """priority of appnotification."""

    HIGH = 200000001


class TimeCode(IntEnum):
    """timecode of calendarrule."""

    AVAILABLE = 0
    BUSY = 1
    UNAVAILABLE = 2
    FILTER = 3


class SubCode(IntEnum):
    """subcode of calendarrule."""

    BREAK = 4


class ExtentCode(IntEnum):
    """extentcode of calendarrule: what a rule hides of weaker ones; an empty one hides the whole recurrence."""

    TRANSPARENT = 0
    SUBTRACT_RECURRENCE_INTERVALS = 1
    SUBTRACT_RESULTS = 2
