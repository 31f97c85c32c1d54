"""The laws of going fast: how many batches at once, and how large."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from work_assignment.dataverse.pace import (
    BATCHES_TO_RISE,
    FEWEST_BYTES,
    LARGEST,
    MOST_BYTES,
    SIZE_AT_FIRST,
    TARGET,
    WIDEST,
    WIDTH_AT_FIRST,
    Pace,
)


@dataclass(frozen=True)
class Hinted:
    width: int


@dataclass(frozen=True)
class Refused:
    """One of those sent so many halvings ago."""

    periods_ago: int


@dataclass(frozen=True)
class Ended:
    change_sets: int
    seconds: float
    clean: bool


hints = st.builds(Hinted, st.integers(-2, 60))
refusals = st.builds(Refused, st.integers(0, 3))
endings = st.builds(Ended, st.integers(1, LARGEST), st.floats(0, 200), st.booleans())
good_ones = st.builds(Ended, st.integers(1, LARGEST), st.floats(0, TARGET), st.just(True))
happenings = st.lists(hints | refusals | endings | good_ones, max_size=80)


def tell(pace: Pace, happening: Hinted | Refused | Ended) -> None:
    match happening:
        case Hinted(width):
            pace.hinted(width)
        case Refused(periods_ago):
            pace.throttled(pace.period - periods_ago)
        case Ended(change_sets, seconds, clean):
            pace.batch_ended(change_sets, seconds, clean=clean)


def good(pace: Pace, batches: int) -> None:
    for _ in range(batches):
        pace.batch_ended(pace.size, 3.0, clean=True)


@given(happenings)
def test_the_width_is_never_above_the_last_hint_and_never_below_one(
    story: list[Hinted | Refused | Ended],
) -> None:
    pace, hint = Pace(), WIDTH_AT_FIRST
    for happening in story:
        tell(pace, happening)
        if isinstance(happening, Hinted):
            hint = max(1, min(happening.width, WIDEST))
        assert 1 <= pace.width <= hint


@given(happenings)
def test_until_the_first_429_the_width_is_the_hint(story: list[Hinted | Refused | Ended]) -> None:
    pace = Pace()
    for happening in story:
        if isinstance(happening, Refused):
            break
        tell(pace, happening)
        if isinstance(happening, Hinted):
            assert pace.width == max(1, min(happening.width, WIDEST))
    assert pace.period == 0


@given(happenings)
def test_after_a_429_the_width_rises_by_one_at_a_time(
    story: list[Hinted | Refused | Ended],
) -> None:
    pace = Pace()
    pace.throttled(0)
    for happening in story:
        before = pace.width
        tell(pace, happening)
        assert pace.width <= before + isinstance(happening, Ended)


@given(happenings)
def test_the_size_stays_within_its_bounds_and_at_most_doubles(
    story: list[Hinted | Refused | Ended],
) -> None:
    pace = Pace()
    for happening in story:
        before = pace.size
        tell(pace, happening)
        assert 1 <= pace.size <= min(LARGEST, before * 2)


@given(st.floats(0, 1.9), st.floats(0.001, 4.9))
def test_batches_come_under_the_target_for_a_server_of_any_speed_and_are_not_too_small(
    overhead: float, each: float
) -> None:
    pace = Pace()
    for _ in range(40):
        pace.batch_ended(pace.size, overhead + each * pace.size, clean=True)
    settled = pace.size
    took = overhead + each * settled
    assert took <= TARGET or settled == 1
    assert took >= TARGET * 0.4 or settled == LARGEST
    pace.batch_ended(settled, took, clean=True)
    assert pace.size == settled or settled == 1


def test_batches_grow_while_they_are_quick() -> None:
    pace = Pace()
    sizes = [pace.size]
    for _ in range(4):
        pace.batch_ended(pace.size, 0.1, clean=True)
        sizes.append(pace.size)
    assert sizes == [SIZE_AT_FIRST, 40, 80, LARGEST, LARGEST]


def test_a_batch_grows_only_if_the_larger_one_would_still_be_well_under_the_target() -> None:
    for seconds, grown in ((2.0, 40), (2.1, 20)):
        pace = Pace()
        pace.batch_ended(SIZE_AT_FIRST, seconds, clean=True)
        assert pace.size == grown


def test_four_quick_batches_of_the_same_size_double_it_once() -> None:
    pace = Pace()
    for _ in range(4):
        pace.batch_ended(SIZE_AT_FIRST, 0.1, clean=True)
    assert pace.size == 2 * SIZE_AT_FIRST


def test_a_small_rest_that_is_quick_says_nothing_about_larger_batches() -> None:
    pace = Pace()
    pace.batch_ended(SIZE_AT_FIRST - 1, 0.1, clean=True)
    assert pace.size == SIZE_AT_FIRST


def test_one_change_set_that_waited_long_for_a_lock_does_not_make_all_batches_tiny() -> None:
    pace = Pace()
    pace.batch_ended(1, 10.0, clean=False)
    assert pace.size == 8


def test_several_slow_batches_of_an_older_size_shrink_it_once() -> None:
    pace = Pace()
    for _ in range(4):
        pace.batch_ended(SIZE_AT_FIRST, 8.0, clean=True)
    assert pace.size == 10


def test_requests_that_are_refused_together_halve_the_width_once() -> None:
    pace = Pace()
    pace.hinted(8)
    sent_in = pace.period
    for _ in range(8):
        pace.throttled(sent_in)
    assert pace.width == 4


def test_being_refused_again_afterwards_halves_it_again_down_to_one() -> None:
    pace = Pace()
    pace.hinted(8)
    widths = []
    for _ in range(5):
        pace.throttled(pace.period)
        widths.append(pace.width)
    assert widths == [4, 2, 1, 1, 1]


def test_a_run_of_good_batches_widens_by_one_up_to_the_hint() -> None:
    pace = Pace()
    pace.hinted(4)
    pace.throttled(0)
    widths = []
    for _ in range(4):
        good(pace, BATCHES_TO_RISE)
        widths.append(pace.width)
    assert widths == [3, 4, 4, 4]


def test_a_batch_that_is_slow_or_met_locks_begins_the_run_anew() -> None:
    for spoiling in (Ended(5, 6.0, clean=True), Ended(5, 1.0, clean=False), Refused(1)):
        pace = Pace()
        pace.throttled(0)
        good(pace, BATCHES_TO_RISE - 1)
        tell(pace, spoiling)
        good(pace, BATCHES_TO_RISE - 1)
        assert pace.width == WIDTH_AT_FIRST // 2
        good(pace, 1)
        assert pace.width == WIDTH_AT_FIRST // 2 + 1


def test_a_smaller_hint_holds_at_once_and_a_larger_one_is_reached_step_by_step() -> None:
    pace = Pace()
    pace.hinted(16)
    pace.throttled(0)
    pace.hinted(2)
    assert pace.width == 2
    pace.hinted(16)
    assert pace.width == 2


def test_several_senders_share_the_width_and_each_has_at_least_one() -> None:
    pace = Pace()
    pace.hinted(3)
    entered = [pace.enter(is_first=number == 0) for number in range(5)]
    assert entered == [True, True, True, False, False]
    assert pace.enter(is_first=True)
    pace.leave()
    assert not pace.enter(is_first=False)
    pace.leave()
    assert pace.enter(is_first=False)


def test_a_batch_that_was_too_large_halves_the_bytes_and_an_older_one_does_not_raise_them() -> None:
    pace = Pace()
    learned = [pace.most_bytes]
    for size in (6_000_000, 7_000_000, 2_000_000):
        pace.too_large(size)
        learned.append(pace.most_bytes)
    assert learned == [MOST_BYTES, 3_000_000, 3_000_000, 1_000_000]


def test_the_bytes_of_a_batch_are_never_taught_to_be_too_few() -> None:
    pace = Pace()
    for _ in range(20):
        pace.too_large(pace.most_bytes)
    assert pace.most_bytes == FEWEST_BYTES
