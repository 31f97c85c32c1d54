"""Queries as text: every value survives, and nothing else gets in."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import IntEnum
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from work_assignment.dataverse import queries
from work_assignment.dataverse.errors import InvalidRequest
from work_assignment.dataverse.queries import (
    Expand,
    Filter,
    Guid,
    Query,
    Value,
    after,
    and_,
    contains,
    desc,
    eq,
    filter_text,
    ge,
    gt,
    in_,
    in_chunks,
    is_null,
    le,
    literal,
    lt,
    ne,
    not_,
    or_,
    render,
    startswith,
)

ID = "0a1b2c3d-0000-4000-8000-00000000000a"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
MOMENTS = st.datetimes(min_value=datetime(1900, 1, 1)).map(  # noqa: DTZ001 - made aware at once
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
VALUES: st.SearchStrategy[Value] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.decimals(allow_nan=False, allow_infinity=False, places=4),
    TEXTS,
    st.uuids(),
    MOMENTS,
    st.dates(),
)


def read(text: str) -> Value:
    """Read an OData literal back, as a server would."""
    if text in ("null", "true", "false"):
        return {"null": None, "true": True, "false": False}[text]
    if text.startswith("'"):
        assert re.fullmatch(r"'(?:[^']|'')*'", text, re.DOTALL)
        return text[1:-1].replace("''", "'")
    if re.fullmatch(r"[0-9a-f-]{36}", text):
        return UUID(text)
    if re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", text):
        return datetime.fromisoformat(text)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return date.fromisoformat(text)
    return Decimal(text)


def option(url: str, name: str) -> str:
    """Read one query option back, as a server would; `+` would be read as a blank."""
    return parse_qs(urlsplit(url).query, keep_blank_values=True, strict_parsing=True)[name][0]


@given(VALUES)
def test_every_literal_is_read_back_as_the_same_value(value: Value) -> None:
    assert read(literal(value, "name")) == value


@given(TEXTS)
def test_a_text_reaches_the_server_unchanged_through_the_url(text: str) -> None:
    url = render(Query("leads", filter=eq("subject", text)))

    assert url.isascii()
    assert " " not in url
    assert option(url, "$filter") == "subject eq '" + text.replace("'", "''") + "'"


@given(st.lists(TEXTS | st.uuids().map(str) | st.none(), min_size=1))
def test_a_list_finds_each_value_once_whatever_its_characters(values: list[str | None]) -> None:
    text = filter_text(in_("subject", values))

    quoted = re.search(r"PropertyValues=\[(.*?)\]", text, re.DOTALL)
    listed = re.findall(r'"([^"]*)"', quoted.group(1)) if quoted else []
    compared = [read(found) for found in re.findall(r"subject eq ('(?:[^']|'')*'|null)", text)]
    assert sorted([*listed, *compared], key=repr) == sorted(set(values), key=repr)


class Colour(IntEnum):
    RED = 727000001


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("O'Neil & Søn", "'O''Neil & Søn'"),
        (Guid(ID.upper()), ID),
        (UUID(ID), ID),
        (ID, f"'{ID}'"),
        (True, "true"),
        (Colour.RED, "727000001"),
        (Decimal("10.50"), "10.50"),
        (1e-7, "0.0000001"),
        (date(2026, 3, 1), "2026-03-01"),
        (NOON.astimezone(timezone(timedelta(hours=5, minutes=30))), "2026-03-01T12:00:00Z"),
        (None, "null"),
    ],
)
def test_each_type_has_its_own_form(value: Value, text: str) -> None:
    assert literal(value, "x") == text


@pytest.mark.parametrize(
    ("filter_", "text"),
    [
        (ge("createdon", NOON + timedelta(microseconds=1)), "createdon ge 2026-03-01T12:00:01Z"),
        (lt("createdon", NOON + timedelta(microseconds=1)), "createdon lt 2026-03-01T12:00:01Z"),
        (gt("createdon", NOON + timedelta(microseconds=1)), "createdon gt 2026-03-01T12:00:00Z"),
        (le("createdon", NOON + timedelta(microseconds=1)), "createdon le 2026-03-01T12:00:00Z"),
        (is_null("wa_result"), "wa_result eq null"),
        (contains("subject", "50% [a_b]"), "contains(subject,'50[%] [[]a[_]b]')"),
        (startswith("subject", "it's"), "startswith(subject,'it''s')"),
        (
            and_(eq("a", 1), or_(eq("b", 2), ne("c", 3))),
            "(a eq 1 and (b eq 2 or c ne 3))",
        ),
        (or_(eq("a", 1)), "a eq 1"),
        (not_(or_(eq("a", 1), eq("b", 2))), "not ((a eq 1 or b eq 2))"),
        (
            in_("statecode", [0, 1, 0]),
            'Microsoft.Dynamics.CRM.In(PropertyName=\'statecode\',PropertyValues=["0","1"])',
        ),
        (not_(in_("statecode", [0, 1])), "not ((statecode eq 0 or statecode eq 1))"),
        (eq("parentaccountid/name", "A"), "parentaccountid/name eq 'A'"),
    ],
)
def test_filters_read_like_the_documentation(filter_: Filter, text: str) -> None:
    assert filter_text(filter_) == text


def test_the_next_page_begins_after_a_row_in_the_order_of_time_and_id() -> None:
    follows = after(NOON, Guid(ID), id_column="leadid")

    assert filter_text(follows) == (
        "(createdon gt 2026-03-01T12:00:00Z or "
        f"(createdon eq 2026-03-01T12:00:00Z and leadid gt {ID}))"
    )


def test_a_whole_query_is_one_encoded_url() -> None:
    query = Query(
        "leads",
        select=("leadid", "_ownerid_value"),
        filter=and_(eq("statecode", 0), eq("subject", "a+b&c=d#e;f")),
        orderby=("createdon", desc("leadid")),
        top=10,
        expand=(Expand("parentaccountid", select=("name",), filter=eq("name", "x;y")),),
        count=True,
    )

    assert render(query) == (
        "leads?$select=leadid,_ownerid_value"
        "&$filter=(statecode%20eq%200%20and%20subject%20eq%20'a%2Bb%26c%3Dd%23e%3Bf')"
        "&$orderby=createdon,leadid%20desc&$top=10"
        "&$expand=parentaccountid($select%3Dname%3B$filter%3Dname%20eq%20'x%3By')&$count=true"
    )


def test_metadata_below_an_entity_set_can_be_asked_for() -> None:
    path = "Attributes/Microsoft.Dynamics.CRM.PicklistAttributeMetadata"

    assert render(Query(path, select=("LogicalName",))) == f"{path}?$select=LogicalName"


def test_a_long_list_is_split_without_losing_or_repeating_a_value() -> None:
    ids = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(450)]
    chunks = list(in_chunks("_ownerid_value", [*ids, ids[0]], size=200))

    assert [len(chunk.values) for chunk in chunks] == [200, 200, 50]
    assert [value for chunk in chunks for value in chunk.values] == ids


def test_no_values_make_no_chunks() -> None:
    assert list(in_chunks("x", [])) == []


def test_a_chunk_of_ids_fits_into_a_url() -> None:
    ids = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(200)]

    assert len(render(Query("leads", filter=next(in_chunks("leadid", ids))))) < 16_000


@pytest.mark.parametrize(
    "name", ["", "a b", "a eq 1 or b", "a'", "ä", "a/", "/a", "a\n", "1a", "$a"]
)
def test_a_column_name_cannot_smuggle_anything_in(name: str) -> None:
    with pytest.raises(InvalidRequest, match="column"):
        filter_text(eq(name, 1))


@pytest.mark.parametrize(
    "entity_set", ["leads?x", "leads(1)", "le ads", "", "../x", "leads#", "a//b"]
)
def test_an_entity_set_cannot_smuggle_anything_in(entity_set: str) -> None:
    with pytest.raises(InvalidRequest, match="entity set"):
        render(Query(entity_set))


@pytest.mark.parametrize("value", ["", "abc", ID + "0", "{" + ID + "}", ID.replace("0", "g")])
def test_what_is_no_guid_is_no_row_id(value: str) -> None:
    with pytest.raises(InvalidRequest, match="is not a row id"):
        Guid(value)


def test_a_time_without_a_zone_is_refused_with_its_column() -> None:
    with pytest.raises(InvalidRequest, match=r"createdon: the time .* has no time zone"):
        filter_text(gt("createdon", datetime(2026, 3, 1)))  # noqa: DTZ001 - the point


@pytest.mark.parametrize("number", [float("nan"), float("inf"), Decimal("NaN")])
def test_what_is_no_number_is_refused(number: float | Decimal) -> None:
    with pytest.raises(InvalidRequest, match=r"revenue: .* is not a number"):
        filter_text(eq("revenue", number))


def test_broken_unicode_is_refused_and_not_replaced() -> None:
    with pytest.raises(InvalidRequest, match="Unicode"):
        render(Query("leads", filter=eq("subject", "\ud800")))


def test_empty_lists_and_combinations_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="x: a list"):
        in_("x", [])
    with pytest.raises(InvalidRequest, match="at least one"):
        and_()
    with pytest.raises(InvalidRequest, match=r"\$top"):
        render(Query("leads", top=0))


def test_options_of_a_single_row_are_the_same_text() -> None:
    assert queries.render_options(("name",), ()) == {"$select": "name"}
