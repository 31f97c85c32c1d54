"""The one time that all processes of a run share: the real time and an offset kept in a file."""

from __future__ import annotations

import os
import struct
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

_OFFSET = struct.Struct("<d")


class SharedClock:
    """Reads the time; whoever made the file moves it on. `skew` is how wrong this reader is."""

    def __init__(self, file: Path, *, skew: float = 0.0) -> None:
        if not file.exists():
            file.write_bytes(_OFFSET.pack(0.0))
        self._descriptor = os.open(file, os.O_RDWR)
        self._skew = skew

    def __call__(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.offset + self._skew)

    def monotonic(self) -> float:
        """Seconds that pass for everybody; this reader's being wrong is no matter."""
        return time.monotonic() + self.offset

    @property
    def offset(self) -> float:
        """How many seconds this run is ahead of the real time."""
        (offset,) = _OFFSET.unpack(os.pread(self._descriptor, _OFFSET.size, 0))
        return float(offset)

    def advance(self, seconds: float) -> None:
        """Move everybody's time on."""
        os.pwrite(self._descriptor, _OFFSET.pack(self.offset + seconds), 0)

    def close(self) -> None:
        os.close(self._descriptor)
