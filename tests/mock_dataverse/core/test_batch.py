"""$batch: the layout of both directions, change sets, errors."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.mock_dataverse.core.client import Api, unique

from work_assignment.mock_dataverse.faults import Fault
from work_assignment.mock_dataverse.requests.multipart import multipart_body, read_parts

ONE = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"


def part(method: str, url: str, body: Any = None, *, content_id: int | None = None) -> str:
    numbered = f"Content-ID: {content_id}\r\n" if content_id is not None else ""
    text = "" if body is None else json.dumps(body)
    kind = "Content-Type: application/json; type=entry\r\n" if body is not None else ""
    return f"{ONE}{numbered}\r\n{method} {url} HTTP/1.1\r\n{kind}\r\n{text}\r\n"


def change_set(*members: str, boundary: str = "changeset_1") -> str:
    inner = "".join(f"--{boundary}\r\n{member}" for member in members)
    return f'Content-Type: multipart/mixed; boundary="{boundary}"\r\n\r\n{inner}--{boundary}--\r\n'


def send(api: Api, *parts: str, prefer: str = "", boundary: str = "batch_1") -> requests.Response:
    body = "".join(f"--{boundary}\r\n{text}" for text in parts) + f"--{boundary}--\r\n"
    return send_raw(api, body, f'multipart/mixed; boundary="{boundary}"', prefer)


def send_raw(api: Api, body: str, content_type: str, prefer: str = "") -> requests.Response:
    headers = {"Content-Type": content_type}
    if prefer:
        headers["Prefer"] = prefer
    return api.send("POST", "$batch", data=body.encode(), headers=headers)


def statuses(answer: requests.Response) -> list[int]:
    return [int(status) for status in re.findall(r"HTTP/1\.1 (\d+)", answer.text)]


def count(api: Api, subject: str) -> int:
    found: int = api.row(f"leads?$filter=subject eq '{subject}'&$count=true")["@odata.count"]
    return found


def test_a_batch_answers_in_the_documented_layout(api: Api) -> None:
    answer = send(
        api,
        change_set(part("POST", "leads", {"subject": "a"}, content_id=1)),
        part("GET", f"{api.root}leads?$top=1&$select=subject&$filter=subject eq 'a'"),
    )
    assert answer.status_code == 200
    outer = re.fullmatch(
        r"multipart/mixed; boundary=(batchresponse_[\w-]+)", answer.headers["Content-Type"]
    )
    assert outer is not None
    inner = re.search(r"boundary=(changesetresponse_[\w-]+)", answer.text)
    assert inner is not None
    expected = (
        f"--{outer[1]}\r\nContent-Type: multipart/mixed; boundary={inner[1]}\r\n\r\n"
        f"--{inner[1]}\r\nContent-Type: application/http\r\n"
        "Content-Transfer-Encoding: binary\r\nContent-ID: 1\r\n\r\n"
        "HTTP/1.1 204 No Content\r\nOData-Version: 4.0\r\n"
    )
    assert answer.text.startswith(expected)
    address = re.findall(r"(Location|OData-EntityId): (\S+)\r\n", answer.text)
    assert [name for name, _ in address] == ["Location", "OData-EntityId"]
    assert address[0][1] == address[1][1]
    rest = answer.text.partition(f"\r\n\r\n\r\n--{inner[1]}--\r\n")[2]
    assert rest.startswith(
        f"--{outer[1]}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
        "\r\nHTTP/1.1 200 OK\r\nContent-Type: application/json; odata.metadata=minimal\r\n"
        'OData-Version: 4.0\r\n\r\n{"@odata.context":'
    )
    assert answer.text.endswith(f"}}\r\n--{outer[1]}--\r\n")


def test_lines_may_end_in_lf_and_the_boundary_may_stand_without_quotes(api: Api) -> None:
    body = (
        "\n--b\nContent-Type: application/http\nContent-Transfer-Encoding: binary\n\n"
        "GET leads/$count HTTP/1.1\nAccept: application/json\n\n\n--b--"
    )
    answer = send_raw(api, body, "multipart/mixed;boundary=b")
    assert statuses(answer) == [200]
    assert re.search(r"text/plain[^\r]*\r\nOData-Version: 4\.0\r\n\r\n\d+\r\n--", answer.text)


@pytest.mark.parametrize("url", ["leads", "/api/data/v9.2/leads", "{root}leads"])
def test_urls_are_taken_in_every_form(api: Api, url: str) -> None:
    subject = unique("url")
    answer = send(api, part("POST", url.replace("{root}", api.root), {"subject": subject}))
    assert (answer.status_code, statuses(answer)) == (200, [204])
    assert count(api, subject) == 1


def test_the_dollar_of_a_segment_may_be_encoded(api: Api) -> None:
    body = f"--b\r\n{part('GET', 'WhoAmI')}--b--\r\n"
    headers = {"Content-Type": "multipart/mixed; boundary=b"}
    answer = api.send("POST", "%24batch", data=body, headers=headers)
    assert (answer.status_code, statuses(answer)) == (200, [200])
    assert api.get("%24metadata").headers["Content-Type"].startswith("application/xml")
    assert api.get("leads/%24count").status_code == 200


def test_content_ids_stand_for_rows_in_urls_binds_and_references(api: Api) -> None:
    name = unique("account")
    answer = send(
        api,
        change_set(
            part("POST", "accounts", {"name": name}, content_id=1),
            part("POST", "contacts", {"lastname": "x"}, content_id=2),
            part("POST", "leads", {"parentaccountid@odata.bind": "$1"}, content_id=3),
            part("PATCH", "$1", {"telephone1": "42"}, content_id=4),
            part("PUT", "$3/parentcontactid/$ref", {"@odata.id": "$2"}, content_id=5),
        ),
    )
    assert statuses(answer) == [204] * 5
    expand = "$expand=parentaccountid($select=name,telephone1),parentcontactid($select=lastname)"
    rows = api.row(f"leads?$filter=parentaccountid/name eq '{name}'&{expand}")["value"]
    assert rows[0]["parentaccountid"]["telephone1"] == "42"
    assert rows[0]["parentcontactid"]["lastname"] == "x"


def test_an_unknown_content_id_is_refused(api: Api) -> None:
    body = {"parentaccountid@odata.bind": "$9"}
    answer = send(api, change_set(part("POST", "leads", body, content_id=1)))
    assert answer.status_code == 400
    assert "Content-ID Reference: '$9' does not exist in the batch context." in answer.text


def test_a_failure_rolls_its_whole_change_set_back(api: Api) -> None:
    subject = unique("rolled back")
    answer = send(
        api,
        change_set(
            part("POST", "leads", {"subject": subject}, content_id=1),
            part("POST", "leads", {"leadsourcecode": 99}, content_id=2),
        ),
    )
    assert (answer.status_code, statuses(answer)) == (400, [400])
    assert "Content-ID: 2" in answer.text
    assert "Content-ID: 1" not in answer.text
    assert "REQ_ID: " in answer.text
    assert '"code":"0x8004431a"' in answer.text
    assert count(api, subject) == 0


def test_without_continue_on_error_the_first_failure_ends_the_batch(api: Api) -> None:
    before, after = unique("before"), unique("after")
    answer = send(
        api,
        part("POST", "leads", {"subject": before}),
        part("GET", "leads(00000000-0000-0000-0000-000000000009)"),
        part("POST", "leads", {"subject": after}),
    )
    assert (answer.status_code, statuses(answer)) == (404, [204, 404])
    assert (count(api, before), count(api, after)) == (1, 0)


def test_with_continue_on_error_everything_is_tried(api: Api) -> None:
    after = unique("after")
    answer = send(
        api,
        part("GET", "Leads"),
        change_set(part("PATCH", "leads(1)", {}, content_id=1)),
        part("POST", "leads", {"subject": after}),
        prefer="odata.continue-on-error",
    )
    assert (answer.status_code, statuses(answer)) == (200, [404, 400, 204])
    assert count(api, after) == 1


def test_a_stale_version_fails_its_own_change_set_only(api: Api) -> None:
    lead = api.create("leads", subject="x")
    stale = part("PATCH", f"leads({lead})", {"subject": "y"}, content_id=1).replace(
        "HTTP/1.1\r\n", 'HTTP/1.1\r\nIf-Match: W/"1"\r\n'
    )
    fresh = part("PATCH", f"leads({lead})", {"companyname": "z"}, content_id=1)
    answer = send(api, change_set(stale), change_set(fresh), prefer="odata.continue-on-error")
    assert statuses(answer) == [412, 204]
    assert "0x80060882" in answer.text


def test_reads_and_nested_batches_do_not_belong_in_there(api: Api) -> None:
    answer = send(api, change_set(part("GET", "leads", content_id=1)))
    assert (answer.status_code, statuses(answer)) == (400, [400])
    answer = send(api, part("POST", "$batch", {}))
    assert statuses(answer) == [400]
    inner = f"--i\r\n{part('GET', 'WhoAmI')}--i--\r\n"
    kind = "Content-Type: multipart/mixed; boundary=i"
    answer = send(api, f"{ONE}\r\nPOST $batch HTTP/1.1\r\n{kind}\r\n\r\n{inner}")
    assert statuses(answer) == [400]
    assert "cannot be nested" in answer.text


@pytest.mark.parametrize(
    "url", ["leads?$top=1&$top=2", "leads?$top=%FF", f"leads?$x={'x' * 70000}"]
)
def test_a_url_that_cannot_be_read_fails_its_own_request_only(api: Api, url: str) -> None:
    sound = part("GET", "WhoAmI")
    answer = send(api, sound, part("GET", url), sound, prefer="odata.continue-on-error")
    assert answer.status_code == 200
    first, second, third = statuses(answer)
    assert (first, third) == (200, 200)
    assert second in (400, 414)
    stopped = send(api, sound, part("GET", url), sound)
    assert (stopped.status_code, statuses(stopped)) == (second, [200, second])
    wanted = part("DELETE", url, content_id=1)
    assert statuses(send(api, change_set(wanted))) == [second]


def test_impersonation_inside_a_batch_is_not_overlooked(api: Api) -> None:
    wanted = part("GET", "WhoAmI").replace("HTTP/1.1\r\n", "HTTP/1.1\r\nMSCRMCallerID: x\r\n")
    answer = send(api, wanted)
    assert (answer.status_code, statuses(answer)) == (400, [400])
    assert "MSCRMCallerID" in answer.text


def test_each_request_of_a_change_set_needs_its_own_content_id(api: Api) -> None:
    for members in (
        (part("POST", "leads", {}),),
        (part("POST", "leads", {}, content_id=1), part("POST", "leads", {}, content_id=1)),
    ):
        answer = send(api, change_set(*members))
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == "0x80048d19"


def test_more_than_a_thousand_requests_are_refused_before_any_is_done(api: Api) -> None:
    subject = unique("many")
    answer = send(api, *[part("POST", "leads", {"subject": subject})] * 1001)
    assert answer.status_code == 400
    assert "1001 requests" in answer.json()["error"]["message"]
    assert count(api, subject) == 0


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", "{}"),
        ("multipart/mixed", "--b--"),
        ("multipart/mixed; boundary=b", ""),
        ("multipart/mixed; boundary=b", "--b\r\nContent-Type: application/http\r\n\r\nGET leads"),
        ("multipart/mixed; boundary=b", f"--b\r\n{ONE}\r\nnonsense\r\n--b--"),
        ("multipart/mixed; boundary=b", "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--"),
    ],
)
def test_a_malformed_batch_is_one_clear_error(api: Api, content_type: str, body: str) -> None:
    answer = send_raw(api, body, content_type)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "0x80048d19"


def test_a_representation_is_returned_for_the_request_that_wants_it(api: Api) -> None:
    wanted = part("POST", "leads?$select=subject", {"subject": "seen"}, content_id=1).replace(
        "HTTP/1.1\r\n", "HTTP/1.1\r\nPrefer: return=representation\r\n"
    )
    answer = send(api, change_set(wanted, part("POST", "leads", {}, content_id=2)))
    assert statuses(answer) == [201, 204]
    assert '"subject":"seen"' in answer.text
    headers = answer.text.partition('{"@odata')[0]
    assert "{" not in headers


def test_a_hundred_writes_in_one_change_set_are_one_transaction(api: Api) -> None:
    subject = unique("hundred")
    members = [part("POST", "leads", {"subject": subject}, content_id=n) for n in range(100)]
    assert statuses(send(api, change_set(*members))) == [204] * 100
    assert count(api, subject) == 100


def test_what_stands_around_the_parts_is_no_part(api: Api) -> None:
    body = (
        "This is a multipart message.\r\n--b\r\n"
        f"{part('GET', 'leads/$count')}--b--\r\nanything\r\n--b\r\nnot a part\r\n"
    )
    assert statuses(send_raw(api, body, "multipart/mixed; boundary=b")) == [200]


def test_headers_may_be_folded_and_written_in_any_case(api: Api) -> None:
    subject = unique("folded")
    body = (
        "--c\r\nCONTENT-TYPE: application/http;\r\n msgtype=request\r\n"
        "content-transfer-encoding: BINARY\r\ncontent-id: 1\r\n\r\nPOST leads HTTP/1.1\r\n"
        "content-type: application/json;\r\n\ttype=entry\r\nprefer: return=representation\r\n"
        'PREFER: odata.include-annotations="*"\r\n\r\n'
        f'{{"subject":"{subject}"}}\r\n--c--\r\n'
    )
    text = f"--b\r\nContent-Type: Multipart/Mixed;\r\n boundary=c\r\n\r\n{body}--b--\r\n"
    answer = send_raw(api, text, 'Multipart/Mixed; Boundary="b"')
    assert statuses(answer) == [201]
    assert f'"subject":"{subject}"' in answer.text
    assert '"statecode@OData.Community.Display.V1.FormattedValue"' in answer.text


def test_a_content_id_outside_of_change_sets_means_nothing(api: Api) -> None:
    same = part("POST", "leads", {"subject": "x"}, content_id=1)
    answer = send(api, same, same, part("PATCH", "$1", {"subject": "y"}))
    assert statuses(answer) == [204, 204, 400]
    assert "Content-ID Reference: '$1' does not exist in the batch context." in answer.text
    assert "Content-ID: 1" not in answer.text


def test_content_ids_of_one_change_set_are_unknown_to_the_next(api: Api) -> None:
    answer = send(
        api,
        change_set(part("POST", "leads", {"subject": "x"}, content_id=1)),
        change_set(part("PATCH", "$1", {"subject": "y"}, content_id=2)),
    )
    assert statuses(answer) == [204, 400]


def test_a_content_id_is_a_whole_url_for_every_kind_of_write(api: Api) -> None:
    subject = unique("whole")
    answer = send(
        api,
        change_set(
            part("POST", "accounts", {"name": subject}, content_id=1),
            part("POST", "leads", {"subject": subject}, content_id=2),
            part("PUT", "$2/companyname", {"value": "set"}, content_id=3),
            part("PUT", f"{api.root}$2/parentaccountid/$ref", {"@odata.id": "$1"}, content_id=4),
            part("PATCH", "/api/data/v9.2/$1", {"telephone1": "42"}, content_id=5),
            part("DELETE", "$2/parentaccountid/$ref", content_id=6),
            part("DELETE", "$1", content_id=7),
        ),
    )
    assert statuses(answer) == [204] * 7
    (row,) = api.row(f"leads?$select=companyname&$filter=subject eq '{subject}'")["value"]
    assert row["companyname"] == "set"
    assert api.row(f"accounts?$filter=name eq '{subject}'")["value"] == []


def test_reads_between_change_sets_see_what_was_committed_before(api: Api) -> None:
    subject = unique("between")
    lead = change_set(part("POST", "leads", {"subject": subject}, content_id=1))
    counting = part("GET", f"leads/$count?$filter=subject eq '{subject}'")
    answer = send(api, counting, lead, counting, lead, counting)
    assert statuses(answer) == [200, 204, 200, 204, 200]
    counts = re.findall(r"OData-Version: 4\.0\r\n\r\n(\d+)\r\n", answer.text)
    assert counts == ["0", "1", "2"]


def test_an_empty_batch_and_an_empty_change_set_have_empty_answers(api: Api) -> None:
    answer = send_raw(api, "--b--\r\n", "multipart/mixed; boundary=b")
    assert answer.status_code == 200
    assert re.fullmatch(r"--batchresponse_[\w-]+--\r\n", answer.text)
    answer = send(api, change_set(), part("GET", "WhoAmI"))
    assert (answer.status_code, statuses(answer)) == (200, [200])
    assert "--changesetresponse_" in answer.text


def test_query_options_do_not_belong_on_the_batch(api: Api) -> None:
    kind = {"Content-Type": "multipart/mixed; boundary=b"}
    body = f"--b\r\n{part('GET', 'WhoAmI')}--b--\r\n"
    answer = api.send("POST", "$batch?$top=1", data=body, headers=kind)
    assert answer.status_code == 400
    assert "'$top'" in answer.json()["error"]["message"]
    answer = api.send("POST", "$batch?tag=x", data=body, headers=kind)
    assert answer.status_code == 501
    assert "'tag'" in answer.json()["error"]["message"]


def test_preferences_of_the_batch_are_not_those_of_its_requests(api: Api) -> None:
    lead = part("POST", "leads", {"subject": "x"})
    answer = send(api, lead, prefer='return=representation,odata.include-annotations="*"')
    assert statuses(answer) == [204]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (f"--b\r\n{ONE}\r\nPOST leads HTTP/1.1\r\n\r\n{{}}\r\n", "'--b--' of the batch is missing"),
        (
            f"--b\r\n{ONE}\r\nGET leads HTTP/1.1\r\n\r\n\r\n--b\r\n{ONE}\r\nGET\r\n--b--",
            "'GET' in part 2",
        ),
        ("--b\r\nContent-Type: application/http\r\n--b--", "'' in part 1"),
        ("--b\r\n\r\nGET leads HTTP/1.1\r\n--b--", "Content-Type of part 1 is ''"),
        (
            f"--b\r\n{ONE.replace('binary', 'base64')}\r\nR0VU\r\n--b--",
            "Content-Transfer-Encoding of part 1 is 'base64'",
        ),
        (
            "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
            f"--c\r\n{part('POST', 'leads', {}, content_id=1)}--b--\r\n",
            "'--c--' of part 1 is missing",
        ),
        (
            f"--b\r\n{change_set(part('POST', 'leads', {}))}--b--",
            "request 1 of the change set in part 1 has no Content-ID",
        ),
        (
            f"--b\r\n{change_set(part('POST', 'leads', {}, content_id=7), part('POST', 'leads', {}, content_id=7))}--b--",
            "the change set in part 1 has Content-ID 7 twice",
        ),
        (
            f"--b\r\n{change_set(change_set(part('POST', 'leads', {}, content_id=1), boundary='d'))}--b--",
            "request 1 of the change set in part 1 is 'multipart/mixed'",
        ),
    ],
)
def test_a_malformed_batch_names_the_place_and_does_nothing(
    api: Api, body: str, place: str
) -> None:
    before = api.get("leads/$count").text
    answer = send_raw(api, body, "multipart/mixed; boundary=b")
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "0x80048d19"
    assert place in error["message"]
    assert api.get("leads/$count").text == before


def test_a_batch_that_is_cut_off_anywhere_does_nothing(api: Api) -> None:
    subject = unique("cut")
    whole = (
        f"--b\r\n{part('POST', 'leads', {'subject': subject})}--b\r\n"
        f"{change_set(part('POST', 'leads', {'subject': subject}, content_id=1))}--b--"
    )
    for end in range(0, len(whole) - 1, 7):
        answer = send_raw(api, whole[:end], "multipart/mixed; boundary=b")
        assert answer.status_code == 400, whole[:end]
    assert count(api, subject) == 0
    assert send_raw(api, whole, "multipart/mixed; boundary=b").status_code == 200
    assert count(api, subject) == 2


def test_an_upsert_without_a_key_fails_as_a_part(api: Api) -> None:
    answer = send(api, part("PATCH", "leads", {"subject": "x"}), prefer="odata.continue-on-error")
    assert answer.status_code == 200
    assert statuses(answer)[0] >= 400


@given(st.lists(st.binary(max_size=60).filter(lambda raw: b"--b" not in raw)))
@settings(max_examples=60)
def test_what_is_written_as_multipart_is_read_back(contents: list[bytes]) -> None:
    parts = [b"A: 1\r\n\r\n" + content + b"\r\n" for content in contents]
    if not parts:
        with pytest.raises(Fault):
            read_parts(b"", "b")
        return
    found = read_parts(multipart_body(parts, "b"), "b")
    assert [part.headers for part in found] == [{"a": "1"}] * len(parts)
    assert [part.content for part in found] == contents
