"""Choices columns over HTTP: of a table in a solution, written, shown and asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault
from tests.mock_dataverse.core.solution_folder import (
    KEY_COLUMN,
    NAME_COLUMN,
    column,
    write_solution,
)

from work_assignment.mock_dataverse.server import MockServer

ACTIVITIES = (
    "Swimming",
    "Hiking",
    "Climbing",
    "Fishing",
    "Hunting",
    "Running",
    "Boating",
    "Skiing",
)
PEOPLE = {"Wayne": "1, 8", "Monte": "2", "Hiram": "8,3,2", "Nobody": None}
FORMATTED = "OData.Community.Display.V1.FormattedValue"
CRM = "Microsoft.Dynamics.CRM"


def _option(value: int, label: str) -> str:
    return (
        f'<option value="{value}"><labels><label description="{label}" languagecode="1033" />'
        "</labels></option>"
    )


def _options() -> str:
    listed = "".join(_option(value, label) for value, label in enumerate(ACTIVITIES, 1))
    return f"<optionset><options>{listed}{_option(200, 'Other')}</options></optionset>"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    columns = NAME_COLUMN + KEY_COLUMN + column("x_Outdoor", "multiselectpicklist", _options())
    folder = write_solution(tmp_path_factory.mktemp("solution"), columns)
    with MockServer(solutions=[folder]) as server:
        client = Api(server)
        for name, chosen in PEOPLE.items():
            client.create("x_things", x_name=name, x_outdoor=chosen)
        yield client
        client.close()


def _found(api: Api, filter_text: str) -> list[str]:
    body = api.row(f"x_things?$select=x_name&$orderby=x_name&$filter={filter_text}")
    return [row["x_name"] for row in body["value"]]


def test_options_are_shown_in_order_with_their_labels(api: Api) -> None:
    prefer = {"Prefer": f'odata.include-annotations="{FORMATTED}"'}
    body = api.get("x_things?$select=x_outdoor&$orderby=x_name", headers=prefer).json()
    hiram, monte, nobody, wayne = body["value"]
    assert hiram["x_outdoor"] == "2,3,8"
    assert hiram[f"x_outdoor@{FORMATTED}"] == "Hiking; Climbing; Skiing"
    assert monte["x_outdoor"] == "2"
    assert wayne[f"x_outdoor@{FORMATTED}"] == "Swimming; Skiing"
    assert nobody["x_outdoor"] is None
    assert f"x_outdoor@{FORMATTED}" not in nobody


@pytest.mark.parametrize(
    ("filter_text", "names"),
    [
        (f"{CRM}.ContainValues(PropertyName='x_outdoor',PropertyValues=['2'])", ["Hiram", "Monte"]),
        (f"{CRM}.ContainValues(PropertyName=@p,PropertyValues=@v)&@p='x_outdoor'&@v=['1','3']",
         ["Hiram", "Wayne"]),
        (f"{CRM}.DoesNotContainValues(PropertyName='x_outdoor',PropertyValues=['8'])",
         ["Monte", "Nobody"]),
        ("x_outdoor eq '8,1'", ["Wayne"]),
        ("x_outdoor ne '2'", ["Hiram", "Nobody", "Wayne"]),
        ("x_outdoor eq null", ["Nobody"]),
        (f"{CRM}.In(PropertyName='x_outdoor',PropertyValues=['1','8'])", ["Wayne"]),
    ],
)  # fmt: skip
def test_rows_are_found_by_their_options(api: Api, filter_text: str, names: list[str]) -> None:
    assert _found(api, filter_text) == names


@pytest.mark.parametrize(
    ("operator", "values", "names"),
    [
        ("contain-values", "<value>2</value><value>200</value>", ["Hiram", "Monte"]),
        ("not-contain-values", "<value>2</value>", ["Nobody", "Wayne"]),
        ("eq", "<value>3,2,8</value>", ["Hiram"]),
        ("in", "<value>2</value>", ["Monte"]),
        ("not-null", "", ["Hiram", "Monte", "Wayne"]),
    ],
)
def test_rows_are_found_by_their_options_in_fetchxml(
    api: Api, operator: str, values: str, names: list[str]
) -> None:
    fetch = (
        "<fetch><entity name='x_thing'><attribute name='x_name'/><order attribute='x_name'/><filter>"
        f"<condition attribute='x_outdoor' operator='{operator}'>{values}</condition>"
        "</filter></entity></fetch>"
    )
    body = api.get("x_things", params={"fetchXml": fetch}).json()
    assert [row["x_name"] for row in body["value"]] == names


@pytest.mark.parametrize(
    ("given", "stored"),
    [("3", "3"), ("8,8,1", "1,8"), (" 200 ,5 ", "5,200"), ("", None), (None, None)],
)
def test_what_is_written_is_kept_once_and_in_order(
    api: Api, given: str | None, stored: str | None
) -> None:
    row_id = api.create("x_things", x_name="Zoe", x_outdoor="4")
    assert api.patch(f"x_things({row_id})", {"x_outdoor": given}).status_code == 204
    assert api.row(f"x_things({row_id})?$select=x_outdoor")["x_outdoor"] == stored
    assert api.delete(f"x_things({row_id})").status_code == 204


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        (3, "0x80048d19", "'x_outdoor' to the expected type 'Edm.String'"),
        (["1"], "0x80048d19", "'x_outdoor'"),
        ("1;2", "0x80048d19", "1;2"),
        ("1,,2", "0x80048d19", "'x_outdoor'"),
        ("Hiking", "0x80048d19", "Hiking"),
        ("1,99", "0x8004431a", "The value 99 of 'x_outdoor'"),
    ],
)
def test_a_wrong_choice_is_refused_by_name(api: Api, given: Any, code: str, words: str) -> None:
    answer = api.post("x_things", {"x_name": "Wrong", "x_outdoor": given})
    assert_fault(answer, 400, code, words)
    assert _found(api, "x_name eq 'Wrong'") == []


def test_choices_are_described_and_shown_as_a_property(api: Api) -> None:
    cast = f"{CRM}.MultiSelectPicklistAttributeMetadata"
    path = f"EntityDefinitions(LogicalName='x_thing')/Attributes/{cast}"
    described = api.row(f"{path}?$select=LogicalName&$expand=OptionSet($select=Options)")["value"]
    assert [item["LogicalName"] for item in described] == ["x_outdoor"]
    options = described[0]["OptionSet"]["Options"]
    assert [option["Value"] for option in options] == [*range(1, 9), 200]
    (wayne,) = api.row("x_things?$filter=x_name eq 'Wayne'")["value"]
    assert api.row(f"x_things({wayne['x_thingid']})/x_outdoor")["value"] == "1,8"
