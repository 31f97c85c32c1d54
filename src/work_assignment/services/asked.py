"""A question that may hang: asked by one thread at a time, waited for only a while, its answer kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Reply(Generic[Answer]):
    """What came of a question: the answer, or what is wrong; and how many seconds it took."""

    answer: Answer | None
    trouble: str = ""
    seconds: float = 0.0


class _Try(Generic[Answer]):
    """One time that it is asked."""

    def __init__(self, started: float) -> None:
        self.started = started
        self.ended = threading.Event()
        self.good_until = started
        self.reply: Reply[Answer] = Reply(None, "it was not answered")


class Asked(Generic[Answer]):
    """Asks `ask`. One that hangs is not asked once more beside itself, however many want to know."""

    def __init__(
        self,
        ask: Callable[[], Answer],
        *,
        kept_for: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask = ask
        self._kept_for = kept_for
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._last: _Try[Answer] | None = None

    def begin(self) -> Callable[[float], Reply[Answer]]:
        """Ask, unless an answer is still good or on its way; the result waits for it till a moment.

        The moment is one of the monotonic clock.
        """
        with self._lock:
            asked, now = self._last, self._monotonic()
            is_news = asked is None or (asked.ended.is_set() and asked.good_until <= now)
            if asked is None or is_news:
                asked = self._last = _Try(now)
        if is_news:
            # A thread of its own, that may hang for ever and does not keep the process from ending.
            threading.Thread(target=self._answer, args=(asked,), daemon=True).start()
        return lambda until: self._wait(asked, until)

    def _answer(self, asked: _Try[Answer]) -> None:
        try:
            answer, trouble = self._ask(), ""
        except Exception as exc:
            answer, trouble = None, str(exc) or type(exc).__name__
        now = self._monotonic()
        asked.reply = Reply(answer, trouble, now - asked.started)
        asked.good_until = now + self._kept_for
        asked.ended.set()

    def _wait(self, asked: _Try[Answer], until: float) -> Reply[Answer]:
        if asked.ended.wait(max(until - self._monotonic(), 0)):
            return asked.reply
        seconds = self._monotonic() - asked.started
        return Reply(None, f"no answer for {seconds:.1f} s", seconds)
