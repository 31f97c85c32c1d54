"""Values of choice columns; nobody else spells these numbers."""

from __future__ import annotations

from enum import IntEnum, StrEnum

# Choices of this product: numbers below 727000000 are those of Dynamics 365 Sales


class RoutingRequestSource(IntEnum):
    """wa_routingrequestsource."""

    NEW_RECORD = 0
    RECORD_UPDATED = 1
    MANUALLY_REASSIGNED = 2
    REASSIGNMENT_SCHEDULED = 3
    MANUALLY_RESEGMENTED = 4
    FORCE_ROUTED_MANUALLY = 5
    FOUND_WAITING = 727000000


class SegmentationStatus(IntEnum):
    """wa_segmentationstatus."""

    IN_PROGRESS = 0
    SUCCESSFUL = 1
    SOMETHING_WENT_WRONG = 2
    NO_MATCHING_SEGMENTS = 3
    MATCHED_WITH_PREVIOUS_SEGMENT = 4
    NO_SEGMENTATION_REQUIRED = 5
    APPLICATION_USER_LACKS_PERMISSIONS = 6


class RoutingStatus(IntEnum):
    """wa_routingstatus."""

    IN_PROGRESS = 1
    OWNER_ASSIGNED = 2
    SERVER_ISSUE = 3
    NO_CONDITIONS_MET = 4
    NO_SELLERS_MEET_CONDITIONS = 5
    NO_AVAILABILITY = 6
    NO_CAPACITY = 7
    NO_RULE_FOR_SEGMENT = 8
    ASSIGNED_MANUALLY = 9
    SELLER_LACKS_PRIVILEGES = 10
    RECORD_TOO_OLD = 11
    MULTIPLE_TEAMS = 12
    NO_TEAM = 13
    MULTIPLE_QUEUES = 14
    NO_QUEUE = 15
    SEGMENTATION_FAILED = 16
    RULES_DO_NOT_RUN_FOR_SEGMENT = 17
    APPLICATION_USER_LACKS_PERMISSIONS = 18


class SequenceStatus(IntEnum):
    """wa_sequencestatus."""

    IN_PROGRESS = 0
    CONNECTED = 1
    SOMETHING_WENT_WRONG = 2
    SEGMENTATION_FAILED = 3
    NO_SEQUENCE_FOR_SEGMENT = 4
    UNCHANGED = 5
    SELLER_NEEDS_ACCESS = 6
    SEQUENCE_UNUSABLE = 7
    APPLICATION_USER_LACKS_PERMISSIONS = 8


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


class RunMode(StrEnum):
    """wa_mode of wa_routingrun: whether the owner was written."""

    ON = "on"
    DRY_RUN = "dry-run"


# Choices of standard tables


class State(IntEnum):
    """statecode of custom tables, accounts, contacts and processing steps: 0 is active or enabled."""

    ACTIVE = 0
    INACTIVE = 1


class RecordState(IntEnum):
    """statecode of lead (qualified, disqualified) and opportunity (won, lost)."""

    OPEN = 0
    QUALIFIED_OR_WON = 1
    DISQUALIFIED_OR_LOST = 2


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


class EndpointContract(IntEnum):
    """contract of serviceendpoint."""

    WEBHOOK = 8


class EndpointAuthType(IntEnum):
    """authtype of serviceendpoint, for webhooks."""

    WEBHOOK_KEY = 4
    HTTP_HEADER = 5
    HTTP_QUERY_STRING = 6


class EndpointMessageFormat(IntEnum):
    """messageformat of serviceendpoint."""

    BINARY_XML = 1
    JSON = 2
    TEXT_XML = 3


class StepImageType(IntEnum):
    """imagetype of sdkmessageprocessingstepimage."""

    PRE_IMAGE = 0
    POST_IMAGE = 1
    BOTH = 2


class NotificationIcon(IntEnum):
    """icontype of appnotification."""

    INFO = 100000000
    SUCCESS = 100000001
    FAILURE = 100000002
    WARNING = 100000003


class NotificationToast(IntEnum):
    """toasttype of appnotification."""

    TIMED = 200000000
    HIDDEN = 200000001
