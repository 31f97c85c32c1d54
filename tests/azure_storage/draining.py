"""What a worker process does in the tests: takes messages, notes them down, deletes them."""

from __future__ import annotations

import os
import threading
from datetime import timedelta
from multiprocessing.synchronize import Barrier, Event
from pathlib import Path

from work_assignment.azure_storage.opening import Storage, open_queues

QUEUE = "work"
BATCH = 16
PATIENCE = 60


def drain(storage: Storage, notes: Path, start: Barrier, all_put: Event) -> None:
    """Take a first batch, go on when all others have theirs, and end when nothing is left."""
    queues = open_queues(storage)
    pause = threading.Event()
    is_first = True
    with notes.open("w", encoding="utf-8") as written:
        while True:
            messages = queues.receive(QUEUE, limit=BATCH, hidden_for=timedelta(minutes=10))
            if messages and is_first:
                start.wait(PATIENCE)
                is_first = False
            for message in messages:
                written.write(f"{message.text} {message.dequeue_count}\n")
                written.flush()
                queues.delete(QUEUE, message)
            if not messages:
                was_all_put = all_put.is_set()
                length = queues.length(QUEUE)
                if was_all_put and not length.visible + length.hidden:
                    break
                pause.wait(0.01)
    queues.close()


def die_holding(storage: Storage, hidden_for: timedelta) -> None:
    """Take a batch and end without deleting or closing anything."""
    open_queues(storage).receive(QUEUE, limit=BATCH, hidden_for=hidden_for)
    os._exit(9)
