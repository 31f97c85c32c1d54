"""Tells how far a long loading is: in place on a terminal, else a line now and then."""

from __future__ import annotations

import sys
from typing import TextIO

_IN_PLACE_EVERY = 10_000
_LINE_EVERY = 100_000


class Progress:
    """How many leads of how many are there."""

    def __init__(self, total: int, out: TextIO = sys.stderr) -> None:
        self._total = total
        self._out = out
        self._is_terminal = out.isatty()
        self._every = _IN_PLACE_EVERY if self._is_terminal else _LINE_EVERY
        self._shown = 0

    def show(self, done: int) -> None:
        """Say so each time that enough have been added."""
        if done // self._every == self._shown // self._every:
            return
        self._shown = done
        text = f"{done:,} of {self._total:,} leads"
        self._out.write(f"\r{text}" if self._is_terminal else f"{text}\n")
        self._out.flush()

    def end(self) -> None:
        """Wipe what stands on the terminal."""
        if self._is_terminal and self._shown:
            self._out.write("\r\x1b[K")
            self._out.flush()
