"""`$apply`: pages of groups, the limit of source rows, and what is refused."""

from __future__ import annotations

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault

from work_assignment.mock_dataverse.server import MockServer

BY_SOURCE = "groupby((leadsourcecode),aggregate($count as n))"


def test_top_and_count(api: Api) -> None:
    answer = api.row(f"leads?$apply={BY_SOURCE}&$top=2&$count=true")
    assert answer["@odata.count"] == 3
    assert len(answer["value"]) == 2
    assert "@odata.nextLink" not in answer


def test_pages_hold_each_group_once(api: Api) -> None:
    link, pages = f"leads?$apply={BY_SOURCE}", []
    while link:
        answer = api.get(link, headers={"Prefer": "odata.maxpagesize=1"}).json()
        pages.append([row.get("leadsourcecode") for row in answer["value"]])
        link = answer.get("@odata.nextLink")
    assert pages == [[None], [1], [2]]


@pytest.mark.parametrize(
    ("apply", "status", "words"),
    [
        ("groupby((createdon))", 400, "'createdon'"),
        ("groupby((nothing))", 400, "'nothing'"),
        ("groupby((Lead_Tasks/subject))", 400, "Lead_Tasks"),
        ("groupby(statecode)", 400, "groupby(statecode)"),
        ("groupby((statecode),aggregate($count as statecode))", 400, "'statecode' twice"),
        ("aggregate(subject with sum as s)", 400, "'subject'"),
        ("aggregate(numberofemployees with median as s)", 400, "'median'"),
        ("aggregate(numberofemployees as s)", 400, "numberofemployees as s"),
        ("aggregate($count as n", 400, "aggregate($count as n"),
        ("aggregate(revenue with sum as x", 400, "the '(' at position 10 is never closed."),
        ("aggregate($count as n))", 400, "the ')' at position 23 closes nothing."),
        (
            "filter(name eq 'a(b)/aggregate($count as n)",
            400,
            "the ' at position 16 is never closed.",
        ),
        ("aggregate(revenue with sum)", 400, "'revenue with sum': an aggregate is '<column> with"),
        (
            "aggregate",
            400,
            "'aggregate' cannot be read: a transformation is filter(...), groupby(...) or aggregate",
        ),
        ("", 400, "$apply"),
        ("nonsense(1)", 400, "nonsense"),
        ("filter(subject eq)/aggregate($count as n)", 400, "subject eq"),
        ("aggregate($count as n;drop table lead)", 400, "drop table"),
        ("topcount(2,numberofemployees)", 501, "'topcount'"),
        ("concat(aggregate($count as n),groupby((statecode)))", 501, "'concat'"),
        ("compute(numberofemployees mul 2 as d)", 501, "'compute'"),
        ("groupby((statecode))/filter(statecode eq 0)", 501, "groupby"),
        ("groupby((createdby/fullname,modifiedby/fullname))", 501, "'systemuser_fullname'"),
        ("groupby((year(createdon)))", 501, "year"),
        ("filter(statecode eq 0)", 501, "filter"),
    ],
)
def test_what_cannot_be_read_or_done_is_named(
    api: Api, apply: str, status: int, words: str
) -> None:
    answer = api.get("leads", params={"$apply": apply})
    assert_fault(answer, status, "0x80060888", words)


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        ("$orderby=n", 400, "SingleValueOpenPropertyAccess"),
        ("$orderby=subject", 400, "'subject'"),
        ("$orderby=nothing", 400, "'nothing'"),
        ("$select=n", 501, "$select"),
        ("$expand=owninguser", 501, "$expand"),
    ],
)
def test_options_that_do_not_fit_are_named(api: Api, options: str, status: int, words: str) -> None:
    assert_fault(api.get(f"leads?$apply={BY_SOURCE}&{options}"), status, "0x80060888", words)


@pytest.mark.parametrize(
    "token", ["x", "<cookie pagenumber='2' pagingcookie=''/>", "<cookie pagenumber='0'/>"]
)
def test_a_token_that_is_not_ours_is_refused(api: Api, token: str) -> None:
    answer = api.get("leads", params={"$apply": BY_SOURCE, "$skiptoken": token})
    assert_fault(answer, 400, "0x8004112a")


def test_more_than_50_000_source_rows_are_too_many(api: Api, server: MockServer) -> None:
    _add_campaigns(server, 50_000)
    path = "campaigns?$apply=groupby((statecode),aggregate($count as n))"
    assert api.row(path)["value"] == [{"statecode": 0, "n": 50_000}]
    _add_campaigns(server, 1)
    assert_fault(api.get(path), 400, "0x8004e023", "maximum record limit")
    filtered = "campaigns?$apply=filter(name eq '7')/aggregate($count as n)"
    assert api.row(filtered)["value"] == [{"n": 1}]


def _add_campaigns(server: MockServer, number: int) -> None:
    with server.store.writing() as db:
        db.execute(
            "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers LIMIT ?)"
            " INSERT INTO campaign (campaignid, name, statecode, versionnumber)"
            " SELECT lower(hex(randomblob(16))), n, 0, 2 FROM numbers",
            (number,),
        )
