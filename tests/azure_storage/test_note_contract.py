"""What every implementation of notes keeps to."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.azure_storage.subjects import NOTES

from work_assignment.azure_storage.opening import Notes


@pytest.fixture(params=NOTES, ids=lambda make: make.__name__)
def notes(request: pytest.FixtureRequest) -> Iterator[Notes]:
    make: Callable[[pytest.FixtureRequest], Notes] = request.param
    notes = make(request)
    yield notes
    notes.close()


def test_what_was_never_written_is_none(notes: Notes) -> None:
    assert notes.read("timer-ring") is None


def test_the_last_one_written_counts_for_its_name_alone(notes: Notes) -> None:
    notes.write("timer-ring", "first")
    notes.write("timer-other", "ü")
    notes.write("timer-ring", "")
    assert notes.read("timer-ring") == ""
    assert notes.read("timer-other") == "ü"


def test_notes_outlive_a_close(notes: Notes) -> None:
    notes.write("timer-ring", "x")
    notes.close()
    assert notes.read("timer-ring") == "x"
