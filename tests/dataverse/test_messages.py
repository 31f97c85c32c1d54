"""Requests built and answers read, without a server."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import IntEnum
from typing import Any
from uuid import UUID

import pytest

from work_assignment.dataverse import messages
from work_assignment.dataverse.errors import (
    InvalidRequest,
    RowNotFound,
    UnreadableAnswer,
    VersionMismatch,
)
from work_assignment.dataverse.messages import Key, Prefer, Request, Response
from work_assignment.dataverse.queries import Expand, Guid, Query

LEAD = "0a1b2c3d-0000-4000-8000-00000000000a"
USER = "0a1b2c3d-0000-4000-8000-00000000000b"
VERSION = 'W/"1234567"'


class State(IntEnum):
    OPEN = 0


def test_a_row_is_created_with_its_lookups_bound() -> None:
    request = messages.create("leads", {"subject": "x", **messages.bind("ownerid", "teams", USER)})

    assert request == Request(
        "POST", "leads", {}, {"subject": "x", "ownerid@odata.bind": f"/teams({USER})"}
    )


def test_a_row_with_an_id_of_ours_is_only_ever_created() -> None:
    request = messages.create("wa_routingruns", {"wa_name": "x"}, row_id=UUID(LEAD))

    assert request == Request(
        "PATCH", f"wa_routingruns({LEAD})", {"If-None-Match": "*"}, {"wa_name": "x"}
    )


def test_an_update_holds_for_one_version_only() -> None:
    request = messages.update("wa_sellers", LEAD, {"wa_opencount": 3}, version=VERSION)

    assert request == Request(
        "PATCH", f"wa_sellers({LEAD})", {"If-Match": VERSION}, {"wa_opencount": 3}
    )


def test_an_update_of_whichever_version_still_never_creates() -> None:
    assert messages.update("leads", LEAD, {}, version="*").headers == {"If-Match": "*"}


@pytest.mark.parametrize("version", ["", "1234567", 'W/"1"\r\nX: y', 'W/"1" ', "**"])
def test_what_is_no_version_is_refused(version: str) -> None:
    with pytest.raises(InvalidRequest, match="is not a row version"):
        messages.update("leads", LEAD, {}, version=version)


def test_an_upsert_finds_its_row_by_an_alternate_key() -> None:
    key = Key({"wa_table": "lead", "_wa_lead_value": Guid(LEAD), "wa_version": 12, "wa_n": "O'B é"})
    request = messages.upsert("wa_routingruns", key, {"wa_count": 1}, create_only=True)

    assert request.path == (
        f"wa_routingruns(wa_table='lead',_wa_lead_value={LEAD},wa_version=12,wa_n='O''B%20%C3%A9')"
    )
    assert request.headers == {"If-None-Match": "*"}


@pytest.mark.parametrize("text", ["a/b", "a&b", "50%", "a:b", "a?b", "a+b", "a\\b", "<", "a*", "#"])
def test_a_key_that_dataverse_cannot_find_by_url_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="wa_name"):
        messages.upsert("wa_settings", Key({"wa_name": text}), {})


def test_a_key_needs_columns_with_values() -> None:
    with pytest.raises(InvalidRequest, match="at least one column"):
        messages.delete("leads", Key({}))
    with pytest.raises(InvalidRequest, match=r"wa_name: .*empty"):
        messages.delete("leads", Key({"wa_name": None}))


def test_a_delete_may_hold_for_one_version_only() -> None:
    assert messages.delete("leads", LEAD, version=VERSION) == Request(
        "DELETE", f"leads({LEAD})", {"If-Match": VERSION}
    )


def test_a_write_can_ask_for_columns_of_the_written_row() -> None:
    request = messages.update("leads", LEAD, {}, version="*", returning=("subject",))

    assert request.path == f"leads({LEAD})?$select=subject"
    assert request.headers == {"If-Match": "*", "Prefer": "return=representation"}


def test_a_query_says_which_annotations_and_page_size_it_would_like() -> None:
    wish = Prefer(annotations=(messages.FORMATTED_VALUE, messages.LOOKUP_TABLE), page_size=500)

    assert messages.get(Query("leads"), prefer=wish).headers == {
        "Prefer": "odata.maxpagesize=500,odata.include-annotations="
        '"OData.Community.Display.V1.FormattedValue,Microsoft.Dynamics.CRM.lookuplogicalname"'
    }


@pytest.mark.parametrize("size", [0, 5001])
def test_a_page_size_that_dataverse_does_not_have_is_refused(size: int) -> None:
    with pytest.raises(InvalidRequest, match="1 to 5000"):
        messages.get(Query("leads"), prefer=Prefer(page_size=size))


def test_a_top_beside_a_page_size_is_refused_because_dataverse_would_ignore_it() -> None:
    with pytest.raises(InvalidRequest, match=r"ignores \$top"):
        messages.get(Query("leads", top=5), prefer=Prefer(page_size=5))


def test_one_row_is_read_with_what_hangs_on_it() -> None:
    request = messages.retrieve(
        "leads", LEAD, select=("subject",), expand=(Expand("ownerid", select=("ownerid",)),)
    )

    assert request == Request(
        "GET", f"leads({LEAD})?$select=subject&$expand=ownerid($select%3Downerid)"
    )


def test_rows_behind_a_collection_are_read() -> None:
    request = messages.get_related(
        "EntityDefinitions",
        Key({"LogicalName": "lead"}),
        Query("Attributes", select=("LogicalName",)),
    )

    assert request.path == "EntityDefinitions(LogicalName='lead')/Attributes?$select=LogicalName"


def test_fetchxml_always_asks_whether_there_is_more() -> None:
    request = messages.fetch("leads", '<fetch top="1"/>')

    assert request.path == "leads?fetchXml=%3Cfetch%20top%3D%221%22/%3E"
    assert request.headers["Prefer"] == (
        'odata.include-annotations="Microsoft.Dynamics.CRM.morerecords,'
        'Microsoft.Dynamics.CRM.fetchxmlpagingcookie"'
    )
    everything = messages.fetch("leads", "<fetch/>", prefer=Prefer(annotations=("*",)))
    assert everything.headers["Prefer"] == 'odata.include-annotations="*"'


def test_rows_are_linked_and_unlinked_through_a_collection() -> None:
    link = messages.associate("wa_sellerattributevalues", LEAD, "wa_sellers", "systemusers", USER)
    unlink = messages.disassociate("wa_sellerattributevalues", LEAD, "wa_sellers", USER)

    assert link == Request(
        "POST",
        f"wa_sellerattributevalues({LEAD})/wa_sellers/$ref",
        {},
        {"@odata.id": f"systemusers({USER})"},
    )
    assert unlink == Request("DELETE", f"wa_sellerattributevalues({LEAD})/wa_sellers({USER})/$ref")


def test_a_tag_goes_on_writes_once_and_never_on_reads() -> None:
    create = messages.create("leads", {}, tag="wa run/1")

    assert create.path == "leads?tag=wa%20run/1"
    assert messages.tagged(create, "other") == create
    assert messages.tagged(messages.who_am_i(), "x") == Request("GET", "WhoAmI")
    with_select = messages.create("leads", {}, returning=("subject",), tag="x")
    assert with_select.path == "leads?$select=subject&tag=x"


def test_an_action_carries_its_parameters() -> None:
    assert messages.action("SendAppNotification", {"Title": "Hi"}) == Request(
        "POST", "SendAppNotification", {}, {"Title": "Hi"}
    )


def test_what_a_request_is_called_holds_no_values() -> None:
    request = messages.get(Query("leads", select=("subject",)))

    assert request.what == "GET leads"


def test_values_become_json() -> None:
    row: dict[str, Any] = {
        "at": datetime(2026, 3, 1, 8, 0, 0, 5, tzinfo=UTC),
        "on": date(2026, 3, 1),
        "id": UUID(LEAD),
        "guid": Guid(LEAD),
        "state": State.OPEN,
        "yes": True,
        "money": Decimal("12.50"),
        "whole": Decimal("3.00"),
        "none": None,
        "nested": [{"x": Decimal(1)}, ("y",)],
        **messages.unbind("parentaccountid"),
    }

    assert messages.json_bytes(messages.json_value(row)) == (
        b'{"at":"2026-03-01T08:00:00Z","on":"2026-03-01","id":"%b","guid":"%b","state":0,'
        b'"yes":true,"money":12.5,"whole":3,"none":null,"nested":[{"x":1},["y"]],'
        b'"parentaccountid@odata.bind":null}'
    ) % (LEAD.encode(), LEAD.encode())


@pytest.mark.parametrize(
    "value",
    [
        datetime(2026, 3, 1),  # noqa: DTZ001 - the point
        float("nan"),
        Decimal("0.12345678901234567890"),
        b"bytes",
        {1, 2},
    ],
)
def test_what_json_cannot_carry_is_refused_with_its_column(value: object) -> None:
    with pytest.raises(InvalidRequest, match="budgetamount"):
        messages.create("leads", {"budgetamount": value})


def test_the_id_of_a_written_row_is_in_the_header() -> None:
    address = f"https://org.example/api/data/v9.2/leads({LEAD.upper()})"

    assert Response(204, {"odata-entityid": address}).entity_id == LEAD
    assert Response(204, {"location": address}).entity_id == LEAD
    assert Response(204).entity_id is None


def test_the_version_of_a_row_is_in_the_body_or_the_header() -> None:
    assert Response(200, {}, b'{"@odata.etag":"W/\\"7\\""}').etag == 'W/"7"'
    assert Response(200, {"etag": 'W/"8"'}, b"{}").etag == 'W/"8"'
    assert Response(204).etag is None


def test_an_answer_without_a_body_is_an_empty_row() -> None:
    assert Response(204).json == {}


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b"\xff", b'"x"'])
def test_an_answer_that_is_no_json_object_is_said_to_be_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableAnswer):
        _ = Response(200, {}, body).json


@pytest.mark.parametrize("body", [b"{}", b'{"value":{}}', b'{"value":[1]}'])
def test_an_answer_without_a_list_of_rows_is_not_taken_for_no_rows(body: bytes) -> None:
    with pytest.raises(UnreadableAnswer, match="no list of rows"):
        _ = Response(200, {}, body).rows


def test_a_refusal_can_be_looked_at_or_raised() -> None:
    refusal = Response(412, {}, b'{"error":{"code":"0x80060882","message":"m"}}')

    assert isinstance(refusal.error("x"), VersionMismatch)
    with pytest.raises(RowNotFound, match="PATCH leads"):
        Response(404, {}, b'{"error":{"code":"0x80040217"}}').raise_for_error("PATCH leads")


@pytest.mark.parametrize("status", [200, 201, 204, 304])
def test_success_is_no_error(status: int) -> None:
    response = Response(status)

    assert response.raise_for_error("x") is response
