"""`$apply`: groups of rows and what is computed of each."""

from __future__ import annotations

from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api

FORMATTED = "OData.Community.Display.V1.FormattedValue"
ALL = {"Prefer": 'odata.include-annotations="*"'}


def rows(api: Api, apply: str, **headers: str) -> list[dict[str, Any]]:
    answer = api.get("leads", params={"$apply": apply}, headers=headers)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["value"]
    return found


def test_groups_carry_neither_version_nor_key_and_the_context_no_columns(api: Api) -> None:
    answer = api.row("leads?$apply=groupby((leadsourcecode),aggregate($count as n))")
    assert answer["@odata.context"] == f"{api.root}$metadata#leads"
    assert answer["value"] == [
        {"n": 1},
        {"leadsourcecode": 1, "n": 1},
        {"leadsourcecode": 2, "n": 2},
    ]


def test_groups_without_aggregates_are_the_distinct_values(api: Api) -> None:
    assert rows(api, "groupby((leadsourcecode,statecode))") == [
        {"statecode": 0},
        {"leadsourcecode": 1, "statecode": 0},
        {"leadsourcecode": 2, "statecode": 0},
    ]


def test_texts_that_differ_in_case_are_one_group(api: Api) -> None:
    found = rows(api, "groupby((subject),aggregate($count as n))")
    assert {row["subject"].lower(): row["n"] for row in found} == {
        "chairs": 2,
        "lamps": 1,
        "tables": 1,
    }


def test_every_method_computes_what_it_says(api: Api) -> None:
    (found,) = rows(
        api,
        "aggregate(estimatedamount with sum as total,estimatedamount with min as least,"
        "estimatedamount with max as most,estimatedamount with average as mean,"
        "numberofemployees with average as whole,leadsourcecode with countdistinct as sources,"
        "subject with countdistinct as subjects,$count as n)",
    )
    assert found["total"] == pytest.approx(3010.5)
    assert (found["least"], found["most"]) == (10, 2000)
    assert found["mean"] == pytest.approx(1003.5)
    assert found["whole"] == 15
    assert (found["sources"], found["subjects"], found["n"]) == (2, 3, 4)


def test_the_latest_of_dates_is_a_date(api: Api) -> None:
    (found,) = rows(api, "aggregate(createdon with max as latest)", **ALL)
    assert found["latest"].endswith("Z")
    assert found[f"latest@{FORMATTED}"].endswith("M")


def test_an_aggregate_of_no_values_is_null(api: Api) -> None:
    found = rows(api, "filter(subject eq 'nothing')/aggregate(estimatedamount with sum as total)")
    assert found == [{"total": None}]


def test_a_path_to_a_related_row_is_named_by_its_table(api: Api) -> None:
    found = rows(
        api,
        "groupby((parentaccountid/primarycontactid/fullname),aggregate(estimatedamount with sum as s))",
    )
    assert found == [
        {"s": 10},
        {"contact_fullname": "Ada Byron", "s": pytest.approx(3000.5)},
        {"contact_fullname": "Bo Li", "s": None},
    ]


def test_values_of_related_rows_are_aggregated(api: Api) -> None:
    found = rows(api, "aggregate(parentaccountid/name with countdistinct as n)")
    assert found == [{"n": 2}]


def test_keys_and_totals_have_formatted_values(api: Api) -> None:
    found = rows(api, "groupby((leadsourcecode),aggregate($count as n,estimatedamount with sum as s))", **ALL)  # fmt: skip
    assert found[2][f"leadsourcecode@{FORMATTED}"] == "Employee Referral"
    assert found[2][f"n@{FORMATTED}"] == "2"
    assert found[2][f"s@{FORMATTED}"] == "$3,000.50"
    assert list(found[2]).index(f"s@{FORMATTED}") < list(found[2]).index("s")


def test_a_lookup_as_key_tells_its_name_and_table(api: Api) -> None:
    found = rows(api, "groupby((_ownerid_value),aggregate($count as n))", **ALL)
    (owner,) = found
    assert owner[f"_ownerid_value@{FORMATTED}"] == "System Administrator"
    assert owner["_ownerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"] == "systemuser"
    assert owner["n"] == 4


def test_filters_come_before_the_groups(api: Api) -> None:
    apply = "filter(leadsourcecode eq 2)/filter(estimatedamount gt 1500)/groupby((subject))"
    assert rows(api, apply) == [{"subject": "chairs"}]


def test_a_filter_may_hold_slashes_and_parentheses_in_texts(api: Api) -> None:
    apply = "filter(subject ne 'a/b)(' and contains(subject,'amp'))/groupby((subject))"
    assert rows(api, apply) == [{"subject": "Lamps"}]


def test_a_filter_beside_apply_chooses_among_the_same_rows(api: Api) -> None:
    path = "leads?$filter=leadsourcecode eq 2&$apply=aggregate($count as n)"
    assert api.row(path)["value"] == [{"n": 2}]


def test_a_filter_may_use_a_parameter_alias(api: Api) -> None:
    path = "leads?$apply=filter(subject eq @s)/aggregate($count as n)&@s='LAMPS'"
    assert api.row(path)["value"] == [{"n": 1}]


def test_groups_are_ordered_by_their_keys(api: Api) -> None:
    path = (
        "leads?$apply=groupby((parentaccountid/name),aggregate($count as n))"
        "&$orderby=parentaccountid/name desc"
    )
    assert [row.get("account_name") for row in api.row(path)["value"]] == [
        "Fabrikam",
        "Contoso",
        None,
    ]


def test_lookups_are_ordered_by_name(api: Api) -> None:
    path = "leads?$apply=groupby((_parentaccountid_value))&$orderby=_parentaccountid_value desc"
    named = api.get(path, headers=ALL).json()["value"]
    assert [row.get(f"_parentaccountid_value@{FORMATTED}") for row in named] == [
        "Fabrikam",
        "Contoso",
        None,
    ]


def test_a_collection_of_one_row_is_grouped_too(api: Api) -> None:
    (account,) = api.row("accounts?$select=name&$filter=name eq 'Contoso'")["value"]
    path = f"accounts({account['accountid']})/lead_parent_account?$apply=aggregate($count as n)"
    assert api.row(path)["value"] == [{"n": 2}]
