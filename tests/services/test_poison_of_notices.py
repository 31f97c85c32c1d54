"""Notices that were given up are listed without what they say, and sent again as they were."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.services.test_delivering import LEAD, MAIL
from tests.services.test_poison import Box

from work_assignment.services.outbox import QUEUE, delivery_text
from work_assignment.services.poison import poison_data
from work_assignment.services.sweep_requests import carried


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    box = Box(tmp_path / "queues.sqlite")
    with closing(box.queues):
        yield box


def test_a_notice_is_listed_by_whom_it_is_for(box: Box) -> None:
    box.give_up(carried(delivery_text(MAIL)), queue=QUEUE, why="the server is away")
    (entry,) = box.listed()
    assert entry.says == "email to user 11111111-1111-4111-8111-111111111111: assigned"
    assert (entry.record, entry.why) == (LEAD, "the server is away")
    assert "Tents" not in str(poison_data(entry))


def test_a_notice_is_sent_again_as_it_was(box: Box) -> None:
    text = carried(delivery_text(MAIL))
    box.give_up(text, queue=QUEUE)
    box.poison.retry()
    assert box.texts(QUEUE) == [text]
    assert box.listed() == ()
