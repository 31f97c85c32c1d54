"""Scripted faults: add rules, see how often each has struck, clear them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from ..scripted_faults import Drop, Effect, Match, Rule, RuleState
from .limits import user_named
from .members import Members
from .parts import Parts
from .routes import AdminCall, AdminProblem, Route

_RULE = ("match", "do", "nth", "skip", "times", "probability", "seed")
_MATCH = ("method", "path", "user", "table", "message", "body", "inner")
_DO = ("status", "code", "message", "headers", "retry_after", "body", "after", "delay_ms", "drop")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")
_MOST_RULES = 1000
_LONGEST_MS = 600_000
_THROTTLED = (
    "0x80072322",
    "Number of requests exceeded the limit of 6000 over time window of 300 seconds.",
)


def fault_routes(parts: Parts) -> tuple[Route, ...]:
    faults = parts.controls.faults

    def read(_: AdminCall) -> list[dict[str, Any]]:
        return [_described(state) for state in faults.states()]

    def add(call: AdminCall) -> dict[str, Any]:
        given = call.body if isinstance(call.body, list) else [call.body]
        if not 1 <= len(given) <= _MOST_RULES:
            raise AdminProblem(f"The body must hold 1 to {_MOST_RULES} rules.")
        rules = [_rule(parts, body, f"Rule {place}") for place, body in enumerate(given, start=1)]
        return {"ids": faults.add(rules)}

    def clear(_: AdminCall) -> None:
        faults.clear()

    def remove(call: AdminCall) -> None:
        number = call.parameters["id"]
        if not number.isdecimal() or not faults.remove(int(number)):
            raise AdminProblem(f"There is no fault {number}.", 404)

    return (
        Route("GET", "faults", read),
        Route("POST", "faults", add),
        Route("DELETE", "faults", clear),
        Route("DELETE", "faults/<id>", remove),
    )


def _rule(parts: Parts, given: Any, what: str) -> Rule:
    if given is None:
        raise AdminProblem(f"{what} must be a JSON object.")
    body = Members(given, _RULE, what)
    if "nth" in body and ("skip" in body or "times" in given):
        raise AdminProblem(f"{what}: 'nth' goes without 'skip' and 'times'.")
    if "do" not in body:
        raise AdminProblem(f"{what} needs the member 'do'.")
    probability = body.number("probability", 1, most=1)
    without_end = given.get("times", 1 if probability == 1 else None) is None
    match = _match(parts, body.raw("match"), f"{what}, 'match'")
    return Rule(
        match=match,
        effect=_effect(body.raw("do"), match, f"{what}, 'do'"),
        skip=body.whole("nth", 1, least=1) - 1 if "nth" in body else body.whole("skip", 0),
        times=None if without_end else body.whole("times", 1, least=1),
        probability=probability,
        seed=body.whole("seed", 0),
    )


def _match(parts: Parts, given: Any, what: str) -> Match:
    body = Members(given, _MATCH, what)
    method, table, text = body.text("method"), body.text("table"), body.text("body")
    if table is not None and table not in parts.store.catalog.tables:
        raise AdminProblem(f"{what}: there is no table '{table}'.")
    return Match(
        method=method.upper() if method else None,
        path=_pattern(body.text("path"), what),
        user_id=user_named(parts, body.text("user")),
        table=table,
        message=body.text("message"),
        body=None if text is None else text.encode(),
        inner=body.flag("inner", default=False),
    )


def _pattern(text: str | None, what: str) -> re.Pattern[str] | None:
    try:
        return None if text is None else re.compile(text)
    except re.error as exc:
        raise AdminProblem(f"{what}: '{text}' is no regular expression: {exc}.") from exc


def _effect(given: Any, match: Match, what: str) -> Effect:
    body = Members(given, _DO, what)
    delay = body.number("delay_ms", 0, most=_LONGEST_MS) / 1000
    after = body.flag("after", default=False)
    if "drop" in body:
        _refuse_beside(body, "drop", ("status", "after"), what)
        return Effect(delay_seconds=delay, drop=_drop(body.text("drop"), what))
    if "status" not in body:
        _refuse_beside(body, "delay_ms", ("after", "code", "message", "headers", "body"), what)
        if "delay_ms" not in body:
            raise AdminProblem(f"{what} needs 'status', 'drop' or 'delay_ms'.")
        return Effect(delay_seconds=delay)
    if match.inner and "body" in body:
        raise AdminProblem(f"{what}: 'body' cannot be sent inside a batch, whose parts are JSON.")
    status = body.whole("status", 500, least=400, most=599)
    code, message = _THROTTLED if status == 429 else ("0x80040216", _phrase(status))
    return Effect(
        delay_seconds=delay,
        status=status,
        code=body.text("code") or code,
        message=body.text("message") or message,
        headers=_headers(body, what),
        body=body.text("body"),
        after=after,
    )


def _refuse_beside(body: Members, name: str, others: tuple[str, ...], what: str) -> None:
    for other in others:
        if other in body:
            raise AdminProblem(f"{what}: '{other}' says nothing beside '{name}'.")


def _drop(text: str | None, what: str) -> Drop:
    try:
        return Drop(text)
    except ValueError as exc:
        raise AdminProblem(f"{what}: 'drop' is 'before' or 'after', not '{text}'.") from exc


def _headers(body: Members, what: str) -> dict[str, str]:
    given = body.raw("headers") if "headers" in body else {}
    if not isinstance(given, Mapping):
        raise AdminProblem(f"{what}: 'headers' must be a JSON object.")
    headers = {str(name): str(value) for name, value in given.items()}
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise AdminProblem(f"{what}: '{name}: {value}' is no HTTP header.")
    if "retry_after" in body:
        headers["Retry-After"] = str(body.whole("retry_after", 1, most=86_400))
    return headers


def _phrase(status: int) -> str:
    try:
        return f"{HTTPStatus(status).phrase}."
    except ValueError:
        return "An unexpected error occurred."


def _described(state: RuleState) -> dict[str, Any]:
    match, effect = state.rule.match, state.rule.effect
    wanted = {
        "method": match.method,
        "path": match.path.pattern if match.path else None,
        "user": match.user_id,
        "table": match.table,
        "message": match.message,
        "body": match.body.decode() if match.body is not None else None,
        "inner": match.inner or None,
    }
    done = {
        "status": effect.status,
        "code": effect.code if effect.status else None,
        "delay_ms": effect.delay_seconds * 1000 or None,
        "drop": effect.drop.value if effect.drop else None,
        "after": effect.after or None,
    }
    return {
        "id": state.id,
        "match": {name: value for name, value in wanted.items() if value is not None},
        "do": {name: value for name, value in done.items() if value is not None},
        "probability": state.rule.probability,
        "seen": state.seen,
        "hits": state.hits,
        "left": state.left,
    }
