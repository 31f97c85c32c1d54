"""What a run is news of, and for whom: the new owner, who had the record before, who follows it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum

from work_assignment.domain.defining.notifications import Kind
from work_assignment.domain.records import Owner, RecordKey, SegmentId, SellerId

MOST_OTHERS = 100
"""People besides the new owner who are told of one record."""


class Role(Enum):
    """What somebody has to do with a record, and so what she is told of it."""

    NEW_OWNER = "new owner"
    LOST = "lost"
    KEPT = "kept"
    FOLLOWED = "followed"
    TAKEN_BACK = "taken back"

    @property
    def kind(self) -> Kind:
        """What she may have opted out of."""
        match self:
            case Role.NEW_OWNER:
                return Kind.ASSIGNED
            case Role.TAKEN_BACK:
                return Kind.TAKEN_BACK
            case _:
                return Kind.MOVED


@dataclass(frozen=True, slots=True)
class Names:
    """What people call those whom a run is about; empty is none or not known."""

    record: str = ""
    owner: str = ""
    segment: str = ""
    rule: str = ""


NO_NAMES = Names()


@dataclass(frozen=True, slots=True)
class News:
    """One record in one person's view.

    `has_moved` says that it is in another segment than before, `stays` that its owner is the same,
    `told_outside` that she has heard of it by other ways than the app.
    """

    recipient: SellerId
    role: Role
    run_id: str
    block: str
    key: RecordKey
    names: Names = NO_NAMES
    has_moved: bool = False
    stays: bool = False
    told_outside: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What a run did to a record, as far as others than the new owner care.

    `owner` is whom the record was given to, None where it stayed with whom it was. `others` are
    those who are still to be told, `told_outside` those of them who were by other ways than the app.
    """

    run_id: str
    block: str
    key: RecordKey
    others: frozenset[SellerId]
    names: Names = NO_NAMES
    owner: Owner | None = None
    previous_owner: Owner | None = None
    segment_id: SegmentId | None = None
    previous_segment_id: SegmentId | None = None
    told_outside: frozenset[SellerId] = frozenset()

    @property
    def stays_with(self) -> Owner | None:
        """Whose the record is since then."""
        return self.owner if _is_handed_over(self.owner) else self.previous_owner

    def news(self) -> Iterator[News]:
        """What each of the others is told."""
        has_moved = self.segment_id != self.previous_segment_id
        stays = self.stays_with == self.previous_owner
        for person in sorted(self.others):
            role = Role.KEPT if stays else Role.LOST
            if self.previous_owner != Owner("systemuser", person):
                role = Role.FOLLOWED
            yield News(
                person,
                role,
                self.run_id,
                self.block,
                self.key,
                self.names,
                has_moved,
                stays,
                person in self.told_outside,
            )


def others_to_tell(
    *,
    owner: Owner | None,
    previous_owner: Owner | None,
    has_moved: bool,
    was_settled: bool,
    followers: Collection[SellerId],
) -> tuple[SellerId, ...]:
    """Who is told of a record besides its new owner: whose it was, once that was settled, and then
    who follows it. `owner` None says that the record stays with whom it is, as one does that is put
    into a queue.
    """
    changes_hands = _is_handed_over(owner) and owner != previous_owner
    if not (changes_hands or has_moved):
        return ()
    people = sorted(followers)
    if was_settled and previous_owner is not None and previous_owner.type == "systemuser":
        people.insert(0, SellerId(previous_owner.id))
    hears_anyway = owner.id if changes_hands and owner is not None else None
    return tuple(person for person in dict.fromkeys(people) if person != hears_anyway)


def _is_handed_over(owner: Owner | None) -> bool:
    """Whether somebody is chosen whose it becomes: what lies in a queue has the owner it had."""
    return owner is not None and owner.type != "queue"
