"""`sql=`: columns, joins, order and pages of rows."""

from __future__ import annotations

import json

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault
from tests.mock_dataverse.sql.conftest import Ask

FORMATTED = "OData.Community.Display.V1.FormattedValue"
ATTRIBUTE = "OData.Community.Display.V1.AttributeName"
ALL = {"Prefer": 'odata.include-annotations="*"'}


def test_rows_come_with_version_and_primary_key(api: Api) -> None:
    answer = api.row("leads?sql=SELECT subject FROM lead WHERE subject = 'CHAIRS'")
    assert answer["@odata.context"] == f"{api.root}$metadata#leads(subject,leadid)"
    (row,) = answer["value"]
    assert list(row) == ["@odata.etag", "subject", "leadid"]
    assert row["subject"] == "Chairs"
    assert api.row(f"leads({row['leadid']})?$select=subject")["@odata.etag"] == row["@odata.etag"]


def test_annotations_tell_totals_labels_and_what_aliases_stand_for(api: Api) -> None:
    sql = (
        "SELECT l.subject AS title, l.statecode state FROM lead AS l WHERE l.numberofemployees = 10"
    )
    answer = api.get("leads", params={"sql": sql}, headers=ALL).json()
    assert answer["@Microsoft.Dynamics.CRM.totalrecordcount"] == -1
    assert answer["@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"] is False
    (row,) = answer["value"]
    assert row["title"] == "Chairs"
    assert row[f"title@{ATTRIBUTE}"] == "subject"
    assert row[f"state@{ATTRIBUTE}"] == "statecode"
    assert row[f"state@{FORMATTED}"] == "Open"
    assert list(row).index(f"title@{ATTRIBUTE}") < list(row).index("title")


def test_names_may_be_quoted_and_are_not_case_sensitive(leads: Ask) -> None:
    rows = leads('SELECT [L].SUBJECT AS "Title" FROM [Lead] L WHERE "numberofemployees" = 10')
    assert rows[0]["Title"] == "Chairs"


def test_lookups_are_named_by_logical_name_and_shown_by_value_property(leads: Ask) -> None:
    rows = leads(
        "SELECT TOP 1 ownerid, parentaccountid AS account FROM lead ORDER BY subject", **ALL
    )
    assert rows[0][f"_ownerid_value@{FORMATTED}"] == "System Administrator"
    assert len(rows[0]["account"]) == 36


def test_booleans_are_true_and_false(leads: Ask) -> None:
    assert (
        leads("SELECT donotemail FROM lead WHERE numberofemployees = 10")[0]["donotemail"] is True
    )


def test_inner_joins_keep_what_has_a_partner(leads: Ask) -> None:
    rows = leads(
        "SELECT l.subject, a.name FROM lead l JOIN account a ON l.parentaccountid = a.accountid "
        "ORDER BY a.name DESC, l.subject"
    )
    assert [(row["subject"], row["name"]) for row in rows] == [
        ("O'Hara -- 100%", "Fabrikam"),
        ("Ärger", "Contoso"),
        ("Chairs", "Contoso"),
    ]


def test_left_joins_keep_what_has_none(leads: Ask) -> None:
    rows = leads(
        "SELECT l.subject, a.name FROM lead l "
        "LEFT OUTER JOIN account a ON a.accountid = l.parentaccountid WHERE a.name IS NULL"
    )
    assert [(row["subject"], row["name"]) for row in rows] == [("chairs again", None)]


def test_three_tables_and_a_polymorphic_lookup(leads: Ask) -> None:
    rows = leads(
        "SELECT l.subject, c.fullname, u.fullname AS owner FROM lead l "
        "INNER JOIN account a ON l.parentaccountid = a.accountid "
        "INNER JOIN contact c ON a.accountid = c.parentcustomerid "
        "JOIN systemuser u ON l.ownerid = u.systemuserid ORDER BY l.numberofemployees"
    )
    assert [(row["subject"], row["fullname"], row["owner"]) for row in rows] == [
        ("Chairs", "Ada Byron", "System Administrator"),
        ("Ärger", "Ada Byron", "System Administrator"),
    ]


def test_a_join_may_ask_for_more_than_the_tie(leads: Ask) -> None:
    rows = leads(
        "SELECT l.subject, a.name FROM lead l LEFT JOIN account a "
        "ON l.parentaccountid = a.accountid AND a.name LIKE 'F%' ORDER BY l.subject"
    )
    assert [row["name"] for row in rows] == [None, None, None, "Fabrikam"]


def test_a_table_joined_with_itself(api: Api) -> None:
    parent = api.create("accounts", name="Group")
    api.create("accounts", name="Part", **{"parentaccountid@odata.bind": f"/accounts({parent})"})
    sql = (
        "SELECT child.name AS account, parent.name AS parent_account FROM account AS child "
        "INNER JOIN account AS parent ON child.parentaccountid = parent.accountid"
    )
    (row,) = api.get("accounts", params={"sql": sql}).json()["value"]
    assert (row["account"], row["parent_account"]) == ("Part", "Group")


def test_distinct_rows_have_no_key(leads: Ask) -> None:
    assert leads("SELECT DISTINCT donotemail FROM lead ORDER BY donotemail DESC") == [
        {"donotemail": True},
        {"donotemail": False},
    ]
    assert leads("SELECT DISTINCT TOP 1 donotemail FROM lead ORDER BY donotemail") == [
        {"donotemail": False}
    ]


def test_order_by_an_alias(leads: Ask) -> None:
    rows = leads("SELECT numberofemployees AS size FROM lead ORDER BY SIZE DESC")
    assert [row["size"] for row in rows] == [30, 20, 10, None]


def test_top_and_offset_fetch(leads: Ask) -> None:
    sql = "SELECT {} numberofemployees AS n FROM lead ORDER BY numberofemployees {}"
    assert leads(sql.format("TOP (0)", "")) == []
    rows = leads(sql.format("TOP 2", "DESC"))
    assert [row["n"] for row in rows] == [30, 20]
    rows = leads(sql.format("", "OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY"))
    assert [row["n"] for row in rows] == [10, 20]
    rows = leads(sql.format("", "OFFSET 2 ROWS"))
    assert [row["n"] for row in rows] == [20, 30]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT l.subject, a.name FROM lead l LEFT JOIN account a ON l.parentaccountid = a.accountid"
        " ORDER BY a.name, l.numberofemployees DESC",
        "SELECT DISTINCT subject FROM lead ORDER BY subject DESC",
        "SELECT subject, COUNT(*) AS n FROM lead GROUP BY subject",
        "SELECT subject FROM lead ORDER BY subject OFFSET 1 ROWS",
    ],
)
def test_pages_hold_each_row_once(api: Api, sql: str) -> None:
    whole = api.get("leads", params={"sql": sql}).json()["value"]
    pages = []
    answer = api.get("leads", params={"sql": sql}, headers={"Prefer": "odata.maxpagesize=1"})
    while True:
        assert len(answer.json()["value"]) == 1
        pages += answer.json()["value"]
        link = answer.json().get("@odata.nextLink")
        if link is None:
            break
        answer = api.get(link, headers={"Prefer": "odata.maxpagesize=1"})
    assert pages == whole


def test_a_query_may_stand_in_a_batch(api: Api) -> None:
    root = api.root
    body = (
        "--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        f"GET {root}leads?sql=SELECT%20subject%20FROM%20lead%20WHERE%20numberofemployees%20%3D%2010"
        " HTTP/1.1\r\nAccept: application/json\r\n\r\n\r\n--b--\r\n"
    )
    answer = api.send(
        "POST", "$batch", data=body, headers={"Content-Type": "multipart/mixed; boundary=b"}
    )
    inner = answer.text[answer.text.index("{") : answer.text.rindex("}") + 1]
    assert [row["subject"] for row in json.loads(inner)["value"]] == ["Chairs"]


def test_the_set_of_the_address_is_that_of_the_base_table(api: Api) -> None:
    answer = api.get("leads?sql=SELECT name FROM account")
    assert_fault(answer, 400, "0x80060888", "'account'", "'leads'")


def test_other_options_do_not_fit(api: Api) -> None:
    answer = api.get("leads?sql=SELECT subject FROM lead&$top=1")
    assert_fault(answer, 400, "0x80060888", "'$top'")


@pytest.mark.parametrize("token", ["x", "<cookie pagenumber='2' pagingcookie=''/>"])
def test_a_token_that_is_not_ours_is_refused(api: Api, token: str) -> None:
    for sql in ("SELECT subject FROM lead", "SELECT DISTINCT subject FROM lead"):
        answer = api.get("leads", params={"sql": sql, "$skiptoken": token})
        assert_fault(answer, 400, "0x8004112a")
