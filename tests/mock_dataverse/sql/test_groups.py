"""`sql=`: aggregates and GROUP BY."""

from __future__ import annotations

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault
from tests.mock_dataverse.sql.conftest import Ask

from work_assignment.mock_dataverse.server import MockServer

ALL = {"Prefer": 'odata.include-annotations="*"'}
FORMATTED = "OData.Community.Display.V1.FormattedValue"


def test_every_aggregate_computes_what_it_says(leads: Ask) -> None:
    (row,) = leads(
        "SELECT COUNT(*) n, COUNT(numberofemployees) AS some, COUNT(DISTINCT donotemail) kinds, "
        "SUM(estimatedamount) total, AVG(estimatedamount) mean, AVG(numberofemployees) whole, "
        "MIN(estimatedclosedate) first, MAX(numberofemployees) most FROM lead"
    )
    assert row == {
        "n": 4,
        "some": 3,
        "kinds": 2,
        "total": pytest.approx(3010.5),
        "mean": pytest.approx(1003.5),
        "whole": 20,
        "first": "2026-03-01",
        "most": 30,
    }


def test_groups_by_a_joined_column_in_the_order_of_a_total(leads: Ask) -> None:
    rows = leads(
        "SELECT COUNT(*) AS n, a.name FROM lead l LEFT JOIN account a "
        "ON l.parentaccountid = a.accountid GROUP BY a.name ORDER BY n DESC, a.name DESC"
    )
    assert [list(row.items()) for row in rows] == [
        [("n", 2), ("name", "Contoso")],
        [("n", 1), ("name", "Fabrikam")],
        [("n", 1), ("name", None)],
    ]


def test_a_group_need_not_be_shown(leads: Ask) -> None:
    rows = leads("SELECT COUNT(*) AS n FROM lead GROUP BY donotemail ORDER BY donotemail")
    assert rows == [{"n": 2}, {"n": 2}]


def test_groups_without_aggregates_are_distinct_values(leads: Ask) -> None:
    rows = leads("SELECT donotemail FROM lead GROUP BY donotemail")
    assert rows == [{"donotemail": False}, {"donotemail": True}]


def test_groups_and_totals_have_annotations(leads: Ask) -> None:
    (row,) = leads(
        "SELECT statecode, ownerid AS who, SUM(estimatedamount) AS total, COUNT(*) AS n FROM lead"
        " GROUP BY statecode, ownerid",
        **ALL,
    )
    assert row[f"statecode@{FORMATTED}"] == "Open"
    assert row[f"who@{FORMATTED}"] == "System Administrator"
    assert row[f"total@{FORMATTED}"] == "$3,010.50"
    assert row[f"n@{FORMATTED}"] == "4"
    assert row["total@OData.Community.Display.V1.AttributeName"] == "estimatedamount"
    assert "@odata.etag" not in row


def test_top_and_offset_count_groups(leads: Ask) -> None:
    sql = "SELECT {} subject, COUNT(*) AS n FROM lead GROUP BY subject ORDER BY subject {}"
    assert [row["subject"] for row in leads(sql.format("TOP 1", ""))] == ["Ärger"]
    tail = leads(sql.format("", "OFFSET 3 ROWS FETCH NEXT 5 ROWS ONLY"))
    assert [row["subject"] for row in tail] == ["O'Hara -- 100%"]


@pytest.mark.parametrize(
    ("sql", "status", "words"),
    [
        ("SELECT subject, COUNT(*) AS n FROM lead", 400, "'subject' is invalid in the select list"),
        (
            "SELECT statecode, COUNT(*) AS n FROM lead GROUP BY statecode ORDER BY subject",
            400,
            "'subject' is invalid in the ORDER BY clause",
        ),
        ("SELECT SUM(subject) AS s FROM lead", 400, "'subject', which is of type String"),
        ("SELECT COUNT(*) FROM lead", 400, "COUNT(*) without an alias"),
        ("SELECT SUM(DISTINCT numberofemployees) AS s FROM lead", 400, "SUM"),
        ("SELECT SUM(numberofemployees + 1) AS s FROM lead", 400, "numberofemployees + 1"),
        ("SELECT statecode FROM lead GROUP BY statecode HAVING COUNT(*) > 1", 400, "HAVING"),
        ("SELECT statecode FROM lead GROUP BY ROLLUP(statecode)", 400, "ROLLUP"),
        ("SELECT statecode FROM lead GROUP BY 1", 400, "a constant in GROUP BY"),
        ("SELECT DISTINCT COUNT(*) AS n FROM lead GROUP BY statecode", 501, "DISTINCT"),
        ("SELECT statecode, statecode AS s FROM lead GROUP BY statecode", 501, "twice"),
    ],
)
def test_what_groups_cannot_do_is_named(api: Api, sql: str, status: int, words: str) -> None:
    assert_fault(api.get("leads", params={"sql": sql}), status, "0x80060888", words)


def test_more_than_50_000_source_rows_are_too_many(api: Api, server: MockServer) -> None:
    with server.store.writing() as db:
        db.execute(
            "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers LIMIT 50001)"
            " INSERT INTO campaign (campaignid, name, statecode, versionnumber)"
            " SELECT lower(hex(randomblob(16))), n, n % 2, 2 FROM numbers"
        )
    answer = api.get("campaigns?sql=SELECT COUNT(*) AS n FROM campaign")
    assert_fault(answer, 400, "0x8004e023", "maximum record limit")
    counted = api.row("campaigns?sql=SELECT COUNT(*) AS n FROM campaign WHERE statecode = 1")
    assert counted["value"] == [{"n": 25_001}]
    rows = api.row("campaigns?sql=SELECT name FROM campaign")
    assert len(rows["value"]) == 5000
    assert len(api.row(rows["@odata.nextLink"])["value"]) == 5000
