"""`sql=`: what WHERE can ask."""

from __future__ import annotations

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault
from tests.mock_dataverse.sql.conftest import Ask


def where(condition: str) -> str:
    return " ".join(("SELECT subject FROM lead WHERE", condition))


CHAIRS, TROUBLE, OHARA, AGAIN = "Chairs", "Ärger", "O'Hara -- 100%", "chairs again"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("subject = 'CHAIRS'", {CHAIRS}),
        ("subject = N'arger'", {TROUBLE}),
        ("subject = 'O''Hara -- 100%'", {OHARA}),
        ("'chairs' = subject", {CHAIRS}),
        ("15 < numberofemployees", {TROUBLE, OHARA}),
        ("numberofemployees >= 20", {TROUBLE, OHARA}),
        ("numberofemployees <> 20", {CHAIRS, OHARA, AGAIN}),
        ("numberofemployees != '20'", {CHAIRS, OHARA, AGAIN}),
        ("estimatedamount > 1e3", {CHAIRS, TROUBLE}),
        ("estimatedamount > -1.5", {CHAIRS, TROUBLE, AGAIN}),
        ("numberofemployees IN (10, '30')", {CHAIRS, OHARA}),
        ("numberofemployees NOT IN (10, 30)", {TROUBLE, AGAIN}),
        ("numberofemployees BETWEEN 10 AND 20", {CHAIRS, TROUBLE}),
        ("numberofemployees NOT BETWEEN 10 AND 20", {OHARA, AGAIN}),
        ("numberofemployees IS NULL", {AGAIN}),
        ("numberofemployees IS NOT NULL", {CHAIRS, TROUBLE, OHARA}),
        ("numberofemployees = NULL", set()),
        ("NOT numberofemployees = NULL", set()),
        ("subject LIKE 'chairs%'", {CHAIRS, AGAIN}),
        ("subject LIKE '%[%]'", {OHARA}),
        ("subject LIKE '_hairs'", {CHAIRS}),
        ("subject NOT LIKE 'chairs%'", {TROUBLE, OHARA}),
        ("NOT subject LIKE 'chairs%'", {TROUBLE, OHARA}),
        ("NOT subject NOT LIKE 'chairs%'", {CHAIRS, AGAIN}),
        ("donotemail = 1", {CHAIRS, AGAIN}),
        ("donotemail = 0", {TROUBLE, OHARA}),
        ("estimatedclosedate = '2026-03-31'", {TROUBLE}),
        ("estimatedclosedate < '2026-03-02'", {CHAIRS}),
        ("createdon > '2020-01-01T00:00:00Z'", {CHAIRS, TROUBLE, OHARA, AGAIN}),
        ("createdon < '2020-01-01 10:00:00'", set()),
        ("(numberofemployees = 10 OR numberofemployees = 20) AND donotemail = 0", {TROUBLE}),
        ("numberofemployees = 10 OR numberofemployees = 20 AND donotemail = 0", {CHAIRS, TROUBLE}),
        ("NOT (numberofemployees = 10 OR donotemail = 0)", {AGAIN}),
        ("NOT (numberofemployees > 10 AND subject LIKE 'O%')", {CHAIRS, TROUBLE, AGAIN}),
        ("NOT NOT subject = 'chairs'", {CHAIRS}),
        ("leadid = '00000000-0000-0000-0000-000000000001'", set()),
    ],
)
def test_conditions_choose_rows(leads: Ask, condition: str, expected: set[str]) -> None:
    rows = leads(where(condition))
    assert {row["subject"] for row in rows} == expected


def test_comments_and_a_final_semicolon_mean_nothing(leads: Ask) -> None:
    sql = "/* all */ SELECT subject -- of them\nFROM lead WHERE subject = '-- x; DELETE';"
    assert leads(sql) == []


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("1 = 1", "a comparison of two constants"),
        ("subject = lastname", "a comparison of two columns"),
        ("LEN(subject) > 3", "the function LEN"),
        ("subject = UPPER('x')", "the function UPPER"),
        ("subject = 'a' 'b'", "CONCAT"),
        ("subject LIKE ANY ('x')", "ANY"),
        ("subject LIKE 'x' COLLATE y", "COLLATE"),
        ("numberofemployees BETWEEN SYMMETRIC 1 AND 2", "SYMMETRIC"),
        ("numberofemployees < ALL (SELECT 1)", "ALL"),
        ("numberofemployees = 0x10", "0x10"),
        ("estimatedclosedate = {d '2026-03-01'}", "DATE"),
        ("estimatedclosedate = CAST('2026-03-01' AS date)", "CAST"),
        ("subject = 'a' + 'b'", "'a' + 'b'"),
        ("numberofemployees + 1 = 2", "numberofemployees + 1"),
        ("leadid IN (SELECT accountid FROM account)", "a subquery"),
        ("leadid = (SELECT TOP 1 accountid FROM account)", "a subquery"),
        ("EXISTS (SELECT 1 FROM account)", "EXISTS"),
        ("CASE WHEN 1 = 1 THEN 1 END = 1", "CASE"),
        ("subject = @name", "a variable"),
        ("subject LIKE 'a' ESCAPE 'b'", "ESCAPE"),
        ("donotemail = TRUE", "TRUE or FALSE"),
        ("subject", "subject"),
        ("a.b.subject = 1", "too many parts"),
        ("numberofemployees IN (1, lastname)", "a column"),
        ("numberofemployees BETWEEN 1 AND lastname", "a column"),
        ("numberofemployees BETWEEN 1 AND NULL", "NULL"),
        ("numberofemployees IN (NULL)", "IN"),
        ("numberofemployees LIKE '1%'", "'numberofemployees'"),
        ("subject = 'x", "does not end"),
        ("subject = ", "line 1"),
        ("x.subject = 'y'", "'x.subject'"),
        ("(" * 400 + "statecode = 0" + ")" * 400, "nested too deeply"),
        ("NOT " * 3000 + "statecode = 0", "nested too deeply"),
    ],
)
def test_what_where_cannot_ask_is_named(api: Api, condition: str, words: str) -> None:
    answer = api.get("leads", params={"sql": where(condition)})
    assert answer.status_code == 400, answer.text
    assert words in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("condition", "code", "words"),
    [
        ("nothing = 1", "0x80041103", "'nothing'"),
        ("_ownerid_value = 'x'", "0x80041103", "'_ownerid_value'"),
        ("numberofemployees = 'many'", "0x80040203", "'many'"),
        ("ownerid = 'me'", "0x80040203", "'me'"),
        ("createdon > 'yesterday'", "0x80040203", "'yesterday'"),
        ("donotemail = 2", "0x80040203", "'2'"),
        (" OR ".join(["statecode = 0"] * 501), "0x8004430c", "conditions"),
    ],
)
def test_wrong_names_and_values_have_codes_of_their_own(
    api: Api, condition: str, code: str, words: str
) -> None:
    answer = api.get("leads", params={"sql": where(condition)})
    assert_fault(answer, 400, code, words)


def test_a_name_of_two_tables_is_ambiguous(api: Api) -> None:
    sql = (
        "SELECT l.subject FROM lead l JOIN account a ON l.parentaccountid = a.accountid"
        " WHERE createdon > '2020-01-01'"
    )
    answer = api.get("leads", params={"sql": sql})
    assert_fault(answer, 400, "0x80041103", "Ambiguous column name 'createdon'")


def test_name_columns_of_lookups_are_an_honest_501(api: Api) -> None:
    answer = api.get("leads?sql=SELECT owneridname FROM lead")
    assert_fault(answer, 501, "0x80060888", "'owneridname'")
