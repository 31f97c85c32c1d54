"""The server itself: headers, users, limits, start and stop."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from tests.mock_dataverse.core.client import Api, assert_fault, unique

from work_assignment.mock_dataverse.server import MockServer, PortUnavailable, serve
from work_assignment.mock_dataverse.serving.bodies import LARGEST_BODY
from work_assignment.mock_dataverse.storage.store import StoreUnavailable
from work_assignment.mock_dataverse.well_known import ADMINISTRATOR_ID


def test_the_service_document_lists_the_entity_sets(api: Api) -> None:
    for address in (api.root, api.root.rstrip("/")):
        body = api.row(address)
        assert body["@odata.context"] == f"{api.root}$metadata"
        for name in ("leads", "EntityDefinitions"):
            assert {"name": name, "kind": "EntitySet", "url": name} in body["value"]


def test_every_answer_carries_the_headers_of_dataverse(api: Api) -> None:
    for path in ("WhoAmI", "Leads", "leads/$count"):
        headers = api.get(path).headers
        assert headers["OData-Version"] == "4.0"
        assert headers["x-ms-service-request-id"]
    assert api.get("Leads").headers["REQ_ID"]
    assert api.get("WhoAmI").headers["Content-Type"].startswith("application/json")


@pytest.mark.parametrize("port", [-1, 65536, 99999])
def test_a_port_that_there_is_not_is_said(port: int) -> None:
    with pytest.raises(ValueError, match=f"^{port} is no port; ports go from 0 to 65535"):
        MockServer(port=port)


def test_names_in_paths_and_queries_are_case_sensitive(api: Api) -> None:
    words = "Resource not found for the segment 'Leads'."
    assert_fault(api.get("Leads"), 404, "0x8006088a", words)
    assert_fault(api.get("$Metadata"), 404, "0x8006088a", "'$Metadata'")
    assert_fault(api.get("leads?$SELECT=subject"), 400, "0x80060888", "$SELECT")
    assert_fault(api.get("leads?$skip=5"), 400, "0x80060888", "$skip")
    assert_fault(api.get("leads?$top=1&$top=2"), 400, "0x80060888", "more than once")


def test_links_follow_the_host_that_the_client_used(api: Api) -> None:
    answer = api.get("leads", headers={"Host": "crm.example:8080"})
    assert answer.json()["@odata.context"].startswith("http://crm.example:8080/api/data/v9.2/")
    older = api.row(api.root.replace("v9.2", "v9.1") + "leads")
    assert "/api/data/v9.1/$metadata" in older["@odata.context"]


def test_error_details_are_added_when_all_annotations_are_wanted(api: Api) -> None:
    plain = api.get("Leads").json()["error"]
    assert set(plain) == {"code", "message"}
    detailed = api.get("Leads", headers={"Prefer": 'odata.include-annotations="*"'}).json()
    assert detailed["error"]["@Microsoft.PowerApps.CDS.ErrorDetails.HttpStatusCode"] == "404"


@pytest.mark.parametrize("body", ["{", "[]", '{"subject": NaN}', "", "\xff{}", "null"])
def test_a_body_that_is_no_json_object_is_refused(api: Api, body: str) -> None:
    headers = {"Content-Type": "application/json"}
    answer = api.send("POST", "leads", data=body.encode("latin-1"), headers=headers)
    assert_fault(answer, 400, "0x80048d19", "Entity :'leads'")


def test_a_body_of_another_type_is_refused(api: Api) -> None:
    answer = api.send("POST", "leads", data="subject=x")
    assert_fault(answer, 415, "0x80060888", "content type")


@pytest.mark.parametrize("charset", ["utf-16", "latin-1", '"iso-8859-1"'])
def test_a_body_in_another_charset_is_refused(api: Api, charset: str) -> None:
    headers = {"Content-Type": f"application/json; charset={charset}"}
    answer = api.send("POST", "leads", data="{}", headers=headers)
    assert_fault(answer, 415, "0x80060888", "charset")
    headers = {"Content-Type": 'application/json; charset="UTF-8"'}
    assert api.send("POST", "leads", data="{}", headers=headers).status_code == 204


def test_an_encoded_url_that_is_no_utf_8_is_refused(api: Api) -> None:
    for path in ("leads?$filter=subject eq '%FF'", "leads?%FF=1", "leads(%FF)"):
        assert_fault(api.get(path), 400, "0x80060888", "UTF-8")


def test_plus_and_percent_are_decoded_once(api: Api) -> None:
    name = unique("Zoë + 50%")
    api.create("accounts", name=name)
    encoded = name.replace("%", "%25").replace("+", "%2B").replace(" ", "+")
    assert api.row(f"accounts?$filter=name eq '{encoded}'&$count=true")["@odata.count"] == 1


def test_a_body_that_is_too_large_is_refused_before_it_is_kept(api: Api) -> None:
    place = urlsplit(api.root)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
    connection.putrequest("POST", f"{place.path}leads")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(LARGEST_BODY + 1))
    connection.endheaders()
    piece = b" " * (1024 * 1024)
    for _ in range(LARGEST_BODY // len(piece)):
        connection.send(piece)
    connection.send(b" ")
    answer = connection.getresponse()
    assert answer.status == 413
    assert b"0x8004418a" in answer.read()
    connection.close()


@pytest.mark.parametrize("tls", [False, True])
def test_a_body_that_only_claims_to_be_too_large_is_refused_at_once(
    tls: bool, tmp_path: Path
) -> None:
    with MockServer(tls=tls, ca_file=tmp_path / "ca.pem" if tls else None) as server:
        place = urlsplit(server.url)
        sock = socket.create_connection((place.hostname, place.port), timeout=20)
        if tls:
            context = ssl.create_default_context(cafile=server.ca_file)
            sock = context.wrap_socket(sock, server_hostname=place.hostname)
        with sock:
            sock.sendall(
                b"POST /api/data/v9.2/leads HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"
            )
            answer = http.client.HTTPResponse(sock)
            answer.begin()
            assert (answer.status, answer.headers["Connection"]) == (413, "close")
            assert f"more than {LARGEST_BODY} bytes" in answer.read().decode()
            answer.close()


def test_a_url_that_is_too_long_is_refused(api: Api) -> None:
    answer = api.get("leads?$filter=subject eq '" + "x" * 40_000 + "'")
    assert 400 <= answer.status_code < 500


def test_chunked_bodies_are_read(api: Api) -> None:
    pieces = iter([b'{"subject":', b'"chunked"}'])
    headers = {"Content-Type": "application/json"}
    assert api.send("POST", "leads", data=pieces, headers=headers).status_code == 204


def test_preferences_may_come_in_several_headers(api: Api) -> None:
    place = urlsplit(api.root)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
    connection.putrequest("GET", f"{place.path}leads?$top=1")
    connection.putheader("Prefer", "odata.maxpagesize=3")
    connection.putheader("Prefer", 'odata.include-annotations="*"')
    connection.endheaders()
    answer = connection.getresponse()
    applied = 'odata.include-annotations="*",odata.maxpagesize=3'
    assert answer.getheader("Preference-Applied") == applied
    answer.read()
    connection.close()


def test_wrong_methods_are_405(api: Api) -> None:
    lead = api.create("leads", subject="x")
    assert_fault(api.delete("leads"), 405, "0x8004023b", "'DELETE'")
    assert_fault(api.post(f"leads({lead})", {}), 405, "0x8004023b", "'POST'")


def test_a_user_token_acts_as_that_user(api: Api) -> None:
    name = unique("ana").replace(" ", "@")
    user = api.create("systemusers", firstname="Ana", domainname=name)
    for token in (f"user:{user}", f"user:{name.upper()}"):
        as_user = Api(api.server, token)
        assert as_user.row("WhoAmI")["UserId"] == user
        lead = as_user.row(f"leads({as_user.create('leads', subject='hers')})")
        assert (lead["_ownerid_value"], lead["_createdby_value"]) == (user, user)
        as_user.close()


def test_any_other_token_acts_as_the_administrator(api: Api) -> None:
    other = Api(api.server, "eyJhbGciOi")
    assert other.row("WhoAmI")["UserId"] == ADMINISTRATOR_ID
    other.close()


def test_unknown_and_disabled_users_are_refused(api: Api) -> None:
    disabled = api.create("systemusers", firstname="Gone", isdisabled=True)
    for token, code in (("user:nobody@x", "0x80072560"), (f"user:{disabled}", "0x80040225")):
        client = Api(api.server, token)
        assert_fault(client.get("WhoAmI"), 403, code)
        client.close()


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept": "application/json;odata.metadata=full"},
    ],
)
def test_headers_that_are_not_emulated_say_so(api: Api, headers: dict[str, str]) -> None:
    assert_fault(api.get("leads", headers=headers), 501, "0x80060888", "does not emulate")


def test_counters_tell_requests_from_the_operations_in_them(own_api: Api) -> None:
    root = own_api.server.url
    own_api.create("leads", subject="x")
    part = "--b\r\nContent-Type: application/http\r\n\r\nGET leads HTTP/1.1\r\n\r\n\r\n"
    headers = {"Content-Type": "multipart/mixed; boundary=b"}
    own_api.send("POST", "$batch", data=f"{part * 3}--b--", headers=headers)
    counters = own_api.row(f"{root}/__mock/counters")
    assert (counters["http_requests"], counters["inner_operations"]) == (2, 4)
    assert counters["http_requests_by_user"] == {ADMINISTRATOR_ID: 2}
    own_api.send("POST", f"{root}/__mock/counters/reset")
    counters = own_api.row(f"{root}/__mock/counters")
    assert (counters["http_requests"], counters["inner_operations"]) == (0, 0)
    assert own_api.row(f"{root}/__mock/health")["status"] == "ok"
    assert own_api.get(f"{root}/__mock/nothing").status_code == 404


def test_a_port_in_use_is_said_in_one_line(server: MockServer) -> None:
    port = urlsplit(server.url).port or 0
    second = MockServer(port=port)
    with pytest.raises(PortUnavailable, match=f"Port {port} of 127.0.0.1 is in use already"):
        second.start()
    second.stop()


def test_rows_are_stamped_by_the_clock_that_is_given(tmp_path: Path) -> None:
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    with MockServer(database=tmp_path / "mock.db", clock=lambda: at) as server:
        api = Api(server)
        assert api.row(f"leads({api.create('leads')})")["createdon"] == "2026-03-01T12:00:00Z"
        api.close()


def test_a_file_survives_a_restart_of_the_server(tmp_path: Path) -> None:
    with MockServer(database=tmp_path / "mock.db") as first:
        api = Api(first)
        lead = api.create("leads", subject="kept")
        api.close()
        with pytest.raises(StoreUnavailable):
            MockServer(database=tmp_path / "mock.db")
    with MockServer(database=tmp_path / "mock.db") as second:
        api = Api(second)
        assert api.row(f"leads({lead})")["subject"] == "kept"
        api.close()


def test_serving_forever_ends_when_the_server_is_stopped() -> None:
    server = MockServer()
    thread = threading.Thread(target=server.serve_forever)
    server.start()
    thread.start()
    assert thread.is_alive()
    server.stop()
    server.stop()
    thread.join(timeout=10)
    assert not thread.is_alive()


def test_a_stopped_server_answers_no_more() -> None:
    server = serve()
    url = server.url
    server.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/__mock/health", timeout=5)


def test_parallel_writers_never_lose_an_update(api: Api) -> None:
    """Each writer raises a counter under If-Match and reads again after a 412."""
    seller = api.create("systemusers", firstname="Busy")
    row_id = api.create("wa_sellers", **{"wa_SystemUserId@odata.bind": f"/systemusers({seller})"})

    def raise_ten_times() -> None:
        client = Api(api.server)
        raised = 0
        while raised < 10:
            row = client.row(f"wa_sellers({row_id})?$select=wa_opencount")
            change = {"wa_opencount": (row["wa_opencount"] or 0) + 1}
            answer = client.patch(f"wa_sellers({row_id})", change, If_Match=row["@odata.etag"])
            assert answer.status_code in (204, 412)
            raised += answer.status_code == 204
        client.close()

    threads = [threading.Thread(target=raise_ten_times) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert api.row(f"wa_sellers({row_id})")["wa_opencount"] == 60
