"""Assignment rules: which records of a segment, to whom, shared out how."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from work_assignment.domain.defining.recipients import Target
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.conditions import ALWAYS, Condition
from work_assignment.domain.records import RuleId, SegmentId


class Distribution(Enum):
    """How those who are left share the work: the last two are for teams and queues.

    With ANY_ONE one of several gets the record; with NONE several are one too many.
    """

    ROUND_ROBIN = "round robin"
    LOAD_BALANCING = "load balancing"
    BEST_OVERALL = "best overall"
    ANY_ONE = "any one"
    NONE = "none"


class OnNoSeller(Enum):
    """What happens when a rule's record matches and nobody can take it."""

    NEXT_RULE = "next rule"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class SellerMatch:
    """To whom a rule may give: those listed (None: any), whose columns and attributes hold.

    For rules that give to teams or queues these are theirs; they have no attributes.
    """

    listed: tuple[str, ...] | None = None
    columns: Condition = ALWAYS
    attributes: Condition = ALWAYS


@dataclass(frozen=True, slots=True)
class AssignmentRule:
    """An active rule; lower `order` is tried first. `segment_id` None is the default segment.

    `created_within` limits the record's age, `available_within` how long until the seller works.
    `fault` is set when the definition cannot be used: a record that reaches it gets no owner.
    """

    id: RuleId
    name: str
    segment_id: SegmentId | None
    record_type: str
    order: int
    active_since: datetime
    filter: Condition = ALWAYS
    created_within: timedelta | None = None
    target: Target = Target.SELLERS
    match: SellerMatch = SellerMatch()
    distribution: Distribution = Distribution.ROUND_ROBIN
    uses_capacity: bool = False
    available_within: timedelta | None = None
    on_no_seller: OnNoSeller = OnNoSeller.NEXT_RULE
    fault: DefinitionError | None = None
