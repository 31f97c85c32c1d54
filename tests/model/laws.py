"""What must hold at every moment and at rest, and a Dataverse that watches over it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

from tests.services.organization import Organization

from work_assignment.domain.records import Owner, RecordKey, SellerId
from work_assignment.domain.runs.facts import Result
from work_assignment.domain.runs.outcomes import Outcome, WriteResult

PLENTY = 1000
"""More records than there ever are."""


class LawBroken(AssertionError):
    """Something happened, or is so at rest, that must never be."""


@dataclass
class WatchedOrganization(Organization):
    """Looks at every write of ours as it lands; `checks_records` taken away breaks it, on purpose.

    What it finds is kept in `broken`: who writes might take an exception for Dataverse's.
    `capacity` is the most that each seller was ever allowed, `arrivals` are the sellers who got a
    record otherwise than by rules, in order; what arrived after a worker read the counts cannot
    have been known to it.
    """

    checks_records: bool = True
    broken: list[str] = field(default_factory=list)
    capacity: dict[SellerId, int] = field(default_factory=dict)
    arrivals: list[SellerId] = field(default_factory=list)
    _read_at: dict[int, int] = field(default_factory=dict)
    _given: set[tuple[RecordKey, str]] = field(default_factory=set)

    @classmethod
    def watching(cls, organization: Organization) -> WatchedOrganization:
        """The same organisation, watched."""
        return cls(**{each.name: getattr(organization, each.name) for each in fields(organization)})

    def note_reading(self) -> None:
        """A worker reads what it decides on."""
        self._read_at[threading.get_ident()] = len(self.arrivals)

    def arrived(self, owner: Owner) -> None:
        """A person gave somebody a record."""
        self.arrivals.append(SellerId(owner.id))

    def refusal(self, outcome: Outcome) -> WriteResult | None:
        current = self.records.get(outcome.run.key)
        if not self.checks_records and current is not None:
            outcome = replace(outcome, version=current.version)
        return super().refusal(outcome)

    def write(self, outcome: Outcome) -> None:
        before = self.records.get(outcome.run.key)
        super().write(outcome)
        if before is None or outcome.result is None or outcome.again is not None:
            return
        if before.version != outcome.version:
            self.broken.append(f"{outcome.run.key} was changed by somebody, and is written over")
        if outcome.gives_back and outcome.run.owner is not None:
            self.arrived(outcome.run.owner)
        elif outcome.run.assigns:
            self._look_at_assignment(outcome)

    def _look_at_assignment(self, outcome: Outcome) -> None:
        run = outcome.run
        assert run.owner is not None
        if (run.key, outcome.version) in self._given:
            self.broken.append(f"{run.key} is given away twice in version {outcome.version}")
        self._given.add((run.key, outcome.version))
        seller = SellerId(run.owner.id)
        unknown = self.arrivals[self._read_at[threading.get_ident()] :].count(seller)
        if self.owned(seller) - unknown > self.capacity[seller]:
            self.broken.append(
                f"{seller} owns {self.owned(seller)}, {unknown} of them unknown to who decided,"
                f" and may own {self.capacity[seller]}"
            )


def at_rest(organization: WatchedOrganization) -> list[str]:
    """What is wrong once all events have come and all workers are done."""
    return [
        *_outcomes(organization),
        *_told(organization),
        *(
            f"{row.seller_id} still has {len(row.reservations)} reservations"
            for row in organization.sellers.values()
            if row.reservations
        ),
        *_order_stamps(organization),
    ]


def _outcomes(organization: WatchedOrganization) -> list[str]:
    wrong = []
    for key, current in organization.records.items():
        runs = [logged.run for logged in organization.runs_of(key)]
        assigned = [run for run in runs if run.assigns]
        if current.is_open and current.result is Result.UNDECIDED:
            wrong.append(f"{key.id} has no outcome")
        if len(assigned) > 1:
            wrong.append(f"{key.id} was assigned {len(assigned)} times")
        if current.result is Result.SUCCEEDED and not runs:
            wrong.append(f"{key.id} has an owner and the log does not say why")
        versions = Counter(run.record_version for run in runs)
        if max(versions.values(), default=0) > 1:
            wrong.append(f"{key.id} has several outcomes for one version")
    return wrong


def _told(organization: WatchedOrganization) -> list[str]:
    """Who got a record and has it heard of it, once, and nobody who did not get it.

    Of what went on before she was told late, or was closed, she need not hear.
    """
    got = Counter(
        (run.owner.id, run.key)
        for run in (logged.run for logged in organization.runs.values())
        if run.assigns and run.owner is not None and run.owner != run.previous_owner
    )
    heard = Counter(
        (str(notice.recipient), key)
        for notice in organization.notices.values()
        for key in notice.records
    )
    return [
        f"{who} heard {heard[who, key]} times of {key.id} and got it {got[who, key]} times"
        for who, key in got | heard
        if got[who, key] != heard[who, key] and (heard[who, key] or _has(organization, who, key))
    ]


def _has(organization: WatchedOrganization, who: str, key: RecordKey) -> bool:
    current = organization.records.get(key)
    hers = Owner("systemuser", SellerId(who))
    return current is not None and current.is_open and current.record.owner == hers


def _order_stamps(organization: WatchedOrganization) -> list[str]:
    stamps = Counter(row.order_stamp for row in organization.sellers.values())
    return [f"{n} sellers have the order stamp {s}" for s, n in stamps.items() if s and n > 1]


def unequal(organization: WatchedOrganization, capacity: int | None) -> list[str]:
    """What is wrong with turns and capacity where nobody but workers had a hand in them."""
    owned = [organization.owned(row.seller_id) for row in organization.sellers.values()]
    wrong = [f"sellers own {owned}"] if max(owned) - min(owned) > 1 else []
    room = len(owned) * (PLENTY if capacity is None else capacity)
    if sum(owned) < min(room, len(organization.records)):
        wrong.append(f"sellers own {owned} and had room for more")
    return wrong


def overruled(organization: WatchedOrganization, choices: Mapping[RecordKey, Owner]) -> list[str]:
    """The last choices of persons that do not stand."""
    return [
        f"{key.id} was given to {owner.id} by hand and is not with them"
        for key, owner in choices.items()
        if (current := organization.records.get(key)) is not None
        and current.is_open
        and current.record.owner != owner
    ]
