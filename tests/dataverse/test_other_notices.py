"""Previous owners and followers: told in one piece with the marks on their runs, in few requests."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

import pytest
from tests.dataverse.fake_organization import (
    DISABLED,
    EXPIRY,
    NOT_ALLOWED,
    FakeOrganization,
    is_about,
    row_id,
    seller,
)

from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.errors import ServerUnavailable
from work_assignment.dataverse.other_notices import TRIED_AGAIN_AFTER, OtherNotices
from work_assignment.domain.defining.notifications import Kind
from work_assignment.domain.errors import Unavailable
from work_assignment.domain.records import RecordKey, SellerId
from work_assignment.domain.runs.outcomes import Notice

ADA, EVE = seller(1), seller(2)


def runs(count: int) -> list[str]:
    return [row_id("run", number) for number in range(count)]


def notice(who: SellerId, told_of: Sequence[str], **more: Any) -> Notice:
    return Notice(
        id=row_id("notice", 1 if who == ADA else 2),
        recipient=who,
        title="moved",
        body="",
        records=(RecordKey("lead", row_id("lead", 1)),),
        block_runs=tuple(told_of),
        kind=Kind.MOVED,
        **more,
    )


def tell(
    organization: FakeOrganization, notices: Sequence[Notice], *others: SellerId
) -> dict[str, Any]:
    """What the runs say of who is left, when all of them had these others."""
    client = cast(DataverseClient, organization)
    people = dict.fromkeys(organization.runs, frozenset(others))
    OtherNotices(client, lambda: EXPIRY).tell(notices, people)
    return {run: row.get("wa_tellothers", "as it was") for run, row in organization.runs.items()}


def with_runs(count: int) -> FakeOrganization:
    return FakeOrganization(runs={run: {} for run in runs(count)})


def test_hundreds_of_runs_are_told_of_once_and_their_marks_are_taken_off() -> None:
    organization = with_runs(1500)
    left = tell(organization, [notice(ADA, runs(1500))], ADA)
    assert set(left.values()) == {None}
    assert len(organization.notifications) == 1
    assert organization.requests == 3


def test_several_who_are_told_of_the_same_run_take_turns() -> None:
    organization = with_runs(3)
    news = [notice(ADA, runs(3)), notice(EVE, runs(3)[:1])]
    left = tell(organization, news, ADA, EVE)
    assert set(left.values()) == {None}
    assert (len(organization.notifications), organization.requests) == (2, 2)


def test_who_gets_no_notice_is_only_taken_off_the_marks() -> None:
    organization = with_runs(2)
    silent = [notice(ADA, runs(2), in_app=False)]
    assert set(tell(organization, silent, ADA).values()) == {None}
    assert organization.notifications == []
    assert set(tell(with_runs(2), [], ADA).values()) == {None}


def test_who_is_not_to_be_disturbed_stays_on_the_marks_until_then() -> None:
    organization = with_runs(1)
    later = EXPIRY + timedelta(hours=2)
    news = [notice(ADA, runs(1), after=later), notice(EVE, runs(1))]
    assert tell(organization, news, ADA, EVE) == {runs(1)[0]: ADA}
    assert organization.runs[runs(1)[0]]["wa_tellothersafter"] == "2026-03-06T12:00:00Z"
    assert organization.notifications == [row_id("notice", 2)]


def test_a_run_that_somebody_deleted_keeps_nobody_from_hearing_of_the_others() -> None:
    organization = with_runs(3)
    gone = runs(4)[3]
    news = [notice(ADA, [gone, *runs(3)])]
    people = dict.fromkeys([gone, *runs(3)], frozenset({ADA}))
    OtherNotices(cast(DataverseClient, organization), lambda: EXPIRY).tell(news, people)
    assert [row["wa_tellothers"] for row in organization.runs.values()] == [None] * 3
    assert len(organization.notifications) == 1


def test_who_is_disabled_is_waited_for_by_nobody(caplog: pytest.LogCaptureFixture) -> None:
    organization = with_runs(2)
    organization.refuse = lambda request: (
        DISABLED if is_about(request, "appnotifications") else None
    )
    with caplog.at_level(logging.WARNING):
        left = tell(organization, [notice(ADA, runs(2))], ADA)
    assert (set(left.values()), organization.notifications) == ({None}, [])
    assert f"user {ADA} is not told of 2 runs" in caplog.text


def test_what_is_refused_for_another_reason_is_tried_again_after_some_minutes() -> None:
    organization = with_runs(2)
    organization.refuse = lambda request: (
        NOT_ALLOWED if is_about(request, "appnotifications") else None
    )
    assert set(tell(organization, [notice(ADA, runs(2))], ADA).values()) == {ADA}
    again = {row["wa_tellothersafter"] for row in organization.runs.values()}
    assert again == {(EXPIRY + TRIED_AGAIN_AFTER).strftime("%Y-%m-%dT%H:%M:%SZ")}


def test_while_dataverse_is_away_the_marks_stay() -> None:
    organization = with_runs(2)
    organization.fail = lambda number: ServerUnavailable(503, "0x0", "away", "1", "tell")
    with pytest.raises(Unavailable):
        tell(organization, [notice(ADA, runs(2))], ADA)
    assert organization.runs == {run: {} for run in runs(2)}
