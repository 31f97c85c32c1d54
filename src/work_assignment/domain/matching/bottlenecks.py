"""Bottlenecks: which records ask more than their sellers have room for, in words and numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from work_assignment.domain.records import SellerId


@dataclass(frozen=True, slots=True)
class Crowd:
    """Records with the same sellers, some of which find no place."""

    label: str
    records: int
    sellers: frozenset[SellerId]


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """Demands that together ask for more than all the sellers who may take any of them can take.

    `records` less `room` is how many of them stay out; the labels begin with the largest demand.
    """

    labels: tuple[str, ...]
    records: int
    room: int
    sellers: tuple[SellerId, ...]

    def words(self, most: int = 8) -> str:
        """Say it to an admin, naming at most so many demands."""
        named = ", ".join(self.labels[:most])
        more = f" and {len(self.labels) - most} more" if len(self.labels) > most else ""
        noun, them = ("record", "it") if self.records == 1 else ("records", "them")
        end = f"room for {self.room}" if self.sellers else f"nobody may take {them}"
        return f"{named}{more}: {self.records} {noun}, {end}"

    def __str__(self) -> str:
        return self.words()


def bottlenecks(crowds: Iterable[Crowd], rooms: Mapping[SellerId, int]) -> tuple[Bottleneck, ...]:
    """The smallest bottlenecks that explain every record left out, worst first.

    Crowds hang together when a seller with room may take from both: splitting them further would
    count her room twice. A seller without room ties nobody together.
    """
    found = [_bottleneck(together, rooms) for together in _hanging_together(crowds, rooms)]
    return tuple(sorted(found, key=lambda entry: (entry.room - entry.records, entry.labels)))


def _hanging_together(
    crowds: Iterable[Crowd], rooms: Mapping[SellerId, int]
) -> Iterator[list[Crowd]]:
    tied: dict[tuple[str, str], list[Crowd]] = {}
    for crowd in crowds:
        for tie in _ties(crowd, rooms):
            tied.setdefault(tie, []).append(crowd)
    while tied:
        _, together = tied.popitem()
        seen = set(map(id, together))
        for crowd in together:
            for tie in _ties(crowd, rooms):
                found = [other for other in tied.pop(tie, ()) if id(other) not in seen]
                seen.update(map(id, found))
                together += found
        yield together


def _ties(crowd: Crowd, rooms: Mapping[SellerId, int]) -> list[tuple[str, str]]:
    """What holds a crowd together with others: sellers with room, or where none has, its words."""
    with_room = [("seller", str(who)) for who in crowd.sellers if rooms[who]]
    return with_room or [("label", crowd.label)]


def _bottleneck(crowds: Sequence[Crowd], rooms: Mapping[SellerId, int]) -> Bottleneck:
    sizes: dict[str, int] = {}
    for crowd in crowds:
        sizes[crowd.label] = sizes.get(crowd.label, 0) + crowd.records
    sellers = sorted(frozenset[SellerId]().union(*(crowd.sellers for crowd in crowds)))
    return Bottleneck(
        labels=tuple(sorted(sizes, key=lambda label: (-sizes[label], label))),
        records=sum(sizes.values()),
        room=sum(rooms[who] for who in sellers),
        sellers=tuple(sellers),
    )
