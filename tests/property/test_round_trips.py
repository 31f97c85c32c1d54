"""What is written by any way comes back as it was, page by page, and in the changes tracked."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.mock_dataverse.core.client import Api

from work_assignment.mock_dataverse.server import MockServer

_TRACK = {"Prefer": "odata.track-changes"}
_ALL = {"Prefer": 'odata.include-annotations="*"'}
_FORMATTED = "@OData.Community.Display.V1.FormattedValue"
# What XML cannot hold is no text of Dataverse either; trailing blanks stay.
_TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cn"]), min_size=1, max_size=60
)
_MOMENTS = (
    st.datetimes().filter(lambda at: at.year >= 1753).map(lambda at: f"{at:%Y-%m-%dT%H:%M:%S}Z")
)
_CENTS = st.integers(0, 10**9).map(lambda cents: cents / 100)
_COLUMNS: Mapping[str, st.SearchStrategy[Any]] = {
    "subject": _TEXTS,
    "description": _TEXTS,
    "numberofemployees": st.integers(0, 1_000_000),
    "revenue": _CENTS,
    "estimatedamount": _CENTS,
    "leadsourcecode": st.sampled_from([1, 7, 8]),
    "donotemail": st.booleans(),
    "estimatedclosedate": st.dates().filter(lambda day: day.year >= 1753).map(str),
    "schedulefollowup_prospect": _MOMENTS,
    "address1_latitude": st.floats(-90, 90).map(lambda number: round(number, 5) + 0.0),
}
ROWS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"donotemail": st.booleans()},
    optional={
        name: st.none() | values for name, values in _COLUMNS.items() if name != "donotemail"
    },
)


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with MockServer() as server:
        client = Api(server)
        yield client
        client.close()


def _created(api: Api, row: Mapping[str, Any]) -> str:
    return api.create("leads", lastname="x", **row)


def _updated(api: Api, row: Mapping[str, Any]) -> str:
    lead = api.create("leads", lastname="x")
    assert api.patch(f"leads({lead})", row, If_Match="*").status_code == 204
    return lead


def _upserted(api: Api, row: Mapping[str, Any]) -> str:
    lead = str(uuid.uuid4())
    assert api.patch(f"leads({lead})", {"lastname": "x", **row}).status_code == 204
    return lead


def _created_with_others(api: Api, row: Mapping[str, Any]) -> str:
    one = {"@odata.type": "Microsoft.Dynamics.CRM.lead", "lastname": "x", **row}
    other = {**one, "subject": "another"}
    answer = api.post("leads/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": [other, one]})
    ids: list[str] = answer.json()["Ids"]
    return ids[1]


def _created_in_depth(api: Api, row: Mapping[str, Any]) -> str:
    name = uuid.uuid4().hex
    account = api.create("accounts", name=name, lead_parent_account=[{"lastname": "x", **row}])
    (lead,) = api.row(f"leads?$select=leadid&$filter=_parentaccountid_value eq {account}")["value"]
    return str(lead["leadid"])


def _created_in_a_batch(api: Api, row: Mapping[str, Any]) -> str:
    lead = str(uuid.uuid4())
    answer = send_change_set(api, [("POST", "leads", {"leadid": lead, "lastname": "x", **row})])
    assert "HTTP/1.1 204" in answer
    return lead


def send_change_set(api: Api, members: list[tuple[str, str, Any]]) -> str:
    """Send requests as one change set and return the answer's text."""
    parts = [
        f"--c\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
        f"Content-ID: {number}\r\n\r\n{method} {api.root}{path} HTTP/1.1\r\n"
        f"Content-Type: application/json\r\n\r\n{json.dumps(body) if body is not None else ''}\r\n"
        for number, (method, path, body) in enumerate(members, start=1)
    ]
    head = "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
    text = f"{head}{''.join(parts)}--c--\r\n--b--\r\n"
    headers = {"Content-Type": "multipart/mixed; boundary=b"}
    return api.send("POST", "$batch", data=text.encode(), headers=headers).text


WAYS: Mapping[str, Callable[[Api, Mapping[str, Any]], str]] = {
    "create": _created,
    "update": _updated,
    "upsert": _upserted,
    "CreateMultiple": _created_with_others,
    "deep insert": _created_in_depth,
    "batch": _created_in_a_batch,
}


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(row=ROWS)
def test_a_row_comes_back_as_it_was_written_whichever_way(api: Api, row: dict[str, Any]) -> None:
    expected = {name: row.get(name) for name in _COLUMNS}
    shown = set()
    for way, write in WAYS.items():
        found = api.get(f"leads({write(api, row)})?$select={','.join(_COLUMNS)}", headers=_ALL)
        assert found.status_code == 200, found.text
        body = found.json()
        assert {name: body[name] for name in expected} == expected, way
        formatted = {name: body.get(name + _FORMATTED) for name in _COLUMNS}
        shown.add(json.dumps(formatted, sort_keys=True))
    assert len(shown) == 1, "formatted values differ by the way of writing"


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=_TEXTS)
def test_a_text_is_found_by_itself(api: Api, text: str) -> None:
    lead = api.create("leads", lastname="x", subject=text)
    wanted = quote("subject eq '" + text.replace("'", "''") + "'", safe="")

    found = api.row(f"leads?$select=leadid&$filter={wanted}")["value"]

    assert lead in {row["leadid"] for row in found}


def _pages(api: Api, path: str, size: int) -> Iterator[list[dict[str, Any]]]:
    link: str | None = path
    while link is not None:
        body = api.get(link, headers={"Prefer": f"odata.maxpagesize={size}"}).json()
        yield body["value"]
        link = body.get("@odata.nextLink")


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_pages_of_any_size_have_each_row_once(api: Api, data: st.DataObject) -> None:
    mark = uuid.uuid4().hex
    cities = data.draw(st.lists(st.sampled_from(["a", "A", "ä", "b", None]), max_size=25), "cities")
    size = data.draw(st.integers(1, 30), "size")
    order = data.draw(
        st.sampled_from(["address1_city", "address1_city desc,createdon", "subject", "leadid desc"])
    )
    ids = {api.create("leads", lastname="x", subject=mark, address1_city=city) for city in cities}

    path = f"leads?$select=leadid&$filter=subject eq '{mark}'&$orderby={order}"
    pages = list(_pages(api, path, size))

    found = [row["leadid"] for page in pages for row in page]
    assert len(found) == len(ids)
    assert set(found) == ids
    assert all(len(page) == size for page in pages[:-1])


@pytest.mark.parametrize("order", ["", "&$orderby=address1_city", "&$orderby=createdon desc"])
def test_while_others_write_no_row_that_was_there_all_along_is_missed_or_doubled(
    api: Api, order: str
) -> None:
    mark, dice = uuid.uuid4().hex, Random(7)  # noqa: S311 - the same writes each time
    kept = {
        api.create("leads", lastname="x", subject=mark, address1_city=str(number % 7))
        for number in range(60)
    }
    is_over = threading.Event()

    def write() -> None:
        writer = Api(api.server)
        others: list[str] = []
        while not is_over.is_set():
            city = str(dice.randrange(7))
            others.append(writer.create("leads", lastname="x", subject=mark, address1_city=city))
            if len(others) > 20:
                writer.delete(f"leads({others.pop(dice.randrange(len(others)))})")
            writer.patch(f"leads({dice.choice(sorted(kept))})", {"description": city})
        writer.close()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for size in (1, 7, 20):
            path = f"leads?$select=leadid&$filter=subject eq '{mark}'{order}"
            found = [row["leadid"] for page in _pages(api, path, size) for row in page]
            assert len(found) == len(set(found)), "a row came twice"
            assert kept <= set(found), "a row was missed"
    finally:
        is_over.set()
        thread.join()


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_changes_tracked_are_the_changes_made(api: Api, data: st.DataObject) -> None:
    mark = uuid.uuid4().hex
    rows = {
        api.create("accounts", name=f"{mark} {number}"): f"{mark} {number}" for number in range(5)
    }
    link = _end_of(api, "accounts?$select=name")[2]
    for step in range(data.draw(st.integers(0, 3), "rounds")):
        before = dict(rows)
        for number in range(data.draw(st.integers(0, 6), "changes")):
            _change(api, rows, data, f"{mark} {step} {number}")
        changed, deleted, link = _end_of(api, link)
        assert changed == {key: name for key, name in rows.items() if before.get(key) != name}
        # What came and went in between may be told as gone, too; nobody knew it.
        assert deleted >= set(before) - set(rows)
        assert deleted.isdisjoint(rows)


def _change(api: Api, rows: dict[str, str], data: st.DataObject, name: str) -> None:
    """Create, change or delete one account."""
    known, place = list(rows), data.draw(st.integers(0, 30), "row")
    match data.draw(st.sampled_from(["create", "update", "delete"])):
        case "create":
            rows[api.create("accounts", name=name)] = name
        case "update" if rows:
            key = known[place % len(known)]
            assert api.patch(f"accounts({key})", {"name": name}).status_code == 204
            rows[key] = name
        case "delete" if rows:
            key = known[place % len(known)]
            assert api.delete(f"accounts({key})").status_code == 204
            del rows[key]


def _end_of(api: Api, path: str) -> tuple[dict[str, str], set[str], str]:
    """Follow all pages; return the rows, the deleted ones and the delta link."""
    rows: dict[str, str] = {}
    deleted: set[str] = set()
    while True:
        body = api.get(path, headers=_TRACK).json()
        for row in body["value"]:
            if "reason" in row:
                deleted.add(row["id"])
            else:
                rows[row["accountid"]] = row["name"]
        if "@odata.deltaLink" in body:
            return rows, deleted, str(body["@odata.deltaLink"])
        path = body["@odata.nextLink"]
