"""What an admin can do about a record that got no owner, by the status that says why."""

from __future__ import annotations

from work_assignment.domain.statuses import RoutingStatus

_ADVICE = {
    RoutingStatus.IN_PROGRESS: "wait: its run is not over",
    RoutingStatus.ASSIGNED: "nothing: it has an owner",
    RoutingStatus.SERVER_ISSUE: "read the error in the reason, mend what it names, then wa sweep",
    RoutingStatus.NO_CONDITIONS_MET: "correct a rule's conditions or add a rule for such records",
    RoutingStatus.NO_SELLERS: (
        "widen the rule's seller conditions, or see whether sellers take assignments"
    ),
    RoutingStatus.NO_AVAILABILITY: "check the sellers' calendars, or lengthen the rule's hours",
    RoutingStatus.NO_CAPACITY: "raise capacities, close what is done, or add sellers",
    RoutingStatus.NO_RULE: "add a rule for the segment, or switch one on",
    RoutingStatus.ASSIGNED_BY_HAND: "nothing: somebody chose its owner",
    RoutingStatus.NO_PRIVILEGES: "give the sellers a role that may read and own such records",
    RoutingStatus.TOO_OLD: "assign it by hand, or lengthen the rule's record-age window",
    RoutingStatus.SEVERAL_TEAMS: "narrow the rule's conditions to one team, or let it take any one",
    RoutingStatus.NO_TEAM: "correct the rule's team conditions, or create the team",
    RoutingStatus.SEVERAL_QUEUES: (
        "narrow the rule's conditions to one queue, or let it take any one"
    ),
    RoutingStatus.NO_QUEUE: "correct the rule's queue conditions, or create the queue",
    RoutingStatus.SEGMENTATION_FAILED: (
        "add a segment that it falls into, or a rule for the default segment"
    ),
    RoutingStatus.RULES_OFF_FOR_SEGMENT: (
        "resume the segment if it is paused, or have records assigned on a move"
    ),
    RoutingStatus.APPLICATION_USER_LACKS_PERMISSION: (
        "give the application user the role that the reason asks for"
    ),
    RoutingStatus.UNDONE: "assign it by hand, or have it routed again",
    RoutingStatus.UNCHANGED: "nothing: it is where it belongs",
    RoutingStatus.LEFT_ALONE: (
        "see in wa explain what moves it to and fro; it is routed again after a while"
    ),
}


def advice(status: RoutingStatus) -> str:
    """What to do, in a few words."""
    return _ADVICE[status]
