"""One worker as a process of its own: `python -m tests.e2e.worker URL STORAGE BLOCK_SIZE`.

It says `ready`, waits for a line, then answers bells without any lease until nothing waits.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.e2e.world import EverybodysLease, decider


def main(url: str, storage: str, block_size: str) -> None:
    worker = decider(url, Path(storage), leases=EverybodysLease(), block_size=int(block_size))
    print("ready", flush=True)
    sys.stdin.readline()
    while True:
        report = worker.answer()
        print(report, flush=True)
        if not (report.written or report.conflicts or report.held or report.away):
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
