"""Which writes set off which steps."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.mock_dataverse.webhooks.organization import SELLER_ID, Organization

from work_assignment.mock_dataverse.webhooks.operations import CREATE, DELETE, UPDATE, Bypass

BEFORE = {"subject": "old", "leadqualitycode": 1, "statecode": 0, "statuscode": 1}


def fired(organization: Organization) -> list[list[str]]:
    """The columns of each target, in the order of the outbox."""
    found = []
    for delivery in organization.waiting():
        target = json.loads(delivery.body)["InputParameters"][0]["value"]
        found.append([pair["key"] for pair in target.get("Attributes", [])])
    return found


def test_a_step_heeds_its_own_message_and_table_only(organization: Organization) -> None:
    organization.step(organization.endpoint(), CREATE, "lead")
    organization.update({"subject": "new"}, before=BEFORE)
    organization.create({"name": "deal"}, table="opportunity")
    assert organization.waiting() == []
    organization.create({"subject": "new"})
    assert [delivery.table_name for delivery in organization.waiting()] == ["lead"]


def test_a_step_without_a_table_heeds_all_of_them(organization: Organization) -> None:
    organization.step(organization.endpoint(), CREATE, None)
    organization.create({"subject": "new"})
    organization.create({"name": "deal"}, table="opportunity")
    assert [delivery.table_name for delivery in organization.waiting()] == ["lead", "opportunity"]


def test_writes_of_registrations_are_no_events(organization: Organization) -> None:
    organization.step(organization.endpoint(), CREATE, None)
    for table in ("sdkmessageprocessingstep", "sdkmessageprocessingstepimage", "serviceendpoint"):
        organization.create({"name": "another"}, table=table)
    assert organization.waiting() == []


@pytest.mark.parametrize(
    "changes", [{"statecode": 1}, {"mode": 0}, {"stage": 20}, {"eventhandler": None}]
)
def test_a_step_that_cannot_run_is_not_set_off(
    organization: Organization, changes: dict[str, Any]
) -> None:
    organization.step(organization.endpoint(), **changes)
    organization.create({"subject": "new"})
    assert organization.waiting() == []


def test_an_update_of_an_unlisted_column_is_not_heeded(organization: Organization) -> None:
    organization.step(organization.endpoint(), UPDATE, filteringattributes="leadqualitycode")
    organization.update({"subject": "new"}, before=BEFORE)
    assert organization.waiting() == []


def test_a_listed_column_counts_even_when_its_value_stays(organization: Organization) -> None:
    organization.step(
        organization.endpoint(), UPDATE, filteringattributes="ownerid, leadqualitycode"
    )
    organization.update({"leadqualitycode": 1}, before=BEFORE)
    assert fired(organization) == [["leadqualitycode", "leadid"]]


def test_a_create_is_not_filtered_by_columns(organization: Organization) -> None:
    organization.step(organization.endpoint(), CREATE, filteringattributes="leadqualitycode")
    organization.create({"subject": "new"})
    assert len(organization.waiting()) == 1


def test_a_delete_is_heeded(organization: Organization) -> None:
    organization.step(organization.endpoint(), DELETE)
    organization.delete(BEFORE)
    assert [delivery.message for delivery in organization.waiting()] == ["Delete"]


def test_steps_run_by_rank(organization: Organization) -> None:
    endpoint = organization.endpoint()
    organization.step(endpoint, name="late", rank=2)
    organization.step(endpoint, name="early", rank=1)
    organization.create({"subject": "new"})
    assert [delivery.step_name for delivery in organization.waiting()] == ["early", "late"]


def test_a_request_can_bypass_asynchronous_steps(organization: Organization) -> None:
    organization.step(organization.endpoint())
    organization.create({"subject": "new"}, bypass=Bypass(asynchronous=True))
    assert organization.waiting() == []


def test_an_update_of_state_and_more_fires_twice_the_state_last(
    organization: Organization,
) -> None:
    step = organization.step(organization.endpoint(), UPDATE)
    organization.image(step, "both", 2, "subject,statuscode")
    organization.update(
        {"subject": "new", "statecode": 1, "statuscode": 4, "modifiedon": "2026-03-03T08:00:00Z"},
        before=BEFORE,
    )
    assert fired(organization) == [
        ["subject", "modifiedon", "leadid"],
        ["statecode", "statuscode", "modifiedon", "leadid"],
    ]


def test_between_the_two_runs_the_row_has_its_new_columns_and_its_old_state(
    organization: Organization,
) -> None:
    step = organization.step(organization.endpoint(), UPDATE)
    organization.image(step, "both", 2, "subject,statuscode")
    organization.update({"subject": "new", "statuscode": 2}, before=BEFORE)
    first, second = (json.loads(delivery.body) for delivery in organization.waiting())

    def image(moment: list[dict[str, dict[str, list[dict[str, object]]]]]) -> list[object]:
        texts = {pair["key"]: pair["value"] for pair in moment[0]["value"]["FormattedValues"]}
        values = {pair["key"]: pair["value"] for pair in moment[0]["value"]["Attributes"]}
        return [values["subject"], texts["statuscode"]]

    assert image(first["PreEntityImages"]) == ["old", "New"]
    assert image(first["PostEntityImages"]) == ["new", "New"]
    assert image(second["PreEntityImages"]) == ["new", "New"]
    assert image(second["PostEntityImages"]) == ["new", "Contacted"]


def test_each_of_the_two_runs_is_filtered_by_itself(organization: Organization) -> None:
    organization.step(organization.endpoint(), UPDATE, filteringattributes="statuscode")
    organization.update({"subject": "new", "statuscode": 2}, before=BEFORE)
    assert fired(organization) == [["statuscode", "leadid"]]


def test_a_state_change_with_what_only_the_server_sets_fires_once(
    organization: Organization,
) -> None:
    organization.step(organization.endpoint(), UPDATE)
    organization.update(
        {
            "statecode": 1,
            "statuscode": 4,
            "modifiedon": "2026-03-03T08:00:00Z",
            "modifiedby": SELLER_ID,
        },
        before=BEFORE,
    )
    assert fired(organization) == [
        ["statecode", "statuscode", "modifiedon", "modifiedby", "leadid"]
    ]


def test_what_is_rolled_back_is_not_sent(organization: Organization) -> None:
    organization.step(organization.endpoint())
    operation = organization.operation(CREATE, {"subject": "new"}, post={"subject": "new"})
    with pytest.raises(LookupError):
        organization.write(operation, fails=True)
    assert organization.waiting() == []


def test_every_delivery_has_an_operation_id_of_its_own(organization: Organization) -> None:
    endpoint = organization.endpoint()
    organization.step(endpoint)
    organization.step(endpoint)
    organization.create({"subject": "new"})
    first, second = organization.waiting()
    assert first.operation_id != second.operation_id
    assert json.loads(first.body)["OperationId"] == first.operation_id
