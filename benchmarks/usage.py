"""What a process has used so far: processor time and memory."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from time import process_time

_STATUS = Path("/proc/self/status")
_MOST = "VmHWM:"


@dataclass(frozen=True, slots=True)
class Usage:
    """Processor seconds so far, and the most memory so far in bytes."""

    seconds: float
    peak: int

    @property
    def peak_mb(self) -> float:
        return self.peak / 2**20


def usage() -> Usage:
    """What this process has used."""
    return Usage(process_time(), _peak())


def _peak() -> int:
    """The most memory this process ever had; 0 where the system does not say."""
    if sys.platform == "win32":
        return 0
    if _STATUS.exists():
        # Linux counts into ru_maxrss what the parent had when it forked.
        lines = _STATUS.read_text(encoding="ascii", errors="replace").splitlines()
        found = next((line.split() for line in lines if line.startswith(_MOST)), None)
        if found:
            return int(found[1]) * 1024
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
