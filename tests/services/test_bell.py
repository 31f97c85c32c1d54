"""The bell: rung as often as one likes, it sounds seldom, and after every ring."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.services.fakes import Clock, MemoryQueues

from work_assignment.services.bell import INTERVAL, QUEUE, TIMER, Bell


class Belfry:
    """A bell with its clock; `sounds` are the moments at which it sounds."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.queues = MemoryQueues(self.clock)
        self.bell = Bell(self.queues, monotonic=self.clock.monotonic)
        self._start = self.clock()

    def ring_after(self, milliseconds: int) -> None:
        self.clock.advance(timedelta(milliseconds=milliseconds))
        self.bell.ring("event")

    @property
    def sounds(self) -> list[float]:
        return [(due - self._start).total_seconds() for due in self.queues.due(QUEUE)]


def test_the_first_ring_sounds_at_once_and_the_next_after_the_interval() -> None:
    belfry = Belfry()

    for pause in (0, 100, 100, 100):
        belfry.ring_after(pause)

    assert belfry.sounds == [0.0, 0.6]


def test_after_a_quiet_interval_it_sounds_at_once_again() -> None:
    belfry = Belfry()

    for pause in (0, 500, 2000):
        belfry.ring_after(pause)

    assert belfry.sounds == [0.0, 0.5, 2.5]


RINGS = st.lists(st.integers(0, 900), min_size=1, max_size=60)


@given(RINGS)
def test_every_ring_is_followed_by_a_sound(pauses: list[int]) -> None:
    belfry, now = Belfry(), 0.0

    for pause in pauses:
        now += pause / 1000
        belfry.ring_after(pause)
        assert belfry.sounds[-1] >= now - 1e-6


@given(RINGS)
def test_it_never_sounds_more_than_once_now_and_once_later_in_an_interval(
    pauses: list[int],
) -> None:
    belfry = Belfry()

    for pause in pauses:
        belfry.ring_after(pause)

    sounds = belfry.sounds
    length = INTERVAL.total_seconds() - 1e-6
    assert all(later - first >= length for first, later in zip(sounds, sounds[2:], strict=False))


def test_a_ring_that_could_not_be_queued_does_not_silence_the_next() -> None:
    belfry = Belfry()
    belfry.queues.broken = True
    with pytest.raises(OSError, match="cannot be written"):
        belfry.ring_after(0)

    belfry.queues.broken = False
    belfry.ring_after(10)

    assert belfry.sounds == [0.01]


def test_a_ring_held_back_that_could_not_be_queued_does_not_silence_the_next() -> None:
    belfry = Belfry()
    belfry.ring_after(0)
    belfry.queues.broken = True
    with pytest.raises(OSError, match="cannot be written"):
        belfry.ring_after(100)

    belfry.queues.broken = False
    belfry.ring_after(100)

    assert belfry.sounds == [0.0, 0.7]


def test_a_ring_does_not_rely_on_one_that_is_still_failing() -> None:
    """Two webhooks at once: the second must not be covered by a bell that is never hung."""
    clock = Clock()
    entered, go_on = threading.Event(), threading.Event()

    class SlowQueues(MemoryQueues):
        def put(self, queue: str, text: str, *, delay: timedelta = timedelta(0)) -> None:
            if delay and not entered.is_set():
                entered.set()
                assert go_on.wait(10)
                raise OSError("the queue cannot be written")
            super().put(queue, text, delay=delay)

    queues = SlowQueues(clock)
    bell = Bell(queues, monotonic=clock.monotonic)
    bell.ring("first")
    clock.advance(timedelta(milliseconds=100))
    errors: list[OSError] = []

    def ring_and_fail() -> None:
        try:
            bell.ring("second")
        except OSError as exc:
            errors.append(exc)

    failing = threading.Thread(target=ring_and_fail)
    failing.start()
    assert entered.wait(10)
    third = threading.Thread(target=bell.ring, args=("third",))
    third.start()
    third.join(0.2)  # it may wait for the second one, and must not be content with it
    go_on.set()
    failing.join(10)
    third.join(10)

    assert len(errors) == 1
    assert len(queues.texts(QUEUE)) == 2


def test_a_bell_for_later_rings_besides_those_for_now() -> None:
    belfry = Belfry()

    belfry.bell.ring_in(timedelta(seconds=30), "away")
    belfry.ring_after(0)

    assert belfry.sounds == [0.0, 30.0]


def test_bells_for_later_do_not_breed() -> None:
    belfry = Belfry()

    for _ in range(100):
        belfry.bell.ring_in(timedelta(seconds=2), "more to do")

    assert belfry.sounds == [2.0]


def test_no_other_bell_for_later_keeps_the_timers_back() -> None:
    belfry = Belfry()

    belfry.bell.ring_in(timedelta(seconds=1), "another worker was at it")
    belfry.bell.ring_in(timedelta(seconds=2), TIMER)
    belfry.bell.ring_in(timedelta(seconds=3), "another worker was at it")

    assert belfry.sounds == [1.0, 2.0]


DELAYS = st.lists(
    st.tuples(st.integers(0, 3000), st.sampled_from([2, 5, 30])), min_size=1, max_size=40
)


@given(DELAYS)
def test_every_ring_for_later_is_followed_by_a_sound_in_its_time(
    rings: list[tuple[int, int]],
) -> None:
    belfry, now = Belfry(), 0.0

    for pause, delay in rings:
        now += pause / 1000
        belfry.clock.advance(timedelta(milliseconds=pause))
        belfry.bell.ring_in(timedelta(seconds=delay), "more to do")
        assert any(now < sound <= now + delay + 1e-6 for sound in belfry.sounds)


def test_a_bell_for_later_that_could_not_be_queued_is_not_relied_on() -> None:
    belfry = Belfry()
    belfry.queues.broken = True
    with pytest.raises(OSError, match="cannot be written"):
        belfry.bell.ring_in(timedelta(seconds=2), "more to do")

    belfry.queues.broken = False
    belfry.bell.ring_in(timedelta(seconds=2), "more to do")

    assert belfry.sounds == [2.0]
