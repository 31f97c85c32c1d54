"""FetchXML conditions."""

from __future__ import annotations

import pytest
from tests.mock_dataverse.reads.conftest import ANA, CONTOSO
from tests.mock_dataverse.reads.test_hierarchies import OPERATORS as PEOPLE_AND_TREES
from tests.mock_dataverse.reads.test_relative_dates import OPERATORS as DATE_OPERATORS
from tests.mock_dataverse.reads.world import ME, World, guid

from work_assignment.mock_dataverse.faults import Fault
from work_assignment.mock_dataverse.reading.fetchxml.operators import OPERATORS

VALUES = "<value>3</value><value>7</value>"
RANGE = "<value>1</value><value>5</value>"

CASES = [
    ("subject", "eq", "FORTY chairs", [1]),
    ("firstname", "eq", "zoe", [1]),
    ("firstname", "ne", "bo", [1, 3]),
    ("firstname", "neq", "bo", [1, 3]),
    ("employees", "gt", "3", [1]),
    ("employees", "ge", "3", [1, 2]),
    ("employees", "lt", "1200", [2]),
    ("employees", "le", "1200", [1, 2]),
    ("score", "eq", "2.5", [1]),
    ("donotemail", "eq", "1", [1]),
    ("donotemail", "eq", "false", [2]),
    ("donotemail", "ne", "true", [2, 3]),
    ("leadsourcecode", "eq", "2", [1]),
    ("ownerid", "eq", f"{{{guid(ANA).upper()}}}", [1]),
    ("leadid", "eq", guid(2), [2]),
    ("subject", "like", "%ch[ae]%", [1]),
    ("subject", "like", "100[%]%", [2]),
    ("firstname", "not-like", "z%", [2, 3]),
    ("subject", "begins-with", "forty", [1]),
    ("firstname", "not-begin-with", "z", [2, 3]),
    ("subject", "ends-with", "cotton", [2]),
    ("firstname", "not-end-with", "o", [1, 3]),
    ("employees", "in", VALUES, [2]),
    ("employees", "not-in", VALUES, [1, 3]),
    ("employees", "between", RANGE, [2]),
    ("employees", "not-between", RANGE, [1, 3]),
    ("firstname", "null", None, [3]),
    ("firstname", "not-null", None, [1, 2]),
    ("createdon", "eq", "2026-03-01T09:00:00Z", [1]),
    ("createdon", "gt", "2026-03-01", [1, 2]),
    ("createdon", "gt", "2026-03-01T10:00:00+02:00", [1, 2]),
    ("createdon", "on", "2026-03-02", [2]),
    ("createdon", "on-or-before", "2026-03-01T00:00:00Z", [1, 3]),
    ("createdon", "on-or-after", "2026-03-01T23:59:59Z", [1, 2]),
    ("closeon", "on", "2026-03-01", [1]),
    ("closeon", "on-or-after", "2026-03-02", []),
    ("closeon", "le", "2026-03-01T00:00:00", [1]),
    ("ownerid", "eq-userid", None, [1]),
    ("ownerid", "ne-userid", None, [2, 3]),
    ("wa_segmentid", "eq-businessid", None, []),
    ("wa_segmentid", "ne-businessid", None, [1, 2, 3]),
    ("interests", "contain-values", "<value>1</value><value>2</value>", [1, 2]),
    ("interests", "not-contain-values", "<value>9</value>", [2, 3]),
    ("interests", "eq", "9,1", [1]),
    ("interests", "ne", "2", [1, 3]),
    ("interests", "in", "<value>1</value><value>9</value>", [1]),
    ("interests", "not-in", "<value>2</value>", [1, 3]),
    ("interests", "null", None, [3]),
]


def _condition(attribute: str, operator: str, value: str | None) -> str:
    if value is None:
        return f"<condition attribute='{attribute}' operator='{operator}'/>"
    if value.startswith("<"):
        return f"<condition attribute='{attribute}' operator='{operator}'>{value}</condition>"
    return f"<condition attribute='{attribute}' operator='{operator}' value='{value}'/>"


def _found(world: World, filter_text: str) -> list[int]:
    fetch = (
        "<fetch><entity name='lead'><attribute name='leadid'/><order attribute='leadid'/>"
        f"{filter_text}</entity></fetch>"
    )
    return [int(row["leadid"].replace("-", ""), 16) for row in world.fetched(fetch)]


@pytest.mark.parametrize(("attribute", "operator", "value", "ids"), CASES)
def test_operators(
    world: World, attribute: str, operator: str, value: str | None, ids: list[int]
) -> None:
    assert _found(world, f"<filter>{_condition(attribute, operator, value)}</filter>") == ids


def test_every_operator_that_is_emulated_is_shown_above() -> None:
    shown = {operator for _, operator, _, _ in CASES}
    assert shown | DATE_OPERATORS | PEOPLE_AND_TREES == OPERATORS


def test_the_callers_business_unit_is_known(world: World) -> None:
    world.add("lead", 8, subject="ours", wa_segmentid=ME.business_unit_id)
    assert _found(
        world, f"<filter>{_condition('wa_segmentid', 'eq-businessid', None)}</filter>"
    ) == [8]


def test_filters_nest_and_several_are_joined_by_and(world: World) -> None:
    one, two = _condition("employees", "eq", "3"), _condition("donotemail", "eq", "1")
    opened = _condition("statecode", "eq", "0")
    assert _found(world, f"<filter type='or'>{one}{two}</filter>") == [1, 2]
    assert _found(world, f"<filter type='or'>{one}<filter>{two}{opened}</filter></filter>") == [
        1,
        2,
    ]
    assert _found(world, f"<filter type='or'>{one}{two}</filter><filter>{opened}</filter>") == [1]
    assert _found(world, "<filter/>") == [1, 2, 3]
    assert _found(world, "<filter type='or'/>") == [1, 2, 3]


def test_columns_are_compared_with_each_other(world: World) -> None:
    def compared(operator: str, other: str) -> list[int]:
        condition = f"<condition attribute='firstname' operator='{operator}' valueof='{other}'/>"
        link = (
            "<link-entity name='account' from='accountid' to='parentaccountid' alias='a' "
            "link-type='outer'/>"
        )
        return _found(world, f"<filter>{condition}</filter>{link}")

    assert compared("eq", "lastname") == [1]
    assert compared("ne", "lastname") == [2, 3]
    assert compared("gt", "a.name") == [1]


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("<condition attribute='none' operator='null'/>", "Name = 'none'"),
        ("<condition attribute='employees' operator='eq' value='many'/>", "not a valid Integer"),
        ("<condition attribute='createdon' operator='on' value='soon'/>", "not a valid DateTime"),
        ("<condition attribute='ownerid' operator='eq' value='ana'/>", "not a valid Owner"),
        ("<condition attribute='donotemail' operator='eq' value='maybe'/>", "not a valid Boolean"),
        ("<condition attribute='employees' operator='eq'/>", "takes one value, not 0"),
        ("<condition attribute='employees' operator='in'/>", "takes at least one value"),
        ("<condition attribute='employees' operator='between' value='1'/>", "takes two values"),
        ("<condition attribute='employees' operator='null' value='1'/>", "takes no value"),
        ("<condition attribute='subject' operator='on' value='2026-01-01'/>", "needs a date"),
        ("<condition attribute='subject' operator='eq-userid'/>", "needs a lookup"),
        ("<condition attribute='subject' operator='like' valueof='lastname'/>", "valueof"),
        ("<condition attribute='subject' operator='eq' valueof='employees'/>", "different types"),
        ("<condition attribute='subject' operator='eq' valueof='x.name'/>", "alias 'x'"),
        ("<condition attribute='subject' operator='eq' entityname='x' value='1'/>", "alias 'x'"),
        ("<condition attribute='interests' operator='gt' value='1'/>", "only eq and ne"),
        ("<condition attribute='interests' operator='contain-values'/>", "at least one value"),
        ("<condition attribute='interests' operator='contain-values' value='x'/>", "'x'"),
        ("<condition operator='null'/>", "needs the attribute 'attribute'"),
        ("<condition attribute='subject'/>", "needs the attribute 'operator'"),
        ("<order attribute='subject'/>", "<order> cannot stand inside <filter>"),
    ],
)
def test_a_wrong_condition_is_refused_by_name(world: World, condition: str, message: str) -> None:
    with pytest.raises(Fault) as refused:
        _found(world, f"<filter>{condition}</filter>")
    assert refused.value.status == 400
    assert message in refused.value.message


@pytest.mark.parametrize(
    "operator", ["contain-values", "not-contain-values", "eq-useroruserhierarchy", "nonsense"]
)
def test_an_operator_that_does_not_fit_the_column_is_named(world: World, operator: str) -> None:
    with pytest.raises(Fault) as refused:
        _found(world, f"<filter><condition attribute='createdon' operator='{operator}'/></filter>")
    assert refused.value.status == 400
    assert f"'{operator}'" in refused.value.message


def test_like_needs_text(world: World) -> None:
    with pytest.raises(Fault) as refused:
        _found(world, f"<filter>{_condition('employees', 'like', '1%')}</filter>")
    assert refused.value.status == 501


def test_more_than_500_conditions_are_too_many(world: World) -> None:
    one = _condition("parentaccountid", "eq", guid(CONTOSO))
    assert _found(world, f"<filter type='or'>{one * 500}</filter>") == [1]
    with pytest.raises(Fault) as refused:
        _found(world, f"<filter type='or'>{one * 501}</filter>")
    assert refused.value.code == "0x8004430c"
