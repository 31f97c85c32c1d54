"""Whatever is sent, the mock answers in the documented form, soon, and leaves nothing half-written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from random import Random

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from tests.fuzz.attacks import SERVICE, Answer, Attack
from tests.fuzz.campaign import (
    ADMIN,
    ALONE,
    TOGETHER,
    Attacker,
    LoggedErrors,
    Maker,
    Tally,
    Target,
    run_campaign,
    some_attack,
    targets,
)
from tests.fuzz.laws import violations

_KINDS = {"alone": ALONE, "together": TOGETHER, "admin": ADMIN}
_DICE = st.randoms(use_true_random=False)


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    with targets(1) as (made,):
        yield made
        assert made.problems() == []


@pytest.mark.parametrize("kind", _KINDS)
def test_every_attack_is_answered_by_the_laws(target: Target, kind: str) -> None:
    @seed(20260304)
    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(dice=_DICE)
    def attacked(dice: Random) -> None:
        makers: Sequence[tuple[Maker, int]] = _KINDS[kind]
        attack = some_attack(dice, target.names, makers)
        with closing(Attacker(target, Tally(), is_alone=kind == "alone")) as attacker:
            assert attacker.attack(attack) == [], str(attack)

    with LoggedErrors().listening() as errors:
        attacked()
    assert errors.texts == []


def test_a_short_campaign_of_several_threads_finds_nothing() -> None:
    tally = Tally()
    with LoggedErrors().listening() as errors:
        problems = run_campaign(requests=1500, seconds=60, seed=1, tally=tally)

    assert [str(violation) for violation in tally.violations] == []
    assert errors.texts == []
    assert problems == []
    assert tally.count >= 1500


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Answer(500, 0.1, {}, b'{"error":{"code":"0x80040216","message":"x"}}'), "answered 500"),
        (Answer(400, 0.1, {}, b"oops"), "has no message in the documented form"),
        (Answer(400, 6.0, {}, b'{"error":{"code":"0x80040216","message":"x"}}'), "took 6.0 s"),
        (
            Answer(400, 0.1, {}, b'{"error":{"code":"0x80040216","message":"NoneType"}}'),
            "shows the inside of the mock",
        ),
        (
            Answer(501, 0.1, {}, b'{"error":{"code":"0x80040216","message":"x"}}'),
            "does not say what is not emulated",
        ),
        (Answer(0, 0.1), "the connection was closed without an answer"),
    ],
)
def test_the_laws_see_what_breaks_them(answer: Answer, problem: str) -> None:
    assert list(violations(Attack("page", "GET", f"{SERVICE}leads"), answer)) == [problem]


def test_what_a_refused_write_leaves_behind_is_seen(target: Target) -> None:
    attack = Attack("create", "POST", f"{SERVICE}leads", culprit="zznope")
    writes = Attack(
        "create",
        "POST",
        f"{SERVICE}leads",
        (("Content-Type", "application/json"),),
        b'{"lastname":"x"}',
    )
    with (
        closing(target.watch()) as watch,
        closing(Attacker(target, Tally(), is_alone=True)) as attacker,
    ):
        before = watch.execute("PRAGMA data_version").fetchone()
        assert attacker.attack(attack) != []
        assert watch.execute("PRAGMA data_version").fetchone() == before
        assert attacker.attack(writes) == []
        assert watch.execute("PRAGMA data_version").fetchone() != before
