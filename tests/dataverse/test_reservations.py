"""Shares are put on sellers' rows: on all or on none, and two workers do not trip each other up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from tests.dataverse.fake_organization import (
    EXPIRY,
    LOCKED,
    FakeOrganization,
    Refusal,
    Time,
    is_about,
    row_id,
)

from work_assignment.dataverse.errors import AccessDenied, DataverseError, Throttled
from work_assignment.dataverse.messages import Request
from work_assignment.dataverse.outcome_store import OutcomeStore
from work_assignment.domain.errors import Unavailable
from work_assignment.domain.records import RuleId
from work_assignment.domain.runs.facts import Reservation, SellerRow
from work_assignment.domain.runs.outcomes import SellerChange

MANY = 900


def store(organization: Any, time: Time | None = None) -> OutcomeStore:
    time = time or Time()
    return OutcomeStore(organization, dict, time.date, sleep=time.sleep, monotonic=time)


def sellers(organization: FakeOrganization, count: int) -> list[SellerRow]:
    return [organization.add_seller(number) for number in range(count)]


def taking(rows: Sequence[SellerRow]) -> list[SellerChange]:
    """A share on each row, and a first stamp in the round of a rule."""
    share = Reservation("block", 1, EXPIRY)
    return [SellerChange(row, 6, EXPIRY, (share,), rule_stamps={RuleId("rule"): 6}) for row in rows]


def as_before(organization: FakeOrganization) -> bool:
    rows = [organization.row(number) for number in range(len(organization.rows))]
    return not any(row.reservations or row.rule_stamps or row.order_stamp != 5 for row in rows)


def locked_once(organization: FakeOrganization, *row_ids: str) -> None:
    struck: list[str] = []

    def refuse(request: Request) -> Refusal | None:
        if not struck and is_about(request, "wa_sellers", *row_ids):
            struck.append(request.path)
            return LOCKED
        return None

    organization.refuse = refuse


def test_rows_that_another_worker_locks_mean_deciding_again_after_a_pause() -> None:
    organization, time = FakeOrganization(), Time()
    rows = sellers(organization, 3)
    locked_once(organization)
    assert store(organization, time).reserve(taking(rows)) is None
    assert as_before(organization)
    assert 0 < time.now < 2


def test_two_workers_do_not_pause_equally_long() -> None:
    pauses = set()
    for _ in range(5):
        organization, time = FakeOrganization(), Time()
        locked_once(organization)
        store(organization, time).reserve(taking(sellers(organization, 1)))
        pauses.add(time.now)
    assert len(pauses) > 1


def test_a_row_that_had_changed_means_deciding_again_at_once() -> None:
    organization, time = FakeOrganization(), Time()
    rows = sellers(organization, 3)
    organization.rows[row_id("row", 1)]["@odata.etag"] = 'W/"9"'
    assert store(organization, time).reserve(taking(rows)) is None
    assert time.now == 0


@pytest.mark.parametrize("what", ["locked", "changed"])
def test_what_was_reserved_is_taken_back_where_a_later_part_is_not(what: str) -> None:
    organization = FakeOrganization()
    rows = sellers(organization, MANY)
    last = row_id("row", MANY - 1)
    if what == "locked":
        locked_once(organization, last)
    else:
        organization.rows[last]["@odata.etag"] = 'W/"9"'
    assert store(organization).reserve(taking(rows)) is None
    assert as_before(organization)


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (Throttled(429, "", "m", "", "$batch", 9), Unavailable),
        (AccessDenied(403, "", "m", "", "$batch"), AccessDenied),
    ],
)
def test_what_was_reserved_is_taken_back_where_a_later_part_fails(
    error: DataverseError, raised: type[Exception]
) -> None:
    organization = FakeOrganization()
    rows = sellers(organization, MANY)
    organization.fail = lambda number: error if number == 3 else None
    with pytest.raises(raised):
        store(organization).reserve(taking(rows))
    assert as_before(organization)


def test_what_cannot_be_taken_back_either_does_not_hide_why() -> None:
    organization = FakeOrganization()
    rows = sellers(organization, MANY)
    error = AccessDenied(403, "", "the reason", "", "$batch")
    again = Throttled(429, "", "later", "", "$batch", 9)
    organization.fail = lambda number: {3: error}.get(number) or (again if number > 3 else None)
    with pytest.raises(AccessDenied, match="the reason"):
        store(organization).reserve(taking(rows))
