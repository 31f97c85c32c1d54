"""Queues in the hands of several processes, some of which die."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.azure_storage.draining import BATCH, PATIENCE, QUEUE, die_holding, drain
from tests.azure_storage.subjects import STORAGES

from work_assignment.azure_storage.messages import QueueLength
from work_assignment.azure_storage.opening import SqliteStorage, Storage, open_queues

CONTEXT = multiprocessing.get_context("spawn")


@pytest.fixture(params=STORAGES, ids=lambda make: make.__name__)
def storage(request: pytest.FixtureRequest) -> Storage:
    make: Callable[[pytest.FixtureRequest], Storage] = request.param
    return make(request)


@contextmanager
def processes(target: Callable[..., None], args: Sequence[tuple[Any, ...]]) -> Iterator[None]:
    """Run a function in processes of their own; afterwards all have ended as they should."""
    started = [CONTEXT.Process(target=target, args=own) for own in args]
    for process in started:
        process.start()
    try:
        yield
        for process in started:
            process.join(PATIENCE)
        assert [process.exitcode for process in started] == [0] * len(started)
    finally:
        for process in started:
            process.kill()
            process.join()
            process.close()


def noted(notes: Sequence[Path]) -> list[tuple[str, str]]:
    """Return text and dequeue count of everything that was worked off."""
    lines = [line for note in notes for line in note.read_text("utf-8").splitlines()]
    return [(text, count) for text, _, count in (line.partition(" ") for line in lines)]


def test_four_processes_work_off_all_messages_each_exactly_once(
    storage: Storage, tmp_path: Path
) -> None:
    # An emulator's speed says nothing, and it does some dozen messages a second.
    half = 1000 if isinstance(storage, SqliteStorage) else 80
    notes = [tmp_path / f"notes-{number}" for number in range(4)]
    texts = [str(number) for number in range(2 * half)]
    start, all_put = CONTEXT.Barrier(4), CONTEXT.Event()
    queues = open_queues(storage)
    queues.put_many(QUEUE, texts[:half])
    with processes(drain, [(storage, note, start, all_put) for note in notes]):
        for text in texts[half:]:
            queues.put(QUEUE, text)
        all_put.set()
    assert Counter(noted(notes)) == Counter((text, "1") for text in texts)
    assert queues.length(QUEUE) == QueueLength(visible=0, hidden=0)
    queues.close()


def test_what_a_dying_process_held_comes_to_another_one(storage: Storage, tmp_path: Path) -> None:
    notes = [tmp_path / f"notes-{number}" for number in range(2)]
    texts = [str(number) for number in range(100)]
    queues = open_queues(storage)
    for text in texts:
        queues.put(QUEUE, text)
    dying = CONTEXT.Process(target=die_holding, args=(storage, timedelta(seconds=1)))
    dying.start()
    dying.join(PATIENCE)
    assert dying.exitcode == 9
    dying.close()

    start, all_put = CONTEXT.Barrier(2), CONTEXT.Event()
    all_put.set()
    with processes(drain, [(storage, note, start, all_put) for note in notes]):
        pass
    held, others = texts[:BATCH], texts[BATCH:]
    expected = Counter([*((text, "2") for text in held), *((text, "1") for text in others)])
    assert Counter(noted(notes)) == expected
    queues.close()
