"""What a webhook's body says: RemoteExecutionContext, member by member."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.mock_dataverse.webhooks.organization import (
    CALLER,
    LEAD_ID,
    SELLER_ID,
    Organization,
)

from work_assignment.mock_dataverse import well_known
from work_assignment.mock_dataverse.tables.catalogs import build_catalog
from work_assignment.mock_dataverse.webhooks.contexts import LARGEST_BODY
from work_assignment.mock_dataverse.webhooks.images import ImageWriter
from work_assignment.mock_dataverse.webhooks.operations import CREATE, DELETE, UPDATE
from work_assignment.mock_dataverse.webhooks.steps import Image

CONTRACTS = "http://schemas.microsoft.com/xrm/2011/Contracts"
LEAD = {
    "subject": "Need 40 seats",
    "description": None,
    "leadqualitycode": 2,
    "estimatedamount": 12000.0,
    "estimatedamount_base": 12000.0,
    "transactioncurrencyid": well_known.CURRENCY_ID,
    "exchangerate": 1.0,
    "donotemail": 0,
    "estimatedclosedate": "2026-04-30",
    "ownerid": SELLER_ID,
    "ownerid__type": "systemuser",
    "createdon": "2026-03-03T08:00:00Z",
    "modifiedonbehalfby": None,
    "statecode": 0,
    "statuscode": 1,
}


class _Nameless:
    """Knows what no row is called."""

    def row_name(self, table: str, row_id: str) -> str | None:
        return None

    def currency_symbol(self, currency_id: str) -> str | None:
        return None


def context_of(organization: Organization) -> dict[str, Any]:
    (delivery,) = organization.waiting()
    found: dict[str, Any] = json.loads(delivery.body)
    return found


def values(pairs: list[dict[str, Any]]) -> dict[str, Any]:
    assert all(list(pair) == ["key", "value"] for pair in pairs)
    return {pair["key"]: pair["value"] for pair in pairs}


def target_of(context: Mapping[str, Any]) -> dict[str, Any]:
    target: dict[str, Any] = values(context["InputParameters"])["Target"]
    return target


@pytest.fixture
def created(organization: Organization) -> dict[str, Any]:
    step = organization.step(organization.endpoint())
    organization.image(step, "before", 0)
    organization.image(step, "post", 1, "subject,leadqualitycode,ownerid,description")
    organization.create({**LEAD, "versionnumber": 7}, tag="demo")
    return context_of(organization)


def test_a_create_names_the_operation_and_the_caller(created: dict[str, Any]) -> None:
    assert created["MessageName"] == "Create"
    assert (created["Mode"], created["Stage"], created["Depth"]) == (1, 40, 1)
    assert created["PrimaryEntityName"] == "lead"
    assert created["PrimaryEntityId"] == LEAD_ID
    assert created["InitiatingUserId"] == created["UserId"] == CALLER.user_id
    assert created["UserAzureActiveDirectoryObjectId"] == CALLER.aad_object_id
    assert created["OrganizationName"] == "mock"
    assert created["OperationCreatedOn"] == "/Date(1772524801000+0000)/"
    assert created["SecondaryEntityName"] == "none"
    assert values(created["OutputParameters"]) == {"id": LEAD_ID}
    assert values(created["SharedVariables"]) == {
        "IsAutoTransact": True,
        "DefaultsAddedFlag": True,
        "tag": "demo",
    }


def test_a_context_has_every_documented_member_and_no_other(created: dict[str, Any]) -> None:
    documented = (
        "BusinessUnitId CorrelationId Depth InitiatingUserAzureActiveDirectoryObjectId"
        " InitiatingUserId InputParameters IsExecutingOffline IsInTransaction IsOfflinePlayback"
        " IsolationMode MessageName Mode OperationCreatedOn OperationId OrganizationId"
        " OrganizationName OutputParameters OwningExtension ParentContext PostEntityImages"
        " PreEntityImages PrimaryEntityId PrimaryEntityName RequestId SecondaryEntityName"
        " SharedVariables Stage UserAzureActiveDirectoryObjectId UserId"
    )
    assert list(created) == documented.split()


def test_values_are_written_by_the_type_of_their_column(created: dict[str, Any]) -> None:
    attributes = values(target_of(created)["Attributes"])
    assert attributes["subject"] == "Need 40 seats"
    assert attributes["leadqualitycode"] == {"__type": f"OptionSetValue:{CONTRACTS}", "Value": 2}
    assert attributes["statecode"] == {"__type": f"OptionSetValue:{CONTRACTS}", "Value": 0}
    assert attributes["estimatedamount"] == {"__type": f"Money:{CONTRACTS}", "Value": 12000.0}
    assert attributes["exchangerate"] == 1.0
    assert attributes["donotemail"] is False
    assert attributes["createdon"] == "/Date(1772524800000)/"
    assert attributes["estimatedclosedate"] == "/Date(1777507200000)/"
    assert attributes["modifiedonbehalfby"] is None
    assert attributes["leadid"] == LEAD_ID
    assert "versionnumber" not in attributes
    assert "ownerid__type" not in attributes


def test_a_reference_names_the_table_it_points_at(created: dict[str, Any]) -> None:
    attributes = values(target_of(created)["Attributes"])
    assert list(attributes["ownerid"]) == [
        "__type",
        "Id",
        "KeyAttributes",
        "LogicalName",
        "Name",
        "RowVersion",
    ]
    assert attributes["ownerid"]["__type"] == f"EntityReference:{CONTRACTS}"
    assert attributes["ownerid"]["Id"] == SELLER_ID
    assert attributes["ownerid"]["LogicalName"] == "systemuser"
    assert attributes["ownerid"]["Name"] is None
    assert attributes["transactioncurrencyid"]["LogicalName"] == "transactioncurrency"


def test_the_target_is_a_typed_entity_whose_type_comes_first(created: dict[str, Any]) -> None:
    target = target_of(created)
    assert next(iter(target)) == "__type"
    assert target["__type"] == f"Entity:{CONTRACTS}"
    assert (target["Id"], target["LogicalName"]) == (LEAD_ID, "lead")
    assert target["RowVersion"] is None


def test_a_create_has_no_image_of_before(created: dict[str, Any]) -> None:
    assert created["PreEntityImages"] == []


def test_an_image_holds_the_listed_columns_that_have_a_value_and_the_id(
    created: dict[str, Any],
) -> None:
    image = values(created["PostEntityImages"])["post"]
    assert list(values(image["Attributes"])) == ["subject", "leadqualitycode", "ownerid", "leadid"]
    assert values(image["FormattedValues"]) == {"leadqualitycode": "Warm", "ownerid": "Ann Seller"}
    assert values(image["Attributes"])["ownerid"]["Name"] == "Ann Seller"
    assert "__type" not in image


def test_slashes_are_escaped_as_the_original_serialiser_does(organization: Organization) -> None:
    organization.step(organization.endpoint())
    organization.create({"subject": "a/b \\/ «ü»"})
    (delivery,) = organization.waiting()
    assert r'"__type":"Entity:http:\/\/schemas.microsoft.com\/xrm' in delivery.body
    assert "«ü»" in delivery.body
    assert values(target_of(json.loads(delivery.body))["Attributes"])["subject"] == "a/b \\/ «ü»"


def test_an_update_shows_only_what_was_sent_with_cleared_columns_null(
    organization: Organization,
) -> None:
    step = organization.step(organization.endpoint(), UPDATE)
    organization.image(step, "both", 2, "estimatedamount,ownerid")
    organization.update(
        {"estimatedamount": 55000.0, "description": None}, before={**LEAD, "description": "old"}
    )
    context = context_of(organization)
    parameters = values(context["InputParameters"])
    assert parameters["ConcurrencyBehavior"] == 0
    assert values(parameters["Target"]["Attributes"]) == {
        "estimatedamount": {"__type": f"Money:{CONTRACTS}", "Value": 55000.0},
        "description": None,
        "leadid": LEAD_ID,
    }
    assert parameters["Target"]["RowVersion"] == "8"
    assert context["OutputParameters"] == context["SharedVariables"] == []


def test_images_of_an_update_show_the_row_before_and_after(organization: Organization) -> None:
    step = organization.step(organization.endpoint(), UPDATE)
    organization.image(step, "both", 2, "estimatedamount")
    organization.update({"estimatedamount": 55000.0}, before=LEAD)
    context = context_of(organization)
    before = values(context["PreEntityImages"])["both"]
    after = values(context["PostEntityImages"])["both"]
    assert values(before["FormattedValues"]) == {"estimatedamount": "$12,000.00"}
    assert values(after["FormattedValues"]) == {"estimatedamount": "$55,000.00"}
    assert (before["RowVersion"], after["RowVersion"]) == ("7", "8")


def test_an_image_without_attributes_has_every_column_that_may_be_read() -> None:
    catalog = build_catalog([])
    endpoint, row = catalog.tables["serviceendpoint"], {"contract": 8, "authvalue": "secret"}
    image = Image("post", is_pre=False, is_post=True, columns=frozenset())
    text = ImageWriter().image(endpoint, LEAD_ID, row, image, None, _Nameless())
    assert set(values(json.loads(text)["Attributes"])) == {"contract", "serviceendpointid"}


def test_a_delete_gives_a_reference_and_the_image_of_before(organization: Organization) -> None:
    step = organization.step(organization.endpoint(), DELETE)
    organization.image(step, "both", 2, "subject")
    organization.delete(LEAD)
    context = context_of(organization)
    assert target_of(context)["__type"] == f"EntityReference:{CONTRACTS}"
    assert target_of(context)["Id"] == LEAD_ID
    assert context["PostEntityImages"] == []
    image = values(context["PreEntityImages"])["both"]
    assert values(image["Attributes"])["subject"] == "Need 40 seats"


def test_a_context_beyond_256_kilobytes_loses_parameters_and_images(
    organization: Organization,
) -> None:
    step = organization.step(organization.endpoint())
    organization.image(step, "post", 1)
    organization.create({"description": "ü" * (LARGEST_BODY // 2)})
    (delivery,) = organization.waiting()
    context = json.loads(delivery.body)
    assert delivery.is_trimmed
    assert context["PrimaryEntityId"] == LEAD_ID
    gone = {"InputParameters", "ParentContext", "PostEntityImages", "PreEntityImages"}
    assert not gone & set(context)


def test_a_context_of_less_stays_whole(organization: Organization) -> None:
    organization.step(organization.endpoint(), CREATE)
    organization.create({"description": "x" * 200_000})
    (delivery,) = organization.waiting()
    assert not delivery.is_trimmed
    assert target_of(json.loads(delivery.body))["LogicalName"] == "lead"
