"""The outcome numbers of Dynamics 365 Sales, with the words an admin reads."""

from __future__ import annotations

from enum import IntEnum


class SegmentationStatus(IntEnum):
    """What became of finding the segment."""

    IN_PROGRESS = 0
    SUCCESSFUL = 1
    WENT_WRONG = 2
    NO_MATCHING_SEGMENT = 3
    MATCHED_PREVIOUS_SEGMENT = 4
    NOT_REQUIRED = 5
    APPLICATION_USER_LACKS_PERMISSION = 6

    @property
    def reason(self) -> str:
        """The status in words."""
        return _SEGMENTATION_REASONS[self]


_SEGMENTATION_REASONS = {
    SegmentationStatus.IN_PROGRESS: "In progress",
    SegmentationStatus.SUCCESSFUL: "Segmentation successful",
    SegmentationStatus.WENT_WRONG: "Something went wrong",
    SegmentationStatus.NO_MATCHING_SEGMENT: "No matching segments",
    SegmentationStatus.MATCHED_PREVIOUS_SEGMENT: "Matched with previous segment",
    SegmentationStatus.NOT_REQUIRED: "No segmentation required",
    SegmentationStatus.APPLICATION_USER_LACKS_PERMISSION: (
        "The application user doesn't have the necessary permissions"
    ),
}


class RoutingStatus(IntEnum):
    """What became of finding the owner."""

    IN_PROGRESS = 1
    ASSIGNED = 2
    SERVER_ISSUE = 3
    NO_CONDITIONS_MET = 4
    NO_SELLERS = 5
    NO_AVAILABILITY = 6
    NO_CAPACITY = 7
    NO_RULE = 8
    ASSIGNED_BY_HAND = 9
    NO_PRIVILEGES = 10
    TOO_OLD = 11
    SEVERAL_TEAMS = 12
    NO_TEAM = 13
    SEVERAL_QUEUES = 14
    NO_QUEUE = 15
    SEGMENTATION_FAILED = 16
    RULES_OFF_FOR_SEGMENT = 17
    APPLICATION_USER_LACKS_PERMISSION = 18
    UNDONE = 727000000
    LEFT_ALONE = 727000001
    UNCHANGED = 727000002

    @property
    def reason(self) -> str:
        """The status in words."""
        return _REASONS[self]


_REASONS = {
    RoutingStatus.IN_PROGRESS: "Run is in progress",
    RoutingStatus.ASSIGNED: "Owner assigned successfully",
    RoutingStatus.SERVER_ISSUE: "There was an issue with the server",
    RoutingStatus.NO_CONDITIONS_MET: "Record doesn't meet any conditions",
    RoutingStatus.NO_SELLERS: "No sellers meet the conditions",
    RoutingStatus.NO_AVAILABILITY: "Eligible sellers don't have availability",
    RoutingStatus.NO_CAPACITY: "Eligible sellers don't have capacity",
    RoutingStatus.NO_RULE: "No assignment rule for this record's segment",
    RoutingStatus.ASSIGNED_BY_HAND: "Owner assigned manually",
    RoutingStatus.NO_PRIVILEGES: "Record unassigned as seller lacks security role privileges",
    RoutingStatus.TOO_OLD: "Seller not assigned as record is older than the set timeframe",
    RoutingStatus.SEVERAL_TEAMS: "Found multiple eligible teams",
    RoutingStatus.NO_TEAM: "Couldn't find eligible team",
    RoutingStatus.SEVERAL_QUEUES: "Found multiple eligible queues",
    RoutingStatus.NO_QUEUE: "Couldn't find eligible queue",
    RoutingStatus.SEGMENTATION_FAILED: "Skipped as segmentation failed",
    RoutingStatus.RULES_OFF_FOR_SEGMENT: "Rules won't run for this segment",
    RoutingStatus.APPLICATION_USER_LACKS_PERMISSION: (
        "The application user doesn't have the necessary permissions"
    ),
    RoutingStatus.UNDONE: "Assignment undone",
    RoutingStatus.LEFT_ALONE: "Left alone, as it was moved too often",
    RoutingStatus.UNCHANGED: "Nothing to change",
}

PASSING = frozenset(
    {
        RoutingStatus.SERVER_ISSUE,
        RoutingStatus.NO_SELLERS,
        RoutingStatus.NO_AVAILABILITY,
        RoutingStatus.NO_CAPACITY,
        RoutingStatus.NO_PRIVILEGES,
        RoutingStatus.NO_TEAM,
        RoutingStatus.NO_QUEUE,
        RoutingStatus.APPLICATION_USER_LACKS_PERMISSION,
        RoutingStatus.LEFT_ALONE,
    }
)
"""Failures that may pass although neither the record nor a definition changes."""

IMPORTANCE = (
    RoutingStatus.NO_PRIVILEGES,
    RoutingStatus.NO_CAPACITY,
    RoutingStatus.NO_AVAILABILITY,
    RoutingStatus.SEVERAL_TEAMS,
    RoutingStatus.SEVERAL_QUEUES,
    RoutingStatus.NO_SELLERS,
    RoutingStatus.NO_TEAM,
    RoutingStatus.NO_QUEUE,
    RoutingStatus.NO_CONDITIONS_MET,
    RoutingStatus.TOO_OLD,
    RoutingStatus.NO_RULE,
)
"""Of the failures of several rules the one that comes first here is the record's."""
