"""Which tables a relationship may be made of, and which languages labels may have."""

from __future__ import annotations

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault
from tests.mock_dataverse.definitions.bodies import make_table

ACTIONS = ("CanBeReferenced", "CanBeReferencing", "CanManyToMany")
FUNCTIONS = {
    "GetValidManyToMany": None,
    "GetValidReferencedEntities": "ReferencingEntityName",
    "GetValidReferencingEntities": "ReferencedEntityName",
}


@pytest.mark.parametrize("action", ACTIONS)
def test_a_table_may_be_related_unless_it_is_a_relationship(api: Api, action: str) -> None:
    for table, expected in (("account", True), (make_table(api), True), ("teammembership", False)):
        answer = api.post(action, {"EntityName": table})
        assert (answer.status_code, answer.json()[action]) == (200, expected)
        assert answer.json()["@odata.context"].endswith(f"CRM.{action}Response")


@pytest.mark.parametrize("action", ACTIONS)
def test_an_unknown_table_is_refused_by_its_name(api: Api, action: str) -> None:
    assert_fault(api.post(action, {"EntityName": "nosuch"}), 400, "0x80041102", "'nosuch'")
    assert_fault(api.post(action, {}), 400, "0x80040203", "EntityName")
    assert_fault(api.post(action, {"EntityName": "lead", "Other": 1}), 400, "0x80060888", "Other")
    assert api.get(f"{action}()").status_code == 404


@pytest.mark.parametrize("function", FUNCTIONS)
def test_all_tables_are_listed_that_may_be_related(api: Api, function: str) -> None:
    made = make_table(api)
    names = api.row(f"{function}()")["EntityNames"]
    assert {"account", "lead", made} <= set(names)
    assert "teammembership" not in names
    assert names == sorted(names)


@pytest.mark.parametrize("function", [name for name, side in FUNCTIONS.items() if side])
def test_the_other_side_may_be_named(api: Api, function: str) -> None:
    side = FUNCTIONS[function]
    assert "account" in api.row(f"{function}({side}='contact')")["EntityNames"]
    assert "account" in api.row(f"{function}({side}=@p1)?@p1='contact'")["EntityNames"]
    assert api.row(f"{function}({side}='teammembership')")["EntityNames"] == []
    assert_fault(api.get(f"{function}({side}='nosuch')"), 400, "0x80041102", "nosuch")
    assert_fault(api.get(f"{function}(Other='contact')"), 400, "0x80060888", "Other")


def test_labels_are_in_one_language(api: Api) -> None:
    assert api.row("RetrieveAvailableLanguages")["LocaleIds"] == [1033]
    languages = api.row("RetrieveProvisionedLanguages()")
    assert languages["RetrieveProvisionedLanguages"] == [1033]
