"""Related rows: what is asked for which filters, and what becomes of answers."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

import pytest
from tests.domain.cases import NOW
from tests.domain.tables import TABLES

from work_assignment.dataverse import fetch
from work_assignment.dataverse.auth import StaticToken
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.errors import Throttled
from work_assignment.dataverse.messages import Response
from work_assignment.dataverse.related_reader import RelatedReader
from work_assignment.domain.deciding.definitions import Definitions, define
from work_assignment.domain.deciding.related_paths import Reach, reach
from work_assignment.domain.defining.rules import AssignmentRule, SellerMatch
from work_assignment.domain.defining.segments import Segment
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.conditions import compile_filter
from work_assignment.domain.filtering.filters import read_nested
from work_assignment.domain.filtering.rows import NO_ROWS
from work_assignment.domain.filtering.schemas import Vocabulary
from work_assignment.domain.records import RuleId, SegmentId

LEAD = "00000000-0000-0000-0000-000000000001"
ACCOUNT = "00000000-0000-0000-0000-0000000000a1"


def definitions(record: object = None, sellers: object = None) -> Definitions:
    """A segment with a filter on records, and a rule with one on sellers."""
    lead, user = TABLES["lead"], TABLES["systemuser"]
    segment = Segment(SegmentId("s"), "S", "lead", 1, NOW)
    match = SellerMatch()
    if record is not None:
        words = Vocabulary("lead", lead, lead, TABLES.get)
        condition = compile_filter(read_nested(record, "s"), "s", words)
        segment = Segment(SegmentId("s"), "S", "lead", 1, NOW, condition)
    if sellers is not None:
        words = Vocabulary("systemuser", user, lead, TABLES.get)
        match = SellerMatch(columns=compile_filter(read_nested(sellers, "r"), "r", words))
    rule = AssignmentRule(RuleId("r"), "R", SegmentId("s"), "lead", 1, NOW, match=match)
    return define([segment], [rule], [])


def reach_of(record: object = None, sellers: object = None) -> Reach:
    return reach(definitions(record, sellers), TABLES.get)


@pytest.fixture
def reader() -> RelatedReader:
    """A reader that never sends anything here."""
    client = DataverseClient("http://localhost:1", StaticToken(None))
    return RelatedReader(client, TABLES.__getitem__)


def asked(reader: RelatedReader, found: Reach, ids: Mapping[str, list[str]]) -> list[str]:
    return [fetch.render(question) for question in reader.questions(found, ids)]


def test_no_question_is_asked_where_no_filter_looks_at_other_rows(reader: RelatedReader) -> None:
    assert reader.questions(reach_of({"all": [["subject", "not-null"]]}), {"lead": [LEAD]}) == []
    assert reader.read(reach_of(), {"lead": [LEAD]}) is NO_ROWS


def test_rows_are_asked_for_by_the_ids_of_the_rows_they_are_joined_with(
    reader: RelatedReader,
) -> None:
    found = reach_of({"related": {"lookup": "parentaccountid", "filter": ["revenue", "gt", 5]}})
    (text,) = asked(reader, found, {"lead": [LEAD]})
    assert '<entity name="account">' in text
    assert {'<attribute name="accountid" />', '<attribute name="revenue" />'} <= _elements(text)
    assert '<link-entity name="lead" from="parentaccountid" to="accountid"' in text
    assert f"<value>{LEAD}</value>" in text
    assert 'distinct="true"' in text


def _elements(text: str) -> set[str]:
    return {f"<{part}" for part in text.split("<")}


def test_rows_that_point_here_are_joined_the_other_way_round(reader: RelatedReader) -> None:
    found = reach_of({"not_related": {"table": "task", "lookup": "regardingobjectid"}})
    (text,) = asked(reader, found, {"lead": [LEAD]})
    assert '<link-entity name="lead" from="leadid" to="regardingobjectid"' in text


def test_nested_relations_are_one_question_a_step(reader: RelatedReader) -> None:
    inner = {"related": {"lookup": "primarycontactid", "filter": ["fullname", "eq", "Ada"]}}
    found = reach_of({"related": {"lookup": "parentaccountid", "filter": inner}})
    first, second = asked(reader, found, {"lead": [LEAD]})
    assert '<entity name="account">' in first
    assert '<attribute name="primarycontactid" />' in first
    assert '<entity name="contact">' in second
    assert '<link-entity name="account" from="primarycontactid" to="contactid"' in second
    assert '<link-entity name="lead" from="parentaccountid" to="accountid"' in second


def test_the_same_join_of_several_filters_is_asked_once_with_all_columns(
    reader: RelatedReader,
) -> None:
    by = [
        {"related": {"lookup": "parentaccountid", "filter": [column, "not-null"]}}
        for column in ("revenue", "name")
    ]
    (text,) = asked(reader, reach_of({"any": by}), {"lead": [LEAD]})
    assert {'<attribute name="name" />', '<attribute name="revenue" />'} <= _elements(text)


def test_many_ids_are_spread_over_questions(reader: RelatedReader) -> None:
    found = reach_of({"related": {"lookup": "parentaccountid"}})
    ids = [f"00000000-0000-0000-0000-{number:012}" for number in range(401)]
    texts = asked(reader, found, {"lead": ids})
    assert [text.count("<value>") for text in texts] == [200, 200, 1]


def test_of_what_sellers_own_only_what_the_record_names_is_asked_for() -> None:
    owned = {
        "related": {
            "table": "account",
            "lookup": "ownerid",
            "filter": {"all": [["accountid", "eq", "$(parentaccountid)"]]},
        }
    }
    found = reach_of(sellers=owned)
    assert set(found.paths) == {"lead"}
    (path,) = found.paths["lead"]
    assert [(j.table, j.column, j.own_column) for j in path.joins] == [
        ("account", "accountid", "parentaccountid")
    ]
    assert found.columns["account"] == {"accountid", "ownerid"}


@pytest.mark.parametrize(
    "condition",
    [
        ["name", "eq", "$(wa_language)"],
        ["name", "like", "$(subject)%"],
        {"any": [["name", "eq", "$(subject)"], ["revenue", "gt", "5"]]},
        ["name", "in", ["$(subject)", "Larkfell"]],
    ],
    ids=["the label of a choice", "a pattern", "one of several", "a value of its own"],
)
def test_what_the_record_does_not_name_outright_is_asked_for_by_seller(condition: object) -> None:
    owned = {"related": {"table": "account", "lookup": "ownerid", "filter": condition}}
    assert set(reach_of(sellers=owned).paths) == {"systemuser"}


def test_answers_become_rows_with_values_of_their_kinds(reader: RelatedReader) -> None:
    found = reach_of({"related": {"lookup": "parentaccountid", "filter": ["revenue", "gt", 5]}})
    questions = reader.questions(found, {"lead": [LEAD]})
    row = {"accountid": ACCOUNT.upper(), "revenue": 6.5}
    rows = reader.rows([(questions[0], answer({"value": [row]}))])
    (read,) = rows.of("account")
    assert (read["accountid"], str(read["revenue"])) == (ACCOUNT, "6.5")


def answer(body: Mapping[str, Any], status: int = 200) -> Response:
    return Response(status, {}, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (403, {"error": {"code": "0x80040220", "message": "Missing prvReadAccount."}}, "prvRead"),
        (400, {"error": {"code": "0x80040203", "message": "Too deep."}}, "Too deep"),
        (200, {"value": [{"accountid": ACCOUNT, "revenue": [1]}]}, "column revenue"),
    ],
    ids=["not allowed", "refused", "not understood"],
)
def test_a_table_that_cannot_be_read_is_the_fault_of_who_looks_at_it(
    reader: RelatedReader,
    caplog: pytest.LogCaptureFixture,
    status: int,
    body: Mapping[str, Any],
    said: str,
) -> None:
    found = reach_of({"related": {"lookup": "parentaccountid", "filter": ["revenue", "gt", 5]}})
    (question,) = reader.questions(found, {"lead": [LEAD]})
    with caplog.at_level(logging.ERROR):
        rows = reader.rows([(question, answer(body, status))])
    assert said in caplog.text
    assert rows.of("contact") == ()
    with pytest.raises(DefinitionError, match=said):
        rows.where("account", "accountid", ACCOUNT)


def test_a_refusal_that_passes_is_raised_to_be_tried_again(reader: RelatedReader) -> None:
    found = reach_of({"related": {"lookup": "parentaccountid"}})
    (question,) = reader.questions(found, {"lead": [LEAD]})
    with pytest.raises(Throttled):
        reader.rows([(question, answer({}, 429))])
