"""Turns that were promised and not used: a seller gets them before others are next again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from work_assignment.domain.defining.rounds import EVERYWHERE, Round
from work_assignment.domain.defining.sellers import Standing
from work_assignment.domain.records import SellerId

NAMES = ("ana", "ben", "cem", "dee")


def deal(standings: list[Standing], count: int) -> list[tuple[Standing, int]]:
    """Give records to whoever is next, as round robin does."""
    dealt = []
    for _ in range(count):
        newest = 1 + max(standing.newest_turn for standing in standings)
        following = min(standings, key=lambda standing: (standing.turn, standing.seller_id))
        following.turn = following.next_turn(EVERYWHERE, newest)
        dealt.append((following, following.turn))
    return dealt


def give_back(standing: Standing, turns: list[int], wasted: int, before: int) -> None:
    unused = tuple(standing.unused.get(EVERYWHERE, ()))
    place = Round(standing.turn, unused).given_back(turns, wasted, before)
    standing.turn, standing.unused = place.stamp, {EVERYWHERE: list(place.unused)}


def test_a_block_that_was_all_for_nothing_leaves_everybody_as_before() -> None:
    assert Round(9).given_back([4, 9], 2, before=1) == Round(1, (4, 9))


def test_of_some_turns_the_first_count_as_taken() -> None:
    assert Round(9, (12,)).given_back([3, 6, 9], 2, before=1) == Round(3, (6, 9, 12))


def test_a_turn_that_others_gave_meanwhile_is_as_good_as_one_of_the_block() -> None:
    assert Round(40).given_back([1], 1, before=0) == Round(1, (40,))


def test_nothing_wasted_changes_nothing() -> None:
    assert Round(9, (12,)).given_back([3, 9], 0, before=1) == Round(9, (12,))


@given(st.integers(1, 60), st.sets(st.integers(0, 59)), st.integers(0, 30))
def test_however_much_of_a_block_fails_everybody_ends_within_one_of_the_others(
    size: int, failing: set[int], more: int
) -> None:
    standings = [Standing(SellerId(name)) for name in NAMES]
    count = dict.fromkeys(NAMES, 0)
    dealt = deal(standings, size)
    turns: dict[str, list[int]] = {name: [] for name in NAMES}
    wasted = dict.fromkeys(NAMES, 0)
    for number, (standing, turn) in enumerate(dealt):
        turns[standing.seller_id].append(turn)
        wasted[standing.seller_id] += number in failing
        count[standing.seller_id] += number not in failing
    for standing in standings:
        name = standing.seller_id
        if turns[name]:
            give_back(standing, turns[name], wasted[name], before=0)

    for standing, _ in deal(standings, len(failing & set(range(size))) + more):
        count[standing.seller_id] += 1

    assert max(count.values()) - min(count.values()) <= 1
    stamps = [standing.turn for standing in standings if standing.turn]
    assert len(set(stamps)) == len(stamps)


@given(st.integers(1, 40), st.integers(0, 40), st.data())
def test_a_block_that_is_settled_late_is_made_up_for(
    size: int, others: int, data: st.DataObject
) -> None:
    """Others deal on while the block's worker is gone; its records come again afterwards."""
    standings = [Standing(SellerId(name)) for name in NAMES]
    count = dict.fromkeys(NAMES, 0)
    dealt = deal(standings, size)
    for standing, _ in deal(standings, others):
        count[standing.seller_id] += 1
    failing = data.draw(st.sets(st.integers(0, size - 1)))
    for standing in standings:
        mine = [(n, turn) for n, (who, turn) in enumerate(dealt) if who is standing]
        lost = sum(n in failing for n, _ in mine)
        count[standing.seller_id] += len(mine) - lost
        if mine:
            give_back(standing, [turn for _, turn in mine], lost, before=0)

    for standing, _ in deal(standings, len(failing)):
        count[standing.seller_id] += 1

    assert max(count.values()) - min(count.values()) <= 1


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 2)), max_size=8), st.data())
def test_blocks_that_overlap_are_made_up_for_in_whatever_order_they_are_settled(
    steps: list[tuple[int, int]], data: st.DataObject
) -> None:
    """At each step a block is dealt, and some of those under way are settled."""
    standings = [Standing(SellerId(name)) for name in NAMES]
    count = dict.fromkeys(NAMES, 0)
    under_way: list[tuple[dict[str, int], set[int], list[tuple[Standing, int]]]] = []
    for size, ending in [*steps, (1, len(steps) + 1)]:
        before: dict[str, int] = {standing.seller_id: standing.turn for standing in standings}
        failing = data.draw(st.sets(st.integers(0, size - 1)))
        under_way.append((before, failing, deal(standings, size)))
        for _ in range(min(ending, len(under_way))):
            before, failing, dealt = under_way.pop(data.draw(st.integers(0, len(under_way) - 1)))
            for standing in standings:
                mine = [(n, turn) for n, (who, turn) in enumerate(dealt) if who is standing]
                lost = sum(n in failing for n, _ in mine)
                count[standing.seller_id] += len(mine) - lost
                if mine:
                    turns = [turn for _, turn in mine]
                    give_back(standing, turns, lost, before[standing.seller_id])

    for standing, _ in deal(standings, sum(size for size, _ in steps) + 1):
        count[standing.seller_id] += 1
    assert max(count.values()) - min(count.values()) <= 1
