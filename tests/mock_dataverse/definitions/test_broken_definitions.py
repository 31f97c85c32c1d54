"""Definitions with anything in the place of anything: refused or taken, never an error of ours."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.mock_dataverse.core.client import Api
from tests.mock_dataverse.definitions.bodies import (
    column,
    label,
    many_to_many,
    of,
    one_to_many,
    options,
    table,
)

Place = tuple[str | int, ...]
_NUMBERS = st.one_of(
    st.integers(),
    st.sampled_from([0, -1, 2**31, 2**63, 1e300]),
    st.floats(allow_nan=False, allow_infinity=False),
)
_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    _NUMBERS,
    st.text(max_size=12),
    st.sampled_from(
        ["new_Name", "lead", "account", "Cascade", "#Microsoft.Dynamics.CRM.x", "new_É"]
    ),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(
        st.sampled_from(["Value", "Label", "LocalizedLabels", "Options"]), st.integers()
    ),
)
_BODIES: dict[str, list[dict[str, Any]]] = {
    "EntityDefinitions": [
        table(
            "new_Fuzzed",
            column("Picklist", "new_Kind", OptionSet=options((1, "a"), (2, "b"))),
            column("DateTime", "new_Day", DateTimeBehavior={"Value": "DateOnly"}),
            column("Decimal", "new_Number", Precision=2, MinValue=0, MaxValue=5),
            HasNotes=True,
        )
    ],
    f"{of('territory')}/Attributes": [
        column("String", "new_Fuzzed", MaxLength=10, FormatName={"Value": "Email"}),
        column(
            "Boolean", "new_Fuzzed", OptionSet={"TrueOption": {"Value": 1, "Label": label("x")}}
        ),
        column("Integer", "new_Fuzzed", MinValue=1, MaxValue=2),
    ],
    f"{of('territory')}/Keys": [{"SchemaName": "new_Fuzzed", "KeyAttributes": ["name"]}],
    "RelationshipDefinitions": [
        one_to_many(
            "new_fuzzed",
            "account",
            "territory",
            "new_FuzzedId",
            CascadeConfiguration={"Delete": "Restrict"},
        ),
        many_to_many("new_fuzzed", "account", "territory"),
    ],
    "GlobalOptionSetDefinitions": [options((1, "a")) | {"Name": "new_fuzzed", "IsGlobal": True}],
    "InsertOptionValue": [
        {"EntityLogicalName": "lead", "AttributeLogicalName": "leadsourcecode", "Label": label("x")}
    ],
}


def _places(value: object, here: Place = ()) -> Iterator[Place]:
    """Yield the way to each value in a body."""
    if here:
        yield here
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _places(inner, (*here, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _places(inner, (*here, number))


def _replaced(body: dict[str, Any], place: Place, value: object) -> dict[str, Any]:
    changed = copy.deepcopy(body)
    inner: Any = changed
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    return changed


@st.composite
def _requests(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    path = draw(st.sampled_from(sorted(_BODIES)))
    body = draw(st.sampled_from(_BODIES[path]))
    for _ in range(draw(st.integers(1, 2))):
        body = _replaced(body, draw(st.sampled_from(list(_places(body)))), draw(_VALUES))
    return path, body


@given(request=_requests())
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_broken_definition_is_never_an_error_of_ours(
    api: Api, request: tuple[str, dict[str, Any]]
) -> None:
    path, body = request
    answer = api.post(path, body)
    assert answer.status_code in (200, 204, 400, 404, 501), answer.text
    if answer.status_code == 204:
        made = answer.headers["OData-EntityId"]
        assert api.get(made).status_code == 200
        removed = api.delete(made)
        assert removed.status_code == 204, removed.text
