"""What is told later is what would have been told at once."""

from __future__ import annotations

from dataclasses import replace

from work_assignment.domain.records import Owner, RecordKey, SellerId
from work_assignment.domain.runs.outcomes import Committed, Untold
from work_assignment.services.telling import block_notices, late_notice

ADA = SellerId("ada")


def committed(number: int, previous: Owner | None = None) -> Committed:
    key = RecordKey("lead", f"lead {number}")
    return Committed("block", f"run {number}", key, f"Lead {number}", ADA, None, previous)


def marked(*together: Committed) -> Untold:
    """The first run of a block, which is marked for all that it brought Ada."""
    key = RecordKey("lead", "lead 1")
    return Untold("run 1", ADA, key, "Lead 1", together=together, block="block")


def test_news_of_a_block_that_come_late_are_the_same_notification_under_the_same_id() -> None:
    block = [committed(number) for number in range(1, 38)]
    (at_once,) = block_notices("block", block)
    late = late_notice(marked(*block))
    assert late == replace(at_once, run_id="run 1")
    assert late.title == "37 leads were assigned to you"


def test_a_record_that_a_block_brought_alone_is_told_late_under_the_same_id() -> None:
    alone = late_notice(marked(committed(1)))
    assert alone == late_notice(marked())
    assert (alone.title, alone.run_id) == ("New lead: Lead 1", "run 1")
    (at_once,) = block_notices("block", [committed(1)])
    assert alone == replace(at_once, run_id="run 1")


def test_records_that_were_hers_before_are_no_news_later_either() -> None:
    hers = committed(2, Owner("systemuser", ADA))
    assert late_notice(marked(committed(1), hers)).title == "New lead: Lead 1"
    assert (
        late_notice(marked(committed(1), hers, committed(3))).title
        == "2 leads were assigned to you"
    )
