"""Who may be given a record besides sellers: teams and queues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from work_assignment.domain.defining.sellers import Seller
from work_assignment.domain.records import Owner, Value


class Target(Enum):
    """To whom a rule gives."""

    SELLERS = "sellers"
    TEAM = "team"
    QUEUE = "queue"

    @property
    def table(self) -> str:
        """The logical name of the table that these are rows of."""
        return "systemuser" if self is Target.SELLERS else self.value


@dataclass(frozen=True, slots=True)
class TeamOrQueue:
    """A team, which may own records, or a queue, in which they wait to be picked.

    `roles` are the names of a team's security roles.
    """

    target: Target
    id: str
    name: str
    columns: Mapping[str, Value] = field(default_factory=dict)
    roles: frozenset[str] = frozenset()


Recipient = Seller | TeamOrQueue


def owner(recipient: Recipient) -> Owner:
    """The recipient as a record's owner."""
    if isinstance(recipient, Seller):
        return Owner(Target.SELLERS.table, recipient.id)
    return Owner(recipient.target.table, recipient.id)
