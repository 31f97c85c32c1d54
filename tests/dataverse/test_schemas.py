"""A table's columns as definitions see them, from answers of the metadata endpoints."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import pytest
import responses
from requests import PreparedRequest

from work_assignment.dataverse.auth import StaticToken
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.record_types import read_record_type
from work_assignment.dataverse.schemas import read_schema
from work_assignment.domain.filtering.operators import ColumnKind

ROOT = "https://contoso.crm.dynamics.com"
API = f"{ROOT}/api/data/v9.2"
TABLE = f"{API}/EntityDefinitions(LogicalName='new_request')"


def column(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "LogicalName": name,
        "AttributeType": kind,
        "AttributeTypeName": {"Value": f"{kind}Type"},
        **more,
    }


def option(number: int, label: str | None) -> dict[str, Any]:
    localized = None if label is None else {"Label": label}
    return {"Value": number, "Label": {"UserLocalizedLabel": localized}}


def batch_answer(
    request: PreparedRequest, known: Mapping[str, object]
) -> tuple[int, dict[str, str], str]:
    """What a $batch of reads is answered, part by part."""
    assert isinstance(request.body, bytes)
    asked = re.findall(r"^GET (\S+) HTTP/1.1", request.body.decode(), re.MULTILINE)
    head = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    status = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
    bodies = [json.dumps(known[ROOT + unquote(path).partition("?")[0]]) for path in asked]
    parts = "".join(f"--answer\r\n{head}{status}{body}\r\n" for body in bodies)
    return 200, {"Content-Type": "multipart/mixed; boundary=answer"}, f"{parts}--answer--\r\n"


@pytest.fixture
def client() -> Iterator[DataverseClient]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as server:
        names = {
            "LogicalName": "new_request",
            "EntitySetName": "new_requests",
            "PrimaryIdAttribute": "new_requestid",
            "PrimaryNameAttribute": None,
        }
        attributes = [
            column("new_requestid", "Uniqueidentifier"),
            column("new_topics", "Virtual", AttributeTypeName={"Value": "MultiSelectPicklistType"}),
            column("new_picture", "Virtual", AttributeTypeName={"Value": "ImageType"}),
            column("new_due", "DateTime"),
            column("new_opens", "DateTime"),
            column("createdon", "DateTime"),
            column("statuscode", "Status"),
            column("new_leadid", "Lookup"),
        ]
        behaviors = {
            "new_due": "DateOnly",
            "new_opens": "TimeZoneIndependent",
            "createdon": "UserLocal",
        }
        casts = {
            "DateTime": [
                {"LogicalName": name, "DateTimeBehavior": {"Value": behavior}}
                for name, behavior in behaviors.items()
            ],
            "Lookup": [{"LogicalName": "new_leadid", "Targets": ["lead"]}],
            "MultiSelectPicklist": [
                {"LogicalName": "new_topics", "OptionSet": {"Options": [option(5, "Boots")]}}
            ],
            "Status": [
                {
                    "LogicalName": "statuscode",
                    "OptionSet": {
                        "Options": [option(1, "Lost"), option(2, "lost"), option(3, None)]
                    },
                }
            ],
        }
        for kind in (
            "MultiSelectPicklist",
            "Status",
            "Picklist",
            "State",
            "Boolean",
        ):
            path = f"{TABLE}/Attributes/Microsoft.Dynamics.CRM.{kind}AttributeMetadata"
            server.get(path, json={"value": casts.get(kind, [])})
        facts = {
            **names,
            "OwnershipType": "UserOwned",
            "IsValidForQueue": {"Value": True, "CanBeChanged": False},
        }
        server.get(TABLE, json=facts)
        cast = f"{TABLE}/Attributes/Microsoft.Dynamics.CRM.{{}}AttributeMetadata"
        known = {
            TABLE: facts,
            f"{TABLE}/Attributes": {"value": attributes},
            cast.format("DateTime"): {"value": casts["DateTime"]},
            cast.format("Lookup"): {"value": casts["Lookup"]},
        }
        server.add_callback(
            responses.POST, f"{API}/$batch", callback=lambda request: batch_answer(request, known)
        )
        missing = {"error": {"code": "0x80060888", "message": "Could not find it."}}
        server.get(re.compile(r".*Attributes\(LogicalName="), status=404, json=missing)
        with DataverseClient(ROOT, StaticToken("any")) as client:
            yield client


def test_dates_are_told_apart_by_their_behavior(client: DataverseClient) -> None:
    kinds = read_schema(client, "new_request").kinds
    assert kinds["new_due"] is ColumnKind.DAY
    assert kinds["new_opens"] is ColumnKind.WALL_CLOCK
    assert kinds["createdon"] is ColumnKind.MOMENT


def test_several_choices_are_a_kind_of_their_own_and_pictures_are_left_out(
    client: DataverseClient,
) -> None:
    schema = read_schema(client, "new_request")
    assert schema.columns["new_topics"].kind is ColumnKind.CHOICES
    assert schema.columns["new_topics"].labels == {"Boots": 5}
    assert "new_picture" not in schema.columns


def test_labels_that_are_there_twice_mean_nothing_without_their_number(
    client: DataverseClient,
) -> None:
    labels = read_schema(client, "new_request").columns["statuscode"].labels
    assert labels == {"Lost (1)": 1, "lost (2)": 2, "3": 3}


def test_without_labels_fewer_questions_are_asked_and_targets_still_known(
    client: DataverseClient,
) -> None:
    schema = read_schema(client, "new_request", with_labels=False)
    assert (client.requests_sent, client.operations_sent) == (1, 4)
    assert schema.columns["statuscode"].labels == {}
    assert schema.columns["new_leadid"].targets == ("lead",)
    assert (schema.primary_name, schema.parent_column) == (None, None)


def test_a_table_that_can_take_queue_items_and_lacks_the_columns_of_routing(
    client: DataverseClient,
) -> None:
    facts = read_record_type(client, "new_request")
    assert facts
    assert (facts.is_user_owned, facts.is_queue_enabled) == (True, True)
    assert [words.split(",")[0] for words in facts.lacks] == ["wa_segmentid", "wa_assignmentresult"]
