"""No seller above her capacity by our hand: the journal replayed, record by record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tests.torture.evidence import Evidence, Key, RunRow
from tests.torture.journal import Entry

from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.gathering import RULEBOOK_KEPT

_WRITES_OWNER = (RoutingStatus.ASSIGNED, RoutingStatus.ASSIGNED_BY_HAND)
_A_MOMENT = 1.0
"""Dataverse keeps whole seconds of when something was decided."""


@dataclass(slots=True)
class _Seller:
    """One seller's past: what she owned, what others gave her when, how much she could take when."""

    open_records: int = 0
    given_by_people: list[float] = field(default_factory=list)
    capacities: list[tuple[float, int]] = field(default_factory=list)

    def capacity_since(self, moment: float) -> int:
        """The most that her row allowed at any time since; definitions are kept for a while."""
        moment -= RULEBOOK_KEPT.total_seconds()
        at_that_time = [capacity for at, capacity in self.capacities if at <= moment][-1:]
        return max(at_that_time + [c for at, c in self.capacities if at > moment], default=0)

    def given_since(self, moment: float) -> int:
        return sum(at >= moment for at in self.given_by_people)


def capacity_is_kept(evidence: Evidence) -> Iterator[str]:
    """Each of our assignments left the seller within the capacity known when it was decided.

    What people give her between our decision and our write is not our doing: that is subtracted.
    """
    decided = _decided(evidence)
    sellers: defaultdict[str, _Seller] = defaultdict(_Seller)
    for entry in evidence.journal:
        at = evidence.surroundings.run_time(entry.at)
        if entry.kind == "capacity":
            sellers[entry.row_id].capacities.append((at, int(entry.after or 0)))
            continue
        receiver = _move(entry, sellers)
        if receiver is None:
            continue
        if entry.by_user != evidence.app or entry.kind != "update":
            sellers[receiver].given_by_people.append(at)
            continue
        run = _run_of(decided.get((entry.name, entry.row_id), ()), receiver, entry)
        if run is None:  # what we give back is a person's choice
            sellers[receiver].given_by_people.append(at)
        else:
            yield from _judge(evidence, entry, run, sellers[receiver], at)


def _decided(evidence: Evidence) -> Mapping[Key, Sequence[RunRow]]:
    """Our assignments of each record, and what we gave back, in the order of the log."""
    found: defaultdict[Key, list[RunRow]] = defaultdict(list)
    for run in evidence.runs:
        if run.status in _WRITES_OWNER and run.version.startswith('W/"'):
            found[run.key].append(run)
    return found


def _run_of(runs: Sequence[RunRow], owner: str, entry: Entry) -> RunRow | None:
    """The assignment that this write belongs to; a choice given back belongs to none."""
    before = [r for r in runs if r.owner == owner and (r.known_version or 0) < (entry.version or 0)]
    run = max(before, key=lambda run: run.known_version or 0, default=None)
    return run if run is not None and run.status == RoutingStatus.ASSIGNED else None


def _move(entry: Entry, sellers: defaultdict[str, _Seller]) -> str | None:
    """Move the record from one to the other; gives who has one open record more."""
    before = entry.before if entry.was_open else None
    after = entry.after if entry.is_open else None
    if before == after:
        return None
    if before is not None:
        sellers[before].open_records -= 1
    if after is not None:
        sellers[after].open_records += 1
    return after


def _judge(
    evidence: Evidence, entry: Entry, run: RunRow, seller: _Seller, at: float
) -> Iterator[str]:
    if run.owner not in evidence.names:
        return
    since = min(run.decided_at, at) - 2 * evidence.surroundings.skew - _A_MOMENT
    limit = seller.capacity_since(since)
    ours = seller.open_records - seller.given_since(since)
    if ours > limit:
        yield (
            f"{entry.name} {entry.row_id} made {evidence.name(run.owner)} own"
            f" {seller.open_records} open records, {limit} is her capacity"
            f" (block {run.block})"
        )
