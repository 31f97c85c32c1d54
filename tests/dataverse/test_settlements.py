"""A block is settled: shares go from sellers' rows, and whoever got records is told or noted with it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.dataverse.fake_organization import (
    BLOCK,
    DISABLED,
    LOCKED,
    NOT_ALLOWED,
    FakeOrganization,
    Refusal,
    Time,
    everything_committed,
    given,
    is_about,
    notice,
    row_id,
    runs_of,
)

from work_assignment.dataverse.errors import (
    CircuitOpen,
    DataverseError,
    LockConflict,
    OutcomeUnknown,
    Throttled,
)
from work_assignment.dataverse.messages import Request
from work_assignment.dataverse.outcome_store import OutcomeStore
from work_assignment.domain.errors import Unavailable
from work_assignment.domain.runs.facts import SellerRow


def store(organization: Any, time: Time | None = None) -> OutcomeStore:
    time = time or Time()
    return OutcomeStore(organization, dict, time.date, sleep=time.sleep, monotonic=time)


def settle(
    organization: FakeOrganization,
    rows: list[SellerRow],
    records: int = 1,
    *,
    time: Time | None = None,
) -> None:
    count = len(organization.rows)
    news = [notice(number, records) for number in range(count)]
    committed = everything_committed(count, records)
    store(organization, time).settle(BLOCK, committed, news, rows)


def refusing(table: str, refusal: Refusal, *row_ids: str) -> Callable[[Request], Refusal | None]:
    return lambda request: refusal if is_about(request, table, *row_ids) else None


def failing(kind: type[DataverseError], retry_after: float | None = None) -> DataverseError:
    return kind(None, "", "m", "", "$batch", retry_after)


# many sellers


def test_a_block_of_more_than_500_sellers_is_settled_in_a_few_requests() -> None:
    organization = FakeOrganization()
    settle(organization, given(organization, 501))
    assert (organization.unsettled, len(organization.notifications)) == ([], 501)
    assert organization.requests == 2


# sellers who cannot be told


def test_a_seller_of_1200_records_who_cannot_be_told_is_noted_in_one_more_request() -> None:
    organization = FakeOrganization()
    rows = given(organization, 1, 1200)
    organization.refuse = refusing("appnotifications", NOT_ALLOWED)
    settle(organization, rows, 1200)
    assert (organization.unsettled, organization.notifications) == ([], [])
    assert organization.to_be_told_later == {runs_of(0, 1200)[0]}
    assert organization.requests == 2


def test_whoever_is_noted_for_later_is_noted_together_with_her_share() -> None:
    organization = FakeOrganization()
    rows = given(organization, 2, 3)
    organization.refuse = refusing("appnotifications", DISABLED, notice(1).id)

    def both_or_neither(request: Request) -> Refusal | None:
        assert bool(organization.to_be_told_later) == (1 not in organization.unsettled)
        return refusing("appnotifications", DISABLED, notice(1).id)(request)

    organization.refuse = both_or_neither
    settle(organization, rows, 3)
    assert organization.notifications == [notice(0).id]
    assert organization.to_be_told_later == {runs_of(1, 3)[0]}
    assert organization.unsettled == []


@pytest.mark.parametrize(("refusal", "requests"), [(NOT_ALLOWED, 4), (DISABLED, 5)])
def test_ten_sellers_who_cannot_be_told_do_not_cost_ten_requests(
    refusal: Refusal, requests: int
) -> None:
    organization = FakeOrganization()
    rows = given(organization, 10)
    organization.refuse = refusing("appnotifications", refusal)
    settle(organization, rows)
    assert organization.unsettled == []
    assert organization.to_be_told_later == {runs_of(number, 1)[0] for number in range(10)}
    assert organization.requests == requests


def test_one_refusal_keeps_nobody_else_from_being_told_at_once() -> None:
    organization = FakeOrganization()
    rows = given(organization, 6)
    organization.refuse = refusing("appnotifications", NOT_ALLOWED, notice(3).id)
    settle(organization, rows)
    assert organization.notifications == [notice(number).id for number in (0, 1, 2, 4, 5)]
    assert organization.to_be_told_later == {runs_of(3, 1)[0]}


def test_whose_notification_is_refused_is_noted_as_told_by_the_other_ways() -> None:
    organization = FakeOrganization()
    rows = given(organization, 2, 3)
    organization.refuse = refusing("appnotifications", NOT_ALLOWED, notice(1).id)
    news = [replace(notice(number, 3), told_outside=True) for number in range(2)]
    settlement = everything_committed(2, 3)
    store(organization).settle(BLOCK, settlement, news, rows)
    noted = [run for run, row in organization.runs.items() if row.get("wa_toldoutside")]
    assert noted == [*organization.to_be_told_later] == runs_of(1, 3)[:1]


def test_sellers_who_are_disabled_do_not_keep_the_others_from_being_told_at_once() -> None:
    organization = FakeOrganization()
    rows = given(organization, 6)
    away = [1, 3, 5]
    for number in away:
        organization.rows[row_id("row", number)]["wa_SystemUserId"] = {"isdisabled": True}
    told = [notice(number).id for number in away]
    organization.refuse = refusing("appnotifications", DISABLED, *told)
    settle(organization, rows)
    assert organization.notifications == [notice(number).id for number in (0, 2, 4)]
    assert organization.to_be_told_later == {runs_of(number, 1)[0] for number in away}
    assert organization.requests == 3


def test_where_the_run_to_be_noted_was_deleted_another_one_is_noted() -> None:
    organization = FakeOrganization()
    rows = given(organization, 1, 3)
    organization.refuse = refusing("appnotifications", DISABLED)
    first, second, third = runs_of(0, 3)
    del organization.runs[first], organization.runs[second]
    settle(organization, rows, 3)
    assert (organization.unsettled, organization.to_be_told_later) == ([], {third})


def test_where_all_runs_were_deleted_there_is_nothing_to_note() -> None:
    organization = FakeOrganization()
    rows = given(organization, 2)
    organization.refuse = refusing("appnotifications", DISABLED)
    organization.runs.clear()
    settle(organization, rows)
    assert (organization.unsettled, organization.to_be_told_later) == ([], set())


# rows that cannot be written


@pytest.mark.parametrize("names_no_part", [False, True], ids=["named", "not named"])
@pytest.mark.parametrize(
    "refusal",
    [
        NOT_ALLOWED,
        (400, "0x80040265", "A plug-in says no."),
        (412, "0x80040237", "A plug-in says that it is there."),
    ],
)
def test_a_seller_whose_row_cannot_be_written_keeps_her_share_alone(
    refusal: Refusal, names_no_part: bool, caplog: pytest.LogCaptureFixture
) -> None:
    organization = FakeOrganization(names_no_part=names_no_part)
    rows = given(organization, 9)
    organization.refuse = refusing("wa_sellers", refusal, row_id("row", 4))
    with caplog.at_level(logging.ERROR):
        settle(organization, rows)
    assert organization.unsettled == [4]
    assert organization.notifications == [notice(n).id for n in range(9) if n != 4]
    (said,) = [line.getMessage() for line in caplog.records if line.levelno == logging.ERROR]
    assert row_id("user", 4) in said
    assert refusal[2] in said
    assert organization.requests <= 8


def test_a_row_at_which_a_plug_in_breaks_down_each_time_is_no_outage() -> None:
    organization = FakeOrganization()
    rows = given(organization, 4)
    broken = (500, "0x80040216", "An unexpected error occurred.")
    organization.refuse = refusing("wa_sellers", broken, row_id("row", 2))
    settle(organization, rows)
    assert organization.unsettled == [2]


def test_notifications_at_which_a_plug_in_breaks_down_each_time_are_sent_later() -> None:
    organization = FakeOrganization()
    rows = given(organization, 4)
    broken = (500, "0x80040216", "An unexpected error occurred.")
    organization.refuse = refusing("appnotifications", broken)
    settle(organization, rows)
    assert (organization.unsettled, len(organization.to_be_told_later)) == ([], 4)


def test_where_no_row_can_be_written_the_trying_ends(caplog: pytest.LogCaptureFixture) -> None:
    organization = FakeOrganization()
    rows = given(organization, 300)
    organization.refuse = refusing("wa_sellers", NOT_ALLOWED)
    settle(organization, rows)
    assert len(organization.unsettled) == 300
    assert organization.requests <= 12
    assert "no more of them is tried" in caplog.text


def test_a_row_that_misses_something_else_is_left_alone_too() -> None:
    organization = FakeOrganization()
    rows = given(organization, 3)
    missing = (404, "0x80040217", "account With Id = ... Does Not Exist")
    organization.refuse = refusing("wa_sellers", missing, row_id("row", 1))
    settle(organization, rows)
    assert organization.unsettled == [1]


def test_a_seller_who_can_be_neither_told_nor_noted_keeps_her_share() -> None:
    organization = FakeOrganization()
    rows = given(organization, 3)

    def refuse(request: Request) -> Refusal | None:
        run, told = runs_of(1, 1)[0], notice(1).id
        is_hers = is_about(request, "wa_routingruns", run)
        return NOT_ALLOWED if is_hers or is_about(request, "appnotifications", told) else None

    organization.refuse = refuse
    settle(organization, rows)
    assert organization.unsettled == [1]


def test_rows_that_changed_are_read_again_and_deleted_ones_are_left_out() -> None:
    organization = FakeOrganization()
    rows = given(organization, 4)
    organization.rows[row_id("row", 1)]["@odata.etag"] = 'W/"7"'
    del organization.rows[row_id("row", 3)]
    settle(organization, rows)
    assert organization.unsettled == []
    assert organization.notifications == [notice(number).id for number in range(3)]


# locks, outages and time


def test_rows_that_are_locked_are_tried_again_after_a_while() -> None:
    organization, time = FakeOrganization(), Time()
    rows = given(organization, 3)
    pauses: list[float] = []

    def locked_three_times(request: Request) -> Refusal | None:
        if len(pauses) < 3 and is_about(request, "wa_sellers"):
            pauses.append(time.now)
            return LOCKED
        return None

    organization.refuse = locked_three_times
    settle(organization, rows, time=time)
    assert organization.unsettled == []
    assert pauses == sorted(set(pauses))


def test_an_open_circuit_ends_settling_at_once_and_says_when_to_come_back() -> None:
    organization, time = FakeOrganization(), Time()
    rows = given(organization, 3)
    organization.fail = lambda number: failing(CircuitOpen, 40)
    with pytest.raises(Unavailable) as caught:
        settle(organization, rows, time=time)
    assert caught.value.retry_after == timedelta(seconds=40)
    assert (organization.requests, time.now) == (1, 0)


def test_a_long_retry_after_ends_settling_and_a_short_one_is_waited_for() -> None:
    organization, time = FakeOrganization(), Time()
    rows = given(organization, 3)
    organization.fail = lambda number: failing(Throttled, 7) if number == 1 else None
    settle(organization, rows, time=time)
    assert (organization.unsettled, time.now) == ([], 7)
    organization.fail = lambda number: failing(Throttled, 200)
    given(organization, 3)
    with pytest.raises(Unavailable) as caught:
        settle(organization, rows, time=time)
    assert caught.value.retry_after == timedelta(seconds=200)
    assert time.now == 7


@pytest.mark.parametrize("kind", [LockConflict, OutcomeUnknown])
def test_settling_tries_ten_times_and_ends(kind: type[DataverseError]) -> None:
    organization, time = FakeOrganization(), Time()
    rows = given(organization, 3)
    organization.fail = lambda number: failing(kind)
    with pytest.raises(Unavailable):
        settle(organization, rows, time=time)
    assert organization.requests == 10
    assert 1 < time.now < 60


def test_requests_that_take_long_do_not_hold_a_worker_for_longer_than_a_minute_or_so() -> None:
    organization, time = FakeOrganization(), Time()
    rows = given(organization, 3)

    def times_out(number: int) -> DataverseError:
        time.now += 65
        return failing(OutcomeUnknown)

    organization.fail = times_out
    with pytest.raises(Unavailable):
        settle(organization, rows, time=time)
    assert organization.requests == 1


def test_what_was_settled_and_only_not_answered_is_not_told_twice() -> None:
    organization = FakeOrganization()
    rows = given(organization, 3)
    written: list[int] = []

    class AnswerLost(FakeOrganization):
        def send_batch(self, batch: Any, *, retry: Any = None) -> Any:
            answer = super().send_batch(batch, retry=retry)
            if not written:
                written.append(1)
                raise failing(OutcomeUnknown)
            return answer

    organization.__class__ = AnswerLost
    settle(organization, rows)
    assert (organization.unsettled, len(organization.notifications)) == ([], 3)
