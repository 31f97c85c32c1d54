"""What a run does to everybody, drawn from its seed: deeds of people, deaths, clocks, and faults."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from random import Random
from typing import Any

from work_assignment.cli import sample_data

DEEDS: Mapping[str, float] = {
    "create a lead": 34,
    "create many leads": 3,
    "create and close at once": 4,
    "create an opportunity": 8,
    "assign by hand": 16,
    "close": 12,
    "reopen": 3,
    "delete": 3,
    "change the company": 6,
    "change the subject": 4,
    "disable a seller": 1,
    "enable the sellers": 2,
    "change a capacity": 3,
    "change the definitions": 0.5,
    "change a country": 3,
    "change a size": 7,
    "have leads re-segmented": 2,
    "have leads routed by force": 2,
    "follow a lead": 3,
    "speak another language": 1,
    "mute a kind": 0.5,
    "put what is no event": 0.5,
    "post an old event again": 4,
    "move the clock on": 4,
    "kill a worker": 3,
    "kill a host": 1,
    "kill Dataverse": 1.2,
}
"""How often each thing is done, relative to the others."""
STIRRING: Mapping[str, float] = {
    "change a country": 6,
    "change a size": 10,
    "assign by hand": 5,
    "have leads re-segmented": 2,
    "have leads routed by force": 2,
    "follow a lead": 2,
    "close": 2,
    "kill a worker": 1,
}
"""What people do once more when all have their owners: most of it makes records move."""
_STIRS = 60
_LONGEST_PAUSE = 0.16
_HOSTS_LIVE = 5
"""Times longer than workers: without any host nobody hears what people do."""
_APP = {"user": sample_data.APP_USER}
_INNER = {**_APP, "inner": True}
_IN_OUTCOMES = {**_INNER, "method": "PATCH"}


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that is done, with dice of its own for whom it is done to."""

    number: int
    kind: str
    dice_seed: str
    pause: float

    @property
    def dice(self) -> Random:
        return Random(self.dice_seed)  # noqa: S311 - a seed repeats the run


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A scripted fault of the mock: what it is called in the report, and its rule."""

    name: str
    match: Mapping[str, Any]
    probability: float
    effect: Mapping[str, Any]


FAULTS: Sequence[FaultKind] = (
    FaultKind("connection dropped before", _APP, 0.07, {"drop": "before"}),
    FaultKind("connection dropped after", _APP, 0.05, {"drop": "after"}),
    FaultKind(
        "429 with Retry-After",
        _APP,
        0.03,
        {"status": 429, "code": "0x80072322", "message": "Too many requests.", "retry_after": 1},
    ),
    FaultKind("503", _APP, 0.05, {"status": 503, "message": "The service is unavailable."}),
    FaultKind(
        "504 after the commit",
        _APP,
        0.03,
        {"status": 504, "message": "The gateway timed out.", "after": True},
    ),
    FaultKind("latency", _APP, 0.25, {"delay_ms": 30}),
    FaultKind(
        "412 inside a batch",
        _IN_OUTCOMES,
        0.04,
        {"status": 412, "code": "0x80060882", "message": "The version does not match."},
    ),
    FaultKind(
        "deadlock victim inside a batch",
        _IN_OUTCOMES,
        0.04,
        {"status": 400, "code": "0x80044150", "message": "Generic SQL error."},
    ),
    FaultKind(
        "lock time-out inside a batch",
        _INNER,
        0.015,
        {"status": 400, "code": "0x80044151", "message": "SQL timeout expired."},
    ),
    FaultKind(
        "429 inside a batch",
        _INNER,
        0.01,
        {"status": 429, "code": "0x80072322", "message": "Too many requests.", "retry_after": 1},
    ),
    FaultKind(
        "503 inside a batch",
        _INNER,
        0.01,
        {"status": 503, "message": "The service is unavailable."},
    ),
)


_DEFINITIONS = {"path": "EntityDefinitions"}
SPARED: Sequence[Mapping[str, Any]] = [
    {"match": {**match, **_DEFINITIONS}, "probability": 0.9, "do": {"delay_ms": 1}}
    for match in (_APP, _INNER)
]
"""Rules in front of the faults: who begins reads dozens of these, and would else hardly come to work."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What kind of run it is: what people do, what fails, how long workers live.

    Processes kill themselves around the write whose number is in `dies_between`, if that is given.
    With `has_lease` every second worker respects the lease, else nobody does. Each write of a row
    takes `write_ms`, with its lock held. `stirring` is done after the storm.
    """

    deeds: Mapping[str, float]
    faults: Sequence[FaultKind] = ()
    dies_between: tuple[int, int] | None = None
    has_lease: bool = True
    write_ms: float = 2.0
    stirring: Mapping[str, float] = field(default_factory=dict)


STORM = Scene(DEEDS, FAULTS, (5, 100), stirring=STIRRING)
"""Everything at once."""
CROWD = Scene({"create many leads": 1}, has_lease=False, write_ms=12.0)
"""Nothing but work for all at once, so that they meet on sellers' rows."""
CONTENTION = Scene(
    {"create a lead": 12, "create many leads": 2, "assign by hand": 20, "close": 4},
    (FaultKind("latency", _APP, 0.5, {"delay_ms": 150}),),
    has_lease=False,
    write_ms=4.0,
)
"""Everybody wants the same records at once, and what was read is old when it is written."""
CHOOSING = Scene(
    {"create a lead": 10, "create and close at once": 6, "assign by hand": 20}, (), (1, 6)
)
"""People choose owners while workers die young."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that chance decides, by the seed."""

    seed: int
    scene: Scene = STORM

    def deeds(self) -> Iterator[Deed]:
        """What is done, one after the other, without end."""
        return self._drawn("deed", self.scene.deeds)

    def stirs(self) -> Iterator[Deed]:
        """What is done after the storm."""
        return islice(
            self._drawn("stir", self.scene.stirring), _STIRS if self.scene.stirring else 0
        )

    def _drawn(self, what: str, weights: Mapping[str, float]) -> Iterator[Deed]:
        dice = self.dice(f"{what}s")
        for number in count(1):
            (kind,) = dice.choices(list(weights), list(weights.values()))
            yield Deed(number, kind, f"{self.seed} {what} {number}", dice.random() * _LONGEST_PAUSE)

    def faults(self, life: int) -> list[dict[str, Any]]:
        """The mock's rules in one of its lives, behind those that spare something."""
        return [
            {
                "match": dict(kind.match),
                "probability": kind.probability,
                "seed": self.dice(f"fault {number} {life}").randrange(10**6),
                "do": dict(kind.effect),
            }
            for number, kind in enumerate(self.scene.faults)
        ]

    def dies_after(self, name: str, life: int) -> int:
        """The write around which a process kills itself in one of its lives; 0 is never."""
        if self.scene.dies_between is None:
            return 0
        shortest, longest = self.scene.dies_between
        lives = _HOSTS_LIVE if name.startswith("host") else 1
        return lives * self.dice(f"{name} {life}").randint(shortest, longest)

    def dice(self, what: str) -> Random:
        """Dice for one purpose."""
        return Random(f"{self.seed} {what}")  # noqa: S311 - a seed repeats the run

    def in_words(self) -> str:
        """What is planned, so that two runs of a seed can be seen to be the same."""
        first = list(islice(self.deeds(), 1000))
        counts = Counter(deed.kind for deed in first)
        text = "\n".join(f"{deed.kind} {deed.pause}" for deed in first) + str(self.faults(1))
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        deeds = ", ".join(f"{kind} {times}" for kind, times in counts.most_common())
        faults = ", ".join(f"{kind.name} {kind.probability:.1%}" for kind in self.scene.faults)
        return (
            f"Seed {self.seed}, plan {digest}.\n"
            f"Of each thousand deeds: {deeds}.\n"
            f"Faults, by request or by operation of a batch: {faults}."
        )
