"""Values that rows take, refuse and compute."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault, unique

from work_assignment.mock_dataverse.well_known import CURRENCY_ID

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"subject":"x"', "not valid JSON"),
        ('{"subject":}', "not valid JSON"),
        ("", "not valid JSON"),
        ("null", "not a JSON object"),
        ("[]", "not a JSON object"),
        ('"x"', "not a JSON object"),
        ('{"subject":"a","subject":"b"}', "more than once"),
        ('{"Lead_Tasks":[{"subject":"a","subject":"b"}]}', "more than once"),
        ('{"estimatedamount":NaN}', "NaN is no JSON number"),
        ('{"estimatedamount":-Infinity}', "-Infinity is no JSON number"),
        ('{"numberofemployees":' + "9" * 5000 + "}", "not valid JSON"),
        ('{"a":' * 50_000, "not valid JSON"),
        ("[" * 50_000, "not valid JSON"),
        ('{"subject":"\t"}', "not valid JSON"),
        ('{"subject":"\\ud83d"}', "half of a character"),
        ('{"\\udc00":1}', "half of a character"),
        ("{'subject':'x'}", "not valid JSON"),
        ('{"subject":"x"} {}', "not valid JSON"),
    ],
)
def test_a_body_that_is_no_record_is_refused(api: Api, text: str, words: str) -> None:
    for method, path in (("POST", "leads"), ("PATCH", f"leads({CURRENCY_ID})")):
        answer = api.send(method, path, data=text.encode(), headers=JSON)
        assert_fault(answer, 400, "0x80048d19", words)


@pytest.mark.parametrize("body", [b"\xff\xfe{\x00}\x00", b'{"subject":"\xff"}', b"\x00"])
def test_a_body_that_is_not_utf_8_is_refused(api: Api, body: bytes) -> None:
    answer = api.send("POST", "leads", data=body, headers=JSON)
    assert_fault(answer, 400, "0x80048d19", "not valid JSON")


@pytest.mark.parametrize("character", ["\x00", "\x08", "\x0b", "\x1f", "\uffff"])
def test_characters_that_no_xml_holds_are_refused_by_column(api: Api, character: str) -> None:
    answer = api.post("leads", {"subject": f"a{character}b"})
    code = f"0x{ord(character):02X}"
    assert_fault(answer, 400, "0x80040278", "'subject'", code)
    lead = api.create("leads", subject="kept")
    answer = api.put(f"leads({lead})/subject", {"value": character})
    assert_fault(answer, 400, "0x80040278", "'subject'")
    assert api.row(f"leads({lead})")["subject"] == "kept"


def test_all_other_characters_are_kept_as_they_are(api: Api) -> None:
    text = " \t\r\n é𝄞\u200b\u2028\x7f' \"\\ "
    lead = api.create("leads", subject=text)
    assert api.row(f"leads({lead})")["subject"] == text


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({"estimatedamount": 1e999}, "0x80044330", "'estimatedamount'"),
        ({"numberofemployees": 1e3}, "0x80048d19", "Edm.Int32"),
        ({"numberofemployees": 2**31}, "0x80048d19", "Edm.Int32"),
        ({"numberofemployees": True}, "0x80048d19", "Edm.Int32"),
        ({"numberofemployees": [1]}, "0x80048d19", "Edm.Int32"),
        ({"numberofemployees": {}}, "0x80048d19", "Edm.Int32"),
        ({"address1_latitude": 90.5}, "0x80044330", "-90 to 90"),
        ({"donotemail": 1}, "0x80048d19", "Edm.Boolean"),
        ({"processid": "{x}"}, "0x80048d19", "Edm.Guid"),
        ({"processid": 1}, "0x80048d19", "Edm.Guid"),
        ({"estimatedclosedate": "03/01/2026"}, "0x80048d19", "Edm.Date"),
        ({"estimatedclosedate": 20260301}, "0x80048d19", "Edm.Date"),
        ({"schedulefollowup_qualify": "2026-13-01T00:00:00Z"}, "0x80040239", "2026-13-01"),
        ({"schedulefollowup_qualify": "9999-12-31T23:59:59-01:00"}, "0x80040239", "range"),
        ({"leadqualitycode": 0}, "0x8004431a", "'leadqualitycode'"),
        ({"statuscode": 5, "statecode": 0}, "0x80048408", "LeadState.Open"),
        ({"description": "x" * 2001}, "0x80044331", "'2000'"),
        ({"description": "𝄞" * 1001}, "0x80044331", "'2000'"),
    ],
)
def test_a_value_out_of_place_is_refused_by_name(
    api: Api, body: dict[str, Any], code: str, words: str
) -> None:
    assert_fault(api.send("POST", "leads", data=_json(body), headers=JSON), 400, code, words)
    lead = api.create("leads", subject="x")
    answer = api.send("PATCH", f"leads({lead})", data=_json(body), headers=JSON)
    assert_fault(answer, 400, code, words)


def _json(body: dict[str, Any]) -> bytes:
    return json.dumps(body).replace("Infinity", "1e999").encode()


def test_columns_that_are_only_required_in_forms_may_be_left_out(api: Api) -> None:
    lead = api.create("leads")
    row = api.row(f"leads({lead})")
    assert (row["lastname"], row["subject"]) == (None, None)


def test_addresses_are_also_written_as_a_whole(api: Api) -> None:
    lead = api.create(
        "leads",
        address1_line1="1 Main Street",
        address1_line3="Back door",
        address1_city="Redmond",
        address1_stateorprovince="WA",
        address1_postalcode="98052",
        address1_country="U.S.",
        address2_city="Bonn",
        address1_composite="ignored",
    )
    row = api.row(f"leads({lead})")
    lines = ["1 Main Street", "Back door", "Redmond, WA 98052", "U.S."]
    assert row["address1_composite"] == "\r\n".join(lines)
    assert row["address2_composite"] == "Bonn"
    api.patch(f"leads({lead})", {"address1_line3": None, "address2_city": None})
    row = api.row(f"leads({lead})")
    assert row["address1_composite"] == "\r\n".join([lines[0], *lines[2:]])
    assert row["address2_composite"] is None


def test_names_are_joined_also_as_they_are_pronounced(api: Api) -> None:
    names = {"firstname": "花子", "lastname": "山田", "middlename": "M"}
    yomi = {"yomifirstname": "はなこ", "yomilastname": "やまだ"}
    contact = api.create("contacts", **names, **yomi)
    row = api.row(f"contacts({contact})")
    assert (row["fullname"], row["yomifullname"]) == ("花子 山田", "はなこ やまだ")
    api.patch(f"contacts({contact})", {"yomifirstname": None, "firstname": None})
    row = api.row(f"contacts({contact})")
    assert (row["fullname"], row["yomifullname"]) == ("山田", "やまだ")


def test_another_currency_recomputes_all_base_amounts(api: Api) -> None:
    codes = {"isocurrencycode": "GBP", "currencysymbol": "£", "exchangerate": 0.5}
    pound = api.create("transactioncurrencies", currencyname=unique("pound"), **codes)
    lead = api.create("leads", estimatedamount=100, revenue=10)
    api.patch(
        f"leads({lead})", {"transactioncurrencyid@odata.bind": f"transactioncurrencies({pound})"}
    )
    row = api.row(f"leads({lead})")
    assert (row["estimatedamount_base"], row["revenue_base"], row["exchangerate"]) == (200, 20, 0.5)
    api.patch(f"transactioncurrencies({pound})", {"exchangerate": 0.25})
    assert api.row(f"leads({lead})")["revenue_base"] == 20
    api.patch(f"leads({lead})", {"revenue": 11})
    row = api.row(f"leads({lead})")
    assert (row["estimatedamount_base"], row["revenue_base"], row["exchangerate"]) == (
        400,
        44,
        0.25,
    )


def test_import_columns_are_set_on_create_and_stay(api: Api) -> None:
    given = {"importsequencenumber": 7, "overriddencreatedon": "2020-02-29T00:00:00Z"}
    lead = api.create("leads", **given)
    api.patch(f"leads({lead})", {"importsequencenumber": 8, "overriddencreatedon": None})
    row = api.row(f"leads({lead})")
    assert (row["importsequencenumber"], row["createdon"]) == (7, "2020-02-29T00:00:00Z")
