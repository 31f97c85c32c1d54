"""Best overall: many records shared out at once, and what is said about those left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise

import pytest
from benchmarks.matching import best_overall, matched, reference_task

from work_assignment.domain.matching.best_overall import (
    Bottleneck,
    Choice,
    Demand,
    Matching,
    MatchingRefused,
    Seat,
    match,
)
from work_assignment.domain.matching.flow_stages import FlowFellShort
from work_assignment.domain.matching.flows import Network, Shipment
from work_assignment.domain.records import SellerId
from work_assignment.solvers.min_cost_flow import OrToolsFlowSolver


def demand(label: str, sellers: str, scores: list[Decimal | int] | int) -> Demand:
    """Sellers are told by a letter each, with `/tier` and `@bucket` after it where they matter."""
    choices = []
    for word in sellers.split():
        word, _, bucket = word.partition("@")
        name, _, tier = word.partition("/")
        choices.append(Choice(SellerId(name), int(tier or 0), int(bucket or 0)))
    entries = [0] * scores if isinstance(scores, int) else scores
    return Demand(label, tuple(choices), tuple(entries))


def seat(name: str, room: int | None = None, *, load: int = 0, turn: int = 0) -> Seat:
    return Seat(SellerId(name), load, room, turn)


def solve(demands: list[Demand], *seats: Seat) -> Matching:
    return match(demands, seats, OrToolsFlowSolver())


def owners(matching: Matching, demand_number: int = 0) -> str:
    """The letters of those who were given a demand's records, a dot where nobody was."""
    return "".join(owner or "." for owner in matching.given[demand_number])


def totals(matching: Matching) -> Mapping[str | None, int]:
    return Counter(owner for given in matching.given for owner in given)


def said(matching: Matching) -> list[str]:
    return [str(bottleneck) for bottleneck in matching.bottlenecks]


def test_somebody_who_can_do_less_is_not_crowded_out_by_those_who_can_do_more() -> None:
    both, only_ana = demand("English", "a b", 2), demand("Spanish", "a", 2)

    matching = solve([both, only_ana], seat("a", 2), seat("b", 2, load=9))

    assert (owners(matching, 0), owners(matching, 1)) == ("bb", "aa")
    assert matching.bottlenecks == ()


def test_consecutive_records_go_round_the_sellers_the_longest_wait_first() -> None:
    matching = solve([demand("any", "a b c", 7)], seat("a", turn=3), seat("b", turn=1), seat("c"))

    assert owners(matching) == "cbacbac"


def test_a_seller_with_a_larger_share_comes_up_more_often_rather_than_last() -> None:
    matching = solve([demand("any", "a b", 9)], seat("a", 6, load=0), seat("b", 3))

    assert owners(matching) == "abaabaaba"


def test_the_seller_with_less_on_her_desk_catches_up() -> None:
    matching = solve([demand("any", "a b c", 5)], seat("a", load=5), seat("b", load=1), seat("c"))

    assert totals(matching) == {"b": 2, "c": 3}


def test_the_one_record_too_many_goes_to_who_waited_longest_then_by_id() -> None:
    waiting = solve([demand("any", "a b", 1)], seat("a", turn=7), seat("b", turn=2))
    never = solve([demand("any", "a b", 1)], seat("b"), seat("a"))

    assert (owners(waiting), owners(never)) == ("b", "a")


def test_the_longest_wait_also_counts_where_loads_differ_at_first() -> None:
    """Six and five or five and six are as even; the seller who waited longer has the six."""
    demands = [demand("either", "a b", 2), demand("one", "a", 4)]

    first = solve(demands, seat("a", load=0, turn=1), seat("b", load=5, turn=2))
    second = solve(demands, seat("a", load=0, turn=2), seat("b", load=5, turn=1))

    assert (totals(first), totals(second)) == ({"a": 6}, {"a": 5, "b": 1})


def test_higher_scores_go_first_when_not_all_fit() -> None:
    matching = solve([demand("any", "a", [3, 9, Decimal("3.5"), 1])], seat("a", 2))

    assert owners(matching) == ".aa."


def test_of_equal_scores_the_earlier_record_goes_first() -> None:
    assert owners(solve([demand("any", "a", [5, 5, 7, 5])], seat("a", 2))) == "a.a."


def test_of_equal_scores_in_two_demands_of_one_kind_the_name_decides_and_not_the_order() -> None:
    french, dutch = demand("French", "a", [5]), demand("Dutch", "a", [5])

    assert solve([french, dutch], seat("a", 1)).given == ((None,), ("a",))
    assert solve([dutch, french], seat("a", 1)).given == (("a",), (None,))


def test_scores_longer_than_decimal_reckons_with_still_differ() -> None:
    close: list[Decimal | int] = [Decimal("1." + "0" * 30 + "1"), Decimal("1." + "0" * 30 + "2")]

    assert owners(solve([demand("any", "a", close)], seat("a", 1))) == ".a"


def test_a_low_score_that_fits_is_not_left_out_for_a_high_one_that_does_not() -> None:
    matching = solve(
        [demand("wide", "a b", [1]), demand("narrow", "a", [9, 8])], seat("a", 1), seat("b", 1)
    )

    assert (owners(matching, 0), owners(matching, 1)) == ("b", "a.")


def test_a_higher_score_comes_before_the_first_rule() -> None:
    low, high = demand("by the first rule", "a", [1]), demand("by the second", "a/1", [2])

    matching = solve([low, high], seat("a", 1))

    assert (owners(matching, 0), owners(matching, 1)) == (".", "a")


def test_as_many_as_possible_matters_more_than_any_score() -> None:
    matching = solve(
        [demand("star", "a b", [1000]), demand("plain", "a", [0])], seat("a", 1), seat("b", 1)
    )

    assert (owners(matching, 0), owners(matching, 1)) == ("b", "a")


def test_the_first_rule_comes_before_an_even_load() -> None:
    matching = solve([demand("any", "a b/1 c/2", 4)], seat("a", 2), seat("b", 1), seat("c", 5))

    assert Counter(owners(matching)) == {"a": 2, "b": 1, "c": 1}


def test_one_by_the_first_rule_outweighs_two_by_the_second() -> None:
    """Added up, the second and second would come to less than the first and fourth."""
    matching = solve(
        [demand("one", "a b/1", 1), demand("two", "a/1 b/3", 1), demand("other", "c/2", 1)],
        seat("a", 1),
        seat("b", 1),
        seat("c", 1),
    )

    assert matching.given == (("a",), ("b",), ("c",))


def test_an_even_load_comes_before_working_sooner() -> None:
    matching = solve([demand("any", "a b@1", 4)], seat("a"), seat("b"))

    assert totals(matching) == {"a": 2, "b": 2}


def test_working_sooner_comes_before_a_longer_wait() -> None:
    matching = solve([demand("any", "a@1 b", 3)], seat("a"), seat("b", turn=9))

    assert totals(matching) == {"a": 1, "b": 2}


def test_many_rules_do_not_blur_each_other() -> None:
    """Forty sellers by as many rules, all but the last with room for one, beside eight of one demand."""
    chain = [f"s{number:02}" for number in range(40)]
    by_rule = " ".join(f"{name}/{number}" for number, name in enumerate(chain))
    own = [f"x{number}" for number in range(8)]
    limited = [seat(name, 1) for name in (*own, *chain[:-1])]

    matching = solve(
        [demand(name, f"{name} {by_rule}", 255) for name in own], *limited, seat("s39")
    )

    assert totals(matching) == {**dict.fromkeys((*own, *chain[:-1]), 1), "s39": 8 * 255 - 8 - 39}


def test_sellers_without_limit_share_thousands_evenly() -> None:
    matching = solve([demand("any", "a b c", 30_000)], seat("a", load=11_000), seat("b"), seat("c"))

    assert totals(matching) == {"a": 2_667, "b": 13_667, "c": 13_666}


def test_a_group_is_not_sent_to_one_seller_where_two_groups_could_be_mixed() -> None:
    first, second = demand("one", "a b c", 10), demand("two", "a b", 10)
    matching = solve([first, second], seat("a"), seat("b"), seat("c", 0))

    assert [len(set(given)) for given in matching.given] == [2, 2]


def test_the_answer_stands_where_the_demand_stood() -> None:
    nothing, some = demand("none", "a", 0), demand("some", "b", 1)

    assert solve([some, nothing, some], seat("a"), seat("b")).given == (("b",), (), ("b",))


def test_nothing_asked_is_nothing_given() -> None:
    assert solve([]) == Matching((), ())
    assert solve([], seat("a")) == Matching((), ())


def test_a_bottleneck_says_what_is_asked_and_what_there_is_room_for() -> None:
    matching = solve(
        [demand("Spanish and Enterprise", "a b", 40), demand("French", "c", 5)],
        seat("a", 20),
        seat("b", 11),
        seat("c", 5),
    )

    assert said(matching) == ["Spanish and Enterprise: 40 records, room for 31"]
    assert matching.bottlenecks[0].sellers == ("a", "b")


def test_demands_that_press_on_the_same_sellers_are_one_bottleneck_the_largest_named_first() -> (
    None
):
    matching = solve(
        [demand("French", "b", 10), demand("Spanish and Enterprise", "a b", 30)],
        seat("a", 20),
        seat("b", 11),
    )

    assert said(matching) == ["Spanish and Enterprise, French: 40 records, room for 31"]


def test_bottlenecks_that_share_nobody_with_room_are_told_apart_the_worst_first() -> None:
    matching = solve(
        [demand("Spanish", "a x", 3), demand("French", "b x", 9), demand("Dutch", "c", 1)],
        seat("a", 2),
        seat("b", 2),
        seat("c", 2),
        seat("x", 0),
    )

    assert said(matching) == ["French: 9 records, room for 2", "Spanish: 3 records, room for 2"]


def test_a_demand_that_is_served_whole_is_no_part_of_a_bottleneck_beside_it() -> None:
    matching = solve(
        [demand("Spanish", "a", 5), demand("Any", "a b", 5)], seat("a", 3), seat("b", 9)
    )

    assert said(matching) == ["Spanish: 5 records, room for 3"]


def test_records_that_nobody_may_take_are_named_as_such() -> None:
    matching = solve([demand("Welsh", "", 12), demand("Manx", "", 1)], seat("a", 5))

    assert said(matching) == [
        "Welsh: 12 records, nobody may take them",
        "Manx: 1 record, nobody may take it",
    ]


def test_sellers_who_are_all_full_are_no_room_rather_than_nobody() -> None:
    matching = solve([demand("Welsh", "a", 12)], seat("a", -2))

    assert said(matching) == ["Welsh: 12 records, room for 0"]
    assert owners(matching) == "." * 12


def test_two_groups_of_one_name_that_find_nobody_are_told_once() -> None:
    matching = solve([demand("Welsh", "", 2), demand("Welsh", "a", 3)], seat("a", 0))

    assert said(matching) == ["Welsh: 5 records, room for 0"]


def test_a_long_list_of_demands_is_cut_short_in_words_only() -> None:
    bottleneck = Bottleneck(tuple("ABCDEFGHIJ"), 100, 90, (SellerId("a"),))

    assert bottleneck.words(most=2) == "A, B and 8 more: 100 records, room for 90"
    assert len(bottleneck.labels) == 10


@pytest.mark.parametrize(
    ("demands", "seats", "complaint"),
    [
        ([demand("Dutch", "a", 1)], [], "Dutch: seller 'a' has no seat"),
        ([demand("Dutch", "a a/1", 1)], [seat("a")], "Dutch: seller 'a' is named twice"),
        ([], [seat("b"), seat("a"), seat("b")], "seller 'b' has two seats"),
        (
            [demand("Dutch", "a", [Decimal("NaN")])],
            [seat("a")],
            "Dutch: a score is not a number",
        ),
    ],
)
def test_what_contradicts_itself_is_refused_by_name(
    demands: list[Demand], seats: list[Seat], complaint: str
) -> None:
    with pytest.raises(MatchingRefused) as refused:
        solve(demands, *seats)

    assert str(refused.value) == complaint


class LazySolver:
    """Ships all at first, as it must, and then nothing."""

    def __init__(self) -> None:
        self.asked = 0

    def ship(self, network: Network) -> Shipment:
        self.asked += 1
        if self.asked == 1:
            return OrToolsFlowSolver().ship(network)
        return Shipment([0] * len(network.costs), [0] * len(network.supplies))


def test_a_solver_that_leaves_out_what_fits_is_found_out() -> None:
    with pytest.raises(FlowFellShort, match="placed 0 of 3 records"):
        match([demand("any", "a", 3)], [seat("a")], LazySolver())


def test_the_reference_task_leaves_nobody_out_and_is_even() -> None:
    given = best_overall(reference_task(10_000))

    assert sum(given) == 10_000
    assert (min(given), max(given)) == (199, 201)


def test_in_the_reference_task_no_seller_has_a_long_run_of_a_group() -> None:
    for owners_in_turn in matched(reference_task(2_000)).given:
        repeats = sum(one == next_one for one, next_one in pairwise(owners_in_turn))

        assert len(set(owners_in_turn)) == 1 or repeats < len(owners_in_turn) / 2
