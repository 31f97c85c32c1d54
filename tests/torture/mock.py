"""The mock as a process that can be killed: `python -m tests.torture.mock DATABASE PORT CLOCK`."""

from __future__ import annotations

import sqlite3
import sys
import threading
from pathlib import Path

from tests.torture.clock import SharedClock
from tests.torture.journal import keep_journal
from tests.torture.notes import keep_notes

from work_assignment.cli.common import call_when_told_to_end
from work_assignment.mock_dataverse.server import MockServer

_RUN_KEY = "key__wa_routingrun__wa_recordtype__wa_recordid__wa_recordversion"


def main(database: str, port: str, clock: str, *without: str) -> None:
    """Serve until told to end; the organization's time is the run's."""
    ended = threading.Event()
    with MockServer(database, port=int(port), clock=SharedClock(Path(clock))) as server:
        keep_journal(Path(database))
        keep_notes(Path(database))
        if "run-key" in without:
            _drop_run_key(database)
        sys.stdout.write(f"Mock Dataverse ready at {server.url}\n")
        sys.stdout.flush()
        call_when_told_to_end(ended.set)
        ended.wait()


def _drop_run_key(database: str) -> None:
    """Put an index that allows the same twice in its place: the next start finds it there."""
    db = sqlite3.connect(database, timeout=30, isolation_level=None)
    try:
        db.execute(f"DROP INDEX IF EXISTS {_RUN_KEY}")
        db.execute(f"CREATE INDEX {_RUN_KEY} ON wa_routingrun (wa_attempts)")
    finally:
        db.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
