"""Attacks around the Web API: webhook registrations, admin routes, the login service, HTTP itself."""

from __future__ import annotations

from random import Random
from typing import Any, TypeVar

from tests.fuzz.attacks import SERVICE, Attack
from tests.fuzz.bodies import json_bytes
from tests.fuzz.headers import some_headers
from tests.fuzz.messages import changed
from tests.fuzz.names import Names, row_id
from tests.fuzz.texts import DATES, INJECTIONS, NUMBERS, encoded, some_text

from work_assignment.mock_dataverse.well_known import filter_id, message_id

T = TypeVar("T")
_JSON = (("Content-Type", "application/json"),)


def write_hook(dice: Random, names: Names) -> Attack:
    """Register endpoints, steps and images, whose receiver nobody is."""
    number = dice.randrange(1, 4)
    endpoint = {
        "name": f"Fuzz {number}",
        "url": _mostly(dice, "http://127.0.0.1:1/hook", "https://x.invalid/", "ftp://x", "x"),
        "contract": _mostly(dice, 8, 1, 99),
        "authtype": _mostly(dice, 4, 5, 6, 1),
        "authvalue": _mostly(
            dice,
            "key",
            "<settings><setting name='a' value='b' /></settings>",
            "<settings><setting name='X-A\r\nB' value='b' /></settings>",
            "<!DOCTYPE x [<!ENTITY a 'b'>]><settings>&a;</settings>",
            some_text(dice),
        ),
    }
    message = dice.choice(("Create", "Update", "Delete", "Assign"))
    step = {
        "name": "Fuzz",
        "stage": _mostly(dice, 40, 10, 20, 50),
        "mode": _mostly(dice, 1, 2),
        "rank": 1,
        "supporteddeployment": 0,
        "filteringattributes": _mostly(dice, "subject", None, "subject,x", some_text(dice)),
        "sdkmessageid@odata.bind": f"/sdkmessages({message_id(message)})",
        "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({filter_id(message, 'lead')})",
        "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({row_id(number)})",
    }
    image = {
        "name": "x",
        "entityalias": _mostly(dice, "pre", "", some_text(dice)),
        "imagetype": _mostly(dice, 0, 1, 2, 3),
        "attributes": _mostly(dice, "subject", None, "x,,y"),
        "messagepropertyname": _mostly(dice, "Target", "Id", "x"),
        "sdkmessageprocessingstepid@odata.bind": f"/sdkmessageprocessingsteps({row_id(number)})",
    }
    entity_set, body = dice.choice(
        (
            ("serviceendpoints", endpoint),
            ("sdkmessageprocessingsteps", step),
            ("sdkmessageprocessingstepimages", image),
        )
    )
    content = json_bytes(dice, changed(dice, body, 0.08), 0.03)
    method = _mostly(dice, "PATCH", "DELETE")
    target = f"{SERVICE}{entity_set}({row_id(number)})"
    return Attack("hook", method, target, (*_JSON, *some_headers(dice)), content)


def _mostly(dice: Random, right: T, *others: T) -> T:
    """Draw what is right nine times of ten."""
    return right if dice.random() < 0.9 else dice.choice(others)


def admin(dice: Random, names: Names) -> Attack:
    """Call the mock's own routes."""
    number: Any = dice.choice((0, 1, -1, 50, 10**30, 1.5, True, None, "x", [], {}))
    fault = {
        "match": {"method": "GET", "path": dice.choice(("leads.*", "(", "[", "(a+)+$"))},
        "nth": number,
        "times": 1,
        "action": {"status": dice.choice((503, 99, 1000, "x")), "delay_ms": number},
    }
    method, path, body = dice.choice(
        (
            ("GET", "health", None),
            ("GET", "counters", None),
            ("POST", "counters/reset", None),
            ("PUT", "time", {"now": dice.choice(DATES), "frozen": number}),
            ("POST", "time/advance", {"seconds": number}),
            ("DELETE", "time", None),
            ("GET", "faults", None),
            ("POST", "faults", dice.choice((fault, [fault], fault["action"]))),
            ("DELETE", "faults", None),
            ("DELETE", f"faults/{encoded(dice, some_text(dice))}", None),
            ("PUT", "limits", {"requests": number, "window_s": number, "enabled": False}),
            ("POST", "throttle", {"next": number, "retry_after": 1, "limit": "requests"}),
            ("PUT", "latency", {"request_ms": number, "seed": number}),
            ("PUT", "locks", {"enabled": number, "timeout_ms": number}),
            ("POST", "locks/reset", None),
            ("PUT", "rules", {"owners_need_roles": number}),
            ("POST", "clients", {"id": row_id(1), "secret": some_text(dice)}),
            ("POST", "tokens", {"user": some_text(dice), "expires_in": number}),
            ("POST", "snapshots/fuzz", None),
            ("POST", f"snapshots/{encoded(dice, some_text(dice))[:200]}", None),
            ("POST", "snapshots/fuzz/restore", None),
            ("DELETE", f"snapshots/{encoded(dice, some_text(dice))[:200]}", None),
            ("PUT", "webhooks", {"duplicates": number, "delay_ms": number, "seed": number}),
            ("GET", f"webhooks/log?since={encoded(dice, some_text(dice))}&table=lead", None),
            ("POST", f"webhooks/log/{encoded(dice, dice.choice(NUMBERS))}/redeliver", None),
            ("POST", "webhooks/drain", {"timeout_s": number}),
            ("PATCH", "health", None),
        )
    )
    content = b"" if body is None else json_bytes(dice, changed(dice, body, 0.15))
    return Attack("admin", method, f"/__mock/{path}", _JSON, content)


def sign_in(dice: Random, names: Names) -> Attack:
    """Ask the login service for a token, or for its documents."""
    tenant = dice.choice(
        ("common", row_id(1), encoded(dice, some_text(dice)).replace("/", "") or "x")
    )
    version = dice.choice(("v2.0/", ""))
    if dice.random() < 0.4:
        path = dice.choice((".well-known/openid-configuration", "discovery/keys", "oauth2/x"))
        return Attack("sign-in", "GET", f"/{tenant}/{version}{path}")
    form = {
        "grant_type": dice.choice(("client_credentials", "password", some_text(dice))),
        "client_id": dice.choice((row_id(1), some_text(dice))),
        "client_secret": some_text(dice),
        dice.choice(("scope", "resource")): dice.choice(("http://x/.default", some_text(dice))),
    }
    body = "&".join(f"{name}={encoded(dice, value)}" for name, value in form.items()).encode()
    if dice.random() < 0.1:
        body = dice.choice((b"\xff\xfe", b"%ff=%fe", b"&&&=", b"a=" + b"x" * 100_000))
    kind = dice.choice(("application/x-www-form-urlencoded", "application/json", "x"))
    headers = (("Content-Type", kind),)
    return Attack("sign-in", "POST", f"/{tenant}/oauth2/{version}token", headers, body)


def wire(dice: Random, names: Names) -> Attack:
    """Break HTTP itself; a closed connection is as good an answer as a refusal."""
    path = SERVICE.encode() + b"leads"
    start = b"GET " + path + b" HTTP/1.1\r\nHost: {host}\r\n"
    odd = some_text(dice).encode("utf-8", "surrogatepass")
    text = dice.choice(
        (
            start + b"X: " + dice.choice(INJECTIONS).encode() + b"\r\n\r\n",
            b"GET " + path + b"?$filter=" + odd + b" HTTP/1.1\r\nHost: {host}\r\n\r\n",
            b"GET " + path + b" HTTP/1.1\r\n\r\n",
            b"GET " + path + b" HTTP/1.0\r\n\r\n",
            b"GET " + path + b" HTTP/3.7\r\nHost: {host}\r\n\r\n",
            b"GET  " + path + b"\r\n\r\n",
            b"G\x00T / HTTP/1.1\r\nHost: {host}\r\n\r\n",
            b"GET /../../etc/passwd HTTP/1.1\r\nHost: {host}\r\n\r\n",
            b"GET http://evil/api/data/v9.2/WhoAmI HTTP/1.1\r\nHost: {host}\r\n\r\n",
            b"GET //api//data/v9.2/leads HTTP/1.1\r\nHost: {host}\r\n\r\n",
            b"GET /api/data/v9.2/%2e%2e/leads%00 HTTP/1.1\r\nHost: {host}\r\n\r\n",
            b"OPTIONS * HTTP/1.1\r\nHost: {host}\r\n\r\n",
            b"TRACE " + path + b" HTTP/1.1\r\nHost: {host}\r\n\r\n",
            b"CONNECT x:1 HTTP/1.1\r\nHost: {host}\r\n\r\n",
            b"GET " + path + b" HTTP/1.1\r\nHost: a b\r\nHost: c\r\n\r\n",
            start + b"Prefer : x\r\n no\r\n\r\n",
            start + b"X" * 70_000 + b": y\r\n\r\n",
            start.replace(b"GET", b"POST") + b"Content-Length: -1\r\n\r\n",
            start.replace(b"GET", b"POST") + b"Content-Length: \xc2\xb2\r\n\r\nxx",
            start.replace(b"GET", b"POST") + b"Content-Length: 50\r\n\r\n{}",
            start.replace(b"GET", b"POST") + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
            start.replace(b"GET", b"POST")
            + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
            start.replace(b"GET", b"POST") + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
            start.replace(b"GET", b"POST") + b"Transfer-Encoding: gzip\r\n\r\n",
            start.replace(b"GET", b"POST") + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
            start.replace(b"GET", b"POST")
            + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: {host}\r\n\r\n",
        )
    )
    return Attack("wire", text.split(b" ", 1)[0].decode("latin-1") or "GET", "*", wire=text)
