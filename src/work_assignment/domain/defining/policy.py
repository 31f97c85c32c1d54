"""The settings of an organisation that every decision follows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from work_assignment.domain.text import fold


class RoundRobinScope(Enum):
    """Whether sellers have one turn, or one for each rule."""

    ORGANIZATION = "organization"
    RULE = "assignment rule"


@dataclass(frozen=True, slots=True)
class FlapLimit:
    """How often a record may get another segment or owner by rules within a while."""

    moves: int = 3
    within: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Policy:
    """How an organisation assigns.

    `eligible_roles` are folded names; None stands for all, so that no role is needed.
    `keeps_self_created` leaves a record with the seller who made it for herself. `flap_limit` None
    lets records be moved as often as they change.
    """

    eligible_roles: frozenset[str] | None = None
    round_robin_scope: RoundRobinScope = RoundRobinScope.ORGANIZATION
    keeps_self_created: bool = False
    flap_limit: FlapLimit | None = FlapLimit()

    def is_eligible(self, roles: Iterable[str]) -> bool:
        """Whether somebody with these roles may receive records by rules."""
        wanted = self.eligible_roles
        return wanted is None or any(fold(role) in wanted for role in roles)
