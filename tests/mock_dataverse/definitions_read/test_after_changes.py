"""What is read after definitions were changed: the new ones, at once and everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api

from work_assignment.mock_dataverse.server import MockServer


@pytest.fixture
def own_api() -> Iterator[Api]:
    with MockServer() as running:
        client = Api(running)
        yield client
        client.close()


def _label(**texts: str) -> dict[str, Any]:
    codes = {"english": 1033, "german": 1031}
    return {
        "LocalizedLabels": [
            {"Label": text, "LanguageCode": codes[language]} for language, text in texts.items()
        ]
    }


def _create_visit(api: Api) -> None:
    name = {
        "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
        "SchemaName": "new_Name",
        "IsPrimaryName": True,
        "MaxLength": 80,
        "DisplayName": _label(english="Name"),
    }
    answer = api.post(
        "EntityDefinitions",
        {
            "@odata.type": "Microsoft.Dynamics.CRM.EntityMetadata",
            "SchemaName": "new_Visit",
            "DisplayName": _label(german="Besuch", english="Visit"),
            "DisplayCollectionName": _label(english="Visits"),
            "OwnershipType": "UserOwned",
            "IsActivity": False,
            "HasActivities": False,
            "HasNotes": False,
            "IsAuditEnabled": {"Value": True},
            "IsQuickCreateEnabled": True,
            "Attributes": [name],
        },
    )
    assert answer.status_code == 204, answer.text


def test_a_new_table_is_described_with_what_was_given_for_it(own_api: Api) -> None:
    _create_visit(own_api)
    table = own_api.row("EntityDefinitions(LogicalName='new_visit')")
    assert (table["CollectionSchemaName"], table["IsCustomEntity"]) == ("new_Visits", True)
    assert table["IsQuickCreateEnabled"] is True
    assert table["IsAuditEnabled"] == {
        "Value": True,
        "CanBeChanged": True,
        "ManagedPropertyLogicalName": "canmodifyauditsettings",
    }
    assert [each["Label"] for each in table["DisplayName"]["LocalizedLabels"]] == [
        "Besuch",
        "Visit",
    ]
    assert table["DisplayName"]["UserLocalizedLabel"]["Label"] == "Visit"
    german = own_api.row(
        "EntityDefinitions(LogicalName='new_visit')?$select=DisplayName&LabelLanguages=1031"
    )
    assert [each["Label"] for each in german["DisplayName"]["LocalizedLabels"]] == ["Besuch"]


def test_the_metadata_document_follows_the_definitions(own_api: Api) -> None:
    assert 'EntityType Name="new_visit"' not in own_api.get("$metadata").text
    _create_visit(own_api)
    document = own_api.get("$metadata").text
    assert '<EntityType Name="new_visit" BaseType="mscrm.crmbaseentity">' in document
    assert '<EntitySet Name="new_visits" EntityType="mscrm.new_visit">' in document
    assert own_api.delete("EntityDefinitions(LogicalName='new_visit')").status_code == 204
    assert "new_visit" not in own_api.get("$metadata").text
