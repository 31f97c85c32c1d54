"""Rows addressed by alternate keys: created when they are missing, else updated."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault, unique
from tests.mock_dataverse.core.solution_folder import (
    KEY_COLUMN,
    LOOKUP_COLUMN,
    NAME_COLUMN,
    column,
    relationship,
    write_solution,
)

from work_assignment.mock_dataverse.server import MockServer

KEYS = (
    ("x_number", ("x_count",)),
    ("x_price", ("x_amount",)),
    ("x_when", ("x_day", "x_name")),
    ("x_of_lead", ("x_leadid", "x_kind")),
)


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A mock whose table x_thing has a key of every type."""
    folder: Path = tmp_path_factory.mktemp("solution")
    choice = "<optionset><options><option value='7'/><option value='8'/></options></optionset>"
    columns = (
        NAME_COLUMN
        + KEY_COLUMN
        + LOOKUP_COLUMN
        + column("x_Count", "int", "<MinValue>-5</MinValue><MaxValue>999</MaxValue>")
        + column("x_Amount", "decimal", "<Accuracy>2</Accuracy>")
        + column("x_Day", "datetime", "<Format>date</Format><Behavior>2</Behavior>")
        + column("x_Kind", "picklist", choice)
    )
    keys = "".join(
        f"<EntityKey><Name>{name}</Name><EntityKeyAttributes>"
        + "".join(f"<AttributeName>{part}</AttributeName>" for part in parts)
        + "</EntityKeyAttributes></EntityKey>"
        for name, parts in KEYS
    )
    write_solution(
        folder,
        columns,
        relationships=relationship("x_lead_x_thing"),
        listed=("x_lead_x_thing",),
        extra=f"<EntityKeys>{keys}</EntityKeys>",
    )
    with MockServer(solutions=[folder]) as server:
        client = Api(server)
        yield client
        client.close()


def test_keys_of_every_type_create_once_and_then_update(things: Api) -> None:
    lead = things.create("leads")
    for key, values in (
        ("x_count=-3", {"x_count": -3}),
        ("x_amount=12.50", {"x_amount": 12.5}),
        (
            "x_day=2026-02-28,x_name='o''clock, (one)'",
            {"x_day": "2026-02-28", "x_name": "o'clock, (one)"},
        ),
        (f"x_kind=7,_x_leadid_value={lead}", {"x_kind": 7, "_x_leadid_value": lead}),
    ):
        assert things.patch(f"x_things({key})", {"importsequencenumber": 1}).status_code == 204
        row = things.row(f"x_things({key})")
        assert {name: row[name] for name in values} == values
        again = things.patch(
            f"x_things({key})", {"x_name": row["x_name"]}, Prefer="return=representation"
        )
        assert (again.status_code, again.json()["x_thingid"]) == (200, row["x_thingid"])
        only_create = things.patch(f"x_things({key})", {}, If_None_Match="*")
        assert_fault(only_create, 412, "0x80040237")
        bind = {"parentcontactid@odata.bind": None}
        assert things.patch(f"leads({lead})", bind, If_Match="*").status_code == 204
        assert things.delete(f"x_things({key})").status_code == 204
        missing = things.patch(f"x_things({key})", {}, If_Match="*")
        assert_fault(missing, 404, "0x80060891", "x_thing")


@pytest.mark.parametrize(
    "key",
    [
        "x_count=null",
        "x_count=",
        "x_count='3'",
        "x_count=3.5",
        "x_count=3,x_name='x'",
        "x_amount=nan",
        "x_amount=1e999",
        "x_day=2026-02-30,x_name='x'",
        "x_day='2026-02-28',x_name='x'",
        "x_day=2026-02-28,x_name=x",
        "x_day=2026-02-28",
        "x_kind=7,x_leadid=1",
        "x_kind=9,_x_leadid_value=00000000-0000-0000-0000-000000000001",
        "x_kind=7,_x_leadid_value=1",
        "x_count=3,x_count=4",
    ],
)
def test_what_is_no_key_is_a_400(things: Api, key: str) -> None:
    for answer in (things.get(f"x_things({key})"), things.patch(f"x_things({key})", {})):
        assert answer.status_code == 400, answer.text


def test_a_key_out_of_the_range_of_its_column_creates_nothing(things: Api) -> None:
    assert_fault(things.patch("x_things(x_count=1000)", {}), 400, "0x80044330", "'x_count'")


def test_rows_without_a_value_are_not_each_others_duplicates(things: Api) -> None:
    first, second = things.create("x_things", x_name="a"), things.create("x_things", x_name="a")
    things.patch(f"x_things({first})", {"x_count": 5})
    answer = things.patch(f"x_things({second})", {"x_count": 5})
    assert_fault(answer, 412, "0x80060892", "x_number", "already exists")
    assert things.patch(f"x_things({first})", {"x_count": None}).status_code == 204
    assert things.patch(f"x_things({second})", {"x_count": 5}).status_code == 204


def test_a_representation_has_what_was_selected(api: Api) -> None:
    account = api.create("accounts", name="Contoso")
    path = f"leads({uuid.uuid4()})?$select=subject&$expand=parentaccountid($select=name)"
    body = {"subject": unique("x"), "parentaccountid@odata.bind": f"accounts({account})"}
    created = api.patch(path, body, Prefer="return=representation")
    assert created.status_code == 201
    assert created.json()["parentaccountid"]["name"] == "Contoso"
    updated = api.patch(path, {"subject": "y"}, Prefer="return=representation")
    assert (updated.status_code, updated.json()["subject"]) == (200, "y")
    assert "parentaccountid" not in updated.json()


def test_conditions_that_cannot_both_be_are_refused(api: Api) -> None:
    lead = api.create("leads")
    both = {"If_Match": "*", "If_None_Match": "*"}
    assert_fault(api.patch(f"leads({lead})", {}, **both), 400, "0x80060888", "If-None-Match")
    assert_fault(api.patch(f"leads({lead})", {}, If_None_Match='W/"1"'), 400, "0x80060888")
    assert_fault(api.delete(f"leads({lead})", If_Match="soon"), 400, "0x80060888", "ETag")
