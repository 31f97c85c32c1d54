"""Best overall: records of rules that distribute so are given together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

from work_assignment.domain.deciding.board import Board
from work_assignment.domain.deciding.decisions import Assigned, Held, RuleTried
from work_assignment.domain.deciding.distribution import Ranking
from work_assignment.domain.deciding.lines import Line
from work_assignment.domain.deciding.ways import Way
from work_assignment.domain.defining.rules import AssignmentRule, OnNoSeller
from work_assignment.domain.defining.sellers import Seller
from work_assignment.domain.matching.best_overall import Choice, Demand, FlowSolver, Seat, match
from work_assignment.domain.matching.bottlenecks import Bottleneck
from work_assignment.domain.records import Record, RuleId, SellerId
from work_assignment.domain.statuses import RoutingStatus

Take = Callable[[int, RuleId, Record], int]
"""Notes that the seller at a position is given a record by a rule, and says which turn that is."""


@dataclass(frozen=True, slots=True)
class Chance:
    """A rule by which a record may be given, those in line, and how many rules were noted before."""

    rule: AssignmentRule
    line: Line
    noted: int


@dataclass(frozen=True, slots=True)
class Parked:
    """A record that is given together with others, by the first of its chances that can.

    `words` say what sets it apart.
    """

    way: Way
    chances: tuple[Chance, ...]
    words: str

    @property
    def stops(self) -> bool:
        """Whether no other rule is to be tried."""
        return self.chances[-1].rule.on_no_seller is OnNoSeller.STOP

    @property
    def uses_capacity(self) -> bool:
        return self.chances[0].rule.uses_capacity


Given = tuple[Parked, Assigned | Held | None]


def give_together(
    parked: Sequence[Parked], board: Board, solver: FlowSolver, take: Take
) -> Iterator[Given]:
    """Give as many records as can be given; None says that nobody was left for one.

    Rules that keep to capacity come first: what the others give is not limited by it.
    """
    for limited in (True, False):
        part = [entry for entry in parked if entry.uses_capacity is limited]
        if part:
            yield from _give(part, board, solver, take)


def _give(
    parked: Sequence[Parked], board: Board, solver: FlowSolver, take: Take
) -> Iterator[Given]:
    left: list[tuple[Parked, str]] = []
    for entry, (offer, note) in zip(parked, _matched(parked, board, solver), strict=True):
        if offer is None:
            left.append((entry, note))
        else:
            seller = board.sellers[offer.position]
            yield entry, _assigned(entry, offer, seller, len(parked), take)
    again = [entry for entry, _ in left]
    if len(left) < len(parked) and any(map(_has_place, again)):
        # Records that went back to their owners have filled no place.
        yield from _give(again, board, solver, take)
        return
    for entry, note in left:
        yield entry, _unassigned(entry, note)


def _has_place(entry: Parked) -> bool:
    return any(chance.line.first() is not None for chance in entry.chances)


def _matched(
    parked: Sequence[Parked], board: Board, solver: FlowSolver
) -> list[tuple[_Offer | None, str]]:
    """For each record the seller found, or none and the bottleneck that keeps it out."""
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for number, entry in enumerate(parked):
        groups[(entry.words, *(id(chance.line) for chance in entry.chances))].append(number)
    offers = [_offers(parked[numbers[0]], board) for numbers in groups.values()]
    demands = [
        Demand(
            parked[numbers[0]].words,
            tuple(Choice(who, offer.tier, offer.bucket) for who, offer in offered.items()),
            tuple(parked[number].way.record.score for number in numbers),
        )
        for numbers, offered in zip(groups.values(), offers, strict=True)
    ]
    positions = {offer.position for offered in offers for offer in offered.values()}
    limited = parked[0].uses_capacity
    seats = [_seat(board, position, limited=limited) for position in sorted(positions)]
    matching = match(demands, seats, solver)
    found: list[tuple[_Offer | None, str]] = [(None, "")] * len(parked)
    for numbers, offered, demand, sellers in zip(
        groups.values(), offers, demands, matching.given, strict=True
    ):
        note = _bottleneck_words(demand, matching.bottlenecks) if None in sellers else ""
        for number, seller_id in zip(numbers, sellers, strict=True):
            found[number] = (None if seller_id is None else offered[seller_id], note)
    return found


def _bottleneck_words(demand: Demand, bottlenecks: Sequence[Bottleneck]) -> str:
    """The bottleneck that leaves records of a demand out; another may bear the same words."""
    sellers = {choice.seller_id for choice in demand.choices}
    found = [b for b in bottlenecks if demand.label in b.labels and sellers.issubset(b.sellers)]
    return str(min(found, key=lambda bottleneck: bottleneck.room)) if found else ""


@dataclass(frozen=True, slots=True)
class _Offer:
    """The seller at a position, who may take a record by the rule at `tier`."""

    position: int
    tier: int
    bucket: int


def _offers(entry: Parked, board: Board) -> dict[SellerId, _Offer]:
    """Who may take a record and all those of the same lines, each by the first rule that can.

    Those who are full are among them: they have a seat, and no room. A line that only what others
    have reserved keeps from giving is waited for.
    """
    found: dict[SellerId, _Offer] = {}
    for tier, chance in enumerate(entry.chances):
        line = chance.line
        for position in line.in_line:
            offer = _Offer(position, tier, line.bucket(position))
            found.setdefault(board.sellers[position].id, offer)
        if line.first() is None and line.why_nobody() is RoutingStatus.IN_PROGRESS:
            break
    return found


def _seat(board: Board, position: int, *, limited: bool) -> Seat:
    return Seat(
        board.sellers[position].id,
        board.standings[position].load,
        board.rooms[position] if limited else None,
        board.turns[position],
    )


def _assigned(entry: Parked, offer: _Offer, seller: Seller, among: int, take: Take) -> Assigned:
    way, chance, last = entry.way, entry.chances[offer.tier], None
    if way.is_traced:
        for earlier in entry.chances[: offer.tier]:
            _note(entry, earlier, _gives_others(earlier, among))
        way.forget_from(_place(entry, chance))
        last = _tried(chance, offer.position, among)
    return way.assigned(
        seller, chance.rule, last, take(offer.position, chance.rule.id, entry.way.record)
    )


def _gives_others(earlier: Chance, among: int) -> RuleTried:
    """Why a rule that comes earlier did not give a record, which a later one gives."""
    line = earlier.line
    dropped = line.dropped()
    if not line.in_line:
        return RuleTried(earlier.rule, line.why_nobody(), dropped=dropped)
    promised = line.first() is not None
    note = f"its sellers get others of the {among} records" if promised else ""
    return RuleTried(earlier.rule, RoutingStatus.NO_CAPACITY, dropped=dropped, note=note)


def _note(entry: Parked, chance: Chance, tried: RuleTried) -> None:
    entry.way.found_nobody(tried, _place(entry, chance))


def _place(entry: Parked, chance: Chance) -> int:
    """Where a rule stands among those tried, once all before it have been noted."""
    return chance.noted + entry.chances.index(chance)


def _tried(chance: Chance, position: int, among: int) -> RuleTried:
    """How a record was given; the chosen seller stands before those with less to do."""
    rule, line = chance.rule, chance.line
    ranking, chosen = line.ranking(), line.candidate(position)
    others = (entry for entry in ranking.order if entry.seller is not chosen.seller)
    later = tuple(entry for entry in ranking.later if entry.seller is not chosen.seller)
    return RuleTried(
        rule,
        RoutingStatus.ASSIGNED,
        dropped=line.dropped(),
        ranking=Ranking(rule.distribution, (chosen, *others), later),
        note=f"best for all {among} records together",
    )


def _unassigned(entry: Parked, note: str) -> Held | None:
    for chance in entry.chances:
        line = chance.line
        dropped = line.dropped() if entry.way.is_traced else ()
        tried = RuleTried(chance.rule, line.why_nobody(), dropped=dropped, note=note)
        if tried.status is RoutingStatus.IN_PROGRESS:
            entry.way.forget_from(_place(entry, chance))
            return entry.way.held(tried)
        _note(entry, chance, tried)
    return None
