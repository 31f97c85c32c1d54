"""`sql=`: statements other than one plain SELECT are refused by name, and change nothing."""

from __future__ import annotations

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("", "a single SELECT"),
        ("DELETE FROM lead", "'DELETE'"),
        ("UPDATE lead SET subject = 'x'", "'UPDATE'"),
        ("INSERT INTO lead (subject) VALUES ('x')", "'INSERT'"),
        ("DROP TABLE lead", "'DROP'"),
        ("/* SELECT */ DROP TABLE lead", "'DROP'"),
        ("EXEC sp_who", "'EXEC'"),
        ("GRANT ALL TO me", "'GRANT'"),
        ("DECLARE @x int", "'DECLARE'"),
        ("PRAGMA table_info(lead)", "'PRAGMA'"),
        ("SELECT subject FROM lead; DELETE FROM lead", "several statements"),
        ("SELECT subject FROM lead WHERE subject = 'x'; DROP TABLE lead --'", "several statements"),
        ("SELECT * FROM lead", "SELECT *"),
        ("SELECT l.* FROM lead l", "SELECT *"),
        ("SELECT subject INTO copy FROM lead", "SELECT INTO"),
        ("WITH q AS (SELECT 1 AS a) SELECT a FROM q", "WITH"),
        ("SELECT subject FROM lead UNION SELECT name FROM account", "UNION"),
        ("SELECT subject FROM lead EXCEPT SELECT name FROM account", "EXCEPT"),
        ("SELECT subject FROM (SELECT subject FROM lead) x", "a subquery"),
        ("SELECT (SELECT 1) AS x FROM lead", "a subquery"),
        ("SELECT l.subject FROM lead l RIGHT JOIN account a ON a.accountid = l.parentaccountid", "RIGHT JOIN"),
        ("SELECT l.subject FROM lead l FULL OUTER JOIN account a ON a.accountid = l.parentaccountid", "FULL OUTER JOIN"),
        ("SELECT l.subject FROM lead l CROSS JOIN account a", "CROSS JOIN"),
        ("SELECT l.subject FROM lead l, account a", "CROSS JOIN"),
        ("SELECT l.subject FROM lead l CROSS APPLY f(l.leadid) x", "APPLY"),
        ("SELECT l.subject FROM lead l JOIN account a USING (ownerid)", "USING"),
        ("SELECT l.subject FROM lead l JOIN account a ON a.name = 'x'", "'a'"),
        ("SELECT l.subject FROM lead l JOIN account a ON a.name = l.parentaccountid", "different types"),
        ("SELECT l.subject FROM lead l JOIN account l ON l.a = l.b", "'l'"),
        ("SELECT UPPER(subject) AS s FROM lead", "the function UPPER"),
        ("SELECT COALESCE(subject, 'x') AS s FROM lead", "the function COALESCE"),
        ("SELECT 'x' AS s FROM lead", "a constant"),
        ("SELECT subject + 'x' AS s FROM lead", "subject + 'x'"),
        ("SELECT ROW_NUMBER() OVER (ORDER BY subject) AS r FROM lead", "OVER"),
        ("SELECT subject AS [@odata.etag] FROM lead", "'@odata.etag'"),
        ("SELECT subject, subject FROM lead", "'subject'"),
        ("SELECT subject FROM dbo.lead", "a schema"),
        ("SELECT subject FROM lead WITH (NOLOCK)", "a table hint"),
        ("SELECT subject FROM lead FOR XML AUTO", "FOR"),
        ("SELECT subject FROM lead OPTION (RECOMPILE)", "OPTION"),
        ("SELECT subject FROM lead TABLESAMPLE (10 PERCENT)", "TABLESAMPLE"),
        ("SELECT TOP 10 PERCENT subject FROM lead", "PERCENT"),
        ("SELECT TOP 5001 subject FROM lead", "TOP"),
        ("SELECT subject FROM lead LIMIT 3", "LIMIT"),
        ("SELECT subject FROM lead ORDER BY 1", "a constant in ORDER BY"),
        ("SELECT subject FROM lead ORDER BY LEN(subject)", "the function LEN"),
        ("SELECT subject FROM lead ORDER BY subject NULLS LAST", "NULLS"),
        ("SELECT DISTINCT subject FROM lead ORDER BY createdon", "'createdon'"),
        ("SELECT FROM lead", "no columns"),
        ("SELECT subject", "no FROM"),
        ("SELECT subject FROM", "line 1"),
        ("SELECT subject FRM lead x y", "line 1"),
        ("SELECT [subject FROM lead", "does not end"),
    ],
)  # fmt: skip
def test_other_statements_are_refused_by_name(api: Api, sql: str, words: str) -> None:
    answer = api.get("leads", params={"sql": sql})
    assert_fault(answer, 400, "0x80060888", words)
    assert len(api.row("leads?$select=subject")["value"]) == 4


def test_an_unknown_table_is_named(api: Api) -> None:
    answer = api.get("leads?sql=SELECT x FROM nothing")
    assert_fault(answer, 400, "0x80041102", "'nothing'")


def test_a_sixteenth_join_is_too_many(api: Api) -> None:
    joins = "".join(
        f" LEFT JOIN account a{n} ON l.parentaccountid = a{n}.accountid" for n in range(16)
    )
    sql = "".join(("SELECT l.subject FROM lead l", joins))
    answer = api.get("leads", params={"sql": sql})
    assert_fault(answer, 400, "0x8004430d", "maximum limit")
