"""Assignment rules: which records of a segment, to which sellers, shared out how."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from work_assignment.domain.conditions import ALWAYS, Condition
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.records import RuleId, SegmentId, SellerId


class Distribution(Enum):
    """How the sellers that are left share the work."""

    ROUND_ROBIN = "round robin"
    LOAD_BALANCING = "load balancing"


class OnNoSeller(Enum):
    """What happens when a rule's record matches and nobody can take it."""

    NEXT_RULE = "next rule"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class SellerMatch:
    """Which sellers a rule gives to: those listed (None: any), whose columns and attributes hold."""

    listed: tuple[SellerId, ...] | None = None
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
    match: SellerMatch = SellerMatch()
    distribution: Distribution = Distribution.ROUND_ROBIN
    uses_capacity: bool = False
    available_within: timedelta | None = None
    on_no_seller: OnNoSeller = OnNoSeller.NEXT_RULE
    fault: DefinitionError | None = None
