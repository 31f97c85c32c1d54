"""`sql=` and `$filter` find the same rows, nulls and accents included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.mock_dataverse.reads.world import World, open_world

TEXTS = ["Zoë", "zoe", "Bo", "O'Hara", "100%", ""]
NUMBERS = [-1, 0, 3, 1200]
DATES = ["2026-03-01T09:00:00Z", "2026-03-02T15:30:00Z", "2026-02-27T00:00:00Z"]
OPERATORS = {"=": "eq", "<>": "ne", ">": "gt", ">=": "ge", "<": "lt", "<=": "le"}


@dataclass(frozen=True)
class Twin:
    """One condition in both languages."""

    sql: str
    odata: str


def _quoted(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'"


def _compared(column: str, operator: str, value: Any) -> Twin:
    sql = odata = str(value)
    if isinstance(value, str):
        sql = _quoted(value)
        odata = value if column == "createdon" else sql
    return Twin(f"{column} {operator} {sql}", f"{column} {OPERATORS[operator]} {odata}")


def _null(column: str) -> Twin:
    return Twin(f"{column} IS NULL", f"{column} eq null")


def _like(column: str, text: str) -> Twin:
    return Twin(f"{column} LIKE {_quoted(f'%{text}%')}", f"contains({column},{_quoted(text)})")


LEAVES = st.one_of(
    st.builds(_compared, st.just("firstname"), st.sampled_from([*OPERATORS]), st.sampled_from(TEXTS)),
    st.builds(_compared, st.just("employees"), st.sampled_from([*OPERATORS]), st.sampled_from(NUMBERS)),
    st.builds(_compared, st.just("createdon"), st.sampled_from([*OPERATORS]), st.sampled_from(DATES)),
    st.builds(_null, st.sampled_from(["firstname", "employees", "createdon"])),
    st.builds(_like, st.just("firstname"), st.sampled_from(["o", "ö", "%", "O'"])),
)  # fmt: skip


def _joined(word: str, twins: list[Twin]) -> Twin:
    sql = f" {word} ".join(f"({twin.sql})" for twin in twins)
    odata = f" {word.lower()} ".join(f"({twin.odata})" for twin in twins)
    return Twin(sql, odata)


TWINS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(_joined, st.sampled_from(["AND", "OR"]), st.lists(inner, min_size=2, max_size=3)),
        st.builds(lambda twin: Twin(f"NOT ({twin.sql})", f"not ({twin.odata})"), inner),
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Leads with every mixture of names, numbers, dates and nulls."""
    opened = open_world()
    number = 0
    for name in (*TEXTS, None):
        for size in (*NUMBERS, None):
            number += 1
            date = (*DATES, None)[number % 4]
            opened.add("lead", number, firstname=name, employees=size, createdon=date)
    yield opened
    opened.db.close()


@settings(max_examples=300, deadline=None)
@given(twin=TWINS)
def test_the_same_condition_finds_the_same_rows(world: World, twin: Twin) -> None:
    sql = " ".join(("SELECT leadid FROM lead WHERE", twin.sql))
    by_sql = {row["leadid"] for row in world.query("leads", {"sql": sql})["value"]}
    by_filter = {row["leadid"] for row in world.get("leads", filter=twin.odata)["value"]}
    assert by_sql == by_filter
