"""How deep queries may nest: as far as SQLite can follow, and refused by name beyond."""

from __future__ import annotations

import pytest
from tests.mock_dataverse.reads.world import World

from work_assignment.mock_dataverse.faults import Fault


def _nested_any(levels: int) -> str:
    text = f"x{levels}/name eq 'a'"
    for level in range(levels, 1, -1):
        text = f"x{level - 1}/account_parent_account/any(x{level}:{text})"
    return f"account_parent_account/any(x1:{text})"


def _nested_links(levels: int) -> str:
    inner = ""
    for _ in range(levels):
        link = (
            "<link-entity name='account' from='parentaccountid' to='accountid' link-type='any'>"
            f"{inner}</link-entity>"
        )
        inner = f"<filter type='or'><condition attribute='name' operator='null'/>{link}</filter>"
    return f"<fetch><entity name='account'>{inner}</entity></fetch>"


def _path(levels: int) -> str:
    return "/".join(["parentaccountid"] * levels + ["name"])


def test_what_sqlite_can_follow_is_answered(world: World) -> None:
    assert world.get("accounts", filter=_nested_any(8))["value"] == []
    assert world.get("accounts", fetch=_nested_links(5))["value"] == []
    assert world.get("accounts", filter=f"{_path(50)} ne null")["value"] == []


@pytest.mark.parametrize(
    "asked",
    [
        {"filter": _nested_any(20)},
        {"filter": "not (" * 31 + "name eq 'a'" + ")" * 31},
        {"filter": f"{_path(51)} eq 'a'"},
        {"filter": f"{_path(5000)} eq 'a'"},
        {"filter": f"{_path(49)} eq 'a' and primarycontactid/{_path(30)} eq 'a'"},
        {"orderby": _path(5000)},
        {"fetch": _nested_links(15)},
    ],
)
def test_what_is_deeper_is_a_501(world: World, asked: dict[str, str]) -> None:
    with pytest.raises(Fault) as refused:
        world.get("accounts", **asked)
    assert refused.value.status == 501


def test_long_lists_are_answered(world: World) -> None:
    values = ",".join(f'"{number}"' for number in range(5000))
    function = f"Microsoft.Dynamics.CRM.In(PropertyName='name',PropertyValues=[{values}])"
    assert world.get("accounts", filter=function)["value"] == []
