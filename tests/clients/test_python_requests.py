"""What clients written in Python send besides Microsoft's own: PyPI's dataverse-api 1.4,
DataversePython 1.1, pdynamics 0.2, datapyrse 0.8 and dynamics-client 0.8."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from tests.mock_dataverse.core.client import Api, unique

from work_assignment.mock_dataverse.server import MockServer

STATE = "statecode@OData.Community.Display.V1.FormattedValue"
FUNCTION = "Microsoft.Dynamics.CRM."


@pytest.fixture
def api(server: MockServer) -> Iterator[Api]:
    client = Api(server)
    yield client
    client.close()


def indented_batch(api: Api, *requests_in_it: tuple[str, str]) -> requests.Response:
    """Send a batch as dataverse-api does: bare line feeds, blank lines where headers may stand,
    and a body of `null` where there is none."""
    parts = [
        f"--batch_1\nContent-Type: application/http\nContent-Transfer-Encoding: binary\n\n"
        f"{line} HTTP/1.1\nContent-Type: application/json; type=entry\n\n\n{body}\n"
        for line, body in requests_in_it
    ]
    return api.send(
        "POST",
        "$batch",
        data="\n".join([*parts, "\n--batch_1--\n\n"]).encode(),
        headers={"Content-Type": 'multipart/mixed; boundary="batch_1"', "If-None-Match": "null"},
    )


def test_a_batch_may_have_bare_line_feeds_and_needless_bodies(api: Api) -> None:
    account, gone = api.create("accounts", fax="1", name="x"), api.create("accounts", name="x")
    name = unique("Café")
    answer = indented_batch(
        api,
        (f"POST {api.root}accounts", f'{{"name": "{name}"}}'),
        (f"PATCH {api.root}accounts({account})", '{"telephone1": "5"}'),
        (f"PUT {api.root}accounts({account})/telephone2", '{"value": "6"}'),
        (f"DELETE {api.root}accounts({account})/fax", "null"),
        (f"DELETE {api.root}accounts({gone})", "null"),
    )
    assert answer.status_code == 200
    assert answer.text.count("HTTP/1.1 204 No Content") == 5
    row = api.row(f"accounts({account})?$select=fax,telephone1,telephone2")
    assert (row["fax"], row["telephone1"], row["telephone2"]) == (None, "5", "6")
    assert len(api.row(f"accounts?$filter=name eq '{name}'")["value"]) == 1
    assert api.get(f"accounts({gone})").status_code == 404


@pytest.mark.parametrize("wanted", ["*", "OData.Community.Display.V1.FormattedValue"])
def test_annotations_may_be_asked_for_without_quotes(api: Api, wanted: str) -> None:
    account = api.create("accounts", name="Annotated")
    headers = {
        "Prefer": f"odata.include-annotations={wanted}",
        "Accept": "application/json, */*",
        "OData-MaxVersion": "4.0",
    }
    row = api.get(f"accounts({account})?$select=statecode", headers=headers).json()
    assert row[STATE] == "Active"


def test_all_definitions_come_at_once_with_columns_and_relationships(api: Api) -> None:
    expand = (
        "Attributes($select=LogicalName,AttributeType,SchemaName),OneToManyRelationships,"
        "ManyToOneRelationships,ManyToManyRelationships"
    )
    tables = api.row(f"EntityDefinitions?$expand={expand}")["value"]
    lead = next(table for table in tables if table["LogicalName"] == "lead")
    assert {
        "LogicalName": "subject",
        "AttributeType": "String",
        "SchemaName": "Subject",
    }.items() <= (
        next(one for one in lead["Attributes"] if one["LogicalName"] == "subject").items()
    )
    parents = {
        one["ReferencingEntityNavigationPropertyName"] for one in lead["ManyToOneRelationships"]
    }
    assert "parentaccountid" in parents
    assert all("LogicalCollectionName" in table for table in tables)


def test_a_list_of_values_may_stand_in_single_quotes(api: Api) -> None:
    name = unique("Listed")
    api.create("accounts", name=name)
    listed = f"{FUNCTION}In(PropertyName='statecode',PropertyValues=['0','1'])"
    query = f"accounts?$filter=contains(name,'{name}') and (fax eq '1' or fax eq null) and {listed}"
    body = api.row(f"{query}&$count=true&$orderby=name asc")
    assert (body["@odata.count"], body["value"][0]["name"]) == (1, name)
