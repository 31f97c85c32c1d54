"""Ids on each log line, and one line of figures for each session of work.

The functions host sends the text of a message to Application Insights and nothing else that a
record carries, so ids and figures stand in the text, in forms that KQL reads: `[block=... run=...]`
at the end of a line, and `metrics {...}` in JSON. Records carry them as attributes too, for other
handlers.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from work_assignment.domain.runs.outcomes import Run
from work_assignment.services.ports import RunReport

IDS = ("sweep", "block", "record", "run")
"""What a line may be about, in the order it is told."""
Traffic = Callable[[], Mapping[str, int]]
"""Counters of what was sent so far, which only rise."""
_UNSAFE = re.compile(r"[^\w./:-]")
_IDLE = ("rounds",)
_OUTCOMES = ("assigned", "by_hand", "gone")

_log = logging.getLogger(__name__)


def nothing_sent() -> Mapping[str, int]:
    """Counters of somebody who sends nothing."""
    return {}


class Figures:
    """What one session of work counts, and how long its phases take; `ids` are those of all lines."""

    def __init__(self, kind: str, traffic: Traffic, monotonic: Callable[[], float]) -> None:
        self.kind = kind
        self.ids: dict[str, str] = {}
        self.counts: Counter[str] = Counter()
        self.unassigned: Counter[str] = Counter()
        self._seconds: dict[str, float] = {}
        self._traffic = traffic
        self._sent_before = dict(traffic())
        self._monotonic = monotonic
        self._started = monotonic()

    @contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """Add the time until the end to a phase."""
        started = self._monotonic()
        try:
            yield
        finally:
            took = self._monotonic() - started
            self._seconds[phase] = self._seconds.get(phase, 0.0) + took

    def report(self, report: RunReport) -> None:
        """Count what a worker did, beside the records, which are counted one by one."""
        self.counts.update(
            given_up=report.given_up,
            held=report.held,
            rounds=report.rounds,
            away=int(bool(report.away)),
        )

    @property
    def is_worth_telling(self) -> bool:
        """Whether anything was done or went wrong: an idle bell each minute is no news."""
        told = any(count for name, count in self.counts.items() if name not in _IDLE)
        return told or bool(self.unassigned)

    def data(self) -> dict[str, Any]:
        """The figures as they are told."""
        sent = self._traffic()
        return {
            "kind": self.kind,
            **{name: self.ids[name] for name in ("sweep",) if name in self.ids},
            "seconds": round(self._monotonic() - self._started, 3),
            "decided": sum(self.counts[name] for name in _OUTCOMES) + self.unassigned.total(),
            **{name: count for name, count in sorted(self.counts.items()) if count},
            "unassigned": dict(self.unassigned.most_common()),
            "phases": {name: round(seconds, 3) for name, seconds in self._seconds.items()},
            "sent": {name: sent[name] - self._sent_before.get(name, 0) for name in sent},
        }


_figures: ContextVar[Figures | None] = ContextVar("figures", default=None)


@contextmanager
def session(
    kind: str,
    traffic: Traffic = nothing_sent,
    *,
    monotonic: Callable[[], float] = time.monotonic,
    **ids: str,
) -> Iterator[Figures]:
    """Count what is done until the end of this, and tell it in one line.

    What threads do that are started meanwhile is not counted here.
    """
    figures = Figures(kind, traffic, monotonic)
    figures.ids.update(ids)
    token = _figures.set(figures)
    try:
        yield figures
    finally:
        _figures.reset(token)
        if figures.is_worth_telling:
            data = figures.data()
            _log.info("metrics %s", json.dumps(data), extra={"metrics": data})


def note(**ids: str) -> None:
    """Say what the following lines of this session are about, such as another block."""
    figures = _figures.get()
    if figures is not None:
        figures.ids.update(ids)


def count(name: str, number: int = 1) -> int:
    """Count something in this session; gives the number back."""
    figures = _figures.get()
    if figures is not None:
        figures.counts[name] += number
    return number


def count_unassigned(reason: str) -> None:
    """Count a record that nobody was found for."""
    figures = _figures.get()
    if figures is not None:
        figures.unassigned[reason] += 1


@contextmanager
def timed(phase: str) -> Iterator[None]:
    """Add the time until the end of this to a phase of the session, if there is one."""
    figures = _figures.get()
    if figures is None:
        yield
        return
    with figures.timed(phase):
        yield


class Logger(logging.LoggerAdapter[logging.Logger]):
    """A logger whose lines end with ids: the session's, and those given as keywords of IDS.

    A `run` may be the run itself: it says all the others.
    """

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        figures = _figures.get()
        known: dict[str, Any] = dict(figures.ids) if figures is not None else {}
        known |= {name: kwargs.pop(name) for name in IDS if name in kwargs}
        if isinstance(run := known.get("run"), Run):
            known |= _ids_of(run)
        ids = {name: _UNSAFE.sub("_", known[name]) for name in IDS if known.get(name)}
        if not ids:
            return msg, kwargs
        given = kwargs.get("extra") or {}
        kwargs["extra"] = {**{f"wa_{name}": value for name, value in ids.items()}, **given}
        tail = " ".join(f"{name}={value}" for name, value in ids.items())
        return f"{msg} [{tail}]", kwargs


def _ids_of(run: Run) -> dict[str, str]:
    ids = {"block": run.block, "record": f"{run.key.table}/{run.key.id}", "run": run.id}
    return ids if run.sweep_id is None else {**ids, "sweep": run.sweep_id}


def logger(name: str) -> Logger:
    """The logger of a module."""
    return Logger(logging.getLogger(name))
