"""What a real organization serves beside the Web API's rows: refused with 501, by its name."""

from __future__ import annotations

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault

NOT_THERE = "0x80060888"


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/api/search/v1.0/query", "search"),
        ("/api/search/v2.0/suggest", "search"),
        ("/api/backgroundoperation/00000000-0000-0000-0000-000000000001", "background"),
        ("/XRMServices/2011/Organization.svc/web", "SOAP"),
    ],
)
def test_other_services_are_not_emulated(api: Api, path: str, service: str) -> None:
    url = f"{api.server.url}{path}"
    assert_fault(api.post(url, {"search": "x"}), 501, NOT_THERE, service)
    assert_fault(api.get(url), 501, NOT_THERE, service)


@pytest.mark.parametrize("path", ["/api/data/v7.0/leads", "/api/data/v9.2.x/leads", "/api/other"])
def test_what_nobody_serves_is_not_found(api: Api, path: str) -> None:
    answer = api.get(f"{api.server.url}{path}")
    assert_fault(answer, 404, "0x8006088a", path.strip("/"))


def test_images_are_not_emulated_wherever_they_are_named(api: Api) -> None:
    account = api.create("accounts", name="Pictured")
    path = f"accounts({account})"
    for request in (
        f"{path}/entityimage",
        f"{path}/entityimage/$value?size=full",
        f"{path}?$select=name,entityimage_url",
        "accounts?$filter=entityimageid ne null",
        "accounts?sql=SELECT entityimage FROM account",
        "accounts?fetchXml=<fetch><entity name='account'><attribute name='entityimage_url'/>"
        "</entity></fetch>",
    ):
        assert_fault(api.get(request), 501, NOT_THERE, "images", "entityimage")
    chunks = {"x-ms-transfer-mode": "chunked"}
    upload = f"{path}/entityimage?x-ms-file-name=logo.png"
    assert_fault(api.send("PATCH", upload, headers=chunks), 501, NOT_THERE, "entityimage")
    assert_fault(api.patch(path, {"entityimage": "aGVsbG8="}), 501, NOT_THERE, "entityimage")


@pytest.mark.parametrize("message", ["InitializeFileBlocksUpload", "DeleteFile", "WinQuote"])
def test_real_messages_that_are_missing_say_so(api: Api, message: str) -> None:
    assert_fault(api.post(message, {}), 501, NOT_THERE, message)


def test_a_message_that_never_was_is_not_found(api: Api) -> None:
    assert_fault(api.post("InitializeNothing", {}), 404, "0x8006088a", "InitializeNothing")
