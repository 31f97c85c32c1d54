"""Scripted faults: add rules, see how often each has struck, clear them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from ..kinds import MESSAGES
from ..path_patterns import PathPattern, UnsafePattern, path_pattern
from ..scripted_faults import Drop, Effect, Match, Rule, RuleState
from .limits import user_named
from .members import Members
from .parts import Parts
from .routes import AdminCall, AdminProblem, Route

_RULE = ("match", "do", "nth", "skip", "times", "probability", "seed")
_MATCH = ("method", "path", "user", "table", "message", "body", "inner")
_DO = ("status", "code", "message", "headers", "retry_after", "body", "after", "delay_ms", "drop")
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# What only an answer has.
_OF_ANSWERS = ("after", "code", "message", "headers", "retry_after", "body")
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
    _refuse_misplaced(given, _RULE, what)
    body = Members(given, _RULE, what)
    if "nth" in body and ("skip" in body or "times" in given):
        raise AdminProblem(f"{what}: 'nth' goes without 'skip' and 'times'.")
    if "do" not in body:
        raise AdminProblem(f"{what} needs the member 'do'.")
    probability = body.number("probability", 1, most=1)
    if "nth" in body and probability < 1:
        raise AdminProblem(f"{what}: 'nth' strikes for certain, so it goes without 'probability'.")
    if "seed" in body and "probability" not in body:
        raise AdminProblem(f"{what}: 'seed' says nothing without 'probability'.")
    without_end = given.get("times", 1 if probability == 1 else None) is None
    match = _match(parts, body.raw("match"), f"{what}, 'match'")
    return Rule(
        match=match,
        effect=_effect(body.raw("do"), match, f"{what}, 'do'"),
        skip=body.whole("nth", 1, least=1) - 1 if "nth" in body else body.whole("skip", 0),
        times=None if without_end else body.whole("times", 1, least=1),
        probability=probability,
        seed=body.whole("seed", 0),
        given=given,
    )


def _refuse_misplaced(given: Any, known: tuple[str, ...], what: str) -> None:
    """Refuse a member that belongs into another part of a rule, and say into which."""
    if not isinstance(given, Mapping):
        return
    for name in sorted(set(given) - set(known)):
        places = [
            place
            for place, members in (
                ("beside 'match' and 'do'", _RULE),
                ("in 'match'", _MATCH),
                ("in 'do'", _DO),
            )
            if name in members
        ]
        if places:
            raise AdminProblem(f"{what}: '{name}' belongs {' or '.join(places)}.")


def _match(parts: Parts, given: Any, what: str) -> Match:
    _refuse_misplaced(given, _MATCH, what)
    body = Members(given, _MATCH, what)
    method, table, text = body.text("method"), body.text("table"), body.text("body")
    message = body.text("message")
    if method is not None and method.upper() not in _METHODS:
        raise AdminProblem(
            f"{what}: there is no method '{method}'; known are {', '.join(_METHODS)}."
        )
    if message is not None and message not in MESSAGES:
        raise AdminProblem(
            f"{what}: there is no message '{message}'; messages are actions and functions, such as"
            " CreateMultiple."
        )
    if table is not None and table not in parts.store.catalog.tables:
        raise AdminProblem(f"{what}: there is no table '{table}'.")
    return Match(
        method=method.upper() if method else None,
        path=_pattern(body.text("path"), what),
        user_id=user_named(parts, body.text("user")),
        table=table,
        message=message,
        body=None if text is None else text.encode(),
        inner=body.flag("inner", default=False),
    )


def _pattern(text: str | None, what: str) -> PathPattern | None:
    try:
        return None if text is None else path_pattern(text)
    except UnsafePattern as exc:
        raise AdminProblem(f"{what}, 'path': {exc}") from exc


def _effect(given: Any, match: Match, what: str) -> Effect:
    _refuse_misplaced(given, _DO, what)
    body = Members(given, _DO, what)
    delay = body.number("delay_ms", 0, most=_LONGEST_MS) / 1000
    after = body.flag("after", default=False)
    if "drop" in body:
        _refuse_beside(body, "drop", ("status", *_OF_ANSWERS), what)
        return Effect(delay_seconds=delay, drop=_drop(body.text("drop"), what))
    if "status" not in body:
        if "delay_ms" in body:
            _refuse_beside(body, "delay_ms", _OF_ANSWERS, what)
        else:
            raise AdminProblem(f"{what} needs 'status', 'drop' or 'delay_ms'.")
        return Effect(delay_seconds=delay)
    if "body" in body:
        _refuse_beside(body, "body", ("code", "message"), what)
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
    """Show a rule as it was given, and how far it has come."""
    return {
        "id": state.id,
        **state.rule.given,
        "seen": state.seen,
        "hits": state.hits,
        "left": state.left,
    }
