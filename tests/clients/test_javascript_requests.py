"""What clients written in JavaScript send, byte for byte: npm's dynamics-web-api 2.5 and
dataverse-webapi 3.3, and the client in Microsoft's samples for single-page applications."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from urllib.parse import quote, unquote

import pytest
import requests
from tests.mock_dataverse.core.client import Api, assert_fault, unique

from work_assignment.mock_dataverse.server import MockServer

STANDARD = {"Accept": "application/json", "OData-MaxVersion": "4.0", "OData-Version": "4.0"}
JSON = {"Content-Type": "application/json; charset=utf-8"}
ALL = 'odata.include-annotations="*"'
# As dynamics-web-api finds the cookie, after decoding it twice.
COOKIE = re.compile(r'pagingcookie="(<cookie page="(\d+)".+</cookie>)')


@pytest.fixture
def api(server: MockServer) -> Iterator[Api]:
    client = Api(server)
    yield client
    client.close()


def sent(
    api: Api, method: str, path: str, body: object = None, **headers: str
) -> requests.Response:
    """Send as dynamics-web-api does: JSON with everything but ASCII escaped."""
    data = None if body is None else json.dumps(body).encode("ascii")
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    kind = {} if data is None else JSON
    return api.send(method, path, data=data, headers={**STANDARD, **kind, **given})


def batched(api: Api, lines: list[str], *, newline: str = "\r\n", **headers: str) -> str:
    """Send a batch in the client's framing, which begins with an empty line."""
    boundary = f"dwa_batch_{uuid.uuid4()}"
    text = newline.join(line.replace("BATCH", boundary) for line in lines)
    answer = api.send(
        "POST",
        "$batch",
        data=text.encode(),
        headers={**STANDARD, "Content-Type": f"multipart/mixed;boundary={boundary}", **headers},
    )
    assert answer.status_code == 200, answer.text
    return answer.text


def part(
    request: str, *headers: str, body: object = None, content_id: str | None = None
) -> list[str]:
    """Write one request of a batch."""
    number = [] if content_id is None else [f"Content-ID: {content_id}"]
    content = [] if body is None else ["", json.dumps(body)]
    return [
        "Content-Type: application/http",
        "Content-Transfer-Encoding: binary",
        *number,
        "",
        f"{request} HTTP/1.1",
        *headers,
        *content,
    ]


def change_set(*members: list[str]) -> list[str]:
    name = f"changeset_{uuid.uuid4()}"
    framed = [line for member in members for line in ["", f"--{name}", *member]]
    return [
        "",
        "--BATCH",
        f"Content-Type: multipart/mixed;boundary={name}",
        *framed,
        "",
        f"--{name}--",
    ]


def parts_of(text: str) -> list[str]:
    """Take an answer apart as the client does: its first line is the delimiter."""
    delimiter = text.partition("\r\n")[0]
    assert delimiter.startswith(("--batchresponse_", "--changesetresponse_"))
    found: list[str] = []
    for piece in text.split(delimiter)[1:-1]:
        if "--changesetresponse_" in piece:
            heading, _, nested = piece.strip().partition("\r\n")
            assert heading.startswith("Content-Type: multipart/mixed; boundary=changesetresponse_")
            found.extend(parts_of(nested.strip()))
        else:
            found.append(piece)
    return found


def id_in(piece: str) -> str:
    matched = re.search(r"OData-EntityId.+\(([0-9a-f-]{36})\)", piece)
    assert matched is not None, piece
    return matched[1]


def json_in(piece: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(piece[piece.index("{") : piece.rindex("}") + 1])
    return found


# If-None-Match: null, which keeps browsers from answering out of their cache


def test_a_row_is_read_whatever_version_a_browser_has(api: Api) -> None:
    account = api.create("accounts", name="Cached")
    answer = sent(api, "GET", f"accounts({account})?$select=name", If_None_Match="null")
    assert (answer.status_code, answer.json()["name"]) == (200, "Cached")


def test_null_says_nothing_of_the_version_on_a_write(api: Api) -> None:
    account = api.create("accounts", name="Before")
    path = f"accounts({account.upper()})"
    both = {"If_Match": "*", "If_None_Match": "null"}
    assert sent(api, "PATCH", path, {"name": "After"}, **both).status_code == 204
    assert sent(api, "PUT", f"{path}/fax", {"value": "1"}, If_None_Match="null").status_code == 204
    stale = sent(api, "PATCH", path, {}, If_Match='W/"1"', If_None_Match="null")
    assert_fault(stale, 412, "0x80060882")
    absent = sent(api, "PATCH", f"accounts({uuid.uuid4()})", {"name": "x"}, **both)
    assert_fault(absent, 404, "0x80040217")
    assert sent(api, "DELETE", path, If_None_Match="null").status_code == 204


def test_a_star_still_only_creates(api: Api) -> None:
    account = api.create("accounts", name="There")
    answer = sent(api, "PATCH", f"accounts({account})", {"name": "x"}, If_None_Match="*")
    assert_fault(answer, 412, "0x80040237")


# addresses


@pytest.mark.parametrize("slashes", ["{root}/", "{root}", "/{path}//"])
def test_an_address_may_have_a_slash_more_before_the_entity_set(api: Api, slashes: str) -> None:
    root = slashes.format(root=api.root, path="api/data/v9.2")
    account, contact = api.create("accounts", name="One"), api.create("contacts", lastname="Of it")
    path = f"accounts({account})/contact_customer_accounts"
    linked = sent(api, "POST", f"{path}/$ref", {"@odata.id": f"{root}contacts({contact})"})
    assert linked.status_code == 204, linked.text
    assert [row["contactid"] for row in api.row(path)["value"]] == [contact]


def test_an_address_may_have_a_slash_less_before_the_host(api: Api) -> None:
    account, contact = api.create("accounts", name="One"), api.create("contacts", lastname="Of it")
    address = f"{api.root}contacts({contact})".replace("//", "/", 1)
    path = f"accounts({account})/primarycontactid/$ref"
    assert sent(api, "PUT", path, {"@odata.id": address}).status_code == 204
    assert api.row(f"accounts({account})")["_primarycontactid_value"] == contact


def test_the_version_in_the_address_may_be_a_whole_one(api: Api) -> None:
    version = api.row("RetrieveVersion")["Version"]
    root = api.root.replace("v9.2", f"v{version}")
    answer = sent(api, "POST", f"{root}accounts", {"name": "Versioned"})
    assert answer.headers["OData-EntityId"].startswith(f"{root}accounts(")
    contact = {
        "lastname": "x",
        "parentcustomerid_account@odata.bind": answer.headers["OData-EntityId"],
    }
    assert sent(api, "POST", f"{root}contacts", contact).status_code == 204
    page = sent(api, "GET", f"{root}accounts?$select=name", Prefer="odata.maxpagesize=1").json()
    assert page["@odata.context"].startswith(root)


# queries


def test_parameter_aliases_stand_for_columns_too(api: Api) -> None:
    account, mark = api.create("accounts", name="Aliased"), unique("mark")
    for title in ("b", "a", "c"):
        owner = {"parentcustomerid_account@odata.bind": f"/accounts({account})"}
        api.create("contacts", lastname=mark, jobtitle=title, **owner)
    query = (
        "contacts?$select=jobtitle&$filter=contains(@p1,'mark') and @p2 eq @p3 and @p6 ne @p7"
        "&$orderby=@p4 desc,@p5 asc"
        f"&@p1=lastname&@p2=_parentcustomerid_value&@p3={account}&@p4=jobtitle&@p5=annualincome"
        "&@p6=parentcustomerid_account/name"
    )
    assert [row["jobtitle"] for row in api.row(query)["value"]] == ["c", "b", "a"]


def test_an_alias_of_no_column_is_refused_by_its_name(api: Api) -> None:
    answer = api.get("contacts?$filter=@p1 eq 'x'&@p1=nosuchcolumn")
    assert_fault(answer, 400, "0x80060888", "nosuchcolumn")
    assert_fault(api.get("contacts?$filter=@p1 eq 'x'&@p1=['a']"), 400, "0x80060888", "list")


def test_the_number_of_a_query_function_may_stand_in_quotes(api: Api) -> None:
    api.create("contacts", lastname="Recent")
    function = "Microsoft.Dynamics.CRM.LastXHours(PropertyName=@p1,PropertyValue=@p2)"
    rows = api.row(f"contacts?$filter={function}&@p1='createdon'&@p2='1'")["value"]
    assert rows
    answer = api.get(f"contacts?$filter={function}&@p1='createdon'&@p2='one'")
    assert_fault(answer, 400, "0x80060888", "PropertyValue")


def test_a_fetch_goes_on_by_the_cookie_that_the_client_unwraps(api: Api) -> None:
    mark = unique("page")
    for number in range(5):
        api.create("leads", subject=f"{mark} {number}")
    found: list[str] = []
    extra = ' page="1"'
    for _ in range(4):
        fetch = (
            f"<fetch{extra} mapping='logical' count='2'><entity name='lead'>"
            "<attribute name='subject'/><order attribute='subject'/><filter>"
            f"<condition attribute='subject' operator='like' value='{mark}%'/>"
            "</filter></entity></fetch>"
        )
        path = f"leads?fetchXml={quote(fetch, safe='')}"
        body = sent(api, "GET", path, Prefer=ALL).json()
        found += [row["subject"] for row in body["value"]]
        cookie = body.get("@Microsoft.Dynamics.CRM.fetchxmlpagingcookie")
        if cookie is None:
            break
        matched = COOKIE.search(unquote(unquote(cookie)))
        assert matched is not None, cookie
        inner = matched[1].replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
        extra = f' page="{int(matched[2]) + 1}" paging-cookie="{inner}"'
    assert found == [f"{mark} {number}" for number in range(5)]


# single columns


def test_a_column_is_written_and_the_record_comes_back(api: Api) -> None:
    account = api.create("accounts", name="Column", fax="1")
    path = f"accounts({account})/fax?$select=fax"
    answer = sent(api, "PUT", path, {"value": "2"}, Prefer="return=representation")
    assert (answer.status_code, answer.json()["fax"]) == (200, "2")
    assert answer.headers["Preference-Applied"] == "return=representation"
    assert "name" not in answer.json()
    cleared = sent(api, "DELETE", f"accounts({account})/fax", Prefer="return=representation")
    assert (cleared.status_code, cleared.text) == (204, "")


def test_what_is_escaped_in_json_arrives_as_itself(api: Api) -> None:
    account = api.create("accounts", name="x")
    text = 'Zażółć "gęślą" \U0001f600'
    assert sent(api, "PATCH", f"accounts({account})", {"name": text}).status_code == 204
    assert api.row(f"accounts({account})?$select=name")["name"] == text


# batches


@pytest.mark.parametrize("newline", ["\r\n", "\n"])
def test_a_batch_is_read_and_answered_in_the_framing_of_the_client(api: Api, newline: str) -> None:
    account, gone = api.create("accounts", name="Batched"), api.create("contacts", lastname="Gone")
    root, typed = api.root, "Content-Type: application/json"
    accept = "Accept: application/json"
    bound = {"lastname": "b", "parentcustomerid_account@odata.bind": "$1"}
    lines = [
        *change_set(
            part(f"POST {root}accounts", typed, body={"name": "é"}, content_id="1"),
            part(f"POST {root}contacts", typed, body=bound, content_id="2"),
            part(
                f"PATCH {root}accounts({account})",
                typed,
                "If-Match: *",
                body={"fax": "5"},
                content_id="100001",
            ),
        ),
        *[
            "",
            "--BATCH",
            *part(f"GET {root}accounts({account})?$select=fax", accept, f"Prefer: {ALL}"),
        ],
        *["", "--BATCH", *part(f"GET {root}leads/$count", accept)],
        *["", "--BATCH", *part(f"GET {root}WhoAmI()", accept)],
        *change_set(part(f"DELETE {root}contacts({gone})", typed, content_id="100001")),
        *["", "--BATCH--", ""],
    ]
    first, second, third, read, count, who, _ = parts_of(batched(api, lines, newline=newline))
    row = api.row(f"contacts({id_in(second)})?$select=_parentcustomerid_value")
    assert row["_parentcustomerid_value"] == id_in(first)
    assert id_in(third) == account
    assert json_in(read)["fax"] == "5"
    assert re.fullmatch(r"\d+", count.strip().rpartition("\r\n")[2])
    assert "UserId" in json_in(who)
    assert api.get(f"contacts({gone})").status_code == 404


def test_content_ids_stand_for_addresses_and_for_related_rows(api: Api) -> None:
    contact, typed = api.create("contacts", lastname="Related"), "Content-Type: application/json"
    related = {"@odata.id": f"{api.root}contacts({contact})"}
    members = [
        part(f"POST {api.root}accounts", typed, body={"name": "Root"}, content_id="1"),
        part("PATCH $1", typed, "If-Match: *", body={"fax": "4"}, content_id="100001"),
        part("PUT $1/primarycontactid/$ref", typed, body=related, content_id="100002"),
        part(
            "POST $1/contact_customer_accounts",
            typed,
            body={"lastname": "Below"},
            content_id="100003",
        ),
        part(f"POST {api.root}contacts", typed, body={"lastname": "Later"}, content_id="5"),
        part(
            "POST $1/contact_customer_accounts/$ref",
            typed,
            body={"@odata.id": "$5"},
            content_id="6",
        ),
    ]
    answers = parts_of(batched(api, [*change_set(*members), "", "--BATCH--", ""]))
    expand = "contact_customer_accounts($select=lastname;$orderby=lastname)"
    row = api.row(
        f"accounts({id_in(answers[0])})?$select=fax,_primarycontactid_value&$expand={expand}"
    )
    assert (row["fax"], row["_primarycontactid_value"]) == ("4", contact)
    assert [one["lastname"] for one in row["contact_customer_accounts"]] == ["Below", "Later"]


def test_a_query_too_long_for_an_address_is_a_batch_of_its_own(api: Api) -> None:
    leads = [api.create("leads", subject="long") for _ in range(3)]
    wanted = " or ".join(
        f"leadid eq {lead}" for lead in [*leads, *(uuid.uuid4() for _ in range(60))]
    )
    request = f"GET {api.root}leads?$select=subject&$filter={quote(wanted)}&$count=true"
    assert len(request) > 2000
    text = batched(
        api, ["", "--BATCH", *part(request, "Accept: application/json"), "", "--BATCH--", ""]
    )
    (answer,) = parts_of(text)
    assert json_in(answer)["@odata.count"] == 3


def test_content_ids_may_stand_among_the_headers_of_the_request_itself(api: Api) -> None:
    """This is how the client in Microsoft's samples writes them."""
    path, kind = "/api/data/v9.2/accounts", "content-type: application/json;type=entry"
    members = [
        part(f"POST {path}", f"content-id: {number}", kind, body={"name": f"Sample {number}"})
        for number in range(2)
    ]
    single = part(f"POST {path}", kind, "prefer: return=representation", body={"name": "Sample 3"})
    who = [*part("GET /api/data/v9.2/WhoAmI"), ""]
    lines = [*change_set(*members), "", "--BATCH", *single, "--BATCH", *who, "--BATCH--", ""]
    first, second, third, last = parts_of(batched(api, lines, Prefer="odata.continue-on-error"))
    assert id_in(first) != id_in(second)
    assert json_in(third)["name"] == "Sample 3"
    assert "UserId" in json_in(last)
