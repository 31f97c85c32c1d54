"""Change triggers: every column that can change a decision rings, and no other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.cases import rule, segment
from tests.domain.tables import TABLES, compiled, row, scope, uid

from work_assignment.domain.deciding.definitions import Definitions, define
from work_assignment.domain.deciding.related_paths import reach
from work_assignment.domain.deciding.triggers import coming_and_going, usable_extra, watched
from work_assignment.domain.defining.rules import SellerMatch
from work_assignment.domain.filtering.rows import Rows

OURS = frozenset({"wa_segmentid", "wa_assignmentresult"})
RICH = {"related": {"lookup": "parentaccountid", "filter": {"all": [["revenue", "gt", 5]]}}}
NO_OPEN_TASK = {
    "not_related": {
        "table": "task",
        "lookup": "regardingobjectid",
        "filter": {"all": [["statecode", "eq", 0]]},
    }
}
CONTACT_IN_BERN = {
    "related": {
        "lookup": "parentaccountid",
        "filter": {
            "related": {
                "lookup": "primarycontactid",
                "filter": {"all": [["address1_city", "eq", "Bern"]]},
            }
        },
    }
}
OWN_ACCOUNT = {
    "related": {
        "table": "account",
        "lookup": "ownerid",
        "filter": {"all": [["accountid", "eq", "$(parentaccountid)"], ["name", "eq", "Big"]]},
    }
}
TERRITORY = {"related": {"lookup": "territoryid", "filter": {"all": [["name", "eq", "North"]]}}}


def defined(form: object, sellers: object = None) -> Definitions:
    """A segment with this filter, and a rule with one on sellers."""
    match = SellerMatch()
    if sellers is not None:
        match = SellerMatch(columns=compiled(sellers, "systemuser", "lead"))
    return define([segment(filter=compiled(form, "lead", "lead"))], [rule(match=match)], [])


def triggers(
    form: object,
    sellers: object = None,
    owner_column: str | None = None,
    **extra: frozenset[str],
) -> dict[str, frozenset[str]]:
    definitions = defined(form, sellers)
    return watched(
        definitions,
        reach(definitions, TABLES.get),
        TABLES.get,
        routed=["lead"],
        extra=extra,
        owner_column=owner_column,
        never=OURS,
    )


def test_a_record_rings_for_what_filters_read_and_always_for_owner_and_state() -> None:
    found = triggers({"all": [["subject", "eq", "A"], ["revenue", "gt", 5]]})
    assert found == {"lead": {"subject", "revenue", "ownerid", "statecode"}}


def test_a_row_that_a_record_points_at_rings_for_what_its_filter_reads_not_for_its_id() -> None:
    assert triggers(RICH) == {
        "lead": {"parentaccountid", "ownerid", "statecode"},
        "account": {"revenue"},
    }


def test_the_way_to_a_row_further_off_rings_too() -> None:
    found = triggers(CONTACT_IN_BERN)
    assert found["account"] == {"primarycontactid"}
    assert found["contact"] == {"address1_city"}


def test_rows_that_point_at_a_record_ring_for_that_and_when_new_ones_come() -> None:
    definitions = defined(NO_OPEN_TASK)
    found = triggers(NO_OPEN_TASK)
    assert found["task"] == {"regardingobjectid", "statecode"}
    paths = reach(definitions, TABLES.get)
    assert coming_and_going(paths, found, ["lead"]) == {"task"}
    assert coming_and_going(reach(defined(RICH), TABLES.get), triggers(RICH), ["lead"]) == set()


def test_rows_of_sellers_ring_only_where_a_record_asks_for_them() -> None:
    assert set(triggers(["subject", "null"], TERRITORY)) == {"lead"}
    by_record = triggers(["subject", "null"], OWN_ACCOUNT)
    assert by_record["account"] == {"ownerid", "name"}
    assert "parentaccountid" in by_record["lead"]


def test_what_filters_on_sellers_read_of_the_same_table_rings_for_nobody() -> None:
    everybodys = {
        "related": {
            "table": "account",
            "lookup": "ownerid",
            "filter": {"all": [["name", "eq", "Big"]]},
        }
    }
    assert triggers(RICH, everybodys)["account"] == {"revenue"}


def test_the_column_that_owners_are_chosen_in_and_named_columns_ring_and_ours_never() -> None:
    found = triggers(RICH, None, "wa_handlerid", lead=frozenset({"wa_language"}) | OURS)
    assert {"wa_handlerid", "wa_language"} <= found["lead"]
    assert not OURS & found["lead"]


@pytest.mark.parametrize(
    ("extra", "usable", "faults"),
    [
        ({"lead": ["subject"]}, {"lead": {"subject"}}, []),
        ({"account": ["name"]}, {"account": {"name"}}, []),
        (
            {"lead": ["subjct", "revenue"]},
            {"lead": {"revenue"}},
            ["settings: lead has no column 'subjct'; did you mean 'subject'?"],
        ),
        (
            {"accont": ["name"]},
            {},
            ["settings: there is no table 'accont'; did you mean 'account'?"],
        ),
        (
            {"contact": ["fullname"]},
            {},
            ["settings: 'contact' is not routed and no filter reaches it, so nothing would follow"],
        ),
        (
            {"lead": ["wa_segmentid"]},
            {},
            ["settings: 'wa_segmentid' of lead is written by the app alone"],
        ),
        ({"opportunity": ["name"]}, {}, []),
    ],
)
def test_each_named_column_that_cannot_ring_is_a_fault_of_its_own(
    extra: Mapping[str, list[str]], usable: Mapping[str, set[str]], faults: list[str]
) -> None:
    found, wrong = usable_extra(
        extra,
        reach(defined(RICH), TABLES.get),
        TABLES.get,
        routed=["lead"],
        in_scope=["lead", "opportunity"],
        never=OURS,
        where="settings",
    )
    assert found == usable
    assert [str(fault) for fault in wrong] == faults


class Noting(dict[str, Any]):
    """A row that notes which of its columns somebody looks at."""

    def __init__(self, table: str, noted: set[tuple[str, str]], values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self._table, self._noted = table, noted

    def __getitem__(self, key: str) -> Any:
        self._noted.add((self._table, key))
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._noted.add((self._table, key))
        return super().get(key, default)


def noting_rows(noted: set[tuple[str, str]]) -> tuple[Rows, Noting]:
    """A lead with an account, its contact and a task, all of which note who looks."""
    lead = row("lead", "l", subject="A", revenue=9, parentaccountid=uid("a"), wa_language=1)
    others = {
        "account": row("account", "a", name="A", revenue=9, primarycontactid=uid("c")),
        "contact": row("contact", "c", fullname="Joe", address1_city="Bern"),
        "task": row("task", "t", regardingobjectid=uid("l"), subject="Call", statecode=0),
    }
    rows = Rows({table: [Noting(table, noted, values)] for table, values in others.items()})
    return rows, Noting("lead", noted, lead)


def _terms(*columns: str) -> st.SearchStrategy[Any]:
    return st.sampled_from([[column, "not-null"] for column in columns])


def _some(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    joins = st.sampled_from(["all", "any"])
    return st.builds(lambda join, inner: {join: inner}, joins, st.lists(parts, min_size=1))


def _related(table: str | None, lookup: str, inner: st.SearchStrategy[Any]) -> Any:
    named = {"lookup": lookup} | ({} if table is None else {"table": table})
    kinds = st.sampled_from(["related", "not_related"])
    return st.builds(lambda kind, found: {kind: {**named, "filter": found}}, kinds, inner)


_CONTACTS = _related(None, "primarycontactid", _some(_terms("fullname", "address1_city")))
_ACCOUNTS = _related(None, "parentaccountid", _some(_terms("name", "revenue") | _CONTACTS))
_TASKS = _related("task", "regardingobjectid", _some(_terms("subject", "statecode")))
FORMS = _some(_terms("subject", "revenue", "wa_language") | _ACCOUNTS | _TASKS)


@given(FORMS)
def test_every_column_that_a_filter_looks_at_is_watched(form: object) -> None:
    noted: set[tuple[str, str]] = set()
    rows, lead = noting_rows(noted)
    compiled(form, "lead", "lead").holds(lead, scope(rows, lead))
    ids = {(table, TABLES[table].primary_id) for table in TABLES}

    found = {(table, column) for table, columns in triggers(form).items() for column in columns}

    assert noted
    assert noted - ids <= found
